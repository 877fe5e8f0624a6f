/** Explained steps: hand-worked contributions, and the laws of stages over every rule of the table. */
import { assert, describe, it } from "@effect/vitest"
import { grad as gradientOf } from "@cotangent/autodiff"
import { Graph, Hash, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import {
  adam,
  adamw,
  addDecayedWeights,
  chain,
  clipByGlobalNorm,
  clipByValue,
  explain,
  explanationRecord,
  fromTransform,
  gradientDescent,
  grouped,
  masked,
  type Optimizer,
  partition,
  type Rule,
  scale,
  scaleByAdam,
  sgd,
  skipNonFinite,
  type StateOf,
  trace,
  type Transform,
  type TransformRule
} from "../index.ts"
import { optimizers as rules } from "../optimizers/table.ts"
import { wrappedOptimizers } from "../transforms/table.ts"

const optimizers = [...rules, ...wrappedOptimizers]

type F64 = Tensor<[number], "f64">
const vector = (...numbers: ReadonlyArray<number>): F64 => T.constant([...numbers], "f64") as F64
const numbersOf = (tree: unknown): ReadonlyArray<number> =>
  T.evaluate(Tree.leaves(tree)).flatMap(({ data }) => Array.from(data))
const close = (actual: unknown, expected: ReadonlyArray<number>, tolerance = 1e-14): void => {
  const left = numbersOf(actual)
  assert.strictEqual(left.length, expected.length)
  left.forEach((x, i) => assert.approximately(x, expected[i] ?? Number.NaN, tolerance))
}

const params = { w: vector(1, -2, 0.5), b: vector(3) }
const gradients = [1, 2, 3].map((k) => ({ w: vector(0.3 * k - 1, 2 - k * 0.1, -0.5 * k), b: vector(0.25 * k) }))
const [g1 = params, g2 = params, g3 = params] = gradients

describe("contributions by hand", () => {
  it("of a chain are differences of prefixes", () => {
    const optimizer = fromTransform(
      chain({ clip: clipByValue(1), momentum: trace(0.5), decay: addDecayedWeights(0.1) }),
      { learningRate: 0.1 }
    )
    // theta = 2. First step: g = 3, clipped 1, velocity 1, with decay 1.2. Change -0.12.
    const start = vector(2)
    const first = explain(optimizer)(optimizer.init(start), vector(3))
    assert.deepStrictEqual(first.stages, ["gradient", "clip", "momentum.momentum", "decay"])
    close(first.contributions["gradient"], [-0.3])
    close(first.contributions["clip"], [0.2])
    close(first.contributions["momentum.momentum"], [0])
    close(first.contributions["decay"], [-0.02])
    close(first.update, [-0.12])
    // theta = 1.88. Second step: g = -0.4, velocity 0.5 - 0.4 = 0.1, with decay 0.288. Change -0.0288.
    const second = explain(optimizer)(optimizer.step(optimizer.init(start), vector(3)), vector(-0.4))
    close(second.contributions["gradient"], [0.04])
    close(second.contributions["clip"], [0])
    close(second.contributions["momentum.momentum"], [-0.05])
    close(second.contributions["decay"], [-0.0188])
    close(second.update, [-0.0288])
  })

  it("of Adam are gradient, momentum, scaling, correction, decay", () => {
    // alpha = 0.1, beta1 = 0.5, beta2 = 0.75, epsilon = 0, theta = 2, g = 4: m = 2, v = 4, m / c1 = 4, v / c2 = 16.
    const optimizer = adamw({ learningRate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 0, weightDecay: 0.5 })
    const { contributions, stages, update, layers } = explain(optimizer)(optimizer.init(vector(2)), vector(4))
    assert.deepStrictEqual(stages, ["gradient", "momentum", "scaling", "correction", "decay"])
    close(contributions["gradient"], [-0.4])
    close(contributions["momentum"], [-0.2 + 0.4])
    close(contributions["scaling"], [-0.1 + 0.2])
    close(contributions["correction"], [-0.1 + 0.1])
    close(contributions["decay"], [-0.1])
    close(update, [-0.2])
    const record = explanationRecord(1, T.evaluate(layers))
    const layer = record.layers[""]
    assert.approximately(layer?.updateToWeight ?? 0, 0.1, 1e-15)
    assert.approximately(layer?.effectiveRate ?? 0, 0.05, 1e-15)
    assert.strictEqual(layer?.signAgreement, 1)
    assert.approximately(layer?.signalToNoise ?? 0, 1, 1e-15)
    assert.approximately(layer?.along["gradient"] ?? 0, 0.4, 1e-15)
    assert.approximately(layer?.along["momentum"] ?? 0, -0.2, 1e-15)
    // Second step, g = -2: m = 0, v = 3 + 1 = 4. Only the gradient and what cancels it.
    const next = explain(optimizer)(optimizer.step(optimizer.init(vector(2)), vector(4)), vector(-2))
    close(next.contributions["gradient"], [0.2])
    close(next.contributions["momentum"], [-0.2])
    close(next.contributions["scaling"], [0])
    close(next.contributions["correction"], [0])
    close(next.contributions["decay"], [-0.05 * 1.8])
  })

  it("measure signs and ratios per parameter", () => {
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.5 })
    const state = optimizer.step(optimizer.init({ a: vector(3, 4), b: vector(0, 0) }), {
      a: vector(8, 8),
      b: vector(1, 1)
    })
    const { layers, effectiveRates } = explain(optimizer)(state, { a: vector(-2, 2), b: vector(1, -1) })
    const record = explanationRecord(2, T.evaluate(layers))
    // a: velocity 4 + (-2, 2) = (2, 6), change (-0.2, -0.6); the first element moves up its gradient.
    assert.strictEqual(record.layers["a"]?.signAgreement, 0.5)
    assert.approximately(record.layers["a"]?.effectiveRate ?? 0, Math.hypot(0.2, 0.6) / Math.hypot(2, 2), 1e-15)
    assert.approximately(record.layers["a"]?.updateToWeight ?? 0, Math.hypot(0.2, 0.6) / Math.hypot(2.2, 3.2), 1e-15)
    assert.isUndefined(record.layers["a"]?.signalToNoise)
    close(effectiveRates.a, [-0.1, 0.3])
  })
})

