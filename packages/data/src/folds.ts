/** Cross-validation: k splits, in which every row is held out once. */
import { argumentError } from "./data-error.ts"
import { checkLabels, groupsOf, type Labels } from "./groups.ts"
import * as Permutation from "./permutation.ts"
import type { Parts } from "./split.ts"
import { slice, type Splittable, take } from "./splittable.ts"

/** How to deal rows to folds. */
export interface FoldOptions {
  readonly folds: number
  /** Deals the rows at random; without it, in the order of the data. */
  readonly seed?: number
  /** One class per row; every fold gets the same share of each, as nearly as whole numbers allow. */
  readonly stratify?: Labels
  /** One group per row; a group is in one fold only. */
  readonly groups?: Labels
}

const checkFolds = (source: string, folds: number, most: number, what: string): void => {
  if (!Number.isInteger(folds) || folds < 2 || folds > most)
    throw argumentError(
      source,
      `${folds} folds were asked for; a whole number from 2 to ${most}, the number of ${what}, is needed`
    )
}

/** Deals whole groups, large ones first, each to the fold with the fewest rows. */
const dealGroups = (
  groups: ReadonlyArray<ReadonlyArray<number>>,
  folds: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const dealt: Array<Array<number>> = Array.from({ length: folds }, () => [])
  for (const rows of groups.toSorted((a, b) => b.length - a.length)) {
    const smallest = dealt.reduce((a, b) => (b.length < a.length ? b : a))
    smallest.push(...rows)
  }
  return dealt
}

/** Deals runs of rows in turn: a fold has as many of each run as any other, or one more. */
const dealRuns = (runs: ReadonlyArray<ReadonlyArray<number>>, folds: number): ReadonlyArray<ReadonlyArray<number>> => {
  const dealt: Array<Array<number>> = Array.from({ length: folds }, () => [])
  runs.flat().forEach((row, i) => dealt[i % folds]?.push(row))
  return dealt
}

/** Cuts an order into blocks of equal length; the first ones have one row more where that does not go up. */
const blocks = (order: ReadonlyArray<number>, folds: number): ReadonlyArray<ReadonlyArray<number>> => {
  const size = Math.floor(order.length / folds)
  const longer = order.length % folds
  const start = (fold: number) => fold * size + Math.min(fold, longer)
  return Array.from({ length: folds }, (_, fold) => order.slice(start(fold), start(fold + 1)))
}

/**
 * The k splits of k-fold cross-validation: every row is held out exactly once. Parts keep the order of the data.
 * Fit preprocessing anew on each `train`. Throws a `DataError` when `folds` does not fit, `stratify` and `groups` are
 * both given, or do not have one entry per row.
 *
 * ```ts
 * const table = Table.fromColumns({ x: [1, 2, 3, 4, 5] })
 * const folds = Split.kFold(table, { folds: 2 })
 * console.log(folds.map(({ validation }) => validation.columns.x)) // => [ [ 1, 2, 3 ], [ 4, 5 ] ]
 * ```
 */
export const kFold = <D extends Splittable>(self: D, options: FoldOptions): ReadonlyArray<Parts<D>> => {
  const { folds, groups, seed, stratify } = options
  if (groups !== undefined && stratify !== undefined)
    throw argumentError(self.name, "kFold: give `stratify` or `groups`, not both")
  const order =
    seed === undefined ? Array.from({ length: self.size }, (_, i) => i) : [...Permutation.of(seed, 0, self.size)]
  const deal = (): ReadonlyArray<ReadonlyArray<number>> => {
    if (groups !== undefined) {
      checkLabels(self.name, "groups", groups, self.size)
      const all = [...groupsOf(groups, order).values()]
      checkFolds(self.name, folds, all.length, "groups")
      return dealGroups(all, folds)
    }
    checkFolds(self.name, folds, self.size, "rows")
    if (stratify === undefined) return blocks(order, folds)
    checkLabels(self.name, "classes", stratify, self.size)
    return dealRuns([...groupsOf(stratify, order).values()], folds)
  }
  return deal().map((held) => {
    const heldOut = new Set(held)
    const rows = Array.from({ length: self.size }, (_, i) => i)
    return {
      train: take(
        self,
        rows.filter((i) => !heldOut.has(i))
      ),
      validation: take(
        self,
        rows.filter((i) => heldOut.has(i))
      )
    }
  })
}

/**
 * Splits for data in the order of time: fold i trains on the first i + 1 blocks of k + 1 and holds out the next one, so
 * that no fold learns from what comes later (scikit-learn's TimeSeriesSplit). The first block takes what does not
 * divide. Throws a `DataError` when `folds` does not fit.
 */
export const timeFolds = <D extends Splittable>(self: D, folds: number): ReadonlyArray<Parts<D>> => {
  checkFolds(self.name, folds, self.size - 1, "rows but one")
  const size = Math.floor(self.size / (folds + 1))
  return Array.from({ length: folds }, (_, i) => {
    const start = self.size - (folds - i) * size
    return { train: slice(self, 0, start), validation: slice(self, start, start + size) }
  })
}
