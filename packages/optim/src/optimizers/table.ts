/** Every rule with sample options: what laws are checked on, and what a reader can try. */
import { chain } from "../chain.ts"
import { fromTransform } from "../fromTransform.ts"
import type { Optimizer, Rule } from "../optimizer.ts"
import * as presets from "../presets.ts"
import { cosine } from "../schedule/decay.ts"
import { addDecayedWeights } from "../transforms/addDecayedWeights.ts"
import { clipByGlobalNorm } from "../transforms/clipByGlobalNorm.ts"
import { clipByValue } from "../transforms/clipByValue.ts"
import { scale } from "../transforms/scale.ts"
import { scaleByAdam } from "../transforms/scaleByAdam.ts"
import { trace } from "../transforms/trace.ts"
import { adadelta } from "./adadelta.ts"
import { adagrad } from "./adagrad.ts"
import { adam } from "./adam.ts"
import { adamAsPrinted } from "./adamAsPrinted.ts"
import { adamax } from "./adamax.ts"
import { adamw } from "./adamw.ts"
import { asgd } from "./asgd.ts"
import { gradientDescent } from "./gradientDescent.ts"
import { nadam } from "./nadam.ts"
import { radam } from "./radam.ts"
import { rmsprop } from "./rmsprop.ts"
import { rprop } from "./rprop.ts"
import { sgd } from "./sgd.ts"

/** What holds for an optimizer with its sample options. */
export interface Traits {
  /** A zero gradient leaves fresh parameters where they are: no weight decay. */
  readonly rests: boolean
  /** Follows the gradient up. */
  readonly ascends: boolean
}

/** A row of the table. The optimizer's rule is its own affair: `use` gives it to a function that works for every rule. */
export interface OptimizerSample extends Traits {
  readonly name: string
  readonly use: <R>(law: <F extends Rule>(optimizer: Optimizer<F>) => R) => R
}

const row = <F extends Rule>(name: string, optimizer: Optimizer<F>, traits: Partial<Traits> = {}): OptimizerSample => ({
  name,
  use: (law) => law(optimizer),
  rests: true,
  ascends: false,
  ...traits
})

const learningRate = 0.05

/** Every rule and every convention, with options under which 200 steps on a parabola come close to its minimum. */
export const optimizers: ReadonlyArray<OptimizerSample> = [
  row("gradientDescent", gradientDescent({ learningRate })),
  row(
    "gradientDescent, cosine schedule",
    gradientDescent({ learningRate: cosine({ from: 0.2, to: 0.01, steps: 100 }) })
  ),
  row("sgd", sgd({ learningRate })),
  row("sgd, momentum", sgd({ learningRate, momentum: 0.9 })),
  row("sgd, nesterov", sgd({ learningRate, momentum: 0.9, nesterov: true })),
  row("sgd, dampening", sgd({ learningRate, momentum: 0.8, dampening: 0.3 })),
  row("sgd, L2", sgd({ learningRate, weightDecay: 0.01 }), { rests: false }),
  row("sgd, keras", sgd({ ...presets.keras.sgd, learningRate, momentum: 0.9, nesterov: true, weightDecay: 0.01 }), {
    rests: false
  }),
  row("sgd, maximize", sgd({ learningRate, momentum: 0.5, maximize: true }), { ascends: true }),
  row("rmsprop", rmsprop({ learningRate })),
  row("rmsprop, keras", rmsprop({ ...presets.keras.rmsprop, learningRate })),
  row("rmsprop, centered", rmsprop({ learningRate: 0.01, centered: true, epsilon: 1e-3 })),
  row("rmsprop, momentum", rmsprop({ learningRate: 0.01, momentum: 0.5 })),
  row(
    "rmsprop, centered, momentum, optax",
    rmsprop({ ...presets.optax.rmsprop, learningRate: 0.01, centered: true, momentum: 0.5, epsilon: 1e-3 })
  ),
  row("adam", adam({ learningRate })),
  row("adam, hat", adam({ ...presets.keras.adam, learningRate })),
  row("adam, inside", adam({ learningRate, epsilon: 1e-6, epsilonMode: "inside" })),
  row("adam, two epsilons", adam({ learningRate, epsilonRoot: 1e-6 })),
  row("adam, L2", adam({ learningRate, weightDecay: 0.01 }), { rests: false }),
  row("adam, tiny moments flushed", adam({ learningRate, flushTiny: true })),
  row("amsgrad, raw", adam({ ...presets.torch.amsgrad, learningRate })),
  row("amsgrad, corrected", adam({ ...presets.optax.amsgrad, learningRate })),
  row("adamw", adamw({ learningRate }), { rests: false }),
  row("adamw, amsgrad", adamw({ learningRate, amsgrad: "raw" }), { rests: false }),
  row("adamax", adamax({ learningRate })),
  row("adamax, keras", adamax({ ...presets.keras.adamax, learningRate })),
  row("nadam", nadam({ learningRate })),
  row("nadam, optax", nadam({ ...presets.optax.nadam, learningRate })),
  row("radam", radam({ learningRate: 0.2 })),
  row("radam, optax", radam({ ...presets.optax.radam, learningRate, beta2: 0.9 })),
  row("adagrad", adagrad({ learningRate: 0.5 })),
  row("adagrad, keras", adagrad({ ...presets.keras.adagrad, learningRate: 0.5 })),
  row("adadelta", adadelta({ learningRate: 1, epsilon: 1e-2 })),
  row("rprop", rprop({ learningRate })),
  row("asgd", asgd({ learningRate, averageAfter: 50 }), { rests: false }),
  row("adamAsPrinted", adamAsPrinted({ learningRate: 0.5 })),
  row(
    "chain, clipped adam",
    fromTransform(chain({ clip: clipByGlobalNorm(1), adam: scaleByAdam() }), { learningRate })
  ),
  row(
    "chain, adamw",
    fromTransform(chain({ adam: scaleByAdam(), decay: addDecayedWeights(0.01), rate: scale(-learningRate) })),
    { rests: false }
  ),
  row(
    "chain, clipped momentum",
    fromTransform(chain({ clip: clipByValue(0.5), trace: trace(0.9, { nesterov: true }) }), { learningRate: 0.02 })
  )
]
