/** Long rows: one walk over the row per pass. A reduction ends a pass; what follows from it belongs to the next one. */
import { Builder, type Buffer, maxLanes, type Register } from "@cotangent/kernel"
import { primitives, rulesOf } from "@cotangent/graph"
import type { Member } from "../schedule.ts"
import { type Fused, outputsOf, type Run, type Source, storeRun } from "./fused.ts"
import {
  accumulateLanes,
  combineLanes,
  constantLanes,
  fixed,
  further,
  moving,
  type Place,
  type Stride
} from "./lanes.ts"
import { chunkLength, finishOnce, type Reducing, reducingOf, reductionOf, type RowPlan, sourcesOf } from "./row-plan.ts"

/** A value is recomputed in a later pass unless it costs more than this many FLOPs per element. */
const recomputeLimit = 8

/** The pass each value is computed in, and the pass from which it can be read: one later for a reduction. */
interface PassTable {
  readonly passOf: (member: Member) => number
  readonly readyAt: (base: number) => number
}

const passTable = (plan: RowPlan): PassTable => {
  const passes = new Map<Member, number>()
  const ready = new Map<number, number>()
  const readyAt = (base: number): number => ready.get(base) ?? 0
  for (const member of plan.group.members) {
    const sources = sourcesOf(plan, member).map((s) => (s.tag === "member" ? readyAt(s.base) : 0))
    const pass = Math.max(0, ...sources)
    passes.set(member, pass)
    const from = reductionOf(plan.context, member) === undefined ? pass : pass + 1
    for (const base of outputsOf(plan.context.values, member)) ready.set(base, from)
  }
  return { passOf: (member) => passes.get(member) ?? 0, readyAt }
}

/** FLOPs per element of computing each value again from what lies in memory. */
const recomputeCosts = ({ context, group, rowLevel, sources }: RowPlan): ReadonlyMap<number, number> => {
  const { values, isStored } = context
  const costs = new Map<number, number>()
  for (const member of group.members) {
    const node = values.graph.nodes[member.node]
    const lower = node === undefined ? undefined : rulesOf(primitives[node.primitive]).lower
    const own = lower?.tag === "elementwise" ? lower.flops : 0
    const inherited = (sources.get(member) ?? []).map((s) =>
      s.tag === "member" && !rowLevel.has(s.base) && !isStored(s.base) ? (costs.get(s.base) ?? 0) : 0
    )
    for (const base of outputsOf(values, member))
      costs.set(
        base,
        inherited.reduce((sum, cost) => sum + cost, own)
      )
  }
  return costs
}

/** The values that a later pass reads and that cost too much to compute again. */
const keptValues = (plan: RowPlan): ReadonlyArray<number> => {
  const { context, group, rowLevel } = plan
  const { passOf, readyAt } = passTable(plan)
  const costs = recomputeCosts(plan)
  const readLater = new Set<number>()
  for (const member of group.members)
    for (const s of sourcesOf(plan, member))
      if (s.tag === "member" && !rowLevel.has(s.base) && readyAt(s.base) < passOf(member)) readLater.add(s.base)
  return [...readLater].filter((base) => !context.isStored(base) && (costs.get(base) ?? 0) > recomputeLimit)
}

/** Rows of scratch for the values that are kept. */
export const keptRows = (plan: RowPlan): ReadonlyMap<number, Buffer> => {
  const { context, row } = plan
  const dtypeOf = (base: number) => context.values.avals[base]?.dtype ?? "f32"
  return new Map(keptValues(plan).map((base) => [base, context.temporary(`row${base}`, dtypeOf(base), row)] as const))
}

const definersOf = ({ context, group }: RowPlan): ReadonlyMap<number, Member> =>
  new Map(group.members.flatMap((m) => outputsOf(context.values, m).map((base) => [base, m] as const)))

