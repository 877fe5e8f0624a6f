import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as T from "./index.ts"
import { type F64, identity, matrix, near, numbers, product, random, turned } from "./matrices.test.support.ts"

describe("solve", () => {
  for (const n of [1, 2, 5, 12, 33])
    it(`of size ${n}: the residual vanishes, and the inverse inverts`, () => {
      const [a, b] = [random(n, n), random(n, 3)]
      near(product(a, T.solve(a, b) as F64), numbers(b), 1e-9)
      near(product(a, T.inv(a)), identity(n), 1e-9)
    })

  const a = T.constant(
    [
      [
        [2, 0],
        [1, 4]
      ],
      [
        [0, 1],
        [1, 0]
      ]
    ],
    "f64"
  )
  const m = matrix([2, 0], [1, 4])

  it("takes vectors, columns and batches", () => {
    near(T.solve(m, T.constant([2, 9], "f64")), [1, 2])
    near(pipe(m, T.solve(T.constant([2, 9], "f64"))), [1, 2])
    near(
      T.solve(
        a,
        T.constant(
          [
            [[2], [9]],
            [[3], [5]]
          ],
          "f64"
        )
      ),
      [1, 2, 5, 3]
    )
    near(T.solve(a, T.constant([2, 9], "f64")), [1, 2, 9, 2])
    near(
      T.solve(
        a,
        T.constant(
          [
            [2, 9],
            [3, 5]
          ],
          "f64"
        ),
        { vectors: true }
      ),
      [1, 2, 5, 3]
    )
  })

  it("broadcasts batches in both directions", () => {
    const b = random(3, 2, 2, 4)
    assert.deepStrictEqual(T.solve(a, b).shape, [3, 2, 2, 4])
    near(product(a as F64, T.solve(a, b) as F64), numbers(b))
    near(product(m, T.solve(m, b) as F64), numbers(b))
    assert.deepStrictEqual(T.solve(T.reshape(a, [2, 1, 2, 2]), random(5, 2, 3)).shape, [2, 5, 2, 3])
  })

  it("solves for a factor on the right", () => {
    const b = random(3, 2)
    near(product(T.solve(m, b, { side: "right" }) as F64, m), numbers(b))
    const left = T.solve(turned(m), T.constant([2, 9], "f64"))
    near(T.solve(m, T.constant([2, 9], "f64"), { side: "right" }), numbers(left))
  })

  it("works on nothing", () => {
    assert.deepStrictEqual(T.solve(T.zeros([0, 0]), T.zeros([0, 2])).shape, [0, 2])
    assert.deepStrictEqual(T.inv(T.zeros([3, 0, 0])).shape, [3, 0, 0])
    assert.deepStrictEqual(T.solve(T.zeros([0, 2, 2]), T.zeros([0, 2, 1])).shape, [0, 2, 1])
  })

  it("of a singular matrix is not finite", () => {
    assert.isFalse(numbers(T.inv(matrix([1, 2], [2, 4]))).some(Number.isFinite))
    assert.isFalse(numbers(T.solve(matrix([0, 0], [0, 1]), T.ones([2], "f64"))).every(Number.isFinite))
  })

  it("keeps infinities and NaN of one right side to that", () => {
    const x = numbers(
      T.solve(
        m,
        T.constant(
          [
            [2, Infinity, NaN],
            [9, 1, 1]
          ],
          "f64"
        )
      )
    )
    assert.deepStrictEqual([x[0], x[3]], [1, 2])
  })
})

