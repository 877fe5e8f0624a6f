import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { type F64, identity, matrix, near, numbers, product, random, turned } from "./matrices.test.support.ts"

describe("matrixPower", () => {
  it("multiplies, inverts, and gives the identity", () => {
    const a = matrix([1, 1], [1, 0])
    near(T.matrixPower(a, 10), [89, 55, 55, 34])
    near(T.matrixPower(a, 1), numbers(a))
    near(T.matrixPower(a, 0), [1, 0, 0, 1])
    near(T.matrixPower(a, -1), [0, 1, 1, -1])
    near(T.matrixPower(a, -3), numbers(T.inv(product(a, a, a))))
    assert.throws(() => T.matrixPower(a, 0.5), "matrixPower: the exponent must be a whole number, got 0.5")
  })
})

describe("matrixExp", () => {
  /** The series, of a matrix that is small enough. */
  const series = (a: F64): F64 => {
    let term: F64 = T.matrixPower(a, 0)
    let sum = term
    for (let k = 1; k < 40; k++) {
      term = T.div(product(term, a), k) as F64
      sum = T.add(sum, term) as F64
    }
    return sum
  }

  it("is its series", () => near(T.matrixExp(random(4, 4)), numbers(series(random(4, 4))), 1e-13))

  it("of large matrices is the power of that of smaller ones", () => {
    const a = T.mul(random(3, 3), 8) as F64
    const small = series(T.div(a, 32) as F64)
    near(T.matrixExp(a), numbers(T.matrixPower(small, 32)), 1e-11)
  })

  it("of a turn is a rotation, of a nilpotent matrix a polynomial, of zeros the identity", () => {
    const [c, s] = [Math.cos(1), Math.sin(1)]
    near(T.matrixExp(matrix([0, -1], [1, 0])), [c, -s, s, c], 1e-15)
    near(T.matrixExp(matrix([0, 1, 4], [0, 0, 2], [0, 0, 0])), [1, 1, 5, 0, 1, 2, 0, 0, 1])
    near(T.matrixExp(T.zeros([3, 3], "f64") as F64), identity(3))
  })

  it("scales each matrix of a batch by itself", () => {
    const [a, b] = [random(2, 2), T.mul(random(2, 2), 20) as F64]
    const both = T.matrixExp(T.stack([a, b]) as F64)
    near(both, [...numbers(T.matrixExp(a)), ...numbers(T.matrixExp(b))], 1e-14)
  })

  it("does not loop for ever on infinities and NaN", () => {
    assert.isTrue(numbers(T.matrixExp(matrix([Infinity, 0], [0, 1]))).some(Number.isNaN))
    assert.isTrue(numbers(T.matrixExp(matrix([NaN, 0], [0, 1]))).some(Number.isNaN))
  })
})

describe("matrixNorm", () => {
  const a = matrix([1, -2, 0], [3, 4, 0])
  it("has every order", () => {
    const of = (order: "fro" | "nuc" | number) => numbers(T.matrixNorm(a, { order }))[0]
    assert.deepStrictEqual([of(1), of(-1), of(Infinity), of(-Infinity)], [6, 0, 7, 3])
    near(T.matrixNorm(a), [Math.sqrt(30)])
    const values = numbers(T.eigh(product(a, turned(a))).values).map(Math.sqrt)
    near(T.matrixNorm(a, { order: 2 }), [Math.max(...values)])
    near(T.matrixNorm(a, { order: -2 }), [Math.min(...values)])
    near(T.matrixNorm(a, { order: "nuc" }), [values.reduce((x, y) => x + y, 0)])
  })

  it("goes over the axes that are named", () => {
    const x = random(2, 3, 4)
    assert.deepStrictEqual(T.matrixNorm(x, { axes: [0, 2], keepDims: true }).shape, [1, 3, 1])
    near(
      T.matrixNorm(x, { axes: [2, 0], order: 1 }),
      numbers(T.matrixNorm(T.transpose(x, [1, 2, 0]) as F64, { order: 1 }))
    )
    assert.throws(() => T.matrixNorm(a, { axes: [0, -2] as never }), "matrixNorm: an axis is named twice in [0, -2]")
    assert.throws(
      () => T.matrixNorm(a, { order: 3 }),
      'matrixNorm: order must be "fro", "nuc", 1, 2, Infinity or the negative of one, got 3'
    )
  })
})
