/**
 * Kernel IR: straight-line code over virtual registers, inside counted loops, over flat buffers.
 *
 * A kernel is what one target function executes. It is fully explicit: every rounding, every summation order and every
 * memory access is written down, so that the targets (WebAssembly, JavaScript, the interpreter) have nothing to decide
 * and therefore give the same bits.
 *
 * Registers are typed `dtype x lanes`. `lanes` is 1 for scalars and up to {@link maxLanes} for vectors: 8 lanes of a
 * 4-byte type, 4 lanes of `f64`. A vector may have any number of lanes below the maximum (the tail of a row is one
 * vector of its exact length). A target maps a vector to as many machine registers as it needs.
 */

/** The element types. `bool` occupies 4 bytes in memory, 0 or 1. */
export type DType = "f32" | "f64" | "i32" | "u32" | "bool"

/** Bytes of one element in memory. */
export const bytesOf: Readonly<Record<DType, number>> = { f32: 4, f64: 8, i32: 4, u32: 4, bool: 4 }

/** Lanes of a full vector; also the fixed number of partial sums of every reduction. */
export const maxLanes: Readonly<Record<DType, number>> = { f32: 8, f64: 4, i32: 8, u32: 8, bool: 8 }

/**
 * The type of a register. `mask` stands on `bool` vectors only: the width in bits of the lanes they were compared from
 * (64 after comparing `f64`, else 32). A 64-bit mask may select only `f64`, a 32-bit mask only 4-byte types, and a
 * 64-bit mask is never loaded or stored.
 */
export interface Type {
  readonly dtype: DType
  readonly lanes: number
  readonly mask?: 32 | 64
}

/**
 * A virtual register, assigned once by the instruction that defines it (variables excepted, see `variable`), and
 * visible only within the loop body that defines it: what must outlive the loop goes into a variable declared before.
 */
export interface Register {
  readonly id: number
  readonly type: Type
}

/** A flat array of elements. Where it lies is decided later, by the memory plan. */
export interface Buffer {
  readonly id: number
  readonly name: string
  readonly dtype: DType
  /** Number of elements. */
  readonly length: number
  /** Where it lies when it is a part of another buffer that moves with the loops around a kernel. */
  readonly row?: Row
  /** Whether it holds nothing between two calls of a kernel. */
  readonly temporary?: boolean
}

/** Part of a buffer: element i is element `offset + sum(stride * loop) + i` of `of`. */
export interface Row {
  readonly of: Buffer
  readonly offset: number
  readonly terms: Index["terms"]
}

/** A counted loop's index: takes the values 0, step, 2 step, ... below extent. */
export interface Loop {
  readonly id: number
  readonly extent: number
  readonly step: number
}

/** An element position: `offset + sum(stride * loop) + dynamic`, all in elements. */
export interface Index {
  readonly offset: number
  readonly terms: ReadonlyArray<{ readonly loop: Loop; readonly stride: number }>
  /** A scalar `i32` register added to the position (an index that was itself computed or loaded). */
  readonly dynamic?: Register
}

/**
 * Operations on one operand.
 * - `neg abs sqrt floor ceil trunc nearest` are the IEEE operations (`nearest` rounds halves to even).
 * - `not` negates a `bool`, or complements the bits of an integer.
 * - `pow2` takes an integral float n within the normal exponent range and gives 2^n exactly.
 * - `exponent` and `mantissa` take a positive normal float x = m * 2^e with 1 <= m < 2 and give e and m exactly.
 *
 * Outside their domains `pow2`, `exponent` and `mantissa` give any value but never fail: it is for the kernel to select
 * such lanes away, or to see that NaN reaches the result by another path.
 */
export type UnaryOp =
  | "neg"
  | "abs"
  | "sqrt"
  | "floor"
  | "ceil"
  | "trunc"
  | "nearest"
  | "not"
  | "pow2"
  | "exponent"
  | "mantissa"

/**
 * Operations on two operands of one type.
 * - `min max` propagate NaN and order -0 below +0 (wasm `min`/`max`, JavaScript `Math.min`/`Math.max`).
 * - `pmin(a, b)` is `b < a ? b : a`; `pmax(a, b)` is `a < b ? b : a` (cheap; NaN in `b` is dropped, NaN in `a` kept).
 *   Both exist for floats only.
 * - Integer `add sub mul` wrap; `div rem` truncate and exist for scalars only, division by zero gives 0. `rem` exists
 *   for integers only.
 * - `shl shr` shift by the second operand modulo 32, which must be scalar-uniform (a splat or a constant) in vectors;
 *   `shr` is arithmetic on `i32`, logical on `u32`.
 * - `and or xor` on integers and `bool`.
 */
export type BinaryOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "rem"
  | "min"
  | "max"
  | "pmin"
  | "pmax"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr"

/** Comparisons; every comparison with NaN is false except `ne`. The result is `bool`. */
export type CompareOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge"

/** Associative operations for combining the lanes of a vector. */
export type CombineOp = "add" | "mul" | "min" | "max" | "and" | "or"

