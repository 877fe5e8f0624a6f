/** What `T.tap` and `T.tapGradient` show. */
import type { Position } from "@cotangent/graph"
import type { Observer } from "./observe.ts"

/** A tap that somebody looks at. */
export interface TapSight {
  readonly tag: "tap"
  readonly label: string
  readonly observes: "value" | "gradient"
}

/**
 * Sees the operand of every tap. Derivatives of loops and branches compute parts of the program again, taps included: those
 * bear the position of the tap they copy, and only the first of one position is seen.
 */
export const makeTapObserver = (): Observer<TapSight> => {
  const seen = new Set<Position>()
  return (_, { primitive, attributes, position }, [value]) => {
    const { label, observes } = attributes
    if (primitive !== "tap" || value === undefined || (observes !== "value" && observes !== "gradient")) return []
    if (seen.has(position)) return []
    seen.add(position)
    return [{ about: { tag: "tap", label: String(label), observes }, value, keeps: "last" }]
  }
}
