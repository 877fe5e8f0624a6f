/** A run that is stopped anywhere and goes on is the run that never stopped: the same bits. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { pipe } from "effect/Function"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Synthetic } from "@cotangent/data"
import { Tree, type Value } from "@cotangent/graph"
import { Loss, Metrics, Model } from "@cotangent/nn"
import { adam } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Callback from "./callbacks.ts"
import * as Checkpoints from "./checkpoints.ts"
import { CheckpointError } from "./errors.ts"
import * as Trainer from "./fit.ts"
import type { CheckpointOptions } from "./options.ts"

const model = pipe(
  Model.input([4]),
  Model.dense("hidden", 6, { activation: "tanh" }),
  Model.batchNorm("norm"),
  Model.dropout(0.25),
  Model.dense("logits", 3)
)
const data = Synthetic.classification({ rows: 45, features: 4, classes: 3, seed: 5 })
const common = {
  loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
  optimizer: adam({ learningRate: 0.05 }),
  metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
  epochs: 5,
  batchSize: 4,
  validationSplit: 0.2,
  seed: 3
} as const
const variants = {
  plain: {},
  accumulating: { accumulate: 3 },
  "in epochs of their own length": { stepsPerEpoch: 7 },
  "deciding and weighing": {
    earlyStopping: { patience: 2 },
    callbacks: [Callback.plateau({ patience: 1, factor: 0.5 })],
    classWeight: { 0: 2 },
    recovery: {}
  }
} as const

type Options = Parameters<
  typeof Trainer.fit<["batch", 4], ["batch", 3], {}, {}, "labels", never, typeof common.metrics>
>[1]

const fit = (more: object, checkpoints?: CheckpointOptions) =>
  Trainer.fit(model, {
    ...common,
    ...(more as Pick<Options, "accumulate">),
    ...(checkpoints === undefined ? {} : { checkpoints })
  })(data)

const bitsOf = (tree: unknown): ReadonlyArray<readonly [string, Uint8Array]> =>
  Tree.entries<Value>(tree).map(({ path, leaf: { data: d } }) => [
    path,
    new Uint8Array(d.buffer, d.byteOffset, d.byteLength)
  ])
const everything = (run: Effect.Success<ReturnType<typeof fit>>) => ({
  bits: bitsOf({ params: run.params, state: run.modelState, optimizer: run.optimizerState }),
  history: run.history,
  stopped: run.stopped
})

/** A store that dies at its n-th save, before or after it took place, as a process that is killed. */
const mortal = (store: Checkpoints.CheckpointStore, dies: number, after: boolean): Checkpoints.CheckpointStore => {
  let saves = 0
  const dead = new CheckpointError({ path: "test", message: "killed" })
  return {
    latest: store.latest,
    save: (checkpoint) =>
      ++saves < dies
        ? store.save(checkpoint)
        : after
          ? Effect.andThen(store.save(checkpoint), Effect.fail(dead))
          : Effect.fail(dead)
  }
}

/** A store that is waiting for its disk at the n-th save, until it is interrupted. */
const pausing = (
  store: Checkpoints.CheckpointStore,
  at: number,
  reached: Deferred.Deferred<void>
): Checkpoints.CheckpointStore => {
  let saves = 0
  return {
    latest: store.latest,
    save: (checkpoint) =>
      ++saves === at
        ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
        : saves > at
          ? store.save(checkpoint)
          : Effect.void
  }
}

