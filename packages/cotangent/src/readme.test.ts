import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const readme = readFileSync(at("../../../README.md"), "utf8")

const blocks = (fence: string): ReadonlyArray<string> =>
  [...readme.matchAll(new RegExp(`\`\`\`${fence}\\n([\\s\\S]*?)\`\`\``, "g"))].map((match) => match[1] ?? "")

const [example = ""] = blocks("ts")
const [wrongNumber = "", wrongShape = ""] = blocks("text tsc").map((block) => block.split("\n=> ")[0] ?? "")
const sentences = blocks("text tsc").map((block) => /=> "(.*)"/.exec(block)?.[1] ?? "")

/** What the type checker says about a program, one string per error. */
const errorsOf = (program: string): ReadonlyArray<string> => {
  const folder = mkdtempSync(at("../readme-"))
  try {
    const file = join(folder, "program.ts")
    writeFileSync(file, program)
    const options = [
      "--ignoreConfig",
      "--noEmit",
      "--strict",
      "--module",
      "nodenext",
      "--moduleResolution",
      "nodenext",
      "--target",
      "es2023",
      "--lib",
      "es2024,dom",
      "--customConditions",
      "@cotangent/source",
      "--types",
      "node",
      "--skipLibCheck",
      "--allowImportingTsExtensions",
      "--pretty",
      "false"
    ]
    const { stdout } = spawnSync(process.execPath, [at("../../../node_modules/typescript/bin/tsc"), ...options, file], {
      encoding: "utf8"
    })
    // An error's further lines are indented.
    return stdout.trim() === "" ? [] : stdout.trim().split(/\n(?! )/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe("README", () => {
  it("has an example that compiles", () => {
    assert.include(example, "Trainer.fit")
    assert.deepStrictEqual(errorsOf(example), [])
  })

  it("shows what one wrong number gives: one error that ends in the sentence", () => {
    const mlp = /const mlp = .*/.exec(example)?.[0] ?? ""
    const errors = errorsOf(example.replace(mlp, wrongNumber))
    assert.strictEqual(errors.length, 1, errors.join("\n"))
    assert.isTrue(errors[0]?.endsWith(`"${sentences[0]}"'.`), errors[0])
  })

  it("shows what a column minus a row gives", () => {
    const errors = errorsOf(`import { T, type Tensor } from "cotangent"\n${wrongShape}\nexport { error }\n`)
    assert.strictEqual(errors.length, 1, errors.join("\n"))
    assert.isTrue(errors[0]?.endsWith(`"${sentences[1]}"'.`), errors[0])
  })
})
