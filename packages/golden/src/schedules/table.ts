/**
 * Every learning-rate scheduler of PyTorch that exists here: one constructor each. A scheduler that combines others
 * gives its parts to one combinator.
 */
import { Schedule } from "@cotangent/optim"
import { Missing } from "../outcome.ts"
import type { CallExpression, Expression } from "../python/expression.ts"
import { literal } from "../python/expression.ts"
import { lambdaOf } from "../python/lambda.ts"

/** What a scheduler is here. */
export type Made = Schedule.Schedule | Schedule.Plateau | Missing

/** Arguments of a scheduler's call by PyTorch's names; every reader throws a sentence when the argument is something else. */
class Arguments {
  readonly name: string
  readonly given: ReadonlyMap<string, Expression>

  constructor(name: string, given: ReadonlyMap<string, Expression>) {
    this.name = name
    this.given = given
  }

  private read(key: string): unknown {
    const expression = this.given.get(key)
    return expression === undefined ? undefined : literal(expression)
  }

  number(key: string, otherwise?: number): number {
    const value = this.read(key) ?? otherwise
    if (typeof value !== "number")
      throw new TypeError(`${this.name}: ${key} must be a number, it is ${JSON.stringify(value) ?? "missing"}`)
    return value
  }

  boolean(key: string, otherwise: boolean): boolean {
    return (this.read(key) ?? otherwise) === true
  }

  text(key: string, otherwise: string): string {
    return String(this.read(key) ?? otherwise)
  }

  numbers(key: string): ReadonlyArray<number> {
    const value = this.read(key)
    if (!Array.isArray(value) || !value.every((x) => typeof x === "number"))
      throw new TypeError(`${this.name}: ${key} must be a list of numbers, it is ${JSON.stringify(value) ?? "missing"}`)
    return value
  }

  calls(key: string): ReadonlyArray<CallExpression> {
    const list = this.given.get(key)
    if (list?.tag !== "list") throw new TypeError(`${this.name}: ${key} must be a list of schedulers`)
    return list.items.map((item) => {
      if (item.tag !== "call") throw new TypeError(`${this.name}: ${key} must be a list of schedulers`)
      return item
    })
  }

  expression(key: string): Expression | undefined {
    return this.given.get(key)
  }
}

interface Row {
  /** PyTorch's parameters in its order, the optimizer left out. */
  readonly parameters: ReadonlyArray<string>
  /** Those of them that have no counterpart. */
  readonly without?: ReadonlyArray<string>
  readonly make: (given: Arguments, rate: number) => Made
}

const isSchedule = (made: Made): made is Schedule.Schedule => typeof made === "function"

/** The parts of a combined schedule, or the first that is missing. */
const partsOf = (
  calls: ReadonlyArray<CallExpression>,
  rate: number,
  allowed?: ReadonlySet<string>
): ReadonlyArray<Schedule.Schedule> | Missing => {
  const parts: Array<Schedule.Schedule> = []
  for (const call of calls) {
    if (allowed !== undefined && !allowed.has(shortName(call.name)))
      return new Missing(`ChainedScheduler of ${shortName(call.name)}`)
    const made = scheduleOf(call, rate)
    if (made instanceof Missing) return made
    if (!isSchedule(made)) return new Missing(`a combination with ${shortName(call.name)}`)
    parts.push(made)
  }
  return parts
}

/** Schedulers that multiply the rate by a factor which does not depend on it. */
const multiplicative: ReadonlySet<string> = new Set([
  "StepLR",
  "MultiStepLR",
  "ExponentialLR",
  "ConstantLR",
  "LinearLR",
  "PolynomialLR",
  "LambdaLR"
])

const oneCycle = (given: Arguments): Made => {
  const steps =
    given.expression("total_steps") === undefined
      ? given.number("epochs") * given.number("steps_per_epoch")
      : given.number("total_steps")
  return Schedule.oneCycle({
    peak: given.number("max_lr"),
    steps,
    rising: given.number("pct_start", 0.3),
    divisor: given.number("div_factor", 25),
    finalDivisor: given.number("final_div_factor", 1e4),
    threePhase: given.boolean("three_phase", false),
    curve: given.text("anneal_strategy", "cos") === "linear" ? "linear" : "cosine"
  })
}

const cyclic = (given: Arguments): Made => {
  const mode = given.text("mode", "triangular")
  const up = given.number("step_size_up", 2000)
  const common = {
    from: given.number("base_lr"),
    to: given.number("max_lr"),
    up,
    down: given.number("step_size_down", up)
  }
  if (mode === "triangular") return Schedule.triangular(common)
  if (mode === "triangular2") return Schedule.triangular({ ...common, perCycle: 0.5 })
  return mode === "exp_range"
    ? Schedule.triangular({ ...common, perStep: given.number("gamma", 1) })
    : new Missing(`CyclicLR with mode=${mode}`)
}

const plateau = (given: Arguments): Made =>
  Schedule.reduceOnPlateau({
    mode: given.text("mode", "min") === "max" ? "max" : "min",
    factor: given.number("factor", 0.1),
    patience: given.number("patience", 10),
    threshold: given.number("threshold", 1e-4),
    thresholdMode: given.text("threshold_mode", "rel") === "abs" ? "absolute" : "relative",
    cooldown: given.number("cooldown", 0),
    minimum: given.number("min_lr", 0),
    epsilon: given.number("eps", 1e-8)
  })

