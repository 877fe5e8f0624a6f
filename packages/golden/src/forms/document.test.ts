import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { parseDocument } from "./document.ts"
import { dtypeOf, tensorValue } from "./tensors.ts"

const gradients = (tensor: object): string =>
  JSON.stringify({
    cases: [
      {
        id: "a",
        torch: "torch.neg(a)",
        op: "torch.neg",
        args: [{ input: "a" }],
        inputs: { a: tensor },
        outputs: [],
        cotangents: [],
        grads: {}
      }
    ]
  })

const failure = (text: string) => Effect.map(Effect.flip(parseDocument("x.json", text)), ({ message }) => message)

describe("parseDocument", () => {
  it.effect("tells the four forms apart by their content", () =>
    Effect.gen(function* () {
      const form = (json: object) =>
        Effect.map(parseDocument("x.json", JSON.stringify(json)), (document) => document.form)
      assert.strictEqual(yield* form({ cases: [{ call: "f(o)", base_lr: 1, lr: [1] }] }), "schedules")
      assert.strictEqual(yield* form({ shapes: [[1]], initial: [[0]], gradients: [[[1]]], cases: [] }), "optimizers")
      assert.strictEqual(yield* form({ runs: [] }), "training")
      assert.strictEqual(yield* form({ jacobians: [] }), "gradients")
      assert.strictEqual((yield* parseDocument("x.json", gradients({ shape: [1], data: [2] }))).form, "gradients")
    })
  )

  it.effect("reads NaN and infinities from strings", () =>
    Effect.gen(function* () {
      const document = yield* parseDocument(
        "x.json",
        gradients({ shape: [4], data: ["NaN", "Infinity", "-Infinity", 1] })
      )
      assert.strictEqual(document.form, "gradients")
      const tensor = document.form === "gradients" ? document.content.cases?.[0]?.inputs["a"] : undefined
      assert.isTrue(typeof tensor === "object")
      if (typeof tensor === "object")
        assert.deepStrictEqual(tensorValue(tensor).data, Float64Array.of(Number.NaN, Infinity, -Infinity, 1))
    })
  )

  it.effect("says in a sentence what is wrong", () =>
    Effect.gen(function* () {
      assert.match(yield* failure("{"), /^x\.json is not JSON: /)
      assert.match(yield* failure("[1]"), /^x\.json is none of the four golden forms/)
      assert.match(
        yield* failure('{"cases": [{"lr": [1], "call": 3}]}'),
        /^x\.json looks like a schedules file, but Expected string at \["cases"\]\[0\]\["call"\]$/
      )
      assert.match(
        yield* failure(gradients({ shape: [2], data: [1] })),
        /1 numbers do not fill the shape \[2\], which has 2 at .*\["a"\]$/
      )
      assert.match(yield* failure(gradients({ shape: [1], data: ["one"] })), /looks like a gradients file/)
      assert.match(yield* failure('{"runs": [{"name": "r"}]}'), /looks like a training file, but /)
    })
  )
})

describe("dtypeOf", () => {
  it("computes floats in f64 and integers in i32", () => {
    assert.deepStrictEqual(
      [
        dtypeOf({ shape: [], data: [1] }),
        dtypeOf({ shape: [], data: [1], dtype: "int64" }),
        dtypeOf({ shape: [], data: [true], dtype: "bool" })
      ],
      ["f64", "i32", "bool"]
    )
  })
})