describe("laws of explanations", () => {
  for (const { name, use } of optimizers) {
    it(`${name}: contributions add up to the step, and begin with plain descent`, () =>
      use(<F extends Rule>(optimizer: Optimizer<F>) => {
        let state: StateOf<F, typeof params> = optimizer.init(params)
        for (const gradient of gradients) {
          const next = optimizer.step<typeof params>(state, gradient)
          const { contributions, stages, update, layers } = explain(optimizer)<typeof params>(state, gradient)
          assert.deepStrictEqual(stages, Object.keys(contributions))
          assert.strictEqual(stages[0], "gradient")
          const sum = Object.values(contributions).reduce((a, b) =>
            Tree.zip([a, b], ([x, y]) => T.add(x as F64, y as F64))
          )
          const change = numbersOf(Tree.zip([next.params, state.params], ([x, y]) => T.sub(x as F64, y as F64)))
          close(update, change, 1e-14)
          close(sum, change, 1e-13)
          // Shares along the change add up to its length.
          for (const layer of Object.values(explanationRecord(1, T.evaluate(layers)).layers)) {
            const shares = Object.values(layer.along).reduce((a, b) => a + b, 0)
            assert.approximately(shares, layer.updateNorm, 1e-12)
          }
          state = T.realize(next)
        }
      }))
  }

  it("every rule of the table names its stages", () => {
    const unnamed = optimizers.filter(({ use }) => use((optimizer) => optimizer.stages === undefined))
    // A rule without stages is explained as `gradient` and `rule`: its contributions still add up.
    for (const { use } of unnamed)
      use((optimizer) => {
        const { stages } = explain(optimizer)<typeof params>(optimizer.init(params), g1)
        assert.deepStrictEqual(stages, ["gradient", "rule"])
      })
    assert.isAtLeast(optimizers.length - unnamed.length, 39)
  })

  describe("a rule is explained as its chain", () => {
    const learningRate = 0.05
    /** Stages one by one: their contributions, and their names where chains do not put the name of a part in front. */
    const law = <F extends Rule, G extends Rule>(rule: Optimizer<F>, parts: Optimizer<G>): void => {
      let [a, b]: [StateOf<F, typeof params>, StateOf<G, typeof params>] = [rule.init(params), parts.init(params)]
      for (const gradient of gradients) {
        const left = explain(rule)<typeof params>(a, gradient)
        const right = explain(parts)<typeof params>(b, gradient)
        assert.deepStrictEqual(
          left.stages,
          right.stages.map((stage) => stage.replace("adam.", ""))
        )
        left.stages.forEach((stage, i) =>
          close(left.contributions[stage], numbersOf(right.contributions[right.stages[i] ?? ""]), 1e-15)
        )
        a = rule.step<typeof params>(a, gradient)
        b = parts.step<typeof params>(b, gradient)
      }
    }
    const optimizerOf = <F extends TransformRule>(transform: Transform<F>) => fromTransform(transform, { learningRate })
    it("gradient descent", () => law(gradientDescent({ learningRate }), optimizerOf(chain({}))))
    it("momentum", () => law(sgd({ learningRate, momentum: 0.9 }), optimizerOf(trace(0.9))))
    it("nesterov", () =>
      law(sgd({ learningRate, momentum: 0.9, nesterov: true }), optimizerOf(trace(0.9, { nesterov: true }))))
    it("Adam", () => law(adam({ learningRate }), optimizerOf(scaleByAdam())))
    it("Adam with an L2 term", () =>
      law(
        adam({ learningRate, weightDecay: 0.1 }),
        optimizerOf(chain({ decay: addDecayedWeights(0.1), adam: scaleByAdam() }))
      ))
    it("AdamW", () =>
      law(
        adamw({ learningRate, weightDecay: 0.1 }),
        optimizerOf(chain({ adam: scaleByAdam(), decay: addDecayedWeights(0.1) }))
      ))
  })

  it("a chain with the identity in it, and nested chains, contribute the same", () => {
    const rate = scale(-0.1)
    const flat = fromTransform(chain({ clip: clipByGlobalNorm(1), trace: trace(0.9), rate }))
    const nested = fromTransform(chain({ inner: chain({ clip: clipByGlobalNorm(1), trace: trace(0.9) }), rate }))
    const [left, right] = [explain(flat)(flat.init(params), g1), explain(nested)(nested.init(params), g1)]
    assert.deepStrictEqual(left.stages, ["gradient", "clip", "trace.momentum", "rate"])
    assert.deepStrictEqual(right.stages, ["gradient", "inner.clip", "inner.trace.momentum", "rate"])
    left.stages.forEach((stage, i) =>
      close(left.contributions[stage], numbersOf(right.contributions[right.stages[i] ?? ""]), 0)
    )
  })

  it("transforms that wrap others show the stages within", () => {
    const optimizer = fromTransform(
      skipNonFinite(
        chain({
          decay: masked(addDecayedWeights(0.1), ["w"]),
          parts: partition({ slow: scaleByAdam(), fast: scale(3) }, { "": "fast", w: "slow" })
        })
      ),
      { learningRate: 0.1 }
    )
    const state = optimizer.init(params)
    const { contributions, stages, update } = explain(optimizer)(state, g1)
    const names = ["decay.addDecayedWeights", "parts.slow.momentum", "parts.slow.scaling", "parts.slow.correction"]
    assert.deepStrictEqual(stages, ["gradient", "skip", ...names.map((name) => `chain.${name}`), "chain.parts.fast"])
    close(contributions["skip"], [0, 0, 0, 0])
    close(contributions["chain.decay.addDecayedWeights"], [-0.01, 0.02, -0.005, 0])
    close(contributions["chain.parts.fast"], [0, 0, 0, -0.1 * 2 * 0.25])
    assert.deepStrictEqual(numbersOf(contributions["chain.parts.slow.scaling"]?.b), [0])
    const next = optimizer.step(state, g1)
    close(update, numbersOf(Tree.zip([next.params, state.params], ([x, y]) => T.sub(x as F64, y as F64))), 1e-14)
    // A gradient that is not finite contributes itself, and is taken back: nothing moves.
    const broken = { ...g1, b: vector(Infinity) }
    close(explain(optimizer)(state, broken).update, [0, 0, 0, 0], 0)
  })

  it("groups are explained by their own options", () => {
    const [weights, biases] = [adamw({ weightDecay: 0.1 }), adamw({ weightDecay: 0 })]
    const optimizer = grouped({ biases, weights }, (path) => (path === "b" ? "biases" : "weights"))
    const state = optimizer.step<typeof params>(optimizer.init(params), g2)
    const { contributions, stages, update } = explain(optimizer)<typeof params>(state, g3)
    assert.deepStrictEqual(stages, ["gradient", "momentum", "scaling", "correction", "decay"])
    close(contributions["decay"]?.b, [0])
    close(contributions["decay"]?.w, numbersOf(T.mul(state.params.w, -1e-4)), 1e-17)
    const next = optimizer.step<typeof params>(state, g3)
    close(update, numbersOf(Tree.zip([next.params, state.params], ([x, y]) => T.sub(x as F64, y as F64))), 1e-14)
  })

  it("integers are left alone, and gradient descent is its gradient", () => {
    const optimizer = gradientDescent({ learningRate: 0.5 })
    const mixed = { w: T.constant([1, 2]), vocabulary: T.constant([7], "i32") }
    const { contributions, layers } = explain(optimizer)(optimizer.init(mixed), mixed)
    assert.deepStrictEqual(numbersOf(contributions), [-0.5, -1, 0])
    assert.deepStrictEqual(Object.keys(layers), ["w"])
  })
})

