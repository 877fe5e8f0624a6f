/** The file that a run leaves of its model: everything a service needs, or its weights alone. */
import type { Model } from "@cotangent/nn"
import { Artifact, ArtifactError } from "@cotangent/serve"
import { type Experiment, Safetensors } from "@cotangent/train"
import { namedWeights } from "./run-folder.ts"

/** What is said of a model in its file. */
export interface ModelFileOptions {
  readonly name: string
  /** What its outputs are called; kept where there is one for each. */
  readonly classNames?: ReadonlyArray<string> | undefined
  readonly metadata: Readonly<Record<string, string>>
}

/** A file, and why it holds no more than weights, if it does not. */
export interface ModelFile {
  readonly bytes: Uint8Array
  readonly weightsOnly?: string
}

/** The file of a model that was trained. A model that cannot be served leaves its weights. */
export const modelFile = (
  model: Model.AnyModel,
  { params, modelState }: Experiment.Weights,
  { name, classNames = [], metadata }: ModelFileOptions
): ModelFile => {
  // The types of an experiment's model are forgotten; the weights are those that training made of it.
  const typed = model as unknown as Model.Model<ReadonlyArray<number>, ReadonlyArray<number>>
  const weights = { params, modelState } as never
  const outputs = model.outputShape.reduce((size, n) => size * Number(n), 1)
  const labels = classNames.length > 1 && classNames.length === outputs ? { labels: classNames } : {}
  try {
    return { bytes: Artifact.encode(Artifact.make(typed, weights, { name, ...labels, metadata })) }
  } catch (thrown) {
    if (!(thrown instanceof ArtifactError)) throw thrown
    const bytes = Safetensors.encodeEntries(namedWeights({ params, modelState }), metadata)
    return { bytes, weightsOnly: thrown.message }
  }
}
