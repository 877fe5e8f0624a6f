/** The reference page of operations of this checkout. */
import { globSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { T } from "@cotangent/graph"
import { adapters } from "../gradients/adapters.ts"
import { jaxNames, torchNames } from "../gradients/names.ts"
import { operationsPage } from "./operations.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** Where the page is kept. */
export const pageFile = join(root, "docs", "operations.md")

/** The functions of T. */
export const operationsOfT: ReadonlySet<string> = new Set(
  Object.entries(T).flatMap(([name, value]) => (typeof value === "function" ? [name] : []))
)

/** PyTorch's names, from the table that golden cases are run by and from the list beside it. */
export const pytorchNames: Readonly<Record<string, string>> = {
  ...torchNames,
  ...Object.fromEntries([...adapters].map(([name, { operation }]) => [name, operation]))
}

/** The page as it should be now. */
export const currentPage = (): string =>
  operationsPage({
    sources: globSync("packages/graph/src/**/*.ts", { cwd: root })
      .map((file) => file.split(sep).join("/"))
      .filter((file) => !/\.test\.|\/typetest\//.test(file))
      .toSorted()
      .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") })),
    operations: operationsOfT,
    names: { PyTorch: pytorchNames, "JAX and numpy": jaxNames }
  })
