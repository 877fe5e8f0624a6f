import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Dataset, Synthetic } from "@cotangent/data"
import { T, Values } from "@cotangent/graph"
import { Loss, Metrics, Model, Regularizer } from "@cotangent/nn"
import { adam, averaged, sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import type { FitError } from "./errors.ts"
import type { TrainEvent } from "./events.ts"
import * as Trainer from "./fit.ts"
import { evaluate, predict } from "./measuring.ts"

const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
const model = pipe(Model.input([4]), Model.dense("hidden", 8, { activation: "relu" }), Model.dense("logits", 3))
const data = Synthetic.classification({ rows: 53, features: 4, classes: 3, seed: 7 })
const options = {
  loss,
  optimizer: adam({ learningRate: 0.01 }),
  metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
  epochs: 3,
  batchSize: 8,
  validationSplit: 0.2,
  seed: 1
} as const

const run = <A, E>(effect: Effect.Effect<A, E, Compute>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, Compute.layer))

/** Labels that a row's first number decides, so that there is something to learn. */
const learnable = Dataset.classification({
  inputShape: [2],
  rows: Array.from({ length: 40 }, (_, i) => [(i % 10) / 10, ((i * 7) % 10) / 10]),
  labels: Array.from({ length: 40 }, (_, i) => (i % 10 < 5 ? 0 : 1)),
  classes: 2
})
const small = pipe(Model.input([2]), Model.dense("hidden", 8, { activation: "tanh" }), Model.dense("logits", 2))

