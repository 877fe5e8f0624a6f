/** Random numbers on compiled targets: the same bits everywhere, and the distributions they are said to have. */
import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, Key, T, type Value } from "@cotangent/graph"
import { type TargetName, targetOf } from "../targets.ts"
import {
  betaFunction,
  chiSquared,
  gammaFunction,
  kolmogorov,
  moments,
  normalFunction
} from "./distributions.test.support.ts"

/** Samples of one key, computed on a target. */
const drawn = (f: (k: Key.Key) => AnyTensor, seed = 1, target: TargetName = "wasm"): ArrayLike<number> => {
  const [value] = targetOf(target).evaluate(
    // The only input is a key.
    ([k]) => [f(k as Key.Key)],
    [T.evaluate(Key.key(seed)) as Value]
  )
  return value?.data ?? []
}

const n = 100_000

interface Continuous {
  readonly name: string
  readonly draw: (k: Key.Key, shape: readonly [number]) => AnyTensor
  readonly distribution: (x: number) => number
  readonly mean: number
  readonly variance: number
}

const laplaceFunction = (x: number): number => (x < 0 ? Math.exp(x) / 2 : 1 - Math.exp(-x) / 2)
const cut = (low: number, high: number) => {
  const [from, to] = [normalFunction(low), normalFunction(high)]
  return (x: number) => (normalFunction(x) - from) / (to - from)
}
const gamma = (a: number, dtype: "f32" | "f64"): Continuous => ({
  name: `gamma ${a} ${dtype}`,
  draw: (k, shape) => Key.gamma(k, a, shape, { dtype }),
  distribution: gammaFunction(a),
  mean: a,
  variance: a
})

const continuous: ReadonlyArray<Continuous> = [
  {
    name: "uniform",
    draw: (k, shape) => Key.uniform(k, shape),
    distribution: (x) => x,
    mean: 1 / 2,
    variance: 1 / 12
  },
  { name: "normal", draw: (k, shape) => Key.normal(k, shape), distribution: normalFunction, mean: 0, variance: 1 },
  {
    name: "truncatedNormal",
    draw: (k, shape) => Key.truncatedNormal(k, -2, 2, shape),
    distribution: cut(-2, 2),
    mean: 0,
    variance: 0.7737413
  },
  {
    name: "truncatedNormal on one side, f64",
    draw: (k, shape) => Key.truncatedNormal(k, 1, Infinity, shape, { dtype: "f64" }),
    distribution: cut(1, 40),
    mean: 1.5251353,
    variance: 0.1990976
  },
  {
    name: "exponential",
    draw: (k, shape) => Key.exponential(k, shape),
    distribution: (x) => -Math.expm1(-x),
    mean: 1,
    variance: 1
  },
  { name: "laplace", draw: (k, shape) => Key.laplace(k, shape), distribution: laplaceFunction, mean: 0, variance: 2 },
  {
    name: "gumbel",
    draw: (k, shape) => Key.gumbel(k, shape, { dtype: "f64" }),
    distribution: (x) => Math.exp(-Math.exp(-x)),
    mean: 0.5772157,
    variance: Math.PI ** 2 / 6
  },
  gamma(0.3, "f64"),
  gamma(1, "f32"),
  gamma(7.5, "f32"),
  {
    name: "beta",
    draw: (k, shape) => Key.beta(k, 2, 0.7, shape, { dtype: "f64" }),
    distribution: betaFunction(2, 0.7),
    mean: 2 / 2.7,
    variance: 1.4 / (2.7 * 2.7 * 3.7)
  },
  {
    name: "the first of a dirichlet vector",
    draw: (k, [count]) => T.slice(Key.dirichlet(k, T.constant([0.5, 1, 1.5], "f64"), [count]), [{}, { end: 1 }]),
    distribution: betaFunction(0.5, 2.5),
    mean: 1 / 6,
    variance: 1.25 / (9 * 4)
  }
]

