import { assert, describe, it } from "@effect/vitest"
import { primitiveNames, primitives } from "@cotangent/graph"
import { countOf, isExhaustive } from "../exhaustive.test.support.ts"
import { operationNames, operationSamples } from "./operation-samples.ts"
import { type Check, checks, classOf, operationChecks, operationChecksInTurn, primitiveChecks } from "./table.ts"

const seeds = Array.from({ length: countOf(1, 5) }, (_, i) => i + 1)

const violations = (of: ReadonlyArray<Check>): ReadonlyArray<string> =>
  of.flatMap((check) =>
    seeds.flatMap((seed) => {
      const sentence = check.run(seed)
      return sentence === undefined ? [] : [`${check.law} of ${check.sample}, seed ${seed}: ${sentence}`]
    })
  )

const byOperation = (all: ReadonlyArray<Check>, operation: string): ReadonlyArray<Check> =>
  all.filter((check) => check.operation === operation)

const laws = (of: ReadonlyArray<Check>): string =>
  of.length === 0 ? "none" : [...new Set(of.map(({ law }) => law))].join(", ")

describe("laws of primitives", () => {
  for (const primitive of primitiveNames) {
    const own = byOperation(primitiveChecks, primitive)
    it(`${primitive}: ${laws(own)}`, () => assert.deepStrictEqual(violations(own), []))
  }

  it("are checked on at least one sample of every primitive but parameter", () => {
    // A parameter is what every compiled law computes from; alone it has no value.
    const without = primitiveNames.filter((name) => name !== "parameter" && byOperation(checks, name).length === 0)
    assert.deepStrictEqual(without, [], `there are no samples of ${without.join(", ")}`)
  })

  it("put every primitive into exactly one class", () => {
    const classes = { rule: [], zero: [], refuses: [] } as Record<string, Array<string>>
    for (const name of primitiveNames) classes[classOf(name)]?.push(name)
    console.log(
      Object.entries(classes)
        .map(([name, members]) => `${name.padEnd(8)} ${String(members.length).padStart(3)}  ${members.join(" ")}`)
        .join("\n")
    )
    assert.strictEqual(Object.values(classes).flat().length, primitiveNames.length)
    for (const name of primitiveNames) {
      const { reverse, forward } = primitives[name]
      for (const rule of [reverse, forward])
        if (rule.tag === "refuses") assert.match(rule.because, /\w+ \w+/, `${name} must say why it refuses`)
    }
  })
})

describe("laws of operations", () => {
  const all = isExhaustive ? operationChecks : operationChecksInTurn
  for (const operation of new Set(all.map((check) => check.operation))) {
    const own = byOperation(all, operation)
    it(`${operation}: ${laws(own)}`, () => assert.deepStrictEqual(violations(own), []))
  }

  it("are checked on at least one sample of every public operation", () => {
    const sampled = new Set(operationSamples.map(({ operation }) => operation))
    const without = operationNames.filter((name) => !sampled.has(name))
    assert.deepStrictEqual(without, [], `there are no samples of ${without.map((name) => `T.${name}`).join(", ")}`)
  })
})
