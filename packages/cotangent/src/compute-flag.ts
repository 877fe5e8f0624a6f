/** The flag that says what programs are compiled to. */
import { Flag } from "effect/cli"
import { Compute } from "@cotangent/runtime"

/** The flag. */
export const modeFlag = Flag.Literals("mode", ["wide", "narrow", "js"]).pipe(
  Flag.withDescription(
    "wide: 256-bit vectors where this Node has them; narrow: 128-bit; js: without WebAssembly. The results are the same bits"
  ),
  Flag.withDefault("wide" as "wide" | "narrow" | "js")
)

/** The layer of each mode. */
export const computeLayers = { wide: Compute.wide, narrow: Compute.layer, js: Compute.javascript } as const
