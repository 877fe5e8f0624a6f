import { assert, describe, it } from "@effect/vitest"
import * as Cotangent from "./index.ts"

describe("the umbrella", () => {
  it("reuses no name of Effect's barrel", async () => {
    // The barrel is what a user imports beside this package.
    // oxlint-disable-next-line no-restricted-imports -- the barrel itself is what is looked at
    const barrel = new Set(Object.keys(await import("effect")))
    assert.deepStrictEqual(
      Object.keys(Cotangent).filter((name) => barrel.has(name)),
      []
    )
  })

  it("exports values only where it says so", () => {
    for (const [name, value] of Object.entries(Cotangent)) assert.isDefined(value, name)
  })
})
