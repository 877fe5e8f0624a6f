/**
 * Shapes in the types: tuples of literal sizes and named symbols.
 *
 * A dimension typed `number` (or `string`) is unknown to the types and fits everything; a shape typed `Shape` has
 * unknown rank. Whatever is unknown here is checked when the expression is built, with the same sentence.
 */

/** A size (`64`), a named size (`"batch"`), or unknown (`number`). */
export type Dim = number | string

/** A list of dimensions, outermost first. */
export type Shape = ReadonlyArray<Dim>

/** A failed shape rule; `M` is the sentence to show. */
export interface Mismatch<M extends string> {
  readonly sentence: M
}

/** The guard for an argument: `unknown` when the rule holds, else the sentence itself, which no tensor is. */
export type Guard<R> = R extends Mismatch<infer M> ? M : unknown

/** `[batch, 64]` as a string literal type. */
export type Show<S extends Shape> = `[${ShowDims<S>}]`

/** `batch, 64` as a string literal type. */
export type ShowDims<S extends Shape, Text extends string = ""> = S extends readonly [
  infer H extends Dim,
  ...infer R extends Shape
]
  ? ShowDims<R, Text extends "" ? ShowDim<H> : `${Text}, ${ShowDim<H>}`>
  : S extends readonly []
    ? Text
    : "?"

/** A dimension as a string literal type, `?` when unknown. */
export type ShowDim<A extends Dim> = IsUnknown<A> extends true ? "?" : `${A}`

type IsUnknown<A extends Dim> = number extends A ? true : string extends A ? true : false

/** Whether a dimension is a literal size. */
export type IsSize<A extends Dim> = A extends number ? (number extends A ? false : true) : false

/** Whether two dimensions can be the same size: equal, or one unknown. */
export type Same<A extends Dim, B extends Dim> = true extends IsUnknown<A> | IsUnknown<B>
  ? true
  : [A, B] extends [B, A]
    ? true
    : false

/** Whether two shapes can be the same, dimension by dimension; unknown rank fits everything. */
export type SameShape<A extends Shape, B extends Shape> = number extends A["length"] | B["length"]
  ? true
  : A extends readonly [infer H extends Dim, ...infer R extends Shape]
    ? B extends readonly [infer H2 extends Dim, ...infer R2 extends Shape]
      ? Same<H, H2> extends true
        ? SameShape<R, R2>
        : false
      : false
    : B extends readonly []
      ? true
      : false

/** The common dimension of two by broadcasting, `never` when they clash. */
export type Common<A extends Dim, B extends Dim> = [A] extends [1]
  ? B
  : [B] extends [1]
    ? A
    : IsUnknown<A> extends true
      ? IsUnknown<B> extends true
        ? number
        : B
      : IsUnknown<B> extends true
        ? A
        : [A, B] extends [B, A]
          ? A
          : never

/** The first symbol that stands twice in a list of dimensions. */
export type Twice<S extends Shape> = S extends readonly [infer H extends Dim, ...infer R extends Shape]
  ? H extends string
    ? IsUnknown<H> extends true
      ? Twice<R>
      : H extends R[number]
        ? H
        : Twice<R>
    : Twice<R>
  : never

/** The mutable form of a readonly tuple: shorter in what the editor shows. */
export type Mutable<S extends Shape> = { -readonly [K in keyof S]: S[K] }