describe("continuous distributions", () => {
  for (const { name, draw, distribution, mean, variance } of continuous) {
    it(name, () => {
      const xs = drawn((k) => draw(k, [n]))
      assert.strictEqual(xs.length, n)
      // One of a thousand keys exceeds this.
      assert.isBelow(kolmogorov(xs, distribution), 1.95)
      const actual = moments(xs)
      assert.closeTo(actual.mean, mean, 4 * Math.sqrt(variance / n))
      assert.closeTo(actual.variance / variance, 1, 0.05)
    })
  }

  it("of other keys are independent", () => {
    const both = drawn((k) => {
      const [a, b] = Key.split(k)
      return T.mul(Key.normal(a, [n]), Key.normal(b, [n]))
    })
    assert.closeTo(moments(both).mean, 0, 4 / Math.sqrt(n))
  })

  it("keep the tails that float32 has room for", () => {
    const exponential = Array.from(drawn((k) => Key.exponential(k, [n]))).toSorted((a, b) => a - b)
    // Near 0 exponential numbers are as dense as floats: most are no multiples of 2^-24.
    const small = exponential.slice(0, 1000)
    assert.isAbove(small.filter((x) => !Number.isInteger(x * 2 ** 24)).length, 990)
    assert.isAbove(exponential[0] ?? 0, 0)
    const cutNormal = Array.from(drawn((k) => Key.truncatedNormal(k, 1, 3, [n])))
    assert.isTrue(cutNormal.every((x) => x >= 1 && x <= 3))
  })
})

