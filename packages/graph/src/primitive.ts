/**
 * What a primitive is: one record that holds everything the system knows about an operation. No rule is optional:
 * a primitive without a derivative says so, and leaving a rule out does not compile.
 */
import type { Buffer, Builder, CombineOp, DType as KernelType, Register } from "@cotangent/kernel"
import type { DType } from "./dtype.ts"
import type { Operations, RuleOperations } from "./operations-interface.ts"
import { type AnyTensor, type Attributes, type Aval, type Node, project, type Region } from "./tensor.ts"
import type { Value } from "./value.ts"
import type { View } from "./view.ts"

/** An array in the reference interpreter: every element type is computed in float64. */
export interface HostArray {
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
  readonly data: Float64Array
}

/** One application of a primitive, as its rules see it. */
export interface Application<A> {
  readonly inputs: ReadonlyArray<AnyTensor>
  readonly outputs: ReadonlyArray<AnyTensor>
  readonly attributes: A
  readonly regions: ReadonlyArray<Region>
}

/** An absent (co)tangent is zero. */
export type Maybe = AnyTensor | undefined

/**
 * The reverse rule: the cotangents of the inputs from those of the outputs, `x_bar = J^T y_bar`.
 * `zero`: the operation is constant almost everywhere. `refuses`: no derivative is defined, asking for one is an error.
 */
export type ReverseRule<A> =
  | { readonly tag: "zero" }
  | { readonly tag: "refuses"; readonly because: string }
  | {
      readonly tag: "rule"
      readonly pullback: (
        ops: RuleOperations,
        at: Application<A>,
        cotangents: ReadonlyArray<Maybe>,
        /** Whether the cotangent of an input is asked for. */
        wanted: (input: number) => boolean
      ) => ReadonlyArray<Maybe>
    }

/** The forward rule: the tangents of the outputs from those of the inputs, `y_dot = J x_dot`. */
export type ForwardRule<A> =
  | { readonly tag: "zero" }
  | { readonly tag: "refuses"; readonly because: string }
  | {
      readonly tag: "rule"
      readonly pushforward: (
        ops: RuleOperations,
        at: Application<A>,
        tangents: ReadonlyArray<Maybe>
      ) => ReadonlyArray<Maybe>
    }

/** An operand of a batching rule; when `batched`, axis 0 is the batch. */
export interface BatchOperand {
  readonly tensor: AnyTensor
  readonly batched: boolean
}

/** The batching rule: at least one operand is batched; every result has the batch as axis 0. */
export type BatchRule<A> = (
  ops: RuleOperations,
  operands: ReadonlyArray<BatchOperand>,
  attributes: A,
  size: number,
  regions: ReadonlyArray<Region>
) => ReadonlyArray<AnyTensor>

/** How a primitive becomes kernel code. */
export type Lowering<A> =
  /** Computed element by element; fuses with anything over the same index space. */
  | {
      readonly tag: "elementwise"
      readonly flops: number
      readonly emit: (b: Builder.Builder, operands: ReadonlyArray<Register>, attributes: A) => ReadonlyArray<Register>
    }
  /** Moves no data. `undefined`: these strides cannot express it, copy the operand first. */
  | { readonly tag: "view"; readonly view: (input: View, attributes: A, output: Aval) => View | undefined }
  /** Combines all elements along `attributes.axes` by the fixed summation tree. */
  | { readonly tag: "reduce"; readonly combine: CombineOp; readonly identity: (dtype: DType) => number }
  /** A value that is there before the program runs, or computed from the index alone. */
  | { readonly tag: "source"; readonly form: "parameter" | "constant" | "iota" }
  /** A kernel of its own, with loops that the primitive writes itself. */
  | {
      readonly tag: "kernel"
      readonly flops: (inputs: ReadonlyArray<Aval>, attributes: A) => number
      readonly emit: (b: Builder.Builder, at: KernelFrame, attributes: A) => void
    }
  /** Runs its regions: loops and branches. */
  | { readonly tag: "control" }
  /** A form of its own, with one lowering in the compiler. */
  | { readonly tag: "structure"; readonly form: StructureForm }

/** An array that a kernel reads or writes: element `(i0, i1, ...)` lies at `view.offset + sum(view.strides[d] * i[d])`. */
export interface KernelOperand {
  readonly buffer: Buffer
  readonly view: View
}

/** What a primitive that writes its own loops is given: strided inputs, row-major outputs, and scratch of its own. */
export interface KernelFrame {
  readonly inputs: ReadonlyArray<KernelOperand>
  readonly outputs: ReadonlyArray<KernelOperand>
  readonly scratch: (name: string, dtype: KernelType, length: number) => Buffer
}

