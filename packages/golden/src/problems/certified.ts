/**
 * Nonlinear regressions with certified results: Statistical Reference Datasets of NIST (https://www.itl.nist.gov/div898/strd,
 * in the public domain). Parameters, their standard deviations and sums of squares are certified to 11 digits.
 */
import { T } from "@cotangent/graph"
import { exponential, minus, over, plus, type Problem, times, unknowns, type Vector, vector } from "./problem.ts"
import { kowalikOsborne, meyer, osborne1 } from "./measurements.ts"

/** A regression with its certified results. */
export interface Certified {
  readonly name: string
  readonly starts: ReadonlyArray<ReadonlyArray<number>>
  readonly residuals: (b: Vector) => Vector
  readonly parameters: ReadonlyArray<number>
  readonly standardDeviations: ReadonlyArray<number>
  readonly sumOfSquares: number
  readonly degreesOfFreedom: number
}

type Model = (b: (i: number) => Vector, x: Vector) => Vector

interface Described extends Omit<Certified, "residuals"> {
  readonly model: Model
  readonly x: ReadonlyArray<number>
  readonly y: ReadonlyArray<number>
}

const described = ({ model, x, y, ...rest }: Described): Certified => ({
  ...rest,
  residuals: (b) => {
    const each = unknowns(b)
    const at = (i: number): Vector => {
      const one = each[i - 1]
      if (one === undefined) throw new RangeError(`there is no parameter ${i}`)
      return one
    }
    return minus(model(at, vector(x)), vector(y))
  }
})

const ofProblem = ({ residuals }: Problem, rest: Omit<Certified, "residuals">): Certified => ({ residuals, ...rest })

const minusOne = (x: Vector): Vector => times(x, -1)

/** `p_0 + p_1 x + p_2 x^2 + ...` */
const polynomial = (x: Vector, ...p: ReadonlyArray<Vector | number>): Vector =>
  p.reduceRight<Vector>((sum, c) => plus(times(sum, x), c), times(x, 0))

const counted = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i + 1)

