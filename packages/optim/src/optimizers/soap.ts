import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { asMatrix, inner, matmul, outer, sandwiched, transposed } from "../matrix.ts"
import {
  corrections,
  denominator,
  type EpsilonMode,
  momentRequirements,
  movingAverage,
  movingSquare,
  rootRelation
} from "../moments.ts"
import { type Optimizer, optimizer, type Rule } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { initialSide, isSet, sidesOf } from "../sides.ts"
import { count, flag, nonNegative, number, rateOrSchedule, validate } from "../validation.ts"
import { decayed, descended, keptBy } from "../weightDecay.ts"
import type { Factors } from "./adafactor.ts"
import type { AdamState } from "./adam.ts"

/** The state of SOAP: m in the parameters' own basis, v in the basis of eigenvectors. */
export interface SoapState<P> extends AdamState<P> {
  /** The moving average of `g g^T`, zero at first; 0 for a side that is left alone. */
  readonly left: Factors<P>
  /** The moving average of `g^T g`. */
  readonly right: Factors<P>
  /** Eigenvectors of `left` in columns, by falling eigenvalues; the identity at first. */
  readonly leftBasis: Factors<P>
  /** Eigenvectors of `right`. */
  readonly rightBasis: Factors<P>
}

/** Options of SOAP. */
export interface SoapOptions {
  /** 3e-3 unless given. */
  readonly learningRate?: number | Schedule
  /** 0.95 unless given. */
  readonly beta1?: number
  /** For v and for the matrices: 0.95 unless given. */
  readonly beta2?: number
  /** 1e-8 unless given. */
  readonly epsilon?: number
  /** Where epsilon stands: `"hat"` (the authors' code; the default), `"outside"` or `"inside"`. */
  readonly epsilonMode?: EpsilonMode
  /** A second epsilon inside the root in mode `"outside"`, 0 unless given. */
  readonly epsilonRoot?: number
  /** After how many steps the bases are computed again: 10 unless given. */
  readonly refreshEvery?: number
  /** Sides that are larger are left alone: 1024 unless given. With 0 all are, and SOAP is AdamW. */
  readonly largestSide?: number
  /** Decoupled; 0.01 unless given. */
  readonly weightDecay?: number
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The rule of SOAP. */
export interface SoapRule extends Rule {
  readonly State: SoapState<this["P"]>
  readonly Options: Required<SoapOptions>
}

/** SOAP in words. */
export const soapDocument = document({
  name: "soap",
  summary: "Adam in the basis of Shampoo's eigenvectors, which is turned along every few steps.",
  equation:
    "m' = beta1 m + (1 - beta1) g, v' = beta2 v + (1 - beta2) (Q_L^T g Q_R)^2, theta' = (1 - eta lambda) theta - eta Q_L (Q_L^T m' Q_R / (1 - beta1^t) / sqrt(v' / (1 - beta2^t))) Q_R^T, Q of beta2 L + (1 - beta2) g g^T and beta2 R + (1 - beta2) g^T g",
  source: "Vyas et al. 2024, SOAP: Improving and Stabilizing Shampoo using Adam, algorithms 3 and 4",
  slots: {
    m: "the moving average of gradients",
    v: "the moving average of squared gradients in the basis",
    left: "the moving average of g g^T",
    right: "the moving average of g^T g",
    leftBasis: "eigenvectors of left",
    rightBasis: "eigenvectors of right"
  },
  conventions: {
    refreshEvery:
      "the first refresh takes eigenvectors, later ones one step of orthogonal iteration; before it the basis is the identity, where the authors' code spends the first step on finding one",
    shape: "vectors, and sides above largestSide, keep the identity as their basis"
  },
  traits: { rests: false, symmetry: "sign", scaleInvariant: true }
})

/** Eigenvectors by falling eigenvalues. */
const eigenvectors = (matrix: AnyTensor): AnyTensor => {
  const [, vectors] = ops.eigh([matrix], {})
  if (vectors === undefined) throw new RangeError("eigh has two results")
  const last = (vectors.shape[1] ?? 1) - 1
  return ops.gather(vectors, ops.sub(ops.full([last + 1], last, "i32"), ops.iota([last + 1], 0, "i32")), 1)
}

/** One step of orthogonal iteration: nearer to the eigenvectors of the matrix by falling eigenvalues. */
const iterated = (matrix: AnyTensor, basis: AnyTensor): AnyTensor => {
  const [q] = ops.qr([matmul(matrix, basis)], {})
  if (q === undefined) throw new RangeError("qr has two results")
  return q
}

/**
 * SOAP: Adam on the gradient seen in the eigenvectors of Shampoo's matrices,
 * `theta' = (1 - eta lambda) theta - eta Q_L N Q_R^T` with Adam's direction `N` of `Q_L^T m' Q_R` and of the moving average of
 * `(Q_L^T g Q_R)^2`. The matrices `L`, `R` are moving averages of `g g^T` and `g^T g`; their bases are the identity until the
 * step `refreshEvery`, at which they become eigenvectors, and follow by `Q' = qr(L' Q)` after as many steps each time. Until
 * the first refresh, and for vectors always, this is AdamW.
 *
 * Source: Vyas et al. 2024, SOAP: Improving and Stabilizing Shampoo using Adam, algorithms 3 and 4. Conventions:
 * `epsilonMode`, `largestSide`.
 *
 * ```ts
 * const state = soap({ learningRate: 3e-3 }).init({ w: T.zeros([20, 30]) })   // SoapState<{ w: Tensor<[20, 30]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const soap = (options: SoapOptions = {}): Optimizer<SoapRule> => {
  const complete: Required<SoapOptions> = {
    learningRate: 3e-3,
    beta1: 0.95,
    beta2: 0.95,
    epsilon: 1e-8,
    epsilonMode: "hat",
    epsilonRoot: 0,
    refreshEvery: 10,
    largestSide: 1024,
    weightDecay: 0.01,
    maximize: false,
    ...options
  }
  const o = validate(
    "soap",
    complete,
    {
      learningRate: rateOrSchedule,
      ...momentRequirements,
      refreshEvery: count,
      largestSide: number("a whole number, 0 or more", (n) => Number.isInteger(n) && n >= 0),
      weightDecay: nonNegative,
      maximize: flag
    },
    [rootRelation]
  )
  const decay = { ...o, weightDecayMode: "decoupled" } as const
  // A basis of one side of a vector would be a matrix of its size squared: as in the paper, vectors have none.
  const sides = (leaf: AnyTensor) => sidesOf(leaf, leaf.shape.length >= 2 ? o.largestSide : 0)
  return optimizer({
    name: "soap",
    options: o,
    slots: ["m", "v", "left", "right", "leftBasis", "rightBasis"],
    optional: [],
    initial: {
      left: (leaf) => initialSide(sides(leaf).left, 0, leaf),
      right: (leaf) => initialSide(sides(leaf).right, 0, leaf),
      leftBasis: (leaf) => initialSide(sides(leaf).left, 1, leaf),
      rightBasis: (leaf) => initialSide(sides(leaf).right, 1, leaf)
    },
    scalars: ({ t, rate }) => {
      const { c1, c2, rootC2 } = corrections(t, o)
      const size = o.epsilonMode === "hat" ? T.mul(rate, rootC2) : rate
      return {
        descent: T.neg(T.div(size, c1)),
        c2,
        rootC2,
        kept: keptBy(rate, decay),
        refreshes: T.cast(T.equal(T.mod(t, o.refreshEvery), 0), "f64"),
        isFirst: T.cast(T.equal(t, o.refreshEvery), "f64")
      }
    },
    update: (leaf, { descent, c2, rootC2, kept, refreshes, isFirst }) => {
      const g = descended(leaf.grad, leaf.params, decay)
      const { left: rows, right: columns } = sides(leaf.params)
      const leftBasis = rows === undefined ? undefined : leaf.leftBasis
      const rightBasis = columns === undefined ? undefined : leaf.rightBasis
      const back = (basis: AnyTensor | undefined) => (basis === undefined ? undefined : transposed(basis))
      const inBasis = (x: AnyTensor): AnyTensor => sandwiched(back(leftBasis), x, rightBasis)
      const m = movingAverage(leaf.m, g, o.beta1)
      const v = movingSquare(leaf.v, inBasis(g), o.beta2)
      const direction = ops.div(ops.mul(inBasis(m), descent), denominator(v, false, { c2, rootC2 }, o))
      const params = ops.add(decayed(leaf.params, kept, decay), sandwiched(leftBasis, direction, back(rightBasis)))
      const left = rows === undefined ? leaf.left : movingAverage(leaf.left, outer(asMatrix(g)), o.beta2)
      const right = columns === undefined ? leaf.right : movingAverage(leaf.right, inner(asMatrix(g)), o.beta2)
      const before = { leftBasis: leaf.leftBasis, rightBasis: leaf.rightBasis }
      if (rows === undefined && columns === undefined) return { params, m, v, left, right, ...before }
      const bases = (next: (matrix: AnyTensor, basis: AnyTensor) => AnyTensor) => () => ({
        leftBasis: leftBasis === undefined ? before.leftBasis : next(left, leftBasis),
        rightBasis: rightBasis === undefined ? before.rightBasis : next(right, rightBasis)
      })
      const refreshed = () => T.cond(isSet(isFirst), bases(eigenvectors), bases(iterated))
      return { params, m, v, left, right, ...T.cond(isSet(refreshes), refreshed, () => before) }
    }
  })
}
