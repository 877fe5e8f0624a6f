/** The process of the command. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { exitCode } from "./exit-code.ts"
import { main } from "./main.ts"

// Who reads the output may have had enough of it, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? exitCode.done : exitCode.failed)
)

NodeRuntime.runMain(Effect.provide(main(process.argv.slice(2)), NodeServices.layer), {
  disableErrorReporting: true,
  teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? Number(exit.value) : exitCode.interrupted)
})
