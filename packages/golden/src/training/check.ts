/** Checking whole runs: the loss of every step, the first gradients, and the parameters at the end. */
import { valueAndGrad } from "@cotangent/autodiff"
import { type AnyTensor, T, type Tensor } from "@cotangent/graph"
import { clipByGlobalNorm, type Optimizer, presets, type Rule, type StateOf } from "@cotangent/optim"
import { compare, tolerances } from "../comparison.ts"
import type { Options } from "../forms/optimizers.ts"
import { tensorValue } from "../forms/tensors.ts"
import type { TrainingRun } from "../forms/training.ts"
import { translated } from "../optimizers/options.ts"
import { type AnyOptimizer, optimizers } from "../optimizers/table.ts"
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
import { literal, parseCall } from "../python/expression.ts"
import type { F64, Target } from "../targets.ts"
import { type Batch, type Params, type RunProgram, runs, type Statistics } from "./runs.ts"

/** The optimizer of a run, from its call in Python; what is clipped before stands in the file beside it. */
const optimizerOf = ({ optimizer }: TrainingRun): AnyOptimizer | Missing => {
  const call = parseCall(optimizer.split(";")[0] ?? "")
  const name = call.name.split(".").at(-1) ?? ""
  const row = Object.hasOwn(optimizers, name) ? optimizers[name] : undefined
  if (row === undefined) return new Missing(call.name)
  // Options of optimizers are literals.
  const options = Object.fromEntries([...call.kwargs].map(([option, value]) => [option, literal(value)])) as Options
  const settings = translated(name, options, row.spellings)
  return settings instanceof Missing ? settings : row.single(settings)
}

interface Shown {
  readonly loss: Tensor<[], "f64">
  readonly norm: Tensor<[], "f64">
  readonly grads: Params
  readonly params: Params
  readonly statistics: Statistics
}

const sum = (data: ArrayLike<number>, f: (x: number) => number): number => {
  let total = 0
  for (let i = 0; i < data.length; i++) total += f(data[i] ?? 0)
  return total
}

const checkOn = <F extends Rule>(
  optimizer: Optimizer<F>,
  program: RunProgram,
  run: TrainingRun,
  target: Target
): Findings => {
  const initial: Params = Object.fromEntries(
    Object.entries(run.initial).map(([name, tensor]) => [name, T.fromValue(tensorValue(tensor)) as AnyTensor as F64])
  )
  const clip =
    run.clip_grad_norm === undefined ? undefined : clipByGlobalNorm(run.clip_grad_norm, presets.torch.clipByGlobalNorm)
  type State = { readonly optimizer: StateOf<F, Params>; readonly statistics: Statistics }
  const machine = target.machine<State, {}, Batch, Shown>({
    state: { optimizer: optimizer.init<Params>(initial), statistics: program.statistics?.(run) ?? {} },
    data: {},
    input: program.batch(run, 0),
    step: (state, _, batch) => {
      const params = state.optimizer.params as Params
      const [loss, grads] = valueAndGrad((p: Params) => program.loss(run, p, batch, state.statistics).loss)(params)
      const { statistics } = program.loss(run, params, batch, state.statistics)
      const [clipped, { norm }] =
        clip === undefined
          ? [grads, { norm: loss }]
          : clip.update<Params>(grads, clip.init(params), { params, step: T.constant(1, "i32") })
      const next = optimizer.step<Params>(state.optimizer, clipped)
      return [
        { optimizer: next, statistics },
        { loss, norm, grads, params: next.params as Params, statistics }
      ]
    }
  })
  try {
    const findings: Array<Findings> = []
    const check = (path: string, expected: ReadonlyArray<number>, actual: ArrayLike<number>) =>
      findings.push(found(target.name, path, compare(expected, actual, tolerances.training)))
    const losses: Array<number> = []
    const norms: Array<number> = []
    for (let k = 0; k < run.steps; k++) {
      const { loss, norm, grads, params, statistics } = machine.step(program.batch(run, k))
      losses.push(loss.data[0] ?? Number.NaN)
      norms.push(norm.data[0] ?? Number.NaN)
      if (k === 0) {
        for (const [name, { sum: total, sumsq }] of Object.entries(run.grad_checks_step0_before_clip ?? {})) {
          const data = grads[name]?.data ?? []
          check(`grad_checks_step0_before_clip.${name}`, [total, sumsq], [sum(data, (x) => x), sum(data, (x) => x * x)])
        }
      }
      if (k === run.steps - 1) {
        for (const [name, checksum] of Object.entries(run.final_checksums)) {
          const data = params[name]?.data ?? []
          check(
            `final_checksums.${name}`,
            [checksum.sum, checksum.sumsq, checksum.abssum],
            [sum(data, (x) => x), sum(data, (x) => x * x), sum(data, Math.abs)]
          )
        }
        for (const [name, expected] of Object.entries(run.final_small_tensors))
          check(`final_small_tensors.${name}`, expected, params[name]?.data ?? [])
        const { final_running_mean: mean, final_running_var: variance } = run
        if (mean !== undefined) check("final_running_mean", mean, statistics["mean"]?.data ?? [])
        if (variance !== undefined) check("final_running_var", variance, statistics["variance"]?.data ?? [])
      }
    }
    check("losses", run.losses, losses)
    if (run.grad_norms !== undefined) check("grad_norms", run.grad_norms, norms)
    return together(findings)
  } finally {
    machine.close()
  }
}

/** What becomes of a run on the given targets. */
export const checkTrainingRun = (
  run: TrainingRun,
  targets: ReadonlyArray<Target>,
  programs: { readonly [name: string]: RunProgram } = runs
): Outcome => {
  const id = run.name
  try {
    const program = Object.hasOwn(programs, id) ? programs[id] : undefined
    if (program === undefined) return { tag: "skipped", id, missing: `the run ${id}` }
    const optimizer = optimizerOf(run)
    if (optimizer instanceof Missing) return { tag: "skipped", id, missing: optimizer.operation }
    return outcomeOf(
      id,
      together(
        targets.map((target) =>
          attempt(target.name, "run", () => optimizer.use((o) => checkOn(o, program, run, target)))
        )
      )
    )
  } catch (thrown) {
    return outcomeOf(id, fault("graph", "definition", sentenceOf(thrown)))
  }
}
