/** The law of scale: long chains and repeated doublings are built, differentiated, collected, printed and hashed in linear time. */
import { assert, describe, it } from "@effect/vitest"
import {
  type AnyTensor,
  Graph,
  Hash,
  operations as ops,
  primitiveNames,
  primitives,
  print,
  reachable,
  T,
  type Tensor
} from "@cotangent/graph"
import { grad, jvp, vmap } from "./index.ts"

/** A chain of `n` nodes and 64 doublings: without sharing it would have 2^64 terms. */
const chain = (n: number) => (x: Tensor<[]>) => {
  let y = x
  for (let i = 0; i < n / 2; i++) y = T.sin(T.mul(y, x))
  for (let i = 0; i < 64; i++) y = T.add(y, y)
  return y
}

/** How many nodes a computation is made of, and the size of its graph in nodes, edges and characters. */
const work = (f: (x: Tensor<[]>) => AnyTensor) => {
  const x = T.expect(ops.parameter("x", [], "f32") as Tensor<[]>, [])
  const y = f(x)
  const built = reachable([y])
  const graph = Graph.make([{ name: "x", tensor: x }], [y])
  return {
    nodes: built.length,
    edges: built.reduce((sum, node) => sum + node.inputs.length, 0),
    collected: graph.nodes.length,
    // Numbers of nodes get longer: count bindings, not characters.
    lines: print(graph).split("\n").length,
    hash: Hash.hash(graph)
  }
}

describe("scale", () => {
  type Transform = (f: (x: Tensor<[]>) => Tensor<[]>) => (x: Tensor<[]>) => AnyTensor
  const transforms: ReadonlyArray<readonly [string, Transform, number]> = [
    ["the chain", (f) => f, 100_000],
    ["its gradient", (f) => grad(f), 100_000],
    ["its tangent", (f) => (x) => jvp(f, x, T.ones([]))[1], 20_000],
    ["its batch", (f) => (x) => vmap(f)(T.expand(x, 0, 3)), 20_000]
  ]
  for (const [name, transform, n] of transforms) {
    it(`${name} of ${n} nodes takes twice the work of half as many, and no stack`, () => {
      const small = work(transform(chain(n / 2)))
      const large = work(transform(chain(n)))
      for (const part of ["nodes", "edges", "collected", "lines"] as const) {
        const ratio = large[part] / small[part]
        assert.isAbove(ratio, 1.9, part)
        assert.isBelow(ratio, 2.05, part)
      }
      // Six nodes for each step at most, whatever is asked.
      assert.isBelow(large.collected, 6 * n)
      assert.notStrictEqual(small.hash, large.hash)
    }, 60_000)
  }

  it("100,000 nodes are built, differentiated, collected, printed and hashed within seconds", () => {
    const start = performance.now()
    work((x) => grad(chain(100_000))(x))
    // Generous: it takes about two seconds on one core of a small machine.
    assert.isBelow(performance.now() - start, 30_000)
  }, 60_000)
})

it("the value of 64 doublings is exact", () => {
  const doubled = chain(0)(T.constant(1))
  assert.deepStrictEqual(T.evaluate(doubled).data, Float32Array.of(2 ** 64))
  assert.deepStrictEqual(T.evaluate(grad(chain(0))(T.constant(1))).data, Float32Array.of(2 ** 64))
})

it("every primitive says what its derivatives are", () => {
  for (const name of primitiveNames) {
    const { reverse, forward } = primitives[name]
    assert.include(["rule", "zero", "refuses"], reverse.tag, name)
    assert.strictEqual(forward.tag, reverse.tag, name)
  }
})
