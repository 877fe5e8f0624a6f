/** From a single output to a number in the units of the table. */
import * as Preprocess from "@cotangent/data/preprocess"
import { sizeOf } from "@cotangent/graph"
import type { AnyArtifact } from "./artifact.ts"
import { RowError } from "./errors.ts"

/** Whether an artifact puts out one number that no label stands for. */
export const isEstimate = ({ labels, outputShape }: Pick<AnyArtifact, "labels" | "outputShape">): boolean =>
  labels === undefined && sizeOf(outputShape) === 1

/** Undoes what preprocessing did to the target. */
export const estimator = (artifact: AnyArtifact): ((outputs: Float32Array) => number) => {
  const { preprocessing } = artifact
  if (!isEstimate(artifact))
    return () => {
      throw new RowError({
        message: "estimate: the model puts out several numbers or a label; use predict or classify"
      })
    }
  const number = (outputs: Float32Array): number => outputs[0] ?? Number.NaN
  if (preprocessing?.target?.kind !== "number") return number
  // The target is a number.
  const scaled = preprocessing as Preprocess.Fitted<never, "number">
  return (outputs) => Preprocess.decodeTarget(scaled, number(outputs))
}
