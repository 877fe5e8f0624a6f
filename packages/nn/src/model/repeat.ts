/** A block several times in a row, each time with parameters of its own. */
import { type AnyTensor, face, Key, operations, type Shape } from "@cotangent/graph"
import { ModelError, optionError } from "../errors.ts"
import { within } from "../inspect/observation.ts"
import { type AnyBlock, assertKeeps, type BlockLayer, emptyLike, type Keeps } from "./block.ts"
import type { Layer, Mode, Trees } from "./layer.ts"
import { type AnyModel, append, type Model } from "./model.ts"

/** The state of repeats, absent when the block has none. */
export type RepeatedState<S2> = keyof S2 extends never ? {} : ReadonlyArray<S2>

/**
 * A block that keeps the shape, `count` times in a row: `y = b_(count - 1)(... b_0(x))`, each with parameters of its own in a
 * list, `params.stack[2].up.kernel`.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(
 *   Model.input([16]),
 *   Model.repeat("stack", 3, (m) => pipe(m, Model.dense("mix", 16, { activation: "relu" }), Model.layerNorm("norm")))
 * )
 * ```
 *
 * Throws ShapeError when the block changes the shape, OptionError unless `count` is a whole number above 0, ModelError for
 * a name that is taken.
 */
export const repeat: <L extends string, O extends Shape, O2 extends Shape, P2, S2>(
  name: L,
  count: number,
  block: (model: Model<O, O>) => Model<O, O2, P2, S2> & Keeps<"repeat", O, O2>
) => BlockLayer<L, O, O, ReadonlyArray<P2>, RepeatedState<S2>> = face(
  1,
  (name: string, count: number, block: AnyBlock) => {
    if (!Number.isInteger(count) || count < 1) throw optionError("repeat: count", "a whole number above 0", count)
    return (model: AnyModel): AnyModel => {
      const inner = block(emptyLike(model))
      assertKeeps("repeat", model, inner)
      return append(model, repeated(name, count, inner))
    }
  }
)

type List = ReadonlyArray<Trees>

const repeated = (name: string, count: number, inner: AnyModel): Layer<List, List | Trees> => {
  const times = Array.from({ length: count }, (_, i) => i)
  const { penalty } = inner
  const at = (params: List, i: number): Trees => {
    const own = params[i]
    if (own === undefined) throw new ModelError(`model: the parameters of "${name}" have no repeat ${i} of ${count}`)
    return own
  }
  return {
    name,
    kind: `Repeat ${count}`,
    outputShape: inner.outputShape,
    wiring: { form: "repeat" },
    random: inner.layers.some(({ random }) => random),
    layers: times.map((i) => ({
      name: String(i),
      kind: "Repetition",
      inputShape: inner.inputShape,
      outputShape: inner.outputShape,
      random: false,
      layers: inner.layers,
      init: inner.init,
      apply: inner.apply
    })),
    init: (key) => {
      const variables = times.map((i) => inner.init(Key.fold(key, i)))
      const states = variables.map(({ state }) => state)
      return {
        params: variables.map(({ params }) => params),
        state: states.every((state) => Object.keys(state).length === 0) ? {} : states
      }
    },
    apply: (params, state, x, mode) => {
      // A state that is a list is one of this layer, by `init`.
      const states = Array.isArray(state) ? (state as List) : times.map(() => ({}))
      let y = x
      const after = times.map((i) => {
        const own: Mode = mode.mode === "train" ? { mode: "train", key: Key.fold(mode.key, i) } : mode
        const input = y
        const applied = within(String(i), () => inner.apply(at(params, i), states[i] ?? {}, input, own))
        y = applied.y
        return applied.state
      })
      const changed = Array.isArray(state) && after.some((next, i) => next !== states[i])
      return { y, state: changed ? after : state }
    },
    penalty:
      penalty === undefined
        ? undefined
        : (params) =>
            times.map((i): AnyTensor => penalty(at(params, i))).reduce((sum, term) => operations.add(sum, term))
  }
}
