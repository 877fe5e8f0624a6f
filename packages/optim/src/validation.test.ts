import { assert, describe, it } from "@effect/vitest"
import { T, TreeError } from "@cotangent/graph"
import {
  accumulate,
  adam,
  adamAsPrinted,
  adamw,
  averaged,
  chain,
  clipByGlobalNorm,
  flushTiny,
  fromTransform,
  gradientDescent,
  grouped,
  identity,
  lookahead,
  masked,
  OptimizerError,
  optimizers,
  partition,
  partitioned,
  projected,
  rmsprop,
  sam,
  scale,
  scaleByAdam,
  Schedule,
  sgd,
  simplex,
  skipNonFinite,
  sparseRows,
  trace,
  wrappedOptimizers
} from "./index.ts"

const errorOf = (build: () => unknown): OptimizerError => {
  try {
    build()
  } catch (error) {
    if (error instanceof OptimizerError) return error
    throw error
  }
  return assert.fail("nothing was thrown")
}
const mistakesOf = (build: () => unknown): ReadonlyArray<string> => errorOf(build).mistakes
/** Options as they come from a program without types. */
const untyped = (options: object): never => options as never

describe("what is wrapped", () => {
  it("must be an optimizer, or a transform", () => {
    assert.deepStrictEqual(
      mistakesOf(() => fromTransform(untyped(adam()))),
      ["transform must be a transform, it is an optimizer"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => lookahead(untyped(scaleByAdam()))),
      ["optimizer must be an optimizer, it is a transform; fromTransform makes an optimizer of it"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => chain(untyped({ first: adam(), second: identity, third: 3 }))),
      ["first must be a transform, it is an optimizer", "third must be a transform, it is 3"]
    )
    for (const wrong of [undefined, null, 3, "x", {}, []].map((value) => value as never))
      for (const build of [
        () => sam(wrong),
        () => averaged(wrong),
        () => projected(wrong, simplex()),
        () => projected(adam(), wrong === undefined ? wrong : (3 as never)),
        () => sparseRows(wrong),
        () => grouped({ a: wrong }, () => "a"),
        () => partitioned({ a: wrong }, () => "a"),
        () => partition({ a: wrong }, () => "a"),
        () => masked(wrong, []),
        () => skipNonFinite(wrong),
        () => flushTiny(wrong),
        () => accumulate(wrong, { every: 2 })
      ])
        assert.isNotEmpty(mistakesOf(build))
  })

  it("refuses a state that is none with a typed error", () => {
    const params = T.constant([1, 2], "f64")
    for (const { name, use } of [...optimizers, ...wrappedOptimizers])
      use((optimizer) => {
        for (const state of [undefined, null, 3, {}])
          try {
            optimizer.step(state as never, params as never)
            assert.fail(name)
          } catch (error) {
            assert.isTrue(error instanceof TreeError || error instanceof OptimizerError, `${name}: ${String(error)}`)
          }
      })
  })
})

