/** The parameters of recurrent cells: what shapes they have, and the sentences about them. */
import {
  type AnyTensor,
  Axes,
  checkDomain,
  checkSameDType,
  type Dim,
  type DType,
  type FirstMismatch,
  type Mismatch,
  type ParameterRule,
  type Same,
  type SameDType,
  type SameShape,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  type Tensor,
  type Times
} from "@cotangent/graph"

/**
 * The parameters of a recurrent cell with n gates: kernels `[inputs, n units]` and `[units, n units]`, the gates side by
 * side, and two biases `[n units]`, either of which may be absent. PyTorch's `weight_ih` and `weight_hh` are their
 * transposes, its `bias_ih` and `bias_hh` the biases.
 */
export interface RecurrentParameters {
  readonly kernel: AnyTensor
  readonly recurrentKernel: AnyTensor
  readonly bias?: AnyTensor
  readonly recurrentBias?: AnyTensor
}

/** The parameters of a cell by sizes: `units` outputs, `gates` times as many columns. */
export type ParametersOf<Inputs extends Dim, Units extends Dim, Gates extends Dim, D extends DType = "f32"> = {
  readonly kernel: Tensor<[Inputs, Times<Gates, Units>], D>
  readonly recurrentKernel: Tensor<[Units, Times<Gates, Units>], D>
  readonly bias: Tensor<[Times<Gates, Units>], D>
  readonly recurrentBias: Tensor<[Times<Gates, Units>], D>
}

type ShapeOf<X> = X extends Tensor<infer S, DType> ? S : Shape

/** The element type of a cell. */
export type DTypeOf<P extends RecurrentParameters> = P["kernel"]["dtype"]

/** The number of units of a cell. */
export type Units<P extends RecurrentParameters> =
  ShapeOf<P["recurrentKernel"]> extends readonly [infer H extends Dim, Dim] ? H : number

type Inputs<P extends RecurrentParameters> =
  ShapeOf<P["kernel"]> extends readonly [infer I extends Dim, Dim] ? I : number

type Columns<K> = ShapeOf<K> extends readonly [Dim, infer G extends Dim] ? G : number

type Optional<P, Name> = Name extends keyof P ? (P[Name] extends AnyTensor ? P[Name] : undefined) : undefined

type MatrixRule<K, Sentence extends string> = number extends ShapeOf<K>["length"]
  ? unknown
  : ShapeOf<K> extends readonly [Dim, Dim]
    ? unknown
    : Mismatch<Sentence>

type ColumnsRule<K, G extends Dim, Sentence extends string> =
  Same<Columns<K>, G> extends true ? unknown : Mismatch<Sentence>

/** `unknown` when parameters are those of a cell with n gates, else the sentence. */
export type CellRule<Op extends string, N extends number, P extends RecurrentParameters> = FirstMismatch<
  [
    MatrixRule<
      P["recurrentKernel"],
      `${Op}: recurrentKernel must be [units, ${N} units], it is ${Show<ShapeOf<P["recurrentKernel"]>>}`
    >,
    ColumnsRule<
      P["recurrentKernel"],
      Times<N, Units<P>>,
      `${Op}: recurrentKernel must be [units, ${N} units], it is ${Show<ShapeOf<P["recurrentKernel"]>>}`
    >,
    MatrixRule<
      P["kernel"],
      `${Op}: kernel must be ${Show<["inputs", Times<N, Units<P>>]>}, it is ${Show<ShapeOf<P["kernel"]>>}`
    >,
    ColumnsRule<
      P["kernel"],
      Times<N, Units<P>>,
      `${Op}: kernel must be ${Show<["inputs", Times<N, Units<P>>]>}, it is ${Show<ShapeOf<P["kernel"]>>}`
    >,
    SameDType<Op, DTypeOf<P>, P["recurrentKernel"]["dtype"], unknown>,
    ParameterRule<Op, "bias", DTypeOf<P>, [Times<N, Units<P>>], Optional<P, "bias">>,
    ParameterRule<Op, "recurrentBias", DTypeOf<P>, [Times<N, Units<P>>], Optional<P, "recurrentBias">>
  ]
