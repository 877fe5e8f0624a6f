/** How far a run is, how fast it goes and how long it will take, from its events and the time. */
import type { TrainEvent } from "@cotangent/train"
import { sparkline } from "./sparkline.ts"

type Event<Tag extends TrainEvent<string>["_tag"]> = Extract<TrainEvent<string>, { readonly _tag: Tag }>

/** A run on its way. Times are in milliseconds. */
export interface Pace {
  readonly startedAt: number
  /** The steps it had behind it when it started. */
  readonly from: number
  /** The steps it has behind it. */
  readonly done: number
  readonly stepsPerEpoch: number
  readonly epochs: number
  readonly samplesPerStep: number
  readonly epoch: number
  readonly step: number
  readonly samplesPerSecond: number
  readonly secondsLeft: number
  readonly loss: number
  /** Losses from the beginning, about evenly spaced. */
  readonly losses: ReadonlyArray<number>
  /** One in so many losses is kept. */
  readonly stride: number
  readonly seen: number
}

/** More losses than this are thinned to half. */
const mostLosses = 64

/** A run that starts, or goes on. */
export const begin = (
  { step, stepsPerEpoch, epochs, trainSize, history }: Event<"Started">,
  batchSize: number,
  now: number
): Pace => ({
  startedAt: now,
  from: step,
  done: step,
  stepsPerEpoch,
  epochs,
  samplesPerStep: trainSize / Math.ceil(trainSize / batchSize),
  epoch: Math.floor(step / stepsPerEpoch) + 1,
  step: step % stepsPerEpoch,
  samplesPerSecond: Number.NaN,
  secondsLeft: Number.NaN,
  loss: history.at(-1)?.loss ?? Number.NaN,
  losses: history.map(({ loss }) => loss).slice(-mostLosses),
  stride: 1,
  seen: 0
})

/** Some steps later. A run that was rolled back is slower, not faster. */
export const advance = (pace: Pace, { epoch, step, loss }: Event<"Progress">, now: number): Pace => {
  const done = (epoch - 1) * pace.stepsPerEpoch + step
  const stepsPerSecond = (Math.max(0, done - pace.from) / Math.max(1, now - pace.startedAt)) * 1000
  const kept = pace.seen % pace.stride === 0 ? [...pace.losses, loss] : pace.losses
  const isFull = kept.length > mostLosses
  return {
    ...pace,
    done,
    epoch,
    step,
    loss,
    samplesPerSecond: stepsPerSecond * pace.samplesPerStep,
    secondsLeft: stepsPerSecond === 0 ? Number.NaN : (pace.epochs * pace.stepsPerEpoch - done) / stepsPerSecond,
    losses: isFull ? kept.filter((_, i) => i % 2 === 0) : kept,
    stride: isFull ? 2 * pace.stride : pace.stride,
    seen: pace.seen + 1
  }
}

/** A time as people say it: `12 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`. */
export const durationText = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return "some time"
  const whole = Math.round(seconds)
  const pair = (large: string, size: number, small: string): string =>
    `${Math.floor(whole / size)} ${large} ${String(Math.floor((whole % size) / (size === 60 ? 1 : size === 3600 ? 60 : 3600))).padStart(2, "0")} ${small}`
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return pair("min", 60, "s")
  return whole < 86_400 ? pair("h", 3600, "min") : pair("d", 86_400, "h")
}

/** Samples per second as people compare them: `12,300`. */
export const speedText = (samplesPerSecond: number): string =>
  Number.isFinite(samplesPerSecond) ? Math.round(Number(samplesPerSecond.toPrecision(3))).toLocaleString("en-US") : "-"

/** A loss in a table or a line. */
export const lossText = (loss: number): string => (Number.isFinite(loss) ? loss.toPrecision(4) : String(loss))

/** How far it is, in one line. */
export const paceLine = ({ epoch, epochs, done, stepsPerEpoch, samplesPerSecond, secondsLeft, loss }: Pace): string =>
  `epoch ${epoch}/${epochs}, ${Math.floor((100 * done) / (epochs * stepsPerEpoch))} %, ${speedText(samplesPerSecond)} samples/s, ${durationText(secondsLeft)} left, loss ${lossText(loss)}`

/** The parts of the bar of a terminal. */
export const paceParts = ({ epoch, epochs, samplesPerSecond, secondsLeft, loss, losses }: Pace) => ({
  epoch,
  epochs,
  speed: speedText(samplesPerSecond),
  left: durationText(secondsLeft),
  loss: lossText(loss),
  spark: sparkline(losses)
})
