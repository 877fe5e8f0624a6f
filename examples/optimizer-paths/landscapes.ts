/** Three valleys to go down: functions of two variables, each as a tensor expression and as plain numbers. */
import { pipe } from "effect/Function"
import { T, type Tensor } from "cotangent"

/** A point of the plane, as a matrix of one row: some rules are for matrices only. */
export type Point = Tensor<[1, 2], "f64">

/** What there is to descend. */
export interface Landscape {
  readonly name: string
  readonly loss: (p: Point) => Tensor<[], "f64">
  /** The same function of numbers, for the picture. */
  readonly height: (x: number, y: number) => number
  readonly start: readonly [x: number, y: number]
  readonly minimum: readonly [x: number, y: number]
  readonly steps: number
  /** The part of the plane that is shown. */
  readonly x: readonly [low: number, high: number]
  readonly y: readonly [low: number, high: number]
}

const coordinates = (p: Point): readonly [x: Tensor<[], "f64">, y: Tensor<[], "f64">] => [
  pipe(p, T.mul(T.constant([[1, 0]], "f64")), T.sum()),
  pipe(p, T.mul(T.constant([[0, 1]], "f64")), T.sum())
]

const [cosine, sine] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)]

/** `(u^2 + 20 v^2) / 2` with (u, v) turned by 30 degrees against (x, y): a parabola whose axes are nobody's. */
const parabola: Landscape = {
  name: "Parabola",
  loss: (p) => {
    const [x, y] = coordinates(p)
    const [u, v] = [T.add(T.mul(x, cosine), T.mul(y, sine)), T.sub(T.mul(y, cosine), T.mul(x, sine))]
    return T.add(T.mul(T.square(u), 0.5), T.mul(T.square(v), 10))
  },
  height: (x, y) => (cosine * x + sine * y) ** 2 / 2 + 10 * (cosine * y - sine * x) ** 2,
  start: [-3.2, -0.9],
  minimum: [0, 0],
  steps: 60,
  x: [-4, 1.5],
  y: [-2.4, 1.4]
}

/** `(1 - x)^2 + 100 (y - x^2)^2`. Rosenbrock 1960. */
const rosenbrock: Landscape = {
  name: "Rosenbrock",
  loss: (p) => {
    const [x, y] = coordinates(p)
    return T.add(T.square(T.sub(x, 1)), T.mul(T.square(T.sub(y, T.square(x))), 100))
  },
  height: (x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
  start: [-1.2, 1],
  minimum: [1, 1],
  steps: 250,
  x: [-1.7, 1.5],
  y: [-0.5, 1.9]
}

/** `(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2`. Beale 1958. */
const beale: Landscape = {
  name: "Beale",
  loss: (p) => {
    const [x, y] = coordinates(p)
    const part = (constant: number, power: Tensor<[], "f64">) => T.square(T.add(T.sub(T.mul(x, power), x), constant))
    const [two, three] = [T.square(y), T.mul(T.square(y), y)]
    return T.add(T.add(part(1.5, y), part(2.25, two)), part(2.625, three))
  },
  height: (x, y) => (1.5 - x + x * y) ** 2 + (2.25 - x + x * y ** 2) ** 2 + (2.625 - x + x * y ** 3) ** 2,
  start: [1, 1.4],
  minimum: [3, 0.5],
  steps: 150,
  x: [-0.5, 4],
  y: [-1, 1.8]
}

/** In the order in which they are drawn. */
export const landscapes: ReadonlyArray<Landscape> = [parabola, rosenbrock, beale]
