/** Elements of an axis by positions that are known when the expression is built. */
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"

/** A run of positions `first, first + step, ...`, if they are one. */
const runOf = (indices: ReadonlyArray<number>): { readonly first: number; readonly step: number } | undefined => {
  const [first = 0, second = first + 1] = indices
  const step = second - first
  return step !== 0 && indices.every((i, at) => i === first + at * step) ? { first, step } : undefined
}

/**
 * The elements of an axis at the given positions. Runs are cut out and equal repetitions are broadcast, which are views;
 * anything else is taken row by row.
 */
export const pick = (x: AnyTensor, axis: number, indices: ReadonlyArray<number>): AnyTensor => {
  const length = x.shape[axis] ?? 0
  const each = indices.length / length
  const run = runOf(indices)
  if (run !== undefined && indices.length > 0) {
    const whole = { start: x.shape.map(() => 0), limit: x.shape, step: x.shape.map(() => 1) }
    return ops.slice(x, {
      start: whole.start.with(axis, run.first),
      limit: whole.limit.with(axis, Math.max(-1, run.first + (indices.length - 1) * run.step + Math.sign(run.step))),
      step: whole.step.with(axis, run.step)
    })
  }
  if (Number.isInteger(each) && each > 0 && indices.every((i, at) => i === Math.floor(at / each))) {
    const apart = ops.reshape(x, x.shape.toSpliced(axis + 1, 0, 1))
    return ops.reshape(ops.broadcast(apart, x.shape.toSpliced(axis + 1, 0, each)), x.shape.with(axis, indices.length))
  }
  const data = Int32Array.from(indices)
  return ops.gather(x, ops.constant({ shape: [data.length], dtype: "i32", data }), axis)
}
