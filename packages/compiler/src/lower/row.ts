/**
 * Row kernels: elementwise code over an index space, with reductions over the last axis and whatever follows from them,
 * each row staying in registers (short rows) or in cache (long rows, several passes).
 */
import { Builder, type Buffer, type CombineOp, type Kernel, maxLanes, type Register } from "@cotangent/kernel"
import { primitives, rulesOf, Views } from "@cotangent/graph"
import type { Group, Member } from "../schedule.ts"
import { collapse } from "./collapse.ts"
import {
  type Context,
  definedBy,
  type Fused,
  makeFused,
  modeOf,
  outputsOf,
  type Run,
  type Source,
  sourceOf,
  storeRun
} from "./fused.ts"
import {
  accumulateLanes,
  combineLanes,
  constantLanes,
  fixed,
  further,
  type LaneMode,
  moving,
  type Lanes,
  type Place,
  type Stride
} from "./lanes.ts"

/** Sums longer than this are cut into chunks of this length, whose sums are added in order. */
export const chunkLength = 4096
/** Rows of at most this many vectors are computed in registers as a whole. */
const unrolledVectors = 4
/** A value is recomputed in a later pass unless it costs more than this many FLOPs per element. */
const recomputeLimit = 8

interface Plan {
  readonly context: Context
  readonly group: Group
  readonly mode: LaneMode
  readonly inside: ReadonlySet<number>
  /** Collapsed outer dimensions, then the row. */
  readonly outer: ReadonlyArray<number>
  readonly row: number
  readonly sources: ReadonlyMap<Member, ReadonlyArray<Source>>
  readonly strideOf: (base: number) => Stride
  readonly rowLevel: ReadonlySet<number>
}

/** The reduction a member is, if it is one. */
export const reductionOf = (
  context: Context,
  member: Member
): { readonly op: CombineOp; readonly identity: number } | undefined => {
  const node = context.values.graph.nodes[member.node]
  if (node === undefined) return undefined
  const { lower } = rulesOf(primitives[node.primitive])
  return lower.tag === "reduce"
    ? { op: lower.combine, identity: lower.identity(node.outputs[0]?.dtype ?? "f32") }
    : undefined
}

const makePlan = (context: Context, group: Group): Plan => {
  const { values } = context
  const inside = definedBy(values, group)
  const reduces = group.members.some((m) => m.level === "row" || reductionOf(context, m) !== undefined)
  const space = group.space.length === 0 ? [1] : group.space
  const lead = space.length - 1
  const rowLevel = new Set(
    group.members.flatMap((m) =>
      m.level === "row" || reductionOf(context, m) !== undefined ? outputsOf(values, m) : []
    )
  )
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
  const outer = reduces ? nest.sizes : nest.sizes.slice(0, -1)
  const row = reduces ? (space[lead] ?? 1) : (nest.sizes.at(-1) ?? 1)
  const collapsed = (i: number): ReadonlyArray<number> => {
    const strides = nest.strides[i] ?? []
    if (reduces) return [...strides, all[i]?.[lead] ?? 0]
    return nest.sizes.length === 0 ? [0] : strides
  }
  const sources = new Map<Member, ReadonlyArray<Source>>()
  let next = 0
  for (const member of group.members) {
    sources.set(
      member,
      member.operands.map((access) =>
        sourceOf(context, inside, access, { strides: collapsed(next++), offset: access.view.offset })
      )
    )
  }
  const full: Stride = { strides: collapsed(accesses.length), offset: 0 }
  const once: Stride = { strides: reduces ? collapsed(accesses.length + 1) : full.strides, offset: 0 }
  return {
    context,
    group,
    mode: modeOf(context, group),
    inside,
    outer,
    row,
    sources,
    strideOf: (base) => (rowLevel.has(base) ? once : full),
    rowLevel
  }
}

const sourcesOf = (plan: Plan, member: Member): ReadonlyArray<Source> => plan.sources.get(member) ?? []
const storedBy = (plan: Plan, members: ReadonlyArray<Member>): ReadonlyArray<number> =>
  members.flatMap((m) => outputsOf(plan.context.values, m)).filter(plan.context.isStored)

/** Start and width of each run of a row that is computed in registers. */
const runsOf = (row: number, width: number): ReadonlyArray<readonly [number, number]> =>
  Array.from({ length: Math.ceil(row / width) }, (_, i) => [i * width, Math.min(width, row - i * width)] as const)

