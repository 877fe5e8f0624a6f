/** Runs the command: what goes wrong becomes a sentence on standard error and an exit code. */
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { CliOutput, Command } from "effect/cli"
import { root } from "./command.ts"
import { exitCode, exitCodeOf, sentenceOf, tagOf } from "./exit-code.ts"

/** Where a wrong request is told of: what is wrong and where help is, not the help itself. */
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
          [
            ...event.errors.map((error) => `cotangent: ${error.message.trim()}`),
            `cotangent: ${event.commandPath.join(" ")} --help shows how it is used`
          ].join("\n")
        )
      : CliOutput.defaultPresenter.present(event)
}

/** A stack without the places that are nobody's concern: those in packages and in Node. */
const stackOf = (error: Error): string =>
  (error.stack ?? error.message)
    .split("\n")
    .filter((line) => !/^\s+at .*(?:\/node_modules\/|\(?node:)/.test(line))
    .join("\n")

/** A failure as a sentence; what nobody expected shows where it is from. */
const tell = (cause: Cause.Cause<unknown>): Effect.Effect<number> => {
  const error = Cause.squash(cause)
  if (tagOf(error) === "ShowHelp") {
    const { errors } = error as { readonly errors: ReadonlyArray<unknown> }
    return Effect.succeed(errors.length === 0 ? exitCode.done : exitCode.usage)
  }
  const isKnown = !Cause.hasDies(cause) || exitCodeOf(error) === exitCode.usage
  const text = !isKnown && error instanceof Error ? stackOf(error) : sentenceOf(error)
  return Effect.as(Console.error(`cotangent: ${text}`), exitCodeOf(error))
}

/** Runs the command with its arguments and gives its exit code; an interruption stays one. */
export const main = (args: ReadonlyArray<string>) =>
  Command.runWith(root, { version: "0.1.0" })(args).pipe(
    Effect.as<number>(exitCode.done),
    Effect.catchCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.interrupt : tell(cause))),
    Effect.provide(CliOutput.layerPresenter(presenter))
  )
