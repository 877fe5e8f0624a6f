/** Problems 1 to 7, 13 and 14: equations in a few unknowns. */
import { T } from "@cotangent/graph"
import {
  exponential,
  joined,
  minus,
  over,
  plus,
  type Problem,
  series,
  squared,
  times,
  unknowns,
  type Vector,
  vector
} from "./problem.ts"

const at = (x: ReadonlyArray<Vector>, i: number): Vector => {
  const y = x[i - 1]
  if (y === undefined) throw new RangeError(`there is no unknown ${i}`)
  return y
}

/** The residuals of equations in x1, x2, ..., written one by one. */
const equations =
  (f: (...x: ReadonlyArray<Vector>) => ReadonlyArray<Vector>) =>
  (x: Vector): Vector =>
    joined(...f(...unknowns(x)))

export const rosenbrock: Problem = {
  name: "Rosenbrock",
  start: [-1.2, 1],
  count: 2,
  residuals: equations((...x) => [times(minus(at(x, 2), squared(at(x, 1))), 10), minus(one(1), at(x, 1))]),
  minima: [{ value: 0, at: [1, 1] }]
}

export const freudensteinRoth: Problem = {
  name: "Freudenstein and Roth",
  start: [0.5, -2],
  count: 2,
  residuals: equations((...x) => {
    const [a, b] = [at(x, 1), at(x, 2)]
    return [
      plus(plus(a, times(minus(times(minus(one(5), b), b), 2), b)), -13),
      plus(plus(a, times(minus(times(plus(b, 1), b), 14), b)), -29)
    ]
  }),
  minima: [
    { value: 0, at: [5, 4] },
    { value: 48.9842, at: [11.4127789869021, -0.896805253274476] }
  ]
}

export const powellBadlyScaled: Problem = {
  name: "Powell badly scaled",
  start: [0, 1],
  count: 2,
  residuals: equations((...x) => [
    minus(times(times(at(x, 1), at(x, 2)), 1e4), 1),
    minus(plus(exponential(times(at(x, 1), -1)), exponential(times(at(x, 2), -1))), 1.0001)
  ]),
  minima: [{ value: 0, at: [1.09815932969972e-5, 9.10614673986736] }]
}

export const brownBadlyScaled: Problem = {
  name: "Brown badly scaled",
  start: [1, 1],
  count: 3,
  residuals: equations((...x) => [minus(at(x, 1), 1e6), minus(at(x, 2), 2e-6), minus(times(at(x, 1), at(x, 2)), 2)]),
  minima: [{ value: 0, at: [1e6, 2e-6] }]
}

export const beale: Problem = {
  name: "Beale",
  start: [1, 1],
  count: 3,
  residuals: (x) => {
    const [a, b] = [at(unknowns(x), 1), at(unknowns(x), 2)]
    const powers = joined(b, squared(b), times(squared(b), b))
    return minus(vector([1.5, 2.25, 2.625]), times(minus(vector([1, 1, 1]), powers), a))
  },
  minima: [{ value: 0, at: [3, 0.5] }]
}

export const jennrichSampson: Problem = {
  name: "Jennrich and Sampson",
  start: [0.3, 0.4],
  count: 10,
  residuals: (x) => {
    const [a, b] = [at(unknowns(x), 1), at(unknowns(x), 2)]
    const i = vector(series(10, (k) => k))
    return minus(vector(series(10, (k) => 2 + 2 * k)), plus(exponential(times(i, a)), exponential(times(i, b))))
  },
  minima: [{ value: 124.362, at: [0.257825213670364, 0.257825213670364] }]
}

export const helicalValley: Problem = {
  name: "helical valley",
  start: [-1, 0, 0],
  count: 3,
  residuals: equations((...x) => {
    const [a, b, c] = [at(x, 1), at(x, 2), at(x, 3)]
    const turn = times(T.atan(over(b, a)) as Vector, 1 / (2 * Math.PI))
    const angle = T.where(T.less(a, 0), plus(turn, 0.5), turn) as Vector
    const radius = T.sqrt(plus(squared(a), squared(b))) as Vector
    return [times(minus(c, times(angle, 10)), 10), times(minus(radius, 1), 10), c]
  }),
  minima: [{ value: 0, at: [1, 0, 0] }]
}

const powellBlock = (a: Vector, b: Vector, c: Vector, d: Vector): ReadonlyArray<Vector> => [
  plus(a, times(b, 10)),
  times(minus(c, d), Math.sqrt(5)),
  squared(minus(b, times(c, 2))),
  times(squared(minus(a, d)), Math.sqrt(10))
]

export const powellSingular: Problem = {
  name: "Powell singular",
  start: [3, -1, 0, 1],
  count: 4,
  residuals: equations((...x) => powellBlock(at(x, 1), at(x, 2), at(x, 3), at(x, 4))),
  minima: [{ value: 0, at: [0, 0, 0, 0] }]
}

export const wood: Problem = {
  name: "Wood",
  start: [-3, -1, -3, -1],
  count: 6,
  residuals: equations((...x) => {
    const [a, b, c, d] = [at(x, 1), at(x, 2), at(x, 3), at(x, 4)]
    return [
      times(minus(b, squared(a)), 10),
      minus(one(1), a),
      times(minus(d, squared(c)), Math.sqrt(90)),
      minus(one(1), c),
      times(minus(plus(b, d), 2), Math.sqrt(10)),
      times(minus(b, d), 1 / Math.sqrt(10))
    ]
  }),
  minima: [{ value: 0, at: [1, 1, 1, 1] }]
}

/** Blocks of Rosenbrock's function side by side. */
export const extendedRosenbrock: Problem = {
  name: "extended Rosenbrock",
  start: series(10, (i) => (i % 2 === 1 ? -1.2 : 1)),
  count: 10,
  residuals: (x) => {
    const pairs = T.reshape(x, [5, 2]) as Vector
    const column = (k: number): Vector => T.reshape(T.slice(pairs, [{}, { start: k, end: k + 1 }]), [5])
    return joined(times(minus(column(1), squared(column(0))), 10), times(minus(column(0), 1), -1))
  },
  minima: [{ value: 0, at: series(10, () => 1) }]
}

/** Blocks of Powell's singular function side by side. */
export const extendedPowell: Problem = {
  name: "extended Powell singular",
  start: series(8, (i) => [3, -1, 0, 1][(i - 1) % 4] ?? 0),
  count: 8,
  residuals: (x) => {
    const blocks = T.reshape(x, [2, 4]) as Vector
    const column = (k: number): Vector => T.reshape(T.slice(blocks, [{}, { start: k, end: k + 1 }]), [2])
    return joined(...powellBlock(column(0), column(1), column(2), column(3)))
  },
  minima: [{ value: 0, at: series(8, () => 0) }]
}

function one(x: number): Vector {
  return T.constant(x, "f64")
}