const widthsOf = (row: number, width: number): ReadonlyArray<number> => [
  ...(row >= width ? [width] : []),
  ...(row % width === 0 ? [] : [row % width])
]

const isVectorBuffer = (plan: Plan): boolean => plan.row <= plan.mode.width * unrolledVectors

/** Whether every element is computed and stored once, reads before writes: what updating in place needs. */
export const isSinglePass = (context: Context, group: Group): boolean => {
  if (group.kind !== "row") return group.kind === "contract" || group.kind === "column"
  const plan = makePlan(context, group)
  return plan.rowLevel.size === 0 || isVectorBuffer(plan)
}

/** Calls `body` inside one loop per outer dimension, hoisting loads on the way in. */
const nestLoops = (
  b: Builder.Builder,
  plan: Plan,
  fused: Fused,
  widths: ReadonlyArray<number>,
  body: (b: Builder.Builder, places: ReadonlyArray<Place>) => void
): void => {
  const sources = plan.group.members.filter((m) => m.level === "full").flatMap((m) => sourcesOf(plan, m))
  const descend = (d: number, places: ReadonlyArray<Place>): void => {
    fused.hoist(b, sources, d - 1, places, widths)
    const size = plan.outer[d]
    if (size === undefined) body(b, places)
    else b.loop(size, 1, (loop) => descend(d + 1, [...places, moving(loop)]))
  }
  descend(0, [])
}

/** Elementwise only: one pass over the row. */
const flat = (b: Builder.Builder, plan: Plan, fused: Fused, places: ReadonlyArray<Place>): void => {
  const { width } = plan.mode
  const stored = storedBy(plan, plan.group.members)
  const element = (place: Place, w: number): void => {
    const run = fused.run([...places, place], w)
    for (const member of plan.group.members) fused.compute(b, run, member, sourcesOf(plan, member))
    storeRun(b, plan.context, plan.mode, run, stored, plan.strideOf)
  }
  const whole = Math.floor(plan.row / width) * width
  if (whole === width) element(fixed(0), width)
  else if (whole > 0) b.loop(whole, width, (loop) => element(moving(loop), width))
  if (plan.row > whole) element(fixed(whole), plan.row - whole)
}

const storeRowValue = (
  b: Builder.Builder,
  plan: Plan,
  places: ReadonlyArray<Place>,
  member: Member,
  registers: ReadonlyMap<number, Lanes>
): void => {
  for (const base of outputsOf(plan.context.values, member)) {
    const [scalar] = registers.get(base) ?? []
    if (scalar !== undefined && plan.context.isStored(base))
      storeRun(
        b,
        plan.context,
        plan.mode,
        { places: [...places, fixed(0)], width: 1, registers: new Map([[base, [scalar]]]), loads: new Map() },
        [base],
        plan.strideOf
      )
  }
}

/** A short row: every value of the row stays in registers, no passes. */
const unrolled = (b: Builder.Builder, plan: Plan, fused: Fused, places: ReadonlyArray<Place>): void => {
  const { mode, row } = plan
  const widths = widthsOf(row, mode.width)
  const runs = runsOf(row, mode.width).map(([offset, width]) => fused.run([...places, fixed(offset)], width))
  const once = fused.run([...places, fixed(0)], 1)
  for (const member of plan.group.members) {
    const reduction = reductionOf(plan.context, member)
    const sources = sourcesOf(plan, member)
    if (reduction === undefined && member.level === "full") {
      for (const run of runs) fused.compute(b, run, member, sources)
      continue
    }
    if (reduction === undefined) fused.compute(b, once, member, sources)
    else {
      const [source] = sources
      const [base = -1] = outputsOf(plan.context.values, member)
      if (source === undefined) continue
      once.registers.set(base, [
        foldRuns(b, plan, fused, runs, source, reduction, plan.context.values.avals[base]?.dtype ?? "f32")
      ])
    }
    storeRowValue(b, plan, places, member, once.registers)
    for (const base of outputsOf(plan.context.values, member)) {
      const [scalar] = once.registers.get(base) ?? []
      if (scalar !== undefined) fused.spread(b, base, scalar, widths)
    }
  }
  const stored = storedBy(plan, plan.group.members).filter((base) => !plan.rowLevel.has(base))
  for (const run of runs) storeRun(b, plan.context, mode, run, stored, plan.strideOf)
}

