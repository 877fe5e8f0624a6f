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

// An ordinary vitest config (vitest 5 has no workspace files); npm scripts name it with --config.
export default defineConfig({
  resolve: { conditions: ["@cotangent/source"] },
  ssr: { resolve: { conditions: ["@cotangent/source"] } },
  test: {
    projects: packages.map((name) => ({
      resolve: { conditions: ["@cotangent/source"] },
      ssr: { resolve: { conditions: ["@cotangent/source"], externalConditions: ["@cotangent/source"] } },
      test: {
        name,
        root: `packages/${name}`,
        include: ["src/**/*.test.ts"],
        testTimeout: 60_000,
        setupFiles: [...(setup[name] ?? [])]
      }
    }))
  }
})
