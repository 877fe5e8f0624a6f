import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { asMatrix, matmul, outer, sizesOf, transposed } from "../matrix.ts"
import { normOf } from "../norm.ts"
import { type Optimizer, optimizer, type Rule } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { flag, fraction, nonNegative, number, oneOf, rateOrSchedule, validate } from "../validation.ts"
import { decayed, descended, keptBy } from "../weightDecay.ts"
import type { MomentumState } from "./sgd.ts"

/**
 * How a step's length depends on the shape of the matrix: `"aspect"` multiplies by `sqrt(max(1, columns / rows))` (Jordan),
 * `"rms"` by `0.2 sqrt(max(rows, columns))`, which gives steps the root mean square of Adam's (Liu et al. 2025), `"none"` by 1.
 */
export type MuonScale = "aspect" | "rms" | "none"

/** Options of Muon. */
export interface MuonOptions {
  /** 0.02 unless given. */
  readonly learningRate?: number | Schedule
  /** mu, 0.95 unless given. */
  readonly momentum?: number
  /** Whether to look ahead along the velocity: true unless given. */
  readonly nesterov?: boolean
  /** How many iterations make a velocity nearly orthogonal: 5 unless given; with 0 it is only divided by its norm. */
  readonly iterations?: number
  /** Added to the norm of the velocity: 1e-7 unless given. */
  readonly epsilon?: number
  /** `"aspect"` unless given. */
  readonly scale?: MuonScale
  /** Decoupled; 0 unless given. */
  readonly weightDecay?: number
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The rule of Muon. */
export interface MuonRule extends Rule {
  readonly State: MomentumState<this["P"]>
  readonly Options: Required<MuonOptions>
}

/** Muon in words. */
export const muonDocument = document({
  name: "muon",
  summary: "Momentum whose velocity is made nearly orthogonal, for matrices: all directions of it move alike.",
  equation:
    "u' = mu u + g, theta' = theta - eta s NS(g + mu u'), NS(U S V^T) about U V^T, s = sqrt(max(1, columns / rows))",
  source: "Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks, algorithm 2",
  slots: { velocity: "the velocity" },
  conventions: {
    scale: '"aspect" in the write-up, "rms" in Liu et al. 2025, Muon is Scalable for LLM Training',
    shape: "matrices only; a tensor with more axes is a matrix whose columns are its last axis; see `partitioned`"
  },
  traits: { symmetry: "axes", scaleInvariant: true, firstStep: "descends" }
})

/** The polynomial `a x + b x^3 + c x^5`: chosen for a steep slope at 0; it takes [0, 1] near 1, not onto it. */
const [a, b, c] = [3.4445, -4.775, 2.0315] as const

/**
 * The quintic Newton-Schulz iteration: a matrix `U S V^T` becomes one close to `U V^T`. After five iterations singular values
 * that were above a hundredth of the norm are between 0.68 and 1.14. Without iterations, the matrix divided by its Frobenius
 * norm.
 *
 * Source: Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks; the method: Kovarik 1970; Bjorck and
 * Bowie 1971.
 */
const orthogonalised = (x: AnyTensor, iterations: number, epsilon: number): AnyTensor => {
  const [rows, columns] = sizesOf(x)
  // The products are smallest on the shorter side.
  const isTall = rows > columns
  let y = ops.div(isTall ? transposed(x) : x, ops.add(normOf(x), epsilon))
  for (let k = 0; k < iterations; k++) {
    const square = outer(y)
    const polynomial = ops.add(ops.mul(square, b), ops.mul(matmul(square, square), c))
    y = ops.add(ops.mul(y, a), matmul(polynomial, y))
  }
  return isTall ? transposed(y) : y
}

const factorOf: { readonly [S in MuonScale]: (rows: number, columns: number) => number } = {
  aspect: (rows, columns) => Math.sqrt(Math.max(1, columns / rows)),
  rms: (rows, columns) => 0.2 * Math.sqrt(Math.max(rows, columns)),
  none: () => 1
}

/**
 * Muon: momentum `u' = mu u + g` whose direction `g + mu u'` is made nearly orthogonal by five Newton-Schulz iterations
 * `X' = a X + b (X X^T) X + c (X X^T)^2 X`, `(a, b, c) = (3.4445, -4.7750, 2.0315)`, of `X = (g + mu u') / |g + mu u'|`;
 * `theta' = (1 - eta lambda) theta - eta s X`.
 *
 * For matrices: kernels are `[in, out]` here, so Jordan's `sqrt(max(1, rows / columns))` of `[out, in]` is
 * `s = sqrt(max(1, columns / rows))`. Give vectors, embeddings and the output layer to another rule with `partitioned`:
 *
 * ```ts
 * const optimizer = partitioned({ matrices: muon(), others: adamw({ learningRate: 3e-4 }) }, byRank)
 * ```
 *
 * Source: Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks, algorithm 2. Conventions: `scale`,
 * `nesterov`. Throws an OptimizerError that lists every wrong option; `init` and `step` throw a TreeError that names a
 * parameter that is no matrix.
 */
export const muon = (options: MuonOptions = {}): Optimizer<MuonRule> => {
  const complete: Required<MuonOptions> = {
    learningRate: 0.02,
    momentum: 0.95,
    nesterov: true,
    iterations: 5,
    epsilon: 1e-7,
    scale: "aspect",
    weightDecay: 0,
    maximize: false,
    ...options
  }
  const o = validate("muon", complete, {
    learningRate: rateOrSchedule,
    momentum: fraction,
    nesterov: flag,
    iterations: number("a whole number from 0 to 20", (n) => Number.isInteger(n) && n >= 0 && n <= 20),
    epsilon: nonNegative,
    scale: oneOf("aspect", "rms", "none"),
    weightDecay: nonNegative,
    maximize: flag
  })
  const decay = { ...o, weightDecayMode: "decoupled" } as const
  return optimizer({
    name: "muon",
    options: o,
    requires: {
      holds: ({ shape }) => shape.length >= 2,
      mustBe: "a matrix for Muon; give other parameters another rule with `partitioned`"
    },
    slots: ["velocity"],
    optional: [],
    scalars: ({ rate }) => ({ descent: T.neg(rate), left: keptBy(rate, decay) }),
    update: (leaf, { descent, left }) => {
      const g = descended(leaf.grad, leaf.params, decay)
      const velocity = ops.add(ops.mul(leaf.velocity, o.momentum), g)
      const direction = o.nesterov ? ops.add(g, ops.mul(velocity, o.momentum)) : velocity
      const even = ops.reshape(orthogonalised(asMatrix(direction), o.iterations, o.epsilon), leaf.params.shape)
      const size = ops.mul(descent, factorOf[o.scale](...sizesOf(leaf.params)))
      return { params: ops.add(decayed(leaf.params, left, decay), ops.mul(even, size)), velocity }
    }
  })
}
