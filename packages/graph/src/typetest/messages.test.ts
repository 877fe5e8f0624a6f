/**
 * What TypeScript displays for mistakes and for right expressions. One run of tsc checks the fixtures; each line of them
 * says what must be displayed. The mistakes are run as well: the run time refuses them with the sentence of the types.
 */
import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** Runs tsc over a folder of fixtures; gives what it prints, whatever its exit code. */
const check = async (folder: string, ...options: ReadonlyArray<string>): Promise<string> => {
  const compiler = path("../../../../node_modules/typescript/bin/tsc")
  const run = promisify(execFile)(
    process.execPath,
    [compiler, "--noEmit", "--pretty", "false", "-p", path(`./fixtures/${folder}`), ...options],
    { cwd: path("./fixtures"), maxBuffer: 2 ** 24 }
  )
  // An exit code other than 0 is what mistakes are for.
  return (await run.catch((failure: { readonly stdout: string }) => failure)).stdout
}

interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly text: string
}

/** Reads the diagnostics of tsc: a head with the position, and indented lines that explain it. */
const parse = (output: string): ReadonlyArray<Diagnostic> =>
  output
    .split(/\n(?=\S)/)
    .filter((text) => text.trim() !== "")
    .map((text) => {
      const match = /^(?:.*[\\/])?([^\\/]+\.ts)\((\d+),(\d+)\): error TS\d+: ([\s\S]*)$/.exec(text.trimEnd())
      if (match === null) throw new Error(`tsc printed ${text}`)
      return { file: match[1] ?? "", line: Number(match[2]), column: Number(match[3]), text: match[4] ?? "" }
    })

interface Expected {
  readonly name: string
  readonly line: number
  readonly column: number
  readonly sentence: string
  readonly typesOnly: boolean
}

const mark = "/*!*/"

/** The lines of a fixture that expect something: `name: ... // sentence`, and where the mark stands. */
const read = (file: string): ReadonlyArray<Expected> =>
  readFileSync(path(`./fixtures/messages/${file}.ts`), "utf8")
    .split("\n")
    .flatMap((text, i) => {
      const match = /^(?: {2}"(?<mistake>[^"]+)": |export const (?<constant>\w+): Shown).* \/\/ (?<sentence>.*)$/.exec(
        text
      )
      if (match?.groups === undefined) return []
      const { mistake, constant, sentence = "" } = match.groups
      const at = text.indexOf(mark)
      return [
        {
          name: mistake ?? constant ?? "",
          line: i + 1,
          column: at < 0 ? "export const ".length + 1 : at + mark.length + 1,
          sentence: sentence.replace(/ \| types only$/, ""),
          typesOnly: sentence.endsWith("| types only")
        }
      ]
    })

const diagnostics = check("messages").then(parse)

const errorAt = async (file: string, { line }: Expected): Promise<Diagnostic> => {
  const found = (await diagnostics).filter((d) => d.file === `${file}.ts` && d.line === line)
  assert.strictEqual(found.length, 1, `one error, not ${found.map(({ text }) => text).join("\n")}`)
  return found[0] ?? assert.fail()
}

/** A sentence with the sizes that symbols have when the fixtures are run. */
const withSizes = (sentence: string): string => sentence.replaceAll(/\bbatch\b/g, "7").replaceAll(/\btime\b/g, "5")

/** What a call throws, empty when nothing. */
const messageOf = (run: () => unknown): string => {
  try {
    run()
    return ""
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

for (const file of [
  "shapes",
  "indexing",
  "dtypes",
  "derivatives",
  "control",
  "products",
  "linear-algebra",
  "convolutions",
  "elementwise",
  "losses",
  "layers",
  "normalization"
]) {
  describe(`mistakes over ${file}`, () => {
    for (const expected of read(file)) {
      it(expected.name, async () => {
        const { column, text } = await errorAt(file, expected)
        assert.strictEqual(column, expected.column)
        // The sentence stands alone at the end, as the type that nothing is assignable to.
        assert.isTrue(text.endsWith(`is not assignable to type '"${expected.sentence}"'.`), text)
        const { mistakes } = (await import(/* @vite-ignore */ path(`./fixtures/messages/${file}.ts`))) as {
          readonly mistakes: Readonly<Record<string, () => unknown>>
        }
        const run = mistakes[expected.name] ?? assert.fail()
        assert.strictEqual(withSizes(messageOf(run)), expected.typesOnly ? "" : withSizes(expected.sentence))
      })
    }
  })
}

describe("mistakes that TypeScript explains itself", () => {
  for (const expected of read("plain")) {
    it(expected.name, async () => {
      const { column, text } = await errorAt("plain", expected)
      assert.strictEqual(column, expected.column)
      assert.isTrue(text.endsWith(expected.sentence), text)
    })
  }
})

for (const file of [
  "hovers",
  "hovers-indexing",
  "hovers-convolutions",
  "hovers-losses",
  "hovers-layers",
  "hovers-normalization",
  "hovers-products",
  "hovers-linear-algebra"
])
  describe(`types as editors show them, ${file}`, () => {
    for (const expected of read(file)) {
      it(expected.name, async () => {
        const { column, text } = await errorAt(file, expected)
        assert.strictEqual(column, expected.column)
        assert.include(text.split("\n")[0], `Type '${expected.sentence}' is not assignable to type '"shown"'.`)
      })
    }
  })

describe("the fixtures", () => {
  it("have no errors but those they expect", async () => {
    const files = [
      "shapes",
      "indexing",
      "hovers-indexing",
      "dtypes",
      "derivatives",
      "control",
      "products",
      "linear-algebra",
      "hovers-products",
      "hovers-linear-algebra",
      "convolutions",
      "hovers-convolutions",
      "elementwise",
      "plain",
      "hovers",
      "losses",
      "hovers-losses",
      "layers",
      "hovers-layers",
      "normalization",
      "hovers-normalization"
    ]
    const expected = files.flatMap((file) => read(file).map(({ line }) => `${file}.ts(${line})`))
    assert.isAbove(expected.length, 100)
    const found = (await diagnostics).map(({ file, line }) => `${file}(${line})`)
    assert.deepStrictEqual(found.toSorted(), expected.toSorted())
  })
})

it("sixty operations in pipes cost the checker little", async () => {
  // The count does not depend on the machine: it is what grows first when a shape rule becomes slow.
  const instantiations = async (folder: string): Promise<number> => {
    const output = await check(folder, "--extendedDiagnostics")
    assert.notInclude(output, "error TS")
    return Number(/^Instantiations:\s+(\d+)/m.exec(output)?.[1])
  }
  const [imports, pipeline] = await Promise.all([instantiations("imports"), instantiations("pipeline")])
  assert.isBelow(pipeline - imports, 40_000)
}, 60_000)
