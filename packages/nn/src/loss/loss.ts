/**
 * Losses: values that say how far an output is from its target, one number per sample, so that whoever sums over batches
 * of unequal size can do it right.
 */
import {
  type AnyTensor,
  type DType,
  face,
  type Float,
  type Shape,
  ShapeError,
  showShape,
  T,
  type Tensor,
  type Value
} from "@cotangent/graph"
import {
  type AnyTarget,
  assertTarget,
  type BatchOf,
  type TargetKind,
  type TargetRule,
  targetShape
} from "../targets.ts"

/** The loss of every sample, from a batch of outputs and their targets. */
export interface PerSample<K extends TargetKind> {
  <O extends Shape, D extends Float, T extends Shape, E extends DType>(
    output: Tensor<O, D>,
    target: Tensor<T, E> & TargetRule<"loss", K, O, D, T, E>
  ): Tensor<[BatchOf<O>], D>
}

/** A loss for targets of kind `K`. */
export interface Loss<K extends TargetKind> {
  readonly name: string
  readonly targets: K
  /**
   * The loss per sample, `[batch]`: the mean over all axes but the batch, as Keras has it. Throws ShapeError when the
   * target is not what the output needs.
   */
  readonly perSample: PerSample<K>
  /**
   * What is wrong with these targets for samples of an output of `outputShape` (without the batch), as a sentence;
   * `undefined` when nothing is. Compiled programs do not check values, so look here before training.
   */
  readonly validateTargets: (targets: Value, outputShape: ReadonlyArray<number>) => string | undefined
}

/** The loss of every sample, shapes unknown to the types. */
export type AnyPerSample = (output: AnyTensor, target: AnyTensor) => Tensor<[number]>

/** `perSample` without shapes in the types, for programs over any loss; they are still checked when it is called. */
export const forgetShapes = <K extends TargetKind>({ perSample }: Loss<K>): AnyPerSample => face(1, perSample)

/** What is wrong with the target numbers `data[start..end)` of one row, if anything is: `is not a class from 0 to 9`. */
export type RowRule = (data: ArrayLike<number>, start: number, end: number, classes: number) => string | undefined

/** What a loss is made of. */
export interface LossDefinition<K extends TargetKind> {
  readonly name: string
  readonly targets: K
  /** The loss of every element or row, with the batch in front; the mean over the other axes is the sample's. */
  readonly elements: (output: Tensor<Shape, Float>, target: AnyTarget<K>) => Tensor<Shape, Float>
  /** The rule for target values; any finite number unless given. */
  readonly rule?: RowRule
}

/** The rule that holds when it holds for every number: `domain` names what a number must be. */
export const each =
  (holds: (x: number, classes: number) => boolean, domain: (classes: number) => string): RowRule =>
  (data, start, end, classes) => {
    for (let i = start; i < end; i++) {
      const x = data[i] ?? 0
      if (!holds(x, classes)) return `${x} is not ${domain(classes)}`
    }
    return undefined
  }

const finite = each(Number.isFinite, () => "a finite number")

const meanPerSample = (x: AnyTensor): AnyTensor =>
  x.shape.length === 1 ? x : T.mean(x, { axis: x.shape.slice(1).map((_, d) => d + 1) })

/** The first sentence about targets for an output of `outputShape`. */
const validate = (
  { name, targets: kind, rule = finite }: Pick<LossDefinition<TargetKind>, "name" | "targets" | "rule">,
  { shape, dtype, data }: Value,
  outputShape: ReadonlyArray<number>
): string | undefined => {
  const sample = targetShape(kind, outputShape)
  const classes = outputShape.at(-1) ?? 1
  if (kind === "labels" && outputShape.length === 0)
    return `${name}: labels need an output [batch, ..., classes], got [batch]`
  if (shape.length !== sample.length + 1 || sample.some((size, d) => size !== shape[d + 1])) {
    return `${name}: the output ${showShape(["batch", ...outputShape])} needs ${kind} ${showShape(["batch", ...sample])}, got ${showShape(shape)}`
  }
  const wanted = kind === "labels" ? ["i32"] : ["f32", "f64"]
  if (!wanted.includes(dtype)) return `${name}: ${kind} must be ${wanted.join(" or ")}, got ${dtype}`
  const width = kind === "labels" ? 1 : classes
  const rows = data.length / (shape[0] ?? 1) / width
  for (let row = 0, start = 0; start < data.length; row++, start += width) {
    const wrong = rule(data, start, start + width, classes)
    if (wrong !== undefined) return `${name}: in the target of sample ${Math.floor(row / rows)}, ${wrong}`
  }
  return undefined
}

/**
 * A loss from the loss of its elements:
 * `Loss.make({ name: "logCosh", targets: "values", elements: (y, t) => logCosh(T.sub(y, t)) })`.
 */
export const make = <K extends TargetKind>(definition: LossDefinition<K>): Loss<K> => ({
  name: definition.name,
  targets: definition.targets,
  perSample: face(1, (output: AnyTensor, target: AnyTensor) => {
    assertTarget("loss", definition.targets, output, target)
    // assertTarget and the type of outputs leave these element types only.
    const elements = definition.elements(output as Tensor<Shape, Float>, target as AnyTarget<K>)
    if (elements.shape[0] !== output.shape[0]) {
      throw new ShapeError(
        `${definition.name}: the elements ${showShape(elements.shape)} of the output ${showShape(output.shape)} must keep the batch in front`
      )
    }
    return meanPerSample(elements)
  }),
  validateTargets: (targets, outputShape) => validate(definition, targets, outputShape)
})