describe("the cost of an explanation", () => {
  const optimizer = adamw({ learningRate: 0.1 })
  const loss = (p: typeof params) => T.add(T.sum(T.square(p.w)), T.sum(T.square(p.b)))
  const state = optimizer.init(params)
  const given = Tree.entries(state).map(({ path, leaf }) => ({
    name: path,
    tensor: ops.parameter(path, leaf.shape, leaf.dtype)
  }))
  const parameters = Tree.rebuild(
    state,
    given.map(({ tensor }) => tensor)
  )
  const hashOf = (results: (s: typeof state) => unknown): string =>
    Hash.hash(Graph.make(given, Tree.leaves(results(parameters))))

  it("is nothing where it is not read: the step has the same graph", () => {
    const plain = hashOf((s) => optimizer.step(s, gradientOf(loss)(s.params)))
    const explained = hashOf((s) => {
      const gradient = gradientOf(loss)(s.params)
      explain(optimizer)(s, gradient)
      return optimizer.step(s, gradient)
    })
    assert.strictEqual(explained, plain)
  })

  it("is what is read: one measure of one layer is a smaller graph than all of them", () => {
    const size = (results: (s: typeof state) => unknown): number =>
      Graph.make(given, Tree.leaves(results(parameters))).nodes.length
    const all = size((s) => explain(optimizer)(s, gradientOf(loss)(s.params)).layers)
    const one = size((s) => explain(optimizer)(s, gradientOf(loss)(s.params)).layers["b"]?.updateToWeight ?? {})
    assert.isBelow(one, all / 2)
  })
})
