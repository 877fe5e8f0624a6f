import { assert, describe, it } from "@effect/vitest"
import { type DenseFunction, denseOracle, densePow, type Scaled } from "./dense-oracle.test.support.ts"
import { domains, operandsOf } from "./domains.test.support.ts"
import { abs, type Exact, exact, shift } from "./fixed-point.test.support.ts"
import { oracle, powOracle } from "./oracle.test.support.ts"
import { randoms } from "./samples.test.support.ts"

/** log2 of the relative difference. */
const distance = ({ k, value }: Scaled, { exponent, mantissa }: Exact): number => {
  // Both in units of 2^-160 of the reference.
  const unit = exponent + abs(mantissa).toString(2).length - 160
  const units = (x: number): bigint => {
    const part = exact(x)
    return shift(part.mantissa, part.exponent + k - unit)
  }
  const difference = abs(units(value.hi) + units(value.lo) - shift(mantissa, exponent - unit))
  return difference.toString(2).length - 160
}

describe("the oracle in double-double arithmetic", () => {
  for (const name of Object.keys(denseOracle) as ReadonlyArray<DenseFunction>) {
    it(`${name} agrees with series in 320-bit arithmetic to 2^-75`, () => {
      for (const x of operandsOf(domains[name].f64, "f64", randoms(21), 100)) {
        assert.isAtMost(distance(denseOracle[name](x), oracle[name](x)), -75, `${name}(${x})`)
      }
    })
  }

  it("pow agrees with it to 2^-75", () => {
    const random = randoms(22)
    for (let k = 0; k < 300; k++) {
      const x = 2 ** (60 * random() - 30)
      const y = ((2 * random() - 1) * 740) / Math.abs(Math.log(x))
      assert.isAtMost(distance(densePow(x, y), powOracle(x, y)), -75, `pow(${x}, ${y})`)
    }
  })
})
