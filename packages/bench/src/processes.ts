/** Measurements in processes of their own, pinned to their processors where the system can. */
import { spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Why a process gave no measurement, as a sentence. */
export class BenchError extends Schema.TaggedError<BenchError>()("BenchError", { message: Schema.String }) {}

const pinned = (core: number, cores: number): ReadonlyArray<string> => {
  const all = availableParallelism()
  const these = Array.from({ length: cores }, (_, i) => (core + i) % all)
  return existsSync("/usr/bin/taskset") ? ["/usr/bin/taskset", "-c", these.join(",")] : []
}

/** One thread, and an allocator that gives no pages back: page faults would multiply the times of the peers. */
const environment = (): NodeJS.ProcessEnv => {
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...inherited } = process.env
  return {
    ...inherited,
    OMP_NUM_THREADS: "1",
    OPENBLAS_NUM_THREADS: "1",
    MALLOC_MMAP_MAX_: "0",
    MALLOC_TRIM_THRESHOLD_: "8589934592",
    MALLOC_TOP_PAD_: "67108864"
  }
}

/** The command that runs a script of this folder. */
export const own = (script: string, ...args: ReadonlyArray<string>): ReadonlyArray<string> => [
  process.execPath,
  ...process.execArgv.filter((argument) => argument.startsWith("--conditions")),
  fileURLToPath(new URL(`./${script}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url)),
  ...args
]

/** The command that runs a script of this folder as it is built and published, if it is. */
export const built = (script: string, ...args: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  const path = fileURLToPath(new URL(`../dist/${script}.js`, import.meta.url))
  return existsSync(path) ? [process.execPath, path, ...args] : undefined
}

/** Runs a command to its end, on one processor or several from one on; the lines of JSON it printed, or the last line of what it complained of. */
export const linesOf = (
  command: ReadonlyArray<string>,
  core: number,
  { cores = 1, onLine = () => undefined }: { readonly cores?: number; readonly onLine?: (line: string) => void } = {}
): Effect.Effect<ReadonlyArray<string>, BenchError> =>
  Effect.callback((resume) => {
    const [program = "", ...args] = [...pinned(core, cores), ...command]
    const child = spawn(program, args, { env: environment(), stdio: ["ignore", "pipe", "pipe"] })
    const lines: Array<string> = []
    let [rest, complaint] = ["", ""]
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n")
      rest = parts.pop() ?? ""
      for (const line of parts.filter((part) => part.startsWith("{"))) {
        lines.push(line)
        onLine(line)
      }
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-4000)
    })
    const name = command.slice(0, 4).join(" ")
    child.on("error", ({ message }) => resume(Effect.fail(new BenchError({ message: `${name}: ${message}` }))))
    child.on("close", (code) => {
      if (lines.length > 0 && code === 0) resume(Effect.succeed(lines))
      else {
        const last = complaint.trim().split("\n").at(-1) ?? ""
        resume(Effect.fail(new BenchError({ message: `${name}: ${last === "" ? "it printed nothing" : last}` })))
      }
    })
    return Effect.sync(() => child.kill())
  })

/** Runs a command that prepares something, its output shown. */
export const prepare = (program: string, ...args: ReadonlyArray<string>): Effect.Effect<void, BenchError> =>
  Effect.suspend(() => {
    const { status } = spawnSync(program, args, { stdio: "inherit" })
    return status === 0 ? Effect.void : Effect.fail(new BenchError({ message: `${program} ${args.join(" ")} failed` }))
  })
