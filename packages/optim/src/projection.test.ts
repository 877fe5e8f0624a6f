import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor, Tree } from "@cotangent/graph"
import {
  box,
  explain,
  l1Ball,
  l2Ball,
  linfBall,
  nonNegativeElements,
  OptimizerError,
  projected,
  type Projection,
  sgd,
  simplex
} from "./index.ts"

type F64 = Tensor<[number], "f64">
const vector = (...numbers: ReadonlyArray<number>): F64 => T.constant([...numbers], "f64") as F64
const numbersOf = (tree: unknown): ReadonlyArray<number> =>
  T.evaluate(Tree.leaves(tree)).flatMap(({ data }) => Array.from(data))
const close = (actual: unknown, expected: ReadonlyArray<number>, tolerance = 1e-14): void =>
  numbersOf(actual).forEach((x, i) => assert.approximately(x, expected[i] ?? Number.NaN, tolerance))

/** Points to project, and points inside each set to compare distances with. */
const points = [
  vector(0.5, -2, 3, 0.1),
  vector(0.2, 0.1, 0.3, 0.05),
  vector(-4, 1, 1, 7),
  vector(1, 1, 1, 1),
  vector(-1, -2, -3, -4)
]
const sum = (x: ReadonlyArray<number>) => x.reduce((a, b) => a + b, 0)
const sets: ReadonlyArray<{ readonly projection: Projection; readonly holds: (x: ReadonlyArray<number>) => boolean }> =
  [
    { projection: nonNegativeElements, holds: (x) => x.every((e) => e >= 0) },
    { projection: box(-0.5, 0.75), holds: (x) => x.every((e) => e >= -0.5 && e <= 0.75) },
    { projection: linfBall(0.6), holds: (x) => x.every((e) => Math.abs(e) <= 0.6) },
    { projection: l2Ball(1.5), holds: (x) => Math.hypot(...x) <= 1.5 + 1e-12 },
    { projection: l1Ball(1.25), holds: (x) => sum(x.map(Math.abs)) <= 1.25 + 1e-12 },
    { projection: simplex(), holds: (x) => x.every((e) => e >= 0) && Math.abs(sum(x) - 1) < 1e-12 },
    { projection: simplex(3), holds: (x) => x.every((e) => e >= 0) && Math.abs(sum(x) - 3) < 1e-12 }
  ]
const inner = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => sum(a.map((x, i) => x * (b[i] ?? 0)))
const minus = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => a.map((x, i) => x - (b[i] ?? 0))

describe("projections", () => {
  for (const { projection, holds } of sets) {
    const of = (x: F64): ReadonlyArray<number> => numbersOf(projection.of(x))
    it(`${projection.name} ${JSON.stringify(projection.options)} gives the nearest point of the set`, () => {
      const inside = points.map(of)
      for (const x of points) {
        const p = of(x)
        assert.isTrue(holds(p))
        // Twice is once.
        close(projection.of(vector(...p)), p, 1e-12)
        // The nearest point p of a convex set: (x - p) . (q - p) <= 0 for every q in it.
        for (const q of inside) assert.isAtMost(inner(minus(numbersOf(x), p), minus(q, p)), 1e-12)
      }
    })
  }

  it("of matrices take all elements together", () =>
    close(
      simplex().of(
        T.constant(
          [
            [2, 0],
            [1, 1]
          ],
          "f64"
        )
      ),
      [1, 0, 0, 0]
    ))

  it("keep an optimizer inside", () => {
    const optimizer = projected(sgd({ learningRate: 0.2 }), { w: simplex(), "v.kernel": l2Ball(1) })
    const params = { w: vector(0.25, 0.25, 0.5), v: { kernel: vector(0.9, 0), bias: vector(5) }, free: vector(9) }
    // Minimise |w - (1/2, 2, 0)|^2 / 2 on the simplex: the answer is (0, 1, 0).
    let state = optimizer.init(params)
    for (let k = 0; k < 60; k++)
      state = T.realize(
        optimizer.step<typeof params>(state, {
          w: T.sub(state.params.w, vector(0.5, 2, 0)),
          v: { kernel: vector(-1, -1), bias: vector(1) },
          free: vector(1)
        })
      )
    close(state.params.w, [0, 1, 0], 1e-9)
    close(state.params.v.kernel, [Math.SQRT1_2, Math.SQRT1_2], 1e-3)
    close(state.params.free, [9 - 12], 1e-12)
    const gradient = { w: vector(1, 0, 0), v: { kernel: vector(-1, -1), bias: vector(1) }, free: vector(1) }
    const { contributions, stages, update } = explain(optimizer)<typeof params>(state, gradient)
    assert.deepStrictEqual(stages, ["gradient", "projection"])
    close(contributions["projection"]?.free, [0], 1e-15)
    const next = optimizer.step<typeof params>(state, gradient)
    close(T.add(state.params.w, update.w), numbersOf(next.params.w))
  })

  it("refuse what cannot be", () => {
    assert.throws(() => box(1, 0), OptimizerError, "box: low must not be above high")
    assert.throws(() => simplex(0), OptimizerError, "simplex: total must be a finite number above 0, it is 0")
    const nowhere = projected(sgd({ learningRate: 1 }), { kernel: simplex() })
    assert.throws(
      () => nowhere.step<{ w: F64 }>(nowhere.init({ w: vector(1) }), { w: vector(1) }),
      OptimizerError,
      "projected: there is no parameter kernel to project; the parameters are w"
    )
  })
})
