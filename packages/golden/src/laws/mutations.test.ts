import { assert, describe, it } from "@effect/vitest"
import { primitiveNames } from "@cotangent/graph"
import { isExhaustive } from "../exhaustive.test.support.ts"
import { mutantsOf, withMutant } from "./mutations.ts"
import { programLaws } from "./programs/program-laws.ts"
import { checkPrograms } from "./programs/check.ts"
import { primitiveChecks, samplesOf } from "./table.ts"

/** Changes that are none: x + y is y + x. */
const same: ReadonlySet<string> = new Set(["add, forward: tangent 0 and 1 exchanged"])

describe("every wrong rule is seen by some law", () => {
  const counts = { seen: 0, idle: 0 }
  for (const [i, primitive] of primitiveNames.entries()) {
    // Of eigh the laws allow so much rounding that they see little: see eigh.test.ts.
    if (primitive === "parameter" || primitive === "eigh") continue
    it(primitive, () => {
      const checks = primitiveChecks.filter(({ operation }) => operation === primitive)
      const operands = Math.max(...samplesOf(primitive).map((sample) => sample.operands.length))
      // One or two of the mutants, others for the next primitive; all of them in the exhaustive form.
      const mutants = mutantsOf(primitive, operands)
        .filter(({ change }) => primitive !== "custom" || !/^(reverse|forward)/.test(change))
        .filter((_, k) => isExhaustive || (k + i) % 6 === 0)
      const unseen = mutants.flatMap((mutant) => {
        const found = withMutant(primitive, mutant, () => checks.find(({ run }) => run(1) !== undefined))
        counts[found === undefined ? "idle" : "seen"]++
        // A change that made no difference cannot be seen.
        const change = `${primitive}, ${mutant.change}`
        return found === undefined && mutant.isActive() && !same.has(change) ? [change] : []
      })
      assert.deepStrictEqual(unseen, [])
    })
  }

  it("and there are many", () => {
    console.log(`${counts.seen} wrong rules were seen, ${counts.idle} changes made no difference`)
    assert.isAbove(counts.seen, primitiveNames.length)
  })
})

describe("a wrong rule is found in random programs, and the program is shrunk to it", () => {
  const seeds = Array.from({ length: 60 }, (_, seed) => seed)
  const wrong = [
    ["tanh", "reverse: the sign of cotangent 0", "derivatives"],
    ["reduceMax", "forward: a factor of tangent 0", "derivatives"],
    ["sigmoid", "batch: the examples in reverse order", "vmap"],
    ["sin", "value: not quite the same", "targets f64"]
  ] as const
  for (const [primitive, change, law] of isExhaustive ? wrong : wrong.slice(0, 1))
    it(`${primitive}, ${change}`, () => {
      const mutant = mutantsOf(primitive, 2).find((one) => one.change === change)
      if (mutant === undefined) throw new RangeError(`there is no mutant ${change}`)
      const { violation = "" } = withMutant(primitive, mutant, () => checkPrograms(programLaws[law], seeds))
      const [, graph = ""] = violation.split("the smallest graph: ")
      assert.match(graph, new RegExp(`^  let .* = ${primitive}\\(`, "m"), violation)
      assert.isAtMost(graph.match(/^ *let /gm)?.length ?? 0, 2, violation)
    })
})
