/** The operations that rules are written with: passed in, never imported, so that primitives do not depend on each other. */
import type { DType } from "./dtype.ts"
import type { AnyTensor, Region } from "./tensor.ts"
import type { Value } from "./value.ts"

type Unary = (x: AnyTensor) => AnyTensor
/** Operands broadcast; a number is a constant of the other operand's element type. */
type Binary = (a: AnyTensor, b: AnyTensor | number) => AnyTensor

/** Dimensions of a general product: `batch` pairs stay in front, `contract` pairs are summed over. */
export interface DotDimensions {
  readonly batch: readonly [ReadonlyArray<number>, ReadonlyArray<number>]
  readonly contract: readonly [ReadonlyArray<number>, ReadonlyArray<number>]
}

/** Bounds of a slice, one entry per axis: elements `start, start + step, ...` below `limit`. */
export interface SliceBounds {
  readonly start: ReadonlyArray<number>
  readonly limit: ReadonlyArray<number>
  readonly step: ReadonlyArray<number>
}

/** Padding, one entry per axis: `low` and `high` elements around, `interior` between neighbours. */
export interface Padding {
  readonly low: ReadonlyArray<number>
  readonly high: ReadonlyArray<number>
  readonly interior: ReadonlyArray<number>
}

/** Every primitive as a function of tensors, shapes checked, element types explicit. */
export interface Operations {
  readonly neg: Unary
  readonly abs: Unary
  readonly sign: Unary
  readonly floor: Unary
  readonly exp: Unary
  readonly expm1: Unary
  readonly log: Unary
  readonly log1p: Unary
  readonly sqrt: Unary
  readonly tanh: Unary
  readonly sigmoid: Unary
  readonly sin: Unary
  readonly cos: Unary
  readonly erf: Unary
  readonly not: Unary
  readonly stopGradient: Unary
  /** The same value under a new identity: what `grad` differentiates with respect to. */
  readonly alias: Unary

  readonly add: Binary
  readonly sub: Binary
  readonly mul: Binary
  readonly div: Binary
  readonly pow: Binary
  readonly max: Binary
  readonly min: Binary
  readonly and: Binary
  readonly or: Binary
  readonly xor: Binary
  readonly shiftLeft: Binary
  readonly shiftRight: Binary
  readonly eq: Binary
  readonly lt: Binary
  readonly le: Binary
  readonly select: (condition: AnyTensor, a: AnyTensor | number, b: AnyTensor | number) => AnyTensor
  /** The two words of Threefry-2x32 with 20 rounds. */
  readonly threefry: (k0: AnyTensor, k1: AnyTensor, c0: AnyTensor, c1: AnyTensor) => readonly [AnyTensor, AnyTensor]
  readonly cast: (x: AnyTensor, dtype: DType) => AnyTensor

  readonly parameter: (name: string, shape: ReadonlyArray<number>, dtype: DType) => AnyTensor
  readonly constant: (value: Value) => AnyTensor
  readonly full: (shape: ReadonlyArray<number>, value: number, dtype: DType) => AnyTensor
  /** `0, 1, 2, ...` along `axis`. */
  readonly iota: (shape: ReadonlyArray<number>, axis: number, dtype: DType) => AnyTensor

  readonly reduceSum: (x: AnyTensor, axes: ReadonlyArray<number>) => AnyTensor
  readonly reduceMax: (x: AnyTensor, axes: ReadonlyArray<number>) => AnyTensor
  readonly reduceMin: (x: AnyTensor, axes: ReadonlyArray<number>) => AnyTensor
  readonly argmax: (x: AnyTensor, axis: number) => AnyTensor

  readonly reshape: (x: AnyTensor, shape: ReadonlyArray<number>) => AnyTensor
  readonly transpose: (x: AnyTensor, permutation: ReadonlyArray<number>) => AnyTensor
  readonly broadcast: (x: AnyTensor, shape: ReadonlyArray<number>) => AnyTensor
  readonly slice: (x: AnyTensor, bounds: SliceBounds) => AnyTensor
  readonly pad: (x: AnyTensor, padding: Padding, value?: number) => AnyTensor
  readonly concat: (xs: ReadonlyArray<AnyTensor>, axis: number) => AnyTensor
  readonly gather: (table: AnyTensor, indices: AnyTensor, axis: number) => AnyTensor
  readonly scatterAdd: (base: AnyTensor, indices: AnyTensor, updates: AnyTensor, axis: number) => AnyTensor
  readonly dot: (a: AnyTensor, b: AnyTensor, dimensions: DotDimensions) => AnyTensor
  /** See the scan primitive. */
  readonly scan: (
    body: Region,
    operands: ReadonlyArray<AnyTensor>,
    carries: number,
    sequences: number,
    length: number,
    reverse: boolean
  ) => ReadonlyArray<AnyTensor>
  /** Traces a function of fresh parameters into a region whose free variables are listed as extra operands. */
  readonly region: (
    avals: ReadonlyArray<{ readonly shape: ReadonlyArray<number>; readonly dtype: DType }>,
    f: (...parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
  ) => { readonly region: Region; readonly captured: ReadonlyArray<AnyTensor> }
}

/** The passes over expressions, lent to the rules of primitives with regions. */
export interface Passes {
  /** Cotangents of `targets` given cotangents of `results`. */
  readonly pullback: (
    results: ReadonlyArray<AnyTensor>,
    cotangents: ReadonlyArray<AnyTensor | undefined>,
    targets: ReadonlyArray<AnyTensor>
  ) => ReadonlyArray<AnyTensor | undefined>
  /** Tangents of `results` given tangents of `sources`. */
  readonly pushforward: (
    results: ReadonlyArray<AnyTensor>,
    sources: ReadonlyArray<AnyTensor>,
    tangents: ReadonlyArray<AnyTensor | undefined>
  ) => ReadonlyArray<AnyTensor | undefined>
  /** The results with `sources` replaced, some by batches (axis 0); axis 0 of every result is the batch. */
  readonly vectorize: (
    results: ReadonlyArray<AnyTensor>,
    sources: ReadonlyArray<AnyTensor>,
    replacements: ReadonlyArray<AnyTensor>,
    batched: ReadonlyArray<boolean>,
    size: number
  ) => ReadonlyArray<AnyTensor>
  /** The results with `sources` replaced. */
  readonly substitute: (
    results: ReadonlyArray<AnyTensor>,
    sources: ReadonlyArray<AnyTensor>,
    replacements: ReadonlyArray<AnyTensor>
  ) => ReadonlyArray<AnyTensor>
}

/** What a rule is given: the operations, and the passes for rules of primitives with regions. */
export interface RuleOperations extends Operations {
  readonly passes: Passes
}
