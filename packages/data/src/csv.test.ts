import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import { gzipSync } from "node:zlib"
import * as Csv from "./csv.ts"
import { DataError } from "./data-error.ts"

const failure = <A>(result: Result.Result<A, DataError>): DataError => {
  if (Result.isFailure(result)) return result.failure
  throw new Error("the text was read, it should have been refused")
}

const classes = { label: -1, classes: 3 } as const
const names = { label: "kind", classes: ["a", "b"] } as const

describe("Csv.parse", () => {
  it("reads a table without column names", () => {
    const data = Result.getOrThrow(Csv.parse("t", "1,2.5,0\n-3e-1,.25,2\n", { ...classes, features: 2 }))
    assert.deepStrictEqual(data.inputShape, [2])
    assert.deepStrictEqual(data.targetShape, [])
    assert.strictEqual(data.targetDtype, "i32")
    assert.deepStrictEqual(data.x.data, Float32Array.of(1, 2.5, Math.fround(-0.3), 0.25))
    assert.deepStrictEqual(data.y.data, Int32Array.of(0, 2))
    assert.deepStrictEqual(data.classNames, ["0", "1", "2"])
  })

  it("reads columns by name, in the order asked for, and classes by name", () => {
    const data = Result.getOrThrow(Csv.parse("t", "p,kind,q,r\n1,b,2,x\n3,a,4,y\n", { ...names, columns: ["q", "p"] }))
    assert.deepStrictEqual(data.x.data, Float32Array.of(2, 1, 4, 3))
    assert.deepStrictEqual(data.y.data, Int32Array.of(1, 0))
    const shape: [2] = data.inputShape
    assert.deepStrictEqual(shape, [2])
  })

  it("reads a numeric target", () => {
    const data = Result.getOrThrow(Csv.parse("t", "1;2;0.5\n3;4;-1\n", { target: 2, delimiter: ";" }))
    assert.strictEqual(data.targetDtype, "f32")
    assert.deepStrictEqual(data.y.data, Float32Array.of(0.5, -1))
  })

  it("takes a byte order mark, CRLF, blanks, quotes and empty lines at the end", () => {
    const data = Result.getOrThrow(Csv.parse("t", '\ufeff1 , "2",0\r\n3,4, 1\r\n\r\n\r\n', classes))
    assert.deepStrictEqual(data.x.data, Float32Array.of(1, 2, 3, 4))
    assert.deepStrictEqual(data.y.data, Int32Array.of(0, 1))
  })

  it("reports every bad row and cell by line and column", () => {
    const text = ["1,2,0", "x,2,1", "1,2", "NaN,2,0", "1,,7", "1,2,0.5", "1e39,2,0", "", "1,2,-1"].join("\n")
    const error = failure(Csv.parse("table.csv", text, classes))
    assert.strictEqual(error.kind, "malformed")
    assert.deepStrictEqual(
      error.problems.map(({ line, column }) => [line, column]),
      [
        [2, 1],
        [3, undefined],
        [4, 1],
        [5, 2],
        [5, 3],
        [6, 3],
        [7, 1],
        [8, undefined],
        [9, 3]
      ]
    )
    assert.strictEqual(error.problems[0]?.found, "x")
    assert.strictEqual(
      error.message,
      [
        "table.csv: 9 problems, so nothing was read",
        '  line 2, column 1: "x" is not a number',
        "  line 3: the row has 2 cells, the first one has 3",
        '  line 4, column 1: "NaN" is not a finite number; fill in or remove the row first',
        "  line 5, column 2: the cell is empty; a number is needed",
        "  line 5, column 3: label 7 is out of range; the 3 classes are 0 to 2",
        "  line 6, column 3: label 0.5 is not a whole number; the 3 classes are 0 to 2",
        '  line 7, column 1: "1e39" is too large for f32',
        "  line 8: the line is empty",
        "  line 9, column 3: label -1 is out of range; the 3 classes are 0 to 2"
      ].join("\n")
    )
  })

  it("refuses what only looks like a number", () => {
    for (const cell of ["0x10", "1_000", "1e", "--1", "Infinity", "true", "1 2", "٣"]) {
      assert.strictEqual(failure(Csv.parse("t", `1,2,0\n${cell},2,0\n`, classes)).problems[0]?.line, 2, cell)
    }
  })

  it("spells out ten problems and keeps them all", () => {
    const error = failure(
      Csv.parse("t", Array.from({ length: 500 }, () => "1,?,0").join("\n"), { ...classes, header: true })
    )
    assert.strictEqual(error.problems.length, 499)
    assert.include(error.message, "and 489 more")
    assert.strictEqual(error.message.split("\n").length, 12)
  })

  it("reports quotes that do not match and goes on", () => {
    const error = failure(Csv.parse("t", '1,2,0\n1,2"x,0\n3,4,9\n5,"6\n', classes))
    assert.deepStrictEqual(
      error.problems.map(({ line, sentence }) => [line, sentence.slice(0, 30)]),
      [
        [2, "a quote stands inside a cell t"],
        [3, "label 9 is out of range; the 3"],
        [4, "a quoted cell begins here and "]
      ]
    )
  })

  it("refuses an empty file, with and without column names", () => {
    assert.strictEqual(failure(Csv.parse("t", "", classes)).kind, "empty")
    assert.strictEqual(failure(Csv.parse("t", "\n\n", classes)).kind, "empty")
    assert.include(failure(Csv.parse("t", "p,kind\n", names)).message, "no rows")
  })

  it("refuses columns that are not there, with the ones that are", () => {
    const refuse = (options: Csv.ClassificationOptions, text = "p,q,kind\n1,2,a\n") => {
      const error = failure(Csv.parse("t", text, options))
      assert.strictEqual(error.kind, "argument")
      return error.message
    }
    assert.include(refuse({ label: "sort", classes: 2 }), `there is no column "sort"; the columns are "p", "q", "kind"`)
    assert.include(refuse({ label: 3, classes: 2 }), "there is no column 3; the 3 columns are counted from 0")
    assert.include(refuse({ ...names, columns: ["p", "kind"] }), "both an input and the target")
    assert.include(refuse({ ...names, features: 5 }), "there are 2 input columns beside the target, 5 were asked for")
    assert.include(refuse({ ...names, header: false }), "`header` is false")
    assert.include(refuse({ ...names, columns: ["p"] }, "p,p,kind\n1,2,a\n"), `two columns are called "p"`)
    assert.include(refuse({ label: 0, classes: 2 }, "1;2\n"), "is the delimiter right?")
  })

  it("says which class names there are", () => {
    assert.include(
      failure(Csv.parse("t", "p,kind\n1,c\n", names)).message,
      `label "c" is none of the classes "a", "b" (kind)`
    )
  })

  it("notices a line of column names that was taken for data", () => {
    assert.include(failure(Csv.parse("t", "p,q,kind\n1,2,0\n", classes)).message, "say `header: true`")
  })
})

