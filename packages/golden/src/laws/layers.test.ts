/** Laws of layers: derivatives are those of finite differences in both modes, examples are batched, targets agree bit for bit. */
import { assert, describe, it } from "@effect/vitest"
import { Model } from "@cotangent/nn"
import { layerSubjects } from "./samples-layers.ts"
import { checksOf } from "./table.ts"

/** Both float types and more seeds with COTANGENT_DEEP=1; layers take turns otherwise. */
const isDeep = process.env["COTANGENT_DEEP"] === "1"
const seeds = isDeep ? Array.from({ length: 10 }, (_, i) => i + 1) : [1]

const functionOf = (name: string): string => name.split("/")[0] ?? name

describe("laws of layers", () => {
  for (const [i, subject] of layerSubjects.entries()) {
    const checks = checksOf(subject.name, isDeep ? subject : { ...subject, floats: i % 2 === 0 ? ["f32"] : ["f64"] })
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

it("every layer has a sample", () => {
  const sampled = new Set(layerSubjects.map(({ name }) => functionOf(name)))
  // What makes, runs and describes models is no layer, nor are layers that users write; rotary is a function of tensors.
  const tools = new Set(
    ["custom", "stateful", "evaluate", "forgetShapes", "input", "parameterCount", "rotary", "summary", "train"].map(
      (name) => `Model.${name}`
    )
  )
  assert.deepStrictEqual(
    Object.keys(Model)
      .map((name) => `Model.${name}`)
      .filter((name) => !tools.has(name) && !sampled.has(name)),
    []
  )
})
