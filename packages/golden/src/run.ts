/** Running golden files: every case becomes an outcome. */
import { checkGradientCase } from "./gradients/check.ts"
import { checkJacobian, checkSecondOrder } from "./gradients/higher.ts"
import type { Document, Form } from "./forms/document.ts"
import { checkOptimizerCase } from "./optimizers/check.ts"
import type { Outcome } from "./outcome.ts"
import { checkSolverRun } from "./optimizers/solvers.ts"
import { checkScheduleCase } from "./schedules/check.ts"
import { type TargetName, targetNames, targetOf, type Target } from "./targets.ts"
import { checkTrainingRun } from "./training/check.ts"

/** How many cases passed, failed and were skipped. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** What became of a golden file. */
export interface Report extends Counts {
  readonly file: string
  readonly form: Form
  readonly targets: ReadonlyArray<TargetName>
  readonly outcomes: ReadonlyArray<Outcome>
}

/** The counts of outcomes. */
export const countsOf = (outcomes: ReadonlyArray<Outcome>): Counts => {
  const of = (tag: Outcome["tag"]): number => outcomes.filter((outcome) => outcome.tag === tag).length
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") }
}

/** The counts of several reports. */
export const totalOf = (all: ReadonlyArray<Counts>): Counts =>
  all.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }), {
    passed: 0,
    failed: 0,
    skipped: 0
  })

const outcomesOf = (document: Document, targets: ReadonlyArray<Target>): ReadonlyArray<Outcome> => {
  switch (document.form) {
    case "gradients": {
      const { constants, cases = [], second_order = [], jacobians = [] } = document.content
      return [
        ...cases.map((golden) => checkGradientCase(golden, targets)),
        ...second_order.map((golden) => checkSecondOrder(golden, constants, targets)),
        ...jacobians.map((golden) => checkJacobian(golden, constants, targets))
      ]
    }
    case "optimizers": {
      const file = document.content
      const { lbfgs } = file
      const solved = lbfgs === undefined ? [] : lbfgs.cases.map((golden) => checkSolverRun(golden, lbfgs, targets))
      return [...file.cases.map((golden) => checkOptimizerCase(golden, file, targets)), ...solved]
    }
    case "schedules":
      return document.content.cases.map((golden) => checkScheduleCase(golden, targets))
    case "training":
      return document.content.runs.map((golden) => checkTrainingRun(golden, targets))
  }
}

/** Runs every case of a golden file on the named targets, all of them unless given. */
export const runDocument = (
  file: string,
  document: Document,
  targets: ReadonlyArray<TargetName> = targetNames
): Report => {
  const outcomes = outcomesOf(document, targets.map(targetOf))
  return { file, form: document.form, targets, outcomes, ...countsOf(outcomes) }
}
