/**
 * The rules of PyTorch, Keras and Optax with options, gradients and starts drawn at random, every convention among them,
 * against the same equations for one number. The golden files hold fixed seeds; here every run of a seed is another case.
 */
import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor } from "@cotangent/graph"
import { chain } from "../chain.ts"
import { fromTransform } from "../fromTransform.ts"
import { grouped } from "../grouped.ts"
import type { Optimizer, Rule } from "../optimizer.ts"
import { f64, type Scalar } from "../scalar.ts"
import { trajectory } from "../trajectory.ts"
import { clipByGlobalNorm } from "../transforms/clipByGlobalNorm.ts"
import { clipByValue } from "../transforms/clipByValue.ts"
import { identity } from "../transforms/identity.ts"
import { scaleByAdam } from "../transforms/scaleByAdam.ts"
import { adadelta } from "./adadelta.ts"
import { adagrad } from "./adagrad.ts"
import { adam } from "./adam.ts"
import { adamax } from "./adamax.ts"
import { adamw } from "./adamw.ts"
import { asgd } from "./asgd.ts"
import { nadam } from "./nadam.ts"
import { radam } from "./radam.ts"
import { rmsprop } from "./rmsprop.ts"
import { rprop } from "./rprop.ts"
import {
  adadeltaScalar,
  adagradScalar,
  adamaxScalar,
  adamScalar,
  asgdScalar,
  type Decay,
  nadamScalar,
  radamScalar,
  rmspropScalar,
  rpropScalar,
  type ScalarRule,
  sgdScalar
} from "./scalar-rules.test.support.ts"
import { sgd } from "./sgd.ts"

const isDeep = process.env["COTANGENT_DEEP"] !== undefined
const seeds = Array.from({ length: isDeep ? 400 : 10 }, (_, i) => i + 1)
const steps = 7

/** Numbers drawn one after another. */
interface Draw {
  readonly between: (a: number, b: number) => number
  /** As likely in every decade. */
  readonly scale: (a: number, b: number) => number
  readonly chance: (p: number) => boolean
  readonly one: <const A extends ReadonlyArray<unknown>>(...values: A) => A[number]
}

/** Marsaglia's xorshift of 32 bits, started well away from its weak states. */
const drawing = (seed: number): Draw => {
  let state = (seed * 2654435761) | 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 10; i++) next()
  return {
    between: (a, b) => a + (b - a) * next(),
    scale: (a, b) => a * (b / a) ** next(),
    chance: (p) => next() < p,
    one: (...values) => values[Math.floor(next() * values.length)]
  }
}

/** A rate, or a schedule that falls or rises by a factor at every step, and its numbers. */
interface Rate {
  readonly learningRate: number | ((k: Scalar) => Scalar)
  readonly at: (t: number) => number
}

const rateOf = (d: Draw): Rate => {
  const from = d.scale(1e-3, 0.5)
  if (d.chance(0.6)) return { learningRate: from, at: () => from }
  const factor = d.between(0.5, 1.3)
  return { learningRate: (k) => T.mul(T.pow(f64(factor), k), from), at: (t) => from * factor ** (t - 1) }
}

const decayOf = (d: Draw): Decay => ({
  weightDecay: d.chance(0.5) ? 0 : d.scale(1e-3, 0.5),
  weightDecayMode: d.one("l2", "decoupled"),
  maximize: d.chance(0.3)
})

const moments = (d: Draw) => ({ beta1: d.between(0, 0.99), beta2: d.between(0, 0.9999), epsilon: d.scale(1e-10, 2) })

/** Optimizers over two tensors, of which the second may be in a group of its own, and what each number should do. */
interface Case {
  readonly check: (d: Draw) => void
}

type Vec = ReadonlyArray<number>
type Pair = readonly [Tensor<[3], "f64">, Tensor<[2, 2], "f64">]

const tensorsOf = ([a, b]: readonly [Vec, Vec]): Pair => [
  T.fromArray(Float64Array.from(a), [3], "f64"),
  T.fromArray(Float64Array.from(b), [2, 2], "f64")
]

const vectors = (d: Draw, size: number, zeros: number): readonly [Vec, Vec] => [
  Array.from({ length: 3 }, () => (d.chance(zeros) ? 0 : size * d.between(-1, 1))),
  Array.from({ length: 4 }, () => (d.chance(zeros) ? 0 : size * d.between(-1, 1)))
]