/** Whether an array is loaded, at its elements, by a pass after the one that computes a value: it is not there any more if the value overwrites it. */
export const isReadAfter = (plan: RowPlan, array: number, value: number): boolean => {
  const { context, group, rowLevel } = plan
  const { passOf, readyAt } = passTable(plan)
  const definers = definersOf(plan)
  const kept = new Set(keptValues(plan))
  const pass = Math.max(0, ...[definers.get(value)].flatMap((m) => (m === undefined ? [] : passOf(m))))
  const visited = new Set<string>()
  const reads = (member: Member, at: number): boolean =>
    member.operands.some(({ base }) => {
      if (base === array) return true
      const definer = definers.get(base)
      if (definer === undefined || rowLevel.has(base) || visited.has(`${base} ${at}`)) return false
      visited.add(`${base} ${at}`)
      return !(readyAt(base) < at && (kept.has(base) || context.isStored(base))) && reads(definer, at)
    })
  return group.members.some((m) => m.level === "full" && passOf(m) > pass && reads(m, passOf(m)))
}

/** What all passes over one row share. */
interface Walk {
  readonly b: Builder.Builder
  readonly plan: RowPlan
  readonly fused: Fused
  /** The outer loops. */
  readonly places: ReadonlyArray<Place>
  readonly rows: ReadonlyMap<number, Buffer>
  readonly table: PassTable
  readonly definer: ReadonlyMap<number, Member>
  /** How a row of scratch is walked. */
  readonly rowStride: Stride
}

/** Where a value of an earlier pass can be read back from, if it was kept or stored. */
const storedSource = ({ plan, rows, rowStride }: Walk, base: number): Source | undefined => {
  const kept = rows.get(base)
  if (kept !== undefined) return { tag: "memory", key: `kept${base}`, buffer: kept, stride: rowStride }
  return plan.context.isStored(base)
    ? { tag: "memory", key: `own${base}`, buffer: plan.context.bufferOf(base), stride: plan.strideOf(base) }
    : undefined
}

/** Brings a value into a run of a pass: already there, read back, or computed from its own operands. */
const bring = (walk: Walk, pass: number, run: Run, source: Source): void => {
  const { b, plan, fused, table, definer } = walk
  if (source.tag !== "member" || run.registers.has(source.base) || plan.rowLevel.has(source.base)) return
  const stored = table.readyAt(source.base) < pass ? storedSource(walk, source.base) : undefined
  const member = definer.get(source.base)
  if (stored !== undefined) run.registers.set(source.base, fused.operand(b, run, stored))
  else if (member !== undefined) {
    for (const inner of sourcesOf(plan, member)) bring(walk, pass, run, inner)
    fused.compute(b, run, member, sourcesOf(plan, member))
  }
}

/** Computes what a pass defines at one run, and writes what must be in memory or is kept for later passes. */
const computeRun = (walk: Walk, pass: number, run: Run, computing: ReadonlyArray<Member>): void => {
  const { b, plan, fused } = walk
  for (const member of computing) {
    for (const source of sourcesOf(plan, member)) bring(walk, pass, run, source)
    if (!outputsOf(plan.context.values, member).every((base) => run.registers.has(base)))
      fused.compute(b, run, member, sourcesOf(plan, member))
  }
}

const storeComputed = ({ b, plan, rows, rowStride }: Walk, run: Run, computing: ReadonlyArray<Member>): void => {
  const { context, mode, strideOf } = plan
  const fresh = computing.flatMap((m) => outputsOf(context.values, m))
  storeRun(b, context, mode, run, fresh.filter(context.isStored), strideOf)
  for (const base of fresh) {
    const kept = rows.get(base)
    if (kept !== undefined) storeRun(b, { ...context, bufferOf: () => kept }, mode, run, [base], () => rowStride)
  }
}

/**
 * Where the chunks of the only row are added up apart, so that threads can share them; `undefined` where one chunk is added
 * after the other.
 */
const partialsOf = (
  { context, outer }: RowPlan,
  reducing: ReadonlyArray<Reducing>,
  chunks: number
): ReadonlyArray<Buffer> | undefined =>
  context.threads === 1 || outer.length > 0 || reducing.length === 0 || chunks < context.threads
    ? undefined
    : reducing.map(({ base, dtype }) => context.temporary(`partial${base}`, dtype, chunks))

