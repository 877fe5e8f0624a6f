/** Losses of several operands: what their shapes must be, and the sentences about them. */
import {
  type AnyTensor,
  Axes,
  checkDomain,
  type DType,
  type Shape,
  ShapeError,
  type Show,
  showShape
} from "@cotangent/graph"
import type { Fits } from "../fits.ts"
import type { SameDType, ShowDType } from "../targets.ts"

/** The guard of an operand that must have the shape `Wanted` and the element type `D`: `unknown`, or the sentence. */
export type OperandRule<
  Op extends string,
  Name extends string,
  Wanted extends Shape,
  D extends DType,
  S extends Shape,
  E extends DType
> = [SameDType<D, E>, Fits<Wanted, S>] extends [true, true]
  ? unknown
  : `${Op}: ${Name} must be ${ShowDType<D>} ${Show<Wanted>}, got ${ShowDType<E>} ${Show<S>}`

/** Throws ShapeError, with the sentence of `OperandRule`, unless an operand has this shape and element type. */
export const checkOperandOf = (
  op: string,
  name: string,
  wanted: ReadonlyArray<number>,
  dtype: DType,
  x: AnyTensor
): void => {
  if (dtype !== x.dtype || !Axes.sameShape(wanted, x.shape))
    throw new ShapeError(`${op}: ${name} must be ${dtype} ${showShape(wanted)}, got ${x.dtype} ${showShape(x.shape)}`)
}

/** Throws unless the first operand holds floats. */
export const checkFloats = (op: string, x: AnyTensor): void => checkDomain(op, "float", x.dtype)
