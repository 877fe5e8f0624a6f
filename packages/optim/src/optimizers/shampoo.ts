import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { asMatrix, inner, matmul, outer, sandwiched, transposed } from "../matrix.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { initialSide, isSet, sidesOf } from "../sides.ts"
import { count, positive, rateOrSchedule, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import type { Factors } from "./adafactor.ts"

/** The state of Shampoo. For each side of a matrix a square matrix; for a side that is left alone the number 0. */
export interface ShampooState<P> extends Stepped<P> {
  /** `epsilon I` plus the sum of `g g^T`. */
  readonly left: Factors<P>
  /** `epsilon I` plus the sum of `g^T g`. */
  readonly right: Factors<P>
  /** The inverse root of `left` at its last refresh. */
  readonly leftRoot: Factors<P>
  /** The inverse root of `right` at its last refresh. */
  readonly rightRoot: Factors<P>
}

/** Options of Shampoo. */
export interface ShampooOptions extends DecayOptions {
  readonly learningRate: number | Schedule
  /** epsilon, what the statistics begin with: 1e-4 unless given. */
  readonly epsilon?: number
  /** After how many steps the roots are computed again: 1 unless given. The first step computes them. */
  readonly refreshEvery?: number
  /** Sides that are larger are left alone: 1024 unless given. */
  readonly largestSide?: number
}

/** The rule of Shampoo. */
export interface ShampooRule extends Rule {
  readonly State: ShampooState<this["P"]>
  readonly Options: Required<ShampooOptions>
}

/** Shampoo in words. */
export const shampooDocument = document({
  name: "shampoo",
  summary: "Adagrad with whole matrices of second moments, one for the rows and one for the columns of a matrix.",
  equation: "L' = L + g g^T, R' = R + g^T g, theta' = theta - eta L'^(-1/4) g R'^(-1/4)",
  source: "Gupta, Koren and Singer 2018, Shampoo: Preconditioned Stochastic Tensor Optimization, algorithm 1",
  slots: {
    left: "the sum of g g^T",
    right: "the sum of g^T g",
    leftRoot: "the inverse root of left",
    rightRoot: "the inverse root of right"
  },
  conventions: {
    largestSide: "a side that is larger has no matrix; then the other root is -1/2",
    shape:
      "a vector has one side and the root -1/2; a tensor with more axes is a matrix whose columns are its last axis"
  },
  traits: { symmetry: "axes", firstStep: "descends" }
})

/** `A^power` for a symmetric matrix whose eigenvalues are at least `least`, up to rounding. */
const powerOf = (matrix: AnyTensor, power: number, least: number): AnyTensor => {
  const [values, vectors] = ops.eigh([matrix], {})
  if (values === undefined || vectors === undefined) throw new RangeError("eigh has two results")
  const scale = ops.pow(ops.max(values, least), power)
  return matmul(ops.mul(vectors, ops.reshape(scale, [1, ...values.shape])), transposed(vectors))
}

/**
 * Shampoo: `L' = L + g g^T`, `R' = R + g^T g`, both `epsilon I` at first, `theta' = theta - eta L'^(-1/4) g R'^(-1/4)`. A
 * vector has one side and the power -1/2, which is Adagrad with a full matrix; a tensor of one element is Adagrad.
 *
 * Source: Gupta, Koren and Singer 2018, Shampoo: Preconditioned Stochastic Tensor Optimization, algorithm 1; the roots are
 * taken from eigenvectors, every `refreshEvery` steps. Conventions: `largestSide`.
 *
 * ```ts
 * const optimizer = shampoo({ learningRate: 0.1, refreshEvery: 10 })
 * const state = optimizer.init({ w: T.zeros([20, 30]) })   // state.left.w is [20, 20], state.right.w is [30, 30]
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const shampoo = (options: ShampooOptions): Optimizer<ShampooRule> => {
  const complete: Required<ShampooOptions> = {
    epsilon: 1e-4,
    refreshEvery: 1,
    largestSide: 1024,
    ...decayDefaults,
    ...options
  }
  const o = validate("shampoo", complete, {
    learningRate: rateOrSchedule,
    epsilon: positive,
    refreshEvery: count,
    largestSide: count,
    ...decayRequirements
  })
  const sides = (leaf: AnyTensor) => sidesOf(leaf, o.largestSide)
  return optimizer({
    name: "shampoo",
    options: o,
    slots: ["left", "right", "leftRoot", "rightRoot"],
    optional: [],
    initial: {
      left: (leaf) => initialSide(sides(leaf).left, o.epsilon, leaf),
      right: (leaf) => initialSide(sides(leaf).right, o.epsilon, leaf),
      leftRoot: (leaf) => initialSide(sides(leaf).left, 1, leaf),
      rightRoot: (leaf) => initialSide(sides(leaf).right, 1, leaf)
    },
    scalars: ({ t, rate }) => ({
      descent: T.neg(rate),
      refreshes: T.cast(T.equal(T.mod(T.sub(t, 1), o.refreshEvery), 0), "f64"),
      kept: keptBy(rate, o)
    }),
    update: (leaf, { descent, refreshes, kept }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const matrix = asMatrix(g)
      const { left: rows, right: columns } = sides(leaf.params)
      const power = rows === undefined || columns === undefined ? -1 / 2 : -1 / 4
      const left = rows === undefined ? leaf.left : ops.add(leaf.left, outer(matrix))
      const right = columns === undefined ? leaf.right : ops.add(leaf.right, inner(matrix))
      const roots = () => ({
        leftRoot: rows === undefined ? leaf.leftRoot : powerOf(left, power, o.epsilon),
        rightRoot: columns === undefined ? leaf.rightRoot : powerOf(right, power, o.epsilon)
      })
      const { leftRoot, rightRoot } =
        o.refreshEvery === 1
          ? roots()
          : T.cond(isSet(refreshes), roots, () => ({ leftRoot: leaf.leftRoot, rightRoot: leaf.rightRoot }))
      const direction = sandwiched(
        rows === undefined ? undefined : leftRoot,
        g,
        columns === undefined ? undefined : rightRoot
      )
      const params = ops.add(decayed(leaf.params, kept, o), ops.mul(direction, descent))
      return { params, left, right, leftRoot, rightRoot }
    }
  })
}
