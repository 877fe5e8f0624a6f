/** Groups: the nodes that one kernel computes. */
import type { Access, Values } from "./resolve.ts"

/** Kernels stay below this many nodes: compile time and registers. */
export const groupLimit = 200

/** What leads a group: loops over elements and rows, a product, a reduction over leading axes, or a form of its own. */
export type GroupKind =
  | "row"
  | "contract"
  | "column"
  | "kernel"
  | "control"
  | "gather"
  | "scatter"
  | "scatterAdd"
  | "pad"
  | "concat"
  | "argmax"

/** Where a node stands in its group: at every element, or once per row (after reductions over the last axis). */
export type Level = "full" | "row"

/** One node of a group, with what its operands read. */
export interface Member {
  readonly node: number
  readonly level: Level
  readonly operands: ReadonlyArray<Access>
}

/** The nodes one kernel computes, in order. */
export interface Group {
  readonly id: number
  readonly kind: GroupKind
  /** The index space: the shape of what its full-level nodes compute. */
  readonly space: ReadonlyArray<number>
  readonly members: ReadonlyArray<Member>
  /** Groups that compute what this one reads. */
  readonly dependencies: ReadonlySet<number>
}

/** All groups, and which group computes each value. */
export interface Schedule {
  readonly values: Values
  readonly groups: ReadonlyArray<Group>
  /** The group of each value; `undefined` for parameters, constants, iota and views. */
  readonly groupOf: ReadonlyArray<number | undefined>
}
