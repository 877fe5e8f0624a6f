/** Problems 20 and 23 to 35: any number of unknowns, here the sizes whose minima the paper gives. */
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
  total,
  unknowns,
  type Vector,
  vector
} from "./problem.ts"

const ones = (n: number): Vector => vector(series(n, () => 1))
const part = (x: Vector, start: number, end: number): Vector => T.slice(x, [{ start, end }]) as Vector
const scalar = (x: number): Vector => T.constant(x, "f64")
const power = (base: number, exponent: number): number => (exponent === 0 ? 1 : base ** exponent)

export const watson: Problem = {
  name: "Watson",
  start: series(6, () => 0),
  count: 31,
  residuals: (x) => {
    const n = 6
    const places = series(29, (i) => i / 29)
    const matrix = (f: (t: number, j: number) => number): Vector =>
      T.constant(
        places.map((t) => [...series(n, (j) => f(t, j))]),
        "f64"
      ) as Vector
    const slope = T.matmul(
      matrix((t, j) => (j === 1 ? 0 : (j - 1) * power(t, j - 2))),
      x
    ) as Vector
    const value = T.matmul(
      matrix((t, j) => power(t, j - 1)),
      x
    ) as Vector
    const [first = x, second = x] = unknowns(x)
    return joined(minus(minus(slope, squared(value)), 1), first, minus(minus(second, squared(first)), 1))
  },
  minima: [
    {
      value: 2.28767e-3,
      at: [
        -0.0157250864014584, 1.01243486936911, -0.232991625956736, 1.2604300877996, -1.51372892272227, 0.992996432431131
      ]
    }
  ]
}

const weight = Math.sqrt(1e-5)

export const penalty1: Problem = {
  name: "penalty I",
  start: series(10, (j) => j),
  count: 11,
  residuals: (x) => joined(times(minus(x, 1), weight), minus(total(squared(x)), 0.25)),
  minima: [
    {
      value: 7.08765e-5,
      at: [
        0.158122301113116, 0.158122301113116, 0.158122301113116, 0.158122301113116, 0.158122301113116,
        0.158122301113116, 0.158122301113116, 0.158122301113116, 0.158122301113116, 0.158122301113116
      ]
    }
  ]
}

export const penalty2: Problem = {
  name: "penalty II",
  start: series(10, () => 0.5),
  count: 20,
  residuals: (x) => {
    const n = 10
    const e = exponential(over(x, 10))
    const y = vector(series(n - 1, (i) => Math.exp((i + 1) / 10) + Math.exp(i / 10)))
    const weights = vector(series(n, (j) => n - j + 1))
    const [first = x] = unknowns(x)
    return joined(
      minus(first, 0.2),
      times(minus(plus(part(e, 1, n), part(e, 0, n - 1)), y), weight),
      times(minus(part(e, 1, n), Math.exp(-0.1)), weight),
      minus(total(times(weights, squared(x))), 1)
    )
  },
  minima: [
    {
      value: 2.9366e-4,
      at: [
        0.199983605197824, 0.0103506484712924, 0.0196049344804385, 0.0320890672206857, 0.0499326773996414,
        0.0765139951539937, 0.118624072869504, 0.192144872335577, 0.347320586941843, 0.369164374159351
      ]
    }
  ]
}

export const variablyDimensioned: Problem = {
  name: "variably dimensioned",
  start: series(10, (j) => 1 - j / 10),
  count: 12,
  residuals: (x) => {
    const sum = total(times(minus(x, 1), vector(series(10, (j) => j))))
    return joined(minus(x, 1), sum, squared(sum))
  },
  minima: [{ value: 0, at: series(10, () => 1) }]
}

export const trigonometric: Problem = {
  name: "trigonometric",
  start: series(10, () => 0.1),
  count: 10,
  residuals: (x) => {
    const n = 10
    const cosines = T.cos(x) as Vector
    const spread = times(minus(ones(n), cosines), vector(series(n, (i) => i)))
    return minus(plus(minus(spread, T.sin(x) as Vector), n), total(cosines))
  },
  minima: [
    { value: 0 },
    {
      value: 2.79506e-5,
      at: [
        0.0551509039806917, 0.0568406167947399, 0.0587640017626949, 0.0609906086567607, 0.0636262136958546,
        0.0668431794527605, 0.20816151856988, 0.164363095885643, 0.0850068956885096, 0.091431450714708
      ]
    }
  ]
}

export const brownAlmostLinear: Problem = {
  name: "Brown almost-linear",
  start: series(10, () => 0.5),
  count: 10,
  residuals: (x) => {
    const n = 10
    const product = unknowns(x).reduce((p, y) => times(p, y))
    return joined(minus(plus(part(x, 0, n - 1), total(x)), n + 1), minus(product, 1))
  },
  minima: [
    { value: 0, at: series(10, () => 1) },
    { value: 1, at: [...series(9, () => 0), 11] }
  ]
}

const [points, gap] = [10, 1 / 11]
const grid = series(points, (i) => i * gap)
const cubes = (x: Vector): Vector => {
  const y = plus(x, vector(grid.map((t) => t + 1)))
  return times(squared(y), y)
}
const before = (x: Vector): Vector => joined(scalar(0), part(x, 0, points - 1))
const after = (x: Vector): Vector => joined(part(x, 1, points), scalar(0))

