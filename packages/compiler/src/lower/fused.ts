/**
 * The elementwise part of a kernel: the members of a group computed at one place of the index space, a run of adjacent
 * elements at a time, with loads shared and loop-invariant ones hoisted.
 */
import type { Builder, Buffer, DType, Register } from "@cotangent/kernel"
import { type Attributes, primitives, rulesOf, Values as HostValues } from "@cotangent/graph"
import type { Access, Values } from "../resolve.ts"
import type { Group, Member } from "../group.ts"
import {
  constantLanes,
  iotaLanes,
  type LaneMode,
  laneMode,
  laneNumbers,
  type Lanes,
  loadLanes,
  type Place,
  splatLanes,
  storeLanes,
  type Stride
} from "./lanes.ts"

/** What a lowering needs to know of the whole program. */
export interface Context {
  readonly values: Values
  /** The buffer of a value that lies in memory. */
  readonly bufferOf: (base: number) => Buffer
  /** Whether a value must be written to memory: it is a result, or read by another group. */
  readonly isStored: (base: number) => boolean
  /** What the kernel reads at every element and also writes, as it is, to another array. */
  readonly passed: ReadonlyArray<{ readonly base: number; readonly buffer: Buffer }>
  /** A scratch buffer that only this kernel uses. */
  readonly temporary: (name: string, dtype: DType, length: number) => Buffer
  /** The tiles of products, in rows and full vectors. */
  readonly tile: { readonly rows: number; readonly vectors: number }
  /** How many threads may share a kernel. */
  readonly threads: number
  /** Whether sums may be rounded in other ways than the arithmetic contract says. */
  readonly relaxed: boolean
}

/** Where an operand comes from, with strides over the dimensions of the index space after collapsing. */
export type Source =
  | { readonly tag: "member"; readonly base: number }
  | { readonly tag: "memory"; readonly key: string; readonly buffer: Buffer; readonly stride: Stride }
  | { readonly tag: "constant"; readonly value: number; readonly dtype: DType }
  | { readonly tag: "iota"; readonly key: string; readonly dtype: DType; readonly stride: Stride }

/** The value numbers a member defines. */
export const outputsOf = (values: Values, { node }: Member): ReadonlyArray<number> =>
  (values.graph.nodes[node]?.outputs ?? []).map((_, i) => (values.start[node] ?? 0) + i)

/** All values a group defines. */
export const definedBy = (values: Values, group: Group): ReadonlySet<number> =>
  new Set(group.members.flatMap((m) => outputsOf(values, m)))

const scalarConstant = (values: Values, base: number): number | undefined => {
  const node = values.graph.nodes[values.owner[base] ?? -1]
  const value = node?.primitive === "constant" ? node.attributes["value"] : undefined
  return HostValues.isValue(value) && value.data.length === 1 ? value.data[0] : undefined
}

const isIota = (values: Values, base: number): boolean =>
  values.graph.nodes[values.owner[base] ?? -1]?.primitive === "iota"

/** The source of an access whose strides over the index space are given. */
export const sourceOf = (context: Context, inside: ReadonlySet<number>, { base }: Access, stride: Stride): Source => {
  const { values } = context
  if (inside.has(base)) return { tag: "member", base }
  const dtype = values.avals[base]?.dtype ?? "f32"
  const value = scalarConstant(values, base)
  if (value !== undefined) return { tag: "constant", value, dtype }
  const key = `${base}:${stride.offset}:${stride.strides.join(",")}`
  return isIota(values, base)
    ? { tag: "iota", key, dtype, stride }
    : { tag: "memory", key, buffer: context.bufferOf(base), stride }
}

/** The last dimension a stride moves along; -1 when it never moves. */
export const lastMoving = ({ strides }: Stride): number =>
  strides.reduce((last, stride, d) => (stride !== 0 ? d : last), -1)

/** The attributes and emit rule of an elementwise member. */
const emitOf = (
  values: Values,
  member: Member
): {
  readonly attributes: Attributes
  readonly emit: (b: Builder.Builder, x: ReadonlyArray<Register>) => ReadonlyArray<Register>
} => {
  const node = values.graph.nodes[member.node]
  if (node === undefined) throw new RangeError(`node ${member.node} does not exist`)
  const { lower } = rulesOf(primitives[node.primitive])
  if (lower.tag === "view") return { attributes: node.attributes, emit: (_, x) => x }
  if (lower.tag !== "elementwise") throw new RangeError(`${node.primitive} is not elementwise`)
  return { attributes: node.attributes, emit: (b, x) => lower.emit(b, x, node.attributes) }
}

/** Integer division, shifts by a computed amount, indices as f64 and f64 as bool exist one element at a time only. */
export const needsScalars = (values: Values, member: Member): boolean => {
  const node = values.graph.nodes[member.node]
  const [dtype] = node?.outputs.map((o) => o.dtype) ?? []
  if (member.operands.some(({ base }) => isIota(values, base) && values.avals[base]?.dtype === "f64")) return true
  if (node?.primitive === "cast" && dtype === "bool")
    return member.operands.some(({ base }) => values.avals[base]?.dtype === "f64")
  if (node?.primitive === "div") return dtype === "i32" || dtype === "u32"
  if (node?.primitive === "shiftLeft" || node?.primitive === "shiftRight")
    return member.operands[1] === undefined || scalarConstant(values, member.operands[1].base) === undefined
  return false
}

