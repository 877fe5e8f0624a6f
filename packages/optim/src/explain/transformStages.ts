/** The stages of transforms within others: their own, under the name that they have there. */
import type { Context, StagedGradient } from "../transform.ts"

/** A transform whose rule is not known here. */
export interface AnyTransform {
  readonly update: (grad: unknown, state: unknown, context: Context<unknown>) => readonly [unknown, unknown]
  readonly stages?: (grad: unknown, state: unknown, context: Context<unknown>) => StagedGradient<unknown>
}

/** The stages of a part, its name in front, or the part as one stage. */
export const stagesWithin = (
  name: string,
  part: AnyTransform,
  grad: unknown,
  state: unknown,
  context: Context<unknown>
): StagedGradient<unknown> => {
  if (part.stages === undefined) return { stages: [{ stage: name, value: part.update(grad, state, context)[0] }] }
  const { stages, ...rest } = part.stages(grad, state, context)
  return { ...rest, stages: stages.map(({ stage, value }) => ({ stage: `${name}.${stage}`, value })) }
}

/** Stages with another tree in the place of each; a signal-to-noise ratio of part of the leaves is left out. */
export const mapStages = (
  { stages }: StagedGradient<unknown>,
  f: (value: unknown) => unknown
): StagedGradient<unknown> => ({ stages: stages.map(({ stage, value }) => ({ stage, value: f(value) })) })