describe("Trainer.fit", () => {
  it("trains past the short last batch and gives the same bits twice", async () => {
    const [a, b] = [await run(Trainer.fit(model, options)(data)), await run(Trainer.fit(model, options)(data))]
    assert.deepStrictEqual(a.history, b.history)
    assert.deepStrictEqual(a.params.hidden.kernel.data, b.params.hidden.kernel.data)
    assert.strictEqual(a.history.epochs.length, 3)
    // 42 training rows make 5 batches of 8 and one of 2.
    assert.deepStrictEqual(Array.from(a.optimizerState.step.data), [3 * 6])
  })

  it("gives the same bits on JavaScript", async () => {
    const wasm = await run(Trainer.fit(model, options)(data))
    const js = await Effect.runPromise(Effect.provide(Trainer.fit(model, options)(data), Compute.javascript))
    assert.deepStrictEqual(wasm.history, js.history)
    assert.deepStrictEqual(wasm.params.logits.kernel.data, js.params.logits.kernel.data)
  })

  it("evaluates and gives back the averages of an averaged optimizer, which do not change the run", async () => {
    const average = averaged(options.optimizer, { decay: 0.9 })
    const plain = await run(Trainer.fit(model, options)(data))
    const { history, optimizerState, params } = await run(Trainer.fit(model, { ...options, optimizer: average })(data))
    assert.deepStrictEqual(optimizerState.params.hidden.kernel.data, plain.params.hidden.kernel.data)
    assert.deepStrictEqual(params.hidden.kernel.data, optimizerState.weightAverage.hidden.kernel.data)
    assert.notDeepEqual(params.hidden.kernel.data, plain.params.hidden.kernel.data)
    assert.deepStrictEqual(
      history.epochs.map((epoch) => epoch.loss),
      plain.history.epochs.map((epoch) => epoch.loss)
    )
    assert.notStrictEqual(history.epochs[2]?.valLoss, plain.history.epochs[2]?.valLoss)
  })

  it("learns what can be learned", async () => {
    const { history } = await run(
      Trainer.fit(small, {
        loss,
        optimizer: adam({ learningRate: 0.05 }),
        metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
        epochs: 60,
        batchSize: 8
      })(learnable)
    )
    assert.isAbove(history.epochs.at(-1)?.accuracy ?? 0, 0.95)
    assert.isUndefined(history.epochs.at(-1)?.valAccuracy)
  })

  it("takes a batch larger than the data", async () => {
    const { optimizerState } = await run(
      Trainer.fit(small, { loss, optimizer: sgd({ learningRate: 0.1 }), epochs: 2, batchSize: 100 })(learnable)
    )
    assert.deepStrictEqual(Array.from(optimizerState.step.data), [2])
  })

  it("counts a mean over unequal batches sample by sample", async () => {
    const still = {
      loss,
      optimizer: sgd({ learningRate: 1e-30 }),
      metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
      epochs: 1,
      seed: 3
    } as const
    const measure = async (batchSize: number) =>
      (await run(Trainer.fit(model, { ...still, batchSize })(data))).history.epochs[0]
    const [whole, cut] = [await measure(53), await measure(9)]
    assert.closeTo(whole?.loss ?? 0, cut?.loss ?? 1, 1e-6)
    assert.strictEqual(whole?.accuracy, cut?.accuracy)
  })

  it("trains on samples without ignored labels as if the others were not there", async () => {
    const ignored = { ...data.y, data: data.y.data.map((label, i) => (i % 3 === 0 ? -100 : label)) }
    const kept = Array.from(data.y.data.keys()).filter((i) => i % 3 !== 0)
    const others = Dataset.classification({
      inputShape: [4],
      rows: kept.map((i) => Array.from(data.x.data.subarray(4 * i, 4 * i + 4))),
      labels: kept.map((i) => data.y.data[i] ?? 0),
      classes: 3
    })
    const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true, ignoreIndex: -100 })
    const regularised = pipe(Model.input([4]), Model.dense("logits", 3, { kernelRegularizer: Regularizer.l2(0.01) }))
    const whole = { loss, optimizer: sgd({ learningRate: 0.5 }), epochs: 4, batchSize: 53, seed: 3, shuffle: false }
    const a = await run(Trainer.fit(regularised, { ...whole, validationData: others })({ ...data, y: ignored }))
    const b = await run(Trainer.fit(regularised, { ...whole, validationData: { ...data, y: ignored } })(others))
    for (const [i, { loss: trained, valLoss }] of a.history.epochs.entries()) {
      assert.closeTo(trained, b.history.epochs[i]?.loss ?? 0, 1e-6)
      assert.closeTo(valLoss ?? 0, b.history.epochs[i]?.valLoss ?? 1, 1e-6)
    }
    for (const [i, x] of a.params.logits.kernel.data.entries())
      assert.closeTo(x, b.params.logits.kernel.data[i] ?? 0, 1e-6)
    // Batches in which every label is ignored change nothing.
    const none = { ...data.y, data: data.y.data.map(() => -100) }
    const plain = Model.dense("logits", 3)(Model.input([4]))
    const [one] = (await run(Trainer.fit(plain, { ...whole, epochs: 1, batchSize: 9 })({ ...data, y: none }))).history
      .epochs
    assert.strictEqual(one?.loss, 0)
  })

  it("measures the mean over the positions of sequences that are not ignored", async () => {
    const sequences = Dataset.make({
      name: "sequences",
      x: Values.of(data.x.data.slice(0, 4 * 48), [8, 6, 4], "f32"),
      y: Values.of(
        data.y.data.slice(0, 48).map((label, i) => (i % 5 === 0 || i < 9 ? -1 : label)),
        [8, 6],
        "i32"
      )
    })
    const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true, ignoreIndex: -1 })
    const tagger = Model.dense("logits", 3)(Model.input([6, 4]))
    const measured = await run(
      Effect.gen(function* () {
        const still = { loss, optimizer: sgd({ learningRate: 1e-30 }), epochs: 1 }
        const weights = yield* Trainer.fit(tagger, still)(sequences)
        const outputs = yield* predict(tagger)(weights)(sequences.x)
        const { loss: all } = yield* evaluate(tagger, { loss, batchSize: 3 })(weights)(sequences)
        return { all, outputs }
      })
    )
    const mean = T.evaluate(loss(T.fromValue(measured.outputs), T.fromValue(sequences.y)))
    assert.closeTo(measured.all, mean.data[0] ?? 0, 1e-6)
  })

  it("decides dropout by the seed", async () => {
    const dropped = pipe(
      Model.input([4]),
      Model.dense("hidden", 16, { activation: "relu" }),
      Model.dropout(0.5),
      Model.dense("logits", 3)
    )
    const lossOf = async (seed: number) =>
      (await run(Trainer.fit(dropped, { ...options, seed })(data))).history.epochs.at(-1)?.loss
    assert.strictEqual(await lossOf(1), await lossOf(1))
    assert.notStrictEqual(await lossOf(1), await lossOf(2))
  })

  it("keeps the running statistics of a normalised model and evaluates with them", async () => {
    const normalised = pipe(
      Model.input([4]),
      Model.dense("hidden", 8),
      Model.batchNorm("norm"),
      Model.relu,
      Model.dense("logits", 3)
    )
    const { modelState, history } = await run(Trainer.fit(normalised, options)(data))
    assert.isTrue(modelState.norm.mean.data.some((x) => x !== 0))
    assert.isTrue(Number.isFinite(history.epochs.at(-1)?.valLoss))
  })

  it("stops early and gives back the best weights", async () => {
    const stopping = {
      ...options,
      optimizer: adam({ learningRate: 0.2 }),
      epochs: 200,
      earlyStopping: { patience: 3 }
    } as const
    const { history, stopped } = await run(Trainer.fit(model, stopping)(data))
    assert.strictEqual(stopped, "earlyStopping")
    assert.isBelow(history.epochs.length, 200)
    const losses = history.epochs.map((e) => e.valLoss ?? Number.NaN)
    assert.strictEqual(losses.indexOf(Math.min(...losses)), losses.length - 4)
  })
})

