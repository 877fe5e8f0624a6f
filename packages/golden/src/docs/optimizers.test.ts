import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { optimizerDocuments, optimizerFamilies, optimizers } from "@cotangent/optim"
import { currentOptimizersPage, optimizersFile } from "./optimizers-page.ts"

const page = currentOptimizersPage()

describe("docs/optimizers.md", () => {
  it("is what the code says now", () =>
    assert.strictEqual(
      readFileSync(optimizersFile, "utf8"),
      page,
      "docs/optimizers.md is out of date: npm run docs:optimizers"
    ))

  it("has an entry for every rule, and links to entries only", () => {
    const anchors = new Set([...page.matchAll(/<a id="([\w-]+)">/g)].map(([, id]) => id))
    for (const { name } of optimizerDocuments) assert.isTrue(anchors.has(name), name)
    // Those of sections are made by the reader of the page.
    for (const section of ["laws", "transforms", "schedules", "solvers"]) {
      assert.match(page, new RegExp(`^## ${section}$`, "im"))
      anchors.add(section)
    }
    const links = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, id]) => id)
    assert.deepStrictEqual(
      links.filter((id) => !anchors.has(id)),
      []
    )
  })

  it("shows a picture per family", () => {
    for (const { name } of optimizerFamilies) {
      assert.include(page, `](pictures/paths-${name}.png)`)
      assert.isTrue(existsSync(join(dirname(optimizersFile), "pictures", `paths-${name}.png`)), name)
    }
  })

  it("says of every option what it is, and of every row which laws it obeys", () => {
    assert.deepStrictEqual(page.match(/^\| `\w+` \|.*\| {2}\|$/gm) ?? [], [])
    for (const { name } of optimizers) assert.match(page, new RegExp(`^\\| ${name}(?: \\(ascends\\))? \\|`, "m"))
    assert.notMatch(page, /`undefined` \||\[object/)
  })

  it("has the defaults of the frameworks", () => {
    assert.include(page, "| `epsilonMode` | `outside` | `outside` | `hat` | `outside` |")
    assert.include(page, "| `learningRate` | `0.001` | `0.001` | `0.001` | given |")
    assert.include(
      page,
      "- memory per parameter, beside the parameters themselves: 8 bytes, 12 (amsgrad raw; amsgrad corrected)"
    )
  })
})
