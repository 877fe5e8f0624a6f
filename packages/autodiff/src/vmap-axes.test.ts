import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, DifferentiationError, Key, type Shape, T, type Tensor } from "@cotangent/graph"
import { grad, vmap } from "./index.ts"

type F64 = Tensor<Shape, "f64">
type Scalar = Tensor<[], "f64">
type V3 = Tensor<[3], "f64">

const scalar = (x: number): Scalar => T.constant(x, "f64")
const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const near = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>): void => {
  assert.strictEqual(actual.length, expected.length)
  actual.forEach((x, i) => assert.closeTo(x, expected[i] ?? NaN, 1e-11 * Math.max(1, Math.abs(x))))
}
const refuses = (f: () => unknown, sentence: string) => assert.throws(f, DifferentiationError, sentence)

const x: V3 = T.constant([0.3, -0.7, 1.1], "f64")

describe("vmap with axes", () => {
  const rows = T.constant(
    [
      [1, 2, 3],
      [4, 5, 6]
    ],
    "f64"
  ) as F64

  it("takes the batch from any axis, puts it anywhere, and shares what has none", () => {
    const scaled = (v: F64, k: F64) => T.mul(v, k) as F64
    const k = T.constant([10, 100, 1000], "f64") as F64
    const byColumn = vmap(scaled, { in: [1, 0], out: 1 })(rows, k)
    assert.deepStrictEqual(
      [byColumn.shape, numbers(byColumn)],
      [
        [2, 3],
        [10, 200, 3000, 40, 500, 6000]
      ]
    )
    const shared = vmap(scaled, { in: [0, undefined] })(rows, k)
    assert.deepStrictEqual(numbers(shared), [10, 200, 3000, 40, 500, 6000])
    const last = vmap((v: F64) => T.neg(v) as F64, { in: [-1], out: -1 })(rows)
    assert.deepStrictEqual(numbers(last), [-1, -2, -3, -4, -5, -6])
  })

  it("over grad gives the gradient of every sample", () => {
    const loss = (w: V3, v: V3) => T.square(T.sum(T.mul(w, v))) as Scalar
    const each = vmap(grad(loss), { in: [undefined, 0] })(x as F64 as never, rows as never) as AnyTensor
    assert.deepStrictEqual(each.shape, [2, 3])
    const apart = [
      [1, 2, 3],
      [4, 5, 6]
    ].flatMap((row) => numbers(grad(loss)(x, T.constant(row, "f64") as never)))
    near(numbers(each), apart)
  })

  it("nests", () => {
    const inner = vmap((a: F64, b: F64) => T.mul(a, b) as F64, { in: [undefined, 0] })
    const outer = vmap(inner, { in: [0, undefined] })
    const product = outer(T.constant([1, 2], "f64") as F64, T.constant([3, 4, 5], "f64") as F64)
    assert.deepStrictEqual(
      [product.shape, numbers(product)],
      [
        [2, 3],
        [3, 4, 5, 6, 8, 10]
      ]
    )
  })

  it("says which axis is not there", () => {
    const refuses = (f: () => unknown, sentence: string) => assert.throws(f, DifferentiationError, sentence)
    const one = (v: F64) => v
    refuses(() => vmap(one, { in: [2] })(rows), "vmap: argument 0 has 2 dimensions and no axis 2")
    refuses(() => vmap(one, { in: [0], out: 3 })(rows), "vmap: the result has 2 dimensions and no axis 3")
    refuses(
      () => vmap(one, { in: [0, 1] as never })(rows),
      "vmap: `in` has 2 axes for 1 arguments; give undefined for one without a batch"
    )
  })
})

