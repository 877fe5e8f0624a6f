/** Forms of their own: indexing, padding, joining and the position of the largest element. */
import { Builder, type Buffer, type Kernel, type Loop, maxLanes, type Register } from "@cotangent/kernel"
import { emitPlace, roundTo, sizeOf, type View, Views } from "@cotangent/graph"
import type { Access } from "../resolve.ts"
import type { Group, Member } from "../schedule.ts"
import { collapse } from "./collapse.ts"
import { type Context, outputsOf } from "./fused.ts"

interface Target {
  readonly buffer: Buffer
  readonly shape: ReadonlyArray<number>
}

const targetOf = (context: Context, member: Member): Target => {
  const [base = -1] = outputsOf(context.values, member)
  return { buffer: context.bufferOf(base), shape: context.values.avals[base]?.shape ?? [] }
}

const attributesOf = (context: Context, member: Member) => context.values.graph.nodes[member.node]?.attributes ?? {}

const operandOf = (member: Member, k: number): Access => {
  const access = member.operands[k]
  if (access === undefined) throw new RangeError(`operand ${k} is missing`)
  return access
}

type Terms = ReadonlyArray<readonly [Loop, number]>

/** One loop per dimension, outermost first; `body` gets the loops. */
const nest = (b: Builder.Builder, sizes: ReadonlyArray<number>, body: (loops: ReadonlyArray<Loop>) => void): void => {
  const descend = (d: number, loops: ReadonlyArray<Loop>): void => {
    const size = sizes[d]
    if (size === undefined) body(loops)
    else b.loop(size, 1, (loop) => descend(d + 1, [...loops, loop]))
  }
  descend(0, [])
}

const termsOf = (loops: ReadonlyArray<Loop>, strides: ReadonlyArray<number>): Terms =>
  loops.map((loop, d) => [loop, strides[d] ?? 0] as const)

interface Moving {
  readonly buffer: Buffer
  readonly offset: number
  readonly strides: ReadonlyArray<number>
  /** An index that was itself loaded, and how far one step of it goes. */
  readonly dynamic?: Register
}

/** Copies (or adds) elements between two strided arrays, the last dimension in vectors. */
const move = (
  b: Builder.Builder,
  sizes: ReadonlyArray<number>,
  from: Moving,
  to: Moving,
  outerFrom: Terms,
  outerTo: Terms,
  add: boolean
): void => {
  const { sizes: merged, strides } = collapse({ sizes, strides: [from.strides, to.strides] })
  const lines = merged.length === 0 ? [1] : merged
  const [source = [], target = []] = merged.length === 0 ? [[0], [0]] : strides
  const row = lines.at(-1) ?? 1
  const lanes = maxLanes[from.buffer.dtype]
  nest(b, lines.slice(0, -1), (loops) => {
    const fromTerms = [...outerFrom, ...termsOf(loops, source)]
    const toTerms = [...outerTo, ...termsOf(loops, target)]
    const [stepFrom, stepTo] = [source.at(-1) ?? 0, target.at(-1) ?? 0]
    const run = (extra: Terms, extraTo: Terms, start: number, width: number): void => {
      const at = Builder.at(from.offset + start * stepFrom, [...fromTerms, ...extra], from.dynamic)
      const put = Builder.at(to.offset + start * stepTo, [...toTerms, ...extraTo], to.dynamic)
      const value = width === 1 ? b.load(from.buffer, at) : b.load(from.buffer, at, width, stepFrom)
      const result = add
        ? b.binary("add", width === 1 ? b.load(to.buffer, put) : b.load(to.buffer, put, width, stepTo), value)
        : value
      b.store(to.buffer, put, result, width === 1 ? 0 : stepTo)
    }
    const whole = Math.floor(row / lanes) * lanes
    if (whole > 0) b.loop(whole, lanes, (loop) => run([[loop, stepFrom]], [[loop, stepTo]], 0, lanes))
    if (row > whole) run([], [], whole, row - whole)
  })
}

