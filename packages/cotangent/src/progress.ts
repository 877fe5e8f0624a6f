/** What a run shows in a terminal: a bar of the whole run where it can move, plain lines elsewhere, and a row per epoch. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Presets, SingleBar } from "cli-progress"
import type { TrainEvent } from "@cotangent/train"

const columns = [
  ["epoch", 7],
  ["loss", 10],
  ["accuracy", 10],
  ["val_loss", 10],
  ["val_accuracy", 14],
  ["samples/s", 12]
] as const

const cell = (value: number | undefined, width: number, digits: number): string =>
  (value === undefined ? "-" : value.toFixed(digits)).padStart(width)

/** The heading of the table of epochs. */
export const heading: string = columns.map(([name, width]) => name.padStart(width)).join("")

/** One epoch as a row of the table. */
export const epochRow = (
  { record, samplesPerSecond }: Extract<TrainEvent<"accuracy">, { readonly _tag: "Epoch" }>,
  epochs: number
): string =>
  [
    `${record.epoch}/${epochs}`.padStart(7),
    cell(record.loss, 10, 4),
    cell(record["accuracy"], 10, 4),
    cell(record["valLoss"], 10, 4),
    cell(record["valAccuracy"], 14, 4),
    Math.round(samplesPerSecond).toLocaleString("en-US").padStart(12)
  ].join("")

const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`

/** What will be trained and what a step costs. */
export const startText = ({
  summary,
  cost,
  trainSize,
  validationSize,
  stepsPerEpoch,
  epochs
}: Extract<TrainEvent<"accuracy">, { readonly _tag: "Started" }>): string =>
  [
    summary.text,
    "",
    `Compiled step: ${cost.kernels} kernels in one call, ${cost.flops.toLocaleString("en-US")} FLOPs, ${kibibytes(cost.bytes)} moved, ${kibibytes(cost.scratchBytes)} of scratch`,
    `Training on ${trainSize} samples, validating on ${validationSize}: ${epochs} epochs of ${stepsPerEpoch} steps`,
    ""
  ].join("\n")

/** Shows the events of a run as they pass by. */
export const show = <E extends { readonly _tag: string }, Err, R>(
  events: Stream.Stream<E | TrainEvent<"accuracy">, Err, R>,
  animated: boolean
): Stream.Stream<E | TrainEvent<"accuracy">, Err, R> => {
  const bar = new SingleBar(
    {
      format: "epoch {epoch}/{epochs} [{bar}] {percentage} %",
      clearOnComplete: true,
      hideCursor: true,
      fps: 20,
      stream: process.stdout
    },
    Presets.legacy
  )
  let active = false
  let epochs = 0
  const stop = (): void => {
    if (active) bar.stop()
    active = false
  }
  const isTrain = (event: E | TrainEvent<"accuracy">): event is TrainEvent<"accuracy"> =>
    ["Started", "Progress", "Epoch", "Saved", "RolledBack", "Finished"].includes(event._tag)
  const tell = (event: TrainEvent<"accuracy">): Effect.Effect<void> => {
    switch (event._tag) {
      case "Started":
        epochs = event.epochs
        return Console.log(`${startText(event)}\n${heading}`)
      case "Progress":
        return Effect.sync(() => {
          if (!animated) return
          const done = (event.epoch - 1) * event.steps + event.step
          const shown = { epoch: event.epoch, epochs }
          if (active) bar.update(done, shown)
          else bar.start(epochs * event.steps, done, shown)
          active = true
        })
      case "Epoch":
        return Effect.andThen(Effect.sync(stop), Console.log(epochRow(event, epochs)))
      case "Saved":
      case "RolledBack":
        return Effect.void
      case "Finished":
        return event.stopped === "epochs"
          ? Effect.void
          : Console.log(`Stopped after ${event.epochs} epochs: no improvement.`)
    }
  }
  return events.pipe(
    Stream.tap((event) => (isTrain(event) ? tell(event) : Effect.void)),
    Stream.ensuring(Effect.sync(stop))
  )
}