/** The parameters and what is evaluated, after every step. */
const followed = <F extends Rule>(
  optimizer: Optimizer<F>,
  start: readonly [Vec, Vec],
  gradients: ReadonlyArray<readonly [Vec, Vec]>
): ReadonlyArray<readonly [params: ReadonlyArray<Vec>, evaluated: ReadonlyArray<Vec>]> => {
  let state = optimizer.init<Pair>(tensorsOf(start))
  const visited = gradients.map((gradient) => {
    state = optimizer.step<Pair>(state, tensorsOf(gradient))
    // The state of every rule holds the parameters.
    return [state.params as Pair, optimizer.evalParams<Pair>(state)] as const
  })
  return T.evaluate(visited).map(([params, evaluated]) => [
    params.map(({ data }) => Array.from(data)),
    evaluated.map(({ data }) => Array.from(data))
  ])
}

const close = (actual: number, expected: number, what: string): void =>
  assert.isAtMost(Math.abs(actual - expected), 1e-10 * (1 + Math.abs(expected)), what)

/** A row: options drawn, the optimizer of them, the rule for one number. */
const row = <O extends object, F extends Rule>(
  drawn: (d: Draw) => O,
  make: (options: O & Pick<Rate, "learningRate">) => Optimizer<F>,
  plain: ScalarRule<O>,
  rates: (d: Draw, options: O) => Rate = rateOf
): Case => ({
  check: (d) => {
    const first = drawn(d)
    const start = vectors(d, 2, 0.1)
    const size = d.scale(1e-4, 1e3)
    const gradients = Array.from({ length: steps }, () => vectors(d, size, 0.15))
    // The second tensor: in the same group, or in one with another rate and another decay.
    const isGrouped = d.chance(0.4)
    const second = {
      ...first,
      ...("weightDecay" in first ? { weightDecay: d.scale(1e-3, 0.5) } : {}),
      ...("learningRate" in first ? { learningRate: d.scale(1e-4, 1) } : {})
    }
    const groups = [first, second].map((options, i) => ({ options, rate: rates(d, options), name: String(i) }))
    const [one, other] = groups
    if (one === undefined || other === undefined) throw new RangeError("there are two groups")
    const [a, b] = [one, isGrouped ? other : one].map(({ options, rate }) =>
      make({ ...options, learningRate: rate.learningRate })
    )
    if (a === undefined || b === undefined) throw new RangeError("there are two optimizers")
    const visited = isGrouped
      ? followed(
          grouped({ 0: a, 1: b }, (path) => path),
          start,
          gradients
        )
      : followed(a, start, gradients)
    start.forEach((vector, i) => {
      const { options, rate } = isGrouped && i === 1 ? other : one
      vector.forEach((theta, j) => {
        const step = plain(options, theta)
        visited.forEach(([params, evaluated], k) => {
          const expected = step(gradients[k]?.[i === 0 ? 0 : 1][j] ?? Number.NaN, k + 1, rate.at(k + 1))
          const where = () => `step ${k + 1}, ${i}[${j}], ${JSON.stringify(options)}`
          close(params[i]?.[j] ?? Number.NaN, expected.theta, where())
          close(evaluated[i]?.[j] ?? Number.NaN, expected.evaluated, where())
        })
      })
    })
  }
})

const noDecay = { weightDecay: 0, weightDecayMode: "l2", maximize: false } as const

const sgdOptions = (d: Draw) => {
  const momentum = d.one(undefined, d.between(0.1, 0.99), d.between(0.1, 0.99))
  const nesterov = momentum !== undefined && d.chance(0.4)
  const velocityMode = d.one("gradients", "steps")
  const dampening = momentum === undefined || nesterov || velocityMode === "steps" ? 0 : d.one(0, d.between(0, 1))
  return { momentum, nesterov, velocityMode, dampening, ...decayOf(d) }
}

const adamOptions = (d: Draw) => {
  const epsilonMode = d.one("outside", "inside", "hat")
  const epsilonRoot = epsilonMode === "outside" ? d.one(0, d.scale(1e-8, 1)) : 0
  const amsgrad = epsilonMode === "hat" ? d.one(false, "raw") : d.one(false, "raw", "corrected")
  return { ...moments(d), epsilonMode, epsilonRoot, amsgrad, ...decayOf(d) }
}

