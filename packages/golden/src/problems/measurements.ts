/** Problems 8 to 12 and 15 to 19: curves fitted to measurements. */
import { T } from "@cotangent/graph"
import {
  exponential,
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

/** Residuals of a model of the unknowns, written with each of them as a scalar. */
const fitted =
  (f: (x: (i: number) => Vector) => Vector) =>
  (x: Vector): Vector => {
    const all = unknowns(x)
    return f((i) => {
      const y = all[i - 1]
      if (y === undefined) throw new RangeError(`there is no unknown ${i}`)
      return y
    })
  }

const decay = (t: Vector, rate: Vector): Vector => exponential(times(times(t, rate), -1))

const bardData = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39]

export const bard: Problem = {
  name: "Bard",
  start: [1, 1, 1],
  count: 15,
  residuals: fitted((x) => {
    const u = vector(series(15, (i) => i))
    const v = vector(series(15, (i) => 16 - i))
    const w = vector(series(15, (i) => Math.min(i, 16 - i)))
    return minus(vector(bardData), plus(over(u, plus(times(v, x(2)), times(w, x(3)))), x(1)))
  }),
  minima: [{ value: 8.21487e-3, at: [0.082410559749789, 1.13303609202972, 2.34369517864254] }]
}

const gaussianData = [
  0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242, 0.3521, 0.3989, 0.3521, 0.242, 0.1295, 0.054, 0.0175, 0.0044, 0.0009
]

export const gaussian: Problem = {
  name: "Gaussian",
  start: [0.4, 1, 0],
  count: 15,
  residuals: fitted((x) => {
    const t = vector(series(15, (i) => (8 - i) / 2))
    const bell = exponential(times(times(squared(minus(t, x(3))), x(2)), -0.5))
    return minus(times(bell, x(1)), vector(gaussianData))
  }),
  minima: [{ value: 1.12793e-8, at: [0.398956137838757, 1.00001908448781, 0] }]
}

const meyerData = [
  34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872
]

export const meyer: Problem = {
  name: "Meyer",
  start: [0.02, 4000, 250],
  count: 16,
  residuals: fitted((x) => {
    const t = vector(series(16, (i) => 45 + 5 * i))
    return minus(times(exponential(over(times(plus(times(t, 0), 1), x(2)), plus(t, x(3)))), x(1)), vector(meyerData))
  }),
  minima: [{ value: 87.9458, at: [0.0056096364710275, 6181.34634628646, 345.223634624139] }]
}

/** With `y_i - x2` in the exponent, as the known minimiser requires; the paper prints another product there. */
export const gulf: Problem = {
  name: "Gulf research and development",
  start: [5, 2.5, 0.15],
  count: 99,
  residuals: fitted((x) => {
    const t = series(99, (i) => i / 100)
    const y = vector(t.map((p) => 25 + (-50 * Math.log(p)) ** (2 / 3)))
    const distance = T.abs(minus(y, x(2))) as Vector
    return minus(exponential(times(over(T.pow(distance, x(3)) as Vector, x(1)), -1)), vector(t))
  }),
  minima: [{ value: 0, at: [50, 25, 1.5] }]
}

export const box: Problem = {
  name: "Box three-dimensional",
  start: [0, 10, 20],
  count: 10,
  residuals: fitted((x) => {
    const t = series(10, (i) => 0.1 * i)
    const known = vector(t.map((s) => Math.exp(-s) - Math.exp(-10 * s)))
    return minus(minus(decay(vector(t), x(1)), decay(vector(t), x(2))), times(known, x(3)))
  }),
  minima: [{ value: 0, at: [1, 10, 1] }]
}

const kowalikData = [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]
const kowalikPlaces = [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]

