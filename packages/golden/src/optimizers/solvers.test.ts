import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import { targetNames, targetOf } from "../targets.ts"
import { Solvers } from "../forms/solvers.ts"
import { checkSolverRun } from "./solvers.ts"

const file = Schema.decodeUnknownSync(Solvers)(
  JSON.parse(readFileSync(new URL("../../fixtures/optimizers.json", import.meta.url), "utf8")).lbfgs
)

describe("L-BFGS as PyTorch's, every step on every target", () => {
  it("there are 15 runs", () => assert.strictEqual(file.cases.length, 15))
  for (const golden of file.cases) {
    it(`${golden.function} ${JSON.stringify(golden.options)}`, () => {
      const outcome = checkSolverRun(golden, file, targetNames.map(targetOf))
      assert.strictEqual(outcome.tag, "passed", JSON.stringify(outcome))
    })
  }

  it("notices a changed number", () => {
    const [golden] = file.cases
    if (golden === undefined) throw new Error("there are no runs")
    const [first, ...rest] = golden.steps
    if (first === undefined) throw new Error("there are no steps")
    const altered = { ...golden, steps: [{ ...first, n_evals_total: first.n_evals_total + 1 }, ...rest] }
    assert.strictEqual(checkSolverRun(altered, file, [targetOf("interpreter")]).tag, "failed")
  })
})
