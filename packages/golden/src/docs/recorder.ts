/** What the program of a document imports first: it records what `console.log` prints, and where. */
import { writeSync } from "node:fs"
import { format } from "node:util"

/** Something a program printed. */
export interface Printed {
  /** The lines of the program that were being run, innermost first. */
  readonly lines: ReadonlyArray<number>
  readonly text: string
}

/** What a program printed: all of it, cut where its blocks end. */
export interface Recording {
  readonly blocks: ReadonlyArray<{ readonly line: number; readonly printed: ReadonlyArray<Printed> }>
}

const program = process.argv[1] ?? ""
const blocks: Array<Recording["blocks"][number]> = []
let printed: Array<Printed> = []

const linesOf = (stack: string): ReadonlyArray<number> =>
  stack.split("\n").flatMap((frame) => {
    const [, line] = frame.includes(program) ? (/:(\d+):\d+\)?$/.exec(frame) ?? []) : []
    return line === undefined ? [] : [Number(line)]
  })

/** Ends the block whose fence stands on this line: what was printed since the last one belongs to it. */
export const endBlock = (line: number): void => {
  blocks.push({ line, printed })
  printed = []
}

if (process.env["COTANGENT_DOCS"] !== undefined) {
  Error.stackTraceLimit = 50
  console.log = (...values: ReadonlyArray<unknown>) => {
    printed.push({ lines: linesOf(new Error("where").stack ?? ""), text: format(...values) })
  }
  process.on("exit", () => {
    const recording: Recording = { blocks: printed.length === 0 ? blocks : [...blocks, { line: 0, printed }] }
    writeSync(1, JSON.stringify(recording))
  })
}