const schedulers: { readonly [name: string]: Row } = {
  StepLR: {
    parameters: ["step_size", "gamma"],
    make: (given, from) => Schedule.step({ from, every: given.number("step_size"), factor: given.number("gamma", 0.1) })
  },
  MultiStepLR: {
    parameters: ["milestones", "gamma"],
    make: (given, from) =>
      Schedule.multiStep({ from, milestones: given.numbers("milestones"), factor: given.number("gamma", 0.1) })
  },
  ExponentialLR: {
    parameters: ["gamma"],
    make: (given, from) => Schedule.exponential({ from, factor: given.number("gamma") })
  },
  CosineAnnealingLR: {
    parameters: ["T_max", "eta_min"],
    make: (given, from) =>
      Schedule.cosine({ from, steps: given.number("T_max"), to: given.number("eta_min", 0), after: "mirror" })
  },
  CosineAnnealingWarmRestarts: {
    parameters: ["T_0", "T_mult", "eta_min"],
    make: (given, from) =>
      Schedule.cosineRestarts({
        from,
        steps: given.number("T_0"),
        multiplier: given.number("T_mult", 1),
        to: given.number("eta_min", 0)
      })
  },
  OneCycleLR: {
    parameters: [
      "max_lr",
      "total_steps",
      "epochs",
      "steps_per_epoch",
      "pct_start",
      "anneal_strategy",
      "cycle_momentum",
      "base_momentum",
      "max_momentum",
      "div_factor",
      "final_div_factor",
      "three_phase"
    ],
    make: oneCycle
  },
  CyclicLR: {
    parameters: [
      "base_lr",
      "max_lr",
      "step_size_up",
      "step_size_down",
      "mode",
      "gamma",
      "scale_fn",
      "scale_mode",
      "cycle_momentum"
    ],
    without: ["scale_fn", "scale_mode"],
    make: cyclic
  },
  LinearLR: {
    parameters: ["start_factor", "end_factor", "total_iters"],
    make: (given, rate) =>
      Schedule.linear({
        from: rate * given.number("start_factor", 1 / 3),
        to: rate * given.number("end_factor", 1),
        steps: given.number("total_iters", 5)
      })
  },
  ConstantLR: {
    parameters: ["factor", "total_iters"],
    make: (given, rate) =>
      Schedule.join(
        [Schedule.constant(rate * given.number("factor", 1 / 3)), Schedule.constant(rate)],
        [given.number("total_iters", 5)]
      )
  },
  PolynomialLR: {
    parameters: ["total_iters", "power"],
    make: (given, from) =>
      Schedule.polynomial({ from, steps: given.number("total_iters", 5), power: given.number("power", 1) })
  },
  LambdaLR: {
    parameters: ["lr_lambda"],
    make: (given, rate) => {
      const expression = given.expression("lr_lambda")
      // A schedule is any function of the step, so a lambda is one; the product is PyTorch's base rate times it.
      const factor = expression === undefined ? undefined : lambdaOf(expression)
      return factor === undefined
        ? new Missing("LambdaLR with this function")
        : Schedule.product([Schedule.constant(rate), factor])
    }
  },
  MultiplicativeLR: {
    parameters: ["lr_lambda"],
    make: (given, from) => {
      const expression = given.expression("lr_lambda")
      const factor = expression === undefined ? undefined : lambdaOf(expression)
      return factor === undefined
        ? new Missing("MultiplicativeLR with this function")
        : Schedule.multiplicative({ from, factor })
    }
  },
  SequentialLR: {
    parameters: ["schedulers", "milestones"],
    make: (given, rate) => {
      const parts = partsOf(given.calls("schedulers"), rate)
      return parts instanceof Missing ? parts : Schedule.join(parts, given.numbers("milestones"))
    }
  },
  ReduceLROnPlateau: {
    parameters: ["mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"],
    make: plateau
  }
}

/** The one scheduler whose call has no optimizer. */
const chained: Row = {
  parameters: ["schedulers"],
  make: (given, rate) => {
    const parts = partsOf(given.calls("schedulers"), 1, multiplicative)
    return parts instanceof Missing ? parts : Schedule.product([Schedule.constant(rate), ...parts])
  }
}

const shortName = (name: string): string => name.split(".").at(-1) ?? name

/** The schedule of a scheduler's call on an optimizer of this rate. */
export const scheduleOf = (call: CallExpression, rate: number): Made => {
  const name = shortName(call.name)
  const isChained = name === "ChainedScheduler"
  const row = isChained ? chained : Object.hasOwn(schedulers, name) ? schedulers[name] : undefined
  if (row === undefined) return new Missing(`torch.optim.lr_scheduler.${name}`)
  const given = new Map(call.kwargs)
  call.args
    .slice(isChained ? 0 : 1)
    .forEach((argument, i) => given.set(row.parameters[i] ?? `argument ${i + 1}`, argument))
  const unknown = [...given.keys()].find((key) => !row.parameters.includes(key) || row.without?.includes(key) === true)
  if (unknown !== undefined) return new Missing(`torch.optim.lr_scheduler.${name} with ${unknown}`)
  return row.make(new Arguments(name, given), rate)
}
