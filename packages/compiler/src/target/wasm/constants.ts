/**
 * Constants of one function, each set once at the entry of the function.
 *
 * V8 materialises a `v128.const` anew at every use; kept in a local it stays in a register (measured: twice as fast
 * in polynomial kernels).
 */
import type { DType } from "@cotangent/kernel"
import type { Code, Locals, Words } from "./assembler.ts"

const scratch = new DataView(new ArrayBuffer(8))

/** The bits of a number rounded to f32. */
export const bitsOfF32 = (value: number): number => {
  scratch.setFloat32(0, value, true)
  return scratch.getUint32(0, true)
}

/** The low and high word of an f64. */
export const wordsOfF64 = (value: number): readonly [number, number] => {
  scratch.setFloat64(0, value, true)
  return [scratch.getUint32(0, true), scratch.getUint32(4, true)]
}

/** One 32-bit word in all four lanes. */
export const splat32 = (word: number): Words => [word >>> 0, word >>> 0, word >>> 0, word >>> 0]

/** One 64-bit pattern in both lanes. */
export const splat64 = (low: number, high: number): Words => [low >>> 0, high >>> 0, low >>> 0, high >>> 0]

/** The bits of a vector whose lanes all hold `value`; `bool` lanes are masks of 32 or 64 bits, so the same words. */
export const splatOf = (dtype: DType, value: number): Words => {
  switch (dtype) {
    case "f32":
      return splat32(bitsOfF32(value))
    case "f64":
      return splat64(...wordsOfF64(value))
    case "bool":
      return splat32(value === 0 ? 0 : 0xffffffff)
    case "i32":
    case "u32":
      return splat32(value)
  }
}

/** Hands out the locals of constants and writes their initialisation. */
export interface Constants {
  /** A scalar of a dtype; integers and `bool` are i32. */
  readonly scalar: (dtype: DType, value: number) => number
  readonly words: (words: Words) => number
  /** Sets all constants; belongs before the code that uses them. */
  readonly initialise: (code: Code) => void
}

/** The bits of a vector that the function starts with in a local, in as few bytes as they can be written. */
const writeShortly = (code: Code, words: Words): void => {
  const [first, second, third, fourth] = words
  scratch.setUint32(0, first, true)
  scratch.setUint32(4, second, true)
  const pair = scratch.getFloat64(0, true)
  if (first === second && second === third && third === fourth) {
    code.i32(first | 0)
    code.op("i32x4.splat")
    // Engines may change the bits of a NaN that is a number of theirs.
  } else if (first !== third || second !== fourth || Number.isNaN(pair)) code.v128(words)
  else {
    code.f64(pair)
    code.op("f64x2.splat")
  }
}

/** Whether a local holds this before anything is written to it. */
const isZero = (words: Words): boolean => words.every((word) => word === 0)

/** With `compact` constants take fewer bytes: vectors are made of scalars, and zeros are what locals start with. */
export const makeConstants = (locals: Locals, compact = false): Constants => {
  const known = new Map<string | number, number>()
  const writes: Array<(code: Code) => void> = []
  const intern = (key: string | number, make: () => number, write: (code: Code) => void, zero = false): number => {
    const found = known.get(key)
    if (found !== undefined) return found
    const local = make()
    known.set(key, local)
    if (zero && compact) return local
    writes.push((code) => {
      write(code)
      code.set(local)
    })
    return local
  }
  return {
    scalar: (dtype, value) => {
      switch (dtype) {
        case "f32":
          return intern(
            `f32 ${bitsOfF32(value)}`,
            () => locals.fresh("f32"),
            (code) => code.f32(value)
          )
        case "f64":
          return intern(
            `f64 ${wordsOfF64(value).join()}`,
            () => locals.fresh("f64"),
            (code) => code.f64(value)
          )
        case "i32":
        case "u32":
        case "bool":
          return intern(
            `i32 ${value | 0}`,
            () => locals.fresh("i32"),
            (code) => code.i32(value | 0)
          )
      }
    },
    words: (words) =>
      intern(
        // Mostly one word in all lanes: a number is the cheaper key.
        words.every((word) => word === words[0]) ? words[0] : words.join(),
        () => locals.fresh("v128"),
        (code) => (compact ? writeShortly(code, words) : code.v128(words)),
        isZero(words)
      ),
    initialise: (code) => {
      for (const write of writes) write(code)
    }
  }
}
