/** Splits: a data set or a table cut into a part to train on and a part to validate on. */
import type { DType, Shape } from "@cotangent/graph"
import { dual } from "effect/Function"
import { argumentError } from "./data-error.ts"
import type { Dataset } from "./dataset.ts"
import { checkLabels, compareLabels, groupsOf, type Labels, largestRemainder } from "./groups.ts"
import * as Permutation from "./permutation.ts"
import type * as Rows from "./rows.ts"
import { slice, type Splittable, take } from "./splittable.ts"

export type { Labels } from "./groups.ts"
export { foldNumbers, folds, groupedFolds, stratifiedFolds, stratifiedFoldsBy, timeFolds } from "./folds.ts"

/** The two parts of a split. */
export interface Parts<D> {
  readonly train: D
  readonly validation: D
}

/**
 * How many rows stay for training when `fraction` of them is held out: floor(n (1 - fraction)), computed in float64 as
 * Keras does (`train_validation_split`), so that 1797 rows and 0.2 give 1437.
 * Throws a `DataError` when `fraction` is not between 0 and 1, or one of the parts would be empty.
 */
export const trainSize = (n: number, fraction: number): number => {
  if (!(fraction > 0 && fraction < 1))
    throw argumentError("split", `the fraction is ${fraction}; a number between 0 and 1, both excluded, is needed`)
  const size = Math.floor(n * (1 - fraction))
  if (size === 0 || size === n) {
    throw argumentError(
      "split",
      `${fraction} of ${n} rows would leave ${size} rows to train on and ${n - size} to validate on; both need at least one`
    )
  }
  return size
}

/**
 * Holds out the last `fraction` of the rows, in the order they are stored: what Keras calls `validation_split`. The
 * parts are views. Rows sorted by class make a bad validation set this way: use `stratified` or `random` then.
 * Throws a `DataError` when the fraction does not fit.
 */
export const validation: {
  (fraction: number): <D extends Splittable>(self: D) => Parts<D>
  <D extends Splittable>(self: D, fraction: number): Parts<D>
} = dual(2, <D extends Splittable>(self: D, fraction: number): Parts<D> => {
  const size = trainSize(self.size, fraction)
  return { train: slice(self, 0, size), validation: slice(self, size, self.size) }
})

/** Holds out rows drawn at random by `seed`; both parts keep the order of the data. Throws as `validation` does. */
export const random: {
  (fraction: number, seed: number): <D extends Splittable>(self: D) => Parts<D>
  <D extends Splittable>(self: D, fraction: number, seed: number): Parts<D>
} = dual(3, <D extends Splittable>(self: D, fraction: number, seed: number): Parts<D> => {
  const size = trainSize(self.size, fraction)
  const order = Permutation.of(seed, 0, self.size)
  return { train: take(self, order.slice(0, size).sort()), validation: take(self, order.slice(size).sort()) }
})

/**
 * Holds out rows drawn at random by `seed`, so that every class has the same share of both parts as nearly as whole
 * numbers allow: shares are rounded by largest remainder, and the sizes of the parts are those of `validation`.
 * Throws as `validation` does.
 */
export const stratified: {
  (
    fraction: number,
    seed: number
  ): <X extends Shape, XD extends DType>(self: Dataset<X, [], "i32", XD>) => Parts<Dataset<X, [], "i32", XD>>
  <X extends Shape, XD extends DType>(
    self: Dataset<X, [], "i32", XD>,
    fraction: number,
    seed: number
  ): Parts<Dataset<X, [], "i32", XD>>
} = dual(
  3,
  <X extends Shape, XD extends DType>(
    self: Dataset<X, [], "i32", XD>,
    fraction: number,
    seed: number
  ): Parts<Dataset<X, [], "i32", XD>> => stratifiedBy(self, self.y.data, fraction, seed)
)

const partition = <D extends Splittable>(self: D, heldOut: ReadonlySet<number>): Parts<D> => {
  const part = (held: boolean): Rows.Indices =>
    Array.from({ length: self.size }, (_, i) => i).filter((i) => heldOut.has(i) === held)
  return { train: take(self, part(false)), validation: take(self, part(true)) }
}

/**
 * As `stratified`, by labels of one's own, one per row: `Split.stratifiedBy(table, table.columns.species, 0.2, 1)`.
 * Throws as `validation` does, and when there is not one label per row.
 */
export const stratifiedBy = <D extends Splittable>(
  self: D,
  labels: Labels,
  fraction: number,
  seed: number
): Parts<D> => {
  checkLabels(self.name, "labels", labels, self.size)
  const held = self.size - trainSize(self.size, fraction)
  const classes = groupsOf(labels, Permutation.of(seed, 0, self.size))
  const ordered = [...classes.keys()].toSorted(compareLabels).map((label) => classes.get(label) ?? [])
  const quotas = largestRemainder(
    ordered.map((rows) => (rows.length * held) / self.size),
    held
  )
  return partition(self, new Set(ordered.flatMap((rows, i) => rows.slice(0, quotas[i]))))
}

/**
 * Holds out whole groups, drawn at random by `seed`, so that no group (a patient, a user, a document) is in both parts.
 * `groups` has one entry per row. Groups are held out while that brings the share of rows nearer to `fraction`.
 * Throws as `validation` does, and when there are fewer than two groups.
 */
export const grouped = <D extends Splittable>(self: D, groups: Labels, fraction: number, seed: number): Parts<D> => {
  checkLabels(self.name, "groups", groups, self.size)
  const wanted = self.size - trainSize(self.size, fraction)
  const all = [
    ...groupsOf(
      groups,
      Array.from({ length: self.size }, (_, i) => i)
    ).values()
  ]
  if (all.length < 2)
    throw argumentError(self.name, `there is ${all.length} group, and both parts of a split need at least one`)
  const drawn = Array.from(Permutation.of(seed, 0, all.length), (i) => all[i] ?? [])
  const heldOut = new Set(drawn[0])
  for (const rows of drawn.slice(1, -1))
    if (Math.abs(heldOut.size + rows.length - wanted) < Math.abs(heldOut.size - wanted))
      for (const row of rows) heldOut.add(row)
  return partition(self, heldOut)
}

/**
 * Holds out the latest `fraction` of the rows by `times`, one number per row, whatever their order. Rows of the same
 * time stay together, so everything to train on is strictly earlier than everything held out: what is known later
 * cannot leak. Both parts keep the order of the data.
 * Throws as `validation` does, and when times are not finite or all of the earliest rows would be held out.
 */
export const byTime = <D extends Splittable>(self: D, times: ArrayLike<number>, fraction: number): Parts<D> => {
  checkLabels(self.name, "times", times, self.size)
  const size = trainSize(self.size, fraction)
  const sorted = Float64Array.from(times).sort()
  if (!sorted.every(Number.isFinite)) throw argumentError(self.name, "a time is not a finite number")
  const cut = sorted[size] ?? Number.NaN
  if (sorted[0] === cut)
    throw argumentError(
      self.name,
      `the time ${cut} of the first row to hold out is also the earliest one, so nothing would be left to train on`
    )
  return partition(self, new Set(Array.from({ length: self.size }, (_, i) => i).filter((i) => (times[i] ?? 0) >= cut)))
}
