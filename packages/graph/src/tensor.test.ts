import { assert, describe, it } from "@effect/vitest"
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import { inspect } from "node:util"
import * as T from "./ops/index.ts"
import { isTensor, project, sizeOf } from "./tensor.ts"

describe("tensors", () => {
  const x = T.constant([
    [1, 2],
    [3, 4]
  ])
  const y = T.exp(x)

  it("print as one line, whatever they are computed from", () => {
    assert.strictEqual(inspect(y), "Tensor f32[2, 2] (exp)")
    assert.strictEqual(inspect({ y }), "{ y: Tensor f32[2, 2] (exp) }")
    assert.strictEqual(String(T.sum(y, { axis: 0 })), "Tensor f32[2] (reduceSum)")
  })

  it("are short in JSON", () => {
    assert.strictEqual(JSON.stringify({ y }), '{"y":{"tensor":"exp","shape":[2,2],"dtype":"f32"}}')
  })

  it("are told from other things", () => {
    assert.isTrue(isTensor(y))
    for (const other of [undefined, null, 3, { ...y }, { shape: [], dtype: "f32", node: y.node, output: 0 }]) {
      assert.isFalse(isTensor(other))
    }
  })

  it("are equal for Effect when they are the same output of the same node", () => {
    assert.isTrue(Equal.equals(y, project(y.node)))
    assert.strictEqual(Hash.hash(y), Hash.hash(project(y.node)))
    assert.isFalse(Equal.equals(y, T.exp(x)))
    assert.notStrictEqual(Hash.hash(y), Hash.hash(T.exp(x)))
  })

  it("are compared and hashed without walking the graph", () => {
    const chain = (n: number) => {
      let z = x
      for (let i = 0; i < n; i++) z = T.add(z, z)
      return z
    }
    assert.isFalse(Equal.equals(chain(50_000), chain(50_000)))
    assert.isFalse(Equal.equals({ p: chain(50_000) }, { p: chain(50_000) }))
    assert.isNumber(Hash.hash(chain(50_000)))
  })

  it("have as many elements as the product of their sizes", () => {
    assert.deepStrictEqual([sizeOf([]), sizeOf([2, 3]), sizeOf([2, 0])], [1, 6, 0])
  })
})
