/**
 * Golden files, gradient checks and laws: `expectGolden` and `checkGrad` for tests, the runner of golden files, and the
 * laws of all operations as one table.
 */
export { checkGrad, GradError, type GradFinding, type GradOptions, type GradReport, gradReport } from "./checkGrad.ts"
export { type Comparison, compare, errorOf, type Tolerance, tolerances } from "./comparison.ts"
export { expectGolden, GoldenMismatch, type GoldenOptions } from "./expectGolden.ts"
export { type Document, DocumentError, type Form, formOf, parseDocument } from "./forms/document.ts"
export { type LawName, laws } from "./laws/laws.ts"
export { programLaws, type ProgramLawName, checkProgram } from "./laws/programLaws.ts"
export { type Program, randomProgram, runProgram, shrink } from "./laws/randomProgram.ts"
export { type Check, checks, type Row, rows } from "./laws/table.ts"
export type { Fault, Outcome } from "./outcome.ts"
export { closingLine, encodeReports, showReport } from "./render.ts"
export { type Counts, type Report, runDocument } from "./run.ts"
export { type Target, type TargetName, targetNames, targetOf } from "./targets.ts"