describe("Csv.read", () => {
  const withFile = <A, E>(
    name: string,
    bytes: Uint8Array | string,
    use: (path: string) => Effect.Effect<A, E, FileSystem.FileSystem>
  ) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* fs.makeTempDirectoryScoped()}/${name}`
      yield* fs.writeFile(path, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes)
      return yield* use(path)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

  const read = (path: string) => Csv.read(path, { ...classes, features: 2 })
  const refuse = (path: string) => Effect.flip(read(path))

  it.live("reads a plain and a gzip file, by content and not by name", () =>
    Effect.gen(function* () {
      const text = "1,2,0\n3,4,1\n"
      const files = [
        ["a.csv", text],
        ["a.csv.gz", gzipSync(text)],
        ["a.txt", gzipSync(text)]
      ] as const
      for (const [name, bytes] of files) {
        const data = yield* withFile(name, bytes, read)
        assert.deepStrictEqual(data.x.data, Float32Array.of(1, 2, 3, 4))
        assert.match(data.name, /a\.(csv|txt)/)
      }
    })
  )

  it.live("refuses a file that is missing, a folder, broken gzip, and what is not UTF-8", () =>
    Effect.gen(function* () {
      const missing = yield* refuse("/no/such/file.csv").pipe(Effect.provide(NodeServices.layer))
      assert.strictEqual(missing.kind, "missing")
      assert.include(missing.message, "/no/such/file.csv: there is no such file")
      const folder = yield* withFile("a.csv", "", (path) => refuse(path.replace(/\/a\.csv$/, "")))
      assert.strictEqual(folder.kind, "unreadable")
      const named = yield* withFile("a.csv.gz", "1,2,0\n", refuse)
      assert.include(named.message, "not gzip")
      const cut = yield* withFile("a.csv.gz", gzipSync("1,2,0\n".repeat(100)).subarray(0, 20), refuse)
      assert.include(cut.message, "cannot be decompressed")
      const latin = yield* withFile("a.csv", Uint8Array.of(0x31, 0xe9, 0x0a), refuse)
      assert.include(latin.message, "not UTF-8")
      const empty = yield* withFile("a.csv", "", refuse)
      assert.strictEqual(empty.kind, "empty")
    })
  )

  it.effect("is caught by tag", () =>
    Effect.gen(function* () {
      const kind = yield* read("/no/such/file.csv").pipe(
        Effect.map(() => "read"),
        Effect.catchTag("DataError", (error) => Effect.succeed(error.kind)),
        Effect.provide(NodeServices.layer)
      )
      assert.strictEqual(kind, "missing")
    })
  )
})
