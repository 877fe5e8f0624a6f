import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import {
  diagonal,
  type F64,
  identity,
  matrix,
  near,
  numbers,
  product,
  random,
  turned
} from "./matrices.test.support.ts"

const symmetric = (n: number): F64 => T.mul(T.add(random(n, n), turned(random(n, n))), 0.5) as F64

describe("cholesky", () => {
  it("multiplied with its transpose is the matrix", () => {
    const a = product(random(6, 6), turned(random(6, 6)))
    const l = T.cholesky(a)
    near(product(l, turned(l)), numbers(a), 1e-10)
    near(T.cholesky(a, { upper: true }), numbers(turned(l)))
    near(T.cholesky(matrix([4, 2], [2, 5])), [2, 0, 1, 2])
  })

  it("takes the mean of the matrix and its transpose", () =>
    near(T.cholesky(matrix([4, 3], [1, 5])), numbers(T.cholesky(matrix([4, 2], [2, 5])))))

  it("is NaN below the diagonal where the matrix is not positive definite", () => {
    for (const a of [
      matrix([1, 2], [2, 1]),
      matrix([1, 0], [0, 0]),
      matrix([1, NaN], [NaN, 1]),
      matrix([-1, 0], [0, 1])
    ])
      assert.deepStrictEqual(numbers(T.cholesky(a)), [NaN, 0, NaN, NaN])
  })
})

describe("lu", () => {
  for (const n of [1, 3, 8, 20])
    it(`of size ${n}: the factors multiplied are the matrix with its rows in order`, () => {
      const a = random(n, n)
      const { l, u, rows } = T.lu(a)
      const data = numbers(a)
      near(
        product(l, u),
        numbers(rows).flatMap((row) => data.slice(row * n, (row + 1) * n)),
        1e-12
      )
      assert.isTrue(numbers(l).every((x) => Math.abs(x) <= 1))
      assert.deepStrictEqual(numbers(T.triu(l)), identity(n))
      assert.deepStrictEqual(numbers(T.tril(u, { offset: -1 })), new Array<number>(n * n).fill(0))
    })

  it("of singular matrices is one, with a 0 on the diagonal", () => {
    for (const a of [
      matrix([0, 1, 2], [0, 3, 4], [0, 5, 6]),
      matrix([1, 2, 3], [2, 4, 7], [3, 6, 8]),
      matrix([0, 0], [0, 0])
    ]) {
      const n = Number(a.shape[0])
      const { l, u, rows } = T.lu(a)
      const data = numbers(a)
      near(
        product(l, u),
        numbers(rows).flatMap((row) => data.slice(row * n, (row + 1) * n))
      )
      assert.include(numbers(T.diagonal(u)), 0)
    }
  })
})

describe("qr", () => {
  for (const [m, n] of [
    [1, 1],
    [4, 4],
    [9, 4],
    [12, 12],
    [3, 5],
    [1, 4]
  ] as const)
    it(`of ${m} by ${n}: orthonormal columns, a triangle with a positive diagonal`, () => {
      const a = random(m, n)
      const { q, r } = T.qr(a)
      const k = Math.min(m, n)
      assert.deepStrictEqual(
        [q.shape, r.shape],
        [
          [m, k],
          [k, n]
        ]
      )
      near(product(q as F64, r as F64), numbers(a), 1e-12)
      near(product(turned(q as F64), q as F64), identity(k), 1e-12)
      const data = numbers(r)
      for (let i = 0; i < k; i++) {
        assert.isAbove(data[i * n + i] ?? 0, 0)
        for (let j = 0; j < i; j++) assert.strictEqual(data[i * n + j], 0)
      }
    })

  it("keeps columns orthonormal where those of the matrix depend on each other", () => {
    const e = 1e-8
    for (const a of [
      matrix([1, 1, 1], [e, 0, 0], [0, e, 0], [0, 0, e]),
      T.ones([4, 3], "f64") as F64,
      T.zeros([4, 3], "f64") as F64
    ]) {
      const { q, r } = T.qr(a)
      near(product(turned(q as F64), q as F64), identity(3), 1e-12)
      near(product(q as F64, r as F64), numbers(a), 1e-12)
    }
  })
})

