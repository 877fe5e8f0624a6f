/** The schedules of PyTorch 1.13, 60 steps each. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { T } from "@cotangent/graph"
import { f64 } from "../scalar.ts"
import * as Schedule from "./index.ts"

interface Golden {
  readonly cases: ReadonlyArray<{
    readonly call: string
    readonly base_lr: number
    readonly lr: ReadonlyArray<number>
    readonly metric?: ReadonlyArray<number>
  }>
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("../../../golden/fixtures/schedules.json", import.meta.url), "utf8")
)

const {
  constant,
  cosine,
  cosineRestarts,
  exponential,
  join,
  linear,
  multiStep,
  oneCycle,
  polynomial,
  product,
  reduceOnPlateau,
  step,
  triangular
} = Schedule

const from = 0.1

/** A schedule that PyTorch takes as a Python function is one here as well: any function of the step. */
const warmupCosine: Schedule.Schedule = (k) => {
  const rise = T.minimum(T.div(T.add(k, 1), 10), 1)
  const fall = T.mul(T.add(T.cos(T.mul(T.div(T.maximum(T.sub(k, 10), 0), 50), Math.PI)), 1), 0.5)
  return T.mul(T.mul(rise, fall), from)
}
/** 0.97 at odd steps, 0.99 at even ones, multiplied up. */
const alternating: Schedule.Schedule = (k) => {
  const odd = T.floor(T.div(T.add(k, 1), 2))
  return T.mul(T.mul(T.pow(f64(0.97), odd), T.pow(f64(0.99), T.sub(k, odd))), from)
}

const schedules: { readonly [call: string]: Schedule.Schedule } = {
  "StepLR(o, step_size=10)": step({ from, every: 10 }),
  "StepLR(o, step_size=7, gamma=0.5)": step({ from, every: 7, factor: 0.5 }),
  "MultiStepLR(o, milestones=[5, 12, 40], gamma=0.3)": multiStep({ from, milestones: [5, 12, 40], factor: 0.3 }),
  "ExponentialLR(o, gamma=0.95)": exponential({ from, factor: 0.95 }),
  "CosineAnnealingLR(o, T_max=60)": cosine({ from, steps: 60 }),
  "CosineAnnealingLR(o, T_max=20, eta_min=0.01)": cosine({ from, to: 0.01, steps: 20, after: "mirror" }),
  "CosineAnnealingWarmRestarts(o, T_0=10)": cosineRestarts({ from, steps: 10 }),
  "CosineAnnealingWarmRestarts(o, T_0=7, T_mult=2, eta_min=0.001)": cosineRestarts({
    from,
    to: 0.001,
    steps: 7,
    multiplier: 2
  }),
  "OneCycleLR(o, max_lr=0.5, total_steps=60)": oneCycle({ peak: 0.5, steps: 60 }),
  "OneCycleLR(o, max_lr=0.5, total_steps=60, anneal_strategy='linear')": oneCycle({
    peak: 0.5,
    steps: 60,
    curve: "linear"
  }),
  "OneCycleLR(o, max_lr=0.5, total_steps=60, pct_start=0.2, div_factor=10, final_div_factor=100, three_phase=True)":
    oneCycle({
      peak: 0.5,
      steps: 60,
      rising: 0.2,
      divisor: 10,
      finalDivisor: 100,
      threePhase: true
    }),
  "OneCycleLR(o, max_lr=0.3, epochs=6, steps_per_epoch=10, pct_start=0.4, anneal_strategy='linear', three_phase=True)":
    oneCycle({
      peak: 0.3,
      steps: 60,
      rising: 0.4,
      curve: "linear",
      threePhase: true
    }),
  "CyclicLR(o, base_lr=0.01, max_lr=0.2, step_size_up=8, cycle_momentum=False)": triangular({
    from: 0.01,
    to: 0.2,
    up: 8
  }),
  "CyclicLR(o, base_lr=0.01, max_lr=0.2, step_size_up=8, step_size_down=4, mode='triangular2', cycle_momentum=False)":
    triangular({
      from: 0.01,
      to: 0.2,
      up: 8,
      down: 4,
      perCycle: 0.5
    }),
  "CyclicLR(o, base_lr=0.01, max_lr=0.2, step_size_up=8, mode='exp_range', gamma=0.97, cycle_momentum=False)":
    triangular({
      from: 0.01,
      to: 0.2,
      up: 8,
      perStep: 0.97
    }),
  "LinearLR(o, start_factor=0.1, total_iters=15)": linear({ from: 0.01, to: from, steps: 15 }),
  "LinearLR(o)": linear({ from: from / 3, to: from, steps: 5 }),
  "LinearLR(o, start_factor=0.01, end_factor=0.8, total_iters=25)": linear({ from: 0.001, to: 0.08, steps: 25 }),
  "ConstantLR(o, factor=0.25, total_iters=9)": join([constant(0.025), constant(from)], [9]),
  "PolynomialLR(o, total_iters=40, power=1.0)": polynomial({ from, steps: 40 }),
  "PolynomialLR(o, total_iters=50, power=2.5)": polynomial({ from, steps: 50, power: 2.5 }),
  "LambdaLR(o, lr_lambda=lambda k: min(1.0, (k+1)/10) * (0.5*(1+math.cos(math.pi*max(0,k-10)/50))))": warmupCosine,
  "MultiplicativeLR(o, lr_lambda=lambda k: 0.97 if k % 2 else 0.99)": alternating,
  "SequentialLR(o, schedulers=[LinearLR(o, start_factor=0.1, total_iters=10), CosineAnnealingLR(o, T_max=50)], milestones=[10])":
    join([linear({ from: 0.01, to: from, steps: 10 }), cosine({ from, steps: 50 })], [10]),
  "SequentialLR(o, schedulers=[ConstantLR(o, factor=0.1, total_iters=5), ExponentialLR(o, gamma=0.9)], milestones=[5])":
    join([constant(0.01), exponential({ from, factor: 0.9 })], [5]),
  "ChainedScheduler([ConstantLR(o, factor=0.1, total_iters=6), ExponentialLR(o, gamma=0.95)])": product([
    join([constant(0.1), constant(1)], [6]),
    exponential({ from, factor: 0.95 })
  ])
}

