import { assert, describe, it } from "@effect/vitest"
import { type Float, polygamma, scalar, scalarOf, type UnaryFunction, unaryFunctions } from "./index.ts"
import { oracle, ulpError } from "./oracle.test.support.ts"
import { randoms, round } from "./samples.test.support.ts"

const names = Object.keys(unaryFunctions) as ReadonlyArray<UnaryFunction>
const dtypes: ReadonlyArray<Float> = ["f32", "f64"]

describe("special values", () => {
  const table: Readonly<Record<UnaryFunction, ReadonlyArray<readonly [number, number]>>> = {
    exp: [
      [0, 1],
      [-0, 1],
      [Infinity, Infinity],
      [-Infinity, 0],
      [1000, Infinity],
      [-1000, 0],
      [1e30, Infinity],
      [-1e30, 0]
    ],
    exp2: [
      [0, 1],
      [-0, 1],
      [Infinity, Infinity],
      [-Infinity, 0],
      [2000, Infinity],
      [-2000, 0],
      [1e30, Infinity],
      [-1e30, 0]
    ],
    expm1: [
      [0, 0],
      [-0, -0],
      [Infinity, Infinity],
      [-Infinity, -1],
      [1000, Infinity],
      [-1000, -1],
      [1e-30, 1e-30],
      [-5e-324, -5e-324],
      [-(2 ** -149), -(2 ** -149)],
      [2 ** -126, 2 ** -126]
    ],
    log: [
      [1, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [Infinity, Infinity],
      [-1, NaN],
      [-Infinity, NaN],
      [-1e-40, NaN]
    ],
    log2: [
      [1, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [Infinity, Infinity],
      [-1, NaN],
      [-Infinity, NaN],
      [-1e-40, NaN]
    ],
    log10: [
      [1, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [Infinity, Infinity],
      [-1, NaN],
      [-Infinity, NaN],
      [-1e-40, NaN]
    ],
    log1p: [
      [0, 0],
      [-0, -0],
      [-1, -Infinity],
      [-2, NaN],
      [Infinity, Infinity],
      [-Infinity, NaN],
      [1e-30, 1e-30],
      [-1e-40, -1e-40]
    ],
    tanh: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
      [25, 1],
      [-25, -1],
      [1e-30, 1e-30],
      [-1e-40, -1e-40]
    ],
    sin: [
      [0, 0],
      [-0, -0],
      [Infinity, NaN],
      [-Infinity, NaN],
      [1e-30, 1e-30],
      [-1e-40, -1e-40]
    ],
    cos: [
      [0, 1],
      [-0, 1],
      [Infinity, NaN],
      [-Infinity, NaN],
      [1e-30, 1],
      [-1e-40, 1]
    ],
    atan: [
      [0, 0],
      [-0, -0],
      [1, Math.PI / 4],
      [-1, -Math.PI / 4],
      [Infinity, Math.PI / 2],
      [-Infinity, -Math.PI / 2],
      [1e30, Math.PI / 2],
      [1e-30, 1e-30],
      [-1e-40, -1e-40]
    ],
    sigmoid: [
      [0, 0.5],
      [-0, 0.5],
      [Infinity, 1],
      [-Infinity, 0],
      [1e30, 1],
      [-1e30, 0],
      [40, 1]
    ],
    erf: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
      [6.5, 1],
      [-6.5, -1],
      [1e30, 1]
    ],
    erfc: [
      [0, 1],
      [-0, 1],
      [Infinity, 0],
      [-Infinity, 2],
      [30, 0],
      [-30, 2],
      [1e30, 0],
      [1e-30, 1]
    ],
    erfinv: [
      [0, 0],
      [-0, -0],
      [1, Infinity],
      [-1, -Infinity],
      [1.5, NaN],
      [-2, NaN],
      [Infinity, NaN],
      [-Infinity, NaN]
    ],
    lgamma: [
      [1, 0],
      [2, 0],
      [3, Math.LN2],
      [0, Infinity],
      [-0, Infinity],
      [-1, Infinity],
      [-7, Infinity],
      [-1e30, Infinity],
      [Infinity, Infinity],
      [-Infinity, Infinity]
    ],
    digamma: [
      [0, -Infinity],
      [-0, Infinity],
      [-1, NaN],
      [-7, NaN],
      [-1e30, NaN],
      [Infinity, Infinity],
      [-Infinity, NaN],
      [2 ** -100, -(2 ** 100)],
      [-(2 ** -100), 2 ** 100],
      [2 ** -140, -(2 ** 140)],
      [-(2 ** -140), 2 ** 140]
    ]
  }
  for (const dtype of dtypes) {
    for (const name of names) {
      it(`${name} in ${dtype}`, () => {
        const f = scalar(name, dtype)
        assert.isNaN(f(NaN))
        for (const [x, y] of table[name]) assert.isTrue(Object.is(f(x), round(y, dtype)), `${name}(${x}) = ${f(x)}`)
      })
    }
  }

  it("overflow and underflow happen at the right floats", () => {
    const single = scalar("exp", "f32")
    assert.isTrue(Number.isFinite(single(Math.fround(88.72283))))
    assert.strictEqual(single(Math.fround(88.72284)), Infinity)
    assert.strictEqual(single(Math.fround(-103.972076)), 2 ** -149)
    assert.strictEqual(single(Math.fround(-103.972084)), 0)
    const double = scalar("exp", "f64")
    assert.isTrue(Number.isFinite(double(709.782712893384)))
    assert.strictEqual(double(709.7827128933841), Infinity)
    assert.strictEqual(double(-745.1332191019411), 5e-324)
    assert.strictEqual(double(-745.1332191019412), 0)
  })

  it("sin and cos stay in [-1, 1] and refuse what they cannot reduce", () => {
    const random = randoms(3)
    for (const dtype of dtypes) {
      const [limit, refused, largest] =
        dtype === "f32" ? [102_942, 102_944, 3.4028234663852886e38] : [843_314_854, 843_314_857, Number.MAX_VALUE]
      for (const name of ["sin", "cos"] as const) {
        const f = scalar(name, dtype)
        for (let k = 0; k < 4000; k++) assert.isAtMost(Math.abs(f((2 * random() - 1) * limit)), 1)
        for (const x of [limit, -limit]) assert.isAtMost(Math.abs(f(x)), 1)
        for (const size of [refused, 1e9, 1e10, 1e15, 1e22, 3e38, 1e300, largest]) {
          assert.isNaN(f(size), `${name}(${size})`)
          assert.isNaN(f(-size), `${name}(${-size})`)
        }
      }
    }
  })

  it("sin and cos next to their zeros that lie nearest to floats", () => {
    // The floats nearest to multiples of pi/2 in the range, from exact arithmetic and continued fractions.
    for (const [dtype, floats] of [
      ["f32", [52_516.433_593_75, 96_079.328_125, 505.796_417_236_328_1, 2023.185_668_945_312_5]],
      ["f64", [45.553093477052, 14461176.67027838, 57844706.68111352, 728.849495632832, 843314850]]
    ] as const) {
      for (const x of floats) {
        for (const name of ["sin", "cos"] as const)
          assert.isAtMost(ulpError(scalar(name, dtype)(x), oracle[name](x), dtype), 2, `${name}(${x})`)
      }
    }
  })

  it("sin of multiples of pi and cos of the odd halves are relatively accurate", () => {
    for (let k = 1; k < 300; k++) {
      const x = k * Math.PI
      assert.isAtMost(ulpError(scalar("sin", "f64")(x), oracle.sin(x), "f64"), 1)
      assert.isAtMost(ulpError(scalar("cos", "f64")(x + Math.PI / 2), oracle.cos(x + Math.PI / 2), "f64"), 1)
    }
    assert.strictEqual(scalar("sin", "f64")(Math.PI), 1.2246467991473532e-16)
    assert.strictEqual(scalar("cos", "f64")(Math.PI / 2), 6.123233995736766e-17)
  })

  it("polygamma at its poles, at the ends, and at 1", () => {
    for (const dtype of dtypes) {
      for (const order of [1, 2, 3, 4]) {
        const f = scalarOf(polygamma(order), dtype)
        const odd = order % 2 === 1
        assert.strictEqual(f(0), odd ? Infinity : -Infinity)
        assert.strictEqual(f(-0), Infinity)
        for (const pole of [-1, -2, -100]) assert.isTrue(Object.is(f(pole), odd ? Infinity : NaN), `order ${order}`)
        assert.strictEqual(Math.abs(f(Infinity)), 0)
        assert.isNaN(f(-Infinity))
        assert.isNaN(f(NaN))
      }
      assert.closeTo(scalarOf(polygamma(1), dtype)(1), Math.PI ** 2 / 6, dtype === "f32" ? 3e-7 : 1e-15)
      assert.strictEqual(scalarOf(polygamma(0), dtype)(3.5), scalar("digamma", dtype)(3.5))
    }
  })

  it("polygamma refuses orders that are none", () => {
    assert.throws(() => scalarOf(polygamma(1.5), "f64"), "the order is a whole number from 0 to 100 in f64, not 1.5")
    assert.throws(() => scalarOf(polygamma(-1), "f32"), "the order is a whole number from 0 to 20 in f32, not -1")
  })

  it("erfc underflows at the right floats", () => {
    const [single, double] = [scalar("erfc", "f32"), scalar("erfc", "f64")]
    assert.isAbove(single(10.05), 0)
    assert.strictEqual(single(10.06), 0)
    assert.isAbove(double(27.226), 0)
    assert.strictEqual(double(27.227), 0)
  })

  it("erfinv undoes erf next to 1", () => {
    assert.closeTo(scalar("erfinv", "f64")(1 - 2 ** -53), 5.863584748755168, 1e-14)
    assert.closeTo(scalar("erfinv", "f32")(1 - 2 ** -24), 3.8325069, 1e-6)
  })
})
