import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as Graph from "../graph.ts"
import { hash } from "../hash.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import * as T from "./index.ts"

const x = ops.parameter("x", [3], "f32")
const collect = (result: AnyTensor, options: Graph.MakeOptions = {}): Graph.Graph =>
  Graph.make([{ name: "x", tensor: x }], [result], options)
const primitivesOf = (graph: Graph.Graph): ReadonlyArray<string> => graph.nodes.map(({ primitive }) => primitive)

describe("T.tap", () => {
  it("is the identity, data-first and data-last", () => {
    const c = T.constant([1, -2, 3])
    assert.deepStrictEqual(Array.from(T.evaluate(T.tap(c, "c")).data), [1, -2, 3])
    assert.deepStrictEqual(Array.from(T.evaluate(pipe(c, T.tap("c"), T.tapGradient("g"))).data), [1, -2, 3])
    const flags = T.tap(T.constant([1, 0], "bool"), "b")
    const dtype: "bool" = flags.dtype
    assert.deepStrictEqual([dtype, ...flags.shape], ["bool", 2])
  })

  it("is left out of graphs: they are those of the program without it", () => {
    const plain = collect(T.exp(T.exp(x)))
    const tapped = collect(T.tap(T.exp(T.tap(T.exp(T.tapGradient(x, "g")), "a")), "b"))
    assert.deepStrictEqual(primitivesOf(tapped), ["parameter", "exp", "exp"])
    assert.strictEqual(hash(tapped), hash(plain))
  })

  it("is kept for who asks, two of one label apart", () => {
    const y = T.exp(x)
    const graph = collect(ops.add(T.tap(y, "y"), T.tap(T.exp(x), "y")), { taps: true })
    assert.deepStrictEqual(primitivesOf(graph), ["parameter", "exp", "tap", "tap", "add"])
  })

  it("is kept in bodies of loops", () => {
    const [, rows] = T.scan((_: {}, row: AnyTensor) => [{}, T.tap(row, "row")] as const, {}, x)
    const regions = (options: Graph.MakeOptions): ReadonlyArray<string> =>
      collect(rows, options).nodes.flatMap(({ regions: bodies }) => bodies.flatMap(primitivesOf))
    assert.deepStrictEqual(regions({}), ["parameter"])
    assert.deepStrictEqual(regions({ taps: true }), ["parameter", "tap"])
  })

  it("refuses what is no tensor", () => {
    // @ts-expect-error a number is no tensor
    assert.throws(() => T.tap(1, "x"), /tap: needs a tensor, got number/)
  })
})
