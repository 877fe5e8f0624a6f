/** Builds kernel bodies: each method appends one instruction and returns the register it defines. */
import type {
  BinaryOp,
  Buffer,
  CombineOp,
  CompareOp,
  DType,
  Index,
  Instruction,
  Kernel,
  Loop,
  Register,
  Type,
  UnaryOp
} from "./ir.ts"

/** The mask width of a bool vector compared from `dtype`. */
const maskOf = (dtype: DType): 32 | 64 => (dtype === "f64" ? 64 : 32)

/** A type: scalars have 1 lane. */
export const typeOf = (dtype: DType, lanes = 1): Type =>
  dtype === "bool" && lanes > 1 ? { dtype, lanes, mask: 32 } : { dtype, lanes }

/** A mutable builder of one kernel; the only mutable thing in this package, alive for one call of `kernel`. */
export interface Builder {
  readonly constant: (value: number, type: Type) => Register
  readonly load: (buffer: Buffer, index: Index, lanes?: number, laneStride?: number) => Register
  readonly store: (buffer: Buffer, index: Index, value: Register, laneStride?: number) => void
  readonly unary: (op: UnaryOp, a: Register) => Register
  readonly binary: (op: BinaryOp, a: Register, b: Register) => Register
  readonly compare: (op: CompareOp, a: Register, b: Register) => Register
  readonly select: (condition: Register, a: Register, b: Register) => Register
  readonly cast: (a: Register, dtype: DType) => Register
  readonly splat: (a: Register, lanes: number) => Register
  readonly extract: (a: Register, lane: number) => Register
  readonly extend: (a: Register, lanes: number, fill: number) => Register
  readonly combine: (op: CombineOp, a: Register) => Register
  readonly loopIndex: (loop: Loop, lanes?: number) => Register
  readonly variable: (initial: Register) => Register
  readonly assign: (variable: Register, value: Register) => void
  /** A counted loop; `body` receives the loop, to be used in indices. */
  readonly loop: (extent: number, step: number, body: (loop: Loop) => void) => void
}

/** An index from an offset and strides by loop; terms with stride 0 are dropped. */
export const at = (offset: number, terms: ReadonlyArray<readonly [Loop, number]> = [], dynamic?: Register): Index => {
  const kept = terms.filter(([, stride]) => stride !== 0).map(([loop, stride]) => ({ loop, stride }))
  return dynamic === undefined ? { offset, terms: kept } : { offset, terms: kept, dynamic }
}

/** The buffer that really lies in memory, and the place in it: a row is a part of another buffer. */
export const placeIn = (buffer: Buffer, index: Index): { readonly buffer: Buffer; readonly index: Index } =>
  buffer.row === undefined
    ? { buffer, index }
    : placeIn(buffer.row.of, {
        ...index,
        offset: buffer.row.offset + index.offset,
        terms: [...buffer.row.terms, ...index.terms]
      })

const restore = (buffers: Map<number, Buffer>, before: ReadonlyArray<readonly [number, Buffer]>): void => {
  buffers.clear()
  for (const [id, buffer] of before) buffers.set(id, buffer)
}

/** Builds a kernel by running `body` on a fresh builder; the buffers it reads and writes are collected. */
export const kernel = (
  name: string,
  body: (b: Builder) => void,
  cost: Kernel["cost"] = { flops: 0, bytes: 0 }
): Kernel => {
  let registers = 0
  let loops = 0
  let current: Array<Instruction> = []
  const reads = new Map<number, Buffer>()
  const writes = new Map<number, Buffer>()
  const register = (type: Type): Register => ({ id: registers++, type })
  const define = (type: Type, instruction: (out: Register) => Instruction): Register => {
    const out = register(type)
    current.push(instruction(out))
    return out
  }
  const boolLike = (a: Register): Type =>
    a.type.lanes === 1
      ? { dtype: "bool", lanes: 1 }
      : {
          dtype: "bool",
          lanes: a.type.lanes,
          mask: a.type.dtype === "bool" ? (a.type.mask ?? 32) : maskOf(a.type.dtype)
        }
  body({
    constant: (value, type) => define(type, (out) => ({ tag: "const", out, value })),
    load: (from, at, lanes = 1, laneStride = lanes === 1 ? 0 : 1) => {
      const { buffer, index } = placeIn(from, at)
      reads.set(buffer.id, buffer)
      return define(typeOf(buffer.dtype, lanes), (out) => ({ tag: "load", out, buffer, index, laneStride }))
    },
    store: (to, at, value, laneStride = value.type.lanes === 1 ? 0 : 1) => {
      const { buffer, index } = placeIn(to, at)
      writes.set(buffer.id, buffer)
      current.push({ tag: "store", buffer, index, value, laneStride })
    },
    unary: (op, a) => define(a.type, (out) => ({ tag: "unary", op, out, a })),
    binary: (op, a, b) => define(a.type, (out) => ({ tag: "binary", op, out, a, b })),
    compare: (op, a, b) => define(boolLike(a), (out) => ({ tag: "compare", op, out, a, b })),
    select: (condition, a, b) => define(a.type, (out) => ({ tag: "select", out, condition, a, b })),
    cast: (a, dtype) =>
      a.type.dtype === dtype ? a : define(typeOf(dtype, a.type.lanes), (out) => ({ tag: "cast", out, a })),
    splat: (a, lanes) => (lanes === 1 ? a : define(typeOf(a.type.dtype, lanes), (out) => ({ tag: "splat", out, a }))),
    extract: (a, lane) => define(typeOf(a.type.dtype, 1), (out) => ({ tag: "extract", out, a, lane })),
    extend: (a, lanes, fill) =>
      a.type.lanes === lanes
        ? a
        : define(a.type.lanes === 1 ? typeOf(a.type.dtype, lanes) : { ...a.type, lanes }, (out) => ({
            tag: "extend",
            out,
            a,
            fill
          })),
    combine: (op, a) => define(typeOf(a.type.dtype, 1), (out) => ({ tag: "combine", op, out, a })),
    loopIndex: (loop, lanes = 1) => define(typeOf("i32", lanes), (out) => ({ tag: "loopIndex", out, loop })),
    variable: (initial) => define(initial.type, (out) => ({ tag: "variable", out, initial })),
    assign: (variable, value) => {
      current.push({ tag: "assign", variable, value })
    },
    loop: (extent, step, inner) => {
      const loop: Loop = { id: loops++, extent, step }
      const [outer, readBefore, writtenBefore] = [current, [...reads], [...writes]]
      current = []
      inner(loop)
      const own = current
      current = outer
      if (extent > 0) {
        current.push({ tag: "for", loop, body: own })
        return
      }
      // A loop without rounds is left out, and so is what only it would have read or written.
      restore(reads, readBefore)
      restore(writes, writtenBefore)
    }
  })
  return { name, body: current, reads: [...reads.values()], writes: [...writes.values()], cost }
}
