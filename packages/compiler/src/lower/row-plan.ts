/** The plan of a row kernel: its loops after collapsing, and what every member reads over them. */
import type { Buffer, Builder, CombineOp, DType } from "@cotangent/kernel"
import { primitives, rulesOf, Views } from "@cotangent/graph"
import type { Group, Member } from "../schedule.ts"
import { collapse } from "./collapse.ts"
import {
  type Context,
  definedBy,
  type Fused,
  modeOf,
  outputsOf,
  type Run,
  type Source,
  sourceOf,
  storeRun
} from "./fused.ts"
import { fixed, type LaneMode, type Place, type Stride } from "./lanes.ts"

/** Sums longer than this are cut into chunks of this length, whose sums are added in order. */
export const chunkLength = 4096

/** How a reduction folds, and what it starts from. */
export interface Reduction {
  readonly op: CombineOp
  readonly identity: number
}

/** A row kernel before it is emitted. */
export interface RowPlan {
  readonly context: Context
  readonly group: Group
  readonly mode: LaneMode
  /** Collapsed outer dimensions, then the length of the row. */
  readonly outer: ReadonlyArray<number>
  readonly row: number
  readonly sources: ReadonlyMap<Member, ReadonlyArray<Source>>
  readonly strideOf: (base: number) => Stride
  /** How a value moves that every element has. */
  readonly full: Stride
  /** What is read and written elsewhere as it is. */
  readonly passed: ReadonlyArray<{ readonly source: Source; readonly buffer: Buffer }>
  /** The values that exist once per row, and those of them that every element reads. */
  readonly rowLevel: ReadonlySet<number>
  readonly spread: ReadonlySet<number>
}

/** The reduction a member is, if it is one. */
export const reductionOf = (context: Context, member: Member): Reduction | undefined => {
  const node = context.values.graph.nodes[member.node]
  if (node === undefined) return undefined
  const { lower } = rulesOf(primitives[node.primitive])
  return lower.tag === "reduce"
    ? { op: lower.combine, identity: lower.identity(node.outputs[0]?.dtype ?? "f32") }
    : undefined
}

/** A member that reduces, with its only output. */
export interface Reducing extends Reduction {
  readonly member: Member
  readonly base: number
  readonly dtype: DType
}

/** The reductions among some members. */
export const reducingOf = (context: Context, members: ReadonlyArray<Member>): ReadonlyArray<Reducing> =>
  members.flatMap((member) => {
    const reduction = reductionOf(context, member)
    const [base = -1] = outputsOf(context.values, member)
    const dtype = context.values.avals[base]?.dtype
    return reduction === undefined || dtype === undefined ? [] : [{ member, base, dtype, ...reduction }]
  })

/** Plans a row group. */
export const makeRowPlan = (context: Context, group: Group): RowPlan => {
  const { values } = context
  const inside = definedBy(values, group)
  const onceMembers = group.members.filter((m) => m.level === "row" || reductionOf(context, m) !== undefined)
  const rowLevel = new Set(onceMembers.flatMap((m) => outputsOf(values, m)))
  const reduces = onceMembers.length > 0
  const space = group.space.length === 0 ? [1] : group.space
  const lead = space.length - 1
  // Every access as strides over the whole space; row-level ones do not move along the row.
  const spread = (member: Member, strides: ReadonlyArray<number>): ReadonlyArray<number> =>
    member.level === "full" ? (group.space.length === 0 ? [0] : strides) : [...strides.slice(0, lead), 0]
  const accesses = group.members.flatMap((m) => m.operands.map((access) => spread(m, access.view.strides)))
  const contiguous = Views.rowMajor(space)
  const rowContiguous = [...Views.rowMajor(space.slice(0, -1)), 0]
  const all = [...accesses, contiguous, ...(reduces ? [rowContiguous] : [])]
  const nest = reduces
    ? collapse({ sizes: space.slice(0, -1), strides: all.map((s) => s.slice(0, -1)) })
    : collapse({ sizes: space, strides: all })
  const collapsed = (i: number): ReadonlyArray<number> => {
    const strides = nest.strides[i] ?? []
    if (reduces) return [...strides, all[i]?.[lead] ?? 0]
    return nest.sizes.length === 0 ? [0] : strides
  }
  let next = 0
  const sources = new Map(
    group.members.map((member) => [
      member,
      member.operands.map((access) =>
        sourceOf(context, inside, access, { strides: collapsed(next++), offset: access.view.offset })
      )
    ])
  )
  const full: Stride = { strides: collapsed(accesses.length), offset: 0 }
  const once: Stride = { strides: reduces ? collapsed(accesses.length + 1) : full.strides, offset: 0 }
  return {
    context,
    group,
    mode: modeOf(context, group),
    outer: reduces ? nest.sizes : nest.sizes.slice(0, -1),
    row: reduces ? (space[lead] ?? 1) : (nest.sizes.at(-1) ?? 1),
    sources,
    full,
    strideOf: (base) => (rowLevel.has(base) ? once : full),
    passed: context.passed.map(({ base, buffer }) => ({
      source: sourceOf(context, inside, { base, view: Views.contiguous(group.space) }, full),
      buffer
    })),
    rowLevel,
    spread: new Set(
      group.members.flatMap(({ level, operands }) =>
        level === "full" ? operands.flatMap(({ base }) => (rowLevel.has(base) ? [base] : [])) : []
      )
    )
  }
}

/** What a member reads. */
export const sourcesOf = (plan: RowPlan, member: Member): ReadonlyArray<Source> => plan.sources.get(member) ?? []

/** The widths of the runs a row is cut into. */
export const widthsOf = ({ row, mode: { width } }: RowPlan): ReadonlyArray<number> => [
  ...(row >= width ? [width] : []),
  ...(row % width === 0 ? [] : [row % width])
]

/** Writes what a member computed once for the row, and makes it known to runs of any width that read it. */
export const finishOnce = (
  b: Builder.Builder,
  plan: RowPlan,
  fused: Fused,
  places: ReadonlyArray<Place>,
  member: Member,
  registers: Run["registers"]
): void => {
  const { context, mode, strideOf } = plan
  for (const base of outputsOf(context.values, member)) {
    const [scalar] = registers.get(base) ?? []
    if (scalar === undefined) continue
    if (context.isStored(base)) {
      const run: Run = {
        places: [...places, fixed(0)],
        width: 1,
        registers: new Map([[base, [scalar]]]),
        loads: new Map()
      }
      storeRun(b, context, mode, run, [base], strideOf)
    }
    if (plan.spread.has(base)) fused.spread(b, base, scalar, widthsOf(plan))
  }
}
