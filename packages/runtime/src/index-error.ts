/** The error of checked mode: an index that is out of range. */
import * as Data from "effect/Data"

/**
 * An index does not name a row. Unchecked programs move it to the nearest row; checked mode says where it is. The state of
 * a session is what it was before the step.
 */
export class IndexError extends Data.TaggedError("IndexError")<{
  /** The program of the session, or `run`, or `eval`. */
  readonly program: string
  /** Which step of the session, or which run, from 1. */
  readonly step: number
  /** The operation that uses the index. */
  readonly primitive: string
  readonly phase: "forward" | "backward" | "tangent"
  /** The line that built the operation, `file:line:column`. */
  readonly position: string | undefined
  /** The layer it belongs to, as the model names it. */
  readonly layer: string | undefined
  /** The index that is out of range. */
  readonly index: number
  /** Where in the operand it stands. */
  readonly at: ReadonlyArray<number>
  readonly shape: ReadonlyArray<number>
  /** The smallest and the largest index that are in range; negative ones count from the back. */
  readonly range: readonly [number, number]
  /** The rows of the scans, and steps of the loops, in which it happened; outer loops first. */
  readonly loopSteps: ReadonlyArray<number>
}> {
  override get message(): string {
    const { program, step, primitive, position, layer, index, at, shape, range, loopSteps } = this
    const element = at.length === 0 ? "the index" : `the index at [${at.join(", ")}] of i32[${shape.join(", ")}]`
    // Compositions compute places with clampIndex, a name that nobody who uses them knows.
    const user = primitive === "clampIndex" ? "" : `${primitive}: `
    const steps = loopSteps.length === 0 ? "" : `, at step ${loopSteps.join(", ")} of the loop`
    const where = `${layer === undefined ? "" : `, in layer ${layer}`}${position === undefined ? "" : `, built at ${position}`}`
    return `${program}, step ${step}: ${user}${element} is ${index}, it must lie from ${range[0]} to ${range[1]}${steps}${where}.`
  }
}
