/**
 * Activations, losses, metrics and initialisers by Keras's names against TensorFlow.js, an implementation of Keras that is
 * not ours (`generators/gen_keras.mjs`), and against numbers of Keras's own tests.
 */
import { readFileSync } from "node:fs"
import { type AnyTensor, Key, T, type Value } from "@cotangent/graph"
import { Initializer, Loss, Metrics, Model } from "@cotangent/nn"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"

type Rows = ReadonlyArray<ReadonlyArray<number>>
interface Given {
  readonly name: string
  readonly output: Rows
  readonly target: Rows | ReadonlyArray<number>
}
interface Statistics {
  readonly shape: ReadonlyArray<number>
  readonly mean: number
  readonly variance: number
  readonly most: number
}
interface Document {
  readonly x: Rows
  readonly activations: { readonly [name: string]: ReadonlyArray<number> }
  readonly losses: ReadonlyArray<Given & { readonly loss: ReadonlyArray<number>; readonly delta?: number }>
  readonly metrics: ReadonlyArray<Given & { readonly value: number }>
  readonly initializers: { readonly [name: string]: ReadonlyArray<Statistics> }
}

const golden: Document = JSON.parse(readFileSync(new URL("../fixtures/keras.json", import.meta.url), "utf8"))

const tensorOf = (rows: Rows): AnyTensor => T.dyn(T.constant(rows, "f32"))

const isRows = (target: Given["target"]): target is Rows => typeof target[0] !== "number"

const targetOf = (target: Given["target"]): AnyTensor =>
  isRows(target) ? tensorOf(target) : T.dyn(T.constant(target, "i32"))

const numbers = (x: AnyTensor): ReadonlyArray<number> => {
  // A value of the tensor's type, whichever it is.
  const { data } = T.evaluate(x) as Value
  return [...data]
}

const close = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, within: number): void => {
  assert.lengthOf(actual, expected.length)
  actual.forEach((a, i) => {
    const e = expected[i] ?? Number.NaN
    assert.closeTo(a, e, within * Math.max(1, Math.abs(e)), `number ${i}`)
  })
}

describe("activations of Keras", () => {
  const names: { readonly [theirs: string]: Model.ActivationName } = {
    swish: "silu",
    gelu_new: "geluTanh",
    leakyReLU: "leakyRelu"
  }
  const { hardSigmoid, ...same } = golden.activations
  const run = (name: Model.ActivationName): ReadonlyArray<number> =>
    numbers(
      pipe(Model.input([5]), Model.activation(name)).apply(
        {},
        {},
        T.expect(T.constant(golden.x, "f32"), [3, 5]),
        Model.evaluate
      ).y
    )
  for (const [theirs, expected] of Object.entries(same))
    it(theirs, () => {
      // Every other name is ours too, or this throws.
      close(run(names[theirs] ?? (theirs as Model.ActivationName)), expected, 2e-6)
    })

  it("hardSigmoid is that of Keras 3, whose slope is 1/6; before, it was 1/5", () => {
    const x = golden.x.flat()
    assert.isDefined(hardSigmoid)
    close(
      hardSigmoid,
      x.map((v) => Math.min(1, Math.max(0, 0.2 * v + 0.5))),
      1e-6
    )
    close(
      run("hardSigmoid"),
      x.map((v) => Math.min(1, Math.max(0, v / 6 + 0.5))),
      1e-6
    )
  })
})

