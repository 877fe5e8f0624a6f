/** The three landscapes of the race: functions of two variables, each as a tensor expression and as plain numbers. */
import { pipe } from "effect"
import { T, type Tensor } from "cotangent"

/** A point of the plane, as the parameters that are optimized. */
export type Point = Tensor<[2], "f64">

/** What there is to descend. */
export interface Problem {
  readonly name: string
  /** The function that is optimized, and that gradients are taken of. */
  readonly loss: (p: Point) => Tensor<[], "f64">
  /** The same function of numbers, for the picture. */
  readonly height: (x: number, y: number) => number
  readonly start: readonly [x: number, y: number]
  readonly minimum: readonly [x: number, y: number]
  /** The standard deviation of what is added to both parts of a gradient, for those who see it with noise. */
  readonly noise: number
  readonly steps: number
  /** The part of the plane that is shown. */
  readonly x: readonly [low: number, high: number]
  readonly y: readonly [low: number, high: number]
}

const coordinates = (p: Point): readonly [x: Tensor<[], "f64">, y: Tensor<[], "f64">] => [
  pipe(p, T.mul(T.constant([1, 0], "f64")), T.sum()),
  pipe(p, T.mul(T.constant([0, 1], "f64")), T.sum())
]

/** `(1 - x)^2 + 100 (y - x^2)^2`: a curved valley, flat along its floor. Rosenbrock 1960. */
export const rosenbrock: Problem = {
  name: "Rosenbrock",
  loss: (p) => {
    const [x, y] = coordinates(p)
    const across = pipe(y, T.sub(T.square(x)), T.square, T.mul(100))
    return pipe(x, T.sub(1), T.square, T.add(across))
  },
  height: (x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
  start: [-1.2, 1],
  minimum: [1, 1],
  noise: 0,
  steps: 500,
  x: [-1.7, 1.5],
  y: [-0.5, 1.9]
}

const quadratic = (a: number, b: number): Pick<Problem, "loss" | "height"> => ({
  loss: (p) => pipe(p, T.square, T.mul(T.constant([a / 2, b / 2], "f64")), T.sum()),
  height: (x, y) => (a * x * x + b * y * y) / 2
})

/** `(x^2 + 50 y^2) / 2`: a straight ravine, 50 times as steep across as along. */
export const ravine: Problem = {
  name: "Ravine",
  ...quadratic(1, 50),
  start: [-4, 0.8],
  minimum: [0, 0],
  noise: 0,
  steps: 60,
  x: [-4.5, 1.5],
  y: [-1.2, 1.2]
}

/** `(x^2 + 4 y^2) / 2`, seen through a noisy gradient. */
export const noisyQuadratic: Problem = {
  name: "Noisy quadratic",
  ...quadratic(1, 4),
  start: [-4, 2],
  minimum: [0, 0],
  noise: 2,
  steps: 100,
  x: [-4.6, 1.8],
  y: [-1.8, 2.6]
}

/** The landscapes, in the order in which they are drawn. */
export const problems: ReadonlyArray<Problem> = [rosenbrock, ravine, noisyQuadratic]
