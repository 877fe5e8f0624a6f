/** Index spaces: how what a node reads lies in the space of the kernel that computes it. */
import { Axes, sizeOf, type View, Views } from "@cotangent/graph"
import type { Access } from "./resolve.ts"
import type { Level, Member } from "./group.ts"

type Shape = ReadonlyArray<number>

/** Rows of more elements than this are walked once per kernel where there is one row only: no cache holds it for another walk. */
const longestAlone = 4096

/** Whether a view over a shape visits an array of `target` shape in row-major order, one to one. */
export const isIdentity = (view: View, target: Shape): boolean =>
  Axes.sameShape(view.shape, target) && Views.isContiguous(view)

/** Whether a view over `space` reads element r of a row-level value (row-major over all but the last axis) for every element of row r. */
const isRowOf = (view: View, space: Shape): boolean => {
  const strides = Views.rowMajor(space.slice(0, -1))
  return (
    Axes.sameShape(view.shape, space) &&
    view.offset === 0 &&
    space.every((size, d) => size === 1 || view.strides[d] === (d === space.length - 1 ? 0 : strides[d]))
  )
}

/** The shapes of values that exist once per row of a space. */
export const rowShapes = (space: Shape): ReadonlyArray<Shape> =>
  space.length === 0 ? [] : [space.slice(0, -1), [...space.slice(0, -1), 1]]

/** Whether a space is one row: what follows from a reduction over it follows from all of it. */
export const isOneRow = (space: Shape): boolean => space.length > 0 && sizeOf(space) === space.at(-1)

/** Whether a kernel over a space should not walk it again after a reduction: another kernel does that as well, and in place. */
const isWalkedOnce = (space: Shape): boolean => isOneRow(space) && sizeOf(space) > longestAlone

/**
 * Whether a node at a level of a group may read a value of the group: at the very element, at its own row, or from its row
 * at every element.
 */
export const isDirect = (
  space: Shape,
  { shape, level }: { readonly shape: Shape; readonly level: Level },
  { guarded, view }: Access,
  from: Level | undefined
): boolean => {
  if (guarded === true) return false
  if (level === "row") return from === "row" && Axes.sameShape(view.shape, shape) && Views.isContiguous(view)
  return from === "full" ? isIdentity(view, space) : !isWalkedOnce(space) && isRowOf(view, space)
}

/** Accesses over one shape as accesses over another of the same size: the same elements in the same order, if all can be split so. */
export const splitAll = (
  operands: ReadonlyArray<Access>,
  shape: Shape,
  target: Shape
): ReadonlyArray<Access> | undefined => {
  const split = operands.flatMap((access) => {
    const view = Axes.sameShape(access.view.shape, shape) ? Views.reshapeView(access.view, target) : undefined
    return view === undefined ? [] : [{ ...access, view }]
  })
  return split.length === operands.length ? split : undefined
}

/** Members that compute every element of a space, as members over another of the same size, if all they read can be split so. */
export const membersIn = (
  members: ReadonlyArray<Member>,
  space: Shape,
  target: Shape
): ReadonlyArray<Member> | undefined => {
  if (Axes.sameShape(space, target)) return members
  if (sizeOf(space) !== sizeOf(target)) return undefined
  const seen: Array<Member> = []
  for (const member of members) {
    const operands = splitAll(member.operands, space, target)
    if (operands === undefined) return undefined
    seen.push({ ...member, operands })
  }
  return seen
}
