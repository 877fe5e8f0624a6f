/** Transforms that wrap others, averages and projections as a table: what laws are checked on, and what a reader can try. */
import { averaged } from "../averaged.ts"
import { chain } from "../chain.ts"
import { fromTransform } from "../fromTransform.ts"
import type { Optimizer, Rule } from "../optimizer.ts"
import { adam } from "../optimizers/adam.ts"
import { sgd } from "../optimizers/sgd.ts"
import { box, l2Ball, projected } from "../projection.ts"
import { linear } from "../schedule/decay.ts"
import { accumulate } from "./accumulate.ts"
import { addDecayedWeights } from "./addDecayedWeights.ts"
import { adaptiveClip, clipByBlockRms, clipByNorm } from "./clipByNorm.ts"
import { ema } from "./ema.ts"
import { flushTiny } from "./flushTiny.ts"
import { freeze } from "./freeze.ts"
import { masked } from "./masked.ts"
import { partition } from "./partition.ts"
import { scale } from "./scale.ts"
import { scaleByAdam } from "./scaleByAdam.ts"
import { skipNonFinite } from "./skipNonFinite.ts"
import { trace } from "./trace.ts"

/** A row of the table. The optimizer's rule is its own affair: `use` gives it to a function that works for every rule. */
export interface WrappedSample {
  readonly name: string
  readonly use: <R>(law: <F extends Rule>(optimizer: Optimizer<F>) => R) => R
  /** A zero gradient leaves fresh parameters where they are. */
  readonly rests: boolean
}

const row = <F extends Rule>(name: string, optimizer: Optimizer<F>, rests = true): WrappedSample => ({
  name,
  use: (law) => law(optimizer),
  rests
})

const learningRate = 0.05

/** Wrapped transforms with options under which 100 steps on a parabola come close to its minimum. */
export const wrappedOptimizers: ReadonlyArray<WrappedSample> = [
  row("skipNonFinite", fromTransform(skipNonFinite(scaleByAdam(), { tolerance: 3 }), { learningRate })),
  row("accumulate, groups of one", fromTransform(accumulate(scaleByAdam(), { every: 1 }), { learningRate })),
  row(
    "partition",
    fromTransform(
      partition({ all: chain({ adam: scaleByAdam(), half: scale(0.5) }), none: freeze }, () => "all"),
      { learningRate: 0.1 }
    )
  ),
  row(
    "masked decay",
    fromTransform(chain({ adam: scaleByAdam(), decay: masked(addDecayedWeights(0.01), () => true) }), { learningRate }),
    false
  ),
  row("clipByNorm", fromTransform(clipByNorm(2), { learningRate })),
  row("clipByBlockRms", fromTransform(clipByBlockRms(1), { learningRate })),
  row("adaptiveClip", fromTransform(adaptiveClip({ limit: 0.5, epsilon: 0.1 }), { learningRate: 0.1 })),
  row("ema of gradients", fromTransform(ema(0.9), { learningRate })),
  row("flushTiny", fromTransform(flushTiny(scaleByAdam()), { learningRate })),
  row(
    "scheduled beta1",
    fromTransform(scaleByAdam({ beta1: linear({ from: 0.5, to: 0.9, steps: 50 }) }), { learningRate })
  ),
  row("averaged, exponential", averaged(adam({ learningRate }), { decay: 0.8 })),
  row("averaged, uniform", averaged(sgd({ learningRate: 0.2 }), { start: 20, every: 2 })),
  row("projected onto a ball", projected(adam({ learningRate }), l2Ball(50))),
  row(
    "projected onto a box",
    projected(fromTransform(chain({ trace: trace(0.5) }), { learningRate }), { "": box(-4, 4) })
  )
]
