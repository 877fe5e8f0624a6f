import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Dataset as AnyData, Permutation, Preprocess, Split, Table, Vocabulary } from "../index.ts"
import type { Dataset } from "../index.ts"
import { DataError } from "../data-error.ts"

const sizes = Table.fromColumns({
  age: [20, null, 40, 60],
  city: ["Bern", "Rome", "Bern", "Oslo"],
  member: [true, false, true, true],
  note: ["good, good day", "day off", "", "so good"],
  price: [1, 2, 3, 6],
  kind: ["b", "a", "b", "a"]
})

const recipe = Preprocess.make(
  {
    age: Preprocess.steps(Preprocess.impute("mean", { indicator: true }), Preprocess.standardise),
    city: Preprocess.oneHot({ unknown: "other" }),
    member: Preprocess.flag,
    note: Preprocess.tokenise({ by: "words", length: 3 }),
    decade: Preprocess.from(
      "age",
      Preprocess.steps(Preprocess.impute("median"), Preprocess.bucket({ edges: [30, 50] }))
    )
  },
  Preprocess.label("kind")
)
const fitted = Result.getOrThrow(Preprocess.fit(recipe, sizes))

const sentences = (result: Result.Result<unknown, DataError>): ReadonlyArray<string> =>
  Result.isFailure(result) ? result.failure.problems.map(({ sentence }) => sentence) : []

const numbersOf = (
  step: Preprocess.Step<never, number | boolean | Preprocess.Features>,
  cells: ReadonlyArray<unknown>
) => {
  const table = Table.fromColumns({ x: cells })
  // The cells are of any type, to see what a step says of them.
  const one = Preprocess.make({ x: step as Preprocess.Step<unknown, number> })
  return Result.map(
    Result.flatMap(Preprocess.fit(one, table), (done) => Preprocess.inputs(done, table)),
    ({ data }) => Array.from(data)
  )
}
const values = (step: Preprocess.Step<never, number | boolean | Preprocess.Features>, cells: ReadonlyArray<unknown>) =>
  Result.getOrThrow(numbersOf(step, cells))

