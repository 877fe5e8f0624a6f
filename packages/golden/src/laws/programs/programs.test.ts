import { assert, describe, it } from "@effect/vitest"
import { countOf } from "../../exhaustive.test.support.ts"
import { catalogue } from "./catalogue.ts"
import { checkPrograms } from "./check.ts"
import { type Instruction, namesIn, type Program } from "./program.ts"
import { programLaws } from "./program-laws.ts"
import { randomProgram } from "./random.ts"
import { shrink } from "./shrink.ts"

/** Programs per law, other ones for each. */
const count = countOf(12, 300)
const seedsFrom = (first: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => first + i)

describe("laws of random programs", () => {
  for (const [i, [name, check]] of Object.entries(programLaws).entries()) {
    it(name, () => {
      const { violation, passedOver } = checkPrograms(check, seedsFrom(10_000 * i))
      assert.isUndefined(violation, violation)
      // Programs that a law says nothing about: on a corner, or with numbers that are not finite.
      assert.isAtMost(passedOver, count / 4)
    })
  }
})

describe("randomProgram", () => {
  it("has 5 to 30 instructions, all of the catalogue's in turn, with bodies in bodies", () => {
    const programs = Array.from({ length: 1500 }, (_, seed) => randomProgram(seed, false))
    const lengths = programs.map(({ instructions }) => instructions.length)
    assert.deepStrictEqual([Math.min(...lengths), Math.max(...lengths)], [5, 30])
    const found = new Set(programs.flatMap(({ instructions }) => namesIn(instructions)))
    assert.deepStrictEqual(
      Object.keys(catalogue).filter((name) => !found.has(name)),
      []
    )
    const depth = (all: ReadonlyArray<Instruction>): number => Math.max(0, ...all.map(({ body }) => 1 + depth(body)))
    assert.strictEqual(Math.max(...programs.map(({ instructions }) => depth(instructions))), 3)
    assert.deepStrictEqual(randomProgram(7, true), randomProgram(7, true))
  })
})

describe("shrink", () => {
  const has =
    (...names: ReadonlyArray<string>) =>
    ({ instructions }: Program) =>
      names.every((name) => namesIn(instructions).includes(name))

  it("keeps only what the failure needs, also out of bodies", () => {
    for (let seed = 0; seed < 20; seed++) {
      const program = randomProgram(seed, false)
      const all = namesIn(program.instructions)
      const [a, b] = [all[1] ?? "", all.at(-1) ?? ""]
      const { instructions, inputs } = shrink(program, has(a, b))
      const left = namesIn(instructions)
      assert.deepStrictEqual(new Set(left), new Set([a, b]))
      assert.strictEqual(left.length, a === b ? 1 : 2)
      assert.deepStrictEqual(inputs, [[]])
    }
  })
})