describe("losses of Keras", () => {
  const of = Loss.forgetShapes
  const losses: { readonly [name: string]: Loss.AnyPerSample } = {
    meanSquaredError: of(Loss.meanSquaredError),
    meanAbsoluteError: of(Loss.meanAbsoluteError),
    meanAbsolutePercentageError: of(Loss.meanAbsolutePercentageError),
    meanSquaredLogarithmicError: of(Loss.meanSquaredLogarithmicError),
    logcosh: of(Loss.logCosh),
    hinge: of(Loss.hinge),
    squaredHinge: of(Loss.squaredHinge),
    categoricalHinge: of(Loss.categoricalHinge),
    cosineProximity: of(Loss.cosineSimilarity),
    poisson: of(Loss.poisson),
    kullbackLeiblerDivergence: of(Loss.klDivergence({ fromLogits: false })),
    binaryCrossentropy: of(Loss.binaryCrossentropy({ fromLogits: false })),
    categoricalCrossentropy: of(Loss.categoricalCrossentropy({ fromLogits: false })),
    sparseCategoricalCrossentropy: of(Loss.sparseCategoricalCrossentropy({ fromLogits: false }))
  }
  golden.losses.forEach(({ name, output, target, loss, delta }, i) =>
    it(`${name}, ${i}`, () => {
      const ours = delta === undefined ? losses[name] : of(Loss.huber({ delta }))
      assert.isDefined(ours)
      // Keras multiplies by the target it has clipped, TensorFlow.js by the target itself: up to 1e-7 ln 1e-7 for each class.
      close(numbers(ours(tensorOf(output), targetOf(target))), loss, name.startsWith("kullback") ? 5e-6 : 2e-6)
    })
  )

  // keras/src/losses/losses_test.py
  const y = [
    [4, 8, 12],
    [8, 1, 3]
  ]
  const t = [
    [1, 9, 2],
    [-5, -2, 6]
  ]
  const halves = [
    [0.6, 0.4],
    [0.4, 0.6]
  ]
  const sides = [
    [0, 1],
    [0, 0]
  ]
  const own: ReadonlyArray<readonly [string, Loss.Loss<"values">, Rows, Rows, number]> = [
    ["MeanSquaredError", Loss.meanSquaredError, y, t, 49.5],
    ["MeanAbsoluteError", Loss.meanAbsoluteError, y, t, 5.5],
    ["MeanAbsolutePercentageError", Loss.meanAbsolutePercentageError, y, t, 211.8518],
    ["MeanSquaredLogarithmicError, negative numbers too", Loss.meanSquaredLogarithmicError, y, t, 1.437],
    ["Hinge", Loss.hinge, halves, sides, 1.3],
    ["SquaredHinge", Loss.squaredHinge, halves, sides, 1.86],
    ["CategoricalHinge, rows without a class", Loss.categoricalHinge, halves, sides, 1.4]
  ]
  for (const [name, loss, output, target, expected] of own)
    it(`${name}, of Keras's tests`, () => {
      const [a = 0, b = 0] = numbers(of(loss)(tensorOf(output), tensorOf(target)))
      close([(a + b) / 2], [expected], 1e-4)
    })
})

describe("metrics of Keras", () => {
  // A metric takes the states that it makes.
  const metrics: { readonly [name: string]: unknown } = {
    binaryAccuracy: Metrics.binaryAccuracy,
    precision: Metrics.precision(),
    recall: Metrics.recall(),
    categoricalAccuracy: Metrics.categoricalAccuracy,
    sparseCategoricalAccuracy: Metrics.sparseCategoricalAccuracy,
    meanSquaredError: Metrics.meanSquaredError,
    meanAbsoluteError: Metrics.meanAbsoluteError,
    meanAbsolutePercentageError: Metrics.meanAbsolutePercentageError,
    r2Score: Metrics.r2Score()
  }
  interface Streaming {
    readonly init: () => unknown
    readonly update: (state: unknown, output: AnyTensor, target: AnyTensor) => unknown
    readonly result: (state: unknown) => AnyTensor
  }
  golden.metrics.forEach(({ name, output, target, value }) =>
    it(name, () => {
      assert.property(metrics, name)
      const { init, update, result } = metrics[name] as Streaming
      close(numbers(result(update(init(), tensorOf(output), targetOf(target)))), [value], 2e-6)
    })
  )
})

describe("initialisers of Keras", () => {
  const uniform = {
    glorotUniform: Initializer.glorotUniform,
    heUniform: Initializer.heUniform,
    leCunUniform: Initializer.lecunUniform
  }
  const normal = {
    glorotNormal: Initializer.glorotNormal,
    heNormal: Initializer.heNormal,
    leCunNormal: Initializer.lecunNormal
  }
  /** What is drawn, in the numbers of the fixture. */
  const statisticsOf = (initializer: Initializer.Initializer, shape: ReadonlyArray<number>): Statistics => {
    const drawn = numbers(T.dyn(initializer.draw(Key.key(7), [...shape])))
    const mean = drawn.reduce((sum, v) => sum + v, 0) / drawn.length
    const variance = drawn.reduce((sum, v) => sum + (v - mean) ** 2, 0) / drawn.length
    return { shape, mean, variance, most: drawn.reduce((most, v) => Math.max(most, Math.abs(v)), 0) }
  }
  const compare = (name: string, initializer: Initializer.Initializer, wider: number): void =>
    it(`${name} draws as widely`, () => {
      const expected = golden.initializers[name] ?? []
      assert.lengthOf(expected, 2)
      for (const { shape, variance, most } of expected) {
        const drawn = statisticsOf(initializer, shape)
        // Of 40,000 draws a variance is known to 1 %.
        assert.closeTo(drawn.variance / variance / wider ** 2, 1, 0.03)
        assert.closeTo(drawn.most / most / wider, 1, 0.01)
        assert.closeTo(drawn.mean / Math.sqrt(drawn.variance), 0, 0.02)
      }
    })
  for (const [name, initializer] of Object.entries(uniform)) compare(name, initializer, 1)
  // TensorFlow.js cuts the normal distribution at two deviations and leaves it narrower; Keras since 2.2 widens it again.
  for (const [name, initializer] of Object.entries(normal)) compare(name, initializer, 1 / 0.87962566103423978)
})
