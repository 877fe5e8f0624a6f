/**
 * Checking derivatives of any function of tensors: against differences, in forward and in reverse mode, and against each
 * other. Everything is evaluated in float64 on the reference interpreter, also for functions of f32 tensors.
 */
import { jvp, vjp } from "@cotangent/autodiff"
import {
  allocate,
  type AnyTensor,
  evaluateExact,
  isFloat,
  operations as ops,
  roundTo,
  sizeOf,
  Tree
} from "@cotangent/graph"
import { type RandomNumbers, randomNumbers } from "./randomNumbers.ts"

/** How derivatives are checked. */
export interface GradOptions {
  /** 2 checks the gradient of the gradient as well; 1 unless given. */
  readonly order?: 1 | 2
  /** What random directions and cotangents are drawn from; 0 unless given. */
  readonly seed?: number
  /** The step of the differences, rounded to a power of two; 2^-10 unless given, which suits inputs of order 1. */
  readonly step?: number
  /** The relative error that is let pass; 1e-6 unless given. */
  readonly tolerance?: number
}

/** One comparison of derivatives. */
export interface GradFinding {
  /** 1: derivatives of the function; 2: derivatives of its gradient. */
  readonly order: number
  /** `forward` and `reverse` are compared with differences; `adjoint` compares the two with each other. */
  readonly law: "forward" | "reverse" | "adjoint"
  /** The leaf of the arguments that was moved: `0.hidden.kernel` is in the first argument. Empty: all of them at once. */
  readonly path: string
  readonly expected: number
  readonly actual: number
  /** `|actual - expected| / max(|actual|, |expected|)`. */
  readonly error: number
  readonly agrees: boolean
}

/** What a check of derivatives found. */
export interface GradReport {
  readonly findings: ReadonlyArray<GradFinding>
  readonly agrees: boolean
  /** The largest error among the findings whose numbers are larger than rounding. */
  readonly worst: number
}

/** A derivative is wrong: the message names the leaf and both numbers. */
export class GradError extends Error {
  readonly _tag = "GradError"
  override readonly name = "GradError"
  readonly report: GradReport
  constructor(report: GradReport) {
    super(
      report.findings
        .filter(({ agrees }) => !agrees)
        .map(sentenceOf)
        .join("\n")
    )
    this.report = report
  }
}

const rules = {
  forward: "the tangent in forward mode",
  reverse: "the gradient in reverse mode",
  adjoint: "<J^T c, t> in reverse mode"
} as const
const references = {
  forward: "differences give",
  reverse: "differences give",
  adjoint: "<c, J t> in forward mode is"
} as const

const sentenceOf = ({ order, law, path, expected, actual, error }: GradFinding): string =>
  `checkGrad: ${rules[law]}${path === "" ? "" : ` at ${path}`}${order === 2 ? ", second order," : ""} is ${actual}, ${references[law]} ${expected} (relative error ${error.toExponential(2)})`

type Function = (args: ReadonlyArray<unknown>) => ReadonlyArray<AnyTensor>

/** A random constant of the shape and element type of a leaf, its numbers exact in f32. */
const randomLike = (random: RandomNumbers, x: AnyTensor): AnyTensor => {
  const data = allocate(x.dtype, sizeOf(x.shape))
  const round = roundTo[x.dtype]
  for (let i = 0; i < data.length; i++) data[i] = isFloat(x.dtype) ? round(random.uniform(-1, 1)) : 0
  return ops.constant({ shape: x.shape, dtype: x.dtype, data })
}

const zeroLike = (x: AnyTensor): AnyTensor => ops.full(x.shape, 0, x.dtype)

