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
import { noiseOf } from "./noise.ts"
import { type RandomNumbers, randomNumbers } from "./randomNumbers.ts"
import { type Sampled, slopesAt, watchDecisions } from "./slopes.ts"

/** How derivatives are checked. */
export interface GradOptions {
  /** 2 checks the gradient of the gradient as well; 1 unless given. */
  readonly order?: 1 | 2
  /** What random directions and cotangents are drawn from; 0 unless given. */
  readonly seed?: number
  /** The largest step of the differences, rounded to a power of two; 2^-5 unless given, which suits inputs of order 1. */
  readonly step?: number
  /** The relative error that is let pass; 1e-8 unless given. */
  readonly tolerance?: number
}

/** One comparison of derivatives. */
export interface GradFinding {
  /** 1: derivatives of the function; 2: derivatives of its gradient. */
  readonly order: number
  /**
   * `forward` and `reverse` are compared with differences; `adjoint` compares the two with each other; `symmetry` compares
   * `<u, H v>` with `<v, H u>`.
   */
  readonly law: "forward" | "reverse" | "adjoint" | "symmetry"
  /** The leaf of the arguments that was moved: `0.hidden.kernel` is in the first argument. Empty: all of them at once. */
  readonly path: string
  readonly expected: number
  readonly actual: number
  /** `|actual - expected| / max(|actual|, |expected|)`. */
  readonly error: number
  /** Whether there were steps that met no corner; without them differences say nothing. */
  readonly smooth: boolean
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
  adjoint: "<J^T c, t> in reverse mode",
  symmetry: "<v, H u> of the Hessian"
} as const
const references = {
  forward: "differences give",
  reverse: "differences give",
  adjoint: "<c, J t> in forward mode is",
  symmetry: "<u, H v> is"
} as const

const sentenceOf = ({ order, law, path, expected, actual, error, smooth }: GradFinding): string =>
  `checkGrad: ${rules[law]}${path === "" ? "" : ` at ${path}`}${order === 2 ? ", second order," : ""} is ${actual}, ${references[law]} ${expected} (relative error ${error.toExponential(2)}${smooth ? "" : "; the arguments lie on a corner, or too close to one"})`

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

/** Evaluates groups of scalars and adds up each group; the fingerprint is of the decisions on the way. */
const totals = (groups: ReadonlyArray<ReadonlyArray<AnyTensor>>): Sampled => {
  const { observe, fingerprint } = watchDecisions()
  const values = evaluateExact(groups.flat(), observe)
  let next = 0
  return {
    values: groups.map((group) => group.reduce((total) => total + (values[next++]?.data[0] ?? 0), 0)),
    decisions: fingerprint()
  }
}

/** How far a sum of scalars moves when all numbers on the way are moved by last digits. */
const noise = (group: ReadonlyArray<AnyTensor>): number =>
  noiseOf(group, evaluateExact(group)).reduce((sum, [moved = 0]) => sum + moved, 0)

/** A function at a point: random directions and cotangents, and its derivatives in both modes. */
const settingOf = (f: Function, args: ReadonlyArray<unknown>, order: number, options: Required<GradOptions>) => {
  const random = randomNumbers(options.seed, order)
  const leaves = Tree.entries(args)
  const directions = leaves.map(({ leaf }) => randomLike(random, leaf))
  const [y, pullback] = vjp(f, args)
  if (!y.some((t) => isFloat(t.dtype)))
    throw new TypeError("checkGrad: the function returns no float tensor, so it has no derivative to check")
  const cotangents = y.map((t) => randomLike(random, t))
  const tangentsFor = (moves: (i: number) => boolean): ReadonlyArray<unknown> =>
    Tree.rebuild(
      args,
      leaves.map(({ leaf }, i) => (moves(i) ? (directions[i] ?? leaf) : zeroLike(leaf)))
    )
  return {
    f,
    args,
    order,
    options,
    leaves,
    directions,
    y,
    cotangents,
    step: 2 ** Math.round(Math.log2(options.step)),
    others: leaves.map(({ leaf }) => randomLike(random, leaf)),
    gradients: Tree.leaves<AnyTensor>(pullback(cotangents)),
    /** `<c, J t>` for the directions of some leaves. */
    forward: (moves: (i: number) => boolean) => inner(jvp(f, args, tangentsFor(moves))[1], cotangents),
    /** The leaves that can be moved. */
    moving: leaves.flatMap(({ leaf, path }, i) => (isFloat(leaf.dtype) && sizeOf(leaf.shape) > 0 ? [{ path, i }] : []))
  }
}

type Setting = ReturnType<typeof settingOf>

/** Two numbers that should be one: `slack` is what they may differ by, `rounding` is found out only when it matters. */
const compared = (
  { order, options }: Setting,
  finding: Pick<GradFinding, "law" | "path" | "expected" | "actual" | "smooth">,
  slack: number,
  rounding: () => number
): GradFinding => {
  const { actual, expected } = finding
  const difference = Math.abs(actual - expected)
  const scale = Math.max(Math.abs(actual), Math.abs(expected))
  const allowed = options.tolerance * scale + slack
  return {
    ...finding,
    order,
    error: difference === 0 ? 0 : difference / scale,
    agrees: difference <= allowed || difference <= allowed + 16 * rounding()
  }
}

