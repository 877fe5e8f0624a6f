/** Reports as text and as JSON. */
import type { Fault, Outcome } from "./outcome.ts"
import { type Counts, type Report, totalOf } from "./run.ts"

/** The line that a run ends with. */
export const closingLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

const showFault = (fault: Fault): string =>
  fault.tag === "sentence"
    ? `${fault.target} ${fault.path}: ${fault.sentence}`
    : `${fault.target} ${fault.path}[${fault.index}]: expected ${fault.expected}, got ${fault.actual}, relative error ${fault.error.toExponential(2)}`

const showOutcome = (outcome: Outcome): ReadonlyArray<string> => {
  switch (outcome.tag) {
    case "passed":
      return outcome.notes.map((note) => `  noted    ${outcome.id}: ${note}`)
    case "failed":
      return outcome.faults.map((fault) => `  failed   ${outcome.id}: ${showFault(fault)}`)
    case "skipped":
      return [`  skipped  ${outcome.id}: ${outcome.missing}`]
  }
}

/** A file's report: what failed, what was skipped, and its counts. */
export const showReport = (report: Report): string => {
  const worst = report.outcomes.reduce(
    (most, outcome) => (outcome.tag === "passed" ? Math.max(most, outcome.worst) : most),
    0
  )
  return [
    `${report.file}: ${report.form}, ${report.outcomes.length} cases on ${report.targets.join(", ")}`,
    ...report.outcomes.flatMap(showOutcome),
    `  largest error that passed: ${worst.toExponential(2)}`,
    `  in this file: ${closingLine(report)}`
  ].join("\n")
}

/** JSON has no NaN and no infinities: as in golden files they are strings. */
const encoded = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value

/** All reports as JSON, with the total counts. */
export const encodeReports = (reports: ReadonlyArray<Report>): string =>
  JSON.stringify({ ...totalOf(reports), files: reports }, encoded, 2)
