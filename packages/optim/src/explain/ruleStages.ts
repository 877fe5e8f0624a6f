/** The stages of a rule for one tensor, as those of a whole step. */
import { T } from "@cotangent/graph"
import type { Trees } from "../leafwise.ts"
import type { Stepped } from "../stepped.ts"
import type { Scalar } from "../scalar.ts"
import { type StagedStep, type StageRule, stagedStep } from "./stages.ts"

/** What the stages of an optimizer are made of; nothing of it is computed by its step. */
interface StagedRule<Slot extends string, Optional extends string, K extends string> {
  readonly rule: StageRule<Slot, Optional, K> | undefined
  readonly slots: ReadonlyArray<string>
  readonly counters: ReadonlyArray<string>
  readonly step: (state: Stepped<unknown> & Trees, grad: unknown) => Stepped<unknown>
}

/** The member `stages` of an optimizer whose rule names its stages, else no member. */
export const stagesOfRule = <Slot extends string, Optional extends string, K extends string>({
  rule,
  slots,
  counters,
  step
}: StagedRule<Slot, Optional, K>): {
  readonly stages?: (state: Stepped<unknown> & Trees, grad: unknown) => StagedStep<unknown>
} => {
  if (rule === undefined) return {}
  // The names are those of the definition: slots, counters, and what each leaf has.
  const named = rule as unknown as StageRule<string, never, string>
  return {
    stages: (state, grad) => {
      const next: Stepped<unknown> & Trees = { ...step(state, grad) }
      const at = { t: T.cast(next.step, "f64"), rate: next.learningRate }
      const of = (trees: Trees): Trees => Object.fromEntries(slots.map((slot) => [slot, trees[slot]]))
      const running = Object.fromEntries(counters.map((key) => [key, next[key]])) as { readonly [N in string]: Scalar }
      return stagedStep(state.params, { params: state.params, grad, ...of(state) }, of(next), (leaf, after, as) =>
        named(leaf, after, { ...at, as, running })
      )
    }
  }
}
