/**
 * Packs every public package, installs the tarballs in an empty project and runs the README's first example there, under
 * the Node of the workspace and under Node 22, so that what users install is what was tested.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = new URL("..", import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), "cotangent-pack-"))
const run = (command: string, args: ReadonlyArray<string>, cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })

/** The first TypeScript block of the README. */
const example = (): string => {
  const block = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1]
  if (block === undefined) throw new Error("README.md has no TypeScript example")
  return block
}

try {
  run("npx", ["tsc", "-b", "packages/cotangent", "packages/golden"], root)
  const packages = readdirSync(join(root, "packages")).filter(
    (name) => JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).private !== true
  )
  const tarballs = packages.map((name) =>
    join(folder, run("npm", ["pack", "--silent", "--pack-destination", folder], join(root, "packages", name)).trim())
  )
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }))
  run("npm", ["install", "--no-audit", "--no-fund", "--silent", ...tarballs, "node@22", "node-26@npm:node@26"], folder)
  writeFileSync(join(folder, "example.ts"), example())
  writeFileSync(join(folder, "iris.ts"), readFileSync(join(root, "examples/command/iris.ts")))
  // The example is plain enough for type stripping; the packages themselves are JavaScript.
  for (const node of ["node_modules/node/bin/node", "node_modules/node-26/bin/node"]) {
    const binary = join(folder, node)
    const version = run(binary, ["--version"], folder).trim()
    const printed = run(binary, ["--experimental-strip-types", "--no-warnings", "example.ts"], folder).trim()
    const expected = /```text\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1]?.trim()
    if (printed !== expected)
      throw new Error(`under Node ${version} the README's example printed ${printed}, the README says ${expected}`)
    const command = run(
      binary,
      ["node_modules/.bin/cotangent", "train", "iris", "--epochs", "2", "--out", "out"],
      folder
    )
    if (!command.includes("Wrote history.json")) throw new Error(`under Node ${version} the command printed ${command}`)
    const exported = run(binary, ["node_modules/.bin/cotangent", "export", "out", "--out", "exported"], folder)
    if (!exported.includes("Wrote model.wasm")) throw new Error(`under Node ${version} the export printed ${exported}`)
    const trained = run(
      binary,
      ["node_modules/.bin/cotangent", "train", "iris.ts", "--epochs", "2", "--overwrite"],
      folder
    )
    if (!trained.includes("in runs/iris")) throw new Error(`under Node ${version} the command printed ${trained}`)
    console.log(`Node ${version}: the example and the command run from the packed packages`)
  }
  console.log(`${2 * packages.length} passed, 0 failed`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
