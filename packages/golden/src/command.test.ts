import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("./bin.ts", import.meta.url))
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}.json`, import.meta.url))

const golden = (...args: ReadonlyArray<string>) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=@cotangent/source", bin, ...args], {
    encoding: "utf8"
  })
  return { status, stdout, stderr, last: stdout.trimEnd().split("\n").at(-1) }
}

describe("golden", () => {
  it("ends with the counts alone on the last line, and succeeds", () => {
    const { status, last, stdout } = golden(fixture("schedules"), fixture("training"), "--target", "js")
    assert.strictEqual(last, "33 passed, 0 failed, 0 skipped")
    assert.include(stdout, "training, 4 cases on js")
    assert.strictEqual(status, 0)
  })

  it("fails when a number differs, and when a file is missing or malformed, and still runs the others", () => {
    const folder = mkdtempSync(join(tmpdir(), "golden-"))
    try {
      const wrong = join(folder, "wrong.json")
      writeFileSync(wrong, readFileSync(fixture("schedules"), "utf8").replace('"base_lr":0.1', '"base_lr":0.2'))
      const malformed = join(folder, "malformed.json")
      writeFileSync(malformed, '{"runs": [{}]}')
      const { status, last, stderr } = golden(wrong, malformed, join(folder, "none.json"), "--target=interpreter")
      assert.strictEqual(last, "28 passed, 1 failed, 0 skipped")
      assert.include(stderr, `golden: there is no file ${join(folder, "none.json")}`)
      assert.include(stderr, "malformed.json looks like a training file, but ")
      assert.notStrictEqual(status, 0)
      const alone = golden(malformed)
      assert.deepStrictEqual([alone.stdout, alone.status === 0], ["", false])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it("writes JSON", () => {
    const { status, stdout, stderr } = golden(fixture("schedules"), "--json", "--target", "interpreter")
    const { passed, failed, files } = JSON.parse(stdout)
    assert.deepStrictEqual([passed, failed, files[0].form, files[0].targets], [29, 0, "schedules", ["interpreter"]])
    assert.strictEqual(stderr.trim(), "29 passed, 0 failed, 0 skipped")
    assert.strictEqual(status, 0)
  })
})