const contiguousOf = ({ buffer, shape }: Target): Moving => ({ buffer, offset: 0, strides: Views.rowMajor(shape) })
const accessOf = (context: Context, { base, view }: Access): Moving => ({
  buffer: context.bufferOf(base),
  offset: view.offset,
  strides: view.strides
})

/** How far the place an index stands for lies from the first: always inside the axis. */
const scaledIndex = (b: Builder.Builder, index: Register, size: number, stride: number): Register => {
  const place = emitPlace(b, index, size)
  return stride === 1 ? place : b.binary("mul", place, b.constant(stride, Builder.typeOf("i32")))
}

const gather = (b: Builder.Builder, context: Context, member: Member): void => {
  const axis = Number(attributesOf(context, member)["axis"])
  const [table, indices] = [operandOf(member, 0), operandOf(member, 1)]
  const target = targetOf(context, member)
  const out = Views.rowMajor(target.shape)
  const count = indices.view.shape.length
  const index = accessOf(context, indices)
  nest(b, indices.view.shape, (loops) => {
    const at = b.load(index.buffer, Builder.at(index.offset, termsOf(loops, index.strides)))
    const dynamic = scaledIndex(b, at, table.view.shape[axis] ?? 1, table.view.strides[axis] ?? 0)
    const rest = table.view.shape.map((_, d) => d).filter((d) => d !== axis)
    const source: Moving = {
      ...accessOf(context, table),
      strides: rest.map((d) => table.view.strides[d] ?? 0),
      dynamic
    }
    const goal: Moving = {
      buffer: target.buffer,
      offset: 0,
      strides: rest.map((d) => out[d < axis ? d : d + count - 1] ?? 0)
    }
    move(
      b,
      rest.map((d) => table.view.shape[d] ?? 1),
      source,
      goal,
      [],
      termsOf(loops, out.slice(axis, axis + count)),
      false
    )
  })
}

/** A copy of the base, and then the rows one after the other: added to what is there, or in place of it. */
const writeRows = (b: Builder.Builder, context: Context, member: Member, add: boolean): void => {
  const axis = Number(attributesOf(context, member)["axis"])
  const [base, indices, updates] = [operandOf(member, 0), operandOf(member, 1), operandOf(member, 2)]
  const target = targetOf(context, member)
  const out = Views.rowMajor(target.shape)
  const count = indices.view.shape.length
  move(b, target.shape, accessOf(context, base), contiguousOf(target), [], [], false)
  const index = accessOf(context, indices)
  nest(b, indices.view.shape, (loops) => {
    const at = b.load(index.buffer, Builder.at(index.offset, termsOf(loops, index.strides)))
    const dynamic = scaledIndex(b, at, target.shape[axis] ?? 1, out[axis] ?? 0)
    const rest = target.shape.map((_, d) => d).filter((d) => d !== axis)
    const source: Moving = {
      ...accessOf(context, updates),
      strides: rest.map((d) => updates.view.strides[d < axis ? d : d + count - 1] ?? 0)
    }
    const goal: Moving = { buffer: target.buffer, offset: 0, strides: rest.map((d) => out[d] ?? 0), dynamic }
    move(
      b,
      rest.map((d) => target.shape[d] ?? 1),
      source,
      goal,
      termsOf(loops, updates.view.strides.slice(axis, axis + count)),
      [],
      add
    )
  })
}

const numbers = (list: unknown): ReadonlyArray<number> => (Array.isArray(list) ? list.map(Number) : [])

const pad = (b: Builder.Builder, context: Context, member: Member): void => {
  const attributes = attributesOf(context, member)
  const x = operandOf(member, 0)
  const target = targetOf(context, member)
  const { dtype } = target.buffer
  const size = sizeOf(target.shape)
  const lanes = maxLanes[dtype]
  const value = roundTo[dtype](Number(attributes["value"]))
  const fill = (index: ReturnType<typeof Builder.at>, width: number): void =>
    b.store(target.buffer, index, b.constant(value, Builder.typeOf(dtype, width)))
  const whole = Math.floor(size / lanes) * lanes
  if (whole > 0) b.loop(whole, lanes, (loop) => fill(Builder.at(0, [[loop, 1]]), lanes))
  if (size > whole) fill(Builder.at(whole), size - whole)
  const out = Views.rowMajor(target.shape)
  const [low, interior] = [numbers(attributes["low"]), numbers(attributes["interior"])]
  const goal: Moving = {
    buffer: target.buffer,
    offset: out.reduce((sum, stride, d) => sum + stride * (low[d] ?? 0), 0),
    strides: out.map((stride, d) => stride * (1 + (interior[d] ?? 0)))
  }
  if (sizeOf(x.view.shape) > 0) move(b, x.view.shape, accessOf(context, x), goal, [], [], false)
}

