/** Checking optimizers: the parameters after every step along given gradients. */
import { type AnyTensor, T, type Tensor, type ValuesOf } from "@cotangent/graph"
import { clipByGlobalNorm, clipByValue, type Optimizer, presets, type Rule, type StateOf } from "@cotangent/optim"
import { compare, tolerances } from "../comparison.ts"
import type { Option, OptimizerCase, Optimizers } from "../forms/optimizers.ts"
import { valueOf } from "../forms/tensors.ts"
import {
  attempt,
  fault,
  type Findings,
  found,
  Missing,
  nothing,
  type Outcome,
  outcomeOf,
  sentenceOf,
  together
} from "../outcome.ts"
import type { F64, Target } from "../targets.ts"
import { translated } from "./options.ts"
import { type AnyOptimizer, optimizers, parametersOf, type Row, type Tensors } from "./table.ts"

type Vectors = ReadonlyArray<ReadonlyArray<number>>

/** What is done to a gradient before the optimizer sees it, and its global norm where clipping computes it. */
type Clipping = (gradient: Tensors, params: Tensors) => { readonly gradient: Tensors; readonly norm: Tensor<[], "f64"> }

const firstStep = T.constant(1, "i32")

const clippingOf = ({ clip }: OptimizerCase): Clipping => {
  const unknown = T.full([], Number.NaN, "f64")
  if (clip === undefined) return (gradient) => ({ gradient, norm: unknown })
  if (clip.kind === "value") {
    const transform = clipByValue(clip.value)
    return (gradient, params) => ({
      gradient: transform.update<Tensors>(gradient, transform.init(params), { params, step: firstStep })[0],
      norm: unknown
    })
  }
  const transform = clipByGlobalNorm(clip.value, presets.torch.clipByGlobalNorm)
  return (gradient, params) => {
    const [clipped, { norm }] = transform.update<Tensors>(gradient, transform.init(params), { params, step: firstStep })
    return { gradient: clipped, norm }
  }
}

/** The options in which parameter groups may differ here. */
const free: ReadonlyArray<string> = ["lr", "weight_decay"]

const optionsOf = (group: { readonly [option: string]: Option }): { readonly [option: string]: Option } =>
  Object.fromEntries(Object.entries(group).filter(([option]) => option !== "params"))

const grouped = (
  row: Row,
  golden: OptimizerCase,
  groups: NonNullable<OptimizerCase["groups"]>
): AnyOptimizer | Missing => {
  const name = golden.optimizer
  const settings: Array<object> = []
  for (const group of groups) {
    const differing = Object.keys(optionsOf(group)).find((option) => !free.includes(option))
    if (differing !== undefined) return new Missing(`torch.optim.${name} with groups that differ in ${differing}`)
    const options = translated(name, { ...golden.options, ...optionsOf(group) }, row.spellings)
    if (options instanceof Missing) return options
    settings.push(options)
  }
  return row.groups(settings, (path) => String(groups.findIndex(({ params }) => params.includes(Number(path)))))
}

/** The optimizer of a case. */
const optimizerOf = (golden: OptimizerCase): AnyOptimizer | Missing => {
  const name = golden.optimizer
  const row = Object.hasOwn(optimizers, name) ? optimizers[name] : undefined
  if (row === undefined) return new Missing(`torch.optim.${name}`)
  if (golden.groups !== undefined) return grouped(row, golden, golden.groups)
  const options = translated(name, golden.options, row.spellings)
  return options instanceof Missing ? options : row.single(options)
}

const dtypeOf = ({ dtype }: Optimizers): "f32" | "f64" => (dtype === "float32" ? "f32" : "f64")

/** What one step shows: the parameters, what to evaluate with, and the norm before clipping. */
interface Shown {
  readonly params: Tensors
  readonly evaluated: Tensors
  readonly norm: Tensor<[], "f64">
}

const valuesOf = (file: Optimizers, vectors: Vectors): ValuesOf<Tensors> =>
  // Values of these shapes; float32 ones pass for float64 here, optimizers take both.
  file.shapes.map((shape, i) => valueOf(shape, vectors[i] ?? [], dtypeOf(file))) as ReadonlyArray<
    ReturnType<typeof valueOf>
  > as ValuesOf<Tensors>

const checkOn = <F extends Rule>(
  optimizer: Optimizer<F>,
  golden: OptimizerCase,
  file: Optimizers,
  target: Target
): Findings => {
  const clipped = clippingOf(golden)
  const dtype = dtypeOf(file)
  const tolerance = dtype === "f32" ? tolerances.optimizersFloat32 : tolerances.optimizers
  const initial: Tensors = file.shapes.map(
    (shape, i) => T.fromValue(valueOf(shape, file.initial[i] ?? [], dtype)) as AnyTensor as F64
  )
  const gradients = file.gradients.map((vectors) => valuesOf(file, vectors))
  const [first] = gradients
  if (first === undefined) return nothing
  const machine = target.machine<StateOf<F, Tensors>, {}, Tensors, Shown>({
    state: optimizer.init<Tensors>(initial),
    data: {},
    input: first,
    step: (state, _, gradient) => {
      const before = clipped(gradient, parametersOf(state))
      const next = optimizer.step<Tensors>(state, before.gradient)
      return [next, { params: parametersOf(next), evaluated: optimizer.evalParams<Tensors>(next), norm: before.norm }]
    }
  })
  try {
    const findings: Array<Findings> = []
    const check = (path: string, expected: ReadonlyArray<number>, actual: ArrayLike<number>) =>
      findings.push(found(target.name, path, compare(expected, actual, tolerance)))
    gradients.forEach((gradient, k) => {
      const { params, evaluated, norm } = machine.step(gradient)
      const tensors = golden.steps[k] ?? []
      tensors.forEach((expected, i) => check(`steps[${k}][${i}]`, expected, params[i]?.data ?? []))
      const expectedNorm = golden.clip?.norms?.[k]
      if (expectedNorm !== undefined) check(`clip.norms[${k}]`, [expectedNorm], norm.data)
      if (k === gradients.length - 1)
        golden.averaged_ax_final?.forEach((expected, i) =>
          check(`averaged_ax_final[${i}]`, expected, evaluated[i]?.data ?? [])
        )
    })
    if (golden.steps.length !== gradients.length)
      findings.push(
        fault(target.name, "steps", `there are ${golden.steps.length} steps for ${gradients.length} gradients`)
      )
    return together(findings)
  } finally {
    machine.close()
  }
}

/** What becomes of an optimizer on the given targets. */
export const checkOptimizerCase = (
  golden: OptimizerCase,
  file: Optimizers,
  targets: ReadonlyArray<Target>
): Outcome => {
  try {
    const optimizer = optimizerOf(golden)
    if (optimizer instanceof Missing) return { tag: "skipped", id: golden.name, missing: optimizer.operation }
    return outcomeOf(
      golden.name,
      together(
        targets.map((target) =>
          attempt(target.name, "run", () => optimizer.use((o) => checkOn(o, golden, file, target)))
        )
      )
    )
  } catch (thrown) {
    return outcomeOf(golden.name, fault("graph", "options", sentenceOf(thrown)))
  }
}
