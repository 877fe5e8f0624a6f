import { identity, type UnaryPrimitive } from "./identity.ts"

/**
 * The same value under a new identity. Derivatives are taken with respect to an alias, so that `grad(x => x * y)(y)`
 * is `y`: the inner x and the outer y are different nodes although their values agree. Graphs drop aliases.
 */
export const alias: UnaryPrimitive = identity(
  "alias",
  {
    summary: "The same value under a new identity.",
    equation: "y = x",
    derivative: "x_bar = y_bar",
    conventions: "Graphs leave aliases out."
  },
  { tag: "rule", pullback: (_, __, [g]) => [g] },
  { tag: "rule", pushforward: (_, __, [t]) => [t] }
)