const foldRuns = (
  b: Builder.Builder,
  plan: Plan,
  fused: Fused,
  runs: ReadonlyArray<Run>,
  source: Source,
  { op, identity }: { readonly op: CombineOp; readonly identity: number },
  dtype: Buffer["dtype"]
): Register => {
  let running = constantLanes(b, plan.mode, identity, dtype, maxLanes[dtype])
  for (const run of runs) running = accumulateLanes(b, plan.mode, op, running, fused.operand(b, run, source), identity)
  return combineLanes(b, op, running)
}

/** The pass of a long row in which each value is there: reductions end a pass. */
const passesOf = (plan: Plan): ReadonlyMap<number, number> => {
  const pass = new Map<number, number>()
  for (const member of plan.group.members) {
    const from = Math.max(0, ...sourcesOf(plan, member).map((s) => (s.tag === "member" ? (pass.get(s.base) ?? 0) : 0)))
    const own = reductionOf(plan.context, member) === undefined ? from : from + 1
    for (const base of outputsOf(plan.context.values, member)) pass.set(base, own)
  }
  return pass
}

/** A long row: one walk over it per pass, values of earlier passes read back, kept in a row of scratch, or recomputed. */
const passes = (
  b: Builder.Builder,
  plan: Plan,
  fused: Fused,
  places: ReadonlyArray<Place>,
  rows: ReadonlyMap<number, Buffer>
): void => {
  const { context, group, mode, row } = plan
  const { values } = context
  const pass = passesOf(plan)
  const passOf = (member: Member): number =>
    Math.max(
      0,
      ...outputsOf(values, member).map(
        (base) => (pass.get(base) ?? 0) - (reductionOf(context, member) === undefined ? 0 : 1)
      )
    )
  const definer = new Map(group.members.flatMap((m) => outputsOf(values, m).map((base) => [base, m] as const)))
  const once = fused.run([...places, fixed(0)], 1)
  const last = Math.max(0, ...group.members.map(passOf))
  const rowStride: Stride = { strides: [...places.map(() => 0), 1], offset: 0 }
  for (let p = 0; p <= last; p++) {
    const own = group.members.filter((m) => passOf(m) === p)
    for (const member of own.filter((m) => m.level === "row")) {
      fused.compute(b, once, member, sourcesOf(plan, member))
      storeRowValue(b, plan, places, member, once.registers)
      for (const base of outputsOf(values, member)) {
        const [scalar] = once.registers.get(base) ?? []
        if (scalar !== undefined) fused.spread(b, base, scalar, widthsOf(row, mode.width))
      }
    }
    const computing = own.filter((m) => m.level === "full" && reductionOf(context, m) === undefined)
    const reducing = own.flatMap((member) => {
      const reduction = reductionOf(context, member)
      const [base = -1] = outputsOf(values, member)
      return reduction === undefined
        ? []
        : [{ member, base, dtype: values.avals[base]?.dtype ?? ("f32" as const), ...reduction }]
    })
    if (computing.length === 0 && reducing.length === 0) continue
    /** Brings a value into a run: already there, read back, or recomputed from its own operands. */
    const bring = (run: Run, source: Source): void => {
      if (source.tag !== "member" || run.registers.has(source.base) || plan.rowLevel.has(source.base)) return
      const earlier = (pass.get(source.base) ?? 0) < p
      const kept = rows.get(source.base)
      if (earlier && kept !== undefined)
        run.registers.set(
          source.base,
          fused.operand(b, run, { tag: "memory", key: `kept${source.base}`, buffer: kept, stride: rowStride })
        )
      else if (earlier && context.isStored(source.base))
        run.registers.set(
          source.base,
          fused.operand(b, run, {
            tag: "memory",
            key: `own${source.base}`,
            buffer: context.bufferOf(source.base),
            stride: plan.strideOf(source.base)
          })
        )
      else {
        const member = definer.get(source.base)
        if (member === undefined) return
        for (const inner of sourcesOf(plan, member)) bring(run, inner)
        fused.compute(b, run, member, sourcesOf(plan, member))
      }
    }
    const totals = reducing.map(({ identity, dtype }) => b.variable(b.constant(identity, Builder.typeOf(dtype))))
    const chunk = (start: Place, length: number): void => {
      const running = reducing.map(({ identity, dtype }) =>
        constantLanes(b, mode, identity, dtype, maxLanes[dtype]).map((r) => b.variable(r))
      )
      const walk = (place: Place, width: number): void => {
        const run = fused.run([...places, place], width)
        for (const member of computing) {
          for (const source of sourcesOf(plan, member)) bring(run, source)
          if (!outputsOf(values, member).every((base) => run.registers.has(base)))
            fused.compute(b, run, member, sourcesOf(plan, member))
        }
        reducing.forEach(({ member, op, identity }, i) => {
          const [source] = sourcesOf(plan, member)
          const variables = running[i] ?? []
          if (source === undefined) return
          bring(run, source)
          accumulateLanes(b, mode, op, variables, fused.operand(b, run, source), identity).forEach((value, k) => {
            const variable = variables[k]
            if (variable !== undefined && variable !== value) b.assign(variable, value)
          })
        })
        const fresh = computing.flatMap((m) => outputsOf(values, m))
        storeRun(b, context, mode, run, fresh.filter(context.isStored), plan.strideOf)
        for (const base of fresh) {
          const kept = rows.get(base)
          const lanes = run.registers.get(base)
          if (kept !== undefined && lanes !== undefined)
            storeRun(b, { ...context, bufferOf: () => kept }, mode, run, [base], () => rowStride)
        }
      }
      const whole = Math.floor(length / mode.width) * mode.width
      if (whole > 0) b.loop(whole, mode.width, (loop) => walk(moving(loop, start), mode.width))
      if (length > whole) walk(further(start, whole), length - whole)
      reducing.forEach(({ op }, i) => {
        const total = totals[i]
        if (total !== undefined) b.assign(total, b.binary(op, total, combineLanes(b, op, running[i] ?? [])))
      })
    }
    const chunks = Math.floor(row / chunkLength)
    if (chunks > 0) b.loop(chunks * chunkLength, chunkLength, (loop) => chunk(moving(loop), chunkLength))
    if (row % chunkLength > 0) chunk(fixed(chunks * chunkLength), row % chunkLength)
    reducing.forEach(({ member, base }, i) => {
      const total = totals[i]
      if (total === undefined) return
      once.registers.set(base, [total])
      storeRowValue(b, plan, places, member, once.registers)
      fused.spread(b, base, total, widthsOf(row, mode.width))
    })
  }
}

