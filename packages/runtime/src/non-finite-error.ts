/** The error of debug mode: the operation that made the first NaN or infinity. */
import * as Data from "effect/Data"

/** What a number that is not finite is. */
export type NonFinite = "NaN" | "Infinity" | "-Infinity"

/** What an operation was given. */
export interface OperandReport {
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
  /** The element that the bad one was computed from, where that is one: of operations that work element by element. */
  readonly value?: number
  /** The smallest and the largest number in it, elsewhere. */
  readonly range?: readonly [number, number]
}

/** An element of the output of an operation that is not finite. */
export interface OperationReport {
  readonly primitive: string
  /** `backward`: of a cotangent, in reverse mode; `tangent`: of a derivative in forward mode. */
  readonly phase: "forward" | "backward" | "tangent"
  /** In `backward` and `tangent` the primitive that is differentiated. */
  readonly derivativeOf: string | undefined
  /** The line that built the operation, or the one it is the derivative of: `file:line:column`. */
  readonly position: string | undefined
  /** The layer it belongs to, as the model names it. */
  readonly layer: string | undefined
  readonly value: NonFinite
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
  /** Where in the output the first such element stands. */
  readonly index: ReadonlyArray<number>
  readonly operands: ReadonlyArray<OperandReport>
  /** The rows of the scans, and steps of the loops, in which it happened; outer loops first. */
  readonly loopSteps: ReadonlyArray<number>
}

/** A number that was not finite before the program ran. */
export interface GivenReport {
  /** An input of the program, or a constant of the function. */
  readonly source: "input" | "constant"
  /** The path of the input. */
  readonly name: string
  readonly position: string | undefined
  readonly value: NonFinite
  readonly index: ReadonlyArray<number>
}

interface Reported {
  /** The program of the session, or `run`, or `eval`. */
  readonly program: string
  /** Which step of the session, or which run, from 1. */
  readonly step: number
  /** The result in which it was found; `undefined` where every operation is looked at, whatever becomes of it. */
  readonly result: string | undefined
  /** The first operation whose result is not finite although all it was computed from is; `undefined` for given numbers. */
  readonly operation: OperationReport | undefined
  /** The number that was given: an input, or a constant, that is not finite already. */
  readonly given: GivenReport | undefined
  /** The operation that made NaN of that infinity. */
  readonly became: OperationReport | undefined
  /** The inputs that the operation depends on, nearest first. */
  readonly inputs: ReadonlyArray<string>
  /** The results that depend on the operation: of a backward operation, those whose gradient it is part of. */
  readonly results: ReadonlyArray<string>
}

const list = (items: ReadonlyArray<string>): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`

const some = (items: ReadonlyArray<string>, count = 3): string =>
  items.length > count ? `${items.slice(0, count).join(", ")} and ${items.length - count} more` : list(items)

const typeOf = (dtype: string, shape: ReadonlyArray<number>): string => `${dtype}[${shape.join(", ")}]`

const showNumber = (x: number): string => (Object.is(x, -0) ? "-0" : String(Number(x.toPrecision(6))))

const showOperand = ({ dtype, shape, value, range }: OperandReport): string => {
  if (value !== undefined) return showNumber(value)
  if (range === undefined) return typeOf(dtype, shape)
  const [low, high] = range
  return `${typeOf(dtype, shape)} ${low === high ? `of ${showNumber(low)}` : `between ${showNumber(low)} and ${showNumber(high)}`}`
}

const showOperation = (o: OperationReport): string => {
  const name = o.phase === "forward" ? o.primitive : `${o.primitive} in the ${o.phase} pass of ${o.derivativeOf}`
  const from = o.operands.length === 0 ? "" : ` from ${list(o.operands.map(showOperand))}`
  const steps = o.loopSteps.length === 0 ? "" : `, at step ${o.loopSteps.join(", ")} of the loop`
  const where = `${o.layer === undefined ? "" : `, in layer ${o.layer}`}${o.position === undefined ? "" : `, built at ${o.position}`}`
  const element = o.shape.length === 0 ? "" : ` at [${o.index.join(", ")}] of ${typeOf(o.dtype, o.shape)}`
  return `${name} made ${o.value}${element}${from}${steps}${where}`
}

const showGiven = ({ source, name, position, value, index }: GivenReport): string => {
  const what =
    source === "input" ? `the input ${name}` : `a constant${position === undefined ? "" : ` built at ${position}`}`
  return `${what} holds ${value}${index.length === 0 ? "" : ` at [${index.join(", ")}]`}`
}

/**
 * A result of a program is NaN, or infinite, and this is where that came from. The state of a session is what it was
 * before the step.
 */
export class NonFiniteError extends Data.TaggedError("NonFiniteError")<Reported> {
  override get message(): string {
    const { program, step, result, operation, given, became, inputs, results } = this
    const first = operation === undefined ? (given === undefined ? "" : showGiven(given)) : showOperation(operation)
    const then = became === undefined ? [] : [`Then ${showOperation(became)}`]
    const among =
      operation === undefined || given === undefined ? [] : [`The infinity was there before: ${showGiven(given)}`]
    const depends = inputs.length === 0 ? [] : [`It depends on ${some(inputs)}`]
    // What depends on a forward operation is half of the program; a backward one is part of few gradients.
    const others = operation?.phase === "forward" ? [] : results.filter((name) => name !== result)
    const goes = others.length === 0 ? [] : [`goes into ${some(others)}`]
    const into = [...(result === undefined ? [] : [`reached ${result}`]), ...goes]
    return `${[`${program}, step ${step}: ${first}`, ...then, ...among, ...depends, ...(into.length === 0 ? [] : [`It ${into.join(" and ")}`])].join(". ")}.`
  }
}
