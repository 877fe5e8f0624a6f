import { assert, describe, it } from "@effect/vitest"
import { CodecError } from "./errors.ts"
import * as Graph from "./graph.ts"
import { hash } from "./hash.ts"
import { operations as ops } from "./operations.ts"
import * as T from "./ops/index.ts"
import { parse } from "./parse.ts"
import { print } from "./print.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

const x = ops.parameter("x", [4, 3], "f32") as Tensor<["batch", 3]>
const graphOf = (names: readonly [string, string], ...results: ReadonlyArray<AnyTensor>): Graph.Graph => {
  const y = ops.parameter("y", [], "f64")
  return Graph.make(
    [
      { name: names[0], tensor: x },
      { name: names[1], tensor: y }
    ],
    [...results, y]
  )
}
const roundTrip = (graph: Graph.Graph): void => {
  const text = print(graph, { elements: Infinity })
  const back = parse(text)
  assert.strictEqual(hash(back), hash(graph), text)
  assert.strictEqual(print(back, { elements: Infinity }), text)
}

describe("parse", () => {
  it("reads back every kind of attribute, and constants of every element type with every number", () => {
    const [last, rows] = T.scan((c: Tensor<[3]>, r: Tensor<[3]>) => [T.add(c, r), T.mul(c, r)], T.zeros([3]), x)
    roundTrip(
      graphOf(
        ["x", "y"],
        last,
        rows,
        T.relu(T.matmul(x, T.transpose(x))),
        T.cast(x, "i32"),
        T.iota(3, "u32"),
        T.constant([NaN, Infinity, -Infinity, -0, 1e-40, 0.1, 16777217]),
        T.constant([NaN, -0, 1e-310, 0.1], "f64"),
        T.constant([[1, -2147483648]], "i32"),
        T.constant([4294967295], "u32"),
        T.constant([true, false]),
        T.constant(3.5),
        T.zeros([0, 2]),
        ops.constant({ shape: [2, 0], dtype: "f32", data: new Float32Array(0) }),
        ops.pad(x, { low: [0, 1], high: [0, 0], interior: [1, 0] }, -Infinity),
        ops.slice(x, { start: [0, 1], limit: [4, 3], step: [2, 1] })
      )
    )
  })

  it("tells parameters apart whose names do not: quoted, repeated, like numbers", () => {
    for (const names of [
      ["a b", 'quo"ted, and more: f32[1]'],
      ["same", "same"],
      ["%3", ""],
      ["layers.0.kernel", "return"]
    ] as const)
      roundTrip(graphOf(names, T.exp(x)))
    assert.match(print(graphOf(["a b", "y"], x)), /^graph \("a b": f32\[4, 3\], y: f64\[\]\)\n {2}return %0, y$/)
  })

  it("reads a graph without parameters, nodes or results", () => roundTrip(Graph.make([], [])))

  const refuses = (text: string, sentence: string): void => {
    try {
      parse(text)
    } catch (error) {
      assert.instanceOf(error, CodecError)
      assert.include(String(error), sentence)
      return
    }
    assert.fail(`${text} was read`)
  }

  it("says where the text is no graph, and what was expected", () => {
    const head = "graph (x: f32[3])\n"
    refuses("", 'line 1, column 1: expected "graph (", found the end of the line')
    refuses(`${head}  let %1 = sinus(x) : f32[3]\n  return %1`, "line 2, column 12: expected the name of a primitive")
    refuses(`${head}  let %2 = sin(x) : f32[3]\n  return %2`, 'expected "\\n  let %1 = "')
    refuses(`${head}  let %1 = sin(z) : f32[3]\n  return %1`, "expected a value defined above, for there is no z")
    refuses(`${head}  let %1 = sin(%1) : f32[3]\n  return %1`, "for there is no %1")
    refuses(`${head}  let %1 = sin(x, x) : f32[3]\n  return %1`, "expected 1 operands of sin, not 2")
    refuses(`${head}  let %1 = sin(x) : f32[4]\n  return %1`, "line 2, column 12: expected a node of type f32[3]")
    refuses(`${head}  let %1 = and(x, x) : f32[3]\n  return %1`, "and: ")
    refuses(`${head}  let %1 = argmax(x) : i32[]\n  return %1`, "expected the attribute axis")
    refuses(`${head}  let %1 = argmax(x) axis=0.5 : i32[]\n  return %1`, "expected a whole number, found 0.5 : i32[]")
    refuses(`${head}  let %1 = sin(x) axis=0 : f32[3]\n  return %1`, "axis is none of them")
    refuses(
      `${head}  let %1 = constant() value=[1, 2] : f32[3]\n  return %1`,
      "expected 3 elements of f32[3] before, not 2"
    )
    refuses(`${head}  return x\nmore`, "line 3, column 1: expected the end, found more")
  })

  it("wants constants with all their elements", () => {
    const printed = print(graphOf(["x", "y"], T.constant([1, 2, 3, 4, 5, 6, 7, 8])))
    refuses(printed, "expected every element of the constant (print with elements: Infinity), found ... 8 elements]")
  })
})
