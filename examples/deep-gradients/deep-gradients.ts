/** What reaches the first of 24 layers: gradients that vanish, explode, or arrive, and what each network learns with them. */
import { Console, Effect, pipe } from "effect"
import { Compute, Dataset, grad, Initializer, Inspect, Loss, Metrics, Model } from "cotangent"
import { Optimizer, RandomKey, T, type TensorTree, Trainer, Viz } from "cotangent"
import { forSeeds, judge, mean, picture, short, show } from "../gallery/page.ts"

const depth = short ? 8 : 24
const width = 64

/** Kernels from the normal distribution with variance `scale / width`. */
const weights = (scale: number) => Initializer.varianceScaling({ scale, mode: "fanIn", distribution: "normal" })

/** Dense layers, one behind the other. */
const plain = (activation: "sigmoid" | "tanh" | "relu", scale: number) =>
  pipe(
    Model.input([width]),
    Model.repeat("stack", depth, (m) =>
      pipe(m, Model.dense("mix", width, { activation, kernelInitializer: weights(scale) }))
    ),
    Model.dense("logits", 10)
  )

/** As many layers, each of which adds to what came in: normalise, relu, a dense layer. He and others 2016. */
const residual = pipe(
  Model.input([width]),
  Model.repeat("stack", depth, (m) =>
    pipe(
      m,
      Model.residual("add", (n) =>
        pipe(
          n,
          Model.batchNorm("norm", { momentum: 0.9 }),
          Model.relu,
          Model.dense("mix", width, { kernelInitializer: weights(2) })
        )
      )
    )
  ),
  Model.dense("logits", 10)
)

const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })

/** The norm of the gradient of each kernel, before the first step, over 256 digits. */
const gradientNorms = <P extends TensorTree.Tree, S>(
  model: Model.Model<["batch", 64], ["batch", 10], P, S>,
  seed: number
) =>
  Effect.gen(function* () {
    const digits = Dataset.slice(yield* Dataset.digits, 0, 256)
    const { params, state } = model.init(RandomKey.key(seed))
    const slopes = grad((p: P) => {
      const { y } = model.apply(p, state, T.fromValue(digits.x), Model.train(RandomKey.key(seed)))
      return loss(y, T.fromValue(digits.y))
    })(params)
    const norms = Object.entries(Inspect.treeStatistics(slopes)).flatMap(([path, { norm }]) =>
      path.endsWith("mix.kernel") ? [norm] : []
    )
    return (yield* Compute.eval(norms)).map(({ data }) => data[0] ?? Number.NaN)
  })

/** Gradient norms, and held-out accuracy after training. */
const measure = <P extends TensorTree.Tree, S>(model: Model.Model<["batch", 64], ["batch", 10], P, S>, seed: number) =>
  Effect.gen(function* () {
    const norms = yield* gradientNorms(model, seed)
    const { history } = yield* Trainer.fit(model, {
      loss,
      optimizer: Optimizer.sgd({ learningRate: 0.02, momentum: 0.9 }),
      metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
      epochs: short ? 2 : 15,
      batchSize: 32,
      validationSplit: 0.2,
      seed
    })(yield* Dataset.digits)
    return { norms, accuracy: history.epochs.at(-1)?.valAccuracy ?? 0 }
  }).pipe(
    // The trainer stops where the loss is no longer a number.
    Effect.catchTag("NonFiniteError", () => Effect.map(gradientNorms(model, seed), (norms) => ({ norms, accuracy: 0 })))
  )

/** The four networks, by name. */
const all = (seed: number) =>
  Effect.all({
    sigmoid: measure(plain("sigmoid", 1), seed),
    "tanh, large weights": measure(plain("tanh", 9), seed),
    "relu, He's weights": measure(plain("relu", 2), seed),
    "residual, batch norm": measure(residual, seed)
  })
type Name = keyof Effect.Success<ReturnType<typeof all>>
const names: ReadonlyArray<Name> = ["sigmoid", "tanh, large weights", "relu, He's weights", "residual, batch norm"]

show(
  Effect.gen(function* () {
    const runs = yield* forSeeds(all, (run) =>
      names.map((name) => `${name} ${run[name].accuracy.toFixed(3)}`).join(", ")
    )
    const layers = Array.from({ length: depth }, (_, i) => i)
    const norms = (name: Name) => layers.map((i) => mean(runs.map((run) => Math.log10(run[name].norms[i] ?? 0))))
    const chart = Viz.lines({
      title: `The gradients of ${depth} kernels, one behind the other, before the first step`,
      xTitle: "layer",
      yTitle: "norm of the gradient",
      yScale: "log",
      counts: true,
      width: 900,
      height: 520,
      series: names.map((label) => ({ label, points: norms(label).map((norm, i) => [i + 1, 10 ** norm] as const) }))
    })
    yield* picture("deep-gradients", chart)
    const ratios = (name: Name) =>
      runs.map((run) => Math.log10((run[name].norms[0] ?? 0) / (run[name].norms.at(-1) ?? 0)))
    const accuracies = (name: Name) => runs.map((run) => run[name].accuracy)
    for (const name of names)
      yield* Console.log(
        `${name}: held-out accuracy ${mean(accuracies(name)).toFixed(3)}, first layer's gradient 10^${mean(ratios(name)).toFixed(2)} of the last one's`
      )
    yield* judge({
      what: "sigmoid, first gradient over last, log10",
      values: ratios("sigmoid"),
      atLeast: short ? -5.5 : -14.77,
      atMost: short ? -3.5 : -14.21
    })
    yield* judge({
      what: "tanh with large weights, first gradient over last, log10",
      values: ratios("tanh, large weights"),
      atLeast: short ? 0.2 : 2.8,
      atMost: short ? 2 : 3.09
    })
    yield* judge({
      what: "residual with batch norm, held-out accuracy",
      values: accuracies("residual, batch norm"),
      atLeast: short ? 0.6 : 0.877
    })
  })
)
