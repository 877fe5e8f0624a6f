import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@cotangent/kernel"
import { countOf } from "../exhaustive.test.support.ts"
import { randomIntegers, randomKernel } from "./randomKernel.test.support.ts"
import { difference, fill, interpreter, planOf, targets } from "./targets.test.support.ts"

const count = countOf(250, 2000)

describe("targets", () => {
  it("compute the bits of the interpreter for random kernels", () => {
    for (let seed = 0; seed < count; seed++) {
      const { kernel, buffers } = randomKernel(seed)
      assert.deepStrictEqual(Validator.validate(kernel), [], `seed ${seed}`)
      const list = buffers.map(({ buffer }) => buffer)
      const plan = planOf(list)
      const image = new ArrayBuffer(plan.pages * 65_536)
      const below = randomIntegers(seed + 1_000_000)
      for (const { buffer, filling } of buffers) fill(image, plan, buffer, filling, below)
      const expected = interpreter([kernel], plan, image, 2)
      for (const [name, target] of targets) {
        const found = difference(plan, list, ["interpreter", expected], [name, target([kernel], plan, image, 2)])
        assert.strictEqual(found, undefined, `seed ${seed}`)
      }
    }
  })
})
