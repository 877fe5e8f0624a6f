/** The rules of PyTorch, Keras and Optax for one number, written as their equations stand, with every convention. */

/** One step of one number: its gradient, the step counted from 1, the rate. Gives the number, and what is evaluated. */
export type ScalarStep = (g: number, t: number, rate: number) => { readonly theta: number; readonly evaluated: number }
/** A rule for a number that starts somewhere. */
export type ScalarRule<O> = (o: O, start: number) => ScalarStep

export interface Decay {
  readonly weightDecay: number
  readonly weightDecayMode: "l2" | "decoupled"
  readonly maximize: boolean
}

/** What decay and sign make of the gradient, and of the number that the step starts from. */
const before = (o: Decay, g: number, theta: number, rate: number): readonly [g: number, theta: number] => {
  const down = o.maximize ? -g : g
  return o.weightDecayMode === "l2"
    ? [down + o.weightDecay * theta, theta]
    : [down, theta - rate * o.weightDecay * theta]
}

const same = (theta: number) => ({ theta, evaluated: theta })

export interface SgdNumbers extends Decay {
  readonly momentum: number | undefined
  readonly dampening: number
  readonly nesterov: boolean
  readonly velocityMode: "gradients" | "steps"
}

export const sgdScalar: ScalarRule<SgdNumbers> = (o, start) => {
  let [theta, u] = [start, 0]
  return (gradient, t, rate) => {
    const [g, from] = before(o, gradient, theta, rate)
    if (o.momentum === undefined) theta = from - rate * g
    else if (o.velocityMode === "gradients") {
      u = t === 1 ? g : o.momentum * u + (1 - o.dampening) * g
      theta = from - rate * (o.nesterov ? g + o.momentum * u : u)
    } else {
      u = o.momentum * u - rate * g
      theta = from + (o.nesterov ? o.momentum * u - rate * g : u)
    }
    return same(theta)
  }
}

export interface AdamNumbers extends Decay {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly epsilonMode: "outside" | "inside" | "hat"
  readonly epsilonRoot: number
  readonly amsgrad: false | "raw" | "corrected"
}

/** The denominator with epsilon in one of its places, of a second moment and its correction. */
const rootOf = (v: number, c2: number, o: Pick<AdamNumbers, "epsilon" | "epsilonMode" | "epsilonRoot">): number => {
  if (o.epsilonMode === "hat") return (Math.sqrt(v) + o.epsilon) / Math.sqrt(c2)
  if (o.epsilonMode === "inside") return Math.sqrt(v / c2 + o.epsilon)
  return Math.sqrt(v / c2 + o.epsilonRoot) + o.epsilon
}

export const adamScalar: ScalarRule<AdamNumbers> = (o, start) => {
  let [theta, m, v, most] = [start, 0, 0, 0]
  return (gradient, t, rate) => {
    const [g, from] = before(o, gradient, theta, rate)
    const [c1, c2] = [1 - o.beta1 ** t, 1 - o.beta2 ** t]
    m = o.beta1 * m + (1 - o.beta1) * g
    v = o.beta2 * v + (1 - o.beta2) * g ** 2
    most = Math.max(most, o.amsgrad === "corrected" ? v / c2 : v)
    const second = o.amsgrad === false ? v : o.amsgrad === "raw" ? most : most * c2
    theta = from - (rate * m) / c1 / rootOf(second, c2, o)
    return same(theta)
  }
}

export interface AdamaxNumbers extends Decay {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly epsilonMode: "inside" | "outside"
}

export const adamaxScalar: ScalarRule<AdamaxNumbers> = (o, start) => {
  let [theta, m, u] = [start, 0, 0]
  return (gradient, t, rate) => {
    const [g, from] = before(o, gradient, theta, rate)
    m = o.beta1 * m + (1 - o.beta1) * g
    u = Math.max(o.beta2 * u, o.epsilonMode === "inside" ? Math.abs(g) + o.epsilon : Math.abs(g))
    theta = from - (rate / (1 - o.beta1 ** t)) * (m / (o.epsilonMode === "inside" ? u : u + o.epsilon))
    return same(theta)
  }
}

export interface NadamNumbers extends Decay {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly momentumDecay: number | false
}

export const nadamScalar: ScalarRule<NadamNumbers> = (o, start) => {
  let [theta, m, v] = [start, 0, 0]
  const mu = (t: number) => (o.momentumDecay === false ? o.beta1 : o.beta1 * (1 - 0.5 * 0.96 ** (t * o.momentumDecay)))
  const product = (t: number): number => Array.from({ length: t }, (_, k) => mu(k + 1)).reduce((a, b) => a * b, 1)
  return (gradient, t, rate) => {
    const [g, from] = before(o, gradient, theta, rate)
    m = o.beta1 * m + (1 - o.beta1) * g
    v = o.beta2 * v + (1 - o.beta2) * g ** 2
    const ahead = (mu(t + 1) * m) / (1 - product(t + 1)) + ((1 - mu(t)) * g) / (1 - product(t))
    theta = from - (rate * ahead) / (Math.sqrt(v / (1 - o.beta2 ** t)) + o.epsilon)
    return same(theta)
  }
}

