import { assert, describe, it } from "@effect/vitest"
import type { Float, UnaryFunction } from "./index.ts"
import { polygamma, scalar, scalarOf, unaryFunctions } from "./index.ts"
import { domains, operandsOf } from "./domains.test.support.ts"
import { approximately, oracle, polygammaOracle, ulpError } from "./oracle.test.support.ts"
import { randoms, round } from "./samples.test.support.ts"

const names = Object.keys(unaryFunctions) as ReadonlyArray<UnaryFunction>
const dtypes: ReadonlyArray<Float> = ["f32", "f64"]

/** Their exact values take a millisecond each. */
const slow: ReadonlySet<UnaryFunction> = new Set(["erfc", "erfinv", "lgamma", "digamma"])

describe("accuracy against series in 320-bit arithmetic", () => {
  for (const dtype of dtypes) {
    for (const name of names) {
      const domain = domains[name][dtype]
      it(`${name} in ${dtype}: at most ${domain.promised} ulp`, () => {
        const f = scalar(name, dtype)
        for (const x of operandsOf(domain, dtype, randoms(names.indexOf(name) + 1), slow.has(name) ? 100 : 500)) {
          const y = f(x)
          const reference = oracle[name](x)
          assert.isAtMost(ulpError(y, reference, dtype), domain.promised, `${name}(${x}) = ${y}`)
        }
      })
    }
  }

  it("exp and sigmoid in the denormals: at most one smallest unit", () => {
    const random = randoms(7)
    for (let k = 0; k < 2000; k++) {
      const single = Math.fround(-87 - 17 * random())
      const double = -708 - 37 * random()
      for (const name of ["exp", "sigmoid"] as const) {
        assert.isAtMost(ulpError(scalar(name, "f32")(single), oracle[name](single), "f32"), 1)
        assert.isAtMost(ulpError(scalar(name, "f64")(double), oracle[name](double), "f64"), 1)
      }
    }
  })

  it("log of denormals and of the largest floats", () => {
    for (const [dtype, extremes] of [
      ["f32", [2 ** -149, 2 ** -148 * 3, 2 ** -127 * 1.75, 2 ** -126, 2 ** -100, 3.4028234663852886e38, 2 ** 127.5]],
      ["f64", [5e-324, 2 ** -1060 * 1.3, 2 ** -1022, 2 ** -1000, 2 ** -999, Number.MAX_VALUE, 2 ** 1023.5]]
    ] as const) {
      for (const extreme of extremes) {
        const x = round(extreme, dtype)
        assert.isAtMost(ulpError(scalar("log", dtype)(x), oracle.log(x), dtype), 1, `log(${x})`)
        if (x > 1) assert.isAtMost(ulpError(scalar("log1p", dtype)(x), oracle.log(x), dtype), 1.4, `log1p(${x})`)
      }
    }
  })

  it("erfc in the denormals: at most one smallest unit", () => {
    const random = randoms(8)
    for (let k = 0; k < 100; k++) {
      const single = Math.fround(9.2 + 0.9 * random())
      const double = 26.6 + 0.7 * random()
      assert.isAtMost(ulpError(scalar("erfc", "f32")(single), oracle.erfc(single), "f32"), 1.5)
      assert.isAtMost(ulpError(scalar("erfc", "f64")(double), oracle.erfc(double), "f64"), 1.5)
    }
  })

  it("exp2 in the denormals: at most one smallest unit", () => {
    const random = randoms(9)
    for (let k = 0; k < 500; k++) {
      const single = Math.fround(-126 - 25 * random())
      const double = -1022 - 54 * random()
      assert.isAtMost(ulpError(scalar("exp2", "f32")(single), oracle.exp2(single), "f32"), 1)
      assert.isAtMost(ulpError(scalar("exp2", "f64")(double), oracle.exp2(double), "f64"), 1)
    }
  })

  it("log2 is exact at the powers of 2, log10 at those of 10, exp2 at whole numbers", () => {
    for (let n = -1074; n <= 1023; n++) {
      assert.strictEqual(scalar("log2", "f64")(2 ** n), n)
      assert.strictEqual(scalar("exp2", "f64")(n), 2 ** n)
    }
    for (let n = -149; n <= 127; n++) {
      assert.strictEqual(scalar("log2", "f32")(2 ** n), n)
      assert.strictEqual(scalar("exp2", "f32")(n), 2 ** n)
    }
    for (let n = 0; n <= 22; n++) assert.strictEqual(scalar("log10", "f64")(Number(`1e${n}`)), n)
    for (let n = 0; n <= 10; n++) assert.strictEqual(scalar("log10", "f32")(Number(`1e${n}`)), n)
  })

  it("lgamma and digamma left of 0: at most 4 and 7 ulp of the largest of |f(x)|, |f(-x)| and 1", () => {
    const random = randoms(10)
    for (const dtype of dtypes) {
      for (const [name, promise] of [
        ["lgamma", 4],
        ["digamma", 7]
      ] as const) {
        const f = scalar(name, dtype)
        for (let k = 0; k < 100; k++) {
          const x = round(-(k % 2 === 0 ? 10 : 160) * random(), dtype)
          if (Number.isInteger(x)) continue
          const size = Math.max(Math.abs(f(x)), Math.abs(f(-x)), 1)
          const ulp = 2 ** (Math.floor(Math.log2(size)) - (dtype === "f32" ? 23 : 52))
          assert.isAtMost(Math.abs(approximately(oracle[name](x)) - f(x)) / ulp, promise, `${name}(${x})`)
        }
      }
    }
  })

  for (const order of [1, 2, 3, 4, 7, 12]) {
    it(`polygamma of order ${order}: at most ${4 + 2 * order} ulp`, () => {
      const random = randoms(order)
      for (const dtype of dtypes) {
        const f = scalarOf(polygamma(order), dtype)
        for (let k = 0; k < 60; k++) {
          const x = round(k % 3 === 0 ? 2 ** (40 * random() - 20) : (k % 3 === 1 ? 5 : 50) * random(), dtype)
          const y = f(x)
          const reference = polygammaOracle(order, x)
          // Where powers are denormal, digits are lost.
          if (Math.abs(y) < (dtype === "f32" ? 1e-36 : 1e-300) * 4 ** order) continue
          if (!Number.isFinite(y))
            assert.isAbove(Math.abs(approximately(reference)), dtype === "f32" ? 3.4e38 : 1.7e308)
          else assert.isAtMost(ulpError(y, reference, dtype), 4 + 2 * order, `x = ${x}`)
        }
      }
    })
  }

  it("polygamma left of 0 is what its recurrence says: psi_n(x) = psi_n(x + 1) - (-1)^n n! / x^(n + 1)", () => {
    const random = randoms(11)
    let factorial = 1
    for (let order = 1; order <= 8; order++) {
      factorial *= order
      const f = scalarOf(polygamma(order), "f64")
      for (let k = 0; k < 100; k++) {
        const x = -6 * random()
        const step = ((order % 2 === 1 ? -1 : 1) * factorial) / x ** (order + 1)
        const [left, right] = [f(x), f(x + 1)]
        const size = Math.abs(left) + Math.abs(right) + Math.abs(step)
        assert.isAtMost(Math.abs(left - (right - step)), size * 2e-14, `psi_${order}(${x})`)
      }
    }
  })
})

