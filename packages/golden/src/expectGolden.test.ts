import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { T } from "@cotangent/graph"
import { expectGolden, GoldenMismatch } from "./expectGolden.ts"

let directory = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "golden-"))
})
afterEach(() => rmSync(directory, { recursive: true }))

const written = (name: string, value: unknown): void => {
  process.env["UPDATE_GOLDEN"] = "1"
  try {
    expectGolden(name, value, { directory })
  } finally {
    delete process.env["UPDATE_GOLDEN"]
  }
}

const tree = (scale: number) => ({
  loss: T.constant(0.25 * scale, "f64"),
  layer: {
    w: T.mul(
      T.constant([
        [1, 2],
        [3, 4]
      ]),
      scale
    ),
    n: T.constant([1, 2], "i32")
  }
})

describe("expectGolden", () => {
  it("writes on request, and then agrees", () => {
    written("tree", tree(1))
    expectGolden("tree", tree(1), { directory })
    expectGolden("tree", T.evaluate(tree(1)), { directory })
    assert.deepStrictEqual(JSON.parse(readFileSync(join(directory, "tree.json"), "utf8"))["layer.n"], {
      shape: [2],
      dtype: "i32",
      data: [1, 2]
    })
  })

  it("keeps numbers that JSON cannot write", () => {
    written("special", [Number.NaN, Infinity, -Infinity, 1])
    expectGolden("special", [Number.NaN, Infinity, -Infinity, 1], { directory })
    assert.throws(
      () => expectGolden("special", [Number.NaN, Infinity, Infinity, 1], { directory }),
      "special[2] is Infinity, the golden value is -Infinity"
    )
    written("number", 0.1)
    assert.throws(
      () => expectGolden("number", 0.1 + 1e-9, { directory }),
      /number\[0\] is 0\.10000000\d+, the golden value is 0\.1 /
    )
    expectGolden("number", 0.1 + 1e-9, { directory, tolerance: 1e-6 })
  })

  it("names the path, the index and both numbers", () => {
    written("tree", tree(1))
    assert.throws(
      () => expectGolden("tree", tree(1.001), { directory }),
      GoldenMismatch,
      "expectGolden: tree at loss[0] is 0.25025, the golden value is 0.25 (relative error 2.50e-4)"
    )
    assert.throws(
      () => expectGolden("tree", { ...tree(1), extra: T.constant(1) }, { directory }),
      "tree at extra: the golden value has no such leaf"
    )
    assert.throws(
      () => expectGolden("tree", { loss: tree(1).loss }, { directory }),
      "tree at layer.w: the golden value has this leaf, the value has none"
    )
    assert.throws(
      () => expectGolden("tree", { ...tree(1), loss: T.constant(0.25) }, { directory }),
      "tree at loss is f32[], the golden value is f64[]"
    )
  })

  it("says what to do where there is no file, or no golden value in it", () => {
    assert.throws(
      () => expectGolden("none", 1, { directory }),
      /there is no .*none\.json; run the test once with UPDATE_GOLDEN=1/
    )
    writeFileSync(join(directory, "broken.json"), "{")
    assert.throws(() => expectGolden("broken", 1, { directory }), /broken\.json is not a golden value/)
    assert.throws(() => expectGolden("../up", 1, { directory }), "is not a file name")
  })
})
