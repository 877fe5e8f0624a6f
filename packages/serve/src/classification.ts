/** From outputs to labels. */
import { sizeOf } from "@cotangent/graph"
import type { Artifact } from "./artifact.ts"
import { RowError } from "./errors.ts"

/** The label of the largest output; for a single output, the second label from the threshold on. */
export interface Classification<L extends string = string> {
  readonly label: L
  /** The number of the label. */
  readonly index: number
  /** The output that decided: a probability if the model puts out probabilities. */
  readonly score: number
}

/** Reads a label off the outputs from `at` on; of equal outputs the first counts. */
export const classifier = <L extends string>({
  labels,
  outputShape,
  threshold
}: Artifact<never, L>): ((outputs: Float32Array, at: number) => Classification<L>) => {
  const count = sizeOf(outputShape)
  const labelled = (index: number, score: number): Classification<L> => {
    const label = labels?.[index]
    if (label === undefined)
      throw new RowError({ message: "classify: the outputs have no labels; give them to Artifact.make" })
    return { label, index, score }
  }
  if (count === 1)
    return (outputs, at) => {
      const score = outputs[at] ?? Number.NaN
      return labelled(score >= threshold ? 1 : 0, score)
    }
  return (outputs, at) => {
    let index = 0
    for (let i = 1; i < count; i++) if ((outputs[at + i] ?? Number.NaN) > (outputs[at + index] ?? Number.NaN)) index = i
    return labelled(index, outputs[at + index] ?? Number.NaN)
  }
}
