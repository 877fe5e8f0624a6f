/** Samples of loops, branches and taps. */
import { T, type Tensor } from "@cotangent/graph"
import { type F, type I, type OperationSample, sample } from "./operation-sample.ts"
import { floats, i32, shaped } from "./operands.ts"

type Flag = Tensor<[], "bool">
type Count = Tensor<[], "i32">

/** The samples. */
export const controlSamples: ReadonlyArray<OperationSample> = [
  sample("scan", "backwards in segments", [floats(-1, 1, 2), floats(-1, 1, 7, 2)], (c: F, rows: F) =>
    T.scan((carry: F, row: F): readonly [F, F] => [T.sin(T.add(carry, row)), T.mul(carry, row)], c, rows, {
      reverse: true,
      segments: 3
    })
  ),
  sample("scan", "no steps", [floats(-1, 1, 2), floats(-1, 1, 0, 2)], (c: F, rows: F) =>
    T.scan((carry: F, row: F): readonly [F, F] => [T.mul(carry, row), carry], c, rows)
  ),
  sample("scan", "length", [floats(0.5, 1, 3)], (c: F) =>
    T.scan((carry: F): readonly [F, F] => [T.tanh(carry), T.square(carry)], c, {}, { length: 4 })
  ),
  sample("map", "rows", [floats(-1, 1, 3), floats(-1, 1, 4, 3)], (w: F, rows: F) =>
    T.map((row: F): F => T.tanh(T.mul(w, row)), rows)
  ),
  sample("iterate", "steps", [floats(-1, 1, 3), floats(-1, 1, 3)], (w: F, x: F) =>
    T.iterate((c: F, i: Count): F => T.sin(T.add(T.mul(w, c), T.cast(i, x.dtype) as F)), x, 4)
  ),
  sample(
    "whileLoop",
    "limit",
    [floats(0.5, 1, 3)],
    (x: F) =>
      T.whileLoop(
        ([, i]: readonly [F, Count]) => T.less(i, 3) as Flag,
        ([c, i]: readonly [F, Count]): readonly [F, Count] => [T.sin(c), T.add(i, 1)],
        [x, T.constant(0, "i32")] as const,
        { limit: 5 }
      )[0]
  ),
  // The number of steps differs from example to example.
  sample("whileLoop", "steps by value", [floats(1, 8)], (x: F) =>
    T.whileLoop(
      (c: F) => T.less(T.constant(1.3, "f32"), T.cast(c, "f32")) as Flag,
      (c: F): F => T.mul(c, 0.7),
      x,
      { limit: 8 }
    )
  ),
  sample("cond", "branches", [floats(-1, 1), floats(-1, 1, 3)], (p: F, x: F) =>
    T.cond(
      T.less(p, 0) as Flag,
      (): F => T.sin(T.mul(x, p)),
      (): F => T.exp(x)
    )
  ),
  sample("tap", "value", [floats(-1, 1, 3)], (x: F) => T.square(T.tap(x, "x"))),
  sample("tap", "integers", [shaped(i32(1, 2, 3, 4), 2, 2)], (x: I) => T.tap(x, "x")),
  sample("tapGradient", "value", [floats(-1, 1, 3)], (x: F) => T.square(T.tapGradient(x, "x")))
]
