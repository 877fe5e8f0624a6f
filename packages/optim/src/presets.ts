/**
 * The conventions of other frameworks, as data: spread a preset into the options of the constructor of the same name,
 * `adam({ ...presets.keras.adam, learningRate: 1e-4 })`. With equal numbers the updates then agree to rounding.
 */

const betas = { beta1: 0.9, beta2: 0.999 } as const
const l2 = { weightDecay: 0, weightDecayMode: "l2" } as const
const decoupled = { weightDecay: 0, weightDecayMode: "decoupled" } as const
const outside = { ...betas, epsilon: 1e-8, epsilonMode: "outside", epsilonRoot: 0 } as const
const hat = { ...betas, epsilon: 1e-7, epsilonMode: "hat", epsilonRoot: 0 } as const

/** PyTorch 2: `torch.optim`, `torch.nn.utils.clip_grad_norm_`. */
export const torch = {
  sgd: { learningRate: 1e-3, dampening: 0, nesterov: false, velocityMode: "gradients", ...l2 },
  rmsprop: { learningRate: 1e-2, rho: 0.99, epsilon: 1e-8, epsilonMode: "outside", velocityMode: "gradients", ...l2 },
  adam: { learningRate: 1e-3, ...outside, ...l2 },
  amsgrad: { learningRate: 1e-3, ...outside, ...l2, amsgrad: "raw" },
  adamw: { learningRate: 1e-3, ...outside, weightDecay: 1e-2 },
  adamax: { learningRate: 2e-3, ...betas, epsilon: 1e-8, epsilonMode: "inside", ...l2 },
  nadam: { learningRate: 2e-3, ...betas, epsilon: 1e-8, momentumDecay: 0.004, ...l2 },
  radam: { learningRate: 1e-3, ...outside, epsilonMode: "hat", threshold: 5, ...l2 },
  adagrad: { learningRate: 1e-2, learningRateDecay: 0, initialSum: 0, epsilon: 1e-10, epsilonMode: "outside", ...l2 },
  adadelta: { learningRate: 1, rho: 0.9, epsilon: 1e-6, ...l2 },
  rprop: { learningRate: 1e-2, shrink: 0.5, grow: 1.2, smallest: 1e-6, largest: 50 },
  asgd: { learningRate: 1e-2, lambda: 1e-4, power: 0.75, averageAfter: 1e6, ...l2 },
  lbfgs: { learningRate: 1, maxIterations: 20, toleranceGradient: 1e-7, toleranceChange: 1e-9, historySize: 100 },
  clipByGlobalNorm: { epsilon: 1e-6 }
} as const

/** Keras 3: `keras.optimizers`. All its weight decay is decoupled. */
export const keras = {
  sgd: { learningRate: 1e-2, dampening: 0, nesterov: false, velocityMode: "steps", ...decoupled },
  rmsprop: { learningRate: 1e-3, rho: 0.9, epsilon: 1e-7, epsilonMode: "inside", velocityMode: "steps", ...decoupled },
  adam: { learningRate: 1e-3, ...hat, ...decoupled },
  amsgrad: { learningRate: 1e-3, ...hat, ...decoupled, amsgrad: "raw" },
  adamw: { learningRate: 1e-3, ...hat, weightDecay: 4e-3 },
  adamax: { learningRate: 1e-3, ...betas, epsilon: 1e-7, epsilonMode: "outside", ...decoupled },
  nadam: { learningRate: 1e-3, ...betas, epsilon: 1e-7, momentumDecay: 1, ...decoupled },
  adagrad: {
    learningRate: 1e-3,
    learningRateDecay: 0,
    initialSum: 0.1,
    epsilon: 1e-7,
    epsilonMode: "inside",
    ...decoupled
  },
  adadelta: { learningRate: 1e-3, rho: 0.95, epsilon: 1e-7, ...decoupled },
  lion: { learningRate: 1e-3, beta1: 0.9, beta2: 0.99, weightDecay: 0 },
  /** Its decay is not this rule's, which is part of the direction: there is none here. */
  lamb: { learningRate: 1e-3, ...betas, epsilon: 1e-7, weightDecay: 0 },
  /** Keras takes the smaller of the rate and `1 / sqrt(t)`: give that as a schedule. */
  adafactor: { decayPower: 0.8, epsilon: 1e-30, leastScale: 1e-3, clipThreshold: 1, weightDecay: 0 },
  clipByGlobalNorm: { epsilon: 0 }
} as const

/** Optax: its constructors have no default learning rates, so these have none either. */
export const optax = {
  sgd: { dampening: 0, nesterov: false, velocityMode: "gradients", ...l2 },
  rmsprop: { rho: 0.9, epsilon: 1e-8, epsilonMode: "inside", velocityMode: "steps", ...l2 },
  adam: { ...outside, ...l2 },
  amsgrad: { ...outside, ...l2, amsgrad: "corrected" },
  adamw: { ...outside, weightDecay: 1e-4 },
  adamax: { ...betas, epsilon: 1e-8, epsilonMode: "inside", ...l2 },
  nadam: { ...betas, epsilon: 1e-8, momentumDecay: false, ...l2 },
  radam: { ...outside, threshold: 5, ...l2 },
  adagrad: { learningRateDecay: 0, initialSum: 0.1, epsilon: 1e-7, epsilonMode: "inside", ...l2 },
  adadelta: { rho: 0.9, epsilon: 1e-6, ...l2 },
  rprop: { shrink: 0.5, grow: 1.2, smallest: 1e-6, largest: 50 },
  adabelief: { ...betas, epsilon: 1e-16, epsilonRoot: 1e-16, centre: "previous", ...l2 },
  adan: { beta1: 0.98, beta2: 0.92, beta3: 0.99, epsilon: 1e-8, weightDecay: 0, weightDecayMode: "decoupled" },
  lamb: { ...betas, epsilon: 1e-6, weightDecay: 0 },
  lion: { beta1: 0.9, beta2: 0.99, weightDecay: 1e-3 },
  clipByGlobalNorm: { epsilon: 0 }
} as const