describe("options", () => {
  it("report every mistake at once, in sentences", () => {
    const error = errorOf(() => adam({ learningRate: -1, beta1: 1, beta2: Number.NaN, epsilon: -1e-8 }))
    assert.strictEqual(error._tag, "OptimizerError")
    assert.deepStrictEqual(error.mistakes, [
      "learningRate must be a finite number, 0 or more, or a schedule, it is -1",
      "beta1 must be at least 0 and below 1, it is 1",
      "beta2 must be at least 0 and below 1, it is NaN",
      "epsilon must be a finite number, 0 or more, it is -1e-8"
    ])
    assert.strictEqual(error.message, `adam: ${error.mistakes.join("; ")}`)
  })

  it("must exist", () => {
    assert.deepStrictEqual(
      mistakesOf(() => gradientDescent(untyped({ learningRate: 1, lr: 1 }))),
      ["there is no option lr, the options are learningRate"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => gradientDescent(untyped({}))),
      ["learningRate must be a finite number, 0 or more, or a schedule, it is absent"]
    )
  })

  it("must go together", () => {
    assert.deepStrictEqual(
      mistakesOf(() => sgd({ learningRate: 1, nesterov: true, dampening: 0.5 })),
      ["nesterov needs a momentum above 0", "nesterov needs a dampening of 0", "dampening needs a momentum"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => sgd({ learningRate: 1, momentum: 0.5, dampening: 0.5, velocityMode: "steps" })),
      ['dampening needs velocityMode "gradients"']
    )
    assert.deepStrictEqual(
      mistakesOf(() => adam({ epsilonMode: "hat", epsilonRoot: 1, amsgrad: "corrected" })),
      [
        'epsilonRoot is the second epsilon of epsilonMode "outside"; leave it out, or change the mode',
        'amsgrad "corrected" needs the corrected second moment, which epsilonMode "hat" never forms; use "raw" (Keras) or another mode'
      ]
    )
    assert.deepStrictEqual(
      mistakesOf(() => adamAsPrinted({ beta2: 0 })),
      ["beta2 must be above 0: the rule divides by its powers"]
    )
  })

  it("of every constructor are checked", () => {
    assert.deepStrictEqual(
      mistakesOf(() => rmsprop(untyped({ epsilonMode: "hat", centered: 1 }))),
      ['epsilonMode must be "outside" or "inside", it is "hat"', "centered must be true or false, it is 1"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => clipByGlobalNorm(0)),
      ["limit must be a finite number above 0, or a schedule or an f64 scalar, it is 0"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => scale(Infinity)),
      ["factor must be a finite number, or a schedule or an f64 scalar, it is Infinity"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => fromTransform(identity, { learningRate: -1 })),
      ["learningRate must be a finite number, 0 or more, or a schedule, or left out, it is -1"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => Schedule.cosine({ from: 1, steps: 0.5 })),
      ["steps must be a whole number, 1 or more, it is 0.5"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => Schedule.join([Schedule.constant(1)], [5])),
      ["1 schedules meet at 0 boundaries, there are 1"]
    )
    assert.deepStrictEqual(
      mistakesOf(() => Schedule.multiStep({ from: 1, milestones: [5, 5] })),
      ["milestones must be whole numbers, 1 or more, each larger than the one before, it is [5,5]"]
    )
  })

  it("may be anything, and are told", () => {
    assert.deepStrictEqual(
      mistakesOf(() => gradientDescent(untyped(undefined as never))),
      ["the options must be given by name, { learningRate }, they are absent"]
    )
    const around: { self?: object } = {}
    around.self = around
    assert.deepStrictEqual(
      mistakesOf(() => adam(untyped({ beta1: 1n, beta2: Symbol("b"), epsilon: around, flushTiny: [] }))),
      [
        "beta1 must be at least 0 and below 1, it is the bigint 1",
        "beta2 must be at least 0 and below 1, it is Symbol(b)",
        "epsilon must be a finite number, 0 or more, it is an object",
        "flushTiny must be true or false, it is []"
      ]
    )
    assert.deepStrictEqual(
      mistakesOf(() => adamw(untyped({ weightDecayMode: "l2" }))),
      ['adamw has weightDecayMode "decoupled"; for an L2 term use adam']
    )
    assert.deepStrictEqual(
      mistakesOf(() => Schedule.join(untyped([]), untyped([5, 5]))),
      [
        "schedules must be a list of one or more schedules, it is []",
        "boundaries must be whole numbers, 1 or more, each larger than the one before, it is [5,5]",
        "0 schedules meet at -1 boundaries, there are 2"
      ]
    )
    for (const wrong of [undefined, null, 3, "x", {}, []]) {
      assert.isNotEmpty(mistakesOf(() => Schedule.join(untyped(wrong as never), untyped(wrong as never))))
      assert.isNotEmpty(mistakesOf(() => Schedule.sgdr(untyped(wrong as never))))
      assert.isNotEmpty(mistakesOf(() => Schedule.piecewiseConstant(untyped(wrong as never))))
      assert.isNotEmpty(mistakesOf(() => Schedule.triangular(untyped(wrong as never))))
    }
    assert.deepStrictEqual(
      mistakesOf(() => Schedule.at(untyped((() => 0.1) as never), 3)),
      ['a schedule must give an f64 scalar, this one gives 0.1; use T.constant(rate, "f64")']
    )
  })

  it("are kept, complete and frozen", () => {
    const { options } = adam({ learningRate: Schedule.linear({ from: 0, to: 1, steps: 4 }) })
    assert.isTrue(Object.isFrozen(options))
    assert.deepStrictEqual(JSON.parse(JSON.stringify(options)), {
      learningRate: { schedule: "linear", from: 0, to: 1, steps: 4 },
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      epsilonMode: "outside",
      epsilonRoot: 0,
      amsgrad: false,
      flushTiny: false,
      weightDecay: 0,
      weightDecayMode: "l2",
      maximize: false
    })
  })
})

