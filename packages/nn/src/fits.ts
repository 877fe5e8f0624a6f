/** When a shape is what another asks for. */
import type { Dim, Same, Shape } from "@cotangent/graph"

/** Whether two shapes can be the same: equal dimensions, or unknown ones. */
export type Fits<A extends Shape, B extends Shape> = A extends readonly [infer H extends Dim, ...infer R extends Shape]
  ? B extends readonly [infer H2 extends Dim, ...infer R2 extends Shape]
    ? Same<H, H2> extends true
      ? Fits<R, R2>
      : false
    : B extends readonly []
      ? false
      : true
  : A extends readonly []
    ? B extends readonly []
      ? true
      : number extends B["length"]
        ? true
        : false
    : true