/** One walk over the row: values that every element has, and reductions folded into variables; gives the totals. */
const walkRow = (
  walk: Walk,
  pass: number,
  computing: ReadonlyArray<Member>,
  reducing: ReadonlyArray<Reducing>
): ReadonlyArray<Register> => {
  const { b, plan, fused, places } = walk
  const { mode, row } = plan
  const totals = reducing.map(({ identity, dtype }) => b.variable(b.constant(identity, Builder.typeOf(dtype))))
  const chunk = (start: Place, length: number): ReadonlyArray<Register> => {
    const running = reducing.map(({ identity, dtype }) =>
      constantLanes(b, mode, identity, dtype, maxLanes[dtype]).map((r) => b.variable(r))
    )
    const element = (place: Place, width: number): void => {
      const run = fused.run([...places, place], width)
      computeRun(walk, pass, run, computing)
      reducing.forEach(({ member, op, identity }, i) => {
        const [source] = sourcesOf(plan, member)
        const variables = running[i] ?? []
        if (source === undefined) return
        bring(walk, pass, run, source)
        accumulateLanes(b, mode, op, variables, fused.operand(b, run, source), identity).forEach((value, k) => {
          const variable = variables[k]
          if (variable !== undefined && variable !== value) b.assign(variable, value)
        })
      })
      storeComputed(walk, run, computing)
    }
    const whole = Math.floor(length / mode.width) * mode.width
    if (whole > 0) b.loop(whole, mode.width, (loop) => element(moving(loop, start), mode.width))
    if (length > whole) element(further(start, whole), length - whole)
    return reducing.map(({ op }, i) => combineLanes(b, op, running[i] ?? []))
  }
  const add = (sums: ReadonlyArray<Register>): void =>
    reducing.forEach(({ op }, i) => {
      const [total, sum] = [totals[i], sums[i]]
      if (total !== undefined && sum !== undefined) b.assign(total, b.binary(op, total, sum))
    })
  const chunks = Math.floor(row / chunkLength)
  const partials = partialsOf(plan, reducing, chunks)
  if (partials !== undefined) {
    b.loop(chunks, 1, (loop) => {
      const sums = chunk(moving(loop, fixed(0), chunkLength), chunkLength)
      partials.forEach((buffer, i) => {
        const sum = sums[i]
        if (sum !== undefined) b.store(buffer, Builder.at(0, [[loop, 1]]), sum)
      })
    })
    b.loop(chunks, 1, (loop) => add(partials.map((buffer) => b.load(buffer, Builder.at(0, [[loop, 1]])))))
  } else if (chunks > 0) b.loop(chunks * chunkLength, chunkLength, (loop) => add(chunk(moving(loop), chunkLength)))
  if (row % chunkLength > 0) add(chunk(fixed(chunks * chunkLength), row % chunkLength))
  return totals
}

/** A long row: values of earlier passes are read back, kept in a row of scratch, or computed again. */
export const emitPasses = (
  b: Builder.Builder,
  plan: RowPlan,
  fused: Fused,
  places: ReadonlyArray<Place>,
  rows: ReadonlyMap<number, Buffer>
): void => {
  const { context, group } = plan
  const table = passTable(plan)
  const definer = definersOf(plan)
  const rowStride: Stride = { strides: [...places.map(() => 0), 1], offset: 0 }
  const walk: Walk = { b, plan, fused, places, rows, table, definer, rowStride }
  const once = fused.run([...places, fixed(0)], 1)
  const last = Math.max(0, ...group.members.map(table.passOf))
  for (let pass = 0; pass <= last; pass++) {
    const own = group.members.filter((m) => table.passOf(m) === pass)
    for (const member of own.filter((m) => m.level === "row")) {
      fused.compute(b, once, member, sourcesOf(plan, member))
      finishOnce(b, plan, fused, places, member, once.registers)
    }
    const reducing = reducingOf(context, own)
    const computing = own.filter((m) => m.level === "full" && reductionOf(context, m) === undefined)
    if (computing.length === 0 && reducing.length === 0) continue
    const totals = walkRow(walk, pass, computing, reducing)
    reducing.forEach(({ member, base }, i) => {
      const total = totals[i]
      if (total === undefined) return
      once.registers.set(base, [total])
      finishOnce(b, plan, fused, places, member, once.registers)
    })
  }
}
