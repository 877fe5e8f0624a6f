/** Executed documentation: the code in Markdown files compiles, runs and prints what the document says it prints. */
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { examplesOf, type Source } from "./comments.ts"
import { differences } from "./differences.ts"
import { blocksOf, linksOf } from "./markdown.ts"
import { type Diagnostic, check, runProgram } from "./processes.ts"
import { mistakesOf, type Program, programOf } from "./program.ts"
import type { Recording } from "./recorder.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const recorder = fileURLToPath(new URL("recorder.ts", import.meta.url))

const glob = (...patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  globSync([...patterns], { cwd: root, exclude: (name) => /(^|\/)(node_modules|dist|peers)$/.test(String(name)) })
    .map((file) => file.split(sep).join("/"))
    .toSorted()

const read = (file: string): string => readFileSync(join(root, file), "utf8")

const documents = glob("*.md", "docs/**/*.md", "examples/**/*.md", "packages/*/*.md")
const programs = documents.flatMap((file) => programOf(file, read(file), recorder) ?? [])
const mistakes = documents.flatMap((file) => mistakesOf(file, read(file), recorder))

/** Pages of the gallery take minutes: their short form is run by gallery.test.ts. */
const isPage = (example: string): boolean => existsSync(join(root, dirname(example), "reference.py"))

/** The examples a document says to run, and what it says they print. */
const examples = documents.flatMap((file) => {
  const blocks = blocksOf(read(file))
  return blocks.flatMap(({ lines, line }, i) =>
    lines.flatMap((text) => {
      const [, example] = /^npx node --conditions=@cotangent\/source (examples\/\S+\.ts)$/.exec(text.trim()) ?? []
      const next = blocks[i + 1]
      return example === undefined || isPage(example)
        ? []
        : [{ file, line, example, said: next?.language === "text" ? next.lines.join("\n") : undefined }]
    })
  )
})

/** The sources of every package with an index, tests and fixtures left out. */
const packages = glob("packages/*/src/index.ts").map((index): ReadonlyArray<Source> =>
  glob(`${dirname(index)}/**/*.ts`)
    .filter((file) => !/\.test\.|\/fixtures\//.test(file))
    .map((file) => ({ file, text: read(file) }))
)
const commented = examplesOf(packages, read("packages/cotangent/src/index.ts"), (file) => join(root, file))

describe("the documents", () => {
  it("link to files that exist", () => {
    const broken = documents.flatMap((file) =>
      linksOf(read(file))
        .filter(({ target }) => !existsSync(join(root, dirname(file), target)))
        .map(({ line, target }) => `${file}:${line}: there is no ${target}`)
    )
    assert.deepStrictEqual(broken, [])
  })

  let folder = ""
  let diagnostics: ReadonlyArray<Diagnostic> = []

  const place = (name: string): string => join(folder, "programs", name)
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(place(name)), { recursive: true })
    writeFileSync(place(name), text)
  }
  const programName = ({ file }: Program): string => `${file}.ts`
  const mistakeName = ({ file, line }: { readonly file: string; readonly line: number }): string => `${file}.${line}.ts`

  /** What the compiler says about one of our programs. */
  const about = (name: string): ReadonlyArray<Diagnostic> =>
    diagnostics.filter(({ file }) => file === join("programs", name))
  const shown = (file: string, found: ReadonlyArray<Diagnostic>): string =>
    found.map(({ line, message }) => `${file}:${line}: ${message}`).join("\n")

  /** A folder to run something in as if from the root of the project: the packages are there, what it writes stays in it. */
  const workplace = (name: string): string => {
    const cwd = join(folder, "runs", name)
    mkdirSync(cwd, { recursive: true })
    symlinkSync(join(root, "packages"), join(cwd, "packages"))
    return cwd
  }
  /** A stack trace of a program as one of its document. */
  const located = (text: string): string =>
    text.replaceAll(`${place("")}/`, "").replaceAll(/(?:file:\/\/)?([\w/.-]+\.md)\.ts:/g, "$1:")

  beforeAll(async () => {
    // In dist, which no other tool looks into, and inside the package, so that imports resolve as its own do.
    const dist = join(root, "packages", "golden", "dist")
    mkdirSync(dist, { recursive: true })
    folder = mkdtempSync(join(dist, "docs-"))
    for (const program of programs) write(programName(program), program.text)
    for (const one of [...mistakes, ...commented]) write(mistakeName(one), one.text)
    const config = {
      extends: relative(folder, join(root, "tsconfig.base.json")),
      compilerOptions: {
        composite: false,
        incremental: false,
        noEmit: true,
        allowImportingTsExtensions: true,
        rewriteRelativeImportExtensions: false,
        rootDir: root,
        types: ["node"],
        typeRoots: [join(root, "node_modules", "@types")],
        lib: ["es2024", "dom"],
        noUnusedLocals: false,
        noUnusedParameters: false
      },
      include: ["programs/**/*.ts"]
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    diagnostics = await check(root, folder)
  }, 60_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  describe.concurrent("run", () => {
    for (const program of programs)
      it(program.file, async () => {
        const { file } = program
        const errors = about(programName(program))
        assert.strictEqual(errors.length, 0, shown(file, errors))
        const { code, stderr, stdout } = await runProgram(place(programName(program)), {
          cwd: workplace(file),
          env: { COTANGENT_DOCS: "1" }
        })
        assert.strictEqual(code, 0, `${file} does not run:\n${located(stderr)}`)
        const recording: Recording = JSON.parse(located(stdout))
        const wrong = differences(program, recording)
        assert.strictEqual(wrong.length, 0, wrong.join("\n"))
      })

    for (const { example, file, line, said } of examples)
      it(`${file}: ${example}`, async () => {
        const { code, stderr, stdout } = await runProgram(join(root, example), { cwd: workplace(example) })
        assert.strictEqual(code, 0, `${file}:${line}: ${example} fails:\n${stderr}${stdout}`)
        if (said !== undefined) assert.strictEqual(stdout.trim(), said.trim(), `${file}:${line}: ${example}`)
      })
  })

  describe("show mistakes with the sentence of the compiler", () => {
    for (const mistake of mistakes)
      it(`${mistake.file}:${mistake.line}`, () => {
        const errors = about(mistakeName(mistake))
        assert.strictEqual(
          errors.length,
          1,
          `${mistake.file}:${mistake.line}: one error is needed\n${shown(mistake.file, errors)}`
        )
        assert.include(errors[0]?.message, mistake.sentence)
      })
  })

  it("in comments of public declarations compile", () => {
    const errors = commented.flatMap((example) =>
      about(mistakeName(example)).map(({ line, message }) => `${example.file}:${line}: ${message}`)
    )
    assert.isNotEmpty(commented)
    assert.deepStrictEqual(errors, [])
  })
})
