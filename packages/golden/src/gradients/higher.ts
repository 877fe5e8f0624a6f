/** Checking higher derivatives: gradients, Hessian products, whole Hessians, a third derivative, and Jacobians. */
import { grad, hessian, hvp, jacobian, jvp, vmap } from "@cotangent/autodiff"
import { type AnyTensor, T, type Tensor, type Value } from "@cotangent/graph"
import { compare, type Tolerance, tolerances } from "../comparison.ts"
import type { Gradients, JacobianCase, SecondOrderCase } from "../forms/gradients.ts"
import { tensorValue, valueOf } from "../forms/tensors.ts"
import { attempt, type Findings, found, Missing, nothing, type Outcome, outcomeOf, together } from "../outcome.ts"
import type { F64, Target } from "../targets.ts"
import { type Constants, type ScalarFunction, scalarFunctions, vectorFunctions } from "./functions.ts"

type Shared = Gradients["constants"]

const constantsOf =
  (shared: Shared): Constants =>
  (name) => {
    const tensor = shared?.[name]
    if (tensor === undefined) throw new TypeError(`the file has no constant ${name}`)
    // Golden floats are f64.
    return T.fromValue(tensorValue(tensor)) as AnyTensor as F64
  }

const identity = (n: number): Tensor<[number, number], "f64"> => T.oneHot(T.iota<number>(n), n, "f64")

/** The columns of a matrix, `column(e_j)` for every unit vector, as the rows of its transpose. */
const columnsOf = (column: (unit: Tensor<[number], "f64">) => F64, n: number): AnyTensor => vmap(column)(identity(n))

/** A vector in float64. */
type Vector = Tensor<[number], "f64">

/** Golden numbers under a path, and what is true instead where they are known to be wrong. */
interface Expected {
  readonly path: string
  readonly numbers: ReadonlyArray<number>
  readonly instead?: { readonly numbers: ReadonlyArray<number>; readonly tolerance: Tolerance; readonly note: string }
}

const checkNumbers = (target: string, { path, numbers, instead }: Expected, actual: ArrayLike<number>): Findings => {
  const golden = compare(numbers, actual, tolerances.gradients)
  if (golden.agrees || instead === undefined) return found(target, path, golden)
  const truth = compare(instead.numbers, actual, instead.tolerance)
  return truth.agrees ? { ...nothing, notes: [instead.note] } : found(target, path, truth)
}

/** Compares results of a function of vectors with golden numbers, on each target. */
const checkAll = (
  targets: ReadonlyArray<Target>,
  inputs: ReadonlyArray<ReadonlyArray<number>>,
  expected: ReadonlyArray<Expected>,
  f: (inputs: ReadonlyArray<Vector>) => ReadonlyArray<AnyTensor>
): Findings => {
  const values: ReadonlyArray<Value> = inputs.map((data) => valueOf([data.length], data))
  return together(
    targets.map((target) =>
      attempt(target.name, "run", () => {
        // The inputs are vectors of f64, as `values` says.
        const results = target.evaluate((xs) => f(xs as ReadonlyArray<AnyTensor> as ReadonlyArray<Vector>), values)
        return together(expected.map((numbers, i) => checkNumbers(target.name, numbers, results[i]?.data ?? [])))
      })
    )
  )
}

/** `v^T H(x) v` of a scalar function. */
const curvatureOf =
  (f: (x: Vector) => Tensor<[], "f64">, v: Vector) =>
  (x: Vector): Tensor<[], "f64"> =>
    T.sum(T.mul(v, hvp(f, x, v)))

const vector = (data: ReadonlyArray<number>): Vector =>
  T.fromArray<[number], "f64">(Float64Array.from(data), [data.length], "f64")

