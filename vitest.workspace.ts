import { globSync, readFileSync } from "node:fs"
import { defineConfig } from "vitest/config"

const packages = [
  "kernel",
  "graph",
  "autodiff",
  "optim",
  "nn",
  "compiler",
  "runtime",
  "data",
  "train",
  "serve",
  "viz",
  "cotangent",
  "golden",
  "bench"
]

/** Run before every test file of a package: the compiler's tests validate what every pass makes. */
const setup: Readonly<Record<string, ReadonlyArray<string>>> = { compiler: ["src/validated.test.support.ts"] }

const tests = "src/**/*.test.ts"

/** The test files of a package that have an exhaustive form: they take their sizes from `exhaustive.test.support.ts`. */
const exhaustive = (name: string): ReadonlyArray<string> => {
  const cwd = `${import.meta.dirname}/packages/${name}`
  return globSync(tests, { cwd }).filter((file) =>
    /COTANGENT_DEEP|\/exhaustive\.test\.support\.ts"/.test(readFileSync(`${cwd}/${file}`, "utf8"))
  )
}

/** With COTANGENT_DEEP only these run: the others are in `npm test`, in the same size. */
const isDeep = Number(process.env["COTANGENT_DEEP"] ?? 0) !== 0
const included = packages.flatMap((name) => {
  const include = isDeep ? exhaustive(name) : [tests]
  return include.length === 0 ? [] : [{ name, include }]
})

// An ordinary vitest config (vitest 5 has no workspace files); npm scripts name it with --config.
export default defineConfig({
  resolve: { conditions: ["@cotangent/source"] },
  ssr: { resolve: { conditions: ["@cotangent/source"] } },
  test: {
    // All processors: by default one is left to a watching editor.
    maxWorkers: "100%",
    projects: included.map(({ name, include }) => ({
      resolve: { conditions: ["@cotangent/source"] },
      ssr: { resolve: { conditions: ["@cotangent/source"], externalConditions: ["@cotangent/source"] } },
      test: {
        name,
        root: `packages/${name}`,
        include: [...include],
        // Files share a process and the modules they import: otherwise importing takes more time than testing. Those of
        // the compiler set flags of V8 under which the code that others write is not valid.
        isolate: name === "compiler",
        testTimeout: isDeep ? 1_800_000 : 60_000,
        setupFiles: [...(setup[name] ?? [])]
      }
    }))
  }
})
