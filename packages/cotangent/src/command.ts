/** The `cotangent` command. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { Command } from "effect/cli"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { exportModel } from "./export-command.ts"
import { train } from "./train-command.ts"

const root = Command.make("cotangent").pipe(
  Command.withDescription("Differentiable programs in TypeScript"),
  Command.withSubcommands([train, exportModel])
)

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))

root.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.tapError((error) =>
    "_tag" in error && error._tag === "ShowHelp" ? Effect.void : Console.error(`cotangent: ${sentence(error)}`)
  ),
  Effect.provide(NodeServices.layer),
  (program) => NodeRuntime.runMain(program, { disableErrorReporting: true })
)
