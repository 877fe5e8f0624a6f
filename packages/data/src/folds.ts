/** Cross-validation: several splits, in which every row is held out once. */
import { dual } from "effect/Function"
import { argumentError } from "./data-error.ts"
import { checkLabels, compareLabels, groupsOf, type Labels } from "./groups.ts"
import * as Permutation from "./permutation.ts"
import type { Parts } from "./split.ts"
import { isTable, slice, type Splittable, take } from "./splittable.ts"

const foldCount = (count: number, most: number, what = "rows"): number => {
  if (!Number.isInteger(count) || count < 2 || count > most)
    throw argumentError(
      "folds",
      `${count} folds of ${most} ${what}; a whole number from 2 to the number of ${what} is needed`
    )
  return count
}

/** The parts that hold out one fold after another; `foldOf` says which fold each row is in. */
const partsOf = <D extends Splittable>(self: D, count: number, foldOf: Int32Array): ReadonlyArray<Parts<D>> => {
  const rows = Array.from({ length: self.size }, (_, i) => i)
  return Array.from({ length: count }, (_, fold) => ({
    train: take(
      self,
      rows.filter((i) => foldOf[i] !== fold)
    ),
    validation: take(
      self,
      rows.filter((i) => foldOf[i] === fold)
    )
  }))
}

/** Dealt out like cards: the numbers of rows in two folds differ by one at most, and so do those of any run of them. */
const deal = (order: ArrayLike<number>, count: number): Int32Array => {
  const foldOf = new Int32Array(order.length)
  for (let i = 0; i < order.length; i++) foldOf[order[i] ?? 0] = i % count
  return foldOf
}

/**
 * The fold of each of `rows` rows, from 0: that which `folds` holds it out in, for rows that are not in memory.
 *
 * ```ts
 * console.log(Array.from(Split.foldNumbers(5, 2, 0)).filter((fold) => fold === 0).length) // => 3
 * ```
 *
 * Throws a `DataError` when there are fewer rows than folds, or fewer than two folds.
 */
export const foldNumbers = (rows: number, count: number, seed: number): Int32Array =>
  deal(Permutation.of(seed, 0, rows), foldCount(count, rows))

/**
 * `count` ways to hold out rows, drawn at random by `seed`: every row is held out once, and the sizes of the folds differ by
 * one at most. All parts keep the order of the data. Fit preprocessing anew on the training part of each.
 * scikit-learn: `KFold(shuffle=True)`.
 *
 * ```ts
 * const table = Table.fromColumns({ x: [1, 2, 3, 4, 5] })
 * console.log(Split.folds(table, 2, 0).map(({ validation }) => validation.size)) // => [ 3, 2 ]
 * ```
 *
 * Throws a `DataError` when there are fewer rows than folds, or fewer than two folds.
 */
export const folds: {
  (count: number, seed: number): <D extends Splittable>(self: D) => ReadonlyArray<Parts<D>>
  <D extends Splittable>(self: D, count: number, seed: number): ReadonlyArray<Parts<D>>
} = dual(3, <D extends Splittable>(self: D, count: number, seed: number): ReadonlyArray<Parts<D>> => {
  const foldOf = foldNumbers(self.size, count, seed)
  return partsOf(self, count, foldOf)
})

/**
 * `folds` in which every class is spread evenly: the numbers of its rows in two folds differ by one at most, and so do the
 * sizes of the folds. `labels` has one per row. scikit-learn: `StratifiedKFold(shuffle=True)`. Throws as `folds` does,
 * and when there is not one label per row.
 */
export const stratifiedFoldsBy = <D extends Splittable>(
  self: D,
  labels: Labels,
  count: number,
  seed: number
): ReadonlyArray<Parts<D>> => {
  checkLabels(self.name, "labels", labels, self.size)
  const k = foldCount(count, self.size)
  const classes = [...groupsOf(labels, Permutation.of(seed, 0, self.size))].toSorted(([a], [b]) => compareLabels(a, b))
  return partsOf(
    self,
    k,
    deal(
      classes.flatMap(([, rows]) => rows),
      k
    )
  )
}

/** As `stratifiedFoldsBy`, by the targets of a data set. Throws as that does, and for targets that are no labels. */
export const stratifiedFolds: {
  (count: number, seed: number): <D extends Splittable>(self: D) => ReadonlyArray<Parts<D>>
  <D extends Splittable>(self: D, count: number, seed: number): ReadonlyArray<Parts<D>>
} = dual(3, <D extends Splittable>(self: D, count: number, seed: number): ReadonlyArray<Parts<D>> => {
  const labels = isTable(self) || self.targetDtype !== "i32" || self.targetShape.length > 0 ? undefined : self.y.data
  if (labels === undefined)
    throw argumentError(
      "folds",
      "the targets are no labels, one whole number a row; take folds that are not stratified, or stratifiedFoldsBy"
    )
  return stratifiedFoldsBy(self, labels, count, seed)
})

/**
 * `folds` of whole groups: no group (a patient, a user, a document) is in two of them. `groups` has one entry per row.
 * Large groups are dealt first, each to the fold with the fewest rows. scikit-learn: `GroupKFold`.
 * Throws as `folds` does, and when there are fewer groups than folds.
 */
export const groupedFolds = <D extends Splittable>(
  self: D,
  groups: Labels,
  count: number,
  seed: number
): ReadonlyArray<Parts<D>> => {
  checkLabels(self.name, "groups", groups, self.size)
  const all = [...groupsOf(groups, Permutation.of(seed, 0, self.size)).values()]
  const sizes = Array.from({ length: foldCount(count, all.length, "groups") }, () => 0)
  const foldOf = new Int32Array(self.size)
  for (const rows of all.toSorted((a, b) => b.length - a.length)) {
    const fold = sizes.indexOf(Math.min(...sizes))
    sizes[fold] = (sizes[fold] ?? 0) + rows.length
    for (const row of rows) foldOf[row] = fold
  }
  return partsOf(self, count, foldOf)
}

/**
 * Splits for data in the order of time: fold i trains on the first i + 1 blocks of `count` + 1 and holds out the next
 * one, so that none learns from what comes later. The first block takes what does not divide.
 * scikit-learn: `TimeSeriesSplit`. Throws a `DataError` when there are no more rows than folds, or fewer than two folds.
 */
export const timeFolds = <D extends Splittable>(self: D, count: number): ReadonlyArray<Parts<D>> => {
  foldCount(count, self.size - 1, "rows but one")
  const size = Math.floor(self.size / (count + 1))
  return Array.from({ length: count }, (_, i) => {
    const start = self.size - (count - i) * size
    return { train: slice(self, 0, start), validation: slice(self, start, start + size) }
  })
}
