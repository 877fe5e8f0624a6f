/** The pages of the gallery, run short: one seed, less data, a level for it, and a picture. */
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { runProgram } from "./processes.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** A page has its reference beside it, and is named for its folder. */
const names = globSync("examples/*/reference.py", { cwd: root })
  .map((file) => basename(dirname(file)))
  .filter((name) => name !== "gallery")
  .toSorted()

describe("the gallery", () => {
  const dist = join(root, "packages", "golden", "dist")
  mkdirSync(dist, { recursive: true })
  const folder = mkdtempSync(join(dist, "gallery-"))
  for (const name of ["packages", "examples"]) symlinkSync(join(root, name), join(folder, name))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  for (const name of names) {
    it(`${name}: reaches its level in a short run, and draws`, async () => {
      const page = join(root, "examples", name, `${name}.ts`)
      const { code, stderr, stdout } = await runProgram(page, { cwd: folder, args: ["--short"] })
      assert.strictEqual(code, 0, `${name} fails:\n${stderr}${stdout}`)
      if (!stdout.startsWith("There is no ")) assert.isTrue(existsSync(join(folder, "out", "gallery", `${name}.png`)))
    })

    it(`${name}: is in the gallery, with its command and its picture`, () => {
      const gallery = readFileSync(join(root, "docs", "gallery.md"), "utf8")
      assert.include(gallery, `node --conditions=@cotangent/source examples/${name}/${name}.ts`)
      assert.include(gallery, `pictures/${name}.png`)
      assert.include(gallery, `../examples/${name}/README.md`)
    })
  }

  it("fails with a sentence when a level is not reached", async () => {
    const { code, stderr } = await runProgram(join(root, "examples", "gallery", "unreached.ts"), { cwd: folder })
    assert.strictEqual(code, 1)
    assert.strictEqual(stderr.trim(), "the level is not reached. accuracy: mean 0.7500, at least 0.8 is needed")
  })
})
