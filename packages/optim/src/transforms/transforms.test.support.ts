/** Following a transform along given gradients, for the tests of transforms. */
import { assert } from "@effect/vitest"
import { T, type Tensor, Tree } from "@cotangent/graph"
import type { Transform, TransformRule, TransformState } from "../index.ts"

export interface Params {
  readonly hidden: { readonly kernel: Tensor<[3, 2], "f64">; readonly bias: Tensor<[2], "f64"> }
  readonly out: Tensor<[2], "f64">
}
const rows = [
  [1, -2],
  [0.5, 3],
  [-1, 0.25]
] as const
export const params: Params = {
  hidden: { kernel: T.constant(rows, "f64"), bias: T.constant([0.1, -0.2], "f64") },
  out: T.constant([2, -3], "f64")
}
export const gradientAt = (k: number): Params => ({
  hidden: {
    kernel: T.constant(
      [
        [0.3 * k, -1],
        [2, 0.5 - k],
        [k * k * 0.1, 1]
      ],
      "f64"
    ),
    bias: T.constant([1 - k, 0.5], "f64")
  },
  out: T.constant([-0.25 * k, 4], "f64")
})
export const gradients = [1, 2, 3, 4, 5, 6, 7].map(gradientAt)
export const numbersOf = (tree: unknown): ReadonlyArray<number> =>
  T.evaluate(Tree.leaves(tree)).flatMap(({ data }) => Array.from(data))
export const close = (actual: unknown, expected: ReadonlyArray<number>, tolerance = 1e-14): void => {
  const left = numbersOf(actual)
  assert.strictEqual(left.length, expected.length)
  left.forEach((x, i) => assert.approximately(x, expected[i] ?? Number.NaN, tolerance))
}

/** The transformed gradients, and the state at the end. */
export const follow = <F extends TransformRule>(
  transform: Transform<F>,
  along: ReadonlyArray<Params> = gradients
): readonly [ReadonlyArray<Params>, TransformState<F, Params>] => {
  let state = transform.init(params)
  const out = along.map((gradient, k) => {
    const [next, after] = transform.update<Params>(gradient, state, { params, step: T.full([], k + 1, "i32") })
    state = after
    return next
  })
  return [out, state]
}
export const same = <F extends TransformRule, G extends TransformRule>(
  a: Transform<F>,
  b: Transform<G>,
  along = gradients,
  tolerance = 0
): void => close(follow(a, along)[0], numbersOf(follow(b, along)[0]), tolerance)

export const first = gradientAt(1)
export const once = <F extends TransformRule>(transform: Transform<F>, gradient = first): Params =>
  follow(transform, [gradient])[0][0] ?? first
