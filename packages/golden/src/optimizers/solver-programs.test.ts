/** The solvers as compiled programs: the same bits on every target, no effects on what they are given, one program for all starts. */
import { assert, describe, it } from "@effect/vitest"
import { argmin, grad, jvp, vmap } from "@cotangent/autodiff"
import {
  type AnyTensor,
  evaluateAll,
  Graph,
  Hash,
  operations,
  T,
  type Tensor,
  Tree,
  type Value
} from "@cotangent/graph"
import { leastSquares, minimize, type MinimizeOptions } from "@cotangent/optim"
import { isExhaustive } from "../exhaustive.test.support.ts"
import { objective, type Problem, problems } from "../problems/index.ts"
import { type Vector, vector } from "../problems/problem.ts"
import { targetOf } from "../targets.ts"

const some = ["Rosenbrock", "Bard", "Kowalik and Osborne", "Brown almost-linear"]
const chosen = problems.filter(({ name }) => isExhaustive || some.includes(name))

/** Each solver as a function of the start. */
const solvers: { readonly [name: string]: (problem: Problem, x0: Vector) => ReadonlyArray<AnyTensor> } = (() => {
  const by = (options: MinimizeOptions<Vector>) => (problem: Problem, x0: Vector) =>
    Tree.leaves<AnyTensor>(minimize(objective(problem), x0, { maxIterations: 40, ...options }))
  return {
    "L-BFGS": by({}),
    "gradient descent": by({ method: "gradientDescent" }),
    "Newton-CG": by({ method: "newtonCG" }),
    "projected L-BFGS": by({ lower: -0.7, upper: 0.9 }),
    "projected Newton-CG": by({ method: "newtonCG", lower: -0.7, upper: 0.9 }),
    "Levenberg-Marquardt": ({ residuals }, x0) =>
      Tree.leaves<AnyTensor>(leastSquares(residuals, x0, { maxIterations: 40 }))
  }
})()

const given = (start: ReadonlyArray<number>): Value => ({
  shape: [start.length],
  dtype: "f64",
  data: Float64Array.from(start)
})

describe("compiled solvers", () => {
  for (const [name, solve] of Object.entries(solvers))
    for (const problem of chosen)
      it(`${name} on ${problem.name}: js and wasm compute the same bits`, () => {
        const start = given(problem.start)
        const [wasm, js] = (["wasm", "js"] as const).map((target) =>
          targetOf(target)
            .evaluate(([x]) => solve(problem, x as Vector), [start])
            .map(({ data }) => Array.from(data, Number))
        )
        assert.deepStrictEqual(wasm, js)
        assert.isAbove(wasm?.length ?? 0, 6)
        assert.deepStrictEqual(Array.from(start.data), [...problem.start])
      })
})

describe("solvers as functions", () => {
  const [first] = chosen
  if (first === undefined) throw new Error("there are no problems")

  for (const [name, solve] of Object.entries(solvers)) {
    it(`${name}: the program is one for every start, and made the same way twice`, () => {
      const hashOf = (): string => {
        const x = operations.parameter("x", [first.start.length], "f64")
        return Hash.hash(Graph.make([{ name: "x", tensor: x }], solve(first, x as Vector)))
      }
      assert.strictEqual(hashOf(), hashOf())
    })

    it(`${name}: a compiled program gives at a second start what a new one gives there`, () => {
      const [here, there] = [given(first.start), given(first.start.map((x) => 0.4 * x + 0.1))]
      const target = targetOf("js")
      const machine = target.machine<{}, {}, Value, ReadonlyArray<AnyTensor>>({
        state: {},
        data: {},
        input: here as never,
        step: (state, _, x) => [state, solve(first, x as never)]
      })
      try {
        const numbers = (values: unknown) => Tree.leaves<Value>(values).map(({ data }) => Array.from(data, Number))
        const [one, two, again] = [here, there, here].map((start) => numbers(machine.step(start as never)))
        assert.deepStrictEqual(again, one)
        assert.notDeepEqual(two, one)
        assert.deepStrictEqual(two, numbers(target.evaluate(([x]) => solve(first, x as Vector), [there])))
      } finally {
        machine.close()
      }
    })
  }

  for (const [name, solve] of Object.entries(solvers))
    it(`${name}: a batch of starts by vmap gives what each gives alone`, () => {
      const starts = [0, 1, 2].map((k) => first.start.map((x) => (1 - 0.3 * k) * x + 0.1 * k))
      const together = vmap((x: Vector) => solve(first, x))(T.constant(starts, "f64") as Vector)
      const batch = evaluateAll(together).map(({ data }) => Array.from(data, Number))
      const each = starts.map((start) =>
        evaluateAll(solve(first, vector(start))).map(({ data }) => Array.from(data, Number))
      )
      batch.forEach((values, i) =>
        assert.deepStrictEqual(
          values,
          each.flatMap((one) => one[i] ?? [])
        )
      )
    })

  type Scalar = Tensor<[], "f64">
  const ridge = (x: Scalar, p: Scalar): Scalar => T.add(T.square(T.sub(x, 3)), T.mul(p, T.square(x)))
  const half: Scalar = T.constant(0.5, "f64")

  it("reverse mode refuses the loops with a sentence, forward mode goes through them, argmin is for derivatives", () => {
    // The minimum lies at 3 / (1 + p), which falls with 3 / (1 + p)^2.
    const best = (p: Scalar): Scalar => minimize((x: Scalar) => ridge(x, p), T.constant(0, "f64")).x
    const fit = (p: Scalar): Scalar =>
      leastSquares((x: Scalar) => T.mul(T.sub(x, p), T.constant([1, 2], "f64")), T.constant(0, "f64")).x
    for (const f of [best, fit]) assert.throws(() => grad(f)(half), "differentiate implicitly")
    const [forward] = evaluateAll([jvp(best, half, T.constant(1, "f64"))[1]])
    assert.closeTo(Number(forward?.data[0]), -4 / 3, 1e-8)
    const implicit = (p: Scalar): Scalar => argmin(ridge, T.stopGradient(best(p)), p).x
    const [slope] = evaluateAll([grad(implicit)(half)])
    assert.closeTo(Number(slope?.data[0]), -4 / 3, 1e-8)
  })
})
