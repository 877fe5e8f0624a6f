#!/usr/bin/env node
/** `npm run golden -- FILE... [--json] [--target interpreter|wasm|js|all]` */
import * as Effect from "effect/Effect"
import { Command } from "effect/cli"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { golden } from "./command.ts"

// The reports have said what failed: nothing more is printed, and the exit code is 1.
golden.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), (program) =>
  NodeRuntime.runMain(program, { disableErrorReporting: true })
)
