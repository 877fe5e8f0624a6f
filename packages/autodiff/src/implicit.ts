/**
 * Implicit differentiation: the derivative of the solution of equations, by the equations and not by the steps that found
 * it. With F(x, p) = 0 at the solution, dx/dp = -(dF/dx)^-1 dF/dp; the inverse is never formed, the linear system is
 * solved with products alone.
 *
 * Solvers are loops inside the graph, so that they compile; a solution differentiates to any order and in both modes, for
 * the linear systems of its derivatives are differentiated implicitly as well.
 */
import {
  type AnyTensor,
  DifferentiationError,
  type DType,
  isFloat,
  isTensor,
  operations as ops,
  showShape,
  sizeOf,
  type Tensor,
  Tree
} from "@cotangent/graph"
import { checkFunction, checkOptions, type OptionRange } from "./arguments.ts"
import { withDerivatives } from "./custom.ts"
import {
  checked,
  conjugateGradients,
  dot,
  exceeds,
  leastSquares,
  repeat,
  size,
  type Vector,
  zerosLike
} from "./linear-systems.ts"
import { passes } from "./passes.ts"

/** When a solver stops. */
export interface SolverOptions {
  /** The largest absolute value a residual may have at the solution; 1e-6 in f32 and 1e-12 in f64 unless given. */
  readonly tolerance?: number
  /** The most steps; 100 unless given. */
  readonly maxSteps?: number
}

/** A solution, and how it was found. Derivatives belong to `x`; the rest is constant to them. */
export interface Solution<X> {
  readonly x: X
  /** How many steps were taken. */
  readonly steps: Tensor<[], "i32">
  /** The largest absolute value of what should be zero. */
  readonly residual: Tensor<[]> | Tensor<[], "f64">
  readonly converged: Tensor<[], "bool">
}

/** The float leaves of a tree as one vector, and the way back. */
const flattening = <X>(name: string, tree: X) => {
  const leaves = Tree.tensors(tree, `${name}: x0`).map(({ leaf }) => leaf)
  const dtype = leaves[0]?.dtype
  if (dtype === undefined || leaves.some((leaf) => !isFloat(leaf.dtype) || leaf.dtype !== dtype))
    throw new DifferentiationError(`${name}: all leaves of the unknowns must be f32, or all f64`)
  const sizes = leaves.map((leaf) => sizeOf(leaf.shape))
  return {
    dtype,
    flat: (x: X): Vector => {
      const lines = Tree.leavesLike(`${name}: what the function returns`, tree, x).map((leaf, i) =>
        ops.reshape(leaf, [sizes[i] ?? 0])
      )
      return ops.concat(lines, 0)
    },
    tree: (v: Vector): X => {
      let start = 0
      return Tree.map(tree, (leaf, _, i) => {
        const size = sizes[i] ?? 0
        const part = ops.slice(v, { start: [start], limit: [start + size], step: [1] })
        start += size
        return ops.reshape(part, leaf.shape)
      })
    }
  }
}

/** Steps are counted in i32. */
const mostSteps = 2 ** 31 - 1

const solverOptions = {
  tolerance: {
    range: "a positive number",
    holds: (given) => typeof given === "number" && given > 0 && Number.isFinite(given)
  },
  maxSteps: {
    range: `a whole number from 1 to ${mostSteps}`,
    holds: (given) => Number.isSafeInteger(given) && Number(given) >= 1 && Number(given) <= mostSteps
  }
} satisfies Readonly<Record<keyof SolverOptions, OptionRange>>

const defaultTolerance = (dtype: DType): number => (dtype === "f64" ? 1e-12 : 1e-6)

/** How small the residual of a linear system is made: what rounding leaves of its right side. */
const precision = (dtype: DType): number => (dtype === "f64" ? 1e-15 : 5e-7)