describe("discrete distributions", () => {
  const counted = (xs: ArrayLike<number>, size: number, from = 0): ReadonlyArray<number> => {
    const counts = new Array<number>(size).fill(0)
    for (let i = 0; i < xs.length; i++) {
      const at = (xs[i] ?? -1) - from
      counts[at] = (counts[at] ?? Number.NaN) + 1
    }
    return counts
  }
  const fits = (counts: ReadonlyArray<number>, probabilities: ReadonlyArray<number>): void => {
    assert.strictEqual(counts.length, probabilities.length)
    const deviations = chiSquared(
      counts,
      probabilities.map((p) => p * n)
    )
    assert.isBelow(Math.abs(deviations), 4, String(counts))
  }

  it("bernoulli with probabilities for each element", () => {
    const p = T.constant([0, 0.25, 1])
    const xs = drawn((k) => Key.bernoulli(k, p, [10_000, 3]))
    const columns = [0, 1, 2].map((j) => moments(Array.from({ length: 10_000 }, (_, i) => xs[3 * i + j] ?? -1)).mean)
    assert.strictEqual(columns[0], 0)
    assert.closeTo(columns[1] ?? 0, 0.25, 0.02)
    assert.strictEqual(columns[2], 1)
  })

  it("categorical, by rows and along another axis", () => {
    const p = [0.1, 0.2, 0.3, 0.4]
    const logits = T.constant(p.map(Math.log))
    fits(
      counted(
        drawn((k) => Key.categorical(k, logits, { shape: [n] })),
        4
      ),
      p
    )
    const two = T.constant([
      [0, -Infinity],
      [-Infinity, 0],
      [0, 0]
    ])
    const [columns, rows] = [
      drawn((k) => Key.categorical(k, two, { axis: 0, shape: [1000] })),
      drawn((k) => Key.categorical(k, two))
    ]
    assert.isTrue(Array.from(columns).every((x, i) => (i % 2 === 0 ? x !== 1 : x !== 0)))
    assert.deepStrictEqual(Array.from(rows).slice(0, 2), [0, 1])
  })

  it("randint, also over the whole range", () => {
    fits(
      counted(
        drawn((k) => Key.randint(k, [n], -3, 7)),
        10,
        -3
      ),
      new Array<number>(10).fill(0.1)
    )
    const whole = drawn((k) => Key.randint(k, [n], -(2 ** 31), 2 ** 31))
    assert.isBelow(
      kolmogorov(whole, (x) => (x + 2 ** 31) / 2 ** 32),
      1.95
    )
    const wide = drawn((k) => Key.randint(k, [n], 0, 3 * 2 ** 29))
    assert.isBelow(
      kolmogorov(wide, (x) => x / (3 * 2 ** 29)),
      1.95
    )
  })

  it("poisson for small and large rates", () => {
    const probabilities = (rate: number, from: number, to: number): ReadonlyArray<number> => {
      const inside: Array<number> = []
      let p = Math.exp(-rate)
      for (let k = 0; k < to; k++) {
        if (k >= from) inside.push(p)
        p *= rate / (k + 1)
      }
      return inside
    }
    for (const [rate, from, to] of [
      [0.5, 0, 5],
      [9.5, 2, 20],
      [10.5, 2, 22],
      [60, 40, 85]
    ] as const) {
      const xs = drawn((k) => Key.poisson(k, rate, [n]))
      const counts = counted(
        Array.from(xs).filter((x) => x >= from && x < to),
        to - from,
        from
      )
      const p = probabilities(rate, from, to)
      const inside = p.reduce((a, b) => a + b, 0)
      const total = counts.reduce((a, b) => a + b, 0)
      const deviations = chiSquared(
        counts,
        p.map((q) => (q / inside) * total)
      )
      assert.isBelow(Math.abs(deviations), 4, `rate ${rate}`)
      assert.closeTo(moments(xs).mean, rate, 4 * Math.sqrt(rate / n))
    }
    const special = drawn((k) => Key.poisson(k, T.constant([0, -1, Number.NaN, 1e12]), [4]))
    assert.deepStrictEqual(Array.from(special), [0, -1, -1, 2 ** 31 - 1])
  })

  it("permutation: every element once, every order as likely", () => {
    const order = Array.from(drawn((k) => Key.permutation(k, 1000)))
    assert.deepStrictEqual(
      order.toSorted((a, b) => a - b),
      Array.from({ length: 1000 }, (_, i) => i)
    )
    const orders = new Map<string, number>()
    const keys = 6000
    const all = drawn((k) => T.stack(Key.split(k, 60).map((each) => Key.permutation(each, 3))) as AnyTensor, 1)
    assert.strictEqual(all.length, 180)
    for (let seed = 0; seed < keys / 60; seed++) {
      const xs = drawn((k) => T.stack(Key.split(k, 60).map((each) => Key.permutation(each, 3))) as AnyTensor, seed)
      for (let i = 0; i < 60; i++) {
        const name = [xs[3 * i], xs[3 * i + 1], xs[3 * i + 2]].join("")
        orders.set(name, (orders.get(name) ?? 0) + 1)
      }
    }
    assert.strictEqual(orders.size, 6)
    assert.isBelow(Math.abs(chiSquared([...orders.values()], new Array<number>(6).fill(keys / 6))), 4)
  })

  it("permutation of slices", () => {
    const x = T.reshape(T.iota(12, "f32"), [4, 3])
    const rows = Array.from(drawn((k) => Key.permutation(k, x)))
    const starts = [0, 1, 2, 3].map((i) => rows[3 * i] ?? -1)
    assert.deepStrictEqual(
      starts.toSorted((a, b) => a - b),
      [0, 3, 6, 9]
    )
    starts.forEach((start, i) => assert.deepStrictEqual(rows.slice(3 * i, 3 * i + 3), [start, start + 1, start + 2]))
    const columns = Array.from(drawn((k) => Key.permutation(k, x, { axis: 1 })))
    const order = columns.slice(0, 3)
    assert.deepStrictEqual(
      order.toSorted((a, b) => a - b),
      [0, 1, 2]
    )
    assert.deepStrictEqual(
      columns.slice(9),
      order.map((c) => c + 9)
    )
  })

  it("choice with and without replacement, with probabilities", () => {
    fits(
      counted(
        drawn((k) => Key.choice(k, 5, [n])),
        5
      ),
      new Array<number>(5).fill(0.2)
    )
    const p = [0.5, 0.3, 0.2, 0]
    fits(
      counted(
        drawn((k) => Key.choice(k, 4, [n], { p: T.constant(p) })),
        4
      ).slice(0, 3),
      p.slice(0, 3)
    )
    const different = Array.from(drawn((k) => Key.choice(k, 50, [5, 8], { replace: false })))
    assert.strictEqual(new Set(different).size, 40)
    const likely = Array.from(drawn((k) => Key.choice(k, 4, [3], { replace: false, p: T.constant(p) })))
    assert.deepStrictEqual(
      likely.toSorted((a, b) => a - b),
      [0, 1, 2]
    )
    const rows = drawn((k) =>
      Key.choice(
        k,
        T.constant([
          [1, 2],
          [3, 4]
        ]),
        [3]
      )
    )
    assert.strictEqual(rows.length, 6)
    for (let i = 0; i < 3; i++) assert.strictEqual((rows[2 * i] ?? 0) + 1, rows[2 * i + 1])
  })
})

