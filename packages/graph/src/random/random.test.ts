import { assert, describe, it } from "@effect/vitest"
import * as Key from "./index.ts"
import * as T from "../ops/index.ts"
import { threefryWords } from "../primitives/threefry.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

const moments = (xs: ReadonlyArray<number>) => {
  const mean = xs.reduce((a, b) => a + b, 0) / xs.length
  const central = (power: number) => xs.reduce((a, x) => a + (x - mean) ** power, 0) / xs.length
  const variance = central(2)
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 }
}

describe("threefry", () => {
  // The known answers that come with Random123, 20 rounds.
  const answers = [
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe]
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7]
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0]
    ]
  ] as const

  it("gives the known answers", () => {
    for (const [[k0, k1], [c0, c1], answer] of answers) {
      assert.deepStrictEqual(threefryWords(k0, k1, c0, c1), answer)
    }
  })

  it("gives the known answers as a primitive, over whole tensors", () => {
    const column = (i: 0 | 1 | 2, j: 0 | 1) =>
      T.fromArray(
        Uint32Array.from(answers, (a) => a[i][j]),
        [3]
      )
    const [y0, y1] = ops.threefry(column(0, 0), column(0, 1), column(1, 0), column(1, 1))
    assert.deepStrictEqual(
      numbers(y0),
      answers.map((a) => a[2][0])
    )
    assert.deepStrictEqual(
      numbers(y1),
      answers.map((a) => a[2][1])
    )
  })
})

// Numbers of JAX 0.5 and later, where jax_threefry_partitionable is on.
describe("keys, as JAX has them", () => {
  it("come from seeds of 64 bits", () => {
    assert.deepStrictEqual(numbers(Key.key(42)), [0, 42])
    assert.deepStrictEqual(numbers(Key.key(2 ** 32 + 7)), [1, 7])
    assert.deepStrictEqual(numbers(Key.key(-1)), [0xffffffff, 0xffffffff])
  })

  it("split", () => {
    const words = (seed: number, count: number) => Key.split(Key.key(seed), count).map(numbers)
    assert.deepStrictEqual(words(42, 2), [
      [1832780943, 270669613],
      [64467757, 2916123636]
    ])
    assert.deepStrictEqual(words(42, 3)[2], [2465931498, 255383827])
    assert.deepStrictEqual(words(0, 3), [
      [1797259609, 2579123966],
      [928981903, 3453687069],
      [4146024105, 2718843009]
    ])
    const [, second] = Key.split(Key.key(42))
    assert.deepStrictEqual(Key.split(second, 4).map(numbers).slice(0, 3), [
      [3187376881, 129218101],
      [2350016172, 1168365246],
      [257214496, 567757975]
    ])
  })

  it("come as a tuple when the types know how many", () => {
    const three: readonly [Key.Key, Key.Key, Key.Key] = Key.split(Key.key(1), 3)
    const two: readonly [Key.Key, Key.Key] = Key.split(Key.key(1))
    const count: number = 3
    const some: ReadonlyArray<Key.Key> = Key.split(Key.key(1), count)
    assert.deepStrictEqual(some.map(numbers), three.map(numbers))
    assert.deepStrictEqual(two.map(numbers), three.slice(0, 2).map(numbers))
    assert.deepStrictEqual(Key.split(Key.key(1), 0).length, 0)
  })

  it("fold in a number as split gives the key of that number", () => {
    const key = Key.key(42)
    const keys = Key.split(key, 5).map(numbers)
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4].map((i) => numbers(Key.fold(key, i))),
      keys
    )
    assert.deepStrictEqual(numbers(Key.fold(key, T.constant(3, "i32"))), keys[3])
    assert.deepStrictEqual(numbers(Key.fold(key, T.constant(3, "u32"))), keys[3])
  })

  it("give uniform numbers", () => {
    const printed = [
      0.947667, 0.9785799, 0.33229148, 0.46866846, 0.5698887, 0.16550303, 0.3101946, 0.68948054, 0.74676657
    ]
    assert.deepStrictEqual(numbers(Key.uniform(Key.key(0), [3, 3])), printed.map(Math.fround))
    const [, subkey] = Key.split(Key.key(0))
    assert.closeTo(numbers(Key.uniform(subkey, []))[0] ?? NaN, 0.00729382, 5e-9)
    // jax.random.normal(key(42)) is -0.028304616: sqrt(2) times the inverse error function of a uniform number in (-1, 1).
    const [u] = numbers(Key.uniform(Key.key(42), [], { low: -1, high: 1 }))
    assert.closeTo(u ?? NaN, numbers(T.erf(T.constant(-0.028304616 / Math.SQRT2)))[0] ?? NaN, 2e-7)
  })

  it("give a prefix of the same numbers for a smaller shape", () => {
    const all = numbers(Key.bits(Key.key(5), [4, 6]))
    assert.deepStrictEqual(numbers(Key.bits(Key.key(5), [10])), all.slice(0, 10))
  })
})

