import { assert, describe, it } from "@effect/vitest"
import { denseError, type DenseFunction, denseOracle } from "./dense-oracle.test.support.ts"
import { domains, operandsOf } from "./domains.test.support.ts"
import { scalar, type UnaryFunction, unaryFunctions } from "./index.ts"
import { randoms } from "./samples.test.support.ts"

/**
 * With COTANGENT_DEEP=1 every 4099th float, and 100,000 float64 operands per function. All 2^32 floats run through the
 * compiled kernels in scripts/measure-exhaustive.ts.
 */
const isDeep = process.env["COTANGENT_DEEP"] === "1"
const stride = isDeep ? 4099 : 1_000_003
const samples = isDeep ? 25_000 : 500

const bits = new DataView(new ArrayBuffer(4))

const names = Object.keys(unaryFunctions) as ReadonlyArray<UnaryFunction>

describe("float32 against the same function in float64, over all bit patterns", () => {
  for (const name of names) {
    const {
      domain: [low, high],
      promised
    } = domains[name].f32
    it(`${name}: at most ${promised} ulp`, () => {
      const [single, double] = [scalar(name, "f32"), scalar(name, "f64")]
      for (let pattern = 0; pattern < 2 ** 32; pattern += stride) {
        bits.setUint32(0, pattern)
        const x = bits.getFloat32(0)
        const [y, expected] = [single(x), double(x)]
        const inside = x >= low && x <= high
        // Beyond their domains lgamma and digamma have zeros anywhere, all others special values, the same in both.
        if (!inside && (name === "lgamma" || name === "digamma")) continue
        const size = Math.min(Math.max(Math.abs(expected), 2 ** -126), 2 ** 127)
        const ulp = 2 ** (Math.floor(Math.log2(size)) - 23)
        const exact = Object.is(y, Math.fround(expected))
        if (!inside && (name === "sin" || name === "cos")) {
          if (Math.abs(x) > high + 2) assert.isNaN(y, `${name}(${x})`)
        } else if (!exact) assert.isAtMost(Math.abs(y - expected) / ulp, promised, `${name}(${x}) = ${y}`)
      }
    }, 60_000)
  }
})

describe("float64 against double-double arithmetic", () => {
  // The keys of the oracle.
  for (const name of Object.keys(denseOracle) as ReadonlyArray<DenseFunction>) {
    const domain = domains[name].f64
    it(`${name}: at most ${domain.promised} ulp`, () => {
      const f = scalar(name, "f64")
      for (const x of operandsOf(domain, "f64", randoms(31), samples)) {
        const expected = denseOracle[name](x)
        assert.isAtMost(denseError(f(x), expected), domain.promised, `${name}(${x}) = ${f(x)}`)
      }
    }, 60_000)
  }
})
