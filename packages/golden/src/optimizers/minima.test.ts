/**
 * Which minima of Moré, Garbow and Hillstrom's functions `minimize` reaches from the standard starts, with its default
 * options, and why it stops. Both are pinned, the failures as well: a row that becomes better is to be changed too.
 *
 * A minimum other than 0 is reached to a relative 1e-5, as the paper gives six digits; 0 is reached when the value has
 * fallen to 1e-10 of what it was at the start. Reaching is about the value; `"gradient"` alone says that it converged.
 */
import { assert, describe, it } from "@effect/vitest"
import { evaluateAll, T, type Tensor } from "@cotangent/graph"
import { minimize, type Reason, reasonOf } from "@cotangent/optim"
import { objective, type Problem, problems } from "../problems/index.ts"

type Row = readonly [reached: number | "none", reason: Reason]

const table: { readonly [name: string]: Row } = {
  Beale: [0, "gradient"],
  "Brown badly scaled": [0, "gradient"],
  "extended Powell singular": [0, "gradient"],
  "extended Rosenbrock": [0, "gradient"],
  "Freudenstein and Roth": [48.9842, "gradient"],
  "helical valley": [0, "gradient"],
  "Jennrich and Sampson": [124.362, "no descent"],
  "Powell badly scaled": ["none", "iterations"],
  "Powell singular": [0, "iterations"],
  Rosenbrock: [0, "gradient"],
  Wood: [0, "gradient"],
  Bard: [0.00821487, "gradient"],
  "Biggs EXP6": [0.00565565, "gradient"],
  "Box three-dimensional": [0, "gradient"],
  "Brown and Dennis": [85822.2, "no descent"],
  Gaussian: [1.12793e-8, "gradient"],
  "Gulf research and development": [0, "gradient"],
  "Kowalik and Osborne": [0.000307505, "gradient"],
  Meyer: [87.9458, "no descent"],
  "Osborne 1": [0.0000546489, "no descent"],
  "Osborne 2": [0.0401377, "gradient"],
  "Brown almost-linear": [0, "gradient"],
  "Broyden banded": [0, "gradient"],
  "Broyden tridiagonal": [0, "gradient"],
  Chebyquad: [0.00351687, "gradient"],
  "discrete boundary value": [0, "gradient"],
  "discrete integral equation": [0, "gradient"],
  "linear, full rank": [10, "gradient"],
  "linear, rank 1": [4.634146341463414, "gradient"],
  "linear, rank 1 with zero columns and rows": [6.135135135135135, "gradient"],
  "penalty I": [0.0000708765, "gradient"],
  "penalty II": ["none", "iterations"],
  trigonometric: [0.0000279506, "gradient"],
  "variably dimensioned": [0, "gradient"],
  Watson: [0.00228767, "gradient"]
}

const near = (value: number, minimum: number, atStart: number): boolean =>
  minimum === 0 ? value <= 1e-10 * atStart : Math.abs(value - minimum) <= 1e-5 * minimum

const rowOf = (problem: Problem): Row => {
  const start = T.constant([...problem.start], "f64") as Tensor<[number], "f64">
  const f = objective(problem)
  const { value, reason } = minimize(f, start)
  const [found, code, first] = evaluateAll([value, reason, f(start)]).map(({ data }) => Number(data[0]))
  if (found === undefined || code === undefined || first === undefined) throw new Error("nothing was evaluated")
  return [problem.minima.find((minimum) => near(found, minimum.value, first))?.value ?? "none", reasonOf(code)]
}

describe("minimize on the functions of Moré, Garbow and Hillstrom", () => {
  it("the table has all of them", () =>
    assert.deepStrictEqual(Object.keys(table).sort(), problems.map(({ name }) => name).sort()))
  for (const problem of problems) it(problem.name, () => assert.deepStrictEqual(rowOf(problem), table[problem.name]))
})
