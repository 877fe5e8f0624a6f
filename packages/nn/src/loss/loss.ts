/**
 * Losses: functions that say how far an output is from its target. Called, a loss gives one number (see `Reduction`), as
 * PyTorch's do; `perSample` gives one per sample, so that whoever sums over batches of unequal size can do it right.
 */
import {
  type AnyTensor,
  Axes,
  type AxisOf,
  type DType,
  face,
  type Float,
  type Guard,
  isTensor,
  operations as ops,
  type Reduced,
  type Shape,
  ShapeError,
  showShape,
  T,
  type Tensor,
  type TensorOf,
  type Value
} from "@cotangent/graph"
import {
  type AnyTarget,
  assertFits,
  assertTarget,
  type BatchOf,
  type FitsRule,
  type TargetKind,
  type TargetRule,
  targetShape
} from "../targets.ts"
import {
  type Floats,
  type Reduction,
  reduced,
  type ReducedLoss,
  type Reducing,
  type SampleWeight,
  type WeightedLosses,
  type WeightGuard
} from "./reduction.ts"

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
   * target is not what the output needs. Numbers of a target are not looked at, here and when the loss is called: a label
   * that is no class selects nothing, as in the one-hot form of all zeros, and raises no error in checked runs either.
   */
  readonly perSample: PerSample<K>
  /**
   * The share of the positions of every sample that count, `[batch]`; absent when all do. A mean over the positions of many
   * samples is the sum of `perSample` by the sum of these.
   */
  readonly counts?: (target: AnyTensor) => Tensor<[number]>
  /**
   * What is wrong with these targets for samples of an output of `outputShape` (without the batch), as a sentence;
   * `undefined` when nothing is. Compiled programs do not check values, so look here before training by hand; the trainer
   * does. `first` is the number of the first sample, 0 unless given.
   */
  readonly validateTargets: (targets: Value, outputShape: ReadonlyArray<number>, first?: number) => string | undefined
}

/** A loss of every element: called with an output and a target of its shape, it gives their loss. */
export interface ElementLoss extends Loss<"values"> {
  <
    O extends Shape,
    D extends Float,
    T extends Shape,
    E extends DType,
    const R extends Reduction = "mean",
    W extends SampleWeight = undefined
  >(
    output: Tensor<O, D>,
    target: Tensor<T, E> & FitsRule<"values", O, O, D, T, E>,
    options?: Reducing<R, W> & WeightGuard<O, D, W>
  ): Tensor<ReducedLoss<R, O>, D>
}

/** The losses of rows: what is left of an output without the axis of the rows. */
export type RowsOf<O extends Shape, A extends number> = Reduced<"loss", O, A, false>

/** How a loss of rows is reduced, and the axis that the rows lie along: the last one unless given. */
export interface RowReducing<
  R extends Reduction = Reduction,
  W extends SampleWeight = SampleWeight,
  A extends number = number
> extends Reducing<R, W> {
  /** The axis of the classes or of the vectors; PyTorch's `[batch, classes, ...]` is `axis: 1`. */
  readonly axis?: A
}

/** A loss of every row: called with an output `[..., classes]` and its target, it gives their loss. */
export interface RowLoss<K extends TargetKind> extends Loss<K> {
  <
    O extends Shape,
    D extends Float,
    T extends Shape,
    E extends DType,
    const R extends Reduction = "mean",
    W extends SampleWeight = undefined,
    const A extends number = -1
  >(
    output: Tensor<O, D> & Guard<AxisOf<"loss", O, A, unknown>>,
    target: Tensor<T, E> & FitsRule<K, O, K extends "labels" ? RowsOf<O, A> : O, D, T, E>,
    options?: RowReducing<R, W, A> & WeightGuard<RowsOf<O, A>, D, W>
  ): TensorOf<RowsOf<O, A> extends infer E extends Shape ? ReducedLoss<R, E> : unknown, D>
}