/** `(df/dv)^T w` of a function of vectors at v. */
const transposedProduct = (f: (v: Vector) => Vector, v: Vector, w: Vector): Vector => {
  const x = ops.alias(v)
  return passes.pullback([f(x)], [w], [x])[0] ?? ops.full(v.shape, 0, v.dtype)
}

/** `(df/dv) t` of a function of vectors at v. */
const directionalProduct = (f: (v: Vector) => Vector, v: Vector, t: Vector): Vector => {
  const x = ops.alias(v)
  const y = f(x)
  return passes.pushforward([y], [x], [t])[0] ?? ops.full(y.shape, 0, y.dtype)
}

/** A function of the unknowns and of tensors, among them what it uses from outside. */
type Traced = (x: Vector, given: ReadonlyArray<AnyTensor>) => Vector

/** An equation `residual(x, given) = 0` of vectors, and a way to find x, which may say more behind x. */
interface Equation {
  readonly name: string
  readonly solve: (x0: Vector, given: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
  readonly residual: Traced
  /** Whether `dresidual/dx` is symmetric and positive definite. */
  readonly symmetric: boolean
  readonly tolerance: number
}

/** The linear equation `J v = b`, or `J^T v = b`, with J the Jacobian of a residual at x, as one of `[x, ...given, b]`. */
const linearised = ({ name, residual, symmetric, tolerance }: Equation, transpose: boolean): Equation => {
  const product = (v: Vector, where: ReadonlyArray<AnyTensor>, turned: boolean): Vector => {
    const [x = v, ...given] = where
    return (turned && !symmetric ? transposedProduct : directionalProduct)((z) => residual(z, given), x, v)
  }
  return {
    name,
    symmetric,
    tolerance,
    residual: (v, given) => ops.sub(product(v, given.slice(0, -1), transpose), given.at(-1) ?? v),
    solve: (v, given) => {
      const [where, b] = [given.slice(0, -1), given.at(-1) ?? v]
      const through = (u: Vector): Vector => product(u, where, transpose)
      const across = (u: Vector): Vector => product(u, where, !transpose)
      const exact = precision(b.dtype)
      const found = symmetric ? conjugateGradients(through, b, exact) : leastSquares(through, across, b, exact)
      return [checked(through, b, found, tolerance)]
    }
  }
}

/**
 * The solution as a function of what is given. Its derivative solves a linear system with the Jacobian of the residual,
 * whose solution is again that of an equation.
 */
const implicitly = (
  equation: Equation,
  x0: Vector,
  given: ReadonlyArray<AnyTensor>
): { readonly x: Vector; readonly rest: ReadonlyArray<AnyTensor> } => {
  const { name, residual, solve } = equation
  const [found = x0, ...rest] = solve(x0, given)
  const solveLinear = (where: ReadonlyArray<AnyTensor>, b: Vector, transpose: boolean): Vector =>
    implicitly(linearised(equation, transpose), zerosLike(b), [...where, b]).x
  const moving = (leaves: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> =>
    leaves.map((leaf) => (isFloat(leaf.dtype) ? ops.alias(leaf) : leaf))
  const [x = found] = withDerivatives(name, [found], [x0, ...given], {
    pullback: (_, { arguments: [, ...at], results: [solution = found] }, [g], wanted) => {
      if (g === undefined) return []
      const w = ops.neg(solveLinear([solution, ...at], g, true))
      const isTarget = (leaf: AnyTensor, i: number): boolean => isFloat(leaf.dtype) && wanted(i + 1)
      const leaves = at.map((leaf, i) => (isTarget(leaf, i) ? ops.alias(leaf) : leaf))
      const gradients = passes.pullback([residual(solution, leaves)], [w], leaves.filter(isTarget))
      let next = 0
      return [undefined, ...leaves.map((leaf, i) => (isTarget(leaf, i) ? gradients[next++] : undefined))]
    },
    pushforward: (_, { arguments: [, ...at], results: [solution = found] }, [, ...tangents]) => {
      const sources = moving(at)
      const [moved] = passes.pushforward([residual(solution, sources)], sources, tangents)
      return [moved === undefined ? undefined : solveLinear([solution, ...at], ops.neg(moved), false)]
    }
  })
  return { x, rest }
}

/** Solves an equation over trees that is made of `f`: flattens the unknowns, and says how it went. */
const solveTrees = <X, P, Y>(
  name: string,
  f: (x: X, p: P) => Y,
  flatten: (flat: (x: X) => Vector, y: Y) => Vector,
  [x0, p, options]: readonly [X, P, SolverOptions],
  equation: (f: Traced, tolerance: number, limit: number) => Pick<Equation, "residual" | "solve" | "symmetric">
): Solution<X> => {
  checkFunction(name, f)
  checkOptions(name, options, solverOptions)
  const { flat, tree, dtype } = flattening(name, x0)
  const { tolerance = defaultTolerance(dtype), maxSteps: limit = 100 } = options
  const start = flat(x0)
  const leaves = Tree.tensors(p, `${name}: p`).map(({ leaf }) => leaf)
  // What f uses from outside is a parameter of the equation like any other: derivatives with respect to it are those of p.
  const { regions, captured } = ops.regions("traced", [
    {
      avals: [start, ...leaves].map(({ shape, dtype }) => ({ shape, dtype })),
      f: (x = start, ...given) => {
        const y = flatten(flat, f(tree(x), Tree.rebuild(p, given)))
        if (y.dtype !== dtype)
          throw new DifferentiationError(
            `${name}: the unknowns are ${dtype}, the function must return ${dtype} as well, it returns ${y.dtype}; use T.cast`
          )
        return [y]
      }
    }
  ])
  const traced: Traced = (x, given) => {
    const [body] = regions
    if (body === undefined) throw new DifferentiationError(`${name}: the function was not traced`)
    const operands = [...given.slice(0, captured.length), x, ...given.slice(captured.length)]
    return passes.substitute(body.results, body.parameters, operands)[0] ?? x
  }
  const { x, rest } = implicitly({ name, tolerance, ...equation(traced, tolerance, limit) }, start, [
    ...captured,
    ...leaves
  ])
  const [last = x, steps = x] = rest
  const residual = ops.stopGradient(last)
  return {
    x: tree(x),
    // The loop counts in i32, and the residual has the type of the unknowns.
    steps: steps as Tensor<[], "i32">,
    residual: residual as Tensor<[]>,
    converged: ops.le(residual, tolerance) as Tensor<[], "bool">
  }
}

/**
 * The fixed point `x = f(x, p)`, found by iterating from `x0`: linear convergence where f contracts. Its derivative with
 * respect to p is implicit: `dx/dp = (I - df/dx)^-1 df/dp`, whatever number of steps was taken.
 *
 * ```ts
 * // sqrt(p) by Newton's iteration.
 * const { x } = fixedPoint((x: Tensor<[]>, p: Tensor<[]>) => T.mul(T.add(x, T.div(p, x)), 0.5), T.constant(1), T.constant(2))
 * ```
 */
export const fixedPoint = <X, P>(f: (x: X, p: P) => X, x0: X, p: P, options: SolverOptions = {}): Solution<X> =>
  solveTrees(
    "fixedPoint",
    f,
    (flat, y) => flat(y),
    [x0, p, options],
    (step, tolerance, limit) => ({
      symmetric: false,
      residual: (x, given) => ops.sub(x, step(x, given)),
      solve: (x0, given) =>
        repeat(
          [x0, ops.full([], Infinity, x0.dtype)],
          limit,
          (_, change = x0) => exceeds(change, tolerance),
          (x = x0) => {
            const next = step(x, given)
            return [next, size(ops.sub(next, x))]
          }
        )
    })
  )

/**
 * A root: x with `f(x, p) = 0`, by Newton's method from `x0`, quadratic close to a simple root. The linear systems are
 * solved by conjugate gradients on least squares, so no Jacobian is formed. As many equations as unknowns.
 *
 * ```ts
 * // The cube root of 8.
 * const { x, converged } = root((x: Tensor<[]>, p: Tensor<[]>) => T.sub(T.pow(x, 3), p), T.constant(1), T.constant(8))
 * ```
 */
export const root = <X, P>(f: (x: X, p: P) => X, x0: X, p: P, options: SolverOptions = {}): Solution<X> =>
  solveTrees(
    "root",
    f,
    (flat, y) => flat(y),
    [x0, p, options],
    (residual, tolerance, limit) => ({
      symmetric: false,
      residual,
      solve: (x0, given) => {
        const value = (x: Vector): Vector => residual(x, given)
        return repeat(
          [x0, size(value(x0))],
          limit,
          (_, left = x0) => exceeds(left, tolerance),
          (x = x0) => {
            const step = leastSquares(
              (v) => directionalProduct(value, x, v),
              (w) => transposedProduct(value, x, w),
              ops.neg(value(x)),
              precision(x.dtype)
            )
            const next = ops.add(x, step)
            return [next, size(value(next))]
          }
        )
      }
    })
  )

const minimand = (y: unknown): Vector => {
  const must = "argmin: the function must return a scalar, it returns"
  if (!isTensor(y)) throw new DifferentiationError(`${must} ${Tree.describe(y)}; ${Tree.remedy(y)}`)
  if (y.shape.length > 0) throw new DifferentiationError(`${must} ${showShape(y.shape)}; use T.mean or T.sum`)
  return y
}

/** The most times a step is halved, and the part of the slope that a step must gain (Armijo 1966). */
const [halvings, gain] = [30, 1e-4]

/**
 * The minimiser of `f(x, p)` over x, by Newton's method with conjugate gradients and halved steps until f decreases
 * (Armijo), from `x0`. f should be convex around the minimiser: the derivative with respect to p solves with its Hessian,
 * through Hessian-vector products.
 *
 * ```ts
 * // The mean of p is the point with the least squares of distances.
 * const distances = (x: Tensor<[]>, p: Tensor<[3]>) => T.sum(T.square(T.sub(p, x)))
 * const { x } = argmin(distances, T.constant(0), T.constant([1, 2, 6]))
 * ```
 */
export const argmin = <X, P>(
  f: (x: X, p: P) => Tensor<[]> | Tensor<[], "f64">,
  x0: X,
  p: P,
  options: SolverOptions = {}
): Solution<X> =>
  solveTrees(
    "argmin",
    f,
    (_, y) => minimand(y),
    [x0, p, options],
    (f, tolerance, limit) => {
      const gradient: Traced = (x, given) => transposedProduct((z) => f(z, given), x, ops.full([], 1, x.dtype))
      return {
        symmetric: true,
        residual: gradient,
        solve: (x0, given) =>
          repeat(
            [x0, size(gradient(x0, given))],
            limit,
            (_, left = x0) => exceeds(left, tolerance),
            (x = x0) => {
              const slopes = gradient(x, given)
              const step = conjugateGradients(
                (v) => directionalProduct((z) => gradient(z, given), x, v),
                ops.neg(slopes),
                precision(x.dtype)
              )
              const slope = dot(slopes, step)
              const now = f(x, given)
              const moved = (rate: AnyTensor): Vector => ops.add(x, ops.mul(step, rate))
              const [rate = now] = repeat(
                [ops.full([], 1, x.dtype)],
                halvings,
                (rate = now) =>
                  // Close to the minimum rounding decides whether f decreases: a full step is right there.
                  ops.and(
                    ops.not(ops.le(f(moved(rate), given), ops.add(now, ops.mul(ops.mul(slope, rate), gain)))),
                    exceeds(ops.abs(slope), tolerance)
                  ),
                (rate = now) => [ops.mul(rate, 0.5)]
              )
              const next = moved(rate)
              return [next, size(gradient(next, given))]
            }
          )
      }
    }
  )