/** `sum_j <c_j, y_j>`, one number per tensor pair, added on the host in float64. */
const inner = (a: ReadonlyArray<AnyTensor>, b: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> =>
  a.flatMap((x, i) => {
    const y = b[i]
    if (y === undefined || !isFloat(x.dtype)) return []
    return [
      ops.reduceSum(
        ops.mul(x, y),
        x.shape.map((_, d) => d)
      )
    ]
  })

/** Evaluates groups of scalars and adds up each group. */
const totals = (groups: ReadonlyArray<ReadonlyArray<AnyTensor>>): ReadonlyArray<number> => {
  const values = evaluateExact(groups.flat())
  let next = 0
  return groups.map((group) => group.reduce((total) => total + (values[next++]?.data[0] ?? 0), 0))
}

/** Weights of the central difference of the fourth order, by steps from the middle. */
const stencil = [
  [-2, 1 / 12],
  [-1, -8 / 12],
  [1, 8 / 12],
  [2, -1 / 12]
] as const

const findingsOf = (
  f: Function,
  args: ReadonlyArray<unknown>,
  order: number,
  options: Required<GradOptions>
): ReadonlyArray<GradFinding> => {
  const random = randomNumbers(options.seed, order)
  const step = 2 ** Math.round(Math.log2(options.step))
  const leaves = Tree.entries(args)
  const directions = leaves.map(({ leaf }) => randomLike(random, leaf))
  const moved = (scales: ReadonlyArray<number>): ReadonlyArray<unknown> =>
    Tree.rebuild(
      args,
      leaves.map(({ leaf }, i) =>
        scales[i] === 0 || scales[i] === undefined ? leaf : ops.add(leaf, ops.mul(directions[i] ?? leaf, scales[i]))
      )
    )
  const tangentsFor = (moves: (i: number) => boolean): ReadonlyArray<unknown> =>
    Tree.rebuild(
      args,
      leaves.map(({ leaf }, i) => (moves(i) ? (directions[i] ?? leaf) : zeroLike(leaf)))
    )

  const [y, pullback] = vjp(f, args)
  const floats = y.map((t) => isFloat(t.dtype))
  if (!floats.includes(true))
    throw new TypeError("checkGrad: the function returns no float tensor, so it has no derivative to check")
  const cotangents = y.map((t) => randomLike(random, t))
  const gradients = Tree.leaves(pullback(cotangents))
  const forward = (moves: (i: number) => boolean) => inner(jvp(f, args, tangentsFor(moves))[1], cotangents)

  const moving = leaves.flatMap(({ leaf, path }, i) =>
    isFloat(leaf.dtype) && sizeOf(leaf.shape) > 0 ? [{ path, i }] : []
  )
  const differenceGroups = moving.flatMap(({ i }) =>
    stencil.map(([steps]) => inner(f(moved(leaves.map((_, j) => (j === i ? steps * step : 0)))), cotangents))
  )
  const forwardGroups = moving.map(({ i }) => forward((j) => j === i))
  const reverseGroups = moving.map(({ i }) => inner(gradients.slice(i, i + 1), directions.slice(i, i + 1)))
  const values = totals([
    ...differenceGroups,
    ...forwardGroups,
    ...reverseGroups,
    forward(() => true),
    inner(gradients, directions)
  ])

  const size = stencil.length * moving.length
  const largest = values.slice(0, size).reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  // What differences lose by rounding: a few last digits of the largest number, at least of order 1 on the way, over the step.
  const rounding = (64 * Number.EPSILON * Math.max(1, largest)) / step
  const compared = (
    law: GradFinding["law"],
    path: string,
    expected: number,
    actual: number,
    slack: number
  ): GradFinding => {
    const difference = Math.abs(actual - expected)
    const scale = Math.max(Math.abs(actual), Math.abs(expected))
    const error = difference === 0 ? 0 : difference / scale
    return { order, law, path, expected, actual, error, agrees: difference <= options.tolerance * scale + slack }
  }
  const value = (i: number): number => values[i] ?? Number.NaN
  const all = value(values.length - 2)
  return [
    ...moving.flatMap(({ path }, k) => {
      const slope = stencil.reduce((sum, [, weight], s) => sum + (weight * value(k * stencil.length + s)) / step, 0)
      return [
        compared("forward", path, slope, value(size + k), rounding),
        compared("reverse", path, slope, value(size + moving.length + k), rounding)
      ]
    }),
    // Both sides sum up the same products, so only their rounding may differ.
    compared(
      "adjoint",
      "",
      all,
      value(values.length - 1),
      1e-10 * Math.max(largest, ...reverseGroups.map((_, k) => Math.abs(value(size + moving.length + k)))) +
        rounding * step
    )
  ]
}

/**
 * Compares the derivatives of a function with differences in random directions, leaf by leaf, and checks that
 * `<c, J t> = <J^T c, t>`: what `checkGrad` finds, without throwing.
 */
export const gradReport = <A extends ReadonlyArray<unknown>>(
  f: (...args: A) => unknown,
  args: A,
  options: GradOptions = {}
): GradReport => {
  const complete: Required<GradOptions> = { order: 1, seed: 0, step: 2 ** -10, tolerance: 1e-6, ...options }
  // Trees rebuilt from the arguments have the arguments' types.
  const flat: Function = (given) => Tree.leaves(f(...(given as A)))
  const first = findingsOf(flat, args, 1, complete)
  const random = randomNumbers(complete.seed, 3)
  const gradient: Function = (given) => {
    const [y, pullback] = vjp(flat, given)
    return Tree.leaves(pullback(y.map((t) => randomLike(random.fork(0), t)))).filter((t) => isFloat(t.dtype))
  }
  const findings = complete.order === 2 ? [...first, ...findingsOf(gradient, args, 2, complete)] : first
  return {
    findings,
    agrees: findings.every(({ agrees }) => agrees),
    worst: findings.reduce(
      (most, { error, expected, actual }) =>
        Math.max(Math.abs(expected), Math.abs(actual)) > 1e-6 ? Math.max(most, error) : most,
      0
    )
  }
}

/**
 * Checks the derivatives of a function of trees of tensors, for tests:
 *
 * ```ts
 * checkGrad((p: Params, x: Tensor<[8, 3]>) => T.sum(T.tanh(T.matmul(x, p.w))), [{ w }, x], { order: 2 })
 * ```
 *
 * For every float leaf of the arguments, a random direction t and a random cotangent c: `<c, (f(x + ht) - f(x - ht)) / 2h>`
 * (of the fourth order) against `<c, J t>` in forward mode and `<J^T c, t>` in reverse mode; then the two modes against
 * each other. Throws a GradError whose sentences name the leaf and the numbers. The arguments must not lie on a corner,
 * where the function has no derivative.
 */
export const checkGrad = <A extends ReadonlyArray<unknown>>(
  f: (...args: A) => unknown,
  args: A,
  options: GradOptions = {}
): GradReport => {
  const report = gradReport(f, args, options)
  if (!report.agrees) throw new GradError(report)
  return report
}