const plateaus: { readonly [call: string]: Schedule.Plateau } = {
  "ReduceLROnPlateau(o, patience=4)": reduceOnPlateau({ patience: 4 }),
  "ReduceLROnPlateau(o, mode='min', factor=0.5, patience=2, threshold=1e-2, threshold_mode='abs', cooldown=3, min_lr=1e-3)":
    reduceOnPlateau({
      factor: 0.5,
      patience: 2,
      threshold: 1e-2,
      thresholdMode: "absolute",
      cooldown: 3,
      minimum: 1e-3
    }),
  "ReduceLROnPlateau(o, mode='max', factor=0.3, patience=3)": reduceOnPlateau({ mode: "max", factor: 0.3, patience: 3 })
}

const ratesOf = (plateau: Schedule.Plateau, metrics: ReadonlyArray<number>): ReadonlyArray<number> => {
  let state = plateau.init(from)
  const rates = [state.learningRate]
  for (const metric of metrics.slice(0, -1)) {
    state = plateau.update(state, f64(metric))
    rates.push(state.learningRate)
  }
  return T.evaluate(rates).map(({ data: [rate = Number.NaN] }) => rate)
}

describe("schedules.json, PyTorch in float64", () => {
  for (const { call, lr, metric } of golden.cases) {
    const name = call.replaceAll("torch.optim.lr_scheduler.", "")
    it(name, () => {
      const plateau = plateaus[name]
      const schedule = schedules[name]
      const rates =
        schedule !== undefined
          ? Schedule.sample(schedule, lr.length)
          : ratesOf(plateau ?? assert.fail("no schedule"), metric ?? [])
      const error = Math.max(
        ...rates.map((rate, k) => (rate === lr[k] ? 0 : Math.abs(rate / (lr[k] ?? Number.NaN) - 1)))
      )
      assert.isBelow(error, 1e-12)
    })
  }
})