describe("the same bits on every target", () => {
  const few = 300
  const concentration = T.constant([0.01, 0.4, 1, 2.5, 60, 1e4])
  const all: Readonly<Record<string, (k: Key.Key) => AnyTensor>> = {
    truncatedNormal: (k) => Key.truncatedNormal(k, -1, 2, [few]),
    exponential: (k) => Key.exponential(k, [few]),
    laplace: (k) => Key.laplace(k, [few], { dtype: "f64" }),
    gumbel: (k) => Key.gumbel(k, [few]),
    gamma: (k) => Key.gamma(k, concentration, [50, 6]),
    logGamma: (k) => Key.logGamma(k, T.cast(concentration, "f64"), [50, 6]),
    beta: (k) => Key.beta(k, concentration, 0.3, [50, 6]),
    dirichlet: (k) => Key.dirichlet(k, concentration, [50]),
    poisson: (k) => Key.poisson(k, T.constant([0.1, 5, 11, 300]), [75, 4]),
    categorical: (k) => Key.categorical(k, T.constant([0.1, 0.5, -1]), { shape: [few] }),
    randint: (k) => Key.randint(k, [few], -7, 100_000),
    permutation: (k) => Key.permutation(k, few)
  }
  for (const [name, f] of Object.entries(all)) {
    it(name, () => {
      const [wasm, js] = [drawn(f, 5), drawn(f, 5, "js")]
      assert.deepStrictEqual(Array.from(wasm), Array.from(js))
      assert.isTrue(Array.from(wasm).every(Number.isFinite))
    })
  }
})

describe("wrong arguments are told in a sentence", () => {
  const k = Key.key(0)
  it("by the run time", () => {
    assert.throws(() => Key.truncatedNormal(k, 1, 1, [2]), "truncatedNormal: needs low < high, got 1 and 1")
    assert.throws(
      () => Key.truncatedNormal(k, 6, 9, [2]),
      "less than 0.000244140625 of the normal distribution lies in [6, 9], too little for f32"
    )
    assert.throws(() => Key.randint(k, [2], 3, 3), "randint: needs whole numbers low < high")
    assert.throws(() => Key.choice(k, 3, [4], { replace: false }), "choice: 4 different elements out of 3 do not exist")
    assert.throws(() => Key.choice(k, 3, [4], { p: T.ones([2]) }), "choice: p must have the shape [3], it has [2]")
    assert.throws(
      () => Key.gamma(k, T.ones([3]), [2, 2]),
      "gamma: a parameter of shape [3] does not broadcast to [2, 2]"
    )
    assert.throws(() => Key.dirichlet(k, T.constant(1)), "dirichlet: the concentration is a scalar")
    assert.throws(() => Key.permutation(k, 1.5), "permutation: needs a whole number of elements below 2^31, got 1.5")
  })

  it("gamma is NaN for a concentration that is none", () => {
    const xs = Array.from(drawn((key) => Key.gamma(key, T.constant([0, -1, Number.NaN, Infinity, 2]), [5])))
    assert.deepStrictEqual(xs.slice(0, 4), [Number.NaN, Number.NaN, Number.NaN, Infinity])
    assert.isTrue(Number.isFinite(xs[4]))
  })
})
