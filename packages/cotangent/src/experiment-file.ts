/** The experiment that a file exports. */
import { fileURLToPath, pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { refusalOf } from "@cotangent/data"
import { Experiment } from "@cotangent/train"
import { sentenceOf, usage, type UsageError } from "./exit-code.ts"

/** An experiment and where it is from. */
export interface Loaded {
  readonly experiment: Experiment.Experiment
  readonly name: string
}

const extension = /\.[cm]?[jt]s$/

/** Whether a path names a file of code, rather than a table. */
export const isExperimentFile = (path: string): boolean => extension.test(path)

const modules = new Set(["Object", "Module"])

const kindOf = (value: unknown): string => {
  if (value === null || typeof value !== "object") return value === null ? "null" : `a ${typeof value}`
  const name = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === "string" && !modules.has(name)
    ? `of the class ${name}`
    : "an object that Experiment.make did not make"
}

/** What the runtime says of a module that it cannot load, with what can be done about it. */
const importSentence = (path: string, href: string, thrown: unknown): string => {
  const text = sentenceOf(thrown)
  const missing = /Cannot find package '([^']+)'/.exec(text)?.[1]
  if (missing !== undefined)
    return `${path} cannot be loaded: it imports ${missing}, which is not installed beside it; npm install ${missing}`
  if (/node_modules/.test(text) && /type stripping|Stripping types/i.test(text))
    return `${path} cannot be loaded: Node runs no TypeScript in node_modules; move the file out of it`
  // Of the places in a stack, the one in the file is where its author can do something.
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : ""
  const place = [href, fileURLToPath(href)].map((name) => `${name}:`).find((name) => stack.includes(name))
  const line = place === undefined ? undefined : /^\d+/.exec(stack.slice(stack.indexOf(place) + place.length))?.[0]
  return `${path}${line === undefined ? "" : `, line ${line},`} cannot be loaded: ${text}`
}

/**
 * The experiment that is the default export of a file. Fails with a UsageError when there is no such file, when loading it
 * throws, and when it has no default export or one that is no experiment.
 */
export const load = (path: string): Effect.Effect<Loaded, UsageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const file = paths.resolve(path)
    const info = yield* fs
      .stat(file)
      .pipe(
        Effect.mapError((error) =>
          usage(
            error.reason._tag === "NotFound"
              ? `there is no file ${path}; check the path, which is relative to where the command was started`
              : `${path} cannot be read: ${refusalOf(error)}`
          )
        )
      )
    if (info.type !== "File") return yield* usage(`${path} is a folder; name the file of the experiment in it`)
    // A module is imported once, whatever links lead to it, and finds its packages where it really is.
    const real = yield* fs.realPath(file).pipe(Effect.orElseSucceed(() => file))
    const { href } = pathToFileURL(real)
    const exported = yield* Effect.tryPromise({
      try: (): Promise<{ readonly [name: string]: unknown }> => import(/* @vite-ignore */ href),
      catch: (thrown) => usage(importSentence(path, href, thrown))
    })
    const found = exported["default"]
    if (found === undefined) {
      const others = Object.keys(exported).filter((name) => name !== "default")
      return yield* usage(
        `${path} has no default export${others.length === 0 ? "" : ` (it exports ${others.join(", ")})`}; write export default Experiment.make({ ... })`
      )
    }
    if (!Experiment.isExperiment(found))
      return yield* usage(
        `the default export of ${path} is ${kindOf(found)}; an experiment is needed: export default Experiment.make({ ... })`
      )
    return { experiment: found, name: found.name ?? paths.basename(file).replace(extension, "") }
  })
