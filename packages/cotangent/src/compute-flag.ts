/** The flag that says what programs are compiled to. */
import { Flag } from "effect/cli"
import { Compute } from "@cotangent/runtime"

/** The flag. */
export const modeFlag = Flag.Literals("mode", ["wide", "narrow", "fast", "js"]).pipe(
  Flag.withDescription(
    "wide: 256-bit vectors where this Node has them; narrow: 128-bit; js: without WebAssembly: the results are the same bits. fast: like wide, with fused multiply-adds and filtered convolutions: not the same bits"
  ),
  Flag.withDefault("wide" as "wide" | "narrow" | "fast" | "js")
)

/** What it may say. */
export type Mode = keyof typeof computeLayers

/** The layer of each mode. */
export const computeLayers = {
  wide: Compute.wide,
  narrow: Compute.layer,
  fast: Compute.fast,
  js: Compute.javascript
} as const
