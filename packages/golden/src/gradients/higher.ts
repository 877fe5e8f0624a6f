/** Checking higher derivatives: gradients, Hessian products, whole Hessians, a third derivative, and Jacobians. */
import { grad, hvp, jvp, vjp, vmap } from "@cotangent/autodiff"
import { type AnyTensor, T, type Tensor, type Value } from "@cotangent/graph"
import { compare, tolerances } from "../comparison.ts"
import type { Gradients, JacobianCase, SecondOrderCase } from "../forms/gradients.ts"
import { tensorValue, valueOf } from "../forms/tensors.ts"
import { attempt, type Findings, found, Missing, type Outcome, outcomeOf, together } from "../outcome.ts"
import type { F64, Target } from "../targets.ts"
import { type Constants, scalarFunctions, vectorFunctions } from "./functions.ts"

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

/** Rows of a matrix: `row(e_i)` for every unit vector, as one batch. */
const rowsOf = (row: (unit: Tensor<[number], "f64">) => F64, n: number): AnyTensor => vmap(row)(identity(n))

/** A scalar function as autodiff takes it: of vectors. */
type Vector = Tensor<[number], "f64">

/** Compares named results of a function of vectors with golden numbers, on each target. */
const checkAll = (
  targets: ReadonlyArray<Target>,
  inputs: ReadonlyArray<ReadonlyArray<number>>,
  expected: ReadonlyArray<readonly [string, ReadonlyArray<number>]>,
  f: (inputs: ReadonlyArray<Vector>) => ReadonlyArray<AnyTensor>
): Findings => {
  const values: ReadonlyArray<Value> = inputs.map((data) => valueOf([data.length], data))
  return together(
    targets.map((target) =>
      attempt(target.name, "run", () => {
        // The inputs are vectors of f64, as `values` says.
        const results = target.evaluate((xs) => f(xs as ReadonlyArray<AnyTensor> as ReadonlyArray<Vector>), values)
        return together(expected.map(([path, numbers], i) => found(target.name, path, compare(numbers, results[i]?.data ?? [], tolerances.gradients))))
      })
    )
  )
}

/** What becomes of a scalar function with derivatives up to the third order. */
export const checkSecondOrder = (golden: SecondOrderCase, shared: Shared, targets: ReadonlyArray<Target>): Outcome => {
  const id = `second_order.${golden.id}`
  const f = Object.hasOwn(scalarFunctions, golden.id) ? scalarFunctions[golden.id] : new Missing(`the function ${golden.torch}`)
  if (f === undefined || f instanceof Missing) return { tag: "skipped", id, missing: f?.operation ?? golden.torch }
  const n = golden.x.length
  const expected: ReadonlyArray<readonly [string, ReadonlyArray<number>]> = [
    ["value", [golden.value]],
    ["grad", golden.grad],
    ["hvp", golden.hvp],
    ["hessian", golden.hessian.flat()],
    ["third_vv", golden.third_vv],
    ["directional", [golden.directional]]
  ]
  return outcomeOf(
    id,
    checkAll(targets, [golden.x, golden.v], expected, ([x, v]) => {
      if (x === undefined || v === undefined) return []
      const g = (at: Vector): Tensor<[], "f64"> => f(at, constantsOf(shared))
      const curvature = (at: Vector): Tensor<[], "f64"> => T.sum(T.mul(v, hvp(g, at, v)))
      return [g(x), grad(g)(x), hvp(g, x, v), rowsOf((unit) => hvp(g, x, unit), n), grad(curvature)(x), jvp(g, x, v)[1]]
    })
  )
}

/** What becomes of a vector function with its Jacobian, by rows in reverse mode and by columns in forward mode. */
export const checkJacobian = (golden: JacobianCase, shared: Shared, targets: ReadonlyArray<Target>): Outcome => {
  const id = `jacobians.${golden.id}`
  const f = Object.hasOwn(vectorFunctions, golden.id) ? vectorFunctions[golden.id] : new Missing(`the function ${golden.torch}`)
  if (f === undefined || f instanceof Missing) return { tag: "skipped", id, missing: f?.operation ?? golden.torch }
  const rows = golden.jacobian
  const columns = (rows[0] ?? []).map((_, j) => rows.map((row) => row[j] ?? Number.NaN))
  const expected: ReadonlyArray<readonly [string, ReadonlyArray<number>]> = [
    ["value", golden.value],
    ["jacobian", rows.flat()],
    ["jacobian transposed", columns.flat()]
  ]
  return outcomeOf(
    id,
    checkAll(targets, [golden.x], expected, ([x]) => {
      if (x === undefined) return []
      const g = (at: Vector): F64 => f(at, constantsOf(shared))
      const [y, pullback] = vjp(g, x)
      return [y, rowsOf((unit) => pullback(unit), golden.value.length), rowsOf((unit) => jvp(g, x, unit)[1], golden.x.length)]
    })
  )
}