describe("Preprocess", () => {
  it("one row and a table of rows become the same numbers, in the order of the features", () => {
    assert.deepStrictEqual(Preprocess.features(fitted), [
      "age",
      "age missing",
      "city=Bern",
      "city=Oslo",
      "city=Rome",
      "city other",
      "member",
      "note 0",
      "note 1",
      "note 2",
      "decade in [-inf, 30)",
      "decade in [30, 50)",
      "decade in [50, inf)"
    ])
    const { data, shape } = Result.getOrThrow(Preprocess.inputs(fitted, sizes))
    assert.deepStrictEqual(shape, [4, Preprocess.width(fitted)])
    const rows = Table.rows(sizes).flatMap((row) => [...Result.getOrThrow(Preprocess.row(fitted, row))])
    assert.deepStrictEqual(rows, [...data])
    // The ages 20, 40, 40 (the mean of 20, 40, 60), 60: mean 40, deviation sqrt(200).
    const z = Math.fround(-20 / Math.sqrt(200))
    assert.deepStrictEqual([...data.subarray(0, 13)], [z, 0, 1, 0, 0, 0, 1, 2, 2, 3, 1, 0, 0])
    assert.deepStrictEqual([...data.subarray(13, 26)], [0, 1, 0, 0, 1, 0, 0, 3, 4, 0, 0, 1, 0])
  })

  it("is typed by the columns it reads and by its target", () => {
    expectTypeOf(fitted).toEqualTypeOf<
      Preprocess.Fitted<
        {
          readonly age: Preprocess.Missing<number>
          readonly city: Preprocess.Category
          readonly member: boolean
          readonly note: string
        },
        "label"
      >
    >()
    expectTypeOf(Preprocess.dataset(fitted, sizes)).toEqualTypeOf<
      Result.Result<Dataset<[number], [], "i32">, DataError>
    >()
    expectTypeOf(Result.getOrThrow(Preprocess.dataset(fitted, sizes, { features: 13 }))).toEqualTypeOf<
      Dataset<[13], [], "i32">
    >()
    assert.match(
      sentences(Preprocess.dataset(fitted, sizes, { features: 12 })).join(),
      /^a row becomes 13 numbers, 12 were asked for with `features`: age, age missing, city=Bern/
    )
    const unfilled = Preprocess.make({ age: Preprocess.standardise })
    // @ts-expect-error: a cell that may be missing is imputed first
    assert.match(sentences(Preprocess.fit(unfilled, sizes)).join(), /row 1: the cell is missing/)
    const textual = Preprocess.make({ city: Preprocess.number })
    // @ts-expect-error: text is no number
    assert.match(sentences(Preprocess.fit(textual, sizes)).join(), /row 0: "Bern" is a string/)
    // @ts-expect-error: nothing follows one-hot numbers
    Preprocess.steps(Preprocess.oneHot(), Preprocess.standardise)
    const places = Table.fromRows([{ city: "Bern" }, { city: null }, { city: "Bern" }, { city: "Rome" }])
    const mode = Preprocess.make({
      city: Preprocess.steps(Preprocess.impute("mostFrequent"), Preprocess.oneHot())
    })
    const known = Result.getOrThrow(Preprocess.fit(mode, places))
    assert.deepStrictEqual([...Result.getOrThrow(Preprocess.row(known, { city: null }))], [1, 0])
    // @ts-expect-error: the most frequent text is no number
    Preprocess.steps(Preprocess.impute("mostFrequent"), Preprocess.standardise)
    const flagged = Preprocess.make({ garden: Preprocess.flag })
    const gardens = Result.getOrThrow(Preprocess.fit(flagged, Table.fromRows([{ garden: true }])))
    assert.deepStrictEqual(
      // @ts-expect-error: text is no truth value
      sentences(Preprocess.row(gardens, { garden: "yes" })),
      ['column "garden": "yes" is a string; a finite number, true or false is needed']
    )
    const filled = Preprocess.impute<string>("mostFrequent")
    // @ts-expect-error: imputed text is no input yet
    Preprocess.make({ city: filled })
  })

  it("stores as JSON and comes back the same", () => {
    const text = JSON.stringify(Preprocess.encode(fitted))
    const loaded = Result.getOrThrow(Preprocess.decode(JSON.parse(text)))
    assert.deepStrictEqual(loaded, Schema.decodeUnknownSync(Preprocess.codec)(JSON.parse(text)))
    assert.deepStrictEqual(loaded as object, fitted)
    assert.strictEqual(Preprocess.decodeTarget(loaded, 0), "a")
    const row = Table.row(sizes, 3)
    assert.deepStrictEqual(Preprocess.row(loaded, row), Preprocess.row(fitted, row))
  })

  it("refuses stored values that no fit can have made", () => {
    const store = (change: (steps: Record<string, unknown>) => void, input = 0, step = 0) => {
      const json = JSON.parse(JSON.stringify(Preprocess.encode(fitted)))
      change(json.inputs[input].steps[step])
      return sentences(Preprocess.decode(json)).join()
    }
    assert.match(
      store((step) => (step["deviation"] = 0), 0, 1),
      /no stored preprocessing.*greater than 0/s
    )
    assert.match(
      store((step) => (step["mean"] = "NaN"), 0, 1),
      /mean/
    )
    assert.match(
      store((step) => (step["categories"] = ["a", "a"]), 1),
      /differ from each other/
    )
    assert.match(
      store((step) => (step["length"] = 1e12), 3),
      /length/
    )
    assert.match(
      store((step) => (step["edges"] = [3, 2]), 4, 1),
      /ascend/
    )
    assert.match(sentences(Preprocess.decode({ version: 2, inputs: [] })).join(), /version/)
  })

  it("answers what does not fit in a row with a sentence per column", () => {
    const loaded = Result.getOrThrow(Preprocess.decode(Preprocess.encode(fitted)))
    assert.deepStrictEqual(sentences(Preprocess.row(loaded, { city: 3n, member: null, note: "x", age: "41" })), [
      'column "age": "41" is a string; a finite number is needed',
      'column "city": 3 is no category; text, a finite number or a boolean is needed',
      'column "member": the cell is missing; put Preprocess.impute first, or fill it in'
    ])
    assert.deepStrictEqual(sentences(Preprocess.row(loaded, { city: "Bern", member: true, note: "x" })), [
      'column "age": the row has no such cell; write null for one that is not known'
    ])
    const strict = Result.getOrThrow(Preprocess.fit(Preprocess.make({ city: Preprocess.oneHot() }), sizes))
    assert.deepStrictEqual(sentences(Preprocess.row(strict, { city: "Paris" })), [
      'column "city": "Paris" is none of the categories of the training rows, "Bern", "Oslo", "Rome"; correct it, or choose another `unknown`'
    ])
    const zeros = Preprocess.make({ city: Preprocess.oneHot({ unknown: "zeros" }) })
    const silent = Result.getOrThrow(Preprocess.fit(zeros, sizes))
    assert.deepStrictEqual([...Result.getOrThrow(Preprocess.row(silent, { city: "Paris" }))], [0, 0, 0])
    assert.match(sentences(Preprocess.row(silent, { city: Number.NaN })).join(), /missing/)
  })

  it("answers what does not fit in training rows, all columns at once", () => {
    const wrong = Table.fromColumns({
      a: [1, "2"],
      b: [null, null],
      c: ["x", undefined],
      d: [1e200, -1e200],
      e: [Infinity, 1]
    })
    const any = <I, O>(step: Preprocess.Step<I, O>) => step as Preprocess.Step<unknown, number>
    const bad = Preprocess.make({
      a: any(Preprocess.standardise),
      b: any(Preprocess.impute("mean")),
      c: any(Preprocess.oneHot()),
      d: any(Preprocess.standardise),
      e: any(Preprocess.minMax()),
      f: any(Preprocess.number)
    })
    assert.deepStrictEqual(
      sentences(Preprocess.fit(bad, wrong as Table.Table<Record<"a" | "b" | "c" | "d" | "e" | "f", unknown>>)),
      [
        'column "a": row 1: "2" is a string; a finite number is needed',
        'column "b": all 2 cells are missing, so nothing can be learned; impute a constant',
        'column "c": row 1: the cell is missing; put Preprocess.impute first, or fill it in',
        'column "d": the mean is 0 and the deviation Infinity; the numbers are too large',
        'column "e": row 0: Infinity is not finite; a finite number is needed',
        'there is no column "f"; the columns are "a", "b", "c", "d", "e"'
      ]
    )
    assert.throws(() => Preprocess.make({}), DataError, /at least one input/)
    assert.throws(
      () => Preprocess.make({ x: Preprocess.number }, Preprocess.target("x")),
      DataError,
      /which is the target/
    )
  })

  it("each step against numbers computed by hand", () => {
    const { bucket, categoryIndex, impute, minMax, oneHot, standardise, steps } = Preprocess
    assert.deepStrictEqual(values(impute("mean"), [1, null, 3, NaN]), [1, 2, 3, 2])
    assert.deepStrictEqual(values(impute("median"), [1, undefined, 10, 2, 3]), [1, 2.5, 10, 2, 3])
    assert.deepStrictEqual(values(impute<number>("mostFrequent"), [5, 5, 2, 2, null, 9]), [5, 5, 2, 2, 2, 9])
    assert.deepStrictEqual(values(impute({ constant: -1 }, { indicator: true }), [null, 7]), [-1, 1, 7, 0])
    assert.deepStrictEqual(values(standardise, [1, 3]), [-1, 1])
    assert.deepStrictEqual(values(standardise, [0.1, 0.1, 0.1]), [0, 0, 0])
    assert.deepStrictEqual(values(minMax(), [2, 4, 3]), [0, 1, 0.5])
    assert.deepStrictEqual(values(minMax({ low: -1, high: 1 }), [7, 7]), [-1, -1])
    assert.deepStrictEqual(values(oneHot(), [10, 9, true]), [0, 0, 1, 0, 1, 0, 1, 0, 0])
    assert.deepStrictEqual(values(categoryIndex(), ["b", "a", "b"]), [1, 0, 1])
    assert.deepStrictEqual(values(categoryIndex({ categories: ["b"], unknown: "other" }), ["b", "a"]), [0, 1])
    const rare = ["a", "b", "a", "c"]
    assert.deepStrictEqual(values(oneHot({ minCount: 2, unknown: "other" }), rare), [1, 0, 0, 1, 1, 0, 0, 1])
    assert.match(sentences(numbersOf(oneHot({ minCount: 2 }), rare)).join(), /row 1: "b" is none of the categories/)
    assert.match(sentences(numbersOf(oneHot({ minCount: 3 }), rare)).join(), /no category occurs 3 times/)
    assert.match(sentences(numbersOf(categoryIndex({ minCount: 0 }), rare)).join(), /`minCount` is 0/)
    assert.deepStrictEqual(values(bucket({ edges: [0, 1] }, { as: "index" }), [-1, 0, 0.5, 1, 9]), [0, 1, 1, 2, 2])
    assert.deepStrictEqual(
      values(bucket({ quantiles: 4 }, { as: "index" }), [1, 2, 3, 4, 5, 6, 7, 8]),
      [0, 0, 1, 1, 2, 2, 3, 3]
    )
    assert.deepStrictEqual(values(bucket({ widths: 2 }, { as: "index" }), [0, 1, 4, 10]), [0, 0, 0, 1])
    assert.deepStrictEqual(
      values(steps(impute<string>("mostFrequent"), oneHot()), ["q", null, "p", "q"]),
      [0, 1, 0, 1, 1, 0, 0, 1]
    )
    const clipped = Result.getOrThrow(
      Preprocess.fit(Preprocess.make({ x: minMax({ clip: true }) }), Table.fromColumns({ x: [0, 2] }))
    )
    assert.deepStrictEqual(
      [-5, 1, 9].map((x) => Result.getOrThrow(Preprocess.row(clipped, { x }))[0]),
      [0, 0.5, 1]
    )
    assert.match(sentences(numbersOf(bucket({ edges: [2, 1] }), [1])).join(), /ascending order/)
    assert.match(sentences(numbersOf(bucket({ quantiles: 4 }), [3, 3, 3])).join(), /no intervals to learn/)
    assert.throws(() => Preprocess.tokenise({ by: "words", length: 3, size: 0 }), DataError, /`size` is 0/)
    assert.match(sentences(numbersOf(Preprocess.tokenise({ by: "words", length: 0 }), ["a"])).join(), /length is 0/)
    assert.match(sentences(numbersOf(minMax({ low: 2, high: 1 }), [3])).join(), /is empty/)
    assert.match(sentences(numbersOf(categoryIndex({ categories: ["b"] }), ["b", "a"])).join(), /row 1: "a" is none/)
  })

  it("never learns from held-out rows: changing them changes no fitted number", () => {
    const random = (seed: number) => {
      const order = Permutation.of(seed, 0, 997)
      let next = 0
      return () => (order[next++ % 997] ?? 0) / 997
    }
    const leaky = Preprocess.make(
      {
        a: Preprocess.steps(Preprocess.impute("mean"), Preprocess.standardise),
        b: Preprocess.steps(Preprocess.impute("median", { indicator: true }), Preprocess.minMax()),
        c: Preprocess.oneHot({ unknown: "zeros" }),
        d: Preprocess.bucket({ quantiles: 5 }),
        e: Preprocess.tokenise({ by: "words", length: 4 }),
        f: Preprocess.steps(Preprocess.impute<number>("mostFrequent"), Preprocess.standardise),
        g: Preprocess.categoryIndex({ unknown: "other" })
      },
      Preprocess.target("y", Preprocess.standardise)
    )
    for (let seed = 0; seed < 20; seed++) {
      const draw = random(seed)
      const cell = () => (draw() < 0.2 ? null : Math.round(draw() * 40))
      const row = (wild: number) => ({
        a: cell() ?? (wild > 0 ? 1e6 : null),
        b: cell() ?? (wild > 0 ? -1e6 : null),
        c: `c${Math.floor(draw() * (4 + wild))}`,
        d: draw() * (1 + wild * 1000),
        e: `word${Math.floor(draw() * 9)} ${wild > 0 ? `new${seed}` : "old"}`,
        f: cell(),
        g: Math.floor(draw() * (3 + wild)),
        y: draw() * (1 + wild)
      })
      const table = Table.fromRows(Array.from({ length: 60 }, () => row(0)))
      const { train, validation } = Split.random(table, 0.3, seed)
      const learned = Preprocess.encode(Result.getOrThrow(Preprocess.fit(leaky, train)))
      // The same split of the table with every held-out row replaced by another one.
      const held = new Set(Table.rows(validation).map((each) => JSON.stringify(each)))
      const changed = Table.fromRows(Table.rows(table).map((each) => (held.has(JSON.stringify(each)) ? row(5) : each)))
      const again = Split.random(changed, 0.3, seed)
      assert.notDeepEqual(Table.rows(again.validation), Table.rows(validation))
      assert.deepStrictEqual(Preprocess.encode(Result.getOrThrow(Preprocess.fit(leaky, again.train))), learned)
      // And the statistics do depend on the training rows, so that the law says something.
      assert.notDeepEqual(Preprocess.encode(Result.getOrThrow(Preprocess.fit(leaky, changed))), learned)
    }
  })

  it("targets: classes and scaled numbers, and back", () => {
    const labelled = Result.getOrThrow(Preprocess.dataset(fitted, sizes))
    assert.deepStrictEqual([...labelled.y.data], [1, 0, 1, 0])
    assert.deepStrictEqual(labelled.classNames, ["a", "b"])
    assert.deepStrictEqual(AnyData.classCounts(labelled), [2, 2])
    assert.strictEqual(Preprocess.decodeTarget(fitted, 1), "b")
    assert.throws(() => Preprocess.decodeTarget(fitted, 2), DataError, /class 2 does not exist; the 2 classes/)
    const bare = Result.getOrThrow(Preprocess.fit(Preprocess.make({ member: Preprocess.flag }), sizes))
    assert.match(sentences(Preprocess.dataset(bare, sizes)).join(), /the recipe has no target; use Preprocess.inputs/)
    assert.throws(() => Preprocess.decodeTarget(bare, 0), DataError, /has no target, so there is nothing to decode/)
    const unseen = Table.fromRows([{ ...Table.row(sizes, 0), kind: "z" }])
    assert.match(sentences(Preprocess.dataset(fitted, unseen)).join(), /row 0, column "kind": "z" is none/)

    const priced = Preprocess.make(
      { member: Preprocess.flag },
      Preprocess.target("price", Preprocess.steps(Preprocess.standardise, Preprocess.minMax({ low: -1, high: 3 })))
    )
    const prices = Result.getOrThrow(Preprocess.fit(priced, sizes))
    const data = Result.getOrThrow(Preprocess.dataset(prices, sizes))
    expectTypeOf(data).toEqualTypeOf<Dataset<[number], [], "f32">>()
    Array.from(data.y.data).forEach((y, i) => {
      assert.closeTo(y, -1 + (4 * ((sizes.columns.price[i] ?? 0) - 1)) / 5, 1e-6)
      assert.closeTo(Preprocess.decodeTarget(prices, y), sizes.columns.price[i] ?? 0, 1e-6)
    })
  })

  it("vocabularies number pieces by frequency and give texts back", () => {
    const letters = Vocabulary.fit(["banana bread"], { by: "characters" })
    assert.deepStrictEqual(letters.pieces, ["a", "b", "n", " ", "d", "e", "r"])
    assert.strictEqual(Vocabulary.decode(letters, Vocabulary.encode(letters, "a bad nun")), "a bad n\u{fffd}n")
    assert.strictEqual(Vocabulary.size(letters), 9)
    const words = Vocabulary.fit(["Don't stop. don't!", "go"], { by: "words", lowercase: true, minCount: 2 })
    assert.deepStrictEqual(words.pieces, ["don't"])
    assert.throws(() => Vocabulary.fit([], { by: "words", size: 0 }), DataError, /`size` is 0/)
    assert.deepStrictEqual(Vocabulary.fit(["𝒳𝒳é"], { by: "characters" }).pieces, ["𝒳", "é"])
  })
})
