/** W6 and W7: products, elementwise code and its gradient, and the Adam update alone. */
import { grad } from "@cotangent/autodiff"
import { T, type Tensor } from "@cotangent/graph"
import { uniform } from "../numbers.ts"
import { adam } from "./perceptron.ts"
import { type Workload, workload } from "./workload.ts"

const centred = (seed: number, n: number): Float32Array => uniform(seed, n).map((u) => u - 0.5)

/** The product of two square matrices. */
export const product = (n: number): Workload =>
  workload(() => {
    const matrix = (seed: number): Tensor<[number, number]> => T.fromArray(centred(seed, n * n), [n, n])
    return {
      state: { c: T.zeros([n, n]) as Tensor<[number, number]> },
      data: { a: matrix(1), b: matrix(2) },
      step: (_, { a, b }: { a: Tensor<[number, number]>; b: Tensor<[number, number]> }) =>
        [{ c: T.matmul(a, b) as Tensor<[number, number]> }, {}] as const
    }
  })

type Line = Tensor<[number]>
const curve = (x: Line): Line =>
  T.add(T.mul(T.tanh(T.add(T.mul(x, 0.7), 0.1)), T.sigmoid(x)), T.exp(T.neg(T.mul(x, x)))) as Line

const elementwise = (f: (x: Line) => Line): Workload =>
  workload(() => {
    const n = 1_000_000
    return {
      state: { y: T.zeros([n]) as Line },
      data: {
        x: T.fromArray(
          uniform(3, n).map((u) => u * 4 - 2),
          [n]
        ) as Line
      },
      step: (_, { x }: { x: Line }) => [{ y: f(x) }, {}] as const
    }
  })

/** `y = tanh(a x + b) sigmoid(x) + exp(-x x)` of a million elements. */
export const curveForward: Workload = elementwise(curve)

/** Its gradient. */
export const curveGradient: Workload = elementwise(grad((x: Line) => T.sum(curve(x)) as Tensor<[]>))

/** Adam on ten parameters of a million elements each, the gradients given. */
export const adamUpdate: Workload = workload(() => {
  const lines = (seed: number): ReadonlyArray<Line> =>
    Array.from({ length: 10 }, (_, i) => T.fromArray(centred(seed + i, 1_000_000), [1_000_000]) as Line)
  const state = adam.init(lines(0))
  return {
    state,
    data: { gradients: lines(50) },
    step: (s: typeof state, { gradients }: { gradients: ReadonlyArray<Line> }) => [adam.step(s, gradients), {}] as const
  }
})
