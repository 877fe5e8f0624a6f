/**
 * Regularisers: what large parameters cost. A layer takes one per parameter (`kernelRegularizer`, ...); the sum over the
 * layers of a model is `model.penalty(params)`, which the trainer adds to the mean loss. Factors and names are Keras's.
 */
import { type AnyTensor, operations as ops, ShapeError, showShape, type Tensor } from "@cotangent/graph"
import { optionError } from "./errors.ts"

/** A named cost of a parameter, a scalar. */
export interface Regularizer {
  readonly name: string
  readonly cost: (parameter: AnyTensor) => Tensor<[]>
}

// A sum over all axes is a scalar.
const total = (x: AnyTensor): Tensor<[]> =>
  ops.reduceSum(
    x,
    x.shape.map((_, d) => d)
  ) as Tensor<[]>
const absolute = (x: AnyTensor): Tensor<[]> => total(ops.abs(x))
const squares = (x: AnyTensor): Tensor<[]> => total(ops.mul(x, x))
// Scalars stay scalars.
const times = (x: AnyTensor, factor: number): Tensor<[]> => ops.mul(x, factor) as Tensor<[]>

const checkFactor = (name: string, factor: number): number => {
  if (!(factor >= 0 && Number.isFinite(factor))) throw optionError(name, "0 or more", factor)
  return factor
}

/** A regulariser from a name and a cost: `Regularizer.make("entropy", (w) => ...)`. */
export const make = (name: string, cost: Regularizer["cost"]): Regularizer => ({ name, cost })

/** `factor sum |w|`, 0.01 unless given. Throws OptionError unless the factor is 0 or more. */
export const l1 = (factor = 0.01): Regularizer => {
  checkFactor("l1: the factor", factor)
  return make(`l1(${factor})`, (w) => times(absolute(w), factor))
}

/** `factor sum w^2`, 0.01 unless given; its derivative is `2 factor w`. Throws OptionError unless the factor is 0 or more. */
export const l2 = (factor = 0.01): Regularizer => {
  checkFactor("l2: the factor", factor)
  return make(`l2(${factor})`, (w) => times(squares(w), factor))
}

/** `l1 sum |w| + l2 sum w^2`, both 0.01 unless given. Throws OptionError unless both are 0 or more. */
export const l1l2 = ({ l1 = 0.01, l2 = 0.01 }: { readonly l1?: number; readonly l2?: number } = {}): Regularizer => {
  checkFactor("l1l2: l1", l1)
  checkFactor("l1l2: l2", l2)
  // A sum of scalars.
  return make(`l1l2(${l1}, ${l2})`, (w) => ops.add(times(absolute(w), l1), times(squares(w), l2)) as Tensor<[]>)
}

/** Options of orthogonal. */
export interface OrthogonalOptions {
  /** 0.01 unless given. */
  readonly factor?: number
  /** Whether the rows of a matrix should be orthogonal, unless given, or its columns. */
  readonly mode?: "rows" | "columns"
}

/**
 * Rows (or columns) of a matrix that are not orthogonal: `factor sum_(i < j) |cos(w_i, w_j)|`, cosines of all pairs. Keras's
 * `OrthogonalRegularizer`. Throws OptionError unless the factor is 0 or more, ShapeError unless the parameter is a matrix.
 */
export const orthogonal = ({ factor = 0.01, mode = "rows" }: OrthogonalOptions = {}): Regularizer => {
  checkFactor("orthogonal: factor", factor)
  return make(`orthogonal(${factor}, ${mode})`, (parameter) => {
    if (parameter.shape.length !== 2)
      throw new ShapeError(`orthogonal: needs a matrix, got ${showShape(parameter.shape)}`)
    const w = mode === "rows" ? parameter : ops.transpose(parameter, [1, 0])
    const n = w.shape[0] ?? 1
    const length = ops.sqrt(ops.max(ops.reduceSum(ops.mul(w, w), [1]), 1e-12))
    const unit = ops.div(w, ops.broadcast(ops.reshape(length, [n, 1]), w.shape))
    const cosines = ops.dot(unit, unit, { batch: [[], []], contract: [[1], [1]] })
    const before = ops.lt(ops.iota([n, n], 0, "i32"), ops.iota([n, n], 1, "i32"))
    return times(total(ops.select(before, ops.abs(cosines), 0)), factor)
  })
}

/** What the regularisers of a layer cost, by the names of its parameters; `undefined` when none is given. */
export const penaltyOf = (regularizers: {
  readonly [parameter: string]: Regularizer | undefined
}): ((params: { readonly [name: string]: AnyTensor }) => AnyTensor) | undefined => {
  const given = Object.entries(regularizers).flatMap(([name, regularizer]) =>
    regularizer === undefined ? [] : [{ name, regularizer }]
  )
  if (given.length === 0) return undefined
  return (params) =>
    given
      .flatMap(({ name, regularizer }): ReadonlyArray<AnyTensor> => {
        const parameter = params[name]
        return parameter === undefined ? [] : [regularizer.cost(parameter)]
      })
      .reduce((sum, cost) => ops.add(sum, cost))
}