/** A loss made by `make`: called, the shape of what `"none"` gives is unknown to the types. */
export interface MadeLoss<K extends TargetKind> extends Loss<K> {
  <O extends Shape, D extends Float, T extends Shape, E extends DType, const R extends Reduction = "mean">(
    output: Tensor<O, D>,
    target: Tensor<T, E> & TargetRule<"loss", K, O, D, T, E>,
    options?: Reducing<R>
  ): Tensor<ReducedLoss<R, Shape>, D>
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
  /**
   * The loss of every element or row, with the batch in front; the mean over the other axes is the sample's. A loss with
   * weights of its own gives them beside losses that have been multiplied by them.
   */
  readonly elements: (output: Floats, target: AnyTarget<K>) => Floats | WeightedLosses
  /** Which rows count, bool, of the shape of the target; all unless given. */
  readonly counts?: (target: AnyTarget<K>) => Tensor<Shape, "bool">
  /** The rule for target values; unless given values are finite numbers and labels classes, from 0 to `classes - 1`. */
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

/** Labels are classes, or the one that is ignored. */
export const classRule = (ignoreIndex?: number): RowRule =>
  each(
    (x, classes) => x === ignoreIndex || (Number.isInteger(x) && x >= 0 && x < classes),
    (classes) => `a class from 0 to ${classes - 1}${ignoreIndex === undefined ? "" : `, nor ${ignoreIndex}`}`
  )

const defaultRules: Readonly<Record<TargetKind, RowRule>> = { labels: classRule(), values: finite }

const meanPerSample = (x: AnyTensor): AnyTensor =>
  x.shape.length === 1 ? x : T.mean(x, { axis: x.shape.slice(1).map((_, d) => d + 1) })

/** The first sentence about targets for an output of `outputShape`. */
const validate = (
  { name, targets: kind, rule = defaultRules[kind] }: Pick<LossDefinition<TargetKind>, "name" | "targets" | "rule">,
  { shape, dtype, data }: Value,
  outputShape: ReadonlyArray<number>,
  first = 0
): string | undefined => {
  const sample = targetShape(kind, outputShape)
  const classes = outputShape.at(-1) ?? 1
  if (kind === "labels" && outputShape.length === 0)
    return `${name}: labels need an output [batch, ..., classes], got [batch]`
  if (shape.length !== sample.length + 1 || sample.some((size, d) => size !== shape[d + 1])) {
    // A column of outputs and a list of numbers: what a regression most often begins with.
    const help =
      sample.length === 1 && sample[0] === 1 && shape.length === 1 ? "; end the model with Model.reshape([])" : ""
    return `${name}: the output ${showShape(["batch", ...outputShape])} needs ${kind} ${showShape(["batch", ...sample])}, got ${showShape(shape)}${help}`
  }
  const wanted = kind === "labels" ? ["i32"] : ["f32", "f64"]
  if (!wanted.includes(dtype)) return `${name}: ${kind} must be ${wanted.join(" or ")}, got ${dtype}`
  const width = kind === "labels" ? 1 : classes
  const rows = data.length / (shape[0] ?? 1) / width
  for (let row = 0, start = 0; start < data.length; row++, start += width) {
    const wrong = rule(data, start, start + width, classes)
    if (wrong !== undefined) return `${name}: in the target of sample ${first + Math.floor(row / rows)}, ${wrong}`
  }
  return undefined
}

/** The losses of elements, with weights if the loss has any. */
const lossesOf = <K extends TargetKind>(
  definition: LossDefinition<K>,
  output: AnyTensor,
  target: AnyTensor
): WeightedLosses => {
  // Whoever calls has checked that the output holds floats and the target what the loss needs.
  const elements = definition.elements(output as Floats, target as AnyTarget<K>)
  return isTensor(elements) ? { losses: elements } : elements
}

/** The loss of every sample. */
const perSampleOf = <K extends TargetKind>(definition: LossDefinition<K>): PerSample<K> =>
  face(1, (output: AnyTensor, target: AnyTensor) => {
    assertTarget("loss", definition.targets, output, target)
    const { losses } = lossesOf(definition, output, target)
    if (losses.shape[0] !== output.shape[0]) {
      throw new ShapeError(
        `${definition.name}: the elements ${showShape(losses.shape)} of the output ${showShape(output.shape)} must keep the batch in front`
      )
    }
    return meanPerSample(losses)
  })

type Body = (...operands: ReadonlyArray<never>) => unknown
type Call = (output: AnyTensor, target: AnyTensor, options?: RowReducing) => AnyTensor

/** A loss from its definition and what it does when it is called. */
const lossOf = <L extends Loss<K> & Body, K extends TargetKind>(definition: LossDefinition<K>, call: Call): L => {
  const { counts, name, targets } = definition
  const members: Loss<K> = {
    name,
    targets,
    perSample: perSampleOf(definition),
    ...(counts === undefined
      ? {}
      : // A mean over all axes but the first; whoever calls has checked the target.
        { counts: face(1, (target: AnyTensor) => meanPerSample(T.cast(counts(target as AnyTarget<K>), "f32"))) }),
    validateTargets: (values, outputShape, first) => validate(definition, values, outputShape, first)
  }
  // A function has a name already, which only a definition can replace.
  const properties = Object.entries(members).map(([key, value]) => [key, { value, enumerable: true }] as const)
  return Object.defineProperties(face<L>(1, call), Object.fromEntries(properties))
}

/** A loss of every element. */
export const elementLoss = (definition: LossDefinition<"values">): ElementLoss =>
  lossOf<ElementLoss, "values">(definition, (output, target, options = {}) => {
    assertFits("values", output, output.shape, target)
    return reduced(lossesOf(definition, output, target), options)
  })

/** x with an axis moved to the back. */
const withLast = (x: AnyTensor, axis: number): AnyTensor =>
  ops.transpose(x, [...x.shape.keys()].filter((d) => d !== axis).concat(axis))

/** A loss of every row: the definition sees the rows along the last axis. */
export const rowLoss = <K extends TargetKind>(definition: LossDefinition<K>): RowLoss<K> =>
  lossOf<RowLoss<K>, K>(definition, (output, target, options = {}) => {
    const axis = Axes.normalizeAxis("loss", output.shape, options.axis ?? -1)
    const { targets } = definition
    assertFits(targets, output, targets === "labels" ? output.shape.toSpliced(axis, 1) : output.shape, target)
    const rows = targets === "labels" ? target : withLast(target, axis)
    return reduced(lossesOf(definition, withLast(output, axis), rows), options)
  })

/**
 * A loss from the loss of its elements:
 * `Loss.make({ name: "logCosh", targets: "values", elements: (y, t) => logCosh(T.sub(y, t)) })`.
 */
export const make = <K extends TargetKind>(definition: LossDefinition<K>): MadeLoss<K> =>
  lossOf<MadeLoss<K>, K>(definition, (output, target, options = {}) => {
    assertTarget("loss", definition.targets, output, target)
    return reduced(lossesOf(definition, output, target), options)
  })
