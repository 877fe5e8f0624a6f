/**
 * Which minima of Moré, Garbow and Hillstrom's functions the solvers reach from the standard starts, with their default
 * options, and why they stop. All is pinned, the failures as well: a row that becomes better is to be changed too.
 *
 * A minimum other than 0 is reached to a relative 1e-5, as the paper gives six digits; 0 is reached when the value has
 * fallen to 1e-10 of what it was at the start. Reaching is about the value; the reason says whether it converged.
 */
import { assert, describe, it } from "@effect/vitest"
import { evaluateAll } from "@cotangent/graph"
import { leastSquares, minimize, type Minimized, type Reason, reasonOf } from "@cotangent/optim"
import { objective, type Problem, problems } from "../problems/index.ts"
import { type Vector, vector } from "../problems/problem.ts"

type Row = readonly [reached: number | "none", reason: Reason]

const solvers = {
  "L-BFGS": (problem: Problem) => minimize(objective(problem), vector(problem.start)),
  "Newton-CG": (problem: Problem) => minimize(objective(problem), vector(problem.start), { method: "newtonCG" }),
  "least squares": ({ residuals, start }: Problem) => leastSquares(residuals, vector(start))
} satisfies { readonly [name: string]: (problem: Problem) => Minimized<Vector> }

type Rows = { readonly [S in keyof typeof solvers]: Row }

/** In the order of `solvers`. */
const rows = (...[lbfgs, newton, squares]: readonly [Row, Row, Row]): Rows => ({
  "L-BFGS": lbfgs,
  "Newton-CG": newton,
  "least squares": squares
})

const table: { readonly [name: string]: Rows } = {
  Beale: rows([0, "gradient"], [0, "gradient"], [0, "gradient"]),
  "Brown badly scaled": rows([0, "gradient"], [0, "gradient"], [0, "gradient"]),
  "extended Powell singular": rows([0, "gradient"], [0, "gradient"], [0, "gradient"]),
  "extended Rosenbrock": rows([0, "gradient"], [0, "gradient"], [0, "gradient"]),
  "Freudenstein and Roth": rows([48.9842, "gradient"], [48.9842, "gradient"], [48.9842, "value"]),
  "helical valley": rows([0, "gradient"], [0, "gradient"], [0, "gradient"]),
  "Jennrich and Sampson": rows([124.362, "gradient"], [124.362, "gradient"], [124.362, "value"]),
  "Powell badly scaled": rows([0, "gradient"], ["none", "gradient"], [0, "gradient"]),
  "Powell singular": rows([0, "gradient"], [0, "gradient"], [0, "gradient"]),
  Rosenbrock: rows([0, "gradient"], [0, "gradient"], [0, "gradient"]),
  Wood: rows([0, "gradient"], [0, "gradient"], [0, "gradient"]),
  Bard: rows([0.00821487, "gradient"], [0.00821487, "gradient"], [0.00821487, "value"]),
  "Biggs EXP6": rows([0.00565565, "gradient"], [0.00565565, "gradient"], [0, "point"]),
  "Box three-dimensional": rows([0, "gradient"], [0, "gradient"], [0, "point"]),
  "Brown and Dennis": rows([85822.2, "gradient"], [85822.2, "gradient"], [85822.2, "value"]),
  Gaussian: rows([1.12793e-8, "gradient"], [1.12793e-8, "gradient"], [1.12793e-8, "gradient"]),
  "Gulf research and development": rows([0, "gradient"], [0, "gradient"], [0, "point"]),
  "Kowalik and Osborne": rows([0.000307505, "gradient"], [0.000307505, "gradient"], [0.000307505, "value"]),
  Meyer: rows([87.9458, "no descent"], [87.9458, "no descent"], [87.9458, "gradient"]),
  "Osborne 1": rows([0.0000546489, "gradient"], [0.0000546489, "gradient"], [0.0000546489, "gradient"]),
  "Osborne 2": rows([0.0401377, "gradient"], [0.0401377, "gradient"], [0.0401377, "value"]),
  "Brown almost-linear": rows([0, "gradient"], [0, "gradient"], [0, "point"]),
  "Broyden banded": rows([0, "gradient"], [0, "gradient"], [0, "point"]),
  "Broyden tridiagonal": rows([0, "gradient"], [0, "gradient"], [0, "point"]),
  Chebyquad: rows([0.00351687, "gradient"], [0.00351687, "gradient"], [0.00351687, "point"]),
  "discrete boundary value": rows([0, "gradient"], [0, "gradient"], [0, "point"]),
  "discrete integral equation": rows([0, "gradient"], [0, "gradient"], [0, "point"]),
  "linear, full rank": rows([10, "gradient"], [10, "gradient"], [10, "gradient"]),
  "linear, rank 1": rows(
    [4.634146341463414, "gradient"],
    [4.634146341463414, "gradient"],
    [4.634146341463414, "gradient"]
  ),
  "linear, rank 1 with zero columns and rows": rows(
    [6.135135135135135, "gradient"],
    [6.135135135135135, "gradient"],
    [6.135135135135135, "gradient"]
  ),
  "penalty I": rows([0.0000708765, "gradient"], [0.0000708765, "gradient"], [0.0000708765, "value"]),
  "penalty II": rows([0.00029366, "gradient"], [0.00029366, "gradient"], [0.00029366, "value"]),
  trigonometric: rows([0.0000279506, "gradient"], [0.0000279506, "gradient"], [0.0000279506, "point"]),
  "variably dimensioned": rows([0, "gradient"], [0, "gradient"], [0, "gradient"]),
  Watson: rows([0.00228767, "gradient"], [0.00228767, "gradient"], [0.00228767, "point"])
}

const near = (value: number, minimum: number, atStart: number): boolean =>
  minimum === 0 ? value <= 1e-10 * atStart : Math.abs(value - minimum) <= 1e-5 * minimum

const rowOf = (problem: Problem, { value, reason }: Minimized<Vector>): Row => {
  const [found, code, first] = evaluateAll([value, reason, objective(problem)(vector(problem.start))]).map(({ data }) =>
    Number(data[0])
  )
  if (found === undefined || code === undefined || first === undefined) throw new Error("nothing was evaluated")
  return [problem.minima.find((minimum) => near(found, minimum.value, first))?.value ?? "none", reasonOf(code)]
}

describe("the functions of Moré, Garbow and Hillstrom", () => {
  it("are all in the table", () =>
    assert.deepStrictEqual(Object.keys(table).sort(), problems.map(({ name }) => name).sort()))
  for (const problem of problems)
    it(problem.name, () => {
      const found = rows(
        rowOf(problem, solvers["L-BFGS"](problem)),
        rowOf(problem, solvers["Newton-CG"](problem)),
        rowOf(problem, solvers["least squares"](problem))
      )
      assert.deepStrictEqual(found, table[problem.name])
    })
})
