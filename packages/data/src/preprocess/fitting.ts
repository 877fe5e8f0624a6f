/** Learns a recipe from tables that come one after the other, in as many passes as its longest chain has steps. */
import { DataError, type Problem } from "../data-error.ts"
import { type AnyTable, noColumn } from "../table/table.ts"
import { categoryLearner, finder, unknownCategory } from "./categories.ts"
import type { AnyFitted } from "./fitted.ts"
import { type ChainLearner, chainLearner, type Learned } from "./kinds.ts"
import type { Recipe } from "./recipe.ts"
import type { Category } from "./step.ts"

/** A recipe that is being learned. */
export interface Fitting {
  /** Takes the rows of a table. */
  readonly take: (table: AnyTable) => void
  /** Ends a pass; gives whether another one is needed. */
  readonly end: () => boolean
  /** What was learned. */
  readonly result: () => AnyFitted | DataError
}

type Classes = readonly [Category, ...Array<Category>]

/** Learns the classes of a target in one pass; those that are given are checked. */
const classLearner = (given: ReadonlyArray<Category> | undefined) => {
  const learner = categoryLearner(given)
  const find = given === undefined ? undefined : finder(given)
  let sentence: string | undefined
  let done = false
  return {
    take: (cell: unknown, row: number): void => {
      if (done || sentence !== undefined) return
      const refused =
        learner.take(cell) ??
        (find !== undefined && find(cell) === undefined ? unknownCategory(cell, given ?? []) : undefined)
      if (refused !== undefined) sentence = `row ${row}: ${refused}`
    },
    end: (): boolean => {
      done = true
      return false
    },
    result: (): Classes | { readonly sentence: string } => {
      const classes = sentence ?? learner.learned()
      return typeof classes === "string" ? { sentence: classes } : classes
    }
  }
}

interface Column {
  readonly column: string
  readonly learner: Pick<ChainLearner, "take" | "end">
}

/** Starts to learn a recipe; with `check` one more pass sees that what was learned takes every row. */
export const makeFitting = (recipe: Recipe<never, never>, source: string, check: boolean): Fitting => {
  const inputs = recipe.inputs.map(({ name, column, plans }) => ({ name, column, learner: chainLearner(plans, check) }))
  const { target } = recipe
  const label = target?.kind === "label" ? classLearner(target.classes) : undefined
  const number = target?.kind === "number" ? chainLearner(target.plans, check) : undefined
  const predicted = label ?? number
  const columns: ReadonlyArray<Column> =
    target === undefined || predicted === undefined
      ? inputs
      : [...inputs, { column: target.column, learner: predicted }]
  const lacking = new Map<string, string>()
  let rows = 0

  return {
    take: (table) => {
      for (const { column, learner } of columns) {
        const cells = Object.hasOwn(table.columns, column) ? table.columns[column] : undefined
        if (cells === undefined) lacking.set(column, noColumn(table, column))
        else for (let i = 0; i < cells.length; i++) learner.take(cells[i], rows + i)
      }
      rows += table.size
    },
    end: () => {
      const again = columns.map(({ learner }) => learner.end()).includes(true)
      if (rows === 0 || !again || lacking.size > 0) return false
      rows = 0
      return true
    },
    result: () => {
      if (rows === 0)
        return new DataError({ source, kind: "empty", problems: [{ sentence: "there are no rows to learn from" }] })
      const problems: Array<Problem> = []
      const take = <A extends ReadonlyArray<unknown>>(
        column: string,
        found: A | { readonly sentence: string }
      ): A | undefined => {
        const absent = lacking.get(column)
        if (absent !== undefined) problems.push({ sentence: absent })
        else if ("sentence" in found) problems.push({ sentence: `column ${JSON.stringify(column)}: ${found.sentence}` })
        return "sentence" in found ? undefined : found
      }
      const steps = inputs.map(({ name, column, learner }) => ({
        name,
        column,
        steps: take<ReadonlyArray<Learned>>(column, learner.result()) ?? []
      }))
      const fittedTarget = (): AnyFitted["target"] => {
        if (target === undefined) return undefined
        const { column } = target
        if (number !== undefined) return { kind: "number", column, steps: take(column, number.result()) ?? [] }
        const classes = label === undefined ? undefined : take<Classes>(column, label.result())
        return classes === undefined ? undefined : { kind: "label", column, classes }
      }
      const learnedTarget = fittedTarget()
      const [problem, ...others] = problems
      if (problem !== undefined) return new DataError({ source, kind: "malformed", problems: [problem, ...others] })
      const [first, ...rest] = steps
      return first === undefined
        ? new DataError({ source, kind: "argument", problems: [{ sentence: "the recipe has no inputs" }] })
        : { version: 1, inputs: [first, ...rest], ...(learnedTarget === undefined ? {} : { target: learnedTarget }) }
    }
  }
}
