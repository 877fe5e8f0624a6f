/**
 * Column kernels: reductions over leading or middle axes, computed in vectors along the axes that stay. The summation
 * tree is that of a row: element i goes to partial result i modulo the number of lanes, chunks of fixed length are
 * added in order.
 */
import {
  Builder,
  type Buffer,
  type CombineOp,
  type DType,
  type Kernel,
  maxLanes,
  type Register
} from "@cotangent/kernel"
import { Views } from "@cotangent/graph"
import type { Group, Member } from "../schedule.ts"
import { collapse } from "./collapse.ts"
import { type Context, definedBy, makeFused, modeOf, outputsOf, type Source, sourceOf, storeRun } from "./fused.ts"
import { fixed, further, indexAt, type Lanes, moving, type Place, type Stride } from "./lanes.ts"
import { chunkLength, reductionOf } from "./row-plan.ts"

/** A column kernel before it is emitted. */
interface ColumnPlan {
  readonly op: CombineOp
  readonly identity: number
  readonly dtype: DType
  /** The value the reduction defines. */
  readonly result: number
  /** Collapsed dimensions that stay, at least one. */
  readonly sizes: ReadonlyArray<number>
  /** How many elements each result is made of. */
  readonly length: number
  readonly input: Buffer
  /** How the operand moves along the dimensions that stay, then along the reduced one. */
  readonly stride: Stride
  readonly store: Stride
  readonly epilogue: ReadonlyArray<readonly [Member, ReadonlyArray<Source>]>
}

const makePlan = (context: Context, group: Group): ColumnPlan => {
  const { values } = context
  const [root, ...epilogue] = group.members
  const reduction = root === undefined ? undefined : reductionOf(context, root)
  const [access] = root?.operands ?? []
  if (root === undefined || reduction === undefined || access === undefined)
    throw new RangeError("a column group starts with its reduction")
  const [result = -1] = outputsOf(values, root)
  const axes = values.graph.nodes[root.node]?.attributes["axes"]
  // Canonical graphs reduce one axis at a time; a reduction over none is one over a single element.
  const [axis = -1]: ReadonlyArray<number> = Array.isArray(axes) ? axes.map(Number) : []
  const { shape, strides, offset } = access.view
  const inside = definedBy(values, group)
  const space = collapse({
    sizes: group.space,
    strides: [
      strides.filter((_, d) => d !== axis),
      Views.rowMajor(group.space),
      ...epilogue.flatMap((m) => m.operands.map((a) => a.view.strides))
    ]
  })
  const scalar = space.sizes.length === 0
  const over = (i: number): ReadonlyArray<number> => (scalar ? [0] : (space.strides[i] ?? []))
  let next = 2
  const sourcesOf = (member: Member): ReadonlyArray<Source> =>
    member.operands.map((a) => sourceOf(context, inside, a, { strides: over(next++), offset: a.view.offset }))
  return {
    ...reduction,
    dtype: values.avals[result]?.dtype ?? "f32",
    result,
    sizes: scalar ? [1] : space.sizes,
    length: shape[axis] ?? 1,
    input: context.bufferOf(access.base),
    stride: { strides: [...over(0), strides[axis] ?? 0], offset },
    store: { strides: over(1), offset: 0 },
    epilogue: epilogue.map((member) => [member, sourcesOf(member)] as const)
  }
}

/** The reduction of a run of `width` columns. */
const foldColumns = (b: Builder.Builder, plan: ColumnPlan, places: ReadonlyArray<Place>, width: number): Register => {
  const { op, identity, dtype, input, length, stride } = plan
  const type = Builder.typeOf(dtype, width)
  const partials = maxLanes[dtype]
  const step = stride.strides.at(-2) ?? 0
  const load = (along: Place): Register => {
    const at = indexAt(stride, [...places, along])
    return width === 1 ? b.load(input, at) : b.load(input, at, width, step)
  }
  const sum = b.variable(b.constant(identity, type))
  const chunk = (start: Place, size: number): void => {
    const running = Array.from({ length: partials }, () => b.variable(b.constant(identity, type)))
    const take = (place: Place, count: number): void => {
      const loaded = Array.from({ length: count }, (_, j) => load(further(place, j)))
      loaded.forEach((x, j) => {
        const lane = running[j]
        if (lane !== undefined) b.assign(lane, b.binary(op, lane, x))
      })
    }
    const whole = Math.floor(size / partials) * partials
    if (whole > 0) b.loop(whole, partials, (loop) => take(moving(loop, start), partials))
    if (size > whole) take(further(start, whole), size - whole)
    b.assign(sum, b.binary(op, sum, foldRegisters(b, op, running)))
  }
  const chunks = Math.floor(length / chunkLength)
  if (chunks > 0) b.loop(chunks * chunkLength, chunkLength, (loop) => chunk(moving(loop), chunkLength))
  if (length % chunkLength > 0) chunk(fixed(chunks * chunkLength), length % chunkLength)
  return sum
}

/** The kernel of a reduction over an axis that is not the last. */
export const lowerColumn = (context: Context, group: Group, name: string, cost: Kernel["cost"]): Kernel => {
  const plan = makePlan(context, group)
  const mode = modeOf(context, group)
  const stored = group.members.flatMap((m) => outputsOf(context.values, m)).filter(context.isStored)
  const width = maxLanes[plan.dtype]
  return Builder.kernel(
    name,
    (b) => {
      const fused = makeFused(context, mode, plan.sizes.length - 1)
      const finish = (places: ReadonlyArray<Place>, columns: number): void => {
        const sum = foldColumns(b, plan, places, columns)
        const run = fused.run(places, columns)
        const lanes: Lanes =
          mode.vector || columns === 1 ? [sum] : Array.from({ length: columns }, (_, i) => b.extract(sum, i))
        run.registers.set(plan.result, lanes)
        for (const [member, sources] of plan.epilogue) fused.compute(b, run, member, sources)
        storeRun(b, context, mode, run, stored, () => plan.store)
      }
      const descend = (d: number, places: ReadonlyArray<Place>): void => {
        const size = plan.sizes[d] ?? 1
        if (d < plan.sizes.length - 1) return b.loop(size, 1, (loop) => descend(d + 1, [...places, moving(loop)]))
        const whole = Math.floor(size / width) * width
        if (whole > 0) b.loop(whole, width, (loop) => finish([...places, moving(loop)], width))
        if (size > whole) finish([...places, fixed(whole)], size - whole)
      }
      descend(0, [])
    },
    cost
  )
}

/** Partial results folded pairwise, j with j + n/2. */
const foldRegisters = (b: Builder.Builder, op: CombineOp, registers: Lanes): Register => {
  let level = registers
  while (level.length > 1) {
    const half = level.length / 2
    level = level.slice(0, half).map((low, j) => b.binary(op, low, level[j + half] ?? low))
  }
  const [only] = level
  if (only === undefined) throw new RangeError("a reduction has partial results")
  return only
}
