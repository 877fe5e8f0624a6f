import { assert, describe, it } from "@effect/vitest"
import type { Json } from "./callback.ts"
import { type EarlyStopping, earlyStopping } from "./early-stopping.ts"
import type { EpochRecord } from "./history.ts"

/** The epoch after which a run with these losses stops, and the best epochs on the way. */
const watched = (options: EarlyStopping, values: ReadonlyArray<number>, name = "loss") => {
  const { initial, onEpoch } = earlyStopping(options)
  const improved: Array<number> = []
  const history: Array<EpochRecord> = []
  let state: Json = initial
  for (const [i, value] of values.entries()) {
    const record = { epoch: i + 1, loss: 0, [name]: value }
    history.push(record)
    const [next, commands] = onEpoch(state, { record, history, learningRate: 1 })
    // What a checkpoint would make of it.
    state = JSON.parse(JSON.stringify(next))
    const tags = commands.map(({ _tag }) => _tag)
    if (tags.includes("KeepWeights")) improved.push(i + 1)
    if (tags.includes("Stop")) return { stopped: i + 1, improved }
  }
  return { stopped: undefined, improved }
}

describe("early stopping", () => {
  it("stops after so many epochs in a row without improvement", () => {
    assert.deepStrictEqual(watched({ patience: 2 }, [3, 2, 2.5, 2.4, 1]), { stopped: 4, improved: [1, 2] })
    assert.deepStrictEqual(watched({ patience: 3 }, [3, 2, 2.5, 2.4, 1]), { stopped: undefined, improved: [1, 2, 5] })
  })

  it("of patience 0 or 1 stops at the first epoch that does not improve, never at one that does", () => {
    for (const patience of [0, 1]) {
      assert.strictEqual(watched({ patience }, [3, 2, 1, 1]).stopped, 4)
      assert.strictEqual(watched({ patience }, [3, 2, 1, 0]).stopped, undefined)
    }
  })

  it("counts only what is better by more than minDelta", () => {
    assert.deepStrictEqual(watched({ patience: 2, minDelta: 0.5 }, [3, 2.6, 2.4, 2.3, 2.2]), {
      stopped: 5,
      improved: [1, 3]
    })
  })

  it("takes accuracies for better when larger, unless told otherwise", () => {
    const rising = [0.5, 0.6, 0.7]
    assert.deepStrictEqual(watched({ patience: 1, monitor: "accuracy" }, rising, "accuracy").improved, [1, 2, 3])
    assert.strictEqual(watched({ patience: 1, monitor: "accuracy", mode: "min" }, rising, "accuracy").stopped, 2)
    assert.strictEqual(watched({ patience: 1, monitor: "score", mode: "max" }, rising, "score").stopped, undefined)
  })

  it("knows other metrics that grow by their names, and takes everything else for a loss", () => {
    for (const name of ["acc", "valAcc", "auc", "valF1", "recall", "valMeanIoU", "r2", "pearsonCorrelation"])
      assert.deepStrictEqual(watched({ patience: 1, monitor: name }, [0.5, 0.6, 0.7], name).improved, [1, 2, 3], name)
    for (const name of ["valLoss", "mae", "valRmse", "calibrationError", "perplexity"])
      assert.deepStrictEqual(watched({ patience: 1, monitor: name }, [0.7, 0.6, 0.5], name).improved, [1, 2, 3], name)
  })

  it("NaN is never an improvement", () => {
    assert.deepStrictEqual(watched({ patience: 2 }, [NaN, NaN, 1]), { stopped: 2, improved: [] })
  })
})