/** The forms the compiler lowers one by one. */
export type StructureForm = "dot" | "conv" | "gather" | "scatter" | "scatterAdd" | "pad" | "concat" | "argmax"

/** An operand of a sample: random floats between two bounds, added to `around` if that is given, or a given value. */
export type SampleOperand =
  | {
      readonly shape: ReadonlyArray<number>
      readonly low: number
      readonly high: number
      readonly around?: ReadonlyArray<number>
    }
  | Value

/** A region of a sample: a function of parameters of the given types. */
export interface SampleBody {
  readonly parameters: ReadonlyArray<Aval>
  readonly f: (ops: Operations, parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
}

/** Inputs on which the laws are checked. */
export interface Sample<A> {
  readonly operands: ReadonlyArray<SampleOperand>
  readonly attributes: A
  /** The regions of a primitive that has some, for operands of one float type. */
  readonly bodies?: (float: "f32" | "f64") => ReadonlyArray<SampleBody>
}

/** One sentence, the equation, the derivative, and what holds at corners: ties, zeros, infinities, indices out of range. */
export interface PrimitiveDocument {
  readonly summary: string
  readonly equation: string
  readonly derivative: string
  readonly conventions: string
}

/** The document among other fields: what the makers of primitives pass on. */
export const documentOf = ({ summary, equation, derivative, conventions }: PrimitiveDocument): PrimitiveDocument => ({
  summary,
  equation,
  derivative,
  conventions
})

/** What kind of plain data an attribute is: how it is stored, printed and read back. `pair` is two lists of integers. */
export type AttributeKind = "integer" | "integers" | "pair" | "number" | "boolean" | "text" | "dtype" | "value"

/** What a node of a primitive consists of: how many operands (any number when undefined) and regions, and its attributes. */
export interface NodeForm<A> {
  readonly operands: number | undefined
  readonly regions: number
  readonly attributes: { readonly [K in keyof A]: AttributeKind }
}

/** Everything about one operation. */
export interface Primitive<A> {
  readonly name: string
  readonly form: NodeForm<A>
  /** What the reference page says of it. */
  readonly document: PrimitiveDocument
  /** Typing and shape rule: throws ShapeError or DTypeError with a sentence. */
  readonly infer: (
    inputs: ReadonlyArray<Aval>,
    attributes: A,
    regions: ReadonlyArray<RegionType>
  ) => ReadonlyArray<Aval>
  /** The reference value in float64. */
  readonly evaluate: (
    inputs: ReadonlyArray<HostArray>,
    attributes: A,
    outputs: ReadonlyArray<Aval>,
    run: RunRegion
  ) => ReadonlyArray<Float64Array>
  readonly reverse: ReverseRule<A>
  readonly forward: ForwardRule<A>
  readonly batch: BatchRule<A>
  readonly lower: Lowering<A>
  readonly samples: ReadonlyArray<Sample<A>>
}

/** The type of a region: what it takes (left out by callers that have checked it) and what its results are. */
export interface RegionType {
  readonly parameters: ReadonlyArray<Aval>
  readonly results: ReadonlyArray<Aval>
}

/** Runs region `index` of the application on arrays: how the interpreter lends itself to scan. */
export type RunRegion = (index: number, inputs: ReadonlyArray<HostArray>) => ReadonlyArray<HostArray>

/** A primitive that keeps no attributes. */
export type NoAttributes = Readonly<Record<never, never>>

/** A primitive that `Operations` offers, by its name, as a function of one tensor. */
export interface UnaryPrimitive extends Primitive<NoAttributes> {
  readonly arity: 1
}

/** A primitive that `Operations` offers, by its name, as a function of two tensors that broadcast. */
export interface BinaryPrimitive extends Primitive<NoAttributes> {
  readonly arity: 2
}

/** A primitive seen without its attribute type: how tables and passes hold it. Its rules cannot be called but through `rulesOf`. */
export interface AnyPrimitive extends Omit<Primitive<never>, "samples" | "form"> {
  readonly form: NodeForm<Readonly<Record<string, unknown>>>
  readonly samples: ReadonlyArray<Sample<unknown>>
  readonly arity?: 1 | 2
}

/**
 * The rules of a primitive for an application whose attributes were checked by its own `infer`.
 * Nodes are only built by `Operations`, which pairs each primitive with its attribute type: that is what this cast relies on.
 */
export const rulesOf = (primitive: AnyPrimitive): Primitive<Attributes> =>
  primitive as AnyPrimitive & Primitive<Attributes>

/** A node as the rules of its primitive see it. */
export const applicationOf = (node: Node): Application<Attributes> => ({
  inputs: node.inputs,
  outputs: node.outputs.map((_, output) => project(node, output)),
  attributes: node.attributes,
  regions: node.regions
})
