import { assert, describe, it } from "@effect/vitest"
import { TreeError } from "./errors.ts"
import * as T from "./ops/index.ts"
import * as Tree from "./tree.ts"

const params = {
  hidden: { kernel: T.zeros([2, 3]), bias: T.zeros([3]) },
  scales: [T.ones([]), T.ones([], "f64")]
}

describe("entries", () => {
  it("list the leaves in the order of the keys, with their paths", () => {
    const paths = Tree.entries(params).map(({ path }) => path)
    assert.deepStrictEqual(paths, ["hidden.kernel", "hidden.bias", "scales.0", "scales.1"])
    assert.deepStrictEqual(Tree.leaves(params)[1], params.hidden.bias)
    assert.deepStrictEqual(
      Tree.entries(params.hidden.bias).map(({ path }) => path),
      [""]
    )
    assert.deepStrictEqual(Tree.leaves({ none: {}, empty: [] }), [])
  })

  it("refuse what is neither a leaf nor a tree", () => {
    assert.throws(() => Tree.leaves({ a: 3 }), TreeError, "tree: a is the number 3, not a tensor; use T.constant")
    assert.throws(
      () => Tree.leaves({ a: null }),
      "tree: a is null, not a tensor; a tree is a tensor, or a record or a list of trees"
    )
    assert.throws(
      () => Tree.leaves(undefined),
      "tree is undefined, not a tensor; a tree is a tensor, or a record or a list of trees"
    )
  })
})

describe("mapLeaves", () => {
  it("is rebuildWith of what is made of each leaf", () => {
    const shapes = (tree: unknown): unknown => Tree.mapLeaves(tree, ({ shape }) => shape.join())
    assert.deepStrictEqual(shapes(params), { hidden: { kernel: "2,3", bias: "3" }, scales: ["", ""] })
    assert.deepStrictEqual(
      shapes(params),
      Tree.rebuildWith(
        params,
        Tree.leaves(params).map(({ shape }) => shape.join())
      )
    )
    assert.strictEqual(shapes(params.hidden.bias), "3")
    const hostile: unknown = JSON.parse('{ "__proto__": [] }')
    assert.deepStrictEqual(Object.keys(shapes(hostile) as object), ["__proto__"])
  })

  it("refuses what leaves refuses, with the path", () => {
    assert.throws(() => Tree.mapLeaves({ a: [3] }, String), TreeError, "tree: a.0 is the number 3")
    const circle: Record<string, unknown> = {}
    circle["self"] = circle
    assert.throws(() => Tree.mapLeaves(circle, String), TreeError, "must not contain itself")
  })
})

describe("map and rebuild", () => {
  it("keep the structure", () => {
    const doubled = Tree.map(params, (leaf, path) => (path === "hidden.bias" ? T.full(leaf.shape, 7) : leaf))
    assert.deepStrictEqual(Object.keys(doubled), ["hidden", "scales"])
    assert.strictEqual(doubled.hidden.kernel, params.hidden.kernel)
    assert.isTrue(Array.isArray(doubled.scales))
    assert.deepStrictEqual(T.evaluate(doubled.hidden.bias).data, Float32Array.of(7, 7, 7))
  })

  it("need one leaf for each place", () => {
    assert.throws(() => Tree.rebuild(params, [T.ones([])]), TreeError, "tree: 1 leaves do not fill the structure")
    assert.throws(
      () => Tree.rebuild({ a: T.ones([]) }, [T.ones([]), T.ones([])]),
      "tree: 2 leaves for a structure of 1"
    )
  })

  it("take __proto__ for a key like any other", () => {
    const tree = Object.fromEntries([["__proto__", T.ones([])]])
    const built = Tree.map(tree, (leaf) => T.neg(leaf))
    assert.deepStrictEqual(Object.keys(built), ["__proto__"])
    assert.deepStrictEqual(Tree.entries(built)[0]?.path, "__proto__")
  })
})

describe("zip", () => {
  const a = { w: T.constant([1, 2]), b: T.constant(3) }

  it("combines leaf by leaf, whatever the order of the keys", () => {
    const b = { b: T.constant(10), w: T.constant([20, 30]) }
    const sum = Tree.zip([a, b], ([x, y], path) => (x && y ? T.add(x, y) : assert.fail(path)))
    assert.deepStrictEqual(Object.keys(sum), ["w", "b"])
    assert.deepStrictEqual(T.evaluate(sum.w).data, Float32Array.of(21, 32))
    assert.deepStrictEqual(T.evaluate(sum.b).data, Float32Array.of(13))
  })

  it("refuses trees of another structure", () => {
    const refused = (b: unknown, sentence: string) =>
      assert.throws(() => Tree.zip([a, b], ([x]) => x ?? assert.fail()), TreeError, sentence)
    refused({ w: a.w }, "tree lacks b")
    refused({ ...a, c: a.b }, "tree has c, which is not expected")
    refused({ ...a, w: T.zeros([3]) }, "tree: w must be f32[2], it is f32[3]")
    refused({ ...a, w: T.zeros([2], "f64") }, "tree: w must be f32[2], it is f64[2]")
    refused({ ...a, w: { x: a.w } }, "tree lacks w")
    refused(a.w, "tree lacks w")
  })
})

describe("assertSameStructure", () => {
  it("names the first path that differs, and what differs", () => {
    const refused = (expected: unknown, actual: unknown, sentence: string) =>
      assert.throws(() => Tree.assertSameStructure("the state", expected, actual), TreeError, sentence)
    const x = T.zeros([3])
    refused(x, T.zeros([4]), "the state: the leaf must be f32[3], it is f32[4]")
    refused(x, { a: x }, "the state lacks its leaf")
    refused({ a: x }, x, "the state lacks a")
    refused({}, { a: x }, "the state has a, which is not expected")
    refused({ a: x, b: x }, { b: x, a: x }, "the state has its keys in another order: a must stand before b")
    refused({ a: [x, x] }, { a: [x] }, "the state lacks a.1")
  })

  it("lets equal structures pass", () => {
    Tree.assertSameStructure("the state", params, Tree.map(params, T.zerosLike))
    Tree.assertSameStructure("the state", T.evaluate(params), params)
  })
})
