import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { near, numbers, specials, vector } from "./numbers.test.support.ts"

const floorMod = (a: number, b: number): number => {
  const r = a % b
  // A remainder of -0 comes out as 0.
  return r !== 0 && r < 0 !== b < 0 ? r + b : r + 0
}

describe("roundings", () => {
  const xs = [...specials, 0.5, 1.5, 2.5, -0.5, -1.5, -0.4, 0.6, -3.7, 2 ** 52 + 0.5, 1e300]

  it("ceil and trunc are those of Math, signed zeros included", () => {
    for (const [f, expected] of [
      [T.ceil, Math.ceil],
      [T.trunc, Math.trunc]
    ] as const)
      xs.forEach((x) => assert.isTrue(Object.is(numbers(f(vector([x])))[0], expected(x)), `${expected.name}(${x})`))
  })

  it("round sends halves to the even neighbour", () => {
    const halves = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, 2 ** 52 + 1.5]
    assert.deepStrictEqual(numbers(T.round(vector(halves))), [0, 2, 2, -0, -2, -2, 0, 4503599627370498])
    assert.deepStrictEqual(numbers(T.round(vector([Infinity, -Infinity]))), [Infinity, -Infinity])
  })

  it("round to decimals is torch's", () => {
    assert.deepStrictEqual(numbers(T.round(vector([0.125, 1234.567, -2.346]), { decimals: 2 })), [0.12, 1234.57, -2.35])
    assert.deepStrictEqual(numbers(T.round(vector([1234.567, 15, 25]), { decimals: -1 })), [1230, 20, 20])
    assert.throws(() => T.round(vector([1]), { decimals: 0.5 }), "round: decimals must be a whole number, got 0.5")
  })

  it("frac keeps the sign", () => near(numbers(T.frac(vector([2.25, -2.25, 3]))), [0.25, -0.25, 0]))
})

describe("remainders", () => {
  const pairs = [
    [7, 3],
    [-7, 3],
    [7, -3],
    [-7, -3],
    [1, 0.1],
    [-1, 0.1],
    [0.3, 0.1],
    [6, 3],
    [-6, 3],
    [1e300, 7],
    [5, Infinity],
    [-5, Infinity],
    [5, 0],
    [Infinity, 2]
  ] as const
  const [a, b] = [vector(pairs.map(([x]) => x)), vector(pairs.map(([, y]) => y))]

  it("fmod is C's and mod is Python's, exactly", () => {
    assert.deepStrictEqual(
      numbers(T.fmod(a, b)),
      pairs.map(([x, y]) => x % y)
    )
    assert.deepStrictEqual(
      numbers(T.mod(a, b)),
      pairs.map(([x, y]) => floorMod(x, y))
    )
  })

  it("quotients agree with remainders where the division was rounded", () => {
    assert.deepStrictEqual(numbers(T.floorDivide(vector([1, 7, -7, 0.3, 1]), vector([0.1, 2, 2, 0.1, 0]))), [
      9,
      3,
      -4,
      2,
      Infinity
    ])
    assert.deepStrictEqual(numbers(T.truncDivide(vector([1, 7, -7, 0.3, -1]), vector([0.1, 2, 2, 0.1, 0]))), [
      9,
      3,
      -3,
      2,
      -Infinity
    ])
  })

  it("of integers", () => {
    const [x, y] = [T.constant([7, -7, 7, -7, 5], "i32"), T.constant([3, 3, -3, -3, 0], "i32")]
    assert.deepStrictEqual(numbers(T.fmod(x, y)), [1, -1, 1, -1, 5])
    assert.deepStrictEqual(numbers(T.mod(x, y)), [1, 2, -2, -1, 5])
    assert.deepStrictEqual(numbers(T.floorDivide(x, y)), [2, -3, -3, 2, 0])
    assert.deepStrictEqual(numbers(T.truncDivide(x, y)), [2, -2, -2, 2, 0])
    const unsigned = T.constant([4294967295, 7], "u32")
    assert.deepStrictEqual(numbers(T.mod(unsigned, T.constant([2, 4], "u32"))), [1, 3])
  })
})
