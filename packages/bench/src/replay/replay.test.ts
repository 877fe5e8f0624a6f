import { assert, describe, it } from "@effect/vitest"
import { compareAll, differencesOf, readRecords, recordAll } from "./replay.ts"

describe("kernel replay", () => {
  const now = recordAll()

  it("generates the kernels that are recorded; where a change is meant, npm run bench -- replay --write", () => {
    assert.deepStrictEqual(compareAll(readRecords(), now), [])
  })

  it("is the same when it is generated again", () => {
    assert.deepStrictEqual(compareAll(now, recordAll()), [])
  })

  it("says which model changed, and what of it", () => {
    const { W1: record } = now
    if (record === undefined) return assert.fail("W1 is a model")
    const [first, ...others] = record.kernels
    const changed = {
      ...record,
      kernels: [[first?.[0] ?? "", "another"] as const, ...others],
      scratchBytes: 1,
      wide: { bytes: 2, hash: "another" }
    }
    assert.deepStrictEqual(differencesOf(record, changed), [
      `kernels that changed: ${first?.[0]}`,
      `scratch bytes ${record.scratchBytes}, now 1`,
      `wide code ${record.wide.bytes} bytes, now 2`
    ])
    const { W1: _, ...rest } = now
    assert.deepStrictEqual(compareAll(now, rest), ["W1: gone"])
    assert.deepStrictEqual(compareAll(rest, now), ["W1: new"])
  })
})
