import { Preprocess, Table } from "@cotangent/data"
import { T, type Value, Values } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { Compute, specOf } from "@cotangent/runtime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Result from "effect/Result"
import * as Artifact from "./artifact-module.ts"
import { RowError } from "./errors.ts"
import { bitsOf, type Example, examples, inputOf, split } from "./models.test.support.ts"
import * as Predictor from "./predictor-module.ts"

/** The outputs of a model for a batch, computed as in training: through Compute, from the code of the model. */
const computed = ({ model, weights }: Example, x: Value): Promise<Value> =>
  Effect.gen(function* () {
    const program = yield* Compute.compile(
      (params: never, state: never, input: never) => ({ y: model.apply(params, state, input, Model.evaluate).y }),
      [specOf(weights.params), specOf(weights.modelState), specOf(x)] as never
    )
    const run = program.run as (...args: ReadonlyArray<unknown>) => Effect.Effect<{ readonly y: Value }>
    return (yield* run(weights.params, weights.modelState, x)).y
  }).pipe(Effect.provide(Compute.layer), Effect.runPromise)

const sizeOfRow = ({ model }: Example): number => model.inputShape.reduce((n, d) => n * d, 1)

describe("Predictor", () => {
  for (const [name, example] of Object.entries(examples)) {
    it(`gives ${name} the bits of training: row by row, in batches, from bytes, on both targets`, async () => {
      const count = 13
      const data = example.rows(count)
      const expected = bitsOf((await computed(example, inputOf(example, data))).data as Float32Array)
      const rows = split(data, sizeOfRow(example))
      const bytes = Artifact.encode(example.artifact)
      const predictors = [
        Predictor.make(example.artifact),
        Predictor.fromBytes(bytes),
        Predictor.fromBytes(bytes, { target: "js" })
      ]
      for (const { predict, predictBatch } of predictors) {
        assert.deepStrictEqual(
          rows.flatMap((row) => bitsOf(predict(row))),
          expected
        )
        assert.deepStrictEqual(predictBatch(rows).flatMap(bitsOf), expected)
        assert.deepStrictEqual(bitsOf(predict(Array.from(rows[0] ?? []))), expected.slice(0, expected.length / count))
      }
    })
  }

  const fruit = Result.getOrThrow(
    Preprocess.fit(
      Preprocess.make({
        mass: Preprocess.standardise,
        kind: Preprocess.oneHot({ categories: ["plum", "apple"] }),
        age: Preprocess.impute({ constant: 7 }, { indicator: true })
      }),
      Table.fromColumns({ mass: [1, 5], kind: ["plum", "apple"], age: [1, null] })
    )
  )

  const sum = pipe(Model.input([2]), Model.dense("sum", 1, { useBias: false }))
  const weights = { params: { sum: { kernel: Values.of(Float32Array.of(1, 1), [2, 1], "f32") } }, modelState: {} }

  it("gives out arrays of their own, or writes into one that is given", () => {
    const { predict, predictInto, predictBatch } = Predictor.make(Artifact.make(sum, weights))
    const first = predict([1, 2])
    assert.deepStrictEqual([...predict([3, 4])], [7])
    assert.deepStrictEqual([...first], [3])
    const out = new Float32Array(1)
    assert.strictEqual(predictInto([5, 6], out), out)
    assert.deepStrictEqual([...out], [11])
    assert.throws(() => predictInto([5, 6], new Float32Array(2)), RowError, "there are 1 outputs, the array has 2")
    assert.deepStrictEqual(predictBatch([]), [])
  })

  it("refuses rows that are not what the model takes, and goes on", () => {
    const { predict, predictBatch } = Predictor.make(Artifact.make(sum, weights))
    const refused = (row: unknown, sentence: string) => {
      // Rows that the types refuse.
      assert.throws(() => predict(row as never), RowError, sentence)
      assert.throws(() => predictBatch([[1, 1], row as never]), RowError, sentence)
    }
    refused([1], "predict: a row has 2 numbers, this one has 1")
    refused([1, 2, 3], "predict: a row has 2 numbers, this one has 3")
    refused([1, Number.NaN], "predict: number 1 of the row is NaN; every one must be finite")
    refused([1, "2"], 'predict: number 1 of the row is "2"; every one must be finite')
    refused({ a: 1 }, "predict: a row must be a list of 2 numbers")
    refused(undefined, "predict: a row must be a list of 2 numbers")
    assert.deepStrictEqual([...predict([3, 4])], [7])
  })

  it("names outputs", () => {
    const labels = ["no", "yes"] as const
    const { classify, classifyBatch } = Predictor.make(Artifact.make(sum, weights, { labels, threshold: 3 }))
    const found = classify([1, 2])
    const label: "no" | "yes" = found.label
    assert.deepStrictEqual({ ...found, label }, { label: "yes", index: 1, score: 3 })
    assert.deepStrictEqual(
      classifyBatch([
        [1, 1],
        [2, 2]
      ]).map((one) => one.label),
      ["no", "yes"]
    )
    const three = pipe(Model.input([1]), Model.dense("scores", 3))
    const params = T.evaluate({ scores: { kernel: T.constant([[1, 2, 2]]), bias: T.constant([0, 0, 0]) } })
    const artifact = Artifact.make(three, { params, modelState: {} }, { labels: ["a", "b", "c"] })
    assert.deepStrictEqual(Predictor.make(artifact).classify([1]), { label: "b", index: 1, score: 2 })
    assert.deepStrictEqual(Predictor.make(artifact).classify([-1]), { label: "a", index: 0, score: -1 })
    const { classify: unnamed } = Predictor.make(Artifact.make(sum, weights))
    assert.throws(() => unnamed([1, 2]), RowError, "classify: the outputs have no labels; give them to Artifact.make")
  })

  it("turns rows of numbers and words into what the model takes", () => {
    const model = pipe(Model.input([5]), Model.dense("same", 5, { useBias: false }))
    const identity = Float32Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 1 : 0))
    const artifact = Artifact.make(
      model,
      { params: { same: { kernel: Values.of(identity, [5, 5], "f32") } }, modelState: {} },
      { preprocessing: fruit }
    )
    const { classify, predict } = Predictor.make(artifact)
    const mass = Math.fround((5.7 - 3) / 2)
    assert.deepStrictEqual([...predict({ kind: "apple", mass: 5.7, age: 3 })], [mass, 0, 1, 3, 0])
    assert.deepStrictEqual([...predict({ kind: "plum", mass: 5.7, age: null })], [mass, 1, 0, 7, 1])
    assert.throws(() => classify({ kind: "plum", mass: 1, age: 1 }), RowError, "the outputs have no labels")
    // @ts-expect-error a row has all columns
    const lacking = () => predict({ kind: "plum", mass: 5.7 })
    assert.throws(
      lacking,
      RowError,
      'predict: column "age": the row has no such cell; write null for one that is not known'
    )
    const loaded = Predictor.fromBytes(Artifact.encode(artifact))
    assert.deepStrictEqual([...loaded.predict({ kind: "plum", mass: 5.7, age: null })], [mass, 1, 0, 7, 1])
    const refused = (row: unknown, sentence: string) => assert.throws(() => loaded.predict(row), RowError, sentence)
    refused({ kind: "pear", mass: 5.7, age: 1 }, 'predict: column "kind": "pear" is none of the categories')
    refused({ kind: "pear", mass: "1", age: 1 }, '; column "kind": ')
    refused([1, "plum"], "the row has no such cell")
    refused(7, "a row must be a record of cells, it is 7")
  })

  it("gives numbers in the units of the table", () => {
    const prices = Result.getOrThrow(
      Preprocess.fit(
        Preprocess.make({ size: Preprocess.minMax() }, Preprocess.target("price", Preprocess.standardise)),
        Table.fromColumns({ size: [10, 30], price: [100, 300] })
      )
    )
    const model = pipe(Model.input([1]), Model.dense("price", 1))
    const params = T.evaluate({ price: { kernel: T.constant([[2]]), bias: T.constant([-1]) } })
    const { estimate, predict } = Predictor.make(
      Artifact.make(model, { params, modelState: {} }, { preprocessing: prices })
    )
    assert.deepStrictEqual(
      [10, 20, 30].map((size) => estimate({ size })),
      [100, 200, 300]
    )
    assert.deepStrictEqual([...predict({ size: 30 })], [1])
    const { artifact, rows } = examples["convolutions"] ?? assert.fail()
    assert.throws(
      () => Predictor.make(artifact).estimate(rows(1)),
      RowError,
      "estimate: the model puts out several numbers"
    )
  })

  it("takes labels from preprocessing that knows them", () => {
    const flowers = Result.getOrThrow(
      Preprocess.fit(
        Preprocess.make({ size: Preprocess.number }, Preprocess.label("kind")),
        Table.fromColumns({ size: [1, 2, 3], kind: ["rose", "tulip", "rose"] })
      )
    )
    const model = pipe(Model.input([1]), Model.dense("scores", 2))
    const params = T.evaluate({ scores: { kernel: T.constant([[1, -1]]), bias: T.constant([0, 3]) } })
    const { classify } = Predictor.make(Artifact.make(model, { params, modelState: {} }, { preprocessing: flowers }))
    assert.deepStrictEqual(
      [1, 2].map((size) => classify({ size }).label),
      ["tulip", "rose"]
    )
  })
})
