/**
 * Column kernels: reductions over leading or middle axes, computed in vectors along the axes that stay. The summation
 * tree is that of a row: element i goes to partial result i modulo the number of lanes, chunks of fixed length are
 * added in order.
 */
import { Builder, type CombineOp, type Kernel, maxLanes, type Register } from "@cotangent/kernel"
import { Views } from "@cotangent/graph"
import type { Group, Member } from "../schedule.ts"
import { collapse } from "./collapse.ts"
import { type Context, definedBy, makeFused, modeOf, outputsOf, type Source, sourceOf, storeRun } from "./fused.ts"
import { fixed, indexAt, type Lanes, moving, type Place, type Stride } from "./lanes.ts"
import { chunkLength, reductionOf } from "./row.ts"

/** The kernel of a reduction over axes that are not the last. */
export const lowerColumn = (context: Context, group: Group, name: string, cost: Kernel["cost"]): Kernel => {
  const { values } = context
  const [root] = group.members
  const reduction = root === undefined ? undefined : reductionOf(context, root)
  const [access] = root?.operands ?? []
  if (root === undefined || reduction === undefined || access === undefined)
    throw new RangeError("a column group starts with its reduction")
  const { op, identity } = reduction
  const [result = -1] = outputsOf(values, root)
  const dtype = values.avals[result]?.dtype ?? "f32"
  const attribute = values.graph.nodes[root.node]?.attributes["axes"]
  const axes: ReadonlyArray<number> = Array.isArray(attribute) ? attribute.map(Number) : []
  const kept = access.view.shape.map((_, d) => d).filter((d) => !axes.includes(d))
  const inside = definedBy(values, group)
  const epilogue = group.members.slice(1)
  const strideAt = (d: number): number => access.view.strides[d] ?? 0
  const space = collapse({
    sizes: group.space,
    strides: [
      kept.map(strideAt),
      Views.rowMajor(group.space),
      ...epilogue.flatMap((m) => m.operands.map((a) => a.view.strides))
    ]
  })
  const reduced = collapse({ sizes: axes.map((d) => access.view.shape[d] ?? 1), strides: [axes.map(strideAt)] })
  const scalar = space.sizes.length === 0
  const sizes = scalar ? [1] : space.sizes
  const padded = (strides: ReadonlyArray<number> | undefined): ReadonlyArray<number> => (scalar ? [0] : (strides ?? []))
  const sources = new Map<Member, ReadonlyArray<Source>>()
  let next = 2
  for (const member of epilogue)
    sources.set(
      member,
      member.operands.map((a) =>
        sourceOf(context, inside, a, { strides: padded(space.strides[next++]), offset: a.view.offset })
      )
    )
  const store: Stride = { strides: padded(space.strides[1]), offset: 0 }
  const mode = modeOf(context, group)
  const partials = maxLanes[dtype]
  const total = reduced.sizes.reduce((a, n) => a * n, 1)
  const input = context.bufferOf(access.base)
  return Builder.kernel(
    name,
    (b) => {
      const fused = makeFused(context, mode, sizes.length - 1)
      const type = (width: number) => Builder.typeOf(dtype, width)
      /** A run of columns at one element of the reduced axis (canonical graphs reduce one axis at a time). */
      const element = (places: ReadonlyArray<Place>, width: number, along: ReadonlyArray<Place>): Register => {
        const stride: Stride = {
          strides: [...padded(space.strides[0]), ...(reduced.strides[0] ?? [])],
          offset: access.view.offset
        }
        const step = padded(space.strides[0]).at(-1) ?? 0
        const at = indexAt(stride, [...places, ...along])
        return width === 1 ? b.load(input, at) : b.load(input, at, width, step)
      }
      const foldOne = (places: ReadonlyArray<Place>, width: number): Register => {
        const sum = b.variable(b.constant(identity, type(width)))
        const chunk = (start: Place, length: number): void => {
          const running = Array.from({ length: partials }, () => b.variable(b.constant(identity, type(width))))
          const take = (place: Place, count: number): void => {
            const loaded = Array.from({ length: count }, (_, j) =>
              element(places, width, [{ loops: place.loops, offset: place.offset + j }])
            )
            loaded.forEach((x, j) => {
              const lane = running[j]
              if (lane !== undefined) b.assign(lane, b.binary(op, lane, x))
            })
          }
          const whole = Math.floor(length / partials) * partials
          if (whole > 0) b.loop(whole, partials, (loop) => take(moving(loop, start), partials))
          if (length > whole) take({ loops: start.loops, offset: start.offset + whole }, length - whole)
          b.assign(sum, b.binary(op, sum, foldRegisters(b, op, running)))
        }
        const chunks = Math.floor(total / chunkLength)
        if (chunks > 0) b.loop(chunks * chunkLength, chunkLength, (loop) => chunk(moving(loop), chunkLength))
        if (total % chunkLength > 0) chunk(fixed(chunks * chunkLength), total % chunkLength)
        return sum
      }
      const finish = (places: ReadonlyArray<Place>, width: number): void => {
        const sum = foldOne(places, width)
        const run = fused.run(places, width)
        run.registers.set(
          result,
          mode.vector || width === 1 ? [sum] : Array.from({ length: width }, (_, i) => b.extract(sum, i))
        )
        for (const member of epilogue) fused.compute(b, run, member, sources.get(member) ?? [])
        storeRun(
          b,
          context,
          mode,
          run,
          group.members.flatMap((m) => outputsOf(values, m)).filter(context.isStored),
          () => store
        )
      }
      const width = maxLanes[dtype]
      const descend = (d: number, places: ReadonlyArray<Place>): void => {
        const size = sizes[d] ?? 1
        if (d < sizes.length - 1) return b.loop(size, 1, (loop) => descend(d + 1, [...places, moving(loop)]))
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