describe("what Trainer.fit refuses", () => {
  const sentence = async (effect: Effect.Effect<unknown, Error, Compute>): Promise<string> =>
    (await run(Effect.flip(effect))).message

  it("every bad option at once", async () => {
    const message = await sentence(
      Trainer.fit(model, { ...options, epochs: 0, batchSize: 2.5, validationSplit: 2, seed: 0.5 })(data)
    )
    for (const name of ["epochs is 0", "batchSize is 2.5", "validationSplit is 2", "seed is 0.5"])
      assert.include(message, name)
  })

  it("data that is not finite, by sample", async () => {
    const x = data.x.data.slice()
    x[4 * 11 + 2] = Number.NaN
    assert.include(
      await sentence(Trainer.fit(model, options)({ ...data, x: { ...data.x, data: x } })),
      "sample 11 of the data holds NaN"
    )
  })

  it("a label that is no class", async () => {
    const y = data.y.data.slice()
    y[5] = 3
    const message = await sentence(Trainer.fit(model, options)({ ...data, y: { ...data.y, data: y } }))
    assert.match(message, /sample 5, 3 is not/)
  })

  it("labels that are no classes, wherever they are, unless the loss ignores them", async () => {
    const y = data.y.data.slice()
    y[5] = 7
    const wrong = { ...data, y: { ...data.y, data: y } }
    const found = "sparseCategoricalCrossentropy: in the target of sample 5, 7 is not a class from 0 to 2"
    // The options hold rows of the data out: the wrong one is looked at whichever side it is on.
    assert.strictEqual(await sentence(Trainer.fit(model, options)(wrong)), `fit: ${found}`)
    const { loss, optimizer } = options
    const held = Trainer.fit(model, { loss, optimizer, epochs: 1, validationData: wrong })(data)
    assert.strictEqual(await sentence(held), `fit: the validation data: ${found}`)
    const mine = Loss.make({ name: "mine", targets: "labels", elements: (x) => T.sum(x, { axis: -1 }) })
    assert.include(await sentence(Trainer.fit(model, { ...options, loss: mine })(wrong)), "sample 5, 7 is not a class")
    const ignoring = Loss.sparseCategoricalCrossentropy({ fromLogits: true, ignoreIndex: 7 })
    await run(Trainer.fit(model, { ...options, loss: ignoring, epochs: 1 })(wrong))
    assert.include(
      await sentence(Trainer.fit(model, { ...options, classWeight: { 3: 2 } })(data)),
      "classWeight names 3, which is not a class from 0 to 2"
    )
  })

  it("what is no model, loss, optimizer, metric, number or data set, when types were not looked at", async () => {
    const none = { loss: undefined, optimizer: "adam", metrics: { accuracy: "accuracy" }, validationData: [] }
    const message = await sentence(Trainer.fit(undefined as never, none as never)([] as never))
    assert.deepStrictEqual(message.split("\n"), [
      "fit: the model is no model; make it with pipe(Model.input([...]), ...)",
      "fit: loss is no loss; see Loss",
      "fit: metrics.accuracy is no metric; see Metrics",
      "fit: the data is no data set; make it with Dataset, or a stream to train on with DataStream",
      "fit: optimizer is no optimizer; see Optimizer",
      "fit: epochs is undefined; a number is needed",
      "fit: validationData is no data set"
    ])
  })

  it("a loss that stops being finite, with the history so far", async () => {
    const error = await run(
      Effect.flip(Trainer.fit(model, { ...options, optimizer: sgd({ learningRate: 1e30 }), epochs: 9 })(data))
    )
    assert.strictEqual(error._tag, "NonFiniteError")
    if (error._tag === "NonFiniteError") assert.strictEqual(error.history.epochs.length, error.epoch)
  })

  it("a NaN at its step, with the operation that made it, in debug mode", async () => {
    // tanh has both signs: the root of some units is NaN.
    const rooted = pipe(
      Model.input([4]),
      Model.dense("hidden", 8, { activation: "tanh" }),
      Model.custom("root", { init: () => ({}), apply: (_, x) => T.sqrt(x) }),
      Model.dense("logits", 3)
    )
    const debug = { ...options, debug: true }
    const error = await run(Effect.flip(Trainer.fit(rooted, debug)(data)))
    assert.strictEqual(error._tag, "NonFiniteError")
    if (error._tag !== "NonFiniteError") return
    const operation = error.origin?.operation
    assert.deepStrictEqual([operation?.primitive, operation?.layer, operation?.phase], ["sqrt", "root", "forward"])
    assert.deepStrictEqual([error.epoch, error.history.epochs.length, error.origin?.step], [1, 0, 1])
    assert.strictEqual(error.origin?.inputs[0], "state.optimizer.params.hidden.kernel")
    assert.match(
      error.message,
      /^fit: epoch 1: train, step 1: sqrt made NaN at \[.*\] of f32\[8, 8\] .*, in layer root, built at /
    )
    // The layer of the service says the same of any run.
    const byLayer = await Effect.runPromise(
      Effect.provide(Effect.flip(Trainer.fit(rooted, options)(data)), Compute.debug)
    )
    assert.strictEqual(byLayer.message, error.message)
  })

  it("nothing in debug mode that it takes without it: the same bits", async () => {
    const [plain, debug] = [
      await run(Trainer.fit(model, options)(data)),
      await run(Trainer.fit(model, { ...options, debug: true })(data))
    ]
    assert.deepStrictEqual(debug.history, plain.history)
    assert.deepStrictEqual(debug.params, plain.params)
  })

  it("data and targets of other shapes, in the types", async () => {
    const wide = Synthetic.classification({ rows: 10, features: 5, classes: 3, seed: 1 })
    // @ts-expect-error the model takes [4] per sample, the data has [5]
    void Trainer.fit(model, options)(wide)
    const values = Dataset.regression({ inputShape: [4], rows: [[1, 2, 3, 4]], targets: [1] })
    // @ts-expect-error labels are i32
    void Trainer.fit(model, options)(values)
    const column = pipe(Model.input([4]), Model.dense("y", 1))
    const regression = { loss: Loss.meanSquaredError, optimizer: options.optimizer, epochs: 1 }
    // @ts-expect-error needs f32 values [batch, 1], got f32 [batch]; end the model with Model.reshape([])
    const unshaped = Trainer.fit(column, regression)(values)
    assert.deepStrictEqual((await run(Effect.flip(unshaped as Effect.Effect<unknown, FitError, Compute>))).problems, [
      "meanSquaredError: the output [batch, 1] needs values [batch, 1], got [1]; end the model with Model.reshape([])"
    ])
    void Trainer.fit(pipe(column, Model.reshape([])), regression)(values)
    const { epochs: _, ...without } = options
    void Trainer.fit(model, {
      ...options,
      // @ts-expect-error 'epoch' does not exist
      epoch: 3
    })
    // @ts-expect-error Property 'epochs' is missing
    const endless = Trainer.fit(model, without)(data)
    assert.deepStrictEqual((await run(Effect.flip(endless as Effect.Effect<unknown, FitError, Compute>))).problems, [
      "epochs is undefined; a number is needed"
    ])
    void Trainer.fit(model, {
      loss,
      optimizer: options.optimizer,
      // @ts-expect-error 'epoch' does not exist, and not: the loss is not assignable
      epoch: 3
    })
    type Names = Effect.Success<
      ReturnType<
        ReturnType<typeof Trainer.fit<["batch", 4], ["batch", 3], {}, {}, "labels", never, typeof options.metrics>>
      >
    >["history"]["epochs"][number]
    // @ts-expect-error the metric is called accuracy
    type Unknown = Names["acuracy"]
    const unused: Unknown | undefined = undefined
    assert.isUndefined(unused)
  })
})

