/** The rooms of docs/architecture.md: what each package may import. */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const packages = fileURLToPath(new URL("../../", import.meta.url))
const order = [
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
  "cotangent"
] as const
type Room = (typeof order)[number]

/** Rooms above the one named that it may import, where that is not all of them. */
const above: Readonly<Record<Room, ReadonlyArray<Room>>> = {
  kernel: [],
  graph: ["kernel"],
  autodiff: ["graph"],
  optim: ["graph", "autodiff"],
  nn: ["graph", "autodiff"],
  compiler: ["kernel", "graph"],
  runtime: ["kernel", "graph", "compiler"],
  data: ["kernel", "graph"],
  train: ["kernel", "graph", "autodiff", "optim", "nn", "compiler", "runtime", "data"],
  serve: ["kernel", "graph", "nn", "compiler", "runtime", "data", "train"],
  viz: ["graph", "nn", "train"],
  cotangent: ["kernel", "graph", "autodiff", "optim", "nn", "compiler", "runtime", "data", "train", "serve", "viz"]
}
const pure: ReadonlyArray<Room> = ["kernel", "graph", "autodiff", "optim", "nn", "compiler"]

interface Import {
  readonly file: string
  readonly from: string
}

const importsOf = (room: Room): ReadonlyArray<Import> =>
  globSync(`${packages}${room}/src/**/*.ts`)
    .filter((file) => !/\.test\.ts$|\.test\.support\.ts$|\/fixtures\/|\/typetest\//.test(file))
    .flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/^(?:import|export)[^"']*?from "([^"]+)"/gm)].map((match) => ({
        file: file.slice(packages.length),
        from: match[1] ?? ""
      }))
    )

const offending = (room: Room, allowed: (from: string) => boolean): ReadonlyArray<string> =>
  importsOf(room).flatMap(({ file, from }) =>
    from.startsWith(".") || allowed(from) ? [] : [`${file} imports ${from}`]
  )

describe("rooms", () => {
  for (const room of order) {
    it(`${room} imports only rooms above it`, () => {
      const allowed = new Set(above[room].map((name) => `@cotangent/${name}`))
      assert.isAbove(importsOf(room).length, 0)
      assert.deepStrictEqual(
        offending(
          room,
          (from) => !from.startsWith("@cotangent/") || allowed.has(from.split("/").slice(0, 2).join("/"))
        ),
        []
      )
    })
  }

  for (const room of pure) {
    it(`${room} is pure: of Effect only Function, and Schema in codecs; nothing of Node`, () => {
      assert.deepStrictEqual(
        offending(
          room,
          (from) =>
            !from.startsWith("node:") &&
            !from.startsWith("@effect/") &&
            from !== "effect" &&
            (!from.startsWith("effect/") || from === "effect/Function" || from === "effect/Schema")
        ),
        []
      )
      const schemas = importsOf(room)
        .filter(({ from }) => from === "effect/Schema")
        .map(({ file }) => file)
      assert.deepStrictEqual(
        schemas.filter((file) => !/codec|stored/.test(file)),
        []
      )
    })
  }

  for (const room of ["runtime", "serve"] as const) {
    it(`${room} is platform-neutral`, () =>
      assert.deepStrictEqual(
        offending(room, (from) => !from.startsWith("node:") && !from.startsWith("@effect/platform")),
        []
      ))
  }
})
