/** What is wrong with rows for a model and a loss, as sentences: their shapes before they are read, their numbers after. */
import type { AnyDataset } from "@cotangent/data"
import { allocate, type DType, type Shape, type Value, Values } from "@cotangent/graph"
import type { Subject } from "./programs.ts"
import type { RowsLike } from "./source.ts"

type Fits = Pick<Subject, "model" | "loss">

const show = (shape: Shape): string => `[${shape.join(", ")}]`

const firstNotFinite = (data: ArrayLike<number>): number => {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i
  return -1
}

/** A number that is not finite among inputs whose first row is number `first`. */
const notFinite = (value: Value, first: number, name = "the data"): ReadonlyArray<string> => {
  const at = firstNotFinite(value.data)
  if (at < 0) return []
  const row = first + Math.floor(at / Math.max(1, value.data.length / (value.shape[0] ?? 1)))
  return [`sample ${row} of ${name} holds ${value.data[at]}; every number must be finite`]
}

const shapeProblems = ({ model }: Fits, { inputShape }: RowsLike, name: string): ReadonlyArray<string> =>
  model.inputShape.join() === inputShape.join()
    ? []
    : [`the model takes [${model.inputShape.join(", ")}] per sample, ${name} has [${inputShape.join(", ")}]`]

/** What is wrong with data in memory. */
export const dataProblems = (fits: Fits, data: AnyDataset, name = "the data"): ReadonlyArray<string> => {
  const targets = fits.loss.validateTargets(data.y, fits.model.outputShape)
  return [
    ...(data.size === 0 ? [`${name} has no samples`] : []),
    ...shapeProblems(fits, data, name),
    ...notFinite(data.x, 0, name),
    ...(targets === undefined ? [] : [name === "the data" ? targets : `${name}: ${targets}`])
  ]
}

/** No rows of a shape. */
const noRows = (shape: Shape, dtype: DType): Value => Values.of(allocate(dtype, 0), [0, ...shape.map(Number)], dtype)

/** What is wrong with a stream, before any of its rows is read. */
export const streamProblems = (fits: Fits, stream: RowsLike & { readonly size?: number }): ReadonlyArray<string> => {
  const { size = 1, targetDtype, targetShape } = stream
  const targets = fits.loss.validateTargets(noRows(targetShape, targetDtype), fits.model.outputShape)
  return [
    ...(Number.isSafeInteger(size) && size >= 0 ? [] : [`the size of the stream is ${size}; a whole number is needed`]),
    ...(size === 0 ? ["the stream has no rows"] : []),
    ...shapeProblems(fits, stream, "the stream"),
    ...(targets === undefined ? [] : [targets])
  ]
}

const shapesOf = ({ inputDtype, inputShape, targetDtype, targetShape }: RowsLike): string =>
  `${inputDtype}${show(inputShape)} with targets ${targetDtype}${show(targetShape)}`

/** What is wrong with a chunk of a stream whose first row is number `first`. */
export const chunkProblems = (
  { loss, model }: Fits,
  stream: RowsLike,
  chunk: AnyDataset,
  first: number
): ReadonlyArray<string> => {
  if (shapesOf(chunk) !== shapesOf(stream))
    return [`the rows from ${first} on are ${shapesOf(chunk)}, those of the stream ${shapesOf(stream)}`]
  const targets = loss.validateTargets(chunk.y, model.outputShape, first)
  return [...notFinite(chunk.x, first), ...(targets === undefined ? [] : [targets])]
}
