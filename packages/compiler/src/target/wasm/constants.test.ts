import { assert, describe, it } from "@effect/vitest"
import { makeCode, makeLocals, type Words } from "./assembler.ts"
import { makeConstants, splat32, splat64 } from "./constants.ts"

const written = (words: Words, compact: boolean): ReadonlyArray<number> => {
  const constants = makeConstants(makeLocals(0), compact)
  constants.words(words)
  const code = makeCode()
  constants.initialise(code)
  return [...code.take()]
}

describe("constants in few bytes", () => {
  it("are made of scalars", () => {
    for (const words of [splat32(7), splat64(1, 2), splat64(0xffffffff, 0x000fffff)])
      assert.isBelow(written(words, true).length, written(words, false).length)
    assert.isEmpty(written(splat32(0), true))
  })

  it("do not pass the bits of a NaN through a number, which need not keep them", () => {
    for (const words of [splat64(0xffffffff, 0x7fffffff), splat64(1, 0x7ff00000), splat64(0, 0xfff80000)])
      assert.deepStrictEqual(written(words, true), written(words, false))
  })
})