>

/** `unknown` when an input fits the kernel of a cell, else the sentence. */
export type InputRule<Op extends string, P extends RecurrentParameters, X extends Shape, E extends DType> = SameDType<
  Op,
  DTypeOf<P>,
  E,
  number extends X["length"]
    ? unknown
    : X extends readonly [...Shape, infer I extends Dim]
      ? Same<I, Inputs<P>> extends true
        ? unknown
        : Mismatch<`${Op}: the input must be ${Show<["...", Inputs<P>]>}, it is ${Show<X>}`>
      : Mismatch<`${Op}: the input must be ${Show<["...", Inputs<P>]>}, it is ${Show<X>}`>
>

/** The shape of the state of a cell for inputs of shape `X`. */
export type StateShape<X extends Shape, P extends RecurrentParameters> = X extends readonly [
  ...infer B extends Shape,
  Dim
]
  ? [...B, Units<P>]
  : Shape

/** `unknown` when a part of the state fits the input, else the sentence. */
export type StateRule<
  Op extends string,
  Name extends string,
  Wanted extends Shape,
  D extends DType,
  S extends Shape,
  E extends DType
> = SameDType<
  Op,
  D,
  E,
  SameShape<Wanted, S> extends true ? unknown : Mismatch<`${Op}: ${Name} must be ${Show<Wanted>}, it is ${Show<S>}`>
>

/** What the checks find out about a cell. */
export interface CellSizes {
  readonly inputs: number
  readonly units: number
}

/** Throws unless parameters are those of a cell with n gates, with the sentences of the types; gives its sizes. */
export const checkParameters = (op: string, gates: number, p: RecurrentParameters): CellSizes => {
  const { kernel, recurrentKernel, bias, recurrentBias } = p
  checkDomain(op, "float", kernel.dtype)
  const units = recurrentKernel.shape[0] ?? 0
  if (recurrentKernel.shape.length !== 2 || recurrentKernel.shape[1] !== gates * units)
    throw new ShapeError(
      `${op}: recurrentKernel must be [units, ${gates} units], it is ${showShape(recurrentKernel.shape)}`
    )
  const columns = gates * units
  if (kernel.shape.length !== 2 || kernel.shape[1] !== columns)
    throw new ShapeError(`${op}: kernel must be [inputs, ${columns}], it is ${showShape(kernel.shape)}`)
  checkSameDType(op, kernel.dtype, recurrentKernel.dtype)
  for (const [name, b] of Object.entries({ bias, recurrentBias })) {
    if (b === undefined) continue
    checkSameDType(op, kernel.dtype, b.dtype)
    if (!Axes.sameShape(b.shape, [columns]))
      throw new ShapeError(`${op}: ${name} must be [${columns}], it is ${showShape(b.shape)}`)
  }
  return { inputs: kernel.shape[0] ?? 0, units }
}

/** Throws unless an input fits the kernel of a cell. */
export const checkInput = (op: string, { kernel }: RecurrentParameters, { inputs }: CellSizes, x: AnyTensor): void => {
  checkSameDType(op, kernel.dtype, x.dtype)
  if (x.shape.length === 0 || x.shape.at(-1) !== inputs)
    throw new ShapeError(`${op}: the input must be [..., ${inputs}], it is ${showShape(x.shape)}`)
}

/** Throws unless a part of the state has this shape, and the element type of the cell. */
export const checkState = (
  op: string,
  name: string,
  { kernel }: RecurrentParameters,
  wanted: ReadonlyArray<number>,
  s: AnyTensor
): void => {
  checkSameDType(op, kernel.dtype, s.dtype)
  if (!Axes.sameShape(wanted, s.shape))
    throw new ShapeError(`${op}: ${name} must be ${showShape(wanted)}, it is ${showShape(s.shape)}`)
}