const concat = (b: Builder.Builder, context: Context, member: Member): void => {
  const axis = Number(attributesOf(context, member)["axis"])
  const target = targetOf(context, member)
  const out = Views.rowMajor(target.shape)
  let start = 0
  for (const x of member.operands) {
    const goal: Moving = { buffer: target.buffer, offset: start * (out[axis] ?? 0), strides: out }
    if (sizeOf(x.view.shape) > 0) move(b, x.view.shape, accessOf(context, x), goal, [], [], false)
    start += x.view.shape[axis] ?? 0
  }
}

const argmax = (b: Builder.Builder, context: Context, member: Member): void => {
  const axis = Number(attributesOf(context, member)["axis"])
  const x = operandOf(member, 0)
  const target = targetOf(context, member)
  const input = accessOf(context, x)
  const { dtype } = input.buffer
  const rest = x.view.shape.map((_, d) => d).filter((d) => d !== axis)
  const out = Views.rowMajor(target.shape)
  const isFloat = dtype === "f32" || dtype === "f64"
  nest(
    b,
    rest.map((d) => x.view.shape[d] ?? 1),
    (loops) => {
      const terms = termsOf(
        loops,
        rest.map((d) => input.strides[d] ?? 0)
      )
      const best = b.variable(b.load(input.buffer, Builder.at(input.offset, terms)))
      const position = b.variable(b.constant(0, Builder.typeOf("i32")))
      const size = x.view.shape[axis] ?? 1
      const along = input.strides[axis] ?? 0
      if (size > 1) {
        b.loop(size - 1, 1, (loop) => {
          const next = b.load(input.buffer, Builder.at(input.offset + along, [...terms, [loop, along]]))
          const greater = b.compare("gt", next, best)
          // The first NaN counts as the largest: it replaces anything but another NaN.
          const replaces = isFloat
            ? b.binary("or", greater, b.binary("and", b.compare("ne", next, next), b.compare("eq", best, best)))
            : greater
          const index = b.binary("add", b.loopIndex(loop), b.constant(1, Builder.typeOf("i32")))
          b.assign(position, b.select(replaces, index, position))
          b.assign(best, b.select(replaces, next, best))
        })
      }
      b.store(target.buffer, Builder.at(0, termsOf(loops, out)), position)
    }
  )
}

/** A copy of a view into a row-major buffer. */
export const copyKernel = (name: string, from: Buffer, view: View, to: Buffer): Kernel =>
  Builder.kernel(name, (b) => {
    if (sizeOf(view.shape) > 0)
      move(
        b,
        view.shape,
        { buffer: from, offset: view.offset, strides: view.strides },
        { buffer: to, offset: 0, strides: Views.rowMajor(view.shape) },
        [],
        [],
        false
      )
  })

const scatter = (b: Builder.Builder, context: Context, member: Member): void => writeRows(b, context, member, false)
const scatterAdd = (b: Builder.Builder, context: Context, member: Member): void => writeRows(b, context, member, true)

const forms = { gather, scatter, scatterAdd, pad, concat, argmax } as const

/** The kernel of a form of its own. */
export const lowerStructure = (
  context: Context,
  group: Group,
  form: keyof typeof forms,
  name: string,
  cost: Kernel["cost"]
): Kernel => {
  const [member] = group.members
  if (member === undefined) throw new RangeError("a group has a member")
  return Builder.kernel(name, (b) => forms[form](b, context, member), cost)
}
