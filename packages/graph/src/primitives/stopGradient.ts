import { identity, type UnaryPrimitive } from "./identity.ts"

/** The same value, treated as a constant by every derivative. */
export const stopGradient: UnaryPrimitive = identity(
  "stopGradient",
  {
    summary: "The value as a constant.",
    equation: "y = x",
    derivative: "zero",
    conventions: "Compiled graphs leave it out."
  },
  { tag: "zero" },
  { tag: "zero" }
)