/** The slope of a scalar function in every coordinate, by central differences of the fourth order. */
const slopes = (f: (x: Vector) => Tensor<[], "f64">, x: ReadonlyArray<number>): ReadonlyArray<number> => {
  const h = 2 ** -10
  const shifted = x.flatMap((_, i) =>
    [-2, -1, 1, 2].map((steps) => f(vector(x.map((value, j) => (j === i ? value + steps * h : value)))))
  )
  const values = T.evaluate(shifted).map(({ data: [value = Number.NaN] }) => value)
  return x.map((_, i) => {
    const [a = 0, b = 0, c = 0, d = 0] = values.slice(4 * i, 4 * i + 4)
    return (a - 8 * b + 8 * c - d) / (12 * h)
  })
}

/**
 * Third derivatives that the golden file has wrong. That of torch's own `layer_norm` differs from that of the same
 * formula written out in torch, and from differences of its second one; the gradient of a function of `layer_norm` must
 * add up to 0, because it does not change when all of x is shifted, and torch's does not.
 */
const wrongThirds: ReadonlySet<string> = new Set(["layernorm_sq"])

const thirdOf = (golden: SecondOrderCase, shared: Shared, f: ScalarFunction): Expected => {
  const numbers = golden.third_vv
  if (!wrongThirds.has(golden.id)) return { path: "third_vv", numbers }
  const curvature = curvatureOf((x) => f(x, constantsOf(shared)), vector(golden.v))
  return {
    path: "third_vv",
    numbers,
    instead: {
      numbers: slopes(curvature, golden.x),
      tolerance: { relative: 1e-5, floor: 1 },
      note: "third_vv: torch's third derivative of layer_norm is wrong; compared with differences of v^T H v instead"
    }
  }
}

/** What becomes of a scalar function with derivatives up to the third order. */
export const checkSecondOrder = (golden: SecondOrderCase, shared: Shared, targets: ReadonlyArray<Target>): Outcome => {
  const id = `second_order.${golden.id}`
  const f = Object.hasOwn(scalarFunctions, golden.id)
    ? scalarFunctions[golden.id]
    : new Missing(`the function ${golden.torch}`)
  if (f === undefined || f instanceof Missing) return { tag: "skipped", id, missing: f?.operation ?? golden.torch }
  const check = (): Findings =>
    checkAll(
      targets,
      [golden.x, golden.v],
      [
        { path: "value", numbers: [golden.value] },
        { path: "grad", numbers: golden.grad },
        { path: "hvp", numbers: golden.hvp },
        { path: "hessian", numbers: golden.hessian.flat() },
        thirdOf(golden, shared, f),
        { path: "directional", numbers: [golden.directional] }
      ],
      ([x, v]) => {
        if (x === undefined || v === undefined) return []
        const g = (at: Vector): Tensor<[], "f64"> => f(at, constantsOf(shared))
        return [g(x), grad(g)(x), hvp(g, x, v), hessian(g)(x), grad(curvatureOf(g, v))(x), jvp(g, x, v)[1]]
      }
    )
  return outcomeOf(id, attempt("graph", "function", check))
}

/** What becomes of a vector function with its Jacobian, by rows in reverse mode and by columns in forward mode. */
export const checkJacobian = (golden: JacobianCase, shared: Shared, targets: ReadonlyArray<Target>): Outcome => {
  const id = `jacobians.${golden.id}`
  const f = Object.hasOwn(vectorFunctions, golden.id)
    ? vectorFunctions[golden.id]
    : new Missing(`the function ${golden.torch}`)
  if (f === undefined || f instanceof Missing) return { tag: "skipped", id, missing: f?.operation ?? golden.torch }
  const rows = golden.jacobian
  const columns = (rows[0] ?? []).map((_, j) => rows.map((row) => row[j] ?? Number.NaN))
  const expected: ReadonlyArray<Expected> = [
    { path: "value", numbers: golden.value },
    { path: "jacobian", numbers: rows.flat() },
    { path: "jacobian transposed", numbers: columns.flat() }
  ]
  return outcomeOf(
    id,
    checkAll(targets, [golden.x], expected, ([x]) => {
      if (x === undefined) return []
      const g = (at: Vector): F64 => f(at, constantsOf(shared))
      return [g(x), jacobian(g)(x), columnsOf((unit) => jvp(g, x, unit)[1], golden.x.length)]
    })
  )
}
