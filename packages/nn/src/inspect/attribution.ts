/** Attributions: how much each number of an input has to do with a score. */
import { grad } from "@cotangent/autodiff"
import {
  type AnyTensor,
  Axes,
  type Dim,
  face,
  operations as ops,
  type Shape,
  ShapeError,
  showShape,
  T,
  type Tensor
} from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { evaluate, forgetShapes, type Model } from "../model/model.ts"

/** A score of every sample of a batch, each of its own sample alone: a logit, a probability, a loss. */
export type Score<S extends Shape> = (x: Tensor<S>) => Tensor<[Dim]>

type AnyScore = (x: AnyTensor) => AnyTensor

/**
 * What a model, evaluated, puts out for a class, of every sample of a batch: `label` is a class or, i32 `[batch]`, one class
 * per sample.
 */
export const classScore: <I extends Shape, O extends Shape, P, S>(
  model: Model<I, O, P, S>,
  params: P,
  state: S,
  label: number | Tensor<Shape, "i32">
) => <X extends Shape>(x: Tensor<X>) => Tensor<[number]> = face(
  1,
  (model: Model<Shape, Shape>, params: {}, state: {}, label: number | AnyTensor) =>
    (x: AnyTensor): AnyTensor => {
      const { y } = forgetShapes(model).apply(params, state, x, evaluate)
      const [batch = 1, classes] = y.shape
      if (y.shape.length !== 2 || classes === undefined)
        throw new ShapeError(
          `classScore: needs an output [batch, classes], got ${showShape(["batch", ...model.outputShape])}`
        )
      const labels = typeof label === "number" ? ops.full([batch], label, "i32") : label
      // Labels are i32 by the type above.
      const isLabel = T.oneHot(labels as Tensor<Shape, "i32">, classes, "bool")
      return ops.reduceSum(ops.select(isLabel, y, 0), [1])
    }
)

/** The derivative of every sample's score with respect to its own numbers. */
const slopes = (score: AnyScore, x: AnyTensor): AnyTensor =>
  // A sum over all axes is a scalar; samples do not see each other, so that each has its own derivative.
  grad((at: AnyTensor): Tensor<[]> => {
    const scores = score(at)
    return ops.reduceSum(
      scores,
      scores.shape.map((_, d) => d)
    ) as Tensor<[]>
  })(x)

/**
 * `|d score / d x|`: how much each number of the input would change the score. Simonyan, Vedaldi, Zisserman 2014.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([4]), Model.dense("out", 3))
 * const start = model.init(RandomKey.key(0))
 * const map = Inspect.saliency(Inspect.classScore(model, start.params, start.state, 2), T.ones([5, 4])) // [5, 4]
 * ```
 */
export const saliency: <S extends Shape>(score: Score<S>, x: Tensor<S>) => Tensor<S> = face(
  1,
  (score: AnyScore, x: AnyTensor) => ops.abs(slopes(score, x))
)

/** Options of integratedGradients. */
export interface IntegratedGradientsOptions<S extends Shape = Shape> {
  /** What an input without information looks like; zeros unless given. */
  readonly baseline?: Tensor<S>
  /** How many points of the line from the baseline to the input; 50 unless given. */
  readonly steps?: number
}

/**
 * `(x - b) mean_k d score / d x` at the middles of `steps` pieces of the line from the baseline b to x. The attributions of a
 * sample add up to `score(x) - score(b)`, but for the error of the sum, which falls with the square of the steps.
 * Sundararajan, Taly, Yan 2017.
 *
 * It compiles to a loop. Throws ShapeError for a baseline of another shape, OptionError unless `steps` is a whole number
 * above 0.
 */
export const integratedGradients: <S extends Shape>(
  score: Score<S>,
  x: Tensor<S>,
  options?: IntegratedGradientsOptions<S>
) => Tensor<S> = face(1, (score: AnyScore, x: AnyTensor, options: IntegratedGradientsOptions = {}) => {
  const { steps = 50, baseline = ops.full(x.shape, 0, x.dtype) } = options
  if (!Number.isInteger(steps) || steps < 1)
    throw optionError("integratedGradients: steps", "a whole number above 0", steps)
  if (!Axes.sameShape(baseline.shape, x.shape))
    throw new ShapeError(
      `integratedGradients: the baseline must be ${showShape(x.shape)}, it is ${showShape(baseline.shape)}`
    )
  const way = ops.sub(x, baseline)
  const places = ops.div(ops.add(ops.iota([steps], 0, x.dtype), 0.5), steps)
  const [sum] = T.scan(
    (before: AnyTensor, at: AnyTensor) =>
      [ops.add(before, slopes(score, ops.add(baseline, ops.mul(way, at)))), {}] as const,
    ops.full(x.shape, 0, x.dtype),
    places
  )
  return ops.mul(way, ops.div(sum, steps))
})