describe("Trainer.events", () => {
  it("tells the start, every epoch, the end, and the run last", async () => {
    const tags = await run(
      Trainer.events(
        model,
        options
      )(data).pipe(
        Stream.map((e) => e._tag),
        Stream.runCollect
      )
    )
    assert.deepStrictEqual(
      [...tags].filter((tag) => tag !== "Progress"),
      ["Started", "Epoch", "Epoch", "Epoch", "Finished", "Done"]
    )
  })

  it("fails with the sentence of fit", async () => {
    const error = await run(Effect.flip(Stream.runDrain(Trainer.events(model, { ...options, epochs: -1 })(data))))
    assert.include(error.message, "epochs is -1")
  })

  it("is interrupted between two steps, and leaves no session open", async () => {
    await run(
      Effect.gen(function* () {
        const compute = yield* Compute
        const seen: Array<TrainEvent<string>["_tag"] | "Done"> = []
        const fiber = yield* Trainer.events(model, { ...options, epochs: 1_000_000 })(data).pipe(
          Stream.runForEach((event) => Effect.sync(() => seen.push(event._tag))),
          Effect.forkChild
        )
        while (!seen.includes("Epoch")) yield* Effect.sleep("5 millis")
        yield* Fiber.interrupt(fiber)
        assert.include(seen, "Epoch")
        assert.notInclude(seen, "Done")
        const { made, free } = compute.engine.pool.statistics()
        assert.strictEqual(made, free)
      })
    )
  })
})
