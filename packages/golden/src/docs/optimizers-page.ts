/** The reference page of optimizers of this checkout. */
import { globSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { optimizersPage } from "./optimizers.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** Where the page is kept. */
export const optimizersFile = join(root, "docs", "optimizers.md")

/** The page as it should be now. */
export const currentOptimizersPage = (): string =>
  optimizersPage({
    sources: globSync("packages/optim/src/**/*.ts", { cwd: root })
      .map((file) => file.split(sep).join("/"))
      .filter((file) => !/\.test\.|\/fixtures\//.test(file))
      .toSorted()
      .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }))
  })
