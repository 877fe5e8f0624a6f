/** A transformer fills gaps in Genesis: ten characters of every 64 are hidden, and it sees what is on both sides. */
import { Console, Effect, FileSystem, pipe } from "effect"
import { Compute, Dataset, Loss, Model, Optimizer, Permutation, T, Trainer, Values, Viz } from "cotangent"
import { forSeeds, judge, mean, picture, short, show } from "../gallery/page.ts"

const length = 64
const characters = 60
/** Ten characters of a piece are hidden: what stands there instead is one more character. */
const hidden = 10
const gap = characters
/** The label of a character that is not hidden, and does not count. */
const shown = -1

const model = pipe(
  Model.input([length]),
  Model.embedding("tokens", characters + 1, 64),
  Model.learnedPositions("positions"),
  Model.transformerEncoder("first", { intermediateDim: 128, numHeads: 4, normalizeFirst: true }),
  Model.transformerEncoder("second", { intermediateDim: 128, numHeads: 4, normalizeFirst: true }),
  Model.layerNorm("norm", { epsilon: 1e-5 }),
  Model.dense("logits", characters)
)

const text = Effect.flatMap(FileSystem.FileSystem, (files) =>
  files.readFileString("examples/genesis-transformer/genesis.txt")
)

type Piece = ReadonlyArray<number>

/** A piece with its gaps, and what was hidden. */
const gapped = (piece: Piece, places: ReadonlyArray<number>) => ({
  x: piece.map((code, place) => (places.includes(place) ? gap : code)),
  y: piece.map((code, place) => (places.includes(place) ? code : shown))
})

/**
 * Every piece to train on comes four times, with gaps at random. Those of the last tenth, which is held out, come once;
 * there every sixth character is hidden, so that other programs can be measured by the same gaps.
 */
const examples = (pieces: ReadonlyArray<Piece>, seed: number) => {
  const trained = Math.floor(0.9 * pieces.length)
  const random = Array.from({ length: 4 * trained }, (_, i) =>
    gapped(pieces[i % trained] ?? [], [...Permutation.of(seed, i, length).subarray(0, hidden)])
  )
  const regular = pieces.slice(trained).map((piece, i) =>
    gapped(
      piece,
      Array.from({ length: hidden }, (_, k) => (i % 6) + 6 * k)
    )
  )
  return { train: dataset(random), test: dataset(regular) }
}

const dataset = (all: ReadonlyArray<ReturnType<typeof gapped>>) =>
  Dataset.make({
    x: Values.of(Float32Array.from(all.flatMap(({ x }) => x)), [all.length, length], "f32"),
    y: Values.of(Int32Array.from(all.flatMap(({ y }) => y)), [all.length, length], "i32")
  })

const train = (pieces: ReadonlyArray<Piece>) => (seed: number) =>
  Effect.gen(function* () {
    const data = examples(pieces, seed)
    const { history, params } = yield* Trainer.fit(model, {
      loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true, ignoreIndex: shown }),
      optimizer: Optimizer.adam({ learningRate: 2e-3, epsilon: 1e-8 }),
      epochs: short ? 1 : 6,
      batchSize: 32,
      validationData: data.test,
      seed
    })(data.train)
    // What is shown does not count: these are means over the gaps.
    const curve = history.epochs.map(({ epoch, loss, valLoss = Number.NaN }) => ({
      epoch,
      training: loss,
      heldOut: valLoss
    }))
    return { params, curve, test: data.test }
  })
type Run = Effect.Success<ReturnType<ReturnType<typeof train>>>

/** PyTorch's mean and two of its deviations. */
const level = short ? 3.2 : 1.28

const heldOutLoss = ({ curve }: Run): number => curve.at(-1)?.heldOut ?? Infinity

/** What the network puts into the gaps of held-out pieces. */
const fill = ({ params, test }: Run) =>
  Effect.gen(function* () {
    const { y } = model.apply(T.fromValues(params), {}, T.fromValue(test.x), Model.evaluate)
    const guesses = (yield* Compute.eval(T.argmax(y))).data
    return Array.from(test.y.data, (hidden, i) => ({ seen: test.x.data[i] ?? 0, hidden, guess: guesses[i] ?? 0 }))
  })

show(
  Effect.gen(function* () {
    const genesis = yield* text
    const letters = [...new Set(genesis)].toSorted()
    const codes = Array.from(short ? genesis.slice(0, 20_000) : genesis, (letter) => letters.indexOf(letter))
    const pieces = Array.from({ length: Math.floor(codes.length / length) }, (_, i) =>
      codes.slice(length * i, length * (i + 1))
    )
    const runs = yield* forSeeds(
      (seed) =>
        Effect.gen(function* () {
          const run = yield* train(pieces)(seed)
          const filled = yield* fill(run)
          const gaps = filled.filter(({ hidden }) => hidden !== shown)
          const right = gaps.filter(({ guess, hidden }) => guess === hidden).length / gaps.length
          return { ...run, filled, right }
        }),
      (run) => `held-out loss ${heldOutLoss(run).toFixed(4)} nats per gap, gaps filled rightly ${run.right.toFixed(4)}`
    )

    const written = (codes: ReadonlyArray<number>) =>
      codes
        .map((code) => letters[code] ?? "_")
        .join("")
        .replaceAll("\n", " ")
    for (const row of [0, 40, 80, 120, 160]) {
      const piece = (runs[0]?.filled ?? []).slice(length * row, length * (row + 1))
      if (piece.length > 0)
        yield* Console.log(
          `${written(piece.map(({ seen }) => seen))}\n${written(piece.map(({ seen, guess }) => (seen === gap ? guess : seen)))}\n`
        )
    }
    const line = (label: string, of: (point: Run["curve"][number]) => number) => ({
      label,
      points: (runs[0]?.curve ?? []).map(
        ({ epoch }, i) => [epoch, mean(runs.flatMap(({ curve }) => curve.slice(i, i + 1).map(of)))] as const
      )
    })
    const chart = Viz.lines({
      title: `Gaps in Genesis: mean of ${runs.length} seeds`,
      xTitle: "epoch (every piece four times)",
      yTitle: "nats per gap",
      counts: true,
      width: 900,
      height: 520,
      series: [
        line("training, gaps at random", ({ training }) => training),
        line("held out, every sixth character", ({ heldOut }) => heldOut),
        line("level, from PyTorch", () => level)
      ]
    })
    yield* picture("masked-language", chart)
    yield* judge({ what: "held-out loss, nats per gap", values: runs.map(heldOutLoss), atMost: level })
  })
)
