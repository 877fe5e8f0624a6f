/** Optimizers that a comparison can name, each made of a rate, its other options at their defaults. */
import * as Optimizer from "@cotangent/optim"
import type { Experiment } from "@cotangent/train"

/** By the names of their constructors; `momentum` and `nesterov` are SGD with a momentum of 0.9. */
export const namedOptimizers = {
  adabelief: (learningRate) => Optimizer.adabelief({ learningRate }),
  adagrad: (learningRate) => Optimizer.adagrad({ learningRate }),
  adam: (learningRate) => Optimizer.adam({ learningRate }),
  adamax: (learningRate) => Optimizer.adamax({ learningRate }),
  adamw: (learningRate) => Optimizer.adamw({ learningRate }),
  adan: (learningRate) => Optimizer.adan({ learningRate }),
  lamb: (learningRate) => Optimizer.lamb({ learningRate }),
  lion: (learningRate) => Optimizer.lion({ learningRate }),
  momentum: (learningRate) => Optimizer.sgd({ learningRate, momentum: 0.9 }),
  nadam: (learningRate) => Optimizer.nadam({ learningRate }),
  nesterov: (learningRate) => Optimizer.sgd({ learningRate, momentum: 0.9, nesterov: true }),
  radam: (learningRate) => Optimizer.radam({ learningRate }),
  rmsprop: (learningRate) => Optimizer.rmsprop({ learningRate }),
  sgd: (learningRate) => Optimizer.sgd({ learningRate })
} as const satisfies Experiment.OptimizersOfRate