describe("states and gradients that do not fit", () => {
  const optimizer = adam()
  const params = { hidden: { kernel: T.zeros([3, 2]), bias: T.zeros([2]) } }
  const state = optimizer.init(params)
  const sentence = (step: () => unknown, message: string): void => assert.throws(step, TreeError, message)

  it("are refused with the path", () => {
    sentence(
      () => optimizer.step(state, untyped({ hidden: { kernel: T.zeros([3, 2]), bias: T.zeros([3]) } })),
      "adam.step: the gradient: hidden.bias must be f32[2], it is f32[3]"
    )
    sentence(
      () => optimizer.step(state, untyped({ hidden: { kernel: T.zeros([3, 2]) } })),
      "adam.step: the gradient lacks hidden.bias"
    )
    sentence(
      () =>
        optimizer.step({ ...state, v: untyped({ hidden: { kernel: T.zeros([2, 3]), bias: T.zeros([2]) } }) }, params),
      "adam.step: the state: v: hidden.kernel must be f32[3, 2], it is f32[2, 3]"
    )
  })

  it("are refused when they come from another optimizer", () => {
    sentence(
      () => optimizer.step(untyped(sgd({ learningRate: 1 }).init(params)), untyped(params)),
      "adam.step: the state has no m and no v; it must be made by the same optimizer's init"
    )
  })

  it("are refused with everything that differs", () => {
    const momentum = sgd({ learningRate: 1, momentum: 0.5 }).init(params)
    sentence(
      () => optimizer.step(untyped(momentum), untyped(params)),
      "adam.step: the state has no m and no v; it must be made by the same optimizer's init, and this one has velocity"
    )
    const others = { hidden: { kernel: T.zeros([4, 2]), weight: T.zeros([2]) } }
    sentence(
      () => optimizer.step({ ...state, m: untyped(others), v: untyped(others) }, params),
      [
        "adam.step: the state: m: hidden.kernel must be f32[3, 2], it is f32[4, 2]",
        "adam.step: the state: m lacks hidden.bias",
        "adam.step: the state: m has hidden.weight, which is not expected",
        "adam.step: the state: v: hidden.kernel must be f32[3, 2], it is f32[4, 2]",
        "adam.step: the state: v lacks hidden.bias",
        "adam.step: the state: v has hidden.weight, which is not expected"
      ].join("; ")
    )
    const many = (n: number, shape: readonly [number]) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`w${i}`, T.zeros(shape)]))
    const large = optimizer.init(many(20, [2]))
    sentence(() => optimizer.step(large, untyped(many(20, [3]))), "w7 must be f32[2], it is f32[3]; and 12 more")
    sentence(
      () => optimizer.step(state, { hidden: { bias: T.zeros([2]), kernel: T.zeros([3, 2]) } }),
      "the gradient has its keys in another order: hidden.kernel must stand before hidden.bias"
    )
  })

  it("of a chain are refused when they come from another chain", () => {
    const clipped = fromTransform(chain({ clip: clipByGlobalNorm(1), adam: scaleByAdam() }), { learningRate: 1 })
    const traced = fromTransform(chain({ clip: clipByGlobalNorm(1), trace: trace(0.9) }), { learningRate: 1 })
    sentence(
      () => clipped.step(untyped(traced.init(params)), untyped(params)),
      [
        "chain.step: the state: parts lacks adam.m.hidden.kernel",
        "chain.step: the state: parts lacks adam.m.hidden.bias",
        "chain.step: the state: parts lacks adam.v.hidden.kernel",
        "chain.step: the state: parts lacks adam.v.hidden.bias",
        "chain.step: the state: parts has trace.velocity.hidden.kernel, which is not expected",
        "chain.step: the state: parts has trace.velocity.hidden.bias, which is not expected"
      ].join("; ")
    )
    sentence(() => clipped.step(untyped(state), untyped(params)), "chain.step: the state: parts lacks clip.norm")
  })

  it("are refused when the rate has another element type", () => {
    sentence(
      () => optimizer.step({ ...state, learningRate: untyped(T.constant(1)) }, params),
      "adam.step: the state: learningRate: the leaf must be f64[], it is f32[]"
    )
  })

  it("are refused when a schedule gives no f64 scalar", () => {
    const wrong = adam.bind(undefined, { learningRate: () => untyped(T.zeros([2])) })
    assert.throws(
      () => wrong().init(params),
      OptimizerError,
      "a schedule must give an f64 scalar, this one gives f32[2]"
    )
  })
})
