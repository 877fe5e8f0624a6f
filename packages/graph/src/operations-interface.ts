/** The operations that rules are written with: passed in, never imported, so that primitives do not depend on each other. */
import type { DType } from "./dtype.ts"
import type { ArityOf, AttributesOf, PrimitiveName } from "./primitives/table.ts"
import type { AnyTensor, Region } from "./tensor.ts"
import type { Value } from "./value.ts"

/** A function of one tensor. */
type Unary = (x: AnyTensor) => AnyTensor
/** A function of two tensors. Operands broadcast; a number is a constant of the other operand's element type. */
type Binary = (a: AnyTensor, b: AnyTensor | number) => AnyTensor

/** Any primitive: its operands, its attributes, its regions. */
type Application<A> = (
  operands: ReadonlyArray<AnyTensor>,
  attributes: A,
  regions?: ReadonlyArray<Region>
) => ReadonlyArray<AnyTensor>

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

/** Shape and element type of a tensor. */
export interface TensorType {
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
}

/** A function of tensors for each primitive that has no signature of its own below: its type follows from its record. */
export type Derived = { readonly [N in Exclude<PrimitiveName, keyof Signatures>]: FunctionOf<N> }

type FunctionOf<N extends PrimitiveName> =
  ArityOf<N> extends 1 ? Unary : ArityOf<N> extends 2 ? Binary : Application<AttributesOf<N>>

/** Every primitive as a function of tensors, shapes checked, element types explicit. */
export interface Operations extends Derived, Signatures {}

/** The signatures of primitives that are functions of other things than tensors, and of what is made of primitives. */
export interface Signatures {
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
  /** See the whileLoop primitive. */
  readonly whileLoop: (
    predicate: Region,
    body: Region,
    operands: ReadonlyArray<AnyTensor>,
    carries: number,
    limit: number
  ) => ReadonlyArray<AnyTensor>
  /** See the cond primitive. */
  readonly cond: (
    predicate: AnyTensor,
    then: Region,
    otherwise: Region,
    operands: ReadonlyArray<AnyTensor>
  ) => ReadonlyArray<AnyTensor>
  /** Traces a function of fresh parameters into a region whose free variables are listed as extra operands. */
  readonly region: (
    avals: ReadonlyArray<TensorType>,
    f: (...parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
  ) => { readonly region: Region; readonly captured: ReadonlyArray<AnyTensor> }
  /**
   * Traces several functions into regions over the same free variables. `inside: "traced"` keeps everything a function
   * builds in its region, `"dependent"` only what depends on its parameters.
   */
  readonly regions: (
    inside: "dependent" | "traced",
    bodies: ReadonlyArray<{
      readonly avals: ReadonlyArray<TensorType>
      readonly f: (...parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
    }>
  ) => { readonly regions: ReadonlyArray<Region>; readonly captured: ReadonlyArray<AnyTensor> }
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