export interface RadamNumbers extends Omit<AdamNumbers, "amsgrad"> {
  readonly threshold: number
}

export const radamScalar: ScalarRule<RadamNumbers> = (o, start) => {
  let [theta, m, v] = [start, 0, 0]
  const limit = 2 / (1 - o.beta2) - 1
  return (gradient, t, rate) => {
    const [g, from] = before(o, gradient, theta, rate)
    const [c1, c2] = [1 - o.beta1 ** t, 1 - o.beta2 ** t]
    m = o.beta1 * m + (1 - o.beta1) * g
    v = o.beta2 * v + (1 - o.beta2) * g ** 2
    const length = limit - (2 * t * o.beta2 ** t) / c2
    const rectified = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length))
    theta = from - ((rate * m) / c1) * (length > o.threshold ? rectified / rootOf(v, c2, o) : 1)
    return same(theta)
  }
}

export interface RmspropNumbers extends Decay {
  readonly rho: number
  readonly epsilon: number
  readonly epsilonMode: "outside" | "inside"
  readonly centered: boolean
  readonly momentum: number | undefined
  readonly velocityMode: "gradients" | "steps"
}

export const rmspropScalar: ScalarRule<RmspropNumbers> = (o, start) => {
  let [theta, v, m, u] = [start, 0, 0, 0]
  return (gradient, _, rate) => {
    const [g, from] = before(o, gradient, theta, rate)
    v = o.rho * v + (1 - o.rho) * g ** 2
    m = o.rho * m + (1 - o.rho) * g
    const spread = o.centered ? v - m ** 2 : v
    const d = g / (o.epsilonMode === "inside" ? Math.sqrt(spread + o.epsilon) : Math.sqrt(spread) + o.epsilon)
    if (o.momentum === undefined) theta = from - rate * d
    else if (o.velocityMode === "gradients") {
      u = o.momentum * u + d
      theta = from - rate * u
    } else {
      u = o.momentum * u - rate * d
      theta = from + u
    }
    return same(theta)
  }
}

export interface AdagradNumbers extends Decay {
  readonly learningRateDecay: number
  readonly initialSum: number
  readonly epsilon: number
  readonly epsilonMode: "outside" | "inside"
}

export const adagradScalar: ScalarRule<AdagradNumbers> = (o, start) => {
  let [theta, s] = [start, o.initialSum]
  return (gradient, t, rate) => {
    const [g, from] = before(o, gradient, theta, rate)
    s += g ** 2
    const divisor = o.epsilonMode === "inside" ? Math.sqrt(s + o.epsilon) : Math.sqrt(s) + o.epsilon
    theta = from - ((rate / (1 + (t - 1) * o.learningRateDecay)) * g) / divisor
    return same(theta)
  }
}

export interface AdadeltaNumbers extends Decay {
  readonly rho: number
  readonly epsilon: number
}

export const adadeltaScalar: ScalarRule<AdadeltaNumbers> = (o, start) => {
  let [theta, v, d] = [start, 0, 0]
  return (gradient, _, rate) => {
    const [g, from] = before(o, gradient, theta, rate)
    v = o.rho * v + (1 - o.rho) * g ** 2
    const s = (Math.sqrt(d + o.epsilon) / Math.sqrt(v + o.epsilon)) * g
    d = o.rho * d + (1 - o.rho) * s ** 2
    theta = from - rate * s
    return same(theta)
  }
}

export interface RpropNumbers {
  readonly learningRate: number
  readonly shrink: number
  readonly grow: number
  readonly smallest: number
  readonly largest: number
  readonly maximize: boolean
}

export const rpropScalar: ScalarRule<RpropNumbers> = (o, start) => {
  let [theta, size, last] = [start, o.learningRate, 0]
  return (gradient) => {
    const g = o.maximize ? -gradient : gradient
    const factor = g * last > 0 ? o.grow : g * last < 0 ? o.shrink : 1
    size = Math.min(Math.max(size * factor, o.smallest), o.largest)
    last = g * last < 0 ? 0 : g
    theta -= Math.sign(last) * size
    return same(theta)
  }
}

export interface AsgdNumbers extends Decay {
  readonly lambda: number
  readonly power: number
  readonly averageAfter: number
}

export const asgdScalar: ScalarRule<AsgdNumbers> = (o, start) => {
  let [theta, average] = [start, start]
  return (gradient, t, rate) => {
    const eta = rate / (1 + o.lambda * rate * (t - 1)) ** o.power
    const [g, from] = before(o, gradient, theta, eta)
    theta = from * (1 - o.lambda * eta) - eta * g
    average += (theta - average) / Math.max(1, t - 1 - o.averageAfter)
    return { theta, evaluated: average }
  }
}
