import { identity } from "./identity.ts"

/** The same value, treated as a constant by every derivative. */
export const stopGradient = identity(
  "stopGradient",
  { summary: "The value as a constant.", equation: "y = x, dy/dx = 0" },
  { tag: "zero" },
  { tag: "zero" }
)