const random = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe("a run that is killed and goes on", () => {
  const deep = process.env["COTANGENT_DEEP"] !== undefined
  for (const [name, more] of Object.entries(variants))
    it(`gives the bits of one that was not: ${name}`, async () => {
      await Effect.runPromise(
        Effect.gen(function* () {
          const whole = everything(yield* fit(more))
          const draw = random(name.length)
          for (let trial = 0; trial < (deep ? 40 : 2); trial++) {
            const store = Checkpoints.memory()
            const everySteps = 1 + draw(5)
            let kills = 0
            for (;;) {
              const dying = mortal(store, 1 + draw(6), draw(2) === 0)
              const exit = yield* Effect.exit(fit(more, { store: dying, everySteps, everyEpochs: 1, resume: true }))
              if (Exit.isSuccess(exit)) {
                assert.deepStrictEqual(everything(exit.value), whole)
                break
              }
              assert.match(Cause.pretty(exit.cause), /killed/)
              if (++kills > 60) {
                // A store that dies before its first save never gets on: let the last try live.
                assert.deepStrictEqual(everything(yield* fit(more, { store, everySteps, resume: true })), whole)
                break
              }
            }
          }
        }).pipe(Effect.provide(Compute.layer))
      )
    })

  it("gives them also when it is interrupted between any two steps", async () => {
    await Effect.runPromise(
      Effect.gen(function* () {
        const whole = everything(yield* fit({}))
        const draw = random(7)
        const places = new Set<number>()
        for (let trial = 0; trial < (deep ? 60 : 8); trial++) {
          const store = Checkpoints.memory()
          const reached = yield* Deferred.make<void>()
          const waiting = pausing(store, 1 + draw(44), reached)
          const fiber = yield* Effect.forkChild(fit({}, { store: waiting, everySteps: 1 }))
          yield* Deferred.await(reached)
          yield* Fiber.interrupt(fiber)
          const stopped = yield* store.latest
          places.add(stopped?.step ?? 0)
          assert.deepStrictEqual(everything(yield* fit({}, { store, resume: true })), whole, `at ${stopped?.step}`)
        }
        assert.isAbove(places.size, 3)
      }).pipe(Effect.provide(Compute.layer))
    )
  })

  it("is saved when the reader of its events goes away", async () => {
    await Effect.runPromise(
      Effect.gen(function* () {
        const whole = everything(yield* fit({}))
        const store = Checkpoints.memory()
        const events = Trainer.events(model, { ...common, checkpoints: { store, everyEpochs: 100 } })(data)
        yield* Stream.runDrain(Stream.takeUntil(events, ({ _tag }) => _tag === "Epoch"))
        assert.isAtLeast((yield* store.latest)?.history.epochs.length ?? 0, 1)
        assert.deepStrictEqual(everything(yield* fit({}, { store, resume: true })), whole)
      }).pipe(Effect.provide(Compute.layer))
    )
  })

  it("goes on to more epochs after its end, and does nothing when there are none", async () => {
    await Effect.runPromise(
      Effect.gen(function* () {
        const whole = everything(yield* fit({}))
        const store = Checkpoints.memory()
        yield* Trainer.fit(model, { ...common, epochs: 2, checkpoints: { store } })(data)
        assert.deepStrictEqual(everything(yield* fit({}, { store, resume: true })), whole)
        assert.deepStrictEqual(everything(yield* fit({}, { store, resume: true })), whole)
      }).pipe(Effect.provide(Compute.layer))
    )
  })
})

describe("a checkpoint of another run", () => {
  const refused = (described: Effect.Effect<unknown, Error, Compute>) =>
    Effect.map(Effect.flip(described), ({ message }) => message)

  it("is refused with everything that differs, and loaded in part", async () => {
    await Effect.runPromise(
      Effect.gen(function* () {
        const store = Checkpoints.memory()
        yield* Trainer.fit(model, { ...common, epochs: 1, checkpoints: { store } })(data)
        const other = pipe(
          Model.input([4]),
          Model.dense("hidden", 6, { activation: "tanh" }),
          Model.batchNorm("norm"),
          Model.dropout(0.25),
          Model.dense("more", 3)
        )
        const resuming = { ...common, batchSize: 8, checkpoints: { store, resume: true } }
        const message = yield* refused(Trainer.fit(other, resuming)(data))
        for (const sentence of [
          "batchSize is 8 here, 4 in the checkpoint",
          "optimizer.params.logits.bias is in the checkpoint, the model described here has no such tensor",
          "optimizer.params.more.kernel is f32[6, 3] here, the checkpoint has no such tensor",
          "Checkpoints.partialWeights"
        ])
          assert.include(message, sentence)
        const wider = pipe(Model.input([4]), Model.dense("hidden", 7, { activation: "tanh" }), Model.dense("logits", 3))
        assert.include(
          yield* refused(Trainer.fit(wider, resuming)(data)),
          "optimizer.params.hidden.kernel is f32[4, 7] here, f32[4, 6] in the checkpoint"
        )
        const checkpoint = yield* store.latest
        if (checkpoint === undefined) return assert.fail("there is a checkpoint")
        const { weights, loaded, differences } = Checkpoints.partialWeights(other, checkpoint, { seed: 1 })
        assert.deepStrictEqual(loaded, [
          "params.hidden.kernel",
          "params.hidden.bias",
          "params.norm.scale",
          "params.norm.offset",
          "modelState.norm.mean",
          "modelState.norm.variance"
        ])
        assert.strictEqual(differences.length, 4)
        const exact = yield* Checkpoints.weights(model, checkpoint)
        assert.deepStrictEqual(weights.params.hidden.kernel.data, exact.params.hidden.kernel.data)
        yield* Trainer.fit(other, { ...common, from: weights })(data)
      }).pipe(Effect.provide(Compute.layer))
    )
  })

  it("is refused for other data", async () => {
    await Effect.runPromise(
      Effect.gen(function* () {
        const store = Checkpoints.memory()
        yield* Trainer.fit(model, { ...common, epochs: 1, checkpoints: { store } })(data)
        const others = Synthetic.classification({ rows: 45, features: 4, classes: 3, seed: 6 })
        const message = yield* refused(Trainer.fit(model, { ...common, checkpoints: { store, resume: true } })(others))
        assert.match(message, /trainData is [0-9a-f]{8} here, [0-9a-f]{8} in the checkpoint/)
      }).pipe(Effect.provide(Compute.layer))
    )
  })
})