describe("eigh", () => {
  for (const n of [1, 2, 5, 16])
    it(`of size ${n}: ascending values, orthonormal vectors, A V = V w`, () => {
      const a = symmetric(n)
      const { values, vectors } = T.eigh(a)
      const w = numbers(values)
      assert.deepStrictEqual(
        w,
        [...w].toSorted((x, y) => x - y)
      )
      near(product(turned(vectors), vectors), identity(n), 1e-12)
      near(product(a, vectors), numbers(T.mul(vectors, T.expand(values as F64, 0) as F64)), 1e-11)
    })

  it("has vectors whose first large element is positive, also among elements of one size", () => {
    const { values, vectors } = T.eigh(matrix([2, 1], [1, 2]))
    near(values, [1, 3])
    near(vectors, [Math.SQRT1_2, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT1_2])
    near(T.eigh(matrix([2, -1], [-1, 2])).vectors, [Math.SQRT1_2, Math.SQRT1_2, Math.SQRT1_2, -Math.SQRT1_2])
  })

  it("of repeated eigenvalues has orthonormal vectors, and of NaN nothing", () => {
    const { values, vectors } = T.eigh(matrix([3, 0, 0], [0, 3, 0], [0, 0, 3]))
    near(values, [3, 3, 3])
    near(product(turned(vectors), vectors), identity(3))
    assert.isTrue(numbers(T.eigh(matrix([NaN, 0], [0, 1])).values).every(Number.isNaN))
  })
})

describe("svd", () => {
  for (const [m, n] of [
    [1, 1],
    [4, 4],
    [7, 3],
    [3, 7],
    [10, 10]
  ] as const)
    it(`of ${m} by ${n}: orthonormal vectors, descending values, and the matrix`, () => {
      const a = random(m, n)
      const { u, s, v } = T.svd(a)
      const k = Math.min(m, n)
      assert.deepStrictEqual([u.shape, s.shape, v.shape], [[m, k], [k], [n, k]])
      near(product(turned(u as F64), u as F64), identity(k), 1e-12)
      near(product(turned(v as F64), v as F64), identity(k), 1e-12)
      near(product(u as F64, diagonal(s as F64), turned(v as F64)), numbers(a), 1e-12)
      const values = numbers(s)
      assert.deepStrictEqual(
        values,
        [...values].toSorted((x, y) => y - x)
      )
    })

  it("of a product of two is the root of its eigenvalues", () => {
    const a = random(5, 4)
    const squares = numbers(T.eigh(product(turned(a), a)).values)
    near(T.svd(a).s, squares.toReversed().map(Math.sqrt), 1e-12)
    near(T.svd(matrix([3, 0], [4, 5])).s, [Math.sqrt(45), Math.sqrt(5)])
  })

  it("of matrices of lower rank still has orthonormal vectors", () => {
    for (const a of [
      T.ones([4, 3], "f64") as F64,
      T.zeros([3, 3], "f64") as F64,
      matrix([0, 5], [0, 0]),
      product(random(5, 2), random(2, 5))
    ]) {
      const { u, s, v } = T.svd(a)
      const k = Number(s.shape[0])
      near(product(turned(u as F64), u as F64), identity(k), 1e-12)
      near(product(turned(v as F64), v as F64), identity(k), 1e-12)
      near(product(u as F64, diagonal(s as F64), turned(v as F64)), numbers(a), 1e-12)
      assert.isTrue(numbers(s).every((x) => x >= 0))
    }
  })
})

describe("what factorisations refuse", () => {
  it("matrices of other shapes and element types", () => {
    assert.throws(() => T.cholesky(T.ones([2, 3]) as never), "cholesky: needs square matrices, got [2, 3]")
    assert.throws(() => T.qr(T.ones([3]) as never), "qr: needs matrices, got [3]")
    assert.throws(() => T.eigh(T.ones([2, 3]) as never), "eigh: needs square matrices, got [2, 3]")
    assert.throws(
      () => T.cholesky(T.constant([[1]], "i32") as never),
      "cholesky: defined for f32, f64, got i32; use T.cast"
    )
    assert.throws(() => T.svd(T.zeros([0, 3])), "svd: the matrices of [0, 3] are empty")
  })
})