export const kowalikOsborne: Problem = {
  name: "Kowalik and Osborne",
  start: [0.25, 0.39, 0.415, 0.39],
  count: 11,
  residuals: fitted((x) => {
    const u = vector(kowalikPlaces)
    const above = times(plus(squared(u), times(u, x(2))), x(1))
    return minus(vector(kowalikData), over(above, plus(plus(squared(u), times(u, x(3))), x(4))))
  }),
  minima: [{ value: 3.07505e-4, at: [0.192806934579038, 0.191282328734367, 0.123056506926321, 0.136062330683795] }]
}

export const brownDennis: Problem = {
  name: "Brown and Dennis",
  start: [25, 5, -5, -1],
  count: 20,
  residuals: fitted((x) => {
    const t = series(20, (i) => i / 5)
    const of = (f: (s: number) => number): Vector => vector(t.map(f))
    const line = minus(
      plus(
        times(
          of((s) => s),
          x(2)
        ),
        x(1)
      ),
      of(Math.exp)
    )
    const wave = minus(plus(times(of(Math.sin), x(4)), x(3)), of(Math.cos))
    return plus(squared(line), squared(wave))
  }),
  minima: [{ value: 85822.2, at: [-11.5944399047622, 13.2036300512072, -0.403439488176859, 0.236778774455736] }]
}

const osborne1Data = [
  0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.85, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603, 0.58,
  0.558, 0.538, 0.522, 0.506, 0.49, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.42, 0.414, 0.411, 0.406
]

export const osborne1: Problem = {
  name: "Osborne 1",
  start: [0.5, 1.5, -1, 0.01, 0.02],
  count: 33,
  residuals: fitted((x) => {
    const t = vector(series(33, (i) => 10 * (i - 1)))
    return minus(vector(osborne1Data), plus(plus(times(decay(t, x(4)), x(2)), times(decay(t, x(5)), x(3))), x(1)))
  }),
  minima: [
    {
      value: 5.46489e-5,
      at: [0.375410052106952, 1.93584691271236, -1.46468713661342, 0.0128675346400573, 0.0221226996616726]
    }
  ]
}

export const biggsExp6: Problem = {
  name: "Biggs EXP6",
  start: [1, 2, 1, 1, 1, 1],
  count: 13,
  residuals: fitted((x) => {
    const t = series(13, (i) => 0.1 * i)
    const y = vector(t.map((s) => Math.exp(-s) - 5 * Math.exp(-10 * s) + 3 * Math.exp(-4 * s)))
    const line = vector(t)
    const [a, b, c] = [times(decay(line, x(1)), x(3)), times(decay(line, x(2)), x(4)), times(decay(line, x(5)), x(6))]
    return minus(plus(minus(a, b), c), y)
  }),
  minima: [
    { value: 0, at: [1, 10, 1, 5, 4, 3] },
    {
      value: 5.65565e-3,
      at: [1.71141599471959, 17.6831981809491, 1.16314366091889, 5.18656155199346, 1.71141599471959, 1.16314366091889]
    }
  ]
}

const osborne2Data = [
  1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606, 0.602,
  0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.5, 0.423, 0.395, 0.375,
  0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591,
  0.559, 0.597, 0.625, 0.739, 0.71, 0.729, 0.72, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054
]

export const osborne2: Problem = {
  name: "Osborne 2",
  start: [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5],
  count: 65,
  residuals: fitted((x) => {
    const t = vector(series(65, (i) => (i - 1) / 10))
    const peak = (height: number, width: number, place: number): Vector =>
      times(decay(squared(minus(t, x(place))), x(width)), x(height))
    const model = plus(plus(plus(times(decay(t, x(5)), x(1)), peak(2, 6, 9)), peak(3, 7, 10)), peak(4, 8, 11))
    return minus(vector(osborne2Data), model)
  }),
  minima: [
    {
      value: 4.01377e-2,
      at: [
        1.3099771546273, 0.431553794602988, 0.633661698960724, 0.599430534785915, 0.754183226328009, 0.904288579859639,
        1.36581183523702, 4.82369881722717, 2.39868486613175, 4.56887459766767, 5.67534147058064
      ]
    }
  ]
}
