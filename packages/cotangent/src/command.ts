/** The `cotangent` command: its subcommands. */
import { Command } from "effect/cli"
import { compare } from "./compare-command.ts"
import { evaluate } from "./eval-command.ts"
import { exportModel } from "./export-command.ts"
import { findLr } from "./find-lr-command.ts"
import { inspect } from "./inspect-command.ts"
import { plot } from "./plot-command.ts"
import { predict } from "./predict-command.ts"
import { train } from "./train-command.ts"

/** The command with its subcommands, one file each. */
export const root = Command.make("cotangent").pipe(
  Command.withDescription("Differentiable programs in TypeScript"),
  Command.withSubcommands([train, evaluate, predict, inspect, plot, findLr, compare, exportModel])
)
