import { setFlagsFromString } from "node:v8"
import { assert, describe, it } from "@effect/vitest"
import { Builder, type Buffer } from "@cotangent/kernel"
import { countOf } from "../exhaustive.test.support.ts"
import { atSeveralPlaces } from "./moved.test.support.ts"
import { randomIntegers, randomKernel } from "./randomKernel.test.support.ts"
import { difference, fill, javaScript, planOf, readBuffer, type Target, wasm } from "./targets.test.support.ts"

// Optimised code at the first opportunity, and halves of vectors paired, in this process of the test runner only.
setFlagsFromString("--experimental-wasm-revectorize")
setFlagsFromString("--wasm-sync-tier-up")
setFlagsFromString("--wasm-tiering-budget=1")

const count = countOf(200, 4000)
const steps = 4

const wide: Target = wasm({ wide: true, salt: "wide" })
const compact: Target = wasm({ wide: true, compact: true, salt: "compact" })
const narrow: Target = wasm({ salt: "narrow" })

describe("optimised code", () => {
  it("computes the bits of the JavaScript target, with halves paired", () => {
    for (let seed = 0; seed < count; seed++) {
      const { kernel, buffers } = randomKernel(seed)
      const list = buffers.map(({ buffer }) => buffer)
      const plan = planOf(list)
      const image = new ArrayBuffer(plan.pages * 65_536)
      const below = randomIntegers(seed + 2_000_000)
      for (const { buffer, filling } of buffers) fill(image, plan, buffer, filling, below)
      const expected = javaScript([kernel], plan, image, steps)
      const found = difference(plan, list, ["javascript", expected], ["wide", wide([kernel], plan, image, steps)])
      assert.strictEqual(found, undefined, `seed ${seed}`)
    }
  })

  it("computes them in functions that are shared by several kernels", () => {
    for (let seed = 0; seed < countOf(100, 2000); seed++) {
      const { kernels, list, plan, image } = atSeveralPlaces(seed)
      const expected = javaScript(kernels, plan, image, steps)
      const found = difference(plan, list, ["javascript", expected], ["shared", compact(kernels, plan, image, steps)])
      assert.strictEqual(found, undefined, `seed ${seed}`)
    }
  })

  it("keeps the upper half of a value that is also combined, under pressure for registers", () => {
    const long: Buffer = { id: 0, name: "long", dtype: "f32", length: 512 }
    const kernel = Builder.kernel("pressure", (b) => {
      const kept = b.splat(b.load(long, Builder.at(7)), 8)
      b.loop(4, 1, (i) => {
        const values = Array.from({ length: 20 }, (_, v) => b.load(long, Builder.at(16 * v, [[i, 8]]), 8))
        const sums = values.map((value, v) => b.binary("mul", value, values[(v + 7) % 20]!))
        sums.forEach((sum, v) => b.store(long, Builder.at(16 * v, [[i, 8]]), b.binary("add", sum, kept)))
        b.store(long, Builder.at(480, [[i, 1]]), b.combine("max", kept))
      })
      b.store(long, Builder.at(496), kept)
    })
    const plan = planOf([long])
    const image = new ArrayBuffer(65_536)
    fill(image, plan, long, "positive", randomIntegers(5))
    const expected = readBuffer(javaScript([kernel], plan, image, steps), plan, long)
    assert.deepStrictEqual(readBuffer(wide([kernel], plan, image, steps), plan, long), expected)
    assert.deepStrictEqual(readBuffer(narrow([kernel], plan, image, steps), plan, long), expected)
  })
})
