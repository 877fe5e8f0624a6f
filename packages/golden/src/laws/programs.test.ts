import { assert, describe, it } from "@effect/vitest"
import { programOperations } from "./operations.ts"
import { checkProgram, programLaws } from "./programLaws.ts"
import { type Program, randomProgram, shrink } from "./randomProgram.ts"

/** More programs with COTANGENT_DEEP=1. */
const count = process.env["COTANGENT_DEEP"] === "1" ? 1000 : 40

describe("laws of random programs", () => {
  for (const [name, { law, smooth }] of Object.entries(programLaws)) {
    it(name, { timeout: 600_000 }, () => {
      for (let seed = 0; seed < count; seed++) assert.isUndefined(checkProgram(law, seed, smooth))
    })
  }
})

describe("randomProgram", () => {
  it("has 5 to 30 operations, all of the table's in turn", () => {
    const programs = Array.from({ length: 200 }, (_, seed) => randomProgram(seed, false))
    const lengths = programs.map((program) => program.length)
    assert.deepStrictEqual([Math.min(...lengths), Math.max(...lengths)], [5, 30])
    assert.deepStrictEqual(
      [...new Set(programs.flat().map(({ operation }) => operation))].sort(),
      Object.keys(programOperations).sort()
    )
    assert.deepStrictEqual(randomProgram(7, true), randomProgram(7, true))
  })
})

describe("shrink", () => {
  const has =
    (...names: ReadonlyArray<string>) =>
    (program: Program) =>
      names.every((name) => program.some(({ operation }) => operation === name))

  it("keeps only what the failure needs", () => {
    for (let seed = 0; seed < 20; seed++) {
      const program = randomProgram(seed, false)
      const [a, b] = [program[1]?.operation ?? "", program.at(-1)?.operation ?? ""]
      const smallest = shrink(program, has(a, b))
      assert.deepStrictEqual(new Set(smallest.map(({ operation }) => operation)), new Set([a, b]))
      assert.strictEqual(smallest.length, a === b ? 1 : 2)
    }
  })

  it("reports the smallest program that violates a law", () => {
    const law = (program: Program) => (has("tanh")(program) ? "there is a tanh" : undefined)
    const seed =
      Array.from({ length: 200 }, (_, i) => i).find(
        (i) => has("tanh")(randomProgram(i, false)) && randomProgram(i, false).length > 10
      ) ?? 0
    assert.match(
      checkProgram(law, seed, false) ?? "",
      new RegExp(`^program ${seed}: there is a tanh\\n  tanh\\(\\d+, \\d+; \\d+\\)$`)
    )
  })
})
