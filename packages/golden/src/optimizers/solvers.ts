/** Checking solvers: the point, the value and the evaluations after every step on a known objective. */
import { T, type Tensor, type ValuesOf } from "@cotangent/graph"
import { lbfgs, type LbfgsState, type Objective } from "@cotangent/optim"
import { compare, type Tolerance } from "../comparison.ts"
import { valueOf } from "../forms/tensors.ts"
import {
  attempt,
  fault,
  type Findings,
  found,
  Missing,
  type Outcome,
  outcomeOf,
  sentenceOf,
  together
} from "../outcome.ts"
import type { Target } from "../targets.ts"
import { type Spellings, translated } from "./options.ts"
import type { SolverRun, Solvers } from "../forms/solvers.ts"

type Point = Tensor<[number], "f64">

/** Curvatures of iterates multiply what rounding leaves; points are of order 1. */
const tolerance: Tolerance = { relative: 1e-6, floor: 1 }

const rosenbrock: Objective<Point> = (x) => {
  const [n = 0] = x.shape
  const [now, next]: ReadonlyArray<Point> = [T.slice(x, [{ end: n - 1 }]), T.slice(x, [{ start: 1 }])] as Array<Point>
  if (now === undefined || next === undefined) throw new RangeError("rosenbrock: needs two unknowns")
  const bent = T.square(T.sub(next, T.square(now)))
  return T.sum(T.add(T.square(T.sub(T.full([n - 1], 1, "f64"), now)), T.mul(bent, 100))) as Tensor<[], "f64">
}

/** The objectives by the definition that the file gives. */
const objectives: { readonly [definition: string]: (file: Solvers) => Objective<Point> } = {
  "f(x) = 0.5 x^T A x - b^T x": ({ A, b }) => {
    const matrix = T.constant(A as Array<Array<number>>, "f64") as Tensor<[number, number], "f64">
    const vector = T.constant([...b], "f64") as Point
    return (x) => T.sub(T.mul(T.sum(T.mul(x, T.matmul(matrix, x))), 0.5), T.sum(T.mul(vector, x))) as Tensor<[], "f64">
  },
  "f(x,y) = (1-x)^2 + 100 (y-x^2)^2": () => rosenbrock,
  "f(x) = sum_{i<n-1} (1-x_i)^2 + 100 (x_{i+1}-x_i^2)^2": () => rosenbrock
}

const renamed = (name: string) => (value: unknown) => ({ [name]: value })

const spellings: Spellings = {
  max_iter: renamed("maxIterations"),
  max_eval: renamed("maxEvaluations"),
  tolerance_grad: renamed("toleranceGradient"),
  tolerance_change: renamed("toleranceChange"),
  history_size: renamed("historySize"),
  line_search_fn: (value) => (value === "strong_wolfe" ? { lineSearch: "strongWolfe" } : undefined)
}

/** What one step shows. */
interface Shown {
  readonly x: Point
  readonly f: Tensor<[], "f64">
  readonly evaluations: Tensor<[], "i32">
}

const runOn = (golden: SolverRun, options: object, objective: Objective<Point>, target: Target): Findings => {
  const solver = lbfgs(options)
  const x0 = T.constant([...golden.x0], "f64") as Point
  const machine = target.machine<LbfgsState<Point>, {}, Tensor<[], "f64">, Shown>({
    state: solver.init(x0),
    data: {},
    input: valueOf([], [0]) as ValuesOf<Tensor<[], "f64">>,
    step: (state) => {
      const next = solver.step<Point>(state, objective)
      return [next, { x: next.params, f: objective(next.params) as Tensor<[], "f64">, evaluations: next.evaluations }]
    }
  })
  try {
    return together(
      golden.steps.flatMap((expected, k) => {
        const { x, f, evaluations } = machine.step(valueOf([], [0]) as ValuesOf<Tensor<[], "f64">>)
        return [
          found(target.name, `steps[${k}].x`, compare(expected.x, x.data, tolerance)),
          found(target.name, `steps[${k}].f_after`, compare([expected.f_after], f.data, tolerance)),
          found(
            target.name,
            `steps[${k}].n_evals_total`,
            compare([expected.n_evals_total], evaluations.data, tolerance)
          )
        ]
      })
    )
  } finally {
    machine.close()
  }
}

/** What becomes of a run of PyTorch's L-BFGS on the given targets: every point, value and number of evaluations. */
export const checkSolverRun = (golden: SolverRun, file: Solvers, targets: ReadonlyArray<Target>): Outcome => {
  const id = `${golden.function} ${golden.call.replace(/ *#.*$/, "")}`
  try {
    const objective = Object.hasOwn(objectives, golden.definition) ? objectives[golden.definition]?.(file) : undefined
    if (objective === undefined) return { tag: "skipped", id, missing: `the function ${golden.definition}` }
    const options = translated("LBFGS", golden.options, spellings)
    if (options instanceof Missing) return { tag: "skipped", id, missing: options.operation }
    return outcomeOf(
      id,
      together(targets.map((target) => attempt(target.name, "run", () => runOn(golden, options, objective, target))))
    )
  } catch (thrown) {
    return outcomeOf(id, fault("graph", "options", sentenceOf(thrown)))
  }
}