describe("accuracy in f32 against Math in f64, over the bit patterns of f32", () => {
  const bits = new DataView(new ArrayBuffer(4))
  const references: Readonly<Partial<Record<UnaryFunction, (x: number) => number>>> = {
    exp: Math.exp,
    expm1: Math.expm1,
    log: Math.log,
    log1p: Math.log1p,
    tanh: Math.tanh,
    sigmoid: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))
  }
  for (const [name, reference] of Object.entries(references) as ReadonlyArray<[UnaryFunction, (x: number) => number]>) {
    it(name, () => {
      const f = scalar(name, "f32")
      for (let pattern = 0; pattern < 2 ** 32; pattern += 131071) {
        bits.setUint32(0, pattern)
        const x = bits.getFloat32(0)
        const expected = reference(x)
        const y = f(x)
        const rounded = Math.fround(expected)
        if (!Number.isFinite(rounded)) assert.isTrue(Object.is(y, rounded), `${name}(${x}) = ${y}`)
        else {
          const size = Math.max(Math.abs(expected), 2 ** -126)
          const ulp = 2 ** (Math.floor(Math.log2(size)) - 23)
          assert.isAtMost(Math.abs(y - expected) / ulp, domains[name].f32.promised + 0.01, `${name}(${x}) = ${y}`)
        }
      }
    })
  }
})

describe("symmetry and order", () => {
  const grid = Array.from({ length: 4001 }, (_, k) => -20 + k / 100)

  it("tanh, erf, sin, atan and erfinv are exactly odd, cos is exactly even", () => {
    for (const dtype of dtypes) {
      for (const x of grid) {
        for (const name of ["tanh", "erf", "sin", "atan"] as const) {
          assert.strictEqual(scalar(name, dtype)(-x), -scalar(name, dtype)(x), `${name}(${x})`)
        }
        assert.strictEqual(scalar("erfinv", dtype)(-x / 20), -scalar("erfinv", dtype)(x / 20), `erfinv(${x / 20})`)
        assert.strictEqual(scalar("cos", dtype)(-x), scalar("cos", dtype)(x), `cos(${x})`)
      }
    }
  })

  it("the functions that ascend do so along a grid, within their bounds", () => {
    for (const dtype of dtypes) {
      for (const [name, low, high] of [
        ["exp", 0, Infinity],
        ["exp2", 0, Infinity],
        ["atan", -1.5707964, 1.5707964],
        ["erfc", 0, 2],
        ["log2", -Infinity, Infinity],
        ["log10", -Infinity, Infinity],
        ["expm1", -1, Infinity],
        ["tanh", -1, 1],
        ["sigmoid", 0, 1],
        ["erf", -1, 1],
        ["log", -Infinity, Infinity]
      ] as const) {
        const f = scalar(name, dtype)
        const turn = name === "erfc" ? -1 : 1
        const values = grid.filter((x) => !name.startsWith("log") || x > 0).map((x) => f(turn * x))
        values.forEach((value, k) => {
          assert.isTrue(value >= low && value <= high && value >= (values[k - 1] ?? value), `${name}, ${k}`)
        })
      }
    }
  })
})
