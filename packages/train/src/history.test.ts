import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  decodeHistory,
  encodeHistory,
  type EpochRecord,
  type History,
  historySeries,
  isValidationName,
  metricNames,
  validationName
} from "./history.ts"

const twoEpochs: History<"accuracy"> = {
  epochs: [
    { epoch: 1, loss: 0.1 + 0.2, accuracy: 0.5, valLoss: 1.25, valAccuracy: 0.25 },
    { epoch: 2, loss: 1e-7, accuracy: 1, valLoss: 5e-324, valAccuracy: 0.75 }
  ]
}

const text = `{
  "version": 1,
  "epochs": [
    { "epoch": 1, "loss": 0.30000000000000004, "accuracy": 0.5, "valLoss": 1.25, "valAccuracy": 0.25 },
    { "epoch": 2, "loss": 1e-7, "accuracy": 1, "valLoss": 5e-324, "valAccuracy": 0.75 }
  ]
}
`

const failure = (json: string) => Effect.map(Effect.flip(decodeHistory(json)), (error) => error.message)

describe("history", () => {
  it("writes one epoch per line", () => assert.strictEqual(encodeHistory(twoEpochs), text))

  it("gives equal bytes whatever the order of the names", () => {
    const shuffled: History = {
      epochs: twoEpochs.epochs.map((record) => Object.fromEntries(Object.entries(record).toReversed()) as EpochRecord)
    }
    assert.strictEqual(encodeHistory(shuffled), text)
  })

  it("puts metrics between loss and valLoss, by name", () => {
    const record: EpochRecord = { valTopFive: 1, valLoss: 2, topFive: 3, auc: 4, valAuc: 5, loss: 6, epoch: 1 }
    const names = [...encodeHistory({ epochs: [record] }).matchAll(/"(\w+)": \d/g)].map((match) => match[1])
    assert.deepStrictEqual(names, ["version", "epoch", "loss", "auc", "topFive", "valLoss", "valAuc", "valTopFive"])
  })

  it.effect("reads what it wrote", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decodeHistory(text), twoEpochs)
    })
  )

  it.effect("keeps NaN and both infinities", () =>
    Effect.gen(function* () {
      const history: History = { epochs: [{ epoch: 1, loss: NaN, up: Infinity, down: -Infinity }] }
      const encoded = encodeHistory(history)
      assert.include(encoded, `"loss": "NaN", "down": "-Infinity", "up": "Infinity"`)
      assert.deepStrictEqual(yield* decodeHistory(encoded), history)
      assert.strictEqual(encodeHistory(yield* decodeHistory(encoded)), encoded)
    })
  )

  it.effect("keeps an empty history and one that starts late", () =>
    Effect.gen(function* () {
      for (const history of [{ epochs: [] }, { epochs: [{ epoch: 7, loss: 1 }] }]) {
        assert.deepStrictEqual(yield* decodeHistory(encodeHistory(history)), history)
      }
    })
  )

  it.effect("refuses what is no history, with a sentence", () =>
    Effect.gen(function* () {
      assert.include(yield* failure("{"), "JSON")
      assert.include(yield* failure(`[]`), "object")
      assert.include(
        yield* failure(`{"version": 2, "epochs": []}`),
        "the file has version 2, this program reads version 1"
      )
      assert.include(yield* failure(`{"version": 1, "epochs": [{"epoch": 1}]}`), `["loss"]`)
      assert.include(yield* failure(`{"version": 1, "epochs": [{"epoch": 1, "loss": "big"}]}`), `["loss"]`)
      assert.include(
        yield* failure(`{"version": 1, "epochs": [{"epoch": 1, "loss": 1, "accuracy": null}]}`),
        `["accuracy"]`
      )
      const epochs = (...numbers: ReadonlyArray<number>) =>
        JSON.stringify({ version: 1, epochs: numbers.map((epoch) => ({ epoch, loss: 1 })) })
      assert.include(yield* failure(epochs(1, 3)), "record 1 says epoch 3")
      assert.include(yield* failure(epochs(0, 1)), "record 0 says epoch 0")
      assert.include(yield* failure(epochs(1.5)), "record 0 says epoch 1.5")
    })
  )

  it("refuses to write a history no run makes", () => {
    assert.throws(
      () =>
        encodeHistory({
          epochs: [
            { epoch: 2, loss: 1 },
            { epoch: 2, loss: 1 }
          ]
        }),
      /record 1 says epoch 2/
    )
  })

  it("names and reads columns", () => {
    assert.strictEqual(validationName("accuracy"), "valAccuracy")
    assert.strictEqual(validationName("loss"), "valLoss")
    assert.isTrue(isValidationName("valAccuracy"))
    assert.isFalse(isValidationName("value"))
    assert.isFalse(isValidationName("val"))
    assert.deepStrictEqual(metricNames(twoEpochs), ["accuracy"])
    assert.deepStrictEqual(historySeries(twoEpochs, "valLoss"), [
      [1, 1.25],
      [2, 5e-324]
    ])
    assert.deepStrictEqual(historySeries(twoEpochs, "missing"), [])
  })

  it("types the names of the metrics", () => {
    const record: EpochRecord<"accuracy"> | undefined = twoEpochs.epochs[0]
    const value: number | undefined = record?.valAccuracy
    // @ts-expect-error: this run has no metric called auc
    assert.isUndefined(record?.auc)
    assert.strictEqual(value, 0.25)
  })
})
