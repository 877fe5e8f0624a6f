/** What loops and branches share: derivatives of carried values, and checks of the bodies. */
import { sameShape } from "../axes.ts"
import { isFloat } from "../dtype.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { RuleOperations } from "../operations-interface.ts"
import type { Maybe, RegionType } from "../primitive.ts"
import { dependents, reachable } from "../region.ts"
import type { AnyTensor, Aval, Region } from "../tensor.ts"

/** Zeros of the shape and type of a tensor. */
export const zerosLike = (ops: RuleOperations, x: AnyTensor): AnyTensor => ops.full(x.shape, 0, x.dtype)
/** Shape and type of a tensor. */
export const avalOf = ({ shape, dtype }: AnyTensor): Aval => ({ shape, dtype })
/** The derivatives of the floats among `xs`, zeros where there is none: what a loop carries. */
export const dense = (
  ops: RuleOperations,
  xs: ReadonlyArray<AnyTensor>,
  derivatives: ReadonlyArray<Maybe>
): ReadonlyArray<AnyTensor> => xs.flatMap((x, i) => (isFloat(x.dtype) ? [derivatives[i] ?? zerosLike(ops, x)] : []))

/** The inverse of `dense`: one entry for each of `xs`, nothing beside integers. */
export const sparse = (xs: ReadonlyArray<AnyTensor>, derivatives: ReadonlyArray<AnyTensor>): ReadonlyArray<Maybe> => {
  let next = 0
  return xs.map((x) => (isFloat(x.dtype) ? derivatives[next++] : undefined))
}

/** The derivatives that there are: a loop need not carry the others. */
export const present = (derivatives: ReadonlyArray<Maybe>): ReadonlyArray<AnyTensor> =>
  derivatives.flatMap((d) => d ?? [])

/** The inverse of `present`: one entry for each of `like`, nothing where that has none. */
export const absent = (like: ReadonlyArray<Maybe>, derivatives: ReadonlyArray<AnyTensor>): ReadonlyArray<Maybe> => {
  let next = 0
  return like.map((d) => (d === undefined ? undefined : derivatives[next++]))
}

/** The floats that a derivative is wanted of; nothing beside the others. */
export const targetsAmong = (
  xs: ReadonlyArray<AnyTensor>,
  wanted: (input: number) => boolean,
  from = 0
): ReadonlyArray<Maybe> => xs.map((x, i) => (isFloat(x.dtype) && wanted(from + i) ? x : undefined))

/**
 * Which carries a derivative flows through: those that `moves` names among the parameters of the body, the carries from
 * parameter `first` on, and those that the body computes from what moves. The others, counters say, are constants to it.
 */
export const movingCarries = (
  { parameters, results }: Region,
  first: number,
  count: number,
  moves: ReadonlyArray<boolean>
): ReadonlyArray<boolean> => {
  const nodes = reachable(results)
  let moving = moves
  // Each round adds a carry at least, or is the last.
  for (let grows = true; grows;) {
    const now = moving
    const dependent = dependents(
      nodes,
      parameters.filter((_, i) => now[i])
    )
    moving = now.map((m, i) => {
      const next = i >= first && i < first + count ? results[i - first] : undefined
      return m || (next !== undefined && isFloat(next.dtype) && dependent.has(next.node))
    })
    grows = moving.some((m, i) => m !== now[i])
  }
  return moving.slice(first, first + count)
}

/** Region `index` of an application. */
export const regionOf = (operation: string, regions: ReadonlyArray<Region>, index = 0): Region => {
  const region = regions[index]
  if (region === undefined) throw new ShapeError(`${operation}: region ${index} is missing`)
  return region
}

/** A carry must come back with the shape and the element type it has. */
export const checkCarries = (operation: string, carries: ReadonlyArray<Aval>, next: ReadonlyArray<Aval>): void =>
  carries.forEach((c, i) => {
    const result = next[i]
    if (result === undefined || !sameShape(result.shape, c.shape))
      throw new ShapeError(
        `${operation}: carry ${i} has shape ${showShape(c.shape)}, the body returns ${showShape(result?.shape ?? [])}`
      )
    if (result.dtype !== c.dtype)
      throw new DTypeError(`${operation}: carry ${i} is ${c.dtype}, the body returns ${result.dtype}; use T.cast`)
  })

/** Throws unless a body that says what it takes takes these. */
export const checkBody = (operation: string, { parameters }: RegionType, given: ReadonlyArray<Aval>): void => {
  if (parameters === undefined) return
  const show = (avals: ReadonlyArray<Aval>) => avals.map(({ dtype, shape }) => `${dtype}${showShape(shape)}`).join(", ")
  if (show(parameters) !== show(given)) {
    throw new ShapeError(`${operation}: the body takes ${show(parameters)}, it is given ${show(given)}`)
  }
}
