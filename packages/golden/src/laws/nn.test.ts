import { assert, describe, it } from "@effect/vitest"
import { Loss, Recurrent } from "@cotangent/nn"
import { countOf } from "../exhaustive.test.support.ts"
import { lossSubjects, recurrentSubjects } from "./samples-nn.ts"
import { checksOf } from "./table.ts"

const seeds = Array.from({ length: countOf(1, 5) }, (_, i) => i + 1)

const functionOf = (name: string): string => name.split("/")[0] ?? name

for (const [title, subjects] of [
  ["laws of losses", lossSubjects],
  ["laws of recurrent cells", recurrentSubjects]
] as const)
  describe(title, () => {
    for (const subject of subjects) {
      const checks = checksOf(functionOf(subject.name), subject)
      it(`${subject.name}: ${checks.map(({ law }) => law).join(", ")}`, () =>
        assert.deepStrictEqual(
          checks.flatMap(({ law, run }) =>
            seeds.flatMap((seed) => {
              const sentence = run(seed)
              return sentence === undefined ? [] : [`${law}, seed ${seed}: ${sentence}`]
            })
          ),
          []
        ))
    }
  })

it("every loss and recurrent cell has a sample", () => {
  const sampled = new Set([...lossSubjects, ...recurrentSubjects].map(({ name }) => functionOf(name)))
  const named = (of: string, members: object): ReadonlyArray<string> =>
    Object.keys(members).map((name) => `${of}.${name}`)
  // What makes losses, and what looks at them, is no loss; short names are those of losses that have a sample.
  const tools = new Set(["Loss.make", "Loss.each", "Loss.forgetShapes", "Loss.mae", "Loss.mse"])
  const all = [...named("Loss", Loss), ...named("Recurrent", Recurrent)]
  assert.deepStrictEqual(
    all.filter((name) => !tools.has(name) && !sampled.has(name)),
    []
  )
})