/** How a group computes: from the types of everything it touches at every element. What exists once per row is one number. */
export const modeOf = (context: Context, group: Group): LaneMode => {
  const { values } = context
  const members = group.members.filter(({ level }) => level === "full")
  const dtypes = members
    .flatMap((m) => [...outputsOf(values, m), ...m.operands.map((a) => a.base)])
    .map((base) => values.avals[base]?.dtype ?? "f32")
  const floats = dtypes.filter((dtype) => dtype !== "bool")
  const hasWide = floats.includes("f64")
  // A boolean compared from f64 is a 64-bit mask: fine while it stays in registers.
  const inside = definedBy(values, { ...group, members })
  const boolInMemory = members.some(
    (m) =>
      m.operands.some((a) => values.avals[a.base]?.dtype === "bool" && !inside.has(a.base)) ||
      outputsOf(values, m).some((v) => values.avals[v]?.dtype === "bool" && context.isStored(v))
  )
  const vectorizable = !members.some((m) => needsScalars(values, m)) && !(hasWide && boolInMemory)
  return laneMode(floats.length > 0 ? floats : dtypes, vectorizable)
}

/** One place being computed: registers of members and loads so far. */
export interface Run {
  readonly places: ReadonlyArray<Place>
  readonly width: number
  readonly registers: Map<number, Lanes>
  readonly loads: Map<string, Lanes>
}

/** What is computed once before a loop and read inside it, by source and width. */
export type Hoisted = Map<string, Lanes>

/** The emitter of one kernel's elementwise code. */
export interface Fused {
  readonly mode: LaneMode
  readonly run: (places: ReadonlyArray<Place>, width: number) => Run
  /** The operand of a member at a run. */
  readonly operand: (b: Builder.Builder, run: Run, source: Source) => Lanes
  /** Computes a member at a run and remembers its registers. */
  readonly compute: (b: Builder.Builder, run: Run, member: Member, sources: ReadonlyArray<Source>) => void
  /** Loads what does not move beyond dimension `d`, for the widths given, so that inner loops find it. */
  readonly hoist: (
    b: Builder.Builder,
    sources: ReadonlyArray<Source>,
    d: number,
    places: ReadonlyArray<Place>,
    widths: ReadonlyArray<number>
  ) => void
  /** A value computed once per row, as every lane of a run. */
  readonly spread: (b: Builder.Builder, base: number, scalar: Register, widths: ReadonlyArray<number>) => void
}

/** The emitter for a group whose innermost dimension is number `inner`. */
export const makeFused = (context: Context, mode: LaneMode, inner: number): Fused => {
  const hoisted: Hoisted = new Map()
  const numbers = new Map<number, Register>()
  const produce = (
    b: Builder.Builder,
    source: Exclude<Source, { readonly tag: "member" }>,
    places: ReadonlyArray<Place>,
    width: number
  ): Lanes => {
    if (source.tag === "constant") return constantLanes(b, mode, source.value, source.dtype, width)
    if (source.tag === "iota")
      return iotaLanes(b, mode, source.dtype, source.stride, places, width, (w) => numbers.get(w) ?? laneNumbers(b, w))
    return loadLanes(b, mode, source.buffer, source.stride, places, width)
  }
  const operand = (b: Builder.Builder, run: Run, source: Source): Lanes => {
    if (source.tag === "member") {
      const lanes = run.registers.get(source.base) ?? hoisted.get(`m${source.base}/${run.width}`)
      if (lanes === undefined) throw new RangeError(`value ${source.base} is read before it is computed`)
      return lanes
    }
    const key =
      source.tag === "constant"
        ? `c${source.dtype}${Object.is(source.value, -0) ? "-0" : source.value}`
        : `${source.tag}${source.key}`
    const known = run.loads.get(key) ?? hoisted.get(`${key}/${run.width}`)
    if (known !== undefined) return known
    const lanes = produce(b, source, run.places, run.width)
    run.loads.set(key, lanes)
    return lanes
  }
  return {
    mode,
    operand,
    run: (places, width) => ({ places, width, registers: new Map(), loads: new Map() }),
    compute: (b, run, member, sources) => {
      const { emit } = emitOf(context.values, member)
      const operands = sources.map((source) => operand(b, run, source))
      const pieces = operands[0]?.length ?? 1
      const results = Array.from({ length: pieces }, (_, i) =>
        emit(
          b,
          operands.flatMap((lanes) => lanes[i] ?? lanes.slice(-1))
        )
      )
      outputsOf(context.values, member).forEach((base, output) =>
        run.registers.set(
          base,
          results.flatMap((r) => r[output] ?? [])
        )
      )
    },
    hoist: (b, sources, d, places, widths) => {
      for (const source of sources) {
        if (source.tag !== "memory" && source.tag !== "iota") continue
        if (d < 0 && source.tag === "iota" && mode.vector && (source.stride.strides[inner] ?? 0) !== 0)
          for (const w of widths) if (w > 1 && !numbers.has(w)) numbers.set(w, laneNumbers(b, w))
        if (lastMoving(source.stride) !== d || d >= inner) continue
        for (const width of widths) {
          const key = `${source.tag}${source.key}/${width}`
          if (!hoisted.has(key)) hoisted.set(key, produce(b, source, places, width))
        }
      }
    },
    spread: (b, base, scalar, widths) => {
      for (const width of widths) hoisted.set(`m${base}/${width}`, splatLanes(b, mode, scalar, width))
    }
  }
}

/** Writes what a run computed and the program needs in memory. */
export const storeRun = (
  b: Builder.Builder,
  context: Context,
  mode: LaneMode,
  run: Run,
  bases: ReadonlyArray<number>,
  strideOf: (base: number) => Stride
): void => {
  for (const base of bases) {
    const lanes = run.registers.get(base)
    if (lanes !== undefined) storeLanes(b, mode, context.bufferOf(base), strideOf(base), run.places, lanes)
  }
}
