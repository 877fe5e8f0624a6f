/** Splits: a data set cut into a part to train on and a part to validate on. */
import type { DType, Shape } from "@cotangent/graph"
import { dual } from "effect/Function"
import { argumentError } from "./data-error.ts"
import { type AnyDataset, type Dataset, slice, take } from "./dataset.ts"
import * as Permutation from "./permutation.ts"
import * as Rows from "./rows.ts"

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
  (fraction: number): <D extends AnyDataset>(self: D) => Parts<D>
  <D extends AnyDataset>(self: D, fraction: number): Parts<D>
} = dual(2, <D extends AnyDataset>(self: D, fraction: number): Parts<D> => {
  const size = trainSize(self.size, fraction)
  return { train: slice(self, 0, size), validation: slice(self, size, self.size) }
})

/** Holds out rows drawn at random by `seed`; both parts keep the order of the data. Throws as `validation` does. */
export const random: {
  (fraction: number, seed: number): <D extends AnyDataset>(self: D) => Parts<D>
  <D extends AnyDataset>(self: D, fraction: number, seed: number): Parts<D>
} = dual(3, <D extends AnyDataset>(self: D, fraction: number, seed: number): Parts<D> => {
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
  ): Parts<Dataset<X, [], "i32", XD>> => {
    const held = self.size - trainSize(self.size, fraction)
    const classes = new Map<number, Array<number>>()
    for (const row of Permutation.of(seed, 0, self.size)) {
      const label = self.y.data[row] ?? 0
      const rows = classes.get(label)
      if (rows === undefined) classes.set(label, [row])
      else rows.push(row)
    }
    const labels = [...classes.keys()].toSorted((a, b) => a - b)
    const quotas = largestRemainder(
      labels.map((label) => ((classes.get(label)?.length ?? 0) * held) / self.size),
      held
    )
    const heldOut = new Set(labels.flatMap((label, i) => classes.get(label)?.slice(0, quotas[i]) ?? []))
    const part = (keep: boolean): Rows.Indices =>
      Array.from({ length: self.size }, (_, i) => i).filter((i) => heldOut.has(i) === keep)
    return { train: take(self, part(false)), validation: take(self, part(true)) }
  }
)

const foldCount = (count: number, n: number): number => {
  if (!Number.isInteger(count) || count < 2 || count > n)
    throw argumentError("folds", `${count} folds of ${n} rows; a whole number from 2 to the number of rows is needed`)
  return count
}

/** The parts that hold out one fold after another; `foldOf` says which fold each row is in. */
const partsOf = <D extends AnyDataset>(self: D, count: number, foldOf: Int32Array): ReadonlyArray<Parts<D>> =>
  Array.from({ length: count }, (_, fold) => {
    const part = (held: boolean): Rows.Indices =>
      Array.from({ length: self.size }, (_unused, i) => i).filter((i) => (foldOf[i] === fold) === held)
    return { train: take(self, part(false)), validation: take(self, part(true)) }
  })

/**
 * `count` ways to hold out rows, drawn at random by `seed`: every row is held out once, and the sizes of the folds differ by
 * one at most. All parts keep the order of the data. scikit-learn: `KFold(shuffle=True)`.
 *
 * ```ts
 * const digits = Synthetic.classification({ rows: 100, features: 4, classes: 3, seed: 1 })
 * const sizes = Split.folds(digits, 3, 0).map(({ validation }) => validation.size)
 * ```
 *
 * Throws a `DataError` when there are fewer rows than folds, or fewer than two folds.
 */
export const folds: {
  (count: number, seed: number): <D extends AnyDataset>(self: D) => ReadonlyArray<Parts<D>>
  <D extends AnyDataset>(self: D, count: number, seed: number): ReadonlyArray<Parts<D>>
} = dual(3, <D extends AnyDataset>(self: D, count: number, seed: number): ReadonlyArray<Parts<D>> => {
  const k = foldCount(count, self.size)
  const foldOf = new Int32Array(self.size)
  Permutation.of(seed, 0, self.size).forEach((row, i) => {
    foldOf[row] = i % k
  })
  return partsOf(self, k, foldOf)
})

/**
 * `folds` in which every class is spread evenly: the numbers of its rows in two folds differ by one at most, and so do the
 * sizes of the folds. scikit-learn: `StratifiedKFold(shuffle=True)`. Throws as `folds` does, and for targets that are no labels.
 */
export const stratifiedFolds: {
  (count: number, seed: number): <D extends AnyDataset>(self: D) => ReadonlyArray<Parts<D>>
  <D extends AnyDataset>(self: D, count: number, seed: number): ReadonlyArray<Parts<D>>
} = dual(3, <D extends AnyDataset>(self: D, count: number, seed: number): ReadonlyArray<Parts<D>> => {
  if (self.targetDtype !== "i32" || self.targetShape.length > 0)
    throw argumentError(
      "folds",
      "the targets are no labels, one whole number a row; take folds that are not stratified"
    )
  const k = foldCount(count, self.size)
  const labelOf = (row: number): number => Number(self.y.data[row] ?? 0)
  const foldOf = new Int32Array(self.size)
  // Dealt out like cards, class after class: neither a class nor the whole is ever ahead by more than one.
  Array.from(Permutation.of(seed, 0, self.size))
    .toSorted((a, b) => labelOf(a) - labelOf(b))
    .forEach((row, i) => {
      foldOf[row] = i % k
    })
  return partsOf(self, k, foldOf)
})

/** Whole numbers near `shares` with the sum `total`: the largest fractions are rounded up, the earlier one of equals. */
const largestRemainder = (shares: ReadonlyArray<number>, total: number): ReadonlyArray<number> => {
  const floors = shares.map(Math.floor)
  const missing = total - floors.reduce((a, b) => a + b, 0)
  const byRemainder = shares
    .map((share, i) => [share - Math.floor(share), i] as const)
    .toSorted(([a, i], [b, j]) => b - a || i - j)
  const up = new Set(byRemainder.slice(0, missing).map(([, i]) => i))
  return floors.map((floor, i) => (up.has(i) ? floor + 1 : floor))
}
