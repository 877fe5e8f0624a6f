/**
 * Row kernels: elementwise code over an index space, with reductions over the last axis and whatever follows from them,
 * each row staying in registers (short rows) or in cache (long rows, several passes).
 */
import { Builder, type Kernel, maxLanes, type Register } from "@cotangent/kernel"
import type { Group, Member } from "../schedule.ts"
import { type Context, type Fused, makeFused, outputsOf, type Run, type Source, storeRun } from "./fused.ts"
import { accumulateLanes, combineLanes, constantLanes, fixed, moving, type Place, storeLanes } from "./lanes.ts"
import { emitPasses, isReadAfter, keptRows } from "./row-passes.ts"
import { finishOnce, makeRowPlan, type Reducing, reducingOf, type RowPlan, sourcesOf, widthsOf } from "./row-plan.ts"

/** Rows of at most this many vectors are computed in registers as a whole. */
const unrolledVectors = 4

/** Start and width of each run of a row that is computed in registers. */
const runsOf = (row: number, width: number): ReadonlyArray<readonly [number, number]> =>
  Array.from({ length: Math.ceil(row / width) }, (_, i) => [i * width, Math.min(width, row - i * width)] as const)

const staysInRegisters = (plan: RowPlan): boolean => plan.row <= plan.mode.width * unrolledVectors

/** Whether a value may be written over an array that its group reads element by element: nothing there is read after that. */
export const mayOverwrite = (context: Context, group: Group, value: number, array: number): boolean => {
  if (group.kind !== "row") return group.kind === "contract" || group.kind === "column"
  const plan = makeRowPlan(context, group)
  return plan.rowLevel.size === 0 || staysInRegisters(plan) || !isReadAfter(plan, array, value)
}

/** Calls `body` inside one loop per outer dimension, hoisting loads on the way in. */
const nestLoops = (
  b: Builder.Builder,
  plan: RowPlan,
  fused: Fused,
  body: (places: ReadonlyArray<Place>) => void
): void => {
  const sources = plan.group.members.filter((m) => m.level === "full").flatMap((m) => sourcesOf(plan, m))
  const widths = widthsOf(plan)
  const descend = (d: number, places: ReadonlyArray<Place>): void => {
    fused.hoist(b, sources, d - 1, places, widths)
    const size = plan.outer[d]
    if (size === undefined) body(places)
    else b.loop(size, 1, (loop) => descend(d + 1, [...places, moving(loop)]))
  }
  descend(0, [])
}

const storedBy = ({ context }: RowPlan, members: ReadonlyArray<Member>): ReadonlyArray<number> =>
  members.flatMap((m) => outputsOf(context.values, m)).filter(context.isStored)

/** Elementwise only: one pass over the row. */
const emitElements = (b: Builder.Builder, plan: RowPlan, fused: Fused, places: ReadonlyArray<Place>): void => {
  const { width } = plan.mode
  const stored = storedBy(plan, plan.group.members)
  const element = (place: Place, w: number): void => {
    const run = fused.run([...places, place], w)
    for (const member of plan.group.members) fused.compute(b, run, member, sourcesOf(plan, member))
    // Read before anything is written: it may be overwritten in the same kernel.
    const passed = plan.passed.map(({ buffer, source }) => [buffer, fused.operand(b, run, source)] as const)
    storeRun(b, plan.context, plan.mode, run, stored, plan.strideOf)
    for (const [buffer, lanes] of passed) storeLanes(b, plan.mode, buffer, plan.full, run.places, lanes)
  }
  const whole = Math.floor(plan.row / width) * width
  if (whole === width) element(fixed(0), width)
  else if (whole > 0) b.loop(whole, width, (loop) => element(moving(loop), width))
  if (plan.row > whole) element(fixed(whole), plan.row - whole)
}

/** A short row: every value of the row stays in registers, no passes. */
const emitShortRow = (b: Builder.Builder, plan: RowPlan, fused: Fused, places: ReadonlyArray<Place>): void => {
  const { mode, row, group, context } = plan
  const runs = runsOf(row, mode.width).map(([offset, width]) => fused.run([...places, fixed(offset)], width))
  const once = fused.run([...places, fixed(0)], 1)
  for (const member of group.members) {
    const sources = sourcesOf(plan, member)
    const [reducing] = reducingOf(context, [member])
    if (reducing === undefined && member.level === "full") {
      for (const run of runs) fused.compute(b, run, member, sources)
      continue
    }
    const [source] = sources
    if (reducing === undefined) fused.compute(b, once, member, sources)
    else if (source !== undefined) once.registers.set(reducing.base, [foldRuns(b, plan, fused, runs, source, reducing)])
    finishOnce(b, plan, fused, places, member, once.registers)
  }
  const stored = storedBy(plan, group.members).filter((base) => !plan.rowLevel.has(base))
  for (const run of runs) storeRun(b, context, mode, run, stored, plan.strideOf)
}

const foldRuns = (
  b: Builder.Builder,
  { mode }: RowPlan,
  fused: Fused,
  runs: ReadonlyArray<Run>,
  source: Source,
  { op, identity, dtype }: Reducing
): Register => {
  let running = constantLanes(b, mode, identity, dtype, maxLanes[dtype])
  for (const run of runs) running = accumulateLanes(b, mode, op, running, fused.operand(b, run, source), identity)
  return combineLanes(b, op, running)
}

/** The kernel of a row group. */
export const lowerRow = (context: Context, group: Group, name: string, cost: Kernel["cost"]): Kernel => {
  const plan = makeRowPlan(context, group)
  const fused = makeFused(context, plan.mode, plan.outer.length)
  return Builder.kernel(
    name,
    (b) => {
      if (plan.rowLevel.size === 0) nestLoops(b, plan, fused, (places) => emitElements(b, plan, fused, places))
      else if (staysInRegisters(plan)) nestLoops(b, plan, fused, (places) => emitShortRow(b, plan, fused, places))
      else {
        const rows = keptRows(plan)
        nestLoops(b, plan, fused, (places) => emitPasses(b, plan, fused, places, rows))
      }
    },
    cost
  )
}