describe("distributions", () => {
  const n = 20_000
  // Bounds are five standard deviations of the estimates, so that a right generator fails once in a million seeds.
  const within = (actual: number, expected: number, deviation: number) =>
    assert.closeTo(actual, expected, (5 * deviation) / Math.sqrt(n))

  it("uniform fills [low, high) evenly", () => {
    for (const dtype of ["f32", "f64"] as const) {
      const xs = numbers(Key.uniform(Key.key(1), [n], { dtype }))
      assert.isTrue(xs.every((x) => x >= 0 && x < 1))
      const step = dtype === "f32" ? 2 ** -23 : 2 ** -52
      assert.isTrue(xs.every((x) => Number.isInteger(x / step)))
      const { mean, variance } = moments(xs)
      within(mean, 1 / 2, Math.sqrt(1 / 12))
      within(variance, 1 / 12, Math.sqrt(1 / 180))
    }
    const scaled = numbers(Key.uniform(Key.key(2), [n], { low: -3, high: 5 }))
    assert.isTrue(scaled.every((x) => x >= -3 && x < 5))
    within(moments(scaled).mean, 1, 8 / Math.sqrt(12))
  })

  it("uniform numbers of f64 use both words", () => {
    const xs = numbers(Key.uniform(Key.key(3), [100], { dtype: "f64" }))
    assert.isAbove(xs.filter((x) => !Number.isInteger(x * 2 ** 32)).length, 90)
  })

  it("normal has the moments of the normal distribution", () => {
    for (const dtype of ["f32", "f64"] as const) {
      const xs = numbers(Key.normal(Key.key(4), [n], { dtype }))
      assert.isTrue(xs.every(Number.isFinite))
      const { mean, variance, skewness, kurtosis } = moments(xs)
      within(mean, 0, 1)
      within(variance, 1, Math.SQRT2)
      within(skewness, 0, Math.sqrt(6))
      within(kurtosis, 3, Math.sqrt(24))
      within(xs.filter((x) => Math.abs(x) < 1).length / n, 0.682689, 0.466)
    }
  })

  it("bernoulli is true with its probability", () => {
    for (const p of [0, 0.25, 1]) {
      const xs = numbers(Key.bernoulli(Key.key(6), p, [n]))
      within(moments(xs).mean, p, Math.sqrt(p * (1 - p)) + 1e-9)
    }
    assert.strictEqual(Key.bernoulli(Key.key(6), 0.5, [2, 3]).dtype, "bool")
  })

  it("bits are balanced in every place", () => {
    const words = numbers(Key.bits(Key.key(7), [n]))
    for (let place = 0; place < 32; place++) {
      within(words.filter((w) => ((w >>> place) & 1) === 1).length / n, 0.5, 0.5)
    }
  })

  it("differ between keys and agree for one key", () => {
    const [a, b] = Key.split(Key.key(8))
    assert.notDeepEqual(numbers(Key.normal(a, [5])), numbers(Key.normal(b, [5])))
    assert.deepStrictEqual(numbers(Key.normal(a, [5])), numbers(Key.normal(a, [5])))
  })

  it("refuse what is no seed and no shape", () => {
    assert.throws(() => Key.fold(Key.key(0), 1.5), "fold: 1.5 is not a whole number")
    assert.throws(() => Key.key(0.5), "key: the seed 0.5 is not an integer")
    assert.throws(() => Key.uniform(Key.key(0), [2.5, 2]), "random: [2.5, 2] is not a shape")
    assert.throws(() => Key.uniform(Key.key(0), [-1]), "random: [-1] is not a shape")
    assert.throws(
      () => Key.bits(Key.key(0), [2 ** 16, 2 ** 16]),
      "has 4294967296 elements, fewer than 2^32 are possible"
    )
  })
})