/** All of them. */
export const certified: ReadonlyArray<Certified> = [
  described({
    name: "Misra1a",
    model: (b, x) => times(minus(exponential(minusOne(times(x, b(2)))), 1), minusOne(b(1))),
    x: [77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760],
    y: [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78],
    starts: [
      [500, 0.0001],
      [250, 0.0005]
    ],
    parameters: [2.3894212918e2, 5.5015643181e-4],
    standardDeviations: [2.7070075241, 7.2668688436e-6],
    sumOfSquares: 1.2455138894e-1,
    degreesOfFreedom: 12
  }),
  described({
    name: "DanWood",
    model: (b, x) => times(T.pow(x, b(2)) as Vector, b(1)),
    x: [1.309, 1.471, 1.49, 1.565, 1.611, 1.68],
    y: [2.138, 3.421, 3.597, 4.34, 4.882, 5.66],
    starts: [
      [1, 5],
      [0.7, 4]
    ],
    parameters: [7.6886226176e-1, 3.8604055871],
    standardDeviations: [1.828197386e-2, 5.1726610913e-2],
    sumOfSquares: 4.3173084083e-3,
    degreesOfFreedom: 4
  }),
  described({
    name: "BoxBOD",
    model: (b, x) => times(minus(exponential(minusOne(times(x, b(2)))), 1), minusOne(b(1))),
    x: [1, 2, 3, 5, 7, 10],
    y: [109, 149, 149, 191, 213, 224],
    starts: [
      [1, 1],
      [100, 0.75]
    ],
    parameters: [2.1380940889e2, 5.4723748542e-1],
    standardDeviations: [1.2354515176e1, 1.0455993237e-1],
    sumOfSquares: 1.1680088766e3,
    degreesOfFreedom: 4
  }),
  described({
    name: "Rat42",
    model: (b, x) => over(b(1), plus(exponential(minus(b(2), times(x, b(3)))), 1)),
    x: [9, 14, 21, 28, 42, 57, 63, 70, 79],
    y: [8.93, 10.8, 18.59, 22.33, 39.35, 56.11, 61.73, 64.62, 67.08],
    starts: [
      [100, 1, 0.1],
      [75, 2.5, 0.07]
    ],
    parameters: [7.2462237576e1, 2.6180768402, 6.7359200066e-2],
    standardDeviations: [1.7340283401, 8.8295217536e-2, 3.4465663377e-3],
    sumOfSquares: 8.0565229338,
    degreesOfFreedom: 6
  }),
  described({
    name: "Rat43",
    model: (b, x) =>
      over(
        b(1),
        T.pow(plus(exponential(minus(b(2), times(x, b(3)))), 1), over(vector(x.shape.map(() => 1)), b(4))) as Vector
      ),
    x: counted(15),
    y: [
      16.08, 33.83, 65.8, 97.2, 191.55, 326.2, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56, 689.96, 637.56, 717.41
    ],
    starts: [
      [100, 10, 1, 1],
      [700, 5, 0.75, 1.3]
    ],
    parameters: [6.996415127e2, 5.2771253025, 7.5962938329e-1, 1.2792483859],
    standardDeviations: [1.6302297817e1, 2.0828735829, 1.9566123451e-1, 6.8761936385e-1],
    sumOfSquares: 8.786404908e3,
    degreesOfFreedom: 11
  }),
  described({
    name: "Thurber",
    model: (b, x) => over(polynomial(x, b(1), b(2), b(3), b(4)), polynomial(x, 1, b(5), b(6), b(7))),
    x: [
      -3.067, -2.981, -2.921, -2.912, -2.84, -2.797, -2.702, -2.699, -2.633, -2.481, -2.363, -2.322, -1.501, -1.46,
      -1.274, -1.212, -1.1, -1.046, -0.915, -0.714, -0.566, -0.545, -0.4, -0.309, -0.109, -0.103, 0.01, 0.119, 0.377,
      0.79, 0.963, 1.006, 1.115, 1.572, 1.841, 2.047, 2.2
    ],
    y: [
      80.574, 84.248, 87.264, 87.195, 89.076, 89.608, 89.868, 90.101, 92.405, 95.854, 100.696, 101.06, 401.672, 390.724,
      567.534, 635.316, 733.054, 759.087, 894.206, 990.785, 1090.109, 1080.914, 1122.643, 1178.351, 1260.531, 1273.514,
      1288.339, 1327.543, 1353.863, 1414.509, 1425.208, 1421.384, 1442.962, 1464.35, 1468.705, 1447.894, 1457.628
    ],
    starts: [
      [1000, 1000, 400, 40, 0.7, 0.3, 0.03],
      [1300, 1500, 500, 75, 1, 0.4, 0.05]
    ],
    parameters: [
      1.28813968e3, 1.4910792535e3, 5.8323836877e2, 7.5416644291e1, 9.6629502864e-1, 3.9797285797e-1, 4.9727297349e-2
    ],
    standardDeviations: [
      4.6647963344, 3.9571156086e1, 2.8698696102e1, 5.567537027, 3.1333340687e-2, 1.4984928198e-2, 6.5842344623e-3
    ],
    sumOfSquares: 5.6427082397e3,
    degreesOfFreedom: 30
  }),
  ofProblem(kowalikOsborne, {
    name: "MGH09",
    starts: [
      [25, 39, 41.5, 39],
      [0.25, 0.39, 0.415, 0.39]
    ],
    parameters: [1.9280693458e-1, 1.9128232873e-1, 1.2305650693e-1, 1.3606233068e-1],
    standardDeviations: [1.1435312227e-2, 1.9633220911e-1, 8.0842031232e-2, 9.0025542308e-2],
    sumOfSquares: 3.0750560385e-4,
    degreesOfFreedom: 7
  }),
  ofProblem(meyer, {
    name: "MGH10",
    starts: [
      [2, 400000, 25000],
      [0.02, 4000, 250]
    ],
    parameters: [5.609636471e-3, 6.1813463463e3, 3.4522363462e2],
    standardDeviations: [1.5687892471e-4, 2.3309021107e1, 7.8486103508e-1],
    sumOfSquares: 8.7945855171e1,
    degreesOfFreedom: 13
  }),
  ofProblem(osborne1, {
    name: "MGH17",
    starts: [
      [50, 150, -100, 1, 2],
      [0.5, 1.5, -1, 0.01, 0.02]
    ],
    parameters: [3.7541005211e-1, 1.9358469127, -1.4646871366, 1.286753464e-2, 2.2122699662e-2],
    standardDeviations: [2.0723153551e-3, 2.2031669222e-1, 2.2175707739e-1, 4.4861358114e-4, 8.9471996575e-4],
    sumOfSquares: 5.4648946975e-5,
    degreesOfFreedom: 28
  })
]
