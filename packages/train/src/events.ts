/** What a training run tells while it runs. */
import type { Cost } from "@cotangent/compiler"
import type { Model } from "@cotangent/nn"
import type { EpochRecord } from "./history.ts"

/** The layers and sizes of a model, for people. */
export type Summary = Model.Summary

/** The run is about to start; what it will do and what a step costs. */
export interface Started {
  readonly _tag: "Started"
  readonly summary: Summary
  /** The cost of one step of a full batch. */
  readonly cost: Cost
  readonly trainSize: number
  readonly validationSize: number
  readonly stepsPerEpoch: number
  readonly epochs: number
}

/** Some steps of an epoch are done; sent a few times a second at most. */
export interface Progress {
  readonly _tag: "Progress"
  readonly epoch: number
  readonly step: number
  readonly steps: number
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

/** The run is over. */
export interface Finished {
  readonly _tag: "Finished"
  readonly epochs: number
  readonly stopped: "epochs" | "earlyStopping"
}

/** Everything a run sends. */
export type TrainEvent<M extends string> = Started | Progress | Epoch<M> | Finished
