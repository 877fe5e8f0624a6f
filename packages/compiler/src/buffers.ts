/** The arrays of a program: which buffer every value lies in, made when the first kernel asks for it. */
import { type Buffer, bytesOf, type DType } from "@cotangent/kernel"
import { type Aval, sizeOf, Values as HostValues } from "@cotangent/graph"
import { type Values, valueOf } from "./resolve.ts"
import type { Schedule } from "./schedule.ts"

/** A constant that must lie in memory before the program runs, at `offset` in the program's constant segment. */
export interface ConstantData {
  readonly buffer: Buffer
  readonly offset: number
  readonly data: ArrayLike<number>
}

/** The bytes a buffer takes. */
export const bufferBytes = ({ dtype, length }: Buffer): number => length * bytesOf[dtype]

/** All buffers of a program: those of its main block and of the bodies of its loops. */
export interface Store {
  readonly make: (name: string, dtype: DType, length: number) => Buffer
  readonly addConstant: (buffer: Buffer, data: ArrayLike<number>) => void
  /** How many buffers there are: the number of the next. */
  readonly count: () => number
  /** The constants that were asked for so far, and the bytes they take. */
  readonly constants: () => { readonly data: ReadonlyArray<ConstantData>; readonly bytes: number }
}

/** The buffers of one block under construction. */
export interface Buffers {
  readonly parameters: ReadonlyArray<Buffer>
  readonly results: ReadonlyArray<Buffer>
  /** The buffer of a computed or given value. */
  readonly bufferOf: (base: number) => Buffer
  /** Lets a value be written to a buffer that exists already: a result's. */
  readonly assign: (base: number, buffer: Buffer) => void
  /** A buffer in scratch that belongs to no value. */
  readonly scratch: (name: string, dtype: DType, length: number) => Buffer
}

const alignment = 64

/** The elements of a value that is known before the program runs; an index of a canonical graph has one dimension. */
const knownData = (values: Values, base: number): ArrayLike<number> | undefined => {
  const node = values.graph.nodes[values.owner[base] ?? -1]
  const value = node?.primitive === "constant" ? node.attributes["value"] : undefined
  if (HostValues.isValue(value)) return value.data
  return node?.primitive === "iota"
    ? Float64Array.from({ length: sizeOf(node.outputs[0]?.shape ?? []) }, (_, i) => i)
    : undefined
}

/** The type of a value; every value of a resolved graph has one. */
export const avalOf = (values: Values, base: number): Aval => {
  const aval = values.avals[base]
  if (aval === undefined) throw new RangeError(`value ${base} does not exist`)
  return aval
}

/** An empty store. */
export const makeStore = (): Store => {
  let count = 0
  const constants: Array<ConstantData> = []
  let bytes = 0
  return {
    make: (name, dtype, length) => ({ id: count++, name, dtype, length }),
    addConstant: (buffer, data) => {
      constants.push({ buffer, data, offset: bytes })
      bytes = Math.ceil((bytes + bufferBytes(buffer)) / alignment) * alignment
    },
    count: () => count,
    constants: () => ({ data: constants, bytes })
  }
}

/** The buffers of a block: those of parameters and results as given, or new ones; the others as they are asked for. */
export const makeBuffers = (
  store: Store,
  values: Values,
  given?: { readonly parameters: ReadonlyArray<Buffer>; readonly results: ReadonlyArray<Buffer> }
): Buffers => {
  const { graph } = values
  const makeFor = (name: string, { shape, dtype }: Aval): Buffer => store.make(name, dtype, sizeOf(shape))
  const parameters = given?.parameters ?? graph.parameters.map((p) => makeFor(p.name, p))
  const results =
    given?.results ??
    graph.results.map((reference, i) => makeFor(`result${i}`, avalOf(values, valueOf(values, reference))))
  // Parameter i is node i, whose only output is value i.
  const known = new Map<number, Buffer>(parameters.map((buffer, i) => [i, buffer]))
  const create = (base: number): Buffer => {
    const data = knownData(values, base)
    if (data === undefined) return makeFor(`v${base}`, avalOf(values, base))
    const buffer = makeFor(`constant${base}`, avalOf(values, base))
    store.addConstant(buffer, data)
    return buffer
  }
  return {
    parameters,
    results,
    bufferOf: (base) => {
      const buffer = known.get(base) ?? create(base)
      known.set(base, buffer)
      return buffer
    },
    assign: (base, buffer) => void known.set(base, buffer),
    scratch: store.make
  }
}

/** What a group of a form of its own (not row, contract or column) writes always reaches memory. */
const isFused = ({ kind }: Schedule["groups"][number]): boolean =>
  kind === "row" || kind === "contract" || kind === "column"

/** The values that reach memory: results, what another group reads, and what a group reads or writes as a whole array. */
export const storedValues = (schedule: Schedule): ReadonlySet<number> => {
  const { values, groups, groupOf } = schedule
  const stored = new Set(values.graph.results.flatMap((r) => values.access[valueOf(values, r)]?.base ?? []))
  for (const group of groups) {
    const [root] = group.members
    const repeated = new Set(
      group.members.map(({ node }) => values.start[node] ?? -1).filter((base) => groupOf[base] !== group.id)
    )
    for (const member of group.members)
      for (const { base } of member.operands)
        if ((groupOf[base] !== group.id && !repeated.has(base)) || (group.kind !== "row" && member === root))
          stored.add(base)
    if (!isFused(group) && root !== undefined) {
      const first = values.start[root.node] ?? 0
      values.graph.nodes[root.node]?.outputs.forEach((_, i) => stored.add(first + i))
    }
  }
  return stored
}