/** One instruction. `out` is the register it defines. */
export type Instruction =
  /** The same constant in every lane. f32 constants are already rounded; u32 are 0..2^32-1; bool are 0 or 1. */
  | { readonly tag: "const"; readonly out: Register; readonly value: number }
  /**
   * Reads a buffer. Lane j reads element `index + j * laneStride`. `laneStride` is 0 (splat), 1 (contiguous) or any
   * other integer (strided). A scalar load has `laneStride` 0.
   */
  | {
      readonly tag: "load"
      readonly out: Register
      readonly buffer: Buffer
      readonly index: Index
      readonly laneStride: number
    }
  /** Writes lane j to element `index + j * laneStride` (`laneStride` not 0 unless the value is scalar). */
  | {
      readonly tag: "store"
      readonly buffer: Buffer
      readonly index: Index
      readonly value: Register
      readonly laneStride: number
    }
  | { readonly tag: "unary"; readonly op: UnaryOp; readonly out: Register; readonly a: Register }
  | {
      readonly tag: "binary"
      readonly op: BinaryOp
      readonly out: Register
      readonly a: Register
      readonly b: Register
    }
  | {
      readonly tag: "compare"
      readonly op: CompareOp
      readonly out: Register
      readonly a: Register
      readonly b: Register
    }
  /** `condition ? a : b`, lane by lane. */
  | {
      readonly tag: "select"
      readonly out: Register
      readonly condition: Register
      readonly a: Register
      readonly b: Register
    }
  /**
   * Converts between dtypes, lanes kept. Float to integer truncates and saturates, NaN gives 0. `bool` gives 0 or 1;
   * to `bool` is `!= 0`; between `i32` and `u32` the bits are kept. Vectors convert among 4-byte types only; anything
   * with `f64` on one side is scalar.
   */
  | { readonly tag: "cast"; readonly out: Register; readonly a: Register }
  /** All lanes of the result are the scalar `a`. */
  | { readonly tag: "splat"; readonly out: Register; readonly a: Register }
  /** Lane `lane` of a vector as a scalar. */
  | { readonly tag: "extract"; readonly out: Register; readonly a: Register; readonly lane: number }
  /** A vector with more lanes than `a` (a vector or a scalar); the added lanes hold the constant `fill`. */
  | { readonly tag: "extend"; readonly out: Register; readonly a: Register; readonly fill: number }
  /**
   * Combines all lanes of a FULL vector (8 or 4 lanes) into a scalar by the fixed tree: halves are folded,
   * lane j with lane j + n/2, until one is left. f32: ((l0+l4)+(l2+l6)) + ((l1+l5)+(l3+l7)); f64: (l0+l2)+(l1+l3).
   */
  | { readonly tag: "combine"; readonly op: CombineOp; readonly out: Register; readonly a: Register }
  /** The loop index (plus lane number in vectors) as `i32`. */
  | { readonly tag: "loopIndex"; readonly out: Register; readonly loop: Loop }
  /** Declares a mutable variable with a first value; `assign` changes it; reading it reads the current value. */
  | { readonly tag: "variable"; readonly out: Register; readonly initial: Register }
  | { readonly tag: "assign"; readonly variable: Register; readonly value: Register }
  /**
   * A counted loop. With `share`, the loop over threads around the kernel, thread t of T runs only its part of the n
   * iterations: from number floor(n t / T) to before number floor(n (t + 1) / T). They are independent of each other.
   */
  | {
      readonly tag: "for"
      readonly loop: Loop
      readonly body: ReadonlyArray<Instruction>
      readonly share?: Loop
    }

/** A kernel: the code of one function. It reads and writes the listed buffers. */
export interface Kernel {
  readonly name: string
  /** The loops of the program around it, outermost first, whose indices it may use: the parameters of its function. */
  readonly around?: ReadonlyArray<Loop>
  /** The loop over threads, for a kernel that threads share: its index, the thread's number, is the last parameter. */
  readonly threads?: Loop
  readonly body: ReadonlyArray<Instruction>
  readonly reads: ReadonlyArray<Buffer>
  readonly writes: ReadonlyArray<Buffer>
  /** Known before running: floating-point operations and bytes moved, counted by the lowering. */
  readonly cost: { readonly flops: number; readonly bytes: number }
}

/** The loops whose indices are the parameters of a kernel. */
export const loopsAround = ({ around = [], threads }: Kernel): ReadonlyArray<Loop> =>
  threads === undefined ? around : [...around, threads]

/** The iterations of a shared loop that one of several threads runs, by number: from the first to before the second. */
export const shareOf = ({ extent, step }: Loop, thread: number, threads: number): readonly [number, number] => {
  const iterations = Math.ceil(extent / step)
  return [Math.floor((iterations * thread) / threads), Math.floor((iterations * (thread + 1)) / threads)]
}

/** A `bool` in memory that decides what a program does next. */
export interface Flag {
  readonly buffer: Buffer
  readonly index: Index
}

/** What a program does: kernels by number, in order, repeated or chosen. */
export type Step =
  | { readonly tag: "call"; readonly kernel: number }
  | { readonly tag: "repeat"; readonly loop: Loop; readonly body: ReadonlyArray<Step> }
  /** Runs `test`, then, while the flag it wrote is set, `body` and `test` again. */
  | {
      readonly tag: "while"
      readonly test: ReadonlyArray<Step>
      readonly flag: Flag
      readonly body: ReadonlyArray<Step>
    }
  | {
      readonly tag: "branch"
      readonly flag: Flag
      readonly whenSet: ReadonlyArray<Step>
      readonly whenNot: ReadonlyArray<Step>
    }

/** A program: kernels, and the order they run in. */
export interface Program {
  readonly kernels: ReadonlyArray<Kernel>
  readonly steps: ReadonlyArray<Step>
}

/** Kernels that run once each, one after the other. */
export const straight = (kernels: ReadonlyArray<Kernel>): Program => ({
  kernels,
  steps: kernels.map((_, kernel) => ({ tag: "call", kernel }))
})

/** Byte address of every buffer, by buffer id. */
export type Layout = ReadonlyMap<number, number>
