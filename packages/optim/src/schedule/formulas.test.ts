/** Schedules against the formulas of Keras, Optax and the papers, written anew in plain arithmetic. */
import { assert, describe, it } from "@effect/vitest"
import { Graph, Hash, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import {
  adam,
  chain,
  fromTransform,
  grouped,
  type Optimizer,
  OptimizerError,
  type Rule,
  type StateOf,
  scaleByAdam,
  sgd,
  trace
} from "../index.ts"
import { rateAt } from "./schedule.ts"
import * as Schedule from "./index.ts"

const half = (part: number): number => 0.5 * (1 + Math.cos(Math.PI * part))
const clamp01 = (x: number): number => Math.min(1, Math.max(0, x))

/** Keras 3, `CosineDecay`. */
const kerasCosine = (k: number, initial: number, steps: number, alpha: number, target?: number, warm = 0): number => {
  if (target !== undefined && k < warm) return initial + (target - initial) * (k / warm)
  const from = target ?? initial
  return from * ((1 - alpha) * half(Math.min(k - (target === undefined ? 0 : warm), steps) / steps) + alpha)
}
/** Keras 3, `CosineDecayRestarts`. */
const kerasRestarts = (
  k: number,
  initial: number,
  first: number,
  tMul: number,
  mMul: number,
  alpha: number
): number => {
  let [start, length, height] = [0, first, 1]
  while (k >= start + length - 1e-9) [start, length, height] = [start + length, length * tMul, height * mMul]
  return initial * ((1 - alpha) * height * half(Math.max(0, k - start) / length) + alpha)
}
/** Keras 3, `PolynomialDecay`. */
const kerasPolynomial = (k: number, initial: number, n: number, end: number, power: number, cycle: boolean): number => {
  const steps = cycle ? n * (k === 0 ? 1 : Math.ceil(k / n)) : n
  return (initial - end) * (1 - (cycle ? k : Math.min(k, n)) / steps) ** power + end
}
/** Optax, `piecewise_interpolate_schedule`. */
const optaxInterpolate = (k: number, points: ReadonlyArray<readonly [number, number]>, cosine: boolean): number => {
  const after = points.findIndex(([step]) => k < step)
  if (after < 0) return points.at(-1)?.[1] ?? Number.NaN
  if (after === 0) return points[0]?.[1] ?? Number.NaN
  const [[a, from], [b, to]] = [points[after - 1] ?? [0, 0], points[after] ?? [0, 0]]
  const part = (k - a) / (b - a)
  return cosine ? (to - from) * 0.5 * (1 - Math.cos(Math.PI * part)) + from : (to - from) * part + from
}

const f = 0.4 / 25
const cases: ReadonlyArray<{
  readonly name: string
  readonly schedule: Schedule.Schedule
  readonly formula: (k: number) => number
}> = [
  {
    name: "Keras CosineDecay with alpha",
    schedule: Schedule.cosine({ from: 0.3, to: 0.03, steps: 37 }),
    formula: (k) => kerasCosine(k, 0.3, 37, 0.1)
  },
  {
    name: "Keras CosineDecay with a warm-up",
    schedule: Schedule.warmup(Schedule.cosine({ from: 0.5, to: 0.1, steps: 40 }), { steps: 12, from: 0.05 }),
    formula: (k) => kerasCosine(k, 0.05, 40, 0.2, 0.5, 12)
  },
  {
    name: "Keras CosineDecayRestarts, t_mul 1, m_mul 0.7",
    schedule: Schedule.cosineRestarts({ from: 0.2, to: 0.02, steps: 9, peakFactor: 0.7 }),
    formula: (k) => kerasRestarts(k, 0.2, 9, 1, 0.7, 0.1)
  },
  {
    name: "Keras CosineDecayRestarts, t_mul 2, m_mul 0.9",
    schedule: Schedule.cosineRestarts({ from: 0.2, steps: 6, multiplier: 2, peakFactor: 0.9 }),
    formula: (k) => kerasRestarts(k, 0.2, 6, 2, 0.9, 0)
  },
  {
    name: "Keras CosineDecayRestarts, t_mul 1.5",
    schedule: Schedule.cosineRestarts({ from: 0.2, to: 0.01, steps: 8, multiplier: 1.5 }),
    formula: (k) => kerasRestarts(k, 0.2, 8, 1.5, 1, 0.05)
  },
  {
    name: "Keras ExponentialDecay, staircase",
    schedule: Schedule.exponential({ from: 0.7, factor: 0.6, every: 7, staircase: true }),
    formula: (k) => 0.7 * 0.6 ** Math.floor(k / 7)
  },
  {
    name: "Keras ExponentialDecay, smooth",
    schedule: Schedule.exponential({ from: 0.7, factor: 0.6, every: 7 }),
    formula: (k) => 0.7 * 0.6 ** (k / 7)
  },
  {
    name: "Optax exponential_decay with transition_begin and end_value",
    schedule: Schedule.bounded(Schedule.delayed(Schedule.exponential({ from: 1, factor: 0.5, every: 4 }), 10), {
      least: 0.05
    }),
    formula: (k) => Math.max(k <= 10 ? 1 : 0.5 ** ((k - 10) / 4), 0.05)
  },
  {
    name: "Optax exponential_decay that grows to its end_value",
    schedule: Schedule.bounded(Schedule.exponential({ from: 0.1, factor: 1.2 }), { most: 0.9 }),
    formula: (k) => Math.min(0.1 * 1.2 ** k, 0.9)
  },
  {
    name: "Keras PolynomialDecay, cycle",
    schedule: Schedule.polynomial({ from: 0.6, to: 0.05, steps: 11, power: 1.7, cycle: true }),
    formula: (k) => kerasPolynomial(k, 0.6, 11, 0.05, 1.7, true)
  },
  {
    name: "Keras PolynomialDecay",
    schedule: Schedule.polynomial({ from: 0.6, to: 0.05, steps: 11, power: 0.5 }),
    formula: (k) => kerasPolynomial(k, 0.6, 11, 0.05, 0.5, false)
  },
  {
    name: "Keras InverseTimeDecay",
    schedule: Schedule.inverseTime({ from: 0.4, decay: 0.3, every: 5 }),
    formula: (k) => 0.4 / (1 + (0.3 * k) / 5)
  },
  {
    name: "Keras InverseTimeDecay, staircase",
    schedule: Schedule.inverseTime({ from: 0.4, decay: 0.3, every: 5, staircase: true }),
    formula: (k) => 0.4 / (1 + 0.3 * Math.floor(k / 5))
  },
  {
    name: "Keras PiecewiseConstantDecay",
    schedule: Schedule.piecewiseConstant({ values: [1, 0.5, 0.2], boundaries: [11, 31] }),
    formula: (k) => (k <= 10 ? 1 : k <= 30 ? 0.5 : 0.2)
  },
  {
    name: "Optax piecewise_constant_schedule",
    schedule: Schedule.piecewiseConstant({ values: [0.8, 0.8 * 0.5, 0.8 * 0.5 * 0.1], boundaries: [13, 40] }),
    formula: (k) => 0.8 * (k >= 13 ? 0.5 : 1) * (k >= 40 ? 0.1 : 1)
  },
  {
    name: "Optax piecewise_interpolate_schedule, linear",
    schedule: Schedule.interpolate({
      points: [
        [3, 0.2],
        [10, 1],
        [31, 0.4],
        [50, 0.9]
      ]
    }),
    formula: (k) =>
      optaxInterpolate(
        k,
        [
          [3, 0.2],
          [10, 1],
          [31, 0.4],
          [50, 0.9]
        ],
        false
      )
  },
  {
    name: "Optax linear_onecycle_schedule",
    schedule: Schedule.interpolate({
      points: [
        [0, f],
        [18, 0.4],
        [51, f],
        [60, f / 1e4]
      ]
    }),
    formula: (k) =>
      optaxInterpolate(
        k,
        [
          [0, f],
          [Math.trunc(0.3 * 60), 0.4],
          [Math.trunc(0.85 * 60), f],
          [60, f / 1e4]
        ],
        false
      )
  },
  {
    name: "Optax cosine_onecycle_schedule",
    schedule: Schedule.interpolate({
      points: [
        [0, f],
        [18, 0.4],
        [60, f / 1e4]
      ],
      curve: "cosine"
    }),
    formula: (k) =>
      optaxInterpolate(
        k,
        [
          [0, f],
          [18, 0.4],
          [60, f / 1e4]
        ],
        true
      )
  },
  {
    name: "Optax warmup_cosine_decay_schedule with an exponent",
    schedule: Schedule.warmup(Schedule.cosine({ from: 0.9, to: 0.09, steps: 45, exponent: 1.5 }), {
      from: 0.1,
      steps: 10
    }),
    formula: (k) => (k < 10 ? 0.1 + (0.8 * k) / 10 : 0.9 * (0.9 * half(clamp01((k - 10) / 45)) ** 1.5 + 0.1))
  },
  {
    name: "Optax sgdr_schedule",
    schedule: Schedule.sgdr([
      { peak: 0.5, warmup: 4, steps: 20 },
      { from: 0.1, peak: 0.3, to: 0.01, warmup: 5, steps: 30 }
    ]),
    formula: (k) => {
      if (k < 4) return (0.5 * k) / 4
      if (k < 20) return 0.5 * half((k - 4) / 16)
      if (k < 25) return 0.1 + (0.2 * (k - 20)) / 5
      return 0.01 + 0.29 * half(Math.min(1, (k - 25) / 25))
    }
  },
  {
    name: "the inverse square root of Vaswani et al.",
    schedule: Schedule.inverseSquareRoot({ peak: (512 * 20) ** -0.5, steps: 20 }),
    formula: (k) => 512 ** -0.5 * Math.min((k + 1) ** -0.5, (k + 1) * 20 ** -1.5)
  },
  ...(["linear", "cosine", "root"] as const).map((curve) => ({
    name: `warm-up, stable, decay, ${curve}`,
    schedule: Schedule.warmupStableDecay({ peak: 0.6, warmup: 10, stable: 25, decay: 18, from: 0.05, to: 0.01, curve }),
    formula: (k: number) => {
      if (k < 10) return 0.05 + (0.55 * k) / 10
      const part = clamp01((k - 35) / 18)
      const left = { linear: 1 - part, cosine: half(part), root: 1 - Math.sqrt(part) }[curve]
      return 0.01 + 0.59 * left
    }
  })),
  {
    name: "a straight line and a constant, joined",
    schedule: Schedule.join([Schedule.linear({ from: 0, to: 1, steps: 8 }), Schedule.constant(1)], [8]),
    formula: (k) => Math.min(k / 8, 1)
  }
]

describe("schedules and their formulas", () => {
  for (const { name, schedule, formula } of cases) {
    it(name, () =>
      Schedule.sample(schedule, 90).forEach((rate, k) => {
        const right = formula(k)
        assert.approximately(rate, right, 1e-12 * Math.max(Math.abs(right), 1e-3), `step ${k}`)
      })
    )
  }

  it("are finite and describe themselves", () => {
    for (const { schedule } of cases) {
      assert.isTrue(Number.isFinite(Schedule.at(schedule, 1e7)))
      const text = JSON.stringify(schedule)
      assert.strictEqual(JSON.parse(text).schedule, schedule.description?.schedule)
    }
  })

  it("refuse what they cannot be made of", () => {
    const refused = (build: () => unknown, message: string): void => assert.throws(build, OptimizerError, message)
    refused(
      () => Schedule.piecewiseConstant({ values: [1], boundaries: [3, 2] }),
      "piecewiseConstant: boundaries must be whole numbers, 1 or more, each larger than the one before, it is [3,2]; 1 values meet at 0 boundaries, there are 2"
    )
    refused(
      () =>
        Schedule.interpolate({
          points: [
            [4, 1],
            [4, 2]
          ]
        }),
      "interpolate: points must be a list of one or more pairs"
    )
    refused(
      () =>
        Schedule.sgdr([
          { peak: 1, steps: 4.5 },
          { peak: -1, warmup: 4, steps: 4 }
        ]),
      "sgdr: cycle 0: steps must be a whole number, 1 or more, it is 4.5; cycle 1: peak must be a finite number above 0, it is -1; cycle 1: warmup must be shorter than the cycle"
    )
    refused(() => Schedule.sgdr([]), "sgdr: there must be at least one cycle")
    refused(() => Schedule.bounded(Schedule.constant(1), { least: 2, most: 1 }), "least must not be above most")
    refused(() => Schedule.delayed(Schedule.constant(1), -1), "steps must be a whole number, 0 or more, it is -1")
    refused(
      () => Schedule.warmupStableDecay({ peak: 0, warmup: 0, stable: -1, decay: 0 }),
      "warmupStableDecay: peak must be a finite number above 0, it is 0; warmup must be a whole number, 1 or more, it is 0; stable must be a whole number, 0 or more, it is -1; decay must be a whole number, 1 or more, it is 0"
    )
  })
})

describe("changing the rate", () => {
  type Params = Tensor<[2], "f64">
  const params: Params = T.constant([1, -1], "f64")
  /** The hash of the graph of a step, as a function of its state and gradient. */
  const hashOf = <F extends Rule>(
    optimizer: Optimizer<F>,
    before: StateOf<F, Params> = optimizer.init(params)
  ): string => {
    const state = { state: before, gradient: params }
    const given = Tree.entries(state).map(({ path, leaf }) => ({
      name: path,
      tensor: ops.parameter(path, leaf.shape, leaf.dtype)
    }))
    const traced = Tree.rebuild(
      state,
      given.map(({ tensor }) => tensor)
    )
    return Hash.hash(Graph.make(given, Tree.leaves(optimizer.step<Params>(traced.state, traced.gradient))))
  }

  it("gives the same graph: another number in the state, not another program", () => {
    const hashes = (learningRate: number): ReadonlyArray<string> => [
      hashOf(adam({ learningRate })),
      hashOf(sgd({ learningRate, momentum: 0.9 })),
      hashOf(fromTransform(chain({ trace: trace(0.9), adam: scaleByAdam() }), { learningRate }))
    ]
    assert.deepStrictEqual(hashes(1e-3), hashes(0.5))
    assert.notStrictEqual(hashOf(adam({ beta1: 0.8 })), hashOf(adam()))
    const groups = (learningRate: number) =>
      grouped({ a: sgd({ learningRate }), b: sgd({ learningRate: 2 * learningRate }) }, () => "a")
    assert.strictEqual(hashOf(groups(0.1)), hashOf(groups(0.4)))
  })

  it("by a schedule is part of the program: one graph for every step", () => {
    for (const { schedule, name } of cases) {
      const k = ops.parameter("k", [], "f64") as Tensor<[], "f64">
      const graph = Graph.make([{ name: "k", tensor: k }], [rateAt(schedule, k)])
      assert.isAbove(graph.nodes.length, 1, name)
    }
    const optimizer = adam({ learningRate: Schedule.cosine({ from: 0.1, steps: 10 }) })
    let state = optimizer.init(params)
    for (let step = 0; step < 3; step++) state = optimizer.step<Params>(state, params)
    assert.strictEqual(hashOf(optimizer, state), hashOf(optimizer))
  })
})
