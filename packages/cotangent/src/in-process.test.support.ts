/** The command in this process: what it prints, and how it ends. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stdio from "effect/Stdio"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { Ended } from "./command.test.support.ts"
import { exitCode } from "./exit-code.ts"
import { main } from "./main.ts"

/** Runs the command; interrupts it after a line of its output that `stopAfter` accepts. */
export const command = async (args: ReadonlyArray<string>, stopAfter?: (line: string) => boolean): Promise<Ended> => {
  const [out, err]: [Array<string>, Array<string>] = [[], []]
  let interrupt = (): void => {}
  const console: Console.Console = Object.assign(Object.create(globalThis.console) as Console.Console, {
    log: (...parts: ReadonlyArray<unknown>) => {
      const line = parts.join(" ")
      out.push(line)
      if (stopAfter?.(line) === true) interrupt()
    },
    error: (...parts: ReadonlyArray<unknown>) => err.push(parts.join(" "))
  })
  const program = Effect.gen(function* () {
    const stdio = yield* Stdio.Stdio
    const fiber = yield* Effect.forkChild(
      main(args).pipe(
        Effect.provideService(Console.Console, console),
        Effect.provideService(Stdio.Stdio, { ...stdio, stderrIsTerminal: Effect.succeed(false) })
      )
    )
    interrupt = () => fiber.interruptUnsafe()
    return yield* Fiber.await(fiber)
  })
  const exit = await Effect.runPromise(Effect.provide(program, NodeServices.layer))
  const text = (lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\n`).join("")
  return {
    code: Exit.isSuccess(exit) ? exit.value : exitCode.interrupted,
    stdout: text(out),
    stderr: text(err)
  }
}

/** The JSON lines of some output; a line that is no JSON object throws. */
export const jsonLines = (stdout: string): ReadonlyArray<{ readonly [name: string]: unknown }> =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => {
      const value: unknown = JSON.parse(line)
      if (typeof value !== "object" || value === null) throw new TypeError(`no object: ${line}`)
      return value as { readonly [name: string]: unknown }
    })
