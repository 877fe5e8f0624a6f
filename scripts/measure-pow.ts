/**
 * Measures pow in float32, for docs/numerics.md: all pairs of an edge grid, and N random pairs (default 10^9), against pow
 * in float64.
 *
 *     node --conditions=@cotangent/source scripts/measure-pow.ts [--samples N]
 *
 * An error of Infinity is a wrong special value or sign of zero.
 */
import { Mathematics } from "@cotangent/kernel"
import { blockLength, compileSweep, type Fill, type Found } from "./sweep.ts"

const at = process.argv.indexOf("--samples")
const samples = at < 0 ? 1e9 : Number(process.argv[at + 1])

const run = compileSweep({ name: "pow", single: Mathematics.pow, double: Mathematics.pow })

const report = (name: string, { error, at: x, expected, second, value }: Found, count: number, start: number): void =>
  console.log(
    `${name.padEnd(32)} ${error.toFixed(4)} ulp at pow(${x}, ${second}) = ${value}, exactly ${expected} (${count} pairs, ${((performance.now() - start) / 1000).toFixed(0)} s)`
  )

/** Zeros, ones, powers of 2, whole and half numbers, the ends of all ranges, and the neighbours of each. */
const edges: ReadonlyArray<number> = (() => {
  const sizes = [
    0,
    1,
    1.5,
    3,
    5,
    7,
    10,
    0.1,
    1 / 3,
    Math.E,
    100,
    1e10,
    1e-10,
    2 ** 23 + 1,
    2 ** 24 - 1,
    88.72284,
    103.97208
  ]
  for (let n = -149; n <= 127; n++) if (Math.abs(n) < 30 || n % 8 === 0 || n < -120 || n > 120) sizes.push(2 ** n)
  const bits = new Int32Array(1)
  const float = new Float32Array(bits.buffer)
  const near = sizes.flatMap((size) =>
    [-2, -1, 0, 1, 2].map((step) => {
      float[0] = size
      bits[0] = Math.max((bits[0] ?? 0) + step, 0)
      return float[0] ?? 0
    })
  )
  const all = [...near, 3.4028234663852886e38, Infinity]
  return [...new Set([...all, ...all.map((x) => -x), NaN])]
})()

const start = performance.now()
let pair = 0
const grid: Fill = ({ first, second }) => {
  for (let i = 0; i < blockLength; i++, pair++) {
    first[i] = edges[Math.floor(pair / edges.length)] ?? 1
    second[i] = edges[pair % edges.length] ?? 1
  }
}
report("edge grid", run(Math.ceil(edges.length ** 2 / blockLength), grid), edges.length ** 2, start)

let state = 1
/** A random whole number below 2^32. */
const random = (): number => {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return state >>> 0
}

/** Exponents that bring x^y to a random size from 2^-152 to 2^130. */
const exponents = (first: Float32Array, second: Float32Array): void => {
  for (let i = 0; i < blockLength; i++) second[i] = (random() * (282 / 2 ** 32) - 152) / Math.log2(first[i] ?? 1)
}

const regimes: Readonly<Record<string, Fill>> = {
  "bases of every size": ({ first, patterns, second }) => {
    for (let i = 0; i < blockLength; i++) patterns[i] = random() % 0x7f800000
    exponents(first, second)
  },
  "bases next to 1": ({ first, second }) => {
    for (let i = 0; i < blockLength; i++) {
      const u = random() * 2 ** -32 - 0.5
      first[i] = 1 + u * 2 ** -(random() & 15)
    }
    exponents(first, second)
  },
  "bases from 0.1 to 10": ({ first, second }) => {
    for (let i = 0; i < blockLength; i++) {
      first[i] = 0.1 + random() * (9.9 / 2 ** 32)
      second[i] = random() * (60 / 2 ** 32) - 30
    }
  },
  "both signs, whole exponents": ({ first, second }) => {
    for (let i = 0; i < blockLength; i++) {
      first[i] = (random() * 2 ** -31 - 1) * 2 ** ((random() & 7) - 3)
      second[i] = (random() & 63) - 32
    }
  },
  "every pair of bit patterns": ({ patterns, second }) => {
    const exponent = new Uint32Array(second.buffer, second.byteOffset, blockLength)
    for (let i = 0; i < blockLength; i++) {
      patterns[i] = random()
      exponent[i] = random()
    }
  }
}

const blocks = Math.ceil(samples / blockLength / Object.keys(regimes).length)
for (const [name, fill] of Object.entries(regimes)) {
  const begin = performance.now()
  report(name, run(blocks, fill), blocks * blockLength, begin)
}
