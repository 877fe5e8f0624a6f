/**
 * Targets: what losses and metrics compare a model's output with. The two kinds are `labels`, the number of the class
 * (i32, the output's shape without its last axis), and `values`, numbers like the output (its shape and element type).
 */
import {
  type AnyTensor,
  Axes,
  checkDomain,
  type Dim,
  type DType,
  type Float,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  type Tensor
} from "@cotangent/graph"
import type { Fits } from "./fits.ts"

/** How targets are given. */
export type TargetKind = "labels" | "values"

/** The shape of the targets for an output of shape `O`. */
export type TargetShape<K extends TargetKind, O extends Shape> = K extends "labels"
  ? O extends readonly [...infer Lead extends Shape, Dim]
    ? Lead
    : Shape
  : O

/** The element type of the targets for an output of element type `D`. */
export type TargetDType<K extends TargetKind, D extends DType = "f32"> = K extends "labels" ? "i32" : D

/** A target whose shape the types do not know. */
export type AnyTarget<K extends TargetKind> = Tensor<Shape, TargetDType<K, Float>>

/** The batch dimension of an output. */
export type BatchOf<O extends Shape> = O extends readonly [infer B extends Dim, ...ReadonlyArray<unknown>] ? B : number

type Lowest = { readonly labels: readonly [] | readonly [unknown]; readonly values: readonly [] }
type Wanted = { readonly labels: "[batch, ..., classes]"; readonly values: "[batch, ...]" }

/** Whether two element types can be the same: one is the other, or is unknown and may be. */
export type SameDType<A extends DType, B extends DType> = [A] extends [B] ? true : [B] extends [A] ? true : false

/** The name of a float element type, `float` when unknown. */
export type ShowDType<D extends DType> = Float extends D ? "float" : D

/** The guard of a target of shape `T` and element type `E` for `Of`, a loss or a metric: `unknown`, or the sentence. */
export type TargetRule<
  Of extends string,
  K extends TargetKind,
  O extends Shape,
  D extends DType,
  T extends Shape,
  E extends DType
> = O extends Lowest[K]
  ? `${Of}: ${K} need an output ${Wanted[K]}, got ${Show<O>}`
  : [SameDType<TargetDType<K, D>, E>, Fits<TargetShape<K, O>, T>] extends [true, true]
    ? unknown
    : `${Of}: the output ${Show<O>} needs ${ShowDType<TargetDType<K, D>>} ${K} ${Show<TargetShape<K, O>>}, got ${ShowDType<E>} ${Show<T>}`

/** The guard of a target that must have the shape `Wanted` for an output, which may have no batch. */
export type FitsRule<
  K extends TargetKind,
  O extends Shape,
  Wanted,
  D extends DType,
  T extends Shape,
  E extends DType
> = Wanted extends Shape
  ? [SameDType<TargetDType<K, D>, E>, Fits<Wanted, T>] extends [true, true]
    ? unknown
    : `loss: the output ${Show<O>} needs ${ShowDType<TargetDType<K, D>>} ${K} ${Show<Wanted>}, got ${ShowDType<E>} ${Show<T>}`
  : unknown

const lowest: Readonly<Record<TargetKind, { readonly rank: number; readonly wanted: string }>> = {
  labels: { rank: 2, wanted: "[batch, ..., classes]" },
  values: { rank: 1, wanted: "[batch, ...]" }
}

/** The shape of the targets for an output of this shape, with or without the batch. */
export const targetShape = (kind: TargetKind, outputShape: ReadonlyArray<number>): ReadonlyArray<number> =>
  kind === "labels" ? outputShape.slice(0, -1) : outputShape

/** Throws ShapeError, with the sentence of `TargetRule`, when a target is not what an output needs. */
export const assertTarget = (of: string, kind: TargetKind, output: AnyTensor, target: AnyTensor): void => {
  const { rank, wanted } = lowest[kind]
  if (output.shape.length < rank)
    throw new ShapeError(`${of}: ${kind} need an output ${wanted}, got ${showShape(output.shape)}`)
  assertShape(of, kind, output, targetShape(kind, output.shape), target)
}

const assertShape = (
  of: string,
  kind: TargetKind,
  output: AnyTensor,
  shape: ReadonlyArray<number>,
  target: AnyTensor
): void => {
  const dtype = kind === "labels" ? "i32" : output.dtype
  if (!Axes.sameShape(shape, target.shape) || dtype !== target.dtype) {
    throw new ShapeError(
      `${of}: the output ${showShape(output.shape)} needs ${dtype} ${kind} ${showShape(shape)}, got ${target.dtype} ${showShape(target.shape)}`
    )
  }
}

/** Throws ShapeError, with the sentence of `FitsRule`, unless a target has this shape. */
export const assertFits = (
  kind: TargetKind,
  output: AnyTensor,
  shape: ReadonlyArray<number>,
  target: AnyTensor
): void => {
  checkDomain("loss", "float", output.dtype)
  assertShape("loss", kind, output, shape, target)
}
