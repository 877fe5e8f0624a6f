/** Which penguin is it? Trained on a table with missing cells, and asked about rows with more of them. */
import { Console, Effect, pipe } from "effect"
import { Artifact, Loss, Metrics, Model, Optimizer, Predictor, Preprocess, Table, Trainer, Viz } from "cotangent"
import { forSeeds, judge, mean, picture, short, show } from "../gallery/page.ts"

/** A measurement that is missing is taken to be the mean of the others; a sex that is not known is a third one. */
const measurement = Preprocess.steps(Preprocess.impute("mean"), Preprocess.standardise)
const recipe = Preprocess.make(
  {
    bill_length_mm: measurement,
    flipper_length_mm: measurement,
    bill_depth_mm: measurement,
    body_mass_g: measurement,
    sex: Preprocess.steps(Preprocess.impute({ constant: "unknown" }), Preprocess.oneHot())
  },
  Preprocess.label("species")
)

const model = pipe(Model.input([7]), Model.dense("hidden", 16, { activation: "relu" }), Model.dense("logits", 3))

const unmeasured = {
  bill_length_mm: null,
  flipper_length_mm: null,
  bill_depth_mm: null,
  body_mass_g: null,
  sex: null
}

/** What else is missing of a penguin: first nothing, then the length of its bill, at last all measurements. */
const less = [
  {},
  { bill_length_mm: null },
  { bill_length_mm: null, flipper_length_mm: null },
  { bill_length_mm: null, flipper_length_mm: null, bill_depth_mm: null },
  { bill_length_mm: null, flipper_length_mm: null, bill_depth_mm: null, body_mass_g: null }
]

/** Trains on four fifths of the penguins, and asks the predictor about the others, one by one. */
const served = (seed: number) =>
  Effect.gen(function* () {
    const penguins = yield* Table.penguins
    const known = Table.filterRows(penguins, (i) => i % 5 !== 4)
    const asked = Table.rows(Table.filterRows(penguins, (i) => i % 5 === 4))
    const preprocessing = yield* Effect.fromResult(Preprocess.fit(recipe, known))
    const run = yield* Trainer.fit(model, {
      loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
      optimizer: Optimizer.adam({ learningRate: 0.01, epsilon: 1e-8 }),
      metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
      epochs: short ? 8 : 30,
      batchSize: 16,
      seed
    })(yield* Effect.fromResult(Preprocess.dataset(preprocessing, known, { features: 7 })))

    // As bytes, and back: what a server has. The predictor needs neither the model nor the table.
    const artifact = Artifact.make(pipe(model, Model.softmax), run, { name: "penguins", preprocessing })
    const { classify } = Predictor.fromBytes(Artifact.encode(artifact))
    const shares = less.map((missing) => {
      const right = asked.filter(({ species, ...row }) => classify({ ...row, ...missing }).label === species)
      return right.length / asked.length
    })
    return { shares, answer: classify({ ...unmeasured, flipper_length_mm: 230, body_mass_g: 5700 }) }
  })

/** The means of the reference, for the picture. */
const reference = [0.9853, 0.6912, 0.6904, 0.5551, 0.3382]

show(
  Effect.gen(function* () {
    const runs = yield* forSeeds(
      served,
      ({ shares }) => `right of 68 penguins, less and less known: ${shares.map((share) => share.toFixed(4)).join(", ")}`
    )
    for (const { answer } of runs.slice(0, 1))
      yield* Console.log(`flipper 230 mm, 5700 g, nothing else known: ${answer.label}`)
    const right = (missing: number) => runs.map(({ shares }) => shares[missing] ?? 0)
    const chart = Viz.lines({
      title: "Penguins: species told from what is known",
      xTitle: "missing measurements: bill length, flipper, bill depth, mass",
      yTitle: "share that is right",
      counts: true,
      width: 900,
      height: 480,
      series: [
        { label: `Cotangent, mean of ${runs.length} seeds`, points: less.map((_, k) => [k, mean(right(k))]) },
        { label: "PyTorch, mean of 20 seeds", points: reference.map((share, k) => [k, share]) }
      ]
    })
    yield* picture("penguins", chart)
    yield* judge({ what: "nothing missing, share that is right", values: right(0), atLeast: short ? 0.9 : 0.98 })
    yield* judge({ what: "bill length missing, share that is right", values: right(1), atLeast: short ? 0.5 : 0.686 })
  })
)
