/** The structure rule of trees in the types: which leaf differs, in the words of the run-time rule. */
import type { DType } from "./dtype.ts"
import type { Mismatch, SameShape, Shape, Show } from "./shape.ts"
import type { Tensor } from "./tensor.ts"

/** `unknown` when two trees have one structure (or one is still unknown), else a sentence for every leaf that differs. */
export type SameTree<What extends string, Expected, Actual> = unknown extends Expected | Actual
  ? unknown
  : [Differences<What, Expected, Actual, "">] extends [never]
    ? unknown
    : Differences<What, Expected, Actual, "">

type Differences<What extends string, E, A, Path extends string> =
  E extends Tensor<infer S, infer D>
    ? A extends Tensor<infer S2, infer D2>
      ? Leaf<What, Path, S, D, S2, D2>
      : Mismatch<`${What} lacks ${Name<Path>}`>
    : E extends ReadonlyArray<unknown>
      ? number extends E["length"]
        ? never
        : Children<What, E, A, Path, keyof E & `${number}`, keyof A & `${number}`>
      : Children<What, E, A, Path, keyof E & string, keyof A & string>

type Children<What extends string, E, A, Path extends string, Keys extends string, Others> =
  | { [K in Keys]: Child<What, E, A, Path, K> }[Keys]
  | (Exclude<Others, Keys> extends infer Extra
      ? Extra extends string
        ? Mismatch<`${What} has ${Join<Path, Extra>}, which is not expected`>
        : never
      : never)
type Child<What extends string, E, A, Path extends string, K extends string> = K extends keyof E
  ? K extends keyof A
    ? Differences<What, E[K], A[K], Join<Path, K>>
    : Mismatch<`${What} lacks ${Join<Path, K>}`>
  : never

type Leaf<
  What extends string,
  Path extends string,
  S extends Shape,
  D extends DType,
  S2 extends Shape,
  D2 extends DType
> = DType extends D | D2
  ? SameShape<S, S2> extends true
    ? never
    : Differs<What, Path, S, D, S2, D2>
  : [SameShape<S, S2>, D] extends [true, D2]
    ? never
    : Differs<What, Path, S, D, S2, D2>
type Differs<
  What extends string,
  Path extends string,
  S extends Shape,
  D extends DType,
  S2 extends Shape,
  D2 extends DType
> = Mismatch<`${What}: ${Path extends "" ? "the leaf" : Path} must be ${D}${Show<S>}, it is ${D2}${Show<S2>}`>

type Join<Path extends string, K extends string> = Path extends "" ? K : `${Path}.${K}`
type Name<Path extends string> = Path extends "" ? "its leaf" : Path
