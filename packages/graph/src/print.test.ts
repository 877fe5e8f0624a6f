import { assert, describe, it } from "@effect/vitest"
import * as Graph from "./graph.ts"
import { operations as ops } from "./operations.ts"
import * as T from "./ops/index.ts"
import { print } from "./print.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

const x = ops.parameter("x", [4, 3], "f32") as Tensor<["batch", 3]>
const w = ops.parameter("w", [3, 2], "f32") as Tensor<[3, 2]>
const shown = (...results: ReadonlyArray<AnyTensor>): ReadonlyArray<string> =>
  print(
    Graph.make(
      [
        { name: "x", tensor: x },
        { name: "w", tensor: w }
      ],
      results
    )
  ).split("\n")

describe("print", () => {
  it("writes one binding per line, with its type", () => {
    assert.deepStrictEqual(shown(T.relu(T.add(T.matmul(x, w), T.constant([0.5, -0]))), x), [
      "graph (x: f32[4, 3], w: f32[3, 2])",
      "  let %2 = dot(x, w) batch=[[],[]] contract=[[1],[0]] : f32[4, 2]",
      "  let %3 = constant() value=[0.5, -0] : f32[2]",
      "  let %4 = broadcast(%3) shape=[4,2] : f32[4, 2]",
      "  let %5 = add(%2, %4) : f32[4, 2]",
      "  let %6 = constant() value=0 : f32[]",
      "  let %7 = broadcast(%6) shape=[4,2] : f32[4, 2]",
      "  let %8 = le(%5, %7) : bool[4, 2]",
      "  let %9 = select(%8, %7, %5) : f32[4, 2]",
      "  return %9, x"
    ])
  })

  it("shows the first elements of large constants and every number there is", () => {
    const lines = shown(
      T.iota(3),
      T.constant([1, 2, 3, 4, 5, 6, 7, 8], "i32"),
      T.constant([NaN, Infinity, -Infinity]),
      T.pad(
        x,
        [
          [0, 0],
          [1, 0]
        ],
        -Infinity
      )
    )
    assert.deepStrictEqual(lines.slice(1, -1), [
      '  let %2 = iota() shape=[3] axis=0 dtype="i32" : i32[3]',
      "  let %3 = constant() value=[1, 2, 3, 4, 5, 6, ... 8 elements] : i32[8]",
      "  let %4 = constant() value=[NaN, Infinity, -Infinity] : f32[3]",
      "  let %5 = pad(x) low=[0,1] high=[0,0] interior=[0,0] value=-Infinity : f32[4, 4]"
    ])
  })

  it("writes regions indented, outputs of nodes with several as node.output", () => {
    const row = T.zeros([3])
    const [last, rows] = T.scan((c: typeof row, r: typeof row) => [T.add(c, r), T.mul(c, T.sum(w))], row, x)
    assert.deepStrictEqual(shown(last, rows), [
      "graph (x: f32[4, 3], w: f32[3, 2])",
      "  let %2 = constant() value=0 : f32[]",
      "  let %3 = broadcast(%2) shape=[3] : f32[3]",
      "  let %4 = reduceSum(w) axes=[0,1] : f32[]",
      "  let %5 = broadcast(%4) shape=[3] : f32[3]",
      "  let %6 = scan(%5, %3, x) carries=1 sequences=1 length=4 reverse=false : f32[3], f32[4, 3]",
      "    graph (r0: f32[3], r1: f32[3], r2: f32[3])",
      "      let %3 = add(r1, r2) : f32[3]",
      "      let %4 = mul(r1, r0) : f32[3]",
      "      return %3, %4",
      "  return %6.0, %6.1"
    ])
  })
})
