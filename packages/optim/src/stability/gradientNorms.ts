/** Norms of gradients by layer: which of them explode, vanish, or are not numbers. */
import { isFloat, operations as ops, T, Tree } from "@cotangent/graph"
import type { Scalar } from "../scalar.ts"
import { count, nonNegative, positive, validate } from "../validation.ts"
import { median } from "./robust.ts"
import type { Watcher } from "./watcher.ts"

/**
 * The Euclidean norm of each floating-point leaf, by its path, in float64: what a step gives out for a watcher to read.
 *
 * ```ts
 * const norms = layerNorms({ hidden: { kernel: T.constant([[3, 4]]), bias: T.constant([2]) } })
 * // T.evaluate(norms) holds 5 for "hidden.kernel" and 2 for "hidden.bias"
 * ```
 */
export const layerNorms = (tree: unknown): { readonly [path: string]: Scalar } =>
  Object.fromEntries(
    Tree.entries(tree).flatMap(({ path, leaf }) => {
      if (!isFloat(leaf.dtype)) return []
      const x = ops.cast(leaf, "f64")
      const axes = x.shape.map((_, axis) => axis)
      // Reducing over all axes leaves a scalar, which the untyped operations cannot say.
      return [[path, T.sqrt(ops.reduceSum(ops.mul(x, x), axes) as Scalar)]]
    })
  )

interface OfLayer {
  readonly step: number
  readonly layer: string
  readonly norm: number
}

/** The norm of a layer's gradient has become too large. */
export interface ExplodingGradient extends OfLayer {
  readonly _tag: "ExplodingGradient"
  /** What it is above: the absolute limit, or the ratio times the usual norm. */
  readonly limit: number
}

/** The norm of a layer's gradient has been too small for some steps. */
export interface VanishingGradient extends OfLayer {
  readonly _tag: "VanishingGradient"
  readonly limit: number
  /** For how many steps in a row. */
  readonly steps: number
}

/** A layer's gradient holds a NaN or an infinity. */
export interface NonFiniteGradient extends OfLayer {
  readonly _tag: "NonFiniteGradient"
}

/** The norm of a layer's gradient is back between the limits. */
export interface RecoveredGradient extends OfLayer {
  readonly _tag: "RecoveredGradient"
}

/** What can happen to a layer's gradient. */
export type GradientEvent = ExplodingGradient | VanishingGradient | NonFiniteGradient | RecoveredGradient

/** What the watcher of gradients reads. */
export interface GradientObservation {
  readonly step: number
  /** The norm of each layer's gradient, by path. */
  readonly gradientNorms: { readonly [layer: string]: number }
}

/** Options of the watcher of gradients. */
export interface GradientNormOptions {
  /** A norm above this explodes: 1e3 unless given. */
  readonly largest?: number
  /** A norm this many times the median of the layer's last norms explodes: 100 unless given. */
  readonly ratio?: number
  /** A norm below this vanishes: 1e-7 unless given. */
  readonly smallest?: number
  /** After how many steps in a row below `smallest`: 5 unless given. */
  readonly patience?: number
  /** How many norms of a layer are remembered: 50 unless given. */
  readonly window?: number
  /** How many norms are seen before one can be told by the ratio: 10 unless given. */
  readonly warmup?: number
}

/** What is remembered of one layer. */
export interface LayerState {
  /** The last finite norms, oldest first. */
  readonly window: ReadonlyArray<number>
  /** For how many steps the norm has been below the smallest. */
  readonly small: number
  readonly trouble: "none" | "exploding" | "vanishing" | "nonFinite"
}

/** What is remembered of all layers. */
export interface GradientState {
  readonly layers: { readonly [layer: string]: LayerState }
}

const fresh: LayerState = { window: [], small: 0, trouble: "none" }

/**
 * Tells of each layer when its gradient explodes (above `largest`, or `ratio` times its usual norm), vanishes (below
 * `smallest` for `patience` steps), stops being finite, and when it has recovered. Each is told when it begins.
 *
 * Source: Bengio, Simard and Frasconi 1994, Learning Long-Term Dependencies with Gradient Descent is Difficult; Pascanu,
 * Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks.
 *
 * ```ts
 * const watcher = gradientNorms({ largest: 10 })
 * const [, events] = watch(watcher, [
 *   { step: 1, gradientNorms: { hidden: 1, out: 2 } },
 *   { step: 2, gradientNorms: { hidden: 50, out: 2 } }
 * ])
 * // [{ _tag: "ExplodingGradient", step: 2, layer: "hidden", norm: 50, limit: 10 }]
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const gradientNorms = (
  options: GradientNormOptions = {}
): Watcher<GradientState, GradientObservation, GradientEvent> => {
  const complete: Required<GradientNormOptions> = {
    largest: 1e3,
    ratio: 100,
    smallest: 1e-7,
    patience: 5,
    window: 50,
    warmup: 10,
    ...options
  }
  const o = validate(
    "gradientNorms",
    complete,
    { largest: positive, ratio: positive, smallest: nonNegative, patience: count, window: count, warmup: count },
    [{ holds: ({ smallest, largest }) => smallest < largest, otherwise: "smallest must be below largest" }]
  )
  const limitOf = ({ window }: LayerState): number => {
    const usual = window.length >= Math.min(o.warmup, o.window) ? median(window) : Infinity
    return usual > 0 ? Math.min(o.largest, o.ratio * usual) : o.largest
  }
  const troubleOf = (norm: number, limit: number, small: number): LayerState["trouble"] =>
    !Number.isFinite(norm) ? "nonFinite" : norm > limit ? "exploding" : small >= o.patience ? "vanishing" : "none"

  const updateLayer = (before: LayerState, at: OfLayer): readonly [LayerState, ReadonlyArray<GradientEvent>] => {
    const { norm } = at
    const limit = limitOf(before)
    const small = norm < o.smallest ? before.small + 1 : 0
    const trouble = troubleOf(norm, limit, small)
    const window = Number.isFinite(norm) ? [...before.window, norm].slice(-o.window) : before.window
    const events: { readonly [K in LayerState["trouble"]]: GradientEvent } = {
      none: { _tag: "RecoveredGradient", ...at },
      exploding: { _tag: "ExplodingGradient", ...at, limit },
      vanishing: { _tag: "VanishingGradient", ...at, limit: o.smallest, steps: small },
      nonFinite: { _tag: "NonFiniteGradient", ...at }
    }
    return [{ window, small, trouble }, trouble === before.trouble ? [] : [events[trouble]]]
  }
  return {
    init: { layers: {} },
    update: ({ layers }, { step, gradientNorms: norms }) => {
      const updated = Object.entries(norms).map(
        ([layer, norm]) => [layer, updateLayer(layers[layer] ?? fresh, { step, layer, norm })] as const
      )
      return [
        { layers: { ...layers, ...Object.fromEntries(updated.map(([layer, [state]]) => [layer, state])) } },
        updated.flatMap(([, [, events]]) => events)
      ]
    }
  }
}
