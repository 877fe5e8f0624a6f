/**
 * Tensors: immutable expressions. A tensor is one output of a node; a node refers to the tensors it is computed from.
 * There is no tape and nothing to dispose of. Nodes are numbered as they are built, so a node's inputs always have
 * smaller numbers: sorting by number is a topological order.
 */
import type { DType } from "./dtype.ts"
import { showShape } from "./errors.ts"
import type { Position } from "./position.ts"
import type { PrimitiveName } from "./primitives/table.ts"
import type { Shape } from "./shape.ts"

/** What is known of a value before it is computed: its sizes and its element type. */
export interface Aval {
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
}

/** Plain data that a primitive keeps beside its operands: sizes, axes, constants. */
export type Attributes = Readonly<Record<string, unknown>>

/** A function inside the graph: fresh parameters and the results computed from them alone. */
export interface Region {
  readonly parameters: ReadonlyArray<AnyTensor>
  readonly results: ReadonlyArray<AnyTensor>
}

/** One application of a primitive. */
export interface Node {
  readonly id: number
  readonly primitive: PrimitiveName
  readonly attributes: Attributes
  readonly inputs: ReadonlyArray<AnyTensor>
  readonly regions: ReadonlyArray<Region>
  readonly outputs: ReadonlyArray<Aval>
  readonly position: Position
}

declare const ShapeOf: unique symbol

/**
 * An expression of shape `S` and element type `D`: `Tensor<["batch", 20]>` holds f32 values.
 * The symbols of `S` exist in the types only; `shape` holds numbers.
 */
export interface Tensor<out S extends Shape, out D extends DType = "f32"> {
  readonly [ShapeOf]: { readonly s: S; readonly d: D }
  readonly shape: ReadonlyArray<number>
  readonly dtype: D
  readonly node: Node
  readonly output: number
  readonly toJSON: () => unknown
}

/** A tensor of any shape and element type. */
export type AnyTensor = Tensor<Shape, DType>

/** The tensor type for a computed shape; unknown rank when the shape rule failed (the error stands on the argument). */
export type TensorOf<S, D extends DType> = S extends Shape ? Tensor<S, D> : Tensor<Shape, D>

const inspect = Symbol.for("nodejs.util.inspect.custom")

/**
 * What tensors are at run time. They print as one line and are compared and hashed by identity, also by Effect, whose
 * `Equal` would otherwise walk the whole graph: these are the names of its interfaces.
 */
class TensorExpression {
  /** In the types only: what `Tensor` is told apart by. */
  declare readonly [ShapeOf]: { readonly s: Shape; readonly d: DType }
  readonly node: Node
  readonly output: number
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
  constructor(node: Node, output: number) {
    const aval = node.outputs[output]
    if (aval === undefined) throw new RangeError(`${node.primitive} has no output ${output}`)
    this.node = node
    this.output = output
    this.shape = aval.shape
    this.dtype = aval.dtype
  }
  toJSON(): unknown {
    return { tensor: this.node.primitive, shape: this.shape, dtype: this.dtype }
  }
  toString(): string {
    return `Tensor ${this.dtype}${showShape(this.shape)} (${this.node.primitive})`
  }
  [inspect](): string {
    return this.toString()
  }
  ["~effect/Equal"](that: unknown): boolean {
    return that instanceof TensorExpression && that.node === this.node && that.output === this.output
  }
  ["~effect/Hash"](): number {
    return (Math.imul(this.node.id, 0x9e3779b1) + this.output) | 0
  }
}

let lastId = 0

/** Builds a node; only `apply` calls this, after the primitive's typing rule accepted the operands. */
export const makeNode = (
  primitive: PrimitiveName,
  attributes: Attributes,
  inputs: ReadonlyArray<AnyTensor>,
  regions: ReadonlyArray<Region>,
  outputs: ReadonlyArray<Aval>,
  position: Position
): Node => ({ id: ++lastId, primitive, attributes, inputs, regions, outputs, position })

/** The tensor that is output `output` of a node. */
export const project = (node: Node, output = 0): AnyTensor => new TensorExpression(node, output)

/** Whether a value is a tensor. */
export const isTensor = (u: unknown): u is AnyTensor => u instanceof TensorExpression

/** The number of elements of a shape. */
export const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((a, b) => a * b, 1)
