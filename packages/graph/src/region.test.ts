import { assert, describe, it } from "@effect/vitest"
import { apply, operations as ops } from "./operations.ts"
import * as T from "./ops/index.ts"
import { captureRegions, dependents, reachable, substitute } from "./region.ts"
import type { AnyTensor } from "./tensor.ts"

const parameter = (name: string, shape: ReadonlyArray<number> = []) => ops.parameter(name, shape, "f32")
const primitivesOf = (tensors: ReadonlyArray<AnyTensor>, stop?: AnyTensor) =>
  reachable(tensors, (node) => node === stop?.node).map(({ primitive }) => primitive)

describe("reachable", () => {
  it("gives every node once, inputs before users", () => {
    const x = parameter("x")
    const y = T.mul(T.exp(x), T.exp(x))
    assert.deepStrictEqual(primitivesOf([y]), ["parameter", "exp", "exp", "mul"])
    assert.deepStrictEqual(primitivesOf([y, x, y]), ["parameter", "exp", "exp", "mul"])
    assert.deepStrictEqual(primitivesOf([]), [])
  })

  it("includes the nodes it stops at but does not enter them", () => {
    const middle = T.exp(parameter("x"))
    assert.deepStrictEqual(primitivesOf([T.neg(middle)], middle), ["exp", "neg"])
  })

  it("is not recursive", () => {
    let x = parameter("x")
    for (let i = 0; i < 100_000; i++) x = T.sin(x)
    assert.strictEqual(reachable([x]).length, 100_001)
  })
})

it("dependents are the nodes that use a source", () => {
  const [x, y] = [parameter("x"), parameter("y")]
  const product = T.mul(T.exp(x), T.log(y))
  const dependent = dependents(reachable([product]), [x])
  assert.deepStrictEqual(
    [...dependent].map(({ primitive }) => primitive),
    ["parameter", "exp", "mul"]
  )
})

describe("substitute", () => {
  const [x, y] = [parameter("x"), parameter("y")]

  it("replaces every occurrence", () => {
    const z = T.add(T.mul(x, x), y)
    const [replaced] = substitute([z], [x, y], [T.constant(3), T.constant(4)], apply)
    assert.deepStrictEqual(T.evaluate(replaced ?? assert.fail()).data, Float32Array.of(13))
  })

  it("exchanges two tensors at once", () => {
    const [exchanged] = substitute([T.sub(x, y)], [x, y], [y, x], apply)
    assert.deepStrictEqual(exchanged?.node.inputs, [y, x])
  })

  it("shares what does not depend on the sources", () => {
    const shared = T.exp(y)
    const [sum, other] = substitute([T.add(x, shared), shared], [x], [T.constant(1)], apply)
    assert.strictEqual(sum?.node.inputs[1], shared)
    assert.strictEqual(other, shared)
  })

  it("replaces a result that is itself a source, and keeps source positions", () => {
    const replacement = T.constant(1)
    const y2 = T.exp(x)
    const [a, b] = substitute([x, y2], [x], [replacement], apply)
    assert.strictEqual(a, replacement)
    assert.strictEqual(b?.node.position, y2.node.position)
  })

  it("refuses replacements that do not fit, with the sentence of the operation", () => {
    const z = T.add(parameter("a", [2]), 1)
    const [a] = z.node.inputs
    assert.throws(
      () => substitute([z], [a ?? assert.fail()], [T.zeros([3])], apply),
      "add: [3] with [2]: the shapes must be equal here"
    )
  })
})

/** One function as a region. */
const captureRegion = (
  parameters: ReadonlyArray<AnyTensor>,
  f: (...parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>,
  inside: "dependent" | "traced" = "dependent"
) => {
  const { regions, captured } = captureRegions([{ parameters, f, inside }], apply)
  return { region: regions[0] ?? assert.fail(), captured }
}

describe("captureRegions", () => {
  it("makes free variables explicit, once each, in front", () => {
    const [a, b, x] = [parameter("a"), parameter("b", [2]), parameter("x")]
    const outside = T.exp(a)
    const { region, captured } = captureRegion([x], (p = assert.fail()) => [T.mul(T.add(p, outside), outside), b])
    assert.deepStrictEqual(captured, [outside, b])
    assert.deepStrictEqual(
      region.parameters.map(({ shape }) => shape),
      [[], [2], []]
    )
    // Nothing in the region reaches out of it.
    const names = reachable(region.results).flatMap(({ primitive, attributes }) =>
      primitive === "parameter" ? [attributes["name"]] : []
    )
    assert.sameMembers(names, ["c0", "c1", "x"])
  })

  it("rebuilds constants inside instead of passing them in", () => {
    const two = T.constant(2)
    const { captured } = captureRegion([parameter("x")], (p = assert.fail()) => [T.mul(p, two), T.iota(3)])
    assert.deepStrictEqual(captured, [])
  })

  it("captures what an inner region captured from further out", () => {
    const [outer, xs] = [parameter("outer"), parameter("xs", [2, 3])]
    const { captured } = captureRegion([parameter("row", [3])], (row = assert.fail()) => {
      const start = T.expect(T.sum(row), [])
      const [last] = T.scan(
        (c: typeof start, r: AnyTensor) => [T.expect(T.add(T.mul(c, outer), T.sum(T.mul(r, row))), []), c],
        start,
        T.dyn(xs)
      )
      return [last]
    })
    assert.sameMembers([...captured], [outer, xs])
  })

  it("computes before the loop what does not depend on its parameters, and in the branch what the branch builds", () => {
    const [a, x] = [parameter("a"), parameter("x")]
    const body = (p: AnyTensor = assert.fail()) => [T.mul(p, T.exp(a))]
    const loop = captureRegion([x], body)
    assert.deepStrictEqual(
      loop.captured.map(({ node }) => node.primitive),
      ["exp"]
    )
    const branch = captureRegion([x], body, "traced")
    assert.deepStrictEqual(branch.captured, [a])
    assert.include(primitivesOf(branch.region.results), "exp")
  })

  it("gives several functions the same captured operands", () => {
    const [a, b] = [parameter("a"), parameter("b")]
    const { regions, captured } = captureRegions(
      [
        { parameters: [], f: () => [T.exp(a)], inside: "traced" },
        { parameters: [], f: () => [T.add(b, a)], inside: "traced" }
      ],
      apply
    )
    assert.deepStrictEqual(captured, [a, b])
    assert.deepStrictEqual(
      regions.map(({ parameters }) => parameters.length),
      [2, 2]
    )
  })
})