const cases: { readonly [rule: string]: Case } = {
  sgd: row(sgdOptions, (o) => sgd<number | undefined>(o), sgdScalar),
  adam: row(adamOptions, (o) => adam(o), adamScalar),
  adamw: row(
    (d) => ({ ...adamOptions(d), weightDecayMode: "decoupled" }) as const,
    ({ weightDecayMode: _, ...o }) => adamw(o),
    adamScalar
  ),
  scaleByAdam: row(
    (d) => {
      const { beta1, beta2, epsilon, epsilonMode, epsilonRoot } = adamOptions(d)
      return { beta1, beta2, epsilon, epsilonMode, epsilonRoot }
    },
    ({ learningRate, ...o }) => fromTransform(scaleByAdam(o), { learningRate }),
    (o, start) => adamScalar({ ...o, ...noDecay, amsgrad: false }, start)
  ),
  adamax: row((d) => ({ ...moments(d), epsilonMode: d.one("inside", "outside"), ...decayOf(d) }), adamax, adamaxScalar),
  nadam: row(
    (d) => ({ ...moments(d), momentumDecay: d.one(false, 0.004, 1, d.between(0, 3)), ...decayOf(d) }),
    nadam,
    nadamScalar
  ),
  radam: row(
    (d) => {
      const { amsgrad: _, ...options } = adamOptions(d)
      return { ...options, threshold: d.one(4, 5, d.between(4, 6)) }
    },
    radam,
    radamScalar
  ),
  rmsprop: row(
    (d) => ({
      rho: d.between(0.1, 0.999),
      epsilon: d.scale(1e-8, 2),
      epsilonMode: d.one("outside", "inside"),
      centered: d.chance(0.4),
      momentum: d.one(undefined, d.between(0, 0.99)),
      velocityMode: d.one("gradients", "steps"),
      ...decayOf(d)
    }),
    (o) => rmsprop<boolean, number | undefined>(o),
    rmspropScalar
  ),
  adagrad: row(
    (d) => ({
      learningRateDecay: d.one(0, d.scale(1e-3, 1)),
      initialSum: d.one(0, 0.1, d.between(0, 2)),
      epsilon: d.scale(1e-12, 2),
      epsilonMode: d.one("outside", "inside"),
      ...decayOf(d)
    }),
    adagrad,
    adagradScalar
  ),
  adadelta: row(
    (d) => ({ rho: d.between(0, 0.99), epsilon: d.scale(1e-8, 1), ...decayOf(d) }),
    adadelta,
    adadeltaScalar
  ),
  rprop: row(
    (d) => ({
      learningRate: d.scale(1e-4, 1),
      shrink: d.between(0.1, 1),
      grow: d.between(1, 3),
      smallest: d.scale(1e-8, 1e-2),
      largest: d.scale(1e-2, 50),
      maximize: d.chance(0.3)
    }),
    (o) => rprop({ ...o, learningRate: Number(o.learningRate) }),
    rpropScalar,
    (_, { learningRate }) => ({ learningRate, at: () => learningRate })
  ),
  asgd: row(
    (d) => ({
      lambda: d.scale(1e-5, 0.5),
      power: d.between(0, 1),
      averageAfter: d.one(1e6, 0, 2, d.between(0, 4)),
      ...decayOf(d)
    }),
    asgd,
    asgdScalar
  )
}

describe("options at random", () => {
  for (const [name, { check }] of Object.entries(cases))
    it(name, () => {
      for (const seed of seeds) check(drawing(seed))
    })

  it("clipping by value and by global norm", () => {
    for (const seed of seeds) {
      const d = drawing(seed)
      const [limit, epsilon, learningRate] = [d.scale(0.1, 10), d.one(0, 1e-6, d.scale(1e-6, 1)), d.scale(1e-3, 1)]
      const start = vectors(d, 2, 0)
      const gradients = Array.from({ length: steps }, () => vectors(d, d.scale(0.1, 10), 0.1))
      const path = (clip: "value" | "norm") => {
        let theta = start.flat()
        return gradients.map((gradient) => {
          const g = gradient.flat()
          const norm = Math.hypot(...g)
          const factor = Math.min(1, limit / (norm + epsilon))
          const clipped = (x: number): number => (clip === "norm" ? x * factor : Math.max(-limit, Math.min(limit, x)))
          theta = theta.map((x, j) => x - learningRate * clipped(g[j] ?? Number.NaN))
          return theta
        })
      }
      const paths = {
        value: trajectory(fromTransform(chain({ clip: clipByValue(limit), identity }), { learningRate })),
        norm: trajectory(
          fromTransform(chain({ clip: clipByGlobalNorm(limit, { epsilon }), identity }), { learningRate })
        )
      }
      for (const clip of ["value", "norm"] as const) {
        const visited = T.evaluate(paths[clip](tensorsOf(start), gradients.map(tensorsOf)))
        path(clip).forEach((expected, k) => {
          const actual = visited[k]?.flatMap(({ data }) => Array.from(data)) ?? []
          expected.forEach((x, j) => close(actual[j] ?? Number.NaN, x, `${clip}, step ${k + 1}`))
        })
      }
    }
  })
})