describe("vmap with axes of leaves", () => {
  const p = { a: T.constant([1, 2], "f64") as F64, b: T.constant(3, "f64") as F64 }
  const product = (q: { a: F64; b: F64 }) => T.mul(q.a, q.b) as F64

  it("takes a tree of axes; what it leaves out has no batch", () => {
    assert.deepStrictEqual(numbers(vmap(product, { in: [{ a: 0, b: undefined }] })(p)), [3, 6])
    assert.deepStrictEqual(numbers(vmap(product, { in: [{ a: 0 }] })(p)), [3, 6])
    const deep = vmap(([u, { v }]: readonly [F64, { v: F64 }]) => T.mul(u, v) as F64, { in: [[0, { v: -1 }]] })
    const table = T.constant(
      [
        [1, 2],
        [3, 4]
      ],
      "f64"
    ) as F64
    assert.deepStrictEqual(numbers(deep([p.a, { v: table }])), [1, 3, 4, 8])
  })

  it("puts results where a tree of axes says, and once what does not differ", () => {
    const f = (u: F64, k: F64) => ({ column: T.mul(u, k) as F64, shared: T.neg(k) as F64 })
    const rows = T.constant(
      [
        [1, 2, 3],
        [4, 5, 6]
      ],
      "f64"
    ) as F64
    const y = vmap(f, { in: [0, undefined], out: { column: 1, shared: undefined } })(rows, p.b)
    assert.deepStrictEqual([y.column.shape, y.shared.shape], [[3, 2], []])
    assert.deepStrictEqual([numbers(y.column), numbers(y.shared)], [[3, 12, 6, 15, 9, 18], [-3]])
    refuses(
      () => vmap(f, { in: [0, undefined], out: { shared: undefined } })(rows, p.b),
      "vmap: the result, column, differs between the examples, so `out` must say on which axis they stand"
    )
  })

  it("names the leaf of a mistake", () => {
    refuses(
      () => vmap(product)({ a: T.ones([2], "f64"), b: T.ones([3], "f64") }),
      "vmap: the batches differ: argument 0, a, has 2 examples and argument 0, b, has 3"
    )
    refuses(
      () => vmap(product, { in: [{ c: 0 } as never] })(p),
      "vmap: the axes name c, which argument 0 does not have"
    )
    refuses(
      () => vmap((u: F64) => u, { in: [{ a: 0 } as never] })(p.a),
      "vmap: argument 0 is one tensor; give one axis for it, not a tree of axes"
    )
    refuses(() => vmap(product, { in: [{ a: 1 }] })(p), "vmap: argument 0, a, has 1 dimensions and no axis 1")
    refuses(
      () => vmap(product, { in: [undefined] })(p),
      "vmap: no argument has a batch axis; one must, to say how many examples there are"
    )
  })
})

describe("vmap of functions of keys", () => {
  const keys = Key.split(Key.key(7), 4)
  const noisy = (key: Key.Key, mean: Scalar) => T.add(Key.normal(key, [2], { dtype: "f64" }), mean) as F64

  it("draws for every key what the function draws for it alone", () => {
    const means = T.constant([0, 10, 20, 30], "f64")
    const together = numbers(vmap(noisy)(T.stack(keys), means) as AnyTensor)
    near(
      together,
      keys.flatMap((key, i) => numbers(noisy(key, scalar(10 * i))))
    )
    assert.strictEqual(new Set(together).size, 8)
  })

  it("with one key for all draws the same for all", () => {
    const [key = Key.key(0)] = keys
    const same = vmap(noisy, { in: [undefined, 0] })(key as never, T.constant([1, 1, 1], "f64") as never) as AnyTensor
    near(
      numbers(same),
      [0, 1, 2].flatMap(() => numbers(noisy(key, scalar(1))))
    )
  })

  it("under grad", () => {
    const total = (mean: Scalar) =>
      T.sum(vmap((key: Key.Key) => T.sum(T.square(noisy(key, mean))) as Scalar)(T.stack(keys)))
    const drawn = keys.flatMap((key) => numbers(noisy(key, scalar(2))))
    near(numbers(grad(total as (m: Scalar) => Scalar)(scalar(2))), [drawn.reduce((sum, z) => sum + 2 * z, 0)])
  })
})
