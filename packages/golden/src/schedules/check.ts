/** Checking schedules: the rate of every step. */
import type { Tensor, ValuesOf } from "@cotangent/graph"
import type { Schedule } from "@cotangent/optim"
import { compare, tolerances } from "../comparison.ts"
import type { ScheduleCase } from "../forms/schedules.ts"
import { valueOf } from "../forms/tensors.ts"
import {
  attempt,
  fault,
  type Findings,
  found,
  Missing,
  type Outcome,
  outcomeOf,
  sentenceOf,
  together
} from "../outcome.ts"
import { parseCall } from "../python/expression.ts"
import type { Target } from "../targets.ts"
import { scheduleOf } from "./table.ts"

type Scalar = Tensor<[], "f64">

const scalarValue = (x: number): ValuesOf<Scalar> => valueOf([], [x]) as ValuesOf<Scalar>

/** The rates of steps 0 to n - 1 of a function of the step. */
const ratesOf = (schedule: Schedule.Schedule, n: number, target: Target): ReadonlyArray<number> => {
  const machine = target.machine<{}, {}, Scalar, Scalar>({
    state: {},
    data: {},
    input: scalarValue(0),
    step: (state, _, k) => [state, schedule(k)]
  })
  try {
    return Array.from({ length: n }, (_, k) => machine.step(scalarValue(k)).data[0] ?? Number.NaN)
  } finally {
    machine.close()
  }
}

/** The rates of steps 0 to n - 1 of a rate that follows a metric after every step. */
const ratesAfter = (
  plateau: Schedule.Plateau,
  rate: number,
  metric: ReadonlyArray<number>,
  n: number,
  target: Target
): ReadonlyArray<number> => {
  const machine = target.machine<Schedule.PlateauState, {}, Scalar, Scalar>({
    state: plateau.init(rate),
    data: {},
    input: scalarValue(0),
    step: (state, _, x) => {
      const next = plateau.update(state, x)
      return [next, next.learningRate]
    }
  })
  try {
    return [rate, ...metric.slice(0, n - 1).map((x) => machine.step(scalarValue(x)).data[0] ?? Number.NaN)].slice(0, n)
  } finally {
    machine.close()
  }
}

const ratesOn = (golden: ScheduleCase, made: Schedule.Schedule | Schedule.Plateau, target: Target): Findings => {
  const { lr, metric, base_lr: rate } = golden
  if (typeof made !== "function" && metric === undefined)
    return fault(target.name, "metric", "a plateau needs the metric of every step")
  const rates =
    typeof made === "function"
      ? ratesOf(made, lr.length, target)
      : ratesAfter(made, rate, metric ?? [], lr.length, target)
  return found(target.name, "lr", compare(lr, rates, tolerances.schedules))
}

const withoutModule = (call: string): string => call.replaceAll("torch.optim.lr_scheduler.", "")

/** What becomes of a schedule on the given targets. */
export const checkScheduleCase = (golden: ScheduleCase, targets: ReadonlyArray<Target>): Outcome => {
  const id = withoutModule(golden.call)
  try {
    const made = scheduleOf(parseCall(golden.call), golden.base_lr)
    if (made instanceof Missing) return { tag: "skipped", id, missing: made.operation }
    return outcomeOf(
      id,
      together(targets.map((target) => attempt(target.name, "run", () => ratesOn(golden, made, target))))
    )
  } catch (thrown) {
    return outcomeOf(id, fault("graph", "call", sentenceOf(thrown)))
  }
}