export const discreteBoundaryValue: Problem = {
  name: "discrete boundary value",
  start: grid.map((t) => t * (t - 1)),
  count: points,
  residuals: (x) => plus(minus(minus(times(x, 2), before(x)), after(x)), times(cubes(x), (gap * gap) / 2)),
  minima: [
    {
      value: 0,
      at: [
        -0.0431649825187649, -0.0815771565353869, -0.114485714380529, -0.140973576862597, -0.159908696181983,
        -0.169877202312775, -0.169089983781208, -0.155249535221832, -0.125355891678935, -0.0754165336858921
      ]
    }
  ]
}

export const discreteIntegralEquation: Problem = {
  name: "discrete integral equation",
  start: grid.map((t) => t * (t - 1)),
  count: points,
  residuals: (x) => {
    const kernel = T.constant(
      grid.map((t) => grid.map((s) => (s <= t ? (1 - t) * s : t * (1 - s)))),
      "f64"
    ) as Vector
    return plus(x, times(T.matmul(kernel, cubes(x)) as Vector, gap / 2))
  },
  minima: [
    {
      value: 0,
      at: [
        -0.0431649825187649, -0.0815771565353869, -0.114485714380529, -0.140973576862597, -0.159908696181983,
        -0.169877202312775, -0.169089983781208, -0.155249535221832, -0.125355891678935, -0.075416533685892
      ]
    }
  ]
}

export const broydenTridiagonal: Problem = {
  name: "Broyden tridiagonal",
  start: series(points, () => -1),
  count: points,
  residuals: (x) =>
    plus(minus(minus(times(minus(vector(series(points, () => 3)), times(x, 2)), x), before(x)), times(after(x), 2)), 1),
  minima: [
    {
      value: 0,
      at: [
        -0.570722132011225, -0.681806949984275, -0.70221007601766, -0.70551062989508, -0.704906155728744,
        -0.701496607029851, -0.691889322354798, -0.665796514405854, -0.596035109026366, -0.416412257528693
      ]
    }
  ]
}

export const broydenBanded: Problem = {
  name: "Broyden banded",
  start: series(points, () => -1),
  count: points,
  residuals: (x) => {
    const band = T.constant(
      series(points, (i) => i).map((i) => [
        ...series(points, (j) => (j !== i && j >= Math.max(1, i - 5) && j <= Math.min(points, i + 1) ? 1 : 0))
      ]),
      "f64"
    ) as Vector
    const own = plus(times(plus(times(squared(x), 5), 2), x), 1)
    return minus(own, T.matmul(band, times(x, plus(x, 1))) as Vector)
  },
  minima: [
    {
      value: 0,
      at: [
        -0.42830286358725, -0.47659642435629, -0.519652463646862, -0.558099324832181, -0.592506156829457,
        -0.624503682199468, -0.623239471440591, -0.621393841796574, -0.620453596659087, -0.586469270720435
      ]
    }
  ]
}

const [rows, columns] = [20, 10]

export const linearFullRank: Problem = {
  name: "linear, full rank",
  start: series(columns, () => 1),
  count: rows,
  residuals: (x) => {
    const sum = times(total(x), 2 / rows)
    return joined(minus(minus(x, sum), 1), minus(times(times(ones(rows - columns), sum), -1), 1))
  },
  minima: [{ value: rows - columns, at: series(columns, () => -1) }]
}

export const linearRankOne: Problem = {
  name: "linear, rank 1",
  start: series(columns, () => 1),
  count: rows,
  residuals: (x) => {
    const sum = total(times(x, vector(series(columns, (j) => j))))
    return minus(times(vector(series(rows, (i) => i)), sum), 1)
  },
  minima: [
    {
      value: (rows * (rows - 1)) / (2 * (2 * rows + 1)),
      at: [
        0.857332910991448, 0.714665821982895, 0.571998732974343, 0.42933164396579, 0.286664554957238, 0.143997465948685,
        0.00133037694013299, -0.141336712068419, -0.284003801076972, -0.426670890085524
      ]
    }
  ]
}

export const linearRankOneZeros: Problem = {
  name: "linear, rank 1 with zero columns and rows",
  start: series(columns, () => 1),
  count: rows,
  residuals: (x) => {
    const sum = total(times(x, vector(series(columns, (j) => (j === 1 || j === columns ? 0 : j)))))
    return minus(times(vector(series(rows, (i) => (i === 1 || i === rows ? 0 : i - 1))), sum), 1)
  },
  minima: [
    {
      value: (rows * rows + 3 * rows - 6) / (2 * (2 * rows - 3)),
      at: [
        1, 0.690711838599163, 0.536067757898744, 0.381423677198325, 0.226779596497906, 0.0721355157974876,
        -0.0825085649029312, -0.23715264560335, -0.391796726303768, 1
      ]
    }
  ]
}

export const chebyquad: Problem = {
  name: "Chebyquad",
  start: series(8, (j) => j / 9),
  count: 8,
  residuals: (x) => {
    const n = 8
    // Chebyshev polynomials on [0, 1], by their recurrence.
    const y = minus(times(x, 2), 1)
    const polynomials: Array<Vector> = [ones(n), y]
    for (let i = 2; i <= n; i++) {
      const [a = y, b = y] = [polynomials[i - 1], polynomials[i - 2]]
      polynomials.push(minus(times(times(y, a), 2), b))
    }
    return joined(
      ...polynomials
        .slice(1)
        .map((p, k) => minus(times(total(p), 1 / n), (k + 1) % 2 === 1 ? 0 : -1 / ((k + 1) ** 2 - 1)))
    )
  },
  minima: [
    {
      value: 3.51687e-3,
      at: [
        0.0431527601510166, 0.193090840384186, 0.266328706890273, 0.5, 0.5, 0.733671293109727, 0.806909159615814,
        0.956847239848983
      ]
    }
  ]
}
