/** Made-up data, to measure a training step or to show an interface when no real data is at hand. */
import { Values } from "@cotangent/graph"
import { argumentError } from "./data-error.ts"
import { type Dataset, make } from "./dataset.ts"
import { fold, seedKey, uniformBelow, word } from "./word-stream.ts"

/**
 * Uniform features in [0, 1) and uniform labels that have nothing to do with them: a model can learn them by heart, and
 * cannot do better than chance on new rows. The features are `Key.uniform(Key.fold(Key.key(seed), 0), [rows, features])`.
 * Throws a `DataError` when a size is not a whole number from 1, or the seed is not whole.
 */
export const classification = <F extends number>(options: {
  readonly rows: number
  readonly features: F
  readonly classes: number
  readonly seed: number
}): Dataset<[F], [], "i32"> => {
  const { classes, features, rows, seed } = options
  for (const [what, size] of Object.entries({ rows, features, classes })) {
    if (!Number.isInteger(size) || size < 1)
      throw argumentError("synthetic", `${what} is ${size}; a whole number from 1 is needed`)
  }
  const key = seedKey(seed)
  const inputs = fold(key, 0)
  const below = uniformBelow(fold(key, 1))
  const x = Float32Array.from({ length: rows * features }, (_, i) => (word(inputs, i) >>> 9) * 2 ** -23)
  const y = Int32Array.from({ length: rows }, () => below(classes))
  return make({
    name: "synthetic",
    x: Values.of(x, [rows, features], "f32"),
    y: Values.of(y, [rows], "i32"),
    classNames: Array.from({ length: classes }, (_, i) => String(i))
  })
}