/** Values kept in a row of scratch between passes: those that cost too much to compute again. */
const keptRows = (plan: Plan): ReadonlyMap<number, Buffer> => {
  const { context, group } = plan
  const { values } = context
  const pass = passesOf(plan)
  const cost = new Map<number, number>()
  for (const member of group.members) {
    const node = values.graph.nodes[member.node]
    const lower = node === undefined ? undefined : rulesOf(primitives[node.primitive]).lower
    const own = lower?.tag === "elementwise" ? lower.flops : 0
    const inherited = sourcesOf(plan, member).reduce(
      (sum, s) =>
        sum +
        (s.tag === "member" && !plan.rowLevel.has(s.base) && !context.isStored(s.base) ? (cost.get(s.base) ?? 0) : 0),
      0
    )
    for (const base of outputsOf(values, member)) cost.set(base, own + inherited)
  }
  const later = new Set<number>()
  for (const member of group.members) {
    const at = Math.max(
      0,
      ...outputsOf(values, member).map(
        (base) => (pass.get(base) ?? 0) - (reductionOf(context, member) === undefined ? 0 : 1)
      )
    )
    for (const s of sourcesOf(plan, member))
      if (s.tag === "member" && !plan.rowLevel.has(s.base) && (pass.get(s.base) ?? 0) < at) later.add(s.base)
  }
  const kept = [...later].filter((base) => !context.isStored(base) && (cost.get(base) ?? 0) > recomputeLimit)
  return new Map(
    kept.map((base) => [base, context.temporary(`row${base}`, values.avals[base]?.dtype ?? "f32", plan.row)] as const)
  )
}

/** The kernel of a row group. */
export const lowerRow = (context: Context, group: Group, name: string, cost: Kernel["cost"]): Kernel => {
  const plan = makePlan(context, group)
  const fused = makeFused(context, plan.mode, plan.outer.length)
  const widths = widthsOf(plan.row, plan.mode.width)
  return Builder.kernel(
    name,
    (b) => {
      if (plan.rowLevel.size === 0)
        nestLoops(b, plan, fused, widths, (inner, places) => flat(inner, plan, fused, places))
      else if (isVectorBuffer(plan))
        nestLoops(b, plan, fused, widths, (inner, places) => unrolled(inner, plan, fused, places))
      else {
        const rows = keptRows(plan)
        nestLoops(b, plan, fused, widths, (inner, places) => passes(inner, plan, fused, places, rows))
      }
    },
    cost
  )
}
