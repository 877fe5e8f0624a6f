/** What a run shows: rows of epochs on standard output; how far it is on standard error, a bar where a line can move. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Presets, SingleBar } from "cli-progress"
import type { EpochRecord, TrainEvent } from "@cotangent/train"
import { advance, begin, lossText, type Pace, paceLine, paceParts } from "./pace.ts"
import type { Report } from "./report.ts"

type Event<Tag extends TrainEvent<string>["_tag"]> = Extract<TrainEvent<string>, { readonly _tag: Tag }>

/** Without a terminal, how far it is stands in a line of its own this often, in milliseconds. */
const lineInterval = 10_000

/** `valAccuracy` as `val_accuracy`. */
const columnName = (name: string): string =>
  name.replace(/(?<=[\p{Ll}\d])\p{Lu}/gu, (letter) => `_${letter.toLowerCase()}`)

const widthOf = (name: string): number => Math.max(10, columnName(name).length + 2)

const namesOf = (record: EpochRecord): ReadonlyArray<string> => {
  const names = Object.keys(record).filter((name) => name !== "epoch")
  // As in `history.json`, what belongs to validation stands last.
  return [...names.filter((name) => !/^val\p{Lu}/u.test(name)), ...names.filter((name) => /^val\p{Lu}/u.test(name))]
}

/** The heading of the table of epochs. */
export const heading = (record: EpochRecord): string =>
  [
    "epoch".padStart(8),
    ...namesOf(record).map((name) => columnName(name).padStart(widthOf(name))),
    "samples/s".padStart(12)
  ].join("")

const cell = (value: number | undefined, width: number): string =>
  (value === undefined ? "-" : Number.isFinite(value) ? value.toFixed(4) : String(value)).padStart(width)

/** One epoch as a row of the table. */
export const epochRow = (
  { record, samplesPerSecond }: Pick<Event<"Epoch">, "record" | "samplesPerSecond">,
  epochs: number
): string =>
  [
    `${record.epoch}/${epochs}`.padStart(8),
    ...namesOf(record).map((name) => cell(record[name], widthOf(name))),
    Math.round(samplesPerSecond).toLocaleString("en-US").padStart(12)
  ].join("")

/** What an epoch measured, in words: `loss 0.0931, val_accuracy 0.972`. */
export const recordText = (record: EpochRecord): string =>
  namesOf(record)
    .map((name) => `${columnName(name)} ${lossText(record[name] ?? Number.NaN)}`)
    .join(", ")

const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`

/** What will be trained and what a step costs. */
export const startText = (event: Event<"Started">): string => {
  const { summary, cost, trainSize, validationSize, stepsPerEpoch, epochs, history, step } = event
  return [
    summary.text,
    "",
    `Compiled step: ${cost.kernels} kernels in one call, ${cost.flops.toLocaleString("en-US")} FLOPs, ${kibibytes(cost.bytes)} moved, ${kibibytes(cost.scratchBytes)} of scratch`,
    `Training on ${trainSize} samples, validating on ${validationSize}: ${epochs} epochs of ${stepsPerEpoch} steps`,
    ...(step === 0 ? [] : [`Going on after ${history.length} epochs, at step ${step}`]),
    ""
  ].join("\n")
}

const tags = ["Started", "Progress", "Epoch", "Saved", "RolledBack", "Finished"]
const isTrainEvent = <E extends { readonly _tag: string }>(
  event: E | TrainEvent<string>
): event is TrainEvent<string> => tags.includes(event._tag)

/** An event as a JSON line; what a step costs and what a model is made of are among it. */
const lineOf = (event: TrainEvent<string>) => {
  const { _tag, ...fields } = event
  return { event: _tag.charAt(0).toLowerCase() + _tag.slice(1), ...fields }
}

/** A bar on standard error, drawn while a run goes on and gone when something else is printed. */
const makeBar = () => {
  const bar = new SingleBar(
    {
      format: "epoch {epoch}/{epochs} [{bar}] {percentage} %  {speed} samples/s  {left} left  loss {loss} {spark}",
      barsize: 20,
      clearOnComplete: true,
      hideCursor: true,
      fps: 20,
      stream: process.stderr
    },
    Presets.legacy
  )
  let active = false
  return {
    draw: (pace: Pace): void => {
      const shown = paceParts(pace)
      if (active) bar.update(pace.done, shown)
      else bar.start(pace.epochs * pace.stepsPerEpoch, pace.done, shown)
      active = true
    },
    clear: (): void => {
      if (active) bar.stop()
      active = false
    }
  }
}

/** Shows the events of a run as they pass by. */
export const show =
  (report: Report, batchSize: number) =>
  <E extends { readonly _tag: string }, Err, R>(
    events: Stream.Stream<E | TrainEvent<string>, Err, R>
  ): Stream.Stream<E | TrainEvent<string>, Err, R> =>
    Stream.suspend(() => {
      const bar = makeBar()
      const clear = Effect.sync(bar.clear)
      let pace: Pace | undefined
      let notedAt = 0
      let hasHeading = false
      const row = (event: Event<"Epoch">, epochs: number) => {
        const lines = hasHeading ? [] : [heading(event.record)]
        hasHeading = true
        return report.say([...lines, epochRow(event, epochs)].join("\n"))
      }
      const tell = (event: TrainEvent<string>): Effect.Effect<void> =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          switch (event._tag) {
            case "Started":
              pace = begin(event, batchSize, now)
              notedAt = now
              return yield* report.say(startText(event))
            case "Progress":
              if (pace === undefined) return
              pace = advance(pace, event, now)
              if (report.animated) return bar.draw(pace)
              if (now - notedAt < lineInterval) return
              notedAt = now
              return yield* report.note(paceLine(pace))
            case "Epoch":
              bar.clear()
              return yield* row(event, pace?.epochs ?? event.record.epoch)
            case "RolledBack":
              bar.clear()
              return yield* report.say(
                `Epoch ${event.epoch} again: the loss was ${event.loss}, the learning rate is now ${event.learningRate}`
              )
            case "Finished":
              bar.clear()
              if (event.stopped === "epochs") return
              return yield* report.say(
                event.stopped === "earlyStopping"
                  ? `Stopped after ${event.epochs} epochs: no improvement.`
                  : event.stopped === "nonFinite"
                    ? `Stopped after ${event.epochs} epochs: the loss is not finite any more.`
                    : `Stopped after ${event.epochs} epochs by ${event.stopped}.`
              )
            case "Saved":
              return
          }
        })
      return events.pipe(
        Stream.tap((event) =>
          isTrainEvent(event) ? Effect.andThen(tell(event), report.event(lineOf(event))) : Effect.void
        ),
        Stream.ensuring(clear)
      )
    })
