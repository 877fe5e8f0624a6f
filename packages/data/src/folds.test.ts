import { assert, describe, it } from "@effect/vitest"
import { DataError } from "./data-error.ts"
import { Dataset, Split, Table } from "./index.ts"
import type { Parts } from "./index.ts"

const numbered = (n: number) => Table.fromColumns({ id: Array.from({ length: n }, (_, i) => i) })
type Numbered = ReturnType<typeof numbered>

const sorted = (ids: ReadonlyArray<number>) => ids.toSorted((a, b) => a - b)
const ids = (part: Numbered) => [...part.columns.id]

/** The parts of each split are a partition in the order of the data, and the held-out parts are one, too. */
const assertFolds = (all: Numbered, folds: ReadonlyArray<Parts<Numbered>>) => {
  for (const { train, validation } of folds) {
    assert.deepStrictEqual(sorted([...ids(train), ...ids(validation)]), ids(all))
    assert.deepStrictEqual(ids(train), sorted(ids(train)))
    assert.deepStrictEqual(ids(validation), sorted(ids(validation)))
    assert.isAbove(validation.size, 0)
  }
  assert.deepStrictEqual(sorted(folds.flatMap(({ validation }) => ids(validation))), ids(all))
}

const count = (labels: ReadonlyArray<unknown>, part: Numbered, label: unknown) =>
  ids(part).filter((id) => labels[id] === label).length

