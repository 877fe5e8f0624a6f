/** docs/guides/command.md: its commands run, one after another in an empty folder, and print what it says. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { inFolder } from "./command.test.support.ts"
import { command } from "./in-process.test.support.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const guide = readFileSync(join(root, "docs/guides/command.md"), "utf8")

interface Block {
  readonly language: string
  readonly lines: ReadonlyArray<string>
}

const blocks = [...guide.matchAll(/^```(\w+)\n([^]*?)\n```$/gm)].map(([, language = "", text = ""]): Block => ({
  language,
  lines: text.split("\n")
}))

/** Commands, and what they print in all; `...` at the end of a line or as a line stands for anything. */
const steps = blocks.flatMap(({ language, lines }, i) => {
  const next = blocks[i + 1]
  return language === "sh" ? [{ commands: lines, said: next?.language === "text" ? next.lines : [] }] : []
})

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

const patternOf = (lines: ReadonlyArray<string>): RegExp => {
  const parts = lines.map((line) =>
    line === "..."
      ? "(?:.*\\n)*?"
      : line.endsWith("...")
        ? `${escaped(line.slice(0, -3))}.*\\n`
        : `${escaped(line)} *\\n`
  )
  return new RegExp(`^${parts.join("")}$`)
}

describe("docs/guides/command.md", () => {
  it("shows the example as it is", () => {
    const shown = blocks.find(({ language }) => language === "ts")?.lines.join("\n")
    const file = readFileSync(join(root, "examples/command/iris.ts"), "utf8")
    assert.strictEqual(file.slice(file.indexOf("\n") + 1), `${shown}\n`)
  })

  it("prints what it says", () =>
    inFolder(async (folder) => {
      symlinkSync(join(root, "examples"), join(folder, "examples"))
      const before = process.cwd()
      process.chdir(folder)
      try {
        for (const { commands, said } of steps) {
          let printed = ""
          for (const line of commands) {
            const [, text, file] = /^echo "(.*)" > (\S+)$/.exec(line) ?? []
            if (text !== undefined && file !== undefined) {
              writeFileSync(join(folder, file), `${text}\n`)
              continue
            }
            const [words = "", expected = "0"] = line.split(" # ends with ")
            const [name, ...args] = words.split(" ")
            assert.strictEqual(name, "cotangent", line)
            const { code, stdout, stderr } = await command(args)
            assert.strictEqual(code, Number(expected), `${line}\n${stderr}`)
            printed += code === 0 ? stdout : stderr
          }
          assert.match(printed, patternOf(said), commands.join("\n"))
        }
      } finally {
        process.chdir(before)
      }
    }))
})
