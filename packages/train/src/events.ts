/** What a training run tells while it runs. */
import type { Cost } from "@cotangent/compiler"
import type { Model } from "@cotangent/nn"
import type { EpochRecord } from "./history.ts"

/** The layers and sizes of a model, for people. */
export type Summary = Model.Summary

/** The run is about to start, or to go on; what it will do and what a step costs. */
export interface Started<M extends string> {
  readonly _tag: "Started"
  readonly summary: Summary
  /** The cost of one step of a full batch. */
  readonly cost: Cost
  readonly trainSize: number
  readonly validationSize: number
  readonly stepsPerEpoch: number
  readonly epochs: number
  /** The epochs that a resumed run has behind it. */
  readonly history: ReadonlyArray<EpochRecord<M>>
  /** The steps that a resumed run has behind it, in all. */
  readonly step: number
}

/** Some steps of an epoch are done; sent a few times a second at most. */
export interface Progress {
  readonly _tag: "Progress"
  readonly epoch: number
  readonly step: number
  readonly steps: number
  /** The mean loss of the epoch so far. */
  readonly loss: number
}

/** An epoch is done and measured. */
export interface Epoch<M extends string> {
  readonly _tag: "Epoch"
  readonly record: EpochRecord<M>
  readonly learningRate: number
  /** Training samples per second of this epoch, validation not counted. */
  readonly samplesPerSecond: number
  readonly seconds: number
}

/** A checkpoint is complete. */
export interface Saved {
  readonly _tag: "Saved"
  readonly step: number
  readonly epochs: number
}

/** The loss jumped or is not finite: the run is back at the end of the last good epoch, with a smaller rate. */
export interface RolledBack {
  readonly _tag: "RolledBack"
  /** The epoch that went wrong and is trained again. */
  readonly epoch: number
  readonly loss: number
  /** The rate it is trained with now. */
  readonly learningRate: number
  /** How often this run was rolled back. */
  readonly retries: number
}

/** The run is over. */
export interface Finished {
  readonly _tag: "Finished"
  readonly epochs: number
  readonly stopped: Stopped
}

/** Why a run ended: all epochs are done, the loss is not finite any more, or the name of the callback that ended it. */
export type Stopped = "epochs" | "earlyStopping" | "nonFinite" | (string & {})

/** Everything a run sends. */
export type TrainEvent<M extends string> = Started<M> | Progress | Epoch<M> | Saved | RolledBack | Finished
