/**
 * Golden files, gradient checks and laws: `expectGolden` and `checkGrad` for tests, the runner of golden files, and the
 * laws of all operations as one table.
 */
export { checkGrad, GradError, type GradFinding, type GradOptions, type GradReport, gradReport } from "./checkGrad.ts"
export { type Comparison, compare, errorOf, type Tolerance, tolerances } from "./comparison.ts"
export { expectGolden, GoldenMismatch, type GoldenOptions } from "./expectGolden.ts"
export { type Document, DocumentError, type Form, formOf, parseDocument } from "./forms/document.ts"
export { type LawName, laws } from "./laws/laws.ts"
export { checkProgram, checkPrograms, type Violation } from "./laws/programs/check.ts"
export { programLaws, type ProgramLawName } from "./laws/programs/program-laws.ts"
export { randomProgram } from "./laws/programs/random.ts"
export { type Check, checks, type DerivativeClass } from "./laws/table.ts"
export type { Fault, Outcome } from "./outcome.ts"
export { closingLine, encodeReports, showReport } from "./render.ts"
export { type Counts, type Report, runDocument } from "./run.ts"
export { type Target, type TargetName, targetNames, targetOf } from "./targets.ts"
