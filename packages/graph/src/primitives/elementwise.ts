/** The form of elementwise primitives: from a scalar rule to the full record. */
import type { Builder, Register } from "@cotangent/kernel"
import { sameShape } from "../axes.ts"
import { checkDomain, checkSameDType, type Domain, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import type { Operations } from "../operations-interface.ts"
import {
  type BatchRule,
  type BinaryPrimitive,
  documentOf,
  type HostArray,
  type Maybe,
  type NoAttributes,
  type Primitive,
  type PrimitiveDocument,
  type SampleOperand,
  type UnaryPrimitive
} from "../primitive.ts"
import type { AnyTensor, Aval } from "../tensor.ts"
import type { NamesOf } from "./table.ts"

export type { BinaryPrimitive, UnaryPrimitive } from "../primitive.ts"

/** The type of the operands; throws unless every one has an accepted element type and all have one shape. */
export const checkElementwise = (name: string, domain: Domain, inputs: ReadonlyArray<Aval>): Aval => {
  const first = inputs[0]
  if (first === undefined) throw new ShapeError(`${name}: no operand was given`)
  for (const input of inputs) {
    checkSameDType(name, first.dtype, input.dtype)
    checkDomain(name, domain, input.dtype)
    if (!sameShape(first.shape, input.shape)) {
      throw new ShapeError(
        `${name}: ${showShape(first.shape)} with ${showShape(input.shape)}: the shapes must be equal here`
      )
    }
  }
  // Not `first` itself: it may be a tensor, and a type must not keep a graph alive.
  return { shape: first.shape, dtype: first.dtype }
}

/** Batching of anything elementwise: unbatched operands are repeated along the batch. */
export const batchElementwise =
  <A>(
    apply: (ops: Operations, operands: ReadonlyArray<AnyTensor>, attributes: A) => ReadonlyArray<AnyTensor>
  ): BatchRule<A> =>
  (ops, operands, attributes, size) =>
    apply(
      ops,
      operands.map(({ tensor, batched }) => (batched ? tensor : ops.broadcast(tensor, [size, ...tensor.shape]))),
      attributes
    )

/** A partial derivative: a tensor, a constant, or absent where it is zero. */
export type Partial = AnyTensor | number | undefined

const scaled = (ops: Operations, x: AnyTensor, by: AnyTensor | number): AnyTensor =>
  by === 1 ? x : by === -1 ? ops.neg(x) : ops.mul(x, by)

/** Adds up the products of partial derivatives and tangents that exist. */
const sumOfProducts = (ops: Operations, partials: ReadonlyArray<Partial>, tangents: ReadonlyArray<Maybe>): Maybe =>
  partials.reduce<Maybe>((sum, partial, i) => {
    const tangent = tangents[i]
    if (partial === undefined || tangent === undefined) return sum
    const term = scaled(ops, tangent, partial)
    return sum === undefined ? term : ops.add(sum, term)
  }, undefined)

/** What an elementwise primitive is defined by. */
export interface ElementwiseDefinition<Name> extends PrimitiveDocument {
  readonly name: Name
  readonly domain: Domain
  /** The element type of the result; the operands' own unless given. */
  readonly result?: DType
  readonly evaluate: (x: ReadonlyArray<number>, dtype: DType) => number
  /** Partial derivative for each operand (`undefined` is zero), from operands and result; `zero` when all vanish. */
  readonly partials: "zero" | ((ops: Operations, x: ReadonlyArray<AnyTensor>, y: AnyTensor) => ReadonlyArray<Partial>)
  readonly flops: number
  readonly emit: (b: Builder.Builder, x: ReadonlyArray<Register>) => Register
  readonly samples: ReadonlyArray<ReadonlyArray<SampleOperand>>
}

/** The full record of an elementwise primitive but for its number of operands; `again` applies it in its batching rule. */
const elementwise = <Name extends string>(
  d: ElementwiseDefinition<Name>,
  operands: number,
  again: (ops: Operations, x: ReadonlyArray<AnyTensor>) => AnyTensor
): Primitive<NoAttributes> => ({
  name: d.name,
  form: { operands, regions: 0, attributes: {} },
  document: documentOf(d),
  infer: (inputs) => {
    const aval = checkElementwise(d.name, d.domain, inputs)
    return [{ shape: aval.shape, dtype: d.result ?? aval.dtype }]
  },
  evaluate: (inputs) => [mapElements(inputs, d.evaluate)],
  reverse:
    d.partials === "zero"
      ? { tag: "zero" }
      : {
          tag: "rule",
          pullback: (ops, { inputs, outputs: [y] }, [g]) =>
            g === undefined || y === undefined || d.partials === "zero"
              ? []
              : d.partials(ops, inputs, y).map((p) => (p === undefined ? undefined : scaled(ops, g, p)))
        },
  forward:
    d.partials === "zero"
      ? { tag: "zero" }
      : {
          tag: "rule",
          pushforward: (ops, { inputs, outputs: [y] }, tangents) => [
            y === undefined || d.partials === "zero"
              ? undefined
              : sumOfProducts(ops, d.partials(ops, inputs, y), tangents)
          ]
        },
  batch: batchElementwise((ops, x) => [again(ops, x)]),
  lower: { tag: "elementwise", flops: d.flops, emit: (b, x) => [d.emit(b, x)] },
  samples: d.samples.map((operands) => ({ operands, attributes: {} }))
})

/**
 * The full record of a function of one tensor: `export const NAME: UnaryPrimitive = unary({...})`. `Operations` has it by
 * its name, because its type says that it is unary; that type must be written down, for its rules are checked with it.
 */
export const unary = (d: ElementwiseDefinition<NamesOf<1>>): UnaryPrimitive => ({
  ...elementwise(d, 1, (ops, x) => ops[d.name](operand(x, 0))),
  arity: 1
})

/** The full record of a function of two tensors, as `unary`. */
export const binary = (d: ElementwiseDefinition<NamesOf<2>>): BinaryPrimitive => ({
  ...elementwise(d, 2, (ops, x) => ops[d.name](operand(x, 0), operand(x, 1))),
  arity: 2
})

/** Applies a scalar function to every element. */
const mapElements = (
  inputs: ReadonlyArray<HostArray>,
  f: (x: ReadonlyArray<number>, dtype: DType) => number
): Float64Array => {
  const [first] = inputs
  if (first === undefined) return new Float64Array(0)
  return first.data.map((_, i) =>
    f(
      inputs.map(({ data }) => data[i] ?? 0),
      first.dtype
    )
  )
}

/** Operand `k` of a rule, which the typing rule has shown to exist. */
export const operand = <T>(xs: ReadonlyArray<T>, k: number): T => {
  const x = xs[k]
  if (x === undefined) throw new ShapeError(`operand ${k} is missing`)
  return x
}
