/** A transformer reads Genesis a character at a time, guesses what comes next, and writes on. */
import { Console, Effect, FileSystem, pipe } from "effect"
import {
  Compute,
  Dataset,
  Loss,
  Model,
  Optimizer,
  RandomKey,
  step,
  T,
  type Tensor,
  Trainer,
  Values,
  Viz
} from "cotangent"
import { forSeeds, judge, mean, picture, short, show } from "../gallery/page.ts"

/** How many characters the network sees at once, and how many there are. */
const length = 64
const characters = 60

const model = pipe(
  Model.input([length]),
  Model.embedding("tokens", characters, 64),
  Model.learnedPositions("positions"),
  Model.transformerDecoder("first", { intermediateDim: 128, numHeads: 4, normalizeFirst: true }),
  Model.transformerDecoder("second", { intermediateDim: 128, numHeads: 4, normalizeFirst: true }),
  Model.layerNorm("norm", { epsilon: 1e-5 }),
  Model.dense("logits", characters)
)

const text = Effect.flatMap(FileSystem.FileSystem, (files) =>
  files.readFileString("examples/genesis-transformer/genesis.txt")
)

/** The text in pieces, and the same one character on: what comes next at every place. */
const pieces = (codes: ReadonlyArray<number>) => {
  const size = Math.floor((codes.length - 1) / length)
  return Dataset.make({
    x: Values.of(Float32Array.from(codes.slice(0, size * length)), [size, length], "f32"),
    y: Values.of(Int32Array.from(codes.slice(1, size * length + 1)), [size, length], "i32")
  })
}

const train = (codes: ReadonlyArray<number>) => (seed: number) =>
  Trainer.fit(model, {
    loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
    optimizer: Optimizer.adam({ learningRate: 2e-3, epsilon: 1e-8 }),
    epochs: short ? 2 : 20,
    batchSize: 32,
    // The last chapters.
    validationSplit: 0.1,
    seed
  })(pieces(short ? codes.slice(0, 30_000) : codes))
type Run = Effect.Success<ReturnType<ReturnType<typeof train>>>

/** The text that is being written, its last 64 characters, and the key of the next draw. */
interface Writing {
  readonly context: Tensor<[1, typeof length]>
  readonly key: RandomKey.Key
}
interface Weights {
  readonly params: Model.Params<typeof model>
}

/** Draws the next character from the probabilities that the network gives. */
const next = step(({ context, key }: Writing, { params }: Weights) => {
  const { y } = model.apply(params, {}, context, Model.evaluate)
  const [now, later] = RandomKey.split(key)
  const letter = RandomKey.categorical(now, T.reshape(T.slice(y, [{}, { start: -1 }]), [1, characters]))
  const followed = T.concat(T.slice(context, [{}, { start: 1 }]), T.cast(T.reshape(letter, [1, 1]), "f32"))
  return [{ context: followed, key: later }, { letter }]
})

/** Writes `count` characters behind 64 that are given. */
const write = ({ params }: Run, start: ReadonlyArray<number>, count: number) =>
  Effect.gen(function* () {
    const state: Writing = { context: T.fromArray(Float32Array.from(start), [1, length]), key: RandomKey.key(7) }
    const session = yield* Compute.session({ state, data: { params: T.fromValues(params) }, programs: { next } })
    const steps = Array.from({ length: count }, () => session.step("next"))
    return (yield* Effect.all(steps)).map(({ letter }) => letter.data[0] ?? 0)
  }).pipe(Effect.scoped)

/** PyTorch's mean and two of its deviations. */
const level = short ? 3.1 : 1.45

const heldOutLoss = ({ history }: Run): number => history.epochs.at(-1)?.valLoss ?? Infinity

show(
  Effect.gen(function* () {
    const genesis = yield* text
    const letters = [...new Set(genesis)].toSorted()
    const codes = Array.from(genesis, (letter) => letters.indexOf(letter))
    const runs = yield* forSeeds(
      train(codes),
      (run) => `held-out loss ${heldOutLoss(run).toFixed(4)} nats per character`
    )
    const start = genesis.lastIndexOf("\nAnd Joseph", genesis.length - 1000) + 1
    for (const run of runs.slice(0, 1)) {
      const written = yield* write(run, codes.slice(start - length, start), short ? 20 : 600)
      yield* Console.log(`\n${written.map((code) => letters[code]).join("")}\n`)
    }
    const curve = (of: (epoch: Run["history"]["epochs"][number]) => number) =>
      (runs[0]?.history.epochs ?? []).map(
        ({ epoch }, i) => [epoch, mean(runs.flatMap(({ history }) => history.epochs.slice(i, i + 1).map(of)))] as const
      )
    const chart = Viz.lines({
      title: `Genesis, a character at a time: mean of ${runs.length} seeds`,
      xTitle: "epoch",
      yTitle: "nats per character",
      counts: true,
      width: 900,
      height: 520,
      series: [
        { label: "training", points: curve(({ loss }) => loss) },
        { label: "last chapters, held out", points: curve(({ valLoss = Number.NaN }) => valLoss) },
        { label: "level, from PyTorch", points: [1, short ? 2 : 20].map((epoch) => [epoch, level]) }
      ]
    })
    yield* picture("genesis-transformer", chart)
    yield* judge({
      what: "held-out loss, nats per character",
      values: runs.map(heldOutLoss),
      atMost: level
    })
  })
)
