import { NodeServices } from "@effect/platform-node"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { gzipSync } from "node:zlib"
import { csvRows } from "./csv-rows.ts"
import { DataError } from "./data-error.ts"
import { Cell, Csv, Json, Table } from "./index.ts"

const Person = Schema.Struct({
  name: Cell.text,
  age: Cell.optional(Cell.integer),
  height: Cell.number,
  member: Cell.boolean,
  plan: Cell.oneOf(["free", "paid"]),
  joined: Cell.time,
  score: Schema.FiniteFromString.check(Schema.isGreaterThan(0))
})
const header = "age,name,height,member,plan,joined,score\n"
const good = '31,"Ann, the first",1.70,yes,free,2026-11-24,3\nNA,Bo,1.8e0,FALSE,paid,2026-11-24 13:00,0.5\n'

const problems = (result: Result.Result<unknown, DataError>) =>
  Result.isFailure(result) ? result.failure.message.split("\n").map((line) => line.trim()) : []

/** A file in a folder of the test's own. */
const written = (name: string, content: string | Uint8Array) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = `${yield* fs.makeTempDirectoryScoped()}/${name}`
    yield* fs.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content)
    return path
  })

describe("Csv tables", () => {
  it("reads cells by a Schema", () => {
    const table = Result.getOrThrow(Csv.parseTable("people.csv", header + good, Person))
    expectTypeOf(Table.row(table, 0)).toEqualTypeOf<{
      readonly name: string
      readonly age: number | null
      readonly height: number
      readonly member: boolean
      readonly plan: "free" | "paid"
      readonly joined: number
      readonly score: number
    }>()
    assert.deepStrictEqual(Table.rows(table), [
      {
        name: "Ann, the first",
        age: 31,
        height: 1.7,
        member: true,
        plan: "free",
        joined: Date.UTC(2026, 10, 24),
        score: 3
      },
      {
        name: "Bo",
        age: null,
        height: 1.8,
        member: false,
        plan: "paid",
        joined: Date.UTC(2026, 10, 24, 13),
        score: 0.5
      }
    ])
    assert.deepStrictEqual(Table.missingCounts(table).age, 1)
  })

  it("reports bad cells by line and column, up to a limit", () => {
    const bad = `${header}31,"two\nlines",1.7,maybe,free,2026-11-24,3\n3.5,Bo,x,no,gold,yesterday,-1\n4\n`
    assert.deepStrictEqual(problems(Csv.parseTable("people.csv", bad, Person)), [
      "people.csv: 7 problems, so nothing was read",
      'line 3, column 4: "maybe" is none of true, false, yes, no, 1, 0 (member)',
      'line 4, column 1: "3.5" is not a whole number below 2^53 (age)',
      'line 4, column 3: "x" is not a number in decimal notation (height)',
      'line 4, column 5: "gold" is none of "free", "paid" (plan)',
      'line 4, column 6: "yesterday" is not a time such as 2026-11-24 or 2026-11-24T13:23:09Z (joined)',
      'line 4, column 7: "-1": Expected a value greater than 0 (score)',
      "line 5: the row has 1 cells, the line of column names has 7"
    ])
    const many = Csv.parseTable("n.csv", `n\n${"x\n".repeat(500)}`, Schema.Struct({ n: Cell.number }), {
      maxProblems: 7
    })
    assert.strictEqual(Result.isFailure(many) ? many.failure.problems.length : 0, 7)
  })

  it("reports columns that are not there or there twice, and tables without rows", () => {
    const N = Schema.Struct({ n: Cell.number, m: Cell.number })
    assert.deepStrictEqual(problems(Csv.parseTable("n.csv", "m,m\n1,2\n", N)), [
      "n.csv: 2 problems, so nothing was read",
      'line 1: there is no column "n"; the columns are "m", "m"',
      'line 1: two columns are called "m"; rename one of them'
    ])
    assert.deepStrictEqual(problems(Csv.parseTable("n.csv", "", N)), ["n.csv: the file is empty"])
    assert.match(problems(Csv.parseTable("n.csv", "n,m\n", N)).join(), /names and no rows/)
    const bare = Csv.parseTable("n.csv", "1;2\n3;4\n", N, { header: false, delimiter: ";" })
    assert.deepStrictEqual(Result.getOrThrow(bare).columns, { n: [1, 3], m: [2, 4] })
    assert.match(problems(Csv.parseTable("n.csv", "1,2,3\n", N, { header: false })).join(), /the Schema has 2 columns/)
  })

  it("checks rules of the Schema about whole rows", () => {
    const Range = Schema.Struct({ low: Cell.number, high: Cell.number }).check(
      Schema.makeFilter(({ high, low }) => low <= high || "low must not be above high")
    )
    assert.deepStrictEqual(problems(Csv.parseTable("r.csv", "low,high\n1,2\n4,3\n", Range)), [
      "r.csv: line 3: low must not be above high"
    ])
  })

  it("cells write what they read", () => {
    for (const [codec, cell] of [
      [Cell.number, "1.5"],
      [Cell.integer, "7"],
      [Cell.text, "x"],
      [Cell.boolean, "true"],
      [Cell.optional(Cell.number), ""],
      [Cell.time, "2026-11-24T00:00:00.000Z"]
    ] as const) {
      // Each codec with a cell of its own.
      const any = codec as Cell.CellCodec
      assert.strictEqual(Schema.encodeSync(any)(Schema.decodeSync(any)(cell)), cell)
    }
    assert.throws(() => Schema.decodeUnknownSync(Cell.number)("1,5"), /"1,5" is not a number in decimal notation/)
    for (let i = 0; i < 20_000; i++) {
      const digits = String(Math.sin(i) * 1e15)
        .replace(/\D/g, "")
        .slice(0, 1 + (i % 15))
      const cell = `${i % 3 === 0 ? "-" : ""}${digits.slice(0, i % 7)}.${digits.slice(i % 7)}`
      if (digits !== "") assert.strictEqual(Schema.decodeUnknownSync(Cell.number)(cell), Number(cell), cell)
    }
    const isNumber = (cell: string) => Result.isSuccess(Schema.decodeUnknownResult(Cell.number)(cell))
    for (const cell of [
      "0",
      "-1.5",
      "+2",
      ".5",
      "7.",
      "1e3",
      "1E-3",
      "0e5",
      "00",
      "-.5e+2",
      "0.1",
      "-0",
      "0.30000000000000004",
      "123456789012345",
      "1234567890123456789"
    ])
      assert.strictEqual(Schema.decodeUnknownSync(Cell.number)(cell), Number(cell))
    for (const cell of [
      "",
      " 1",
      "1 ",
      "0x1f",
      "0b1",
      "0o7",
      "-0x1",
      "Infinity",
      "-Infinity",
      "NaN",
      "1e999",
      "1_0",
      "1n",
      ".",
      "e5",
      "+",
      "--1"
    ])
      assert.isFalse(isNumber(cell), cell)
  })

  it("text without quotes gives the rows that csv-parse gives of it", () => {
    const encode = (text: string) => new TextEncoder().encode(text)
    // A quoted cell at the end sends the text through csv-parse.
    for (const text of [
      "a,b\n1, 2 \n3,4\n",
      "a,b\r\n1,2\r\n\r\n3,4\r\n",
      "a\u{a0},b\n,\n \n7,8",
      "\u{feff}a,b\n1,2\n"
    ]) {
      const end = text.endsWith("\n") ? "" : text.includes("\r") ? "\r\n" : "\n"
      const plain = csvRows(encode(`${text}${end}z,z\n`), ",", 10)
      const quoted = csvRows(encode(`${text}${end}z,"z"\n`), ",", 10)
      assert.deepStrictEqual(plain, quoted, JSON.stringify(text))
    }
    assert.deepStrictEqual(
      csvRows(encode("a,b\r1,2\r"), ",").rows.map(({ cells }) => cells),
      [
        ["a", "b"],
        ["1", "2"]
      ]
    )
  })

  it.effect("a stream gives the rows of the table, whatever the pieces, plain and gzip, with the same problems", () =>
    Effect.gen(function* () {
      // Quotes and line ends inside of them in the first piece only: the others have none.
      const padding = "x".repeat(60)
      const rows = Array.from({ length: 20_000 }, (_, i) =>
        i < 5000 && i % 1000 === 0 ? `${i},"row ${i}\n",${i / 8}\n` : `${i},row ${i} ${padding},${i / 8}\n`
      )
      const Numbered = Schema.Struct({ id: Cell.integer, text: Cell.text, x: Cell.number })
      const text = `id,text,x\n${rows.join("")}`
      const plain = yield* written("rows.csv", text)
      const packed = yield* written("rows.csv.gz", gzipSync(text))
      const whole = Result.getOrThrow(Csv.parseTable("rows.csv", text, Numbered))
      assert.strictEqual(whole.size, 20_000)
      for (const path of [plain, packed]) {
        assert.deepStrictEqual((yield* Csv.table(path, Numbered)).columns, whole.columns)
        const tables = yield* Stream.runCollect(Csv.stream(path, Numbered))
        assert.isAbove(tables.length, 1)
        assert.deepStrictEqual(
          tables.flatMap(({ columns }) => [...columns.x]),
          [...whole.columns.x]
        )
      }
      const bad = yield* written("bad.csv", `${text}20000,"x",wrong\n\n1,2\n`)
      const expected = ["line 20007, column 3", "line 20008: the line is empty", "line 20009: the row has 2 cells"]
      for (const read of [Csv.table(bad, Numbered), Stream.runDrain(Csv.stream(bad, Numbered))]) {
        const error = yield* Effect.flip(read)
        for (const sentence of expected) assert.include(error.message, sentence)
      }
      const open = yield* written("open.csv", `id,text,x\n1,"${"x".repeat(2 ** 24)}\n`)
      assert.match(
        (yield* Effect.flip(Csv.table(open, Numbered))).message,
        /line 2 has more than 16777216 bytes; a quote/
      )
      assert.match((yield* Effect.flip(Csv.table("nowhere.csv", Numbered))).message, /there is no such file/)
      const broken = yield* written("broken.csv.gz", gzipSync(text).subarray(0, 5000))
      assert.match((yield* Effect.flip(Csv.table(broken, Numbered))).message, /cannot be decompressed/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

describe("Csv.sketch", () => {
  it.effect("writes the row type that the rows fit", () =>
    Effect.gen(function* () {
      const line = (i: number) =>
        `${i},${i / 4},${i % 2 === 0},2026-01-0${1 + (i % 9)},${"abc"[i % 3]},t${i},${i % 5 === 0 ? "NA" : i},\n`
      const text = `id,x,flag,day,kind,note,some,"no name"\n${Array.from({ length: 40 }, (_, i) => line(i)).join("")}`
      const path = yield* written("rows.csv", text)
      assert.strictEqual(
        yield* Csv.sketch(path),
        [
          "Schema.Struct({",
          "  id: Cell.integer,",
          "  x: Cell.number,",
          "  flag: Cell.boolean,",
          "  day: Cell.time,",
          '  kind: Cell.oneOf(["a", "b", "c"]),',
          "  note: Cell.text,",
          "  some: Cell.optional(Cell.integer),",
          '  "no name": Cell.optional(Cell.text)',
          "})"
        ].join("\n")
      )
      const empty = yield* written("empty.csv", "a,b\n")
      assert.match((yield* Effect.flip(Csv.sketch(empty))).message, /a line of names and rows are needed/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

describe("Json", () => {
  const Row = Schema.Struct({
    a: Schema.Finite,
    b: Schema.NullOr(Schema.String),
    c: Schema.optionalKey(Schema.Boolean)
  })
  it("reads an array of objects", () => {
    const table = Result.getOrThrow(Json.parse("t.json", '[{"a":1,"b":null},{"a":2,"b":"x","c":true}]', Row))
    assert.deepStrictEqual(table.columns, { a: [1, 2], b: [null, "x"], c: [undefined, true] })
    assert.deepStrictEqual(problems(Json.parse("t.json", '[{"a":1,"b":null},{"a":"2"},{"b":"x"}]', Row)), [
      "t.json: 3 problems, so nothing was read",
      'row 1: "a": Expected number, found "2"',
      'row 1: "b": Missing key',
      'row 2: "a": Missing key'
    ])
    assert.match(problems(Json.parse("t.json", '{"a":1}', Row)).join(), /not an array of objects.*Json.lines/)
    assert.match(problems(Json.parse("t.json", "[1,", Row)).join(), /this is not JSON/)
    assert.match(problems(Json.parse("t.json", "[]", Row)).join(), /no rows/)
  })

  it.effect("reads an object per line, with the line of what is wrong", () =>
    Effect.gen(function* () {
      const text = Array.from({ length: 30_000 }, (_, i) => `{"a":${i},"b":"${"x".repeat(40)}"}\n`).join("")
      const path = yield* written("rows.jsonl", `${text}\n`)
      assert.strictEqual((yield* Json.lines(path, Row)).size, 30_000)
      const parts = yield* Stream.runCollect(Json.streamLines(path, Row))
      assert.isAbove(parts.length, 1)
      assert.strictEqual(parts.flatMap(({ columns }) => [...columns.a]).at(-1), 29_999)
      const bad = yield* written("bad.jsonl", `${text}{"a":1}\n{"a"\n`)
      const { message } = yield* Effect.flip(Json.lines(bad, Row))
      assert.match(message, /line 30001: "b": Missing key/)
      assert.match(message, /line 30002: this is not JSON/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
