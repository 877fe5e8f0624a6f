import { assert, describe, it } from "@effect/vitest"
import { type Buffer, Builder, type Kernel, straight } from "@cotangent/kernel"
import { countOf } from "../../exhaustive.test.support.ts"
import { atSeveralPlaces } from "../moved.test.support.ts"
import { difference, javaScript, type Target, wasm } from "../targets.test.support.ts"
import { disassemble } from "./disassembler.ts"
import { emitWasm } from "./emit.ts"

const targets: ReadonlyArray<readonly [string, Target]> = [
  ["compact", wasm({ compact: true, salt: "compact" })],
  ["compact and wide", wasm({ compact: true, wide: true, salt: "compact wide" })]
]

describe("shared functions", () => {
  it("compute the bits of the JavaScript target for kernels at several places", () => {
    const count = countOf(120, 2000)
    let shared = 0
    for (let seed = 0; seed < count; seed++) {
      const { kernels, list, plan, image } = atSeveralPlaces(seed)
      const expected = javaScript(kernels, plan, image, 3)
      for (const [name, target] of targets) {
        const found = difference(plan, list, ["javascript", expected], [name, target(kernels, plan, image, 3)])
        assert.strictEqual(found, undefined, `seed ${seed}`)
      }
      const bytes = emitWasm(straight(kernels), { layout: plan.layout, memoryPages: plan.pages, compact: true })
      if (disassemble(bytes).length === 3) shared++
    }
    // But for kernels so short that calling them with places takes more than they do.
    assert.isAbove(shared, 0.8 * count)
  })

  const buffer = (id: number): Buffer => ({ id, name: `b${id}`, dtype: "f32", length: 32 })
  const scale = (from: number, to: number, by: number): Kernel =>
    Builder.kernel("scale", (b) =>
      b.loop(32, 8, (i) => {
        const x = b.load(buffer(from), Builder.at(0, [[i, 1]]), 8)
        const y = b.binary("mul", b.binary("max", x, b.constant(0, x.type)), b.constant(by, x.type))
        b.store(buffer(to), Builder.at(0, [[i, 1]]), y)
      })
    )
  const layout = new Map([0, 1, 2, 3].map((id) => [id, 1024 * (id + 1)]))
  const listing = (kernels: ReadonlyArray<Kernel>): ReadonlyArray<ReadonlyArray<string>> =>
    disassemble(emitWasm(straight(kernels), { layout, memoryPages: 1, compact: true })).map(({ lines }) => lines)

  it("are given the places that differ, and only those", () => {
    const [function_, step, run, ...rest] = listing([scale(0, 1, 3), scale(0, 2, 3), scale(0, 3, 3)])
    assert.deepStrictEqual(rest, [])
    assert.isDefined(run)
    assert.deepStrictEqual(
      step?.map((line) => line.trim()),
      ["i32.const 2048", "call 0", "i32.const 3072", "call 0", "i32.const 4096", "call 0"]
    )
    const text = function_?.join("\n") ?? ""
    // The input stays where it is; the output is addressed from its place.
    assert.include(text, "v128.load offset=1024")
    assert.include(text, "v128.store offset=16")
    // A number in all lanes is a scalar made a vector, and nothing is written for a zero.
    assert.include(text, "i32.const 1077936128\n  i32x4.splat")
    assert.notInclude(text, "v128.const")
  })

  it("are not made of kernels that differ in a number, and not of the one there is", () => {
    assert.lengthOf(listing([scale(0, 1, 3), scale(0, 2, 4)]), 4)
    assert.lengthOf(listing([scale(0, 1, 3)]), 3)
  })

  it("need not be at other places at all", () => {
    const functions = listing([scale(0, 1, 3), scale(0, 1, 3)])
    assert.lengthOf(functions, 3)
    assert.deepStrictEqual(
      functions[1]?.map((line) => line.trim()),
      ["call 0", "call 0"]
    )
  })
})
