/**
 * Measures one workload in this process: `node measure.ts W1 wide`. Prints one line of JSON.
 *
 * A step is the compiled program of a session: gather a batch from resident data, forward, backward, Adam. Times are of
 * chunks of steps divided by their number, as the trainer runs them.
 */
import * as Effect from "effect/Effect"
import { valueAndGrad } from "@cotangent/autodiff"
import { operations as ops, T, type Tensor, type Value } from "@cotangent/graph"
import { Loss, Model } from "@cotangent/nn"
import * as Optimizer from "@cotangent/optim"
import { Compute, type Session, type Step, step } from "@cotangent/runtime"
import { classification, glorot } from "./numbers.ts"
import { isWorkload, type Measurement, type MlpWorkload, type WorkloadName, workloads } from "./workloads.ts"

const layers = { wide: Compute.wide, narrow: Compute.layer, js: Compute.javascript } as const
type Mode = keyof typeof layers
const isMode = (mode: string): mode is Mode => mode in layers

type Layers = {
  readonly [name: string]: { readonly kernel: Tensor<[number, number]>; readonly bias: Tensor<[number]> }
}

const modelOf = ({ sizes }: MlpWorkload): Model.AnyModel => {
  const [input = 1, ...rest] = sizes
  let model: Model.Model<["batch", number], ["batch", number]> = Model.input([input])
  rest.forEach((units, i) => {
    // The chain is built in a loop, so its parameter tree is not known to the types.
    model = Model.dense(
      `layer${i}` as string,
      units,
      i < rest.length - 1 ? { activation: "relu" } : {}
    )(model as never) as never
  })
  return Model.forgetShapes(model)
}

const weightsOf = ({ sizes }: MlpWorkload): Layers =>
  Object.fromEntries(
    sizes.slice(1).map((columns, i) => {
      const rows = sizes[i] ?? 1
      return [
        `layer${i}`,
        { kernel: T.fromArray(glorot(100 + i, rows, columns), [rows, columns]), bias: T.zeros([columns]) }
      ]
    })
  )

/** The session of a workload: every step takes the next batch, round and round, and leaves its loss. */
const openWorkload = (workload: MlpWorkload) => {
  const { batch, batches, sizes } = workload
  const rows = batch * batches
  const { x, y } = classification(rows, sizes[0] ?? 1, sizes.at(-1) ?? 1, 1)
  const model = modelOf(workload)
  const perSample = Loss.forgetShapes(Loss.sparseCategoricalCrossentropy({ fromLogits: true }))
  const adam = Optimizer.adam({ learningRate: 1e-3, epsilon: 1e-7, epsilonMode: "hat" })
  const data = { x: T.fromArray(x, [rows, sizes[0] ?? 1]), y: T.fromArray(y, [rows], "i32") }
  const state = { optimizer: adam.init(weightsOf(workload)), cursor: T.constant(0, "i32") }
  const train = step((s: typeof state, d: typeof data) => {
    const take = ops.add(s.cursor, ops.iota([batch], 0, "i32"))
    const [inputs, labels] = [ops.gather(d.x, take, 0), ops.gather(d.y, take, 0)]
    const loss = (params: Layers) => T.mean(perSample(model.apply(params, {}, inputs, Model.evaluate).y, labels))
    const [value, grads] = valueAndGrad(loss)(s.optimizer.params)
    const next = T.add(s.cursor, batch)
    return [
      { optimizer: adam.step(s.optimizer, grads), cursor: T.where(T.less(next, rows), next, 0) },
      { loss: value }
    ] as const
  })
  return Compute.session({ state, data, programs: { train } })
}

type Train = Session<unknown, { readonly train: Step<unknown, unknown, {}, { readonly loss: Tensor<[]> }> }>

const median = (xs: ReadonlyArray<number>): number => xs.toSorted((a, b) => a - b)[xs.length >> 1] ?? Number.NaN
const round = (x: number, digits: number): number => Number(x.toFixed(digits))

/** Milliseconds of warming up and of measuring, and of one timed chunk. */
const [warmMillis, measureMillis, chunkMillis] = [800, 1500, 3]
/**
 * Steps trained from the first weights before a new session starts over. Trained much longer on so little data, the
 * model has converged, its moments are denormal numbers, and the processor computes those several times slower.
 */
const stepsFromStart = 10_000

/** Microseconds per step of the chunks of one session. */
const runSession = (workload: MlpWorkload, until: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      // The parameter tree of a model built in a loop is unknown to the types; only the loss is read.
      const session = (yield* openWorkload(workload)) as unknown as Train
      const first: Value = (yield* session.step("train")).loss
      const firstStep = performance.now()
      const times: Array<number> = []
      let chunk = 1
      for (let done = 0; done < stepsFromStart && (performance.now() < until || times.length < 3); done += chunk) {
        const before = performance.now()
        yield* session.loop("train", { count: chunk, sliceMillis: 1000 })
        const each = ((performance.now() - before) * 1000) / chunk
        times.push(each)
        chunk = Math.max(1, Math.min(stepsFromStart - done, Math.round((chunkMillis * 1000) / each)))
      }
      // The first chunk is a single step, timed with the overhead of a call.
      return { loss: first.data[0] ?? Number.NaN, firstStep, times: times.slice(1), steps: times.length * chunk }
    })
  )

const run = (name: WorkloadName, mode: Mode): Effect.Effect<Measurement, unknown> =>
  Effect.gen(function* () {
    const workload = workloads[name]
    const { loss, firstStep } = yield* runSession(workload, 0)
    for (const until = performance.now() + warmMillis; performance.now() < until;) yield* runSession(workload, until)
    const times: Array<number> = []
    let steps = 0
    for (const until = performance.now() + measureMillis; performance.now() < until || times.length < 3;) {
      const session = yield* runSession(workload, until)
      times.push(...session.times)
      steps += session.steps
    }
    return {
      peer: `cotangent-${mode}`,
      workload: name,
      us_per_step: round(median(times), 2),
      min_us: round(Math.min(...times), 2),
      steps,
      first_step_ms: Math.round(firstStep),
      loss_first: round(loss, 4),
      rss_mb: Math.round(process.resourceUsage().maxRSS / 1024)
    }
  }).pipe(Effect.provide(layers[mode]))

const [name = "W1", mode = "wide"] = process.argv.slice(2)
if (isWorkload(name) && isMode(mode)) console.log(JSON.stringify(await Effect.runPromise(run(name, mode))))
else {
  console.error(
    `measure: ${name} ${mode} is not a workload (${Object.keys(workloads).join(", ")}) and a mode (${Object.keys(layers).join(", ")})`
  )
  process.exitCode = 1
}
