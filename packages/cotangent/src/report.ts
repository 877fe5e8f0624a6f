/** What a command says, and how: to people, to a script that wants the result only, or as JSON lines. */
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import { Flag } from "effect/cli"
import { exitCodeOf, sentenceOf, tagOf, usage, type UsageError } from "./exit-code.ts"

/** The flags that say how a command reports. */
export const reportFlags = {
  quiet: Flag.Boolean("quiet").pipe(
    Flag.withDescription("print the result and nothing else: no progress, no tables"),
    Flag.withDefault(false)
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("print JSON lines, one object each, and nothing else on standard output"),
    Flag.withDefault(false)
  )
}

/** An answer in the three forms. */
export interface Answer {
  readonly text: string
  /** What `--quiet` prints: nothing unless given. */
  readonly quiet?: string
  /** The line that `--json` prints, `event` telling lines apart. */
  readonly json: { readonly event: string; readonly [name: string]: unknown }
}

/** How a command speaks. Results go to standard output, progress to standard error. */
export interface Report {
  readonly mode: "text" | "quiet" | "json"
  /** Whether standard error is a terminal that a line can move on. */
  readonly animated: boolean
  /** Tells people something on standard output. */
  readonly say: (text: string) => Effect.Effect<void>
  /** Tells people how far it is, on standard error. */
  readonly note: (text: string) => Effect.Effect<void>
  /** A JSON line of something that is no answer yet. */
  readonly event: (line: Answer["json"]) => Effect.Effect<void>
  readonly answer: (answer: Answer) => Effect.Effect<void>
}

/** A JSON line; numbers that JSON has not are strings, as in `history.json`. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "number" && !Number.isFinite(inner) ? String(inner) : inner
  )

const make = (mode: Report["mode"], animated: boolean): Report => {
  const only = (wanted: Report["mode"], effect: Effect.Effect<void>) => (mode === wanted ? effect : Effect.void)
  return {
    mode,
    animated: animated && mode === "text",
    say: (text) => only("text", Console.log(text)),
    note: (text) => only("text", Console.error(text)),
    event: (line) => only("json", Console.log(jsonLine(line))),
    answer: ({ text, quiet, json }) =>
      mode === "json"
        ? Console.log(jsonLine(json))
        : mode === "text"
          ? Console.log(text)
          : quiet === undefined
            ? Effect.void
            : Console.log(quiet)
  }
}

/** Runs the body of a command with its report. With `--json` a failure is a line of its own. */
export const reporting = <E, R>(
  { quiet, json }: { readonly quiet: boolean; readonly json: boolean },
  body: (report: Report) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | UsageError, R | Stdio.Stdio> =>
  Effect.gen(function* () {
    if (quiet && json) return yield* usage("--quiet and --json are both given; one of them is needed")
    const { stderrIsTerminal } = yield* Stdio.Stdio
    const isDumb = process.env["TERM"] === "dumb"
    const report = make(json ? "json" : quiet ? "quiet" : "text", !isDumb && (yield* stderrIsTerminal))
    yield* body(report).pipe(
      Effect.onError((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return report.event({ event: "interrupted" })
        const error = Cause.squash(cause)
        return report.event({
          event: "error",
          error: tagOf(error),
          message: sentenceOf(error),
          exitCode: exitCodeOf(error)
        })
      })
    )
  })
