/** What each stage of AdamW does in each layer of a small network, over 60 steps: a table and two pictures. */
import { Console, Effect, Path, pipe } from "effect"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Compute, Files, Optimizer, RandomKey, step, T, type Tensor, valueAndGrad, Viz } from "cotangent"

interface Params {
  readonly hidden: { readonly kernel: Tensor<[8, 16]>; readonly bias: Tensor<[16]> }
  readonly out: { readonly kernel: Tensor<[16, 1]>; readonly bias: Tensor<[1]> }
}

const [forData, forNoise, forHidden, forOut] = RandomKey.split(RandomKey.key(7), 4)
const x = RandomKey.normal(forData, [64, 8])
/** What is to be learnt: the sine of the sum of a row, and a little noise. */
const y = pipe(x, T.sum({ axis: 1, keepDims: true }), T.sin, T.add(T.mul(RandomKey.normal(forNoise, [64, 1]), 0.05)))

const first: Params = {
  hidden: { kernel: T.mul(RandomKey.normal(forHidden, [8, 16]), 0.35), bias: T.zeros([16]) },
  out: { kernel: T.mul(RandomKey.normal(forOut, [16, 1]), 0.25), bias: T.zeros([1]) }
}
const loss = ({ hidden, out }: Params) => {
  const activations = pipe(x, T.matmul(hidden.kernel), T.add(hidden.bias), T.tanh)
  return pipe(activations, T.matmul(out.kernel), T.add(out.bias), T.sub(y), T.square, T.mean())
}

const optimizer = Optimizer.adamw({ learningRate: 0.02, weightDecay: 0.5 })

/** One program: the step and its explanation share what they have in common. */
const explained = step((state: Optimizer.AdamState<Params>) => {
  const [value, gradient] = valueAndGrad(loss)(state.params)
  const { layers } = Optimizer.explain(optimizer)(state, gradient)
  return [optimizer.step(state, gradient), { value, layers }]
})

const program = Effect.gen(function* () {
  const session = yield* Compute.session({ state: optimizer.init(first), data: {}, programs: { explained } })
  const records: Array<Optimizer.ExplanationRecord> = []
  for (let k = 1; k <= 60; k++) {
    const { layers, value } = yield* session.loop("explained", { count: 1 })
    const record = Optimizer.explanationRecord(k, layers)
    records.push(record)
    const layer = record.layers["hidden.kernel"]
    if (k % 15 === 1 && layer !== undefined) {
      const parts = Object.entries(layer.along).map(([stage, share]) => `${stage} ${share.toFixed(3)}`)
      yield* Console.log(`step ${k}, loss ${value.data[0]?.toFixed(3)}, hidden.kernel: ${parts.join(", ")}`)
    }
  }
  const { join } = yield* Path.Path
  const folder = join("out", "explained-steps")
  yield* Files.prepareFolder(folder)
  yield* Viz.explanation(records, { title: "AdamW, 60 steps: what each stage contributes" }).writePng(
    join(folder, "stages.png")
  )
  yield* Viz.updates(records, { title: "AdamW, 60 steps: changes of each layer" }).writePng(join(folder, "changes.png"))
  yield* Console.log(`Wrote ${join(folder, "stages.png")} and ${join(folder, "changes.png")}`)
}).pipe(Effect.scoped)

program.pipe(Effect.provide([Compute.layer, NodeServices.layer]), NodeRuntime.runMain)
