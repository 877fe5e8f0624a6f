/** One LSTM reads a date as people write it, another one writes it as 1998-05-03. */
import { Console, Effect, pipe } from "effect"
import { Compute, Dataset, Loss, Metrics, Model, Optimizer, T, Trainer, Values, Viz } from "cotangent"
import { forSeeds, judge, picture, short, show } from "../gallery/page.ts"

const months = "January February March April May June July August September October November December".split(" ")

/** Four ways to write a date. */
const formats: ReadonlyArray<(day: number, month: number, year: number) => string> = [
  (day, month, year) => `${day} ${months[month]} ${year}`,
  (day, month, year) => `${months[month]} ${day}, ${year}`,
  (day, month, year) => `${day}.${month + 1}.${year}`,
  (day, month, year) => `${months[month]?.slice(0, 3)} ${day} '${String(year).slice(2)}`
]

/** All dates from 1950 to 2049 in a scattered order: 7919 has no factor in common with their number. */
const pair = (i: number): readonly [written: string, iso: string] => {
  const date = new Date(Date.UTC(1950, 0, 1 + ((i * 7919) % 36_525)))
  const write = formats[i % formats.length] ?? String
  return [write(date.getUTCDate(), date.getUTCMonth(), date.getUTCFullYear()), date.toISOString().slice(0, 10)]
}

const [trained, heldOut] = short ? [500, 100] : [5000, 1000]
const pairs = Array.from({ length: trained + heldOut }, (_, i) => pair(i))

/** The longest date as it is written, and as it is to be written; texts are filled up with spaces. */
const [read, written] = [18, 10] as const
const letters = [...new Set(pairs.map(([text]) => text).join(" "))].toSorted()
const digits = [..."0123456789-"]
const codes = (text: string, length: number, alphabet: ReadonlyArray<string>) =>
  Array.from(text.padEnd(length), (letter) => alphabet.indexOf(letter))

const data = Dataset.make({
  x: Values.of(Float32Array.from(pairs.flatMap(([text]) => codes(text, read, letters))), [pairs.length, read], "f32"),
  y: Values.of(Int32Array.from(pairs.flatMap(([, iso]) => codes(iso, written, digits))), [pairs.length, written], "i32")
})

/** What the first LSTM has in mind at the end of the text is given to the second one at each of ten steps. */
const model = pipe(
  Model.input([read]),
  Model.embedding("letters", 64, 32),
  Model.lstm("reader", 64),
  Model.reshape([1, 64]),
  Model.upSampling1d(written),
  Model.lstm("writer", 64, { returnSequences: true }),
  Model.dense("digits", digits.length)
)

const train = (seed: number) =>
  Trainer.fit(model, {
    loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
    optimizer: Optimizer.adam({ learningRate: 4e-3, epsilon: 1e-8 }),
    metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
    epochs: short ? 3 : 25,
    batchSize: 64,
    validationSplit: heldOut / (trained + heldOut),
    seed
  })(data)

type Run = Effect.Success<ReturnType<typeof train>>

/** What a trained network writes for every held-out date. */
const translate = ({ params }: Run) =>
  Effect.gen(function* () {
    const { x } = Dataset.slice(data, trained, data.size)
    const { y } = model.apply(T.fromValues(params), {}, T.fromValue(x), Model.evaluate)
    const said = Array.from((yield* Compute.eval(T.argmax(y))).data, (code) => digits[code])
    return pairs.slice(trained).map(([text, iso], i) => ({
      text,
      iso,
      said: said.slice(written * i, written * (i + 1)).join("")
    }))
  })

show(
  Effect.gen(function* () {
    const runs = yield* forSeeds(
      (seed) =>
        Effect.gen(function* () {
          const run = yield* train(seed)
          const dates = yield* translate(run)
          return { ...run, dates, exact: dates.filter(({ iso, said }) => iso === said).length / dates.length }
        }),
      ({ exact }) => `held-out dates that are right in all ten characters ${exact.toFixed(4)}`
    )
    for (const { text, said } of runs[0]?.dates.slice(0, 4) ?? []) yield* Console.log(`${text.padEnd(read)} ${said}`)
    const chart = Viz.lines({
      title: "Dates: held-out characters that are right",
      xTitle: "epoch",
      yTitle: "share of characters",
      counts: true,
      width: 900,
      height: 480,
      series: runs.map(({ history }, i) => ({
        label: `seed ${i + 1}`,
        points: history.epochs.map(({ epoch, valAccuracy = Number.NaN }) => [epoch, valAccuracy])
      }))
    })
    yield* picture("lstm-dates", chart)
    const characters = runs.map(({ history }) => history.epochs.at(-1)?.valAccuracy ?? 0)
    yield* judge({ what: "held-out characters", values: characters, atLeast: short ? 0.2 : 0.9995 })
    yield* judge({ what: "held-out dates", values: runs.map(({ exact }) => exact), atLeast: short ? 0 : 0.995 })
  })
)
