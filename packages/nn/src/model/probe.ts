/** Finding the shape that a layer gives by applying it to an unknown batch, so that its shape rule is written once. */
import { type AnyTensor, type Key, operations, ShapeError, showShape } from "@cotangent/graph"
import type { AnyLayer, Layer, Sizes } from "./layer.ts"
import { type AnyModel, append, evaluate } from "./model.ts"

/** The batch of the trial, a prime that no layer has for a size, so that sentences about it can say `batch`. */
const trial = 9973

const named = (sentence: string): string => sentence.replaceAll(`[${trial}`, "[batch")

/** What a layer must say to be tried. */
type Tried<P, S> = Pick<Layer<P, S>, "init" | "apply">

/**
 * The sizes of one output sample. Throws ShapeError, with the sentence of the types, when the layer does not take samples
 * of these sizes or does not keep the batch in front.
 */
export const outputOf = <P, S>(operation: string, sample: Sizes, { init, apply }: Tried<P, S>): Sizes => {
  const x = operations.parameter("x", [trial, ...sample], "f32")
  // A key is by definition two u32 words.
  const key = operations.parameter("key", [2], "u32") as Key.Key
  const attempt = (): AnyTensor => {
    const { params, state } = init(key)
    return apply(params, state, x, evaluate).y
  }
  const { shape } = speakOfBatches(attempt)
  if (shape[0] !== trial)
    throw new ShapeError(
      named(
        `${operation}: the layer makes ${showShape(x.shape)} into ${showShape(shape)}; the batch must stay in front`
      )
    )
  return shape.slice(1)
}

const speakOfBatches = <A>(f: () => A): A => {
  try {
    return f()
  } catch (thrown) {
    throw thrown instanceof ShapeError ? new ShapeError(named(thrown.message)) : thrown
  }
}

/** A layer whose output shape is not known yet. */
export type Shapeless<P, S> = Omit<Layer<P, S>, "outputShape" | "layers" | "random"> & {
  readonly layers?: ReadonlyArray<AnyLayer>
  readonly random?: boolean
}

/** The model with one more layer at its end, whose output shape is found by applying it. */
export const appendTried = <P, S>(model: AnyModel, operation: string, layer: Shapeless<P, S>): AnyModel =>
  append<P, S>(model, {
    layers: [],
    random: false,
    ...layer,
    outputShape: outputOf(operation, model.outputShape, layer)
  })

/** The same for a layer with parameters and without state. */
export const appendWithParameters = <P>(
  model: AnyModel,
  operation: string,
  layer: Omit<Shapeless<P, {}>, "init" | "apply"> & {
    readonly init: (key: Key.Key) => P
    readonly apply: (params: P, x: AnyTensor, mode: Parameters<Layer["apply"]>[3]) => AnyTensor
  }
): AnyModel =>
  appendTried<P, {}>(model, operation, {
    ...layer,
    init: (key) => ({ params: layer.init(key), state: {} }),
    apply: (params, state, x, mode) => ({ y: layer.apply(params, x, mode), state })
  })
