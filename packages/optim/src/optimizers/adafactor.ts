import { type AnyTensor, operations as ops, sizeOf, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { sumOf } from "../norm.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import { f64 } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { flag, nonNegative, orAbsent, positive, rateOrSchedule, validate } from "../validation.ts"
import { decayed, descended, keptBy } from "../weightDecay.ts"

/**
 * A tree of the structure of P whose tensors have shapes of their own: of a matrix one number for each row, or for each
 * column.
 */
export type Factors<P> = P extends AnyTensor ? AnyTensor : { readonly [K in keyof P]: Factors<P[K]> }

/** The state of Adafactor. */
export interface AdafactorState<P> extends Stepped<P> {
  /** Of a matrix the moving averages of squared gradients over each row, of a vector those of its elements; zero at first. */
  readonly rows: Factors<P>
  /** Of a matrix the moving averages of squared gradients over each column, of a vector one number that stays 0. */
  readonly columns: Factors<P>
}

/** Options of Adafactor. */
export interface AdafactorOptions {
  /**
   * rho: the paper's `min(1e-2, 1 / sqrt(t))` unless given, PyTorch's too; `min(1e-3, 1 / sqrt(t))` in Keras.
   */
  readonly learningRate?: number | Schedule
  /** c in the decay `1 - t^-c` of the moving averages: 0.8 unless given. */
  readonly decayPower?: number
  /** epsilon_1, added to squared gradients: 1e-30 unless given. */
  readonly epsilon?: number
  /** epsilon_2, the smallest size that a parameter counts with: 1e-3 unless given. */
  readonly leastScale?: number
  /** d, the largest root mean square of a direction: 1 unless given; `undefined` for any. */
  readonly clipThreshold?: number | undefined
  /** Whether a step is multiplied by the root mean square of the parameter: true unless given. */
  readonly scaleByParameter?: boolean
  /** Whether the second moments of matrices are kept as those of rows and columns: true unless given. */
  readonly factored?: boolean
  /** Decoupled; 0 unless given. */
  readonly weightDecay?: number
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The options of an Adafactor, defaults filled in. */
export type AdafactorSettings = Required<Omit<AdafactorOptions, "clipThreshold">> & {
  readonly clipThreshold: number | undefined
}

/** The rule of Adafactor. */
export interface AdafactorRule extends Rule {
  readonly State: AdafactorState<this["P"]>
  readonly Options: AdafactorSettings
}

/** Adafactor in words. */
export const adafactorDocument = document({
  name: "adafactor",
  summary: "RMSprop that remembers, of a matrix, one second moment for each row and each column.",
  equation:
    "b_t = 1 - t^-c, r' = b_t r + (1 - b_t) mean over columns (g^2 + epsilon), s' = b_t s + (1 - b_t) mean over rows (g^2 + epsilon), u = g / sqrt(r' s' / mean(r')), theta' = theta - rho_t max(leastScale, rms(theta)) u / max(1, rms(u) / d)",
  source: "Shazeer and Stern 2018, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, algorithms 4 to 6",
  slots: {
    rows: "of a matrix the second moments of its rows, of a vector those of its elements",
    columns: "of a matrix the second moments of its columns"
  },
  conventions: {
    learningRate: "min(1e-2, 1 / sqrt(t)) in the paper and PyTorch, min(1e-3, 1 / sqrt(t)) in Keras",
    factored: "the last two axes are the matrix, those before them a batch",
    clipThreshold: "1 in the paper, PyTorch, Keras and Optax"
  },
  traits: { symmetry: "axes", scaleInvariant: true }
})

/** The relative step of the paper. */
const relativeStep: Schedule = (k) => T.minimum(f64(1e-2), T.div(f64(1), T.sqrt(T.add(k, 1))))

const meanOver = (x: AnyTensor, axis: number): AnyTensor => ops.div(ops.reduceSum(x, [axis]), x.shape[axis] ?? 1)
const rootMeanSquare = (x: AnyTensor): AnyTensor =>
  ops.sqrt(ops.div(sumOf(ops.mul(x, x)), Math.max(1, sizeOf(x.shape))))
/** The shape with 1 in place of the size of an axis. */
const keeping = (shape: ReadonlyArray<number>, axis: number): ReadonlyArray<number> => shape.with(axis, 1)

/**
 * Adafactor: the second moments of a matrix are estimated from those of its rows and columns,
 * `v = r s^T / mean(r)` with the moving averages r and s of means of `g^2 + epsilon` of decay `1 - t^-c`;
 * `u = g / sqrt(v)`, `theta' = theta - rho_t max(leastScale, rms(theta)) u / max(1, rms(u) / d)`. Of vectors v is kept whole.
 * Of tensors with more axes the last two are the matrix.
 *
 * Source: Shazeer and Stern 2018, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, algorithms 4 (matrices),
 * 5 (vectors) and 6, without momentum. Conventions: `learningRate`, `factored`, `clipThreshold`; the
 * preset `presets.keras.adafactor`. PyTorch, instead of adding epsilon, keeps second moments from falling below it.
 *
 * ```ts
 * const state = adafactor().init({ w: T.ones([20, 30]) })  // state.rows.w has 20 numbers, state.columns.w has 30
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adafactor = (options: AdafactorOptions = {}): Optimizer<AdafactorRule> => {
  const complete: AdafactorSettings = {
    learningRate: relativeStep,
    decayPower: 0.8,
    epsilon: 1e-30,
    leastScale: 1e-3,
    clipThreshold: 1,
    scaleByParameter: true,
    factored: true,
    weightDecay: 0,
    maximize: false,
    ...options
  }
  const o = validate("adafactor", complete, {
    learningRate: rateOrSchedule,
    decayPower: positive,
    epsilon: nonNegative,
    leastScale: nonNegative,
    clipThreshold: orAbsent(positive),
    scaleByParameter: flag,
    factored: flag,
    weightDecay: nonNegative,
    maximize: flag
  })
  const decay = { ...o, weightDecayMode: "decoupled" } as const
  const isFactored = ({ shape }: AnyTensor): boolean => o.factored && shape.length >= 2
  const zeros = (shape: ReadonlyArray<number>, { dtype }: AnyTensor): AnyTensor => ops.full(shape, 0, dtype)
  return optimizer({
    name: "adafactor",
    options: o,
    slots: ["rows", "columns"],
    optional: [],
    initial: {
      rows: (leaf) => zeros(isFactored(leaf) ? leaf.shape.slice(0, -1) : leaf.shape, leaf),
      columns: (leaf) => zeros(isFactored(leaf) ? leaf.shape.toSpliced(-2, 1) : [], leaf)
    },
    scalars: ({ t, rate }) => {
      const fresh = T.pow(t, -o.decayPower)
      return { descent: T.neg(rate), fresh, kept: T.sub(f64(1), fresh), left: keptBy(rate, decay) }
    },
    update: (leaf, { descent, fresh, kept, left }) => {
      const g = descended(leaf.grad, leaf.params, decay)
      const square = ops.add(ops.mul(g, g), o.epsilon)
      const averaged = (before: AnyTensor, now: AnyTensor): AnyTensor =>
        ops.add(ops.mul(before, kept), ops.mul(now, fresh))
      const last = g.shape.length - 1
      const second = (): { readonly rows: AnyTensor; readonly columns: AnyTensor; readonly v: AnyTensor } => {
        if (!isFactored(g)) {
          const v = averaged(leaf.rows, square)
          return { rows: v, columns: leaf.columns, v }
        }
        const rows = averaged(leaf.rows, meanOver(square, last))
        const columns = averaged(leaf.columns, meanOver(square, last - 1))
        const share = ops.div(rows, ops.reshape(meanOver(rows, last - 1), keeping(rows.shape, last - 1)))
        const v = ops.mul(ops.reshape(share, keeping(g.shape, last)), ops.reshape(columns, keeping(g.shape, last - 1)))
        return { rows, columns, v }
      }
      const { rows, columns, v } = second()
      const u = ops.div(g, ops.sqrt(v))
      const clipped =
        o.clipThreshold === undefined ? u : ops.div(u, ops.max(ops.div(rootMeanSquare(u), o.clipThreshold), 1))
      const size = o.scaleByParameter ? ops.mul(ops.max(rootMeanSquare(leaf.params), o.leastScale), descent) : descent
      return { params: ops.add(decayed(leaf.params, left, decay), ops.mul(clipped, size)), rows, columns }
    }
  })
}