describe("triangularSolve", () => {
  const a = matrix([2, 7, 8], [1, 4, 9], [3, 5, 5])
  const lower = matrix([2, 0, 0], [1, 4, 0], [3, 5, 5])
  const upper = matrix([2, 7, 8], [0, 4, 9], [0, 0, 5])
  const b = random(3, 2)

  it("reads one triangle", () => {
    near(product(lower, T.triangularSolve(a, b) as F64), numbers(b))
    near(product(upper, T.triangularSolve(a, b, { lower: false }) as F64), numbers(b))
    near(product(turned(lower), T.triangularSolve(a, b, { transpose: true }) as F64), numbers(b))
    near(product(turned(upper), T.triangularSolve(a, b, { lower: false, transpose: true }) as F64), numbers(b))
    const x = T.triangularSolve(a, turned(b), { lower: false, side: "right" })
    near(product(x as F64, upper), numbers(turned(b)))
    assert.isTrue(
      numbers(T.triangularSolve(matrix([2, NaN], [1, 4]), T.constant([2, 9], "f64"))).every(Number.isFinite)
    )
  })

  it("takes the diagonal for ones", () => {
    const unit = matrix([1, 0, 0], [1, 1, 0], [3, 5, 1])
    near(product(unit, T.triangularSolve(a, b, { unit: true }) as F64), numbers(b))
  })

  it("solves with a Cholesky factor", () => {
    const m = product(a, turned(a))
    near(product(m, T.choleskySolve(T.cholesky(m), b) as F64), numbers(b), 1e-10)
    const u = T.cholesky(m, { upper: true })
    near(product(m, T.choleskySolve(u, b, { upper: true }) as F64), numbers(b), 1e-10)
    near(product(T.choleskySolve(T.cholesky(m), turned(b), { side: "right" }) as F64, m), numbers(turned(b)), 1e-10)
  })
})

describe("lstsq and pinv", () => {
  it("lstsq leaves a residual that is orthogonal to the columns", () => {
    const [a, b] = [random(8, 3), random(8, 2)]
    const x = T.lstsq(a, b) as F64
    near(product(turned(a), T.sub(product(a, x), b) as F64), new Array<number>(6).fill(0), 1e-11)
    near(T.lstsq(matrix([1, 0], [1, 1], [1, 2]), T.constant([1, 3, 5], "f64")), [1, 2])
  })

  it("lstsq of too few equations is the shortest solution", () => {
    const [a, b] = [random(2, 5), random(2, 1)]
    const x = T.lstsq(a, b) as F64
    near(product(a, x), numbers(b))
    near(x, numbers(product(T.pinv(a) as F64, b)))
  })

  it("pinv has the four properties of Penrose, whatever the rank", () => {
    const one = product(random(4, 1), random(1, 3))
    for (const a of [
      random(4, 3),
      random(3, 4),
      random(3, 3),
      one,
      product(random(4, 2), random(2, 4)),
      matrix([0, 0], [0, 0])
    ]) {
      const p = T.pinv(a) as F64
      near(product(a, p, a), numbers(a), 1e-12)
      near(product(p, a, p), numbers(p), 1e-12)
      near(turned(product(a, p)), numbers(product(a, p)), 1e-12)
      near(turned(product(p, a)), numbers(product(p, a)), 1e-12)
    }
  })

  it("pinv takes singular values below its tolerance for 0", () => {
    const a = matrix([1, 0], [0, 1e-3])
    near(T.pinv(a), [1, 0, 0, 1000])
    near(T.pinv(a, { tolerance: 0.01 }), [1, 0, 0, 0])
    assert.throws(() => T.pinv(a, { tolerance: -1 }), "pinv: tolerance must be 0 or more, got -1")
  })
})

describe("what linear systems refuse", () => {
  it("matrices that are not square, right sides that do not fit", () => {
    const wide = T.ones([2, 3])
    assert.throws(() => T.inv(wide as never), "inv: needs square matrices, got [2, 3]")
    assert.throws(
      () => T.solve(T.ones([3, 3]), T.ones([4]) as never),
      "solve: [3, 3] and [4]: 3 equations and 4 right sides"
    )
    assert.throws(
      () => T.solve(T.ones([3, 3]), T.ones([]) as never),
      "solve: [3, 3] and []: the right side is a scalar"
    )
    assert.throws(() => T.lstsq(wide, T.ones([3]) as never), "lstsq: [2, 3] and [3]: 2 equations and 3 right sides")
  })
})
