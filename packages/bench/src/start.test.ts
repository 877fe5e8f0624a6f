import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

/** Prints the address of every module that is loaded when the process ends. */
const recorder = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module"
  const loaded = new Set()
  registerHooks({ resolve: (name, context, next) => { const found = next(name, context); loaded.add(found.url); return found } })
  process.on("exit", () => { for (const url of loaded) console.log(url) })
`)}`

describe("the way from the start of a process to the first step", () => {
  const script = fileURLToPath(new URL("./start.ts", import.meta.url))
  const output = execFileSync(
    process.execPath,
    ["--conditions=@cotangent/source", "--import", recorder, script, "W1", "narrow"],
    { encoding: "utf8" }
  )
  const lines = output.split("\n").filter((line) => line !== "")
  const modules = lines.filter((line) => !line.startsWith("{"))
  const effects = modules.flatMap((url) => /\/effect\/dist\/(.*)\.js$/.exec(url)?.[1] ?? [])

  it("runs", () => assert.match(lines[0] ?? "", /"first_step_ms":\d+/))

  it("loads no Schema, no Stream, no command line and nothing of the platform", () => {
    assert.isAbove(effects.length, 10)
    assert.deepStrictEqual(
      effects.filter((name) => /^(Schema|Stream|Channel|Config|FileSystem|cli|http|sql)/.test(name)),
      []
    )
    assert.deepStrictEqual(
      modules.filter((url) =>
        /platform-node|fp-ts\/lib\/index|effect\/dist\/index\.js|packages\/(viz|train|data|golden)\//.test(url)
      ),
      []
    )
  })
})
