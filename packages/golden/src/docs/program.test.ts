import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { examplesOf } from "./comments.ts"
import { differences } from "./differences.ts"
import { linksOf } from "./markdown.ts"
import { runProgram } from "./processes.ts"
import { mistakesOf, type Program, programOf } from "./program.ts"
import type { Recording } from "./recorder.ts"

const fence = "```"
const recorder = fileURLToPath(new URL("recorder.ts", import.meta.url))

const document = `# Title

${fence}ts
const x: number = 1
console.log("one", x) // => one 1
x + 1 // => 2
for (const i of [1, 2]) console.log(i)
${fence}

${fence}text
1
2
${fence}

${fence}ts ignore
this is not code
${fence}

${fence}ts
const y = x * 3 // => 3
${fence}
`

const programIn = (markdown: string): Program => {
  const program = programOf("a.md", markdown, recorder)
  assert.isDefined(program)
  return program
}

/** Runs a program as the test of documents does. */
const recorded = async (program: Program): Promise<Recording> => {
  const dist = fileURLToPath(new URL("../../dist", import.meta.url))
  mkdirSync(dist, { recursive: true })
  const folder = mkdtempSync(join(dist, "program-"))
  try {
    const file = join(folder, "a.md.ts")
    writeFileSync(file, program.text)
    const { code, stderr, stdout } = await runProgram(file, { cwd: folder, env: { COTANGENT_DOCS: "1" } })
    assert.strictEqual(code, 0, stderr)
    return JSON.parse(stdout)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("the program of a document", () => {
  it("has its blocks at their own lines, and none that is to be ignored", () => {
    const lines = programIn(document).text.split("\n")
    assert.strictEqual(lines[3], "const x: number = 1")
    assert.strictEqual(lines[5], "console.log(x + 1)")
    assert.strictEqual(lines[19], "const y = x * 3; console.log(y)")
    assert.notInclude(lines.join("\n"), "not code")
  })

  it("is none where there is no code", () => {
    assert.isUndefined(programOf("a.md", `# Title\n\n${fence}sh\nls\n${fence}\n`, recorder))
  })

  it("agrees with what it prints, and a wrong number is found with its line", async () => {
    assert.deepStrictEqual(differences(programIn(document), await recorded(programIn(document))), [])
    const wrong = document.replace("// => 2", "// => 5").replace("1\n2\n", "1\n7\n").replace("// => 3", "// => ")
    const found = differences(programIn(wrong), await recorded(programIn(wrong)))
    assert.deepStrictEqual(
      found.map((sentence) => /^a\.md:\d+/.exec(sentence)?.[0]),
      ["a.md:6", "a.md:20", "a.md:3"]
    )
    assert.include(found[0], "5")
  })

  it("with a mistake has the changed line in the place of the one it replaces, and other lines added", () => {
    const shown = `${document}\n${fence}text tsc\nconst x: number = "1"\n=> "sentence"\n${fence}\n`
    const [mistake, more] = mistakesOf("a.md", shown, recorder)
    assert.isUndefined(more)
    assert.strictEqual(mistake?.text.split("\n")[3], 'const x: number = "1"')
    assert.strictEqual(mistake?.sentence, "sentence")
    const added = mistakesOf("a.md", shown.replace('const x: number = "1"', "const z: string = 1"), recorder)
    assert.strictEqual(added[0]?.text.split("\n")[mistake?.line ?? 0], "const z: string = 1")
    assert.strictEqual(added[0]?.text.split("\n")[3], "const x: number = 1")
  })
})

describe("examples in doc comments", () => {
  it("get their imports and keep their lines", () => {
    const text = `export const double = 2\n/**\n * Doubles.\n *\n * ${fence}ts\n * double(T.ones([1]))\n * ${fence}\n */\n`
    const file = "packages/p/src/double.ts"
    const [example] = examplesOf([[{ file, text }]], 'export { T } from "x"', (path) => `/root/${path}`)
    const lines = example?.text.split("\n") ?? []
    assert.strictEqual(lines[5], "double(T.ones([1]))")
    assert.include(lines[0], 'import { double } from "/root/packages/p/src/double.ts"')
    assert.include(lines[0], 'import { T } from "cotangent"')
  })
})

describe("links", () => {
  it("are found outside of code, without anchors and addresses", () => {
    const text = `[a](b.md#c) and [d](https://e)\n${fence}\n[f](g)\n${fence}\n![h](i.png)`
    assert.deepStrictEqual(linksOf(text), [
      { line: 1, target: "b.md" },
      { line: 5, target: "i.png" }
    ])
  })
})
