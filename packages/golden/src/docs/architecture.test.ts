import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { blocksOf } from "./markdown.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), "utf8")

/** The files a diff touches, each with the lines it leaves there. */
const filesOf = (lines: ReadonlyArray<string>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const files = new Map<string, Array<string>>()
  let current: Array<string> = []
  for (const line of lines) {
    const [, file] = /^\+\+\+ b\/(.+)$/.exec(line) ?? []
    if (file !== undefined) files.set(file, (current = []))
    else if (!line.startsWith("---") && !line.startsWith("-")) current.push(line.slice(1))
  }
  return files
}

describe("docs/architecture.md", () => {
  const [diff] = blocksOf(read("docs/architecture.md")).filter(({ language }) => language === "diff")
  const files = filesOf(diff?.lines ?? [])

  it("shows a primitive as it is: one file, and one line of the index", () => {
    const [own, index] = [...files.keys()]
    assert.strictEqual(files.size, 2)
    assert.strictEqual(index, "packages/graph/src/primitives/index.ts")
    for (const [file, lines] of files) assert.include(read(file), lines.join("\n"), file)
    assert.strictEqual(`${files.get(own ?? "")?.join("\n")}\n`, read(own ?? ""), "the file is shown whole")
    assert.strictEqual(diff?.lines.filter((line) => line.startsWith("+export {")).length, 1)
  })

  it("says truly that nothing else in graph, autodiff and compiler names it", () => {
    const name = /(\w+)\.ts$/.exec([...files.keys()][0] ?? "")?.[1] ?? ""
    for (const file of [
      "packages/graph/src/operations.ts",
      "packages/graph/src/operations-interface.ts",
      "packages/graph/src/stored.ts",
      "packages/graph/src/primitives/table.ts",
      "packages/graph/src/primitives/elementwise.ts",
      "packages/compiler/src/schedule.ts",
      "packages/autodiff/src/reverse.ts"
    ])
      assert.notMatch(read(file), new RegExp(`\\b${name}\\b`), file)
  })
})