/** Both modes against differences, leaf by leaf. */
const slopeFindings = (setting: Setting): ReadonlyArray<GradFinding> => {
  const { f, args, leaves, directions, y, cotangents, gradients, forward, moving, step } = setting
  const movedBy = (x: number, which: number): ReadonlyArray<unknown> =>
    Tree.rebuild(
      args,
      leaves.map(({ leaf }, i) => (i === which && x !== 0 ? ops.add(leaf, ops.mul(directions[i] ?? leaf, x)) : leaf))
    )
  const forwards = moving.map(({ i }) => forward((j) => j === i))
  const reverses = moving.map(({ i }) => inner(gradients.slice(i, i + 1), directions.slice(i, i + 1)))
  const { values } = totals([...forwards, ...reverses])
  return moving.flatMap(({ path, i }, k) => {
    // Every result has its own sum, so that large numbers in one do not hide small ones in another.
    const parts = slopesAt((x) => totals(inner(f(movedBy(x, i)), cotangents).map((sum) => [sum])), step)
    const expected = parts.reduce((sum, part) => sum + part.value, 0)
    const slack = parts.reduce((sum, { error }) => sum + 2 * error, 0)
    const smooth = parts.every((part) => part.smooth)
    const smallest = parts[0]?.step ?? step
    return [
      { law: "forward" as const, group: forwards[k] ?? [], actual: values[k] ?? Number.NaN },
      { law: "reverse" as const, group: reverses[k] ?? [], actual: values[moving.length + k] ?? Number.NaN }
    ].map(({ law, group, actual }) =>
      compared(
        setting,
        { law, path, expected, actual, smooth },
        slack,
        () => noise(inner(y, cotangents)) / smallest + noise(group)
      )
    )
  })
}

/** The two modes against each other, and for a gradient the symmetry of its derivative. */
const productFindings = (setting: Setting): ReadonlyArray<GradFinding> => {
  const { f, args, directions, others, gradients, forward, moving, order } = setting
  const groups = [
    forward(() => true),
    inner(gradients, directions),
    ...(order === 2 ? symmetric(f, args, directions, others) : []),
    ...moving.map(({ i }) => inner(gradients.slice(i, i + 1), directions.slice(i, i + 1)))
  ]
  const { values } = totals(groups)
  const value = (i: number): number => values[i] ?? Number.NaN
  // Both sides sum up the same products, so only their rounding may differ.
  const size = values.reduce((sum, x) => sum + Math.abs(x), 0)
  const equal = (law: "adjoint" | "symmetry", i: number): GradFinding =>
    compared(
      setting,
      { law, path: "", expected: value(i), actual: value(i + 1), smooth: true },
      1e-12 * Math.max(1, size),
      () => noise(groups[i] ?? []) + noise(groups[i + 1] ?? [])
    )
  return [equal("adjoint", 0), ...(order === 2 ? [equal("symmetry", 2)] : [])]
}

/** `<u, H v>` and `<v, H u>` of a gradient whose derivative is H, in forward mode. */
const symmetric = (
  gradient: Function,
  args: ReadonlyArray<unknown>,
  u: ReadonlyArray<AnyTensor>,
  v: ReadonlyArray<AnyTensor>
): ReadonlyArray<ReadonlyArray<AnyTensor>> => {
  const floats = (xs: ReadonlyArray<AnyTensor>) => xs.filter(({ dtype }) => isFloat(dtype))
  const along = (t: ReadonlyArray<AnyTensor>) => jvp(gradient, args, Tree.rebuild(args, t))[1]
  return [inner(floats(u), along(v)), inner(floats(v), along(u))]
}

/** The comparisons that are made: of the first or the second order, with differences or between the modes. */
export type GradPart = "slopes" | "products" | "second"

/** Some of the comparisons of a function's derivatives. */
export const gradFindings = <A extends ReadonlyArray<unknown>>(
  f: (...args: A) => unknown,
  args: A,
  options: GradOptions,
  parts: ReadonlyArray<GradPart>
): ReadonlyArray<GradFinding> => {
  const complete: Required<GradOptions> = { order: 1, seed: 0, step: 2 ** -5, tolerance: 1e-8, ...options }
  // Trees rebuilt from the arguments have the arguments' types.
  const flat: Function = (given) => Tree.leaves(f(...(given as A)))
  const random = randomNumbers(complete.seed, 3)
  const gradient: Function = (given) => {
    const [y, pullback] = vjp(flat, given)
    return Tree.leaves(pullback(y.map((t) => randomLike(random.fork(0), t)))).filter((t) => isFloat(t.dtype))
  }
  const first = settingOf(flat, args, 1, complete)
  const findings = [
    ...(parts.includes("slopes") ? slopeFindings(first) : []),
    ...(parts.includes("products") ? productFindings(first) : [])
  ]
  if (!parts.includes("second")) return findings
  const second = settingOf(gradient, args, 2, complete)
  return [...findings, ...slopeFindings(second), ...productFindings(second)]
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
  const parts: ReadonlyArray<GradPart> = ["slopes", "products", ...(options.order === 2 ? (["second"] as const) : [])]
  const findings = gradFindings(f, args, options, parts)
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
 * extrapolated to h = 0 against `<c, J t>` in forward mode and `<J^T c, t>` in reverse mode; then the two modes against
 * each other; for order 2 the same of the gradient, and `<u, H v> = <v, H u>`. Steps across a corner (a tie, a branch) are
 * left out. Throws a GradError whose sentences name the leaf and the numbers. The arguments must not lie on a corner,
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
