import { assert, describe, it } from "@effect/vitest"
import { scalar, type Float } from "./index.ts"
import { powOracle, ulpError } from "./oracle.test.support.ts"
import { randoms, round } from "./samples.test.support.ts"

const dtypes: ReadonlyArray<Float> = ["f32", "f64"]

describe("pow", () => {
  it("at most 1 ulp in f32 and 1.5 ulp in f64, over all sizes of the result", () => {
    const random = randoms(11)
    for (const [dtype, size, promise] of [
      ["f32", 100, 1],
      ["f64", 740, 1.5]
    ] as const) {
      const f = scalar("pow", dtype)
      for (let k = 0; k < 4000; k++) {
        // Near 1 with a huge exponent, and of any size with a moderate one.
        const x = round(
          k % 2 === 0 ? 1 + (random() - 0.5) * 2 ** -Math.floor(20 * random()) : 2 ** (60 * random() - 30),
          dtype
        )
        if (x === 1) continue
        const y = round(((2 * random() - 1) * size) / Math.abs(Math.log(x)), dtype)
        const value = f(x, y)
        if (value === Infinity) assert.isAtLeast(x ** y, dtype === "f32" ? 3.4028235e38 : 1.7976931348623157e308)
        else assert.isAtMost(ulpError(value, powOracle(x, y), dtype), promise, `pow(${x}, ${y})`)
      }
    }
  })

  it("powers of 0.999 up to 100,000 are relatively right to 1e-15", () => {
    const f = scalar("pow", "f64")
    for (let n = 1; n <= 100_000; n += 97) {
      assert.isAtMost(ulpError(f(0.999, n), powOracle(0.999, n), "f64"), 1, `0.999^${n}`)
    }
  })

  it("integral powers that are exact come out exactly", () => {
    for (const dtype of dtypes) {
      const f = scalar("pow", dtype)
      for (let n = 0; n <= 10; n++) {
        for (const base of [2, 3, 4, 5, -2, -3, 0.5]) assert.strictEqual(f(base, n), base ** n, `${base}^${n}`)
      }
      for (let n = -126; n <= 127; n++) assert.strictEqual(f(2, n), 2 ** n)
      assert.strictEqual(f(2, -149), dtype === "f32" ? 1.401298464324817e-45 : 2 ** -149)
      assert.strictEqual(f(9, 0.5), 3)
      assert.strictEqual(f(10, 2), 100)
    }
  })

  it("keeps the table of IEEE 754", () => {
    const operands = [
      0,
      -0,
      1,
      -1,
      Infinity,
      -Infinity,
      NaN,
      2,
      -2,
      3,
      -3,
      0.5,
      -0.5,
      2.5,
      -2.5,
      1e30,
      -1e30,
      1e-30,
      -1e-30
    ]
    for (const dtype of dtypes) {
      const f = scalar("pow", dtype)
      for (const x of operands) {
        for (const y of operands) {
          // JavaScript departs from IEEE 754 in one place: 1 ** NaN and (+-1) ** (+-Infinity).
          const expected =
            x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : round(round(x, dtype) ** round(y, dtype), dtype)
          const value = f(x, y)
          const exact = Object.is(value, expected)
          const close = Math.abs(value - expected) <= Math.abs(expected) * (dtype === "f32" ? 2 ** -23 : 2 ** -51)
          const ordinary = Number.isFinite(expected) && expected !== 0
          assert.isTrue(exact || (ordinary && close), `pow(${x}, ${y}) = ${value}, expected ${expected}`)
        }
      }
    }
  })

  it("keeps every row of C99, annex F.9.4.4", () => {
    for (const dtype of dtypes) {
      const f = scalar("pow", dtype)
      const last = dtype === "f32" ? 2 ** 24 : 2 ** 53
      const largest = dtype === "f32" ? 3.4028234663852886e38 : Number.MAX_VALUE
      const least = dtype === "f32" ? 2 ** -149 : 2 ** -1074
      const odd = [1, 3, 5, 101, last - 1]
      const even = [2, 4, 100, last - 2, last, last * 2, 1e30, largest]
      const broken = [least, 0.5, 1.5, 2.25, last / 4 + 0.5]
      const below1 = [least, 1e-30, 0.25, 0.999, 1 - 1 / last]
      const above1 = [1 + 2 / last, 1.001, 4, 1e30, largest]
      const any = [0, 1, Infinity, NaN, ...odd, ...even, ...broken, ...below1, ...above1].flatMap((x) => [x, -x])
      const check = (x: number, y: number, expected: number): void =>
        assert.isTrue(Object.is(f(x, y), expected), `pow(${x}, ${y}) = ${f(x, y)} in ${dtype}, expected ${expected}`)
      for (const y of odd) {
        for (const zero of [0, -0]) {
          check(zero, -y, 1 / zero)
          check(zero, y, zero)
        }
        check(-Infinity, -y, -0)
        check(-Infinity, y, -Infinity)
      }
      for (const y of [...even, ...broken, Infinity]) {
        for (const zero of [0, -0]) {
          check(zero, -y, Infinity)
          check(zero, y, 0)
        }
        check(-Infinity, -y, 0)
        check(-Infinity, y, Infinity)
      }
      for (const y of [...odd, ...even, ...broken, Infinity]) {
        check(Infinity, -y, 0)
        check(Infinity, y, Infinity)
      }
      for (const y of [Infinity, -Infinity]) check(-1, y, 1)
      for (const y of any) check(1, y, 1)
      for (const x of any) for (const zero of [0, -0]) check(x, zero, 1)
      for (const x of [1, ...below1, ...above1]) for (const y of broken) for (const s of [1, -1]) check(-x, s * y, NaN)
      for (const s of [1, -1]) {
        for (const x of below1) {
          check(s * x, -Infinity, Infinity)
          check(s * x, Infinity, 0)
        }
        for (const x of above1) {
          check(s * x, -Infinity, 0)
          check(s * x, Infinity, Infinity)
        }
      }
      for (const x of any) {
        if (x !== 1) check(x, NaN, x === 1 ? 1 : NaN)
        if (x !== 0) check(NaN, x, NaN)
      }
      // A finite base with an exponent of either parity: overflow and underflow keep the sign.
      check(-largest, 3, -Infinity)
      check(-largest, 2, Infinity)
      check(-largest, -3, -0)
      check(-largest, -2, 0)
      check(-least, 3, -0)
      check(-least, -3, -Infinity)
      check(least, 1, least)
      check(-largest, 1, -largest)
    }
  })

  it("reaches the neighbours of 1 with infinite and huge exponents", () => {
    const f = scalar("pow", "f64")
    assert.strictEqual(f(1 + 2 ** -52, Infinity), Infinity)
    assert.strictEqual(f(1 + 2 ** -52, -1e300), 0)
    assert.strictEqual(f(1 - 2 ** -53, Infinity), 0)
    assert.strictEqual(f(1 - 2 ** -53, -Infinity), Infinity)
  })
})
