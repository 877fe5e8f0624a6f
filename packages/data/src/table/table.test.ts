import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { DataError } from "../data-error.ts"
import { Split, Table } from "../index.ts"

const people = Table.fromColumns(
  { name: ["Ann", "Bo", "Cy"], age: [31, null, 52], city: ["Bern", "Rome", "Bern"] },
  "people"
)

describe("Table", () => {
  it("is columns of cells, and rows on demand", () => {
    expectTypeOf(Table.row(people, 0)).toEqualTypeOf<{
      readonly name: string
      readonly age: number | null
      readonly city: string
    }>()
    assert.deepStrictEqual(Table.fromRows(Table.rows(people), "people"), people)
    assert.deepStrictEqual(Table.column(people, "age"), [31, null, 52])
    assert.deepStrictEqual(Table.missingCounts(people), { name: 0, age: 1, city: 0 })
    assert.deepStrictEqual(Table.filter(people, ({ city }) => city === "Bern").columns.name, ["Ann", "Cy"])
    assert.deepStrictEqual(Table.slice(people, 1, 9).columns.name, ["Bo", "Cy"])
    assert.deepStrictEqual(Table.take(people, [2, 0, 0]).columns.name, ["Cy", "Ann", "Ann"])
  })

  it("says what does not fit", () => {
    assert.throws(() => Table.fromColumns({}), DataError, /at least one column/)
    assert.throws(() => Table.fromColumns({ a: [1], b: [1, 2] }), DataError, /"a" has 1 cells and "b" has 2/)
    assert.throws(() => Table.fromRows([]), DataError, /there are no rows/)
    assert.throws(
      () => Table.fromRows<Table.Row>([{ a: 1, b: 2 }, { a: 1 }]),
      DataError,
      /row 1 has no "b".*write null for a cell that is not known/
    )
    assert.throws(() => Table.row(people, 3), DataError, /index 3/)
    assert.throws(() => Table.take(people, [-1]), DataError, /index -1/)
    const untyped: string = "sex"
    assert.throws(() => Table.column(people, untyped as "age"), DataError, /no column "sex"; the columns are "name"/)
    assert.throws(() => Table.column(people, "toString" as "age"), DataError, /no column "toString"/)
    assert.throws(() => Table.drop(people, [untyped as "age"]), DataError, /no column "sex"/)
  })

  it("derives tables", () => {
    const aged = Table.withColumn(people, "old", ({ age }) => age !== null && age > 40)
    expectTypeOf(aged.columns.old).toEqualTypeOf<ReadonlyArray<boolean>>()
    assert.deepStrictEqual(aged.columns.old, [false, false, true])
    const replaced = Table.withColumn(people, "age", ({ age }) => String(age))
    expectTypeOf(replaced.columns.age).toEqualTypeOf<ReadonlyArray<string>>()
    const less = Table.drop(aged, ["age", "city"])
    expectTypeOf<keyof typeof less.columns>().toEqualTypeOf<"name" | "old">()
    assert.deepStrictEqual(Object.keys(less.columns), ["name", "old"])
    assert.deepStrictEqual(Table.select(people, ["city", "name"]).columns, {
      city: people.columns.city,
      name: people.columns.name
    })
    const known = Table.dropMissing(people, ["age"])
    expectTypeOf(known.columns.age).toEqualTypeOf<ReadonlyArray<number>>()
    expectTypeOf(known.columns.city).toEqualTypeOf<ReadonlyArray<string>>()
    assert.deepStrictEqual(known.columns, { name: ["Ann", "Cy"], age: [31, 52], city: ["Bern", "Bern"] })
    assert.deepStrictEqual(Table.dropMissing(people, ["name", "city"]).columns, people.columns)
    assert.throws(() => Table.dropMissing(people, ["sex" as "age"]), DataError, /no column "sex"/)
    assert.deepStrictEqual(Table.sortBy(people, "city").columns.name, ["Ann", "Cy", "Bo"])
    assert.deepStrictEqual(Table.sortBy(people, "age").columns.name, ["Ann", "Cy", "Bo"])
    const parts = Split.folds(people, 3, 1).map(({ validation }) => validation)
    const [first = people, ...rest] = parts
    assert.deepStrictEqual(Table.sortBy(Table.concat(first, ...rest), "name"), people)
    const other = Table.withColumn(people, "x", () => 0)
    assert.throws(() => Table.concat(people, other), DataError, /no column "x"/)
  })

  it("describes itself", () => {
    assert.deepStrictEqual(Table.counts(people, "city"), [
      ["Bern", 2],
      ["Rome", 1]
    ])
    assert.deepStrictEqual(Table.summaries(people)[1], {
      column: "age",
      count: 2,
      missing: 1,
      distinct: 2,
      numbers: {
        mean: 41.5,
        deviation: Math.sqrt(220.5),
        min: 31,
        lowerQuartile: 36.25,
        median: 41.5,
        upperQuartile: 46.75,
        max: 52
      }
    })
    assert.strictEqual(
      Table.describe(people),
      [
        "column  count  missing  distinct  mean  deviation  min  median  max  most frequent",
        "name        3        0         3                                     Ann (1)",
        "age         2        1         2  41.5      14.85   31    41.5   52",
        "city        3        0         2                                     Bern (2)"
      ].join("\n")
    )
  })
})
