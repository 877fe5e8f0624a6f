/**
 * Problems with bounds alone of Hock and Schittkowski (Test Examples for Nonlinear Programming Codes, Lecture Notes in
 * Economics and Mathematical Systems 187, 1981), by their numbers there.
 */
import { T, type Tensor } from "@cotangent/graph"
import { minus, plus, squared, times, total, unknowns, type Vector, vector } from "./problem.ts"

/** A problem with bounds, and the local minima that a descent from the start may reach. */
export interface Boxed {
  readonly name: string
  readonly start: ReadonlyArray<number>
  readonly lower: ReadonlyArray<number>
  readonly upper: ReadonlyArray<number>
  readonly objective: (x: Vector) => Tensor<[], "f64">
  readonly minima: ReadonlyArray<ReadonlyArray<number>>
}

const scalar = (x: Vector): Tensor<[], "f64"> => T.reshape(x, []) as Tensor<[], "f64">

/** A function of x1 and x2. */
const plane =
  (f: (a: Vector, b: Vector) => Vector) =>
  (x: Vector): Tensor<[], "f64"> => {
    const [a = x, b = x] = unknowns(x)
    return scalar(f(a, b))
  }

const rosenbrock = plane((a, b) => plus(times(squared(minus(b, squared(a))), 100), squared(minus(a, 1))))
const infinite = Number.POSITIVE_INFINITY

/** Where Rosenbrock's function has no slope in x1, for a given x2, closest to a start. */
const alongHeight = (height: number, start: number): number => {
  // 400 x (x^2 - height) + 2 (x - 1) = 0, by Newton's method.
  let x = start
  for (let k = 0; k < 50; k++) x -= (400 * x * (x * x - height) + 2 * (x - 1)) / (1200 * x * x - 400 * height + 2)
  return x
}

export const boxes: ReadonlyArray<Boxed> = [
  {
    name: "1",
    start: [-2, 1],
    lower: [-infinite, -1.5],
    upper: [infinite, infinite],
    objective: rosenbrock,
    minima: [[1, 1]]
  },
  {
    name: "2",
    start: [-2, 1],
    lower: [-infinite, 1.5],
    upper: [infinite, infinite],
    objective: rosenbrock,
    minima: [
      [alongHeight(1.5, 1.2), 1.5],
      [alongHeight(1.5, -1.2), 1.5]
    ]
  },
  {
    name: "3",
    start: [10, 1],
    lower: [-infinite, 0],
    upper: [infinite, infinite],
    objective: plane((a, b) => plus(times(squared(minus(b, a)), 1e-5), b)),
    minima: [[0, 0]]
  },
  {
    name: "4",
    start: [1.125, 0.125],
    lower: [1, 0],
    upper: [infinite, infinite],
    objective: plane((a, b) => plus(times(times(squared(plus(a, 1)), plus(a, 1)), 1 / 3), b)),
    minima: [[1, 0]]
  },
  {
    name: "5",
    start: [0, 0],
    lower: [-1.5, -3],
    upper: [4, 3],
    objective: plane((a, b) =>
      plus(plus(T.sin(plus(a, b)) as Vector, squared(minus(a, b))), plus(minus(times(b, 2.5), times(a, 1.5)), 1))
    ),
    minima: [[0.5 - Math.PI / 3, -0.5 - Math.PI / 3]]
  },
  {
    name: "38",
    start: [-3, -1, -3, -1],
    lower: [-10, -10, -10, -10],
    upper: [10, 10, 10, 10],
    objective: (x) => {
      const [a = x, b = x, c = x, d = x] = unknowns(x)
      const first = plus(times(squared(minus(b, squared(a))), 100), squared(minus(a, 1)))
      const second = plus(times(squared(minus(d, squared(c))), 90), squared(minus(c, 1)))
      const both = plus(squared(minus(b, 1)), squared(minus(d, 1)))
      return scalar(plus(plus(first, second), plus(times(both, 10.1), times(times(minus(b, 1), minus(d, 1)), 19.8))))
    },
    minima: [[1, 1, 1, 1]]
  },
  {
    name: "45",
    start: [2, 2, 2, 2, 2],
    lower: [0, 0, 0, 0, 0],
    upper: [1, 2, 3, 4, 5],
    objective: (x) => scalar(minus(vector([2]), times(unknowns(x).reduce(times), 1 / 120))),
    minima: [[1, 2, 3, 4, 5]]
  },
  {
    name: "110",
    start: Array.from({ length: 10 }, () => 9),
    lower: Array.from({ length: 10 }, () => 2.001),
    upper: Array.from({ length: 10 }, () => 9.999),
    objective: (x) => {
      const logs = plus(squared(T.log(minus(x, 2)) as Vector), squared(T.log(plus(times(x, -1), 10)) as Vector))
      return scalar(minus(total(logs), T.pow(unknowns(x).reduce(times), 0.2) as Vector))
    },
    minima: [Array.from({ length: 10 }, () => 9.35026583)]
  }
]