describe("Split", () => {
  it("folds hold out every row once, in parts that differ by one row at most", () => {
    for (const n of [2, 5, 10, 31])
      for (const count of [2, 3, 5].filter((k) => k <= n))
        for (const seed of [0, 1]) {
          const all = numbered(n)
          const made = Split.folds(all, count, seed)
          assert.strictEqual(made.length, count)
          assertFolds(all, made)
          const sizes = made.map(({ validation }) => validation.size)
          assert.isAtMost(Math.max(...sizes) - Math.min(...sizes), 1)
        }
    assert.deepStrictEqual(Split.folds(numbered(20), 4, 3), Split.folds(numbered(20), 4, 3))
    assert.notDeepEqual(Split.folds(numbered(20), 4, 3), Split.folds(numbered(20), 4, 4))
  })

  it("stratified folds have the same number of each class, or one more", () => {
    for (const [n, count_] of [
      [30, 3],
      [31, 4],
      [17, 5]
    ] as const) {
      const all = numbered(n)
      const labels = Array.from({ length: n }, (_, i) => (i % 7 === 0 ? "rare" : i % 2 === 0 ? "even" : "odd"))
      const made = Split.stratifiedFoldsBy(all, labels, count_, 5)
      assertFolds(all, made)
      for (const label of new Set(labels)) {
        const counts = made.map(({ validation }) => count(labels, validation, label))
        assert.isAtMost(Math.max(...counts) - Math.min(...counts), 1, label)
      }
      const sizes = made.map(({ validation }) => validation.size)
      assert.isAtMost(Math.max(...sizes) - Math.min(...sizes), 1)
      // The targets of a data set are labels, too.
      const y = Int32Array.from(labels, (label) => ["even", "odd", "rare"].indexOf(label))
      const data = Dataset.classification({ inputShape: [1], rows: [...all.columns.id], labels: y, classes: 3 })
      const ofData = Split.stratifiedFolds(data, count_, 5)
      assert.deepStrictEqual(
        ofData.map(({ validation }) => [...validation.x.data]),
        made.map(({ validation }) => ids(validation))
      )
    }
  })

  it("no group is in two folds", () => {
    const all = numbered(40)
    const groups = Array.from({ length: 40 }, (_, i) => `user ${Math.floor(Math.sqrt(i))}`)
    for (const seed of [0, 1, 2]) {
      const made = Split.groupedFolds(all, groups, 3, seed)
      assertFolds(all, made)
      for (const group of new Set(groups))
        assert.strictEqual(made.filter(({ validation }) => count(groups, validation, group) > 0).length, 1)
    }
    assert.throws(() => Split.groupedFolds(all, groups, 8, 0), DataError, /8 folds of 7 groups/)
  })

  it("timeFolds train on the past only", () => {
    for (const [n, folds] of [
      [10, 3],
      [12, 5],
      [3, 2]
    ] as const) {
      const made = Split.timeFolds(numbered(n), folds)
      assert.strictEqual(made.length, folds)
      for (const { train, validation } of made) {
        assert.isAbove(train.size, 0)
        assert.strictEqual(validation.size, Math.floor(n / (folds + 1)))
        assert.deepStrictEqual([...ids(train), ...ids(validation)], ids(numbered(train.size + validation.size)))
      }
      assert.strictEqual(made.at(-1)?.validation.columns.id.at(-1), n - 1)
    }
  })

  it("byTime: everything to train on is earlier than everything held out", () => {
    for (let step = 1; step <= 30; step++) {
      const times = Array.from({ length: 50 }, (_, i) => Math.floor(((i * 37) % 50) / step))
      if (new Set(times).size === 1) continue
      const all = numbered(50)
      const cut = () => Split.byTime(all, times, 0.2)
      const latest = times.toSorted((a, b) => a - b)[40] ?? 0
      if (latest === Math.min(...times)) {
        assert.throws(cut, DataError, /nothing would be left to train on/)
        continue
      }
      const { train, validation } = cut()
      assert.deepStrictEqual(sorted([...ids(train), ...ids(validation)]), ids(all))
      assert.isAtLeast(validation.size, 10)
      assert.isBelow(
        Math.max(...ids(train).map((id) => times[id] ?? 0)),
        Math.min(...ids(validation).map((id) => times[id] ?? 0))
      )
    }
    assert.throws(() => Split.byTime(numbered(5), [1, 2, NaN, 4, 5], 0.2), DataError, /not a finite number/)
  })

  it("grouped parts share no group and come near the fraction", () => {
    const all = numbered(100)
    const groups = Array.from({ length: 100 }, (_, i) => Math.floor(i / 5))
    for (let seed = 0; seed < 10; seed++) {
      const { train, validation } = Split.grouped(all, groups, 0.3, seed)
      assert.deepStrictEqual(sorted([...ids(train), ...ids(validation)]), ids(all))
      const held = new Set(ids(validation).map((id) => groups[id]))
      assert.isFalse(ids(train).some((id) => held.has(groups[id])))
      assert.strictEqual(validation.size, 30)
    }
    const lopsided = Split.grouped(numbered(10), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 0.2, 0)
    assert.isAbove(lopsided.train.size, 0)
    assert.throws(() => Split.grouped(numbered(4), [1, 1, 1, 1], 0.5, 0), DataError, /there is 1 group/)
  })

  it("stratifiedBy takes the labels of a table", () => {
    const all = numbered(40)
    const labels = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? "a" : "b"))
    const { train, validation } = Split.stratifiedBy(all, labels, 0.2, 1)
    assert.strictEqual(count(labels, validation, "a"), 2)
    assert.strictEqual(count(labels, train, "a"), 8)
  })

  it("says what does not fit", () => {
    const all = numbered(4)
    assert.throws(() => Split.folds(all, 5, 0), DataError, /5 folds of 4 rows; a whole number from 2/)
    assert.throws(() => Split.folds(all, 1.5, 0), DataError, /1.5 folds/)
    assert.throws(() => Split.stratifiedFoldsBy(all, [1], 2, 0), DataError, /1 labels for 4 rows/)
    assert.throws(() => Split.stratifiedFolds(all, 2, 0), DataError, /no labels.*or stratifiedFoldsBy/)
    assert.throws(() => Split.timeFolds(all, 4), DataError, /4 folds of 3 rows but one/)
  })
})
