import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor, Tree } from "@cotangent/graph"
import {
  adam,
  adamw,
  type AdamState,
  chain,
  clipByGlobalNorm,
  fromTransform,
  grouped,
  OptimizerError,
  rprop,
  Schedule,
  sgd,
  shampoo,
  trace
} from "./index.ts"

interface Params {
  readonly w: Tensor<[2], "f64">
  readonly bias: Tensor<[1], "f64">
}
const params: Params = { w: T.constant([1, -2], "f64"), bias: T.constant([3], "f64") }
const gradient: Params = { w: T.constant([0.5, 1], "f64"), bias: T.constant([-2], "f64") }
const numbers = (tree: unknown): ReadonlyArray<number> =>
  T.evaluate(Tree.leaves(tree)).flatMap(({ data }) => Array.from(data))
const byName = (path: string): string => (path.endsWith("bias") ? "biases" : "weights")

describe("grouped", () => {
  it("takes each leaf from the optimizer of its group, in the state of one optimizer", () => {
    const [weights, biases] = [adamw({ weightDecay: 0.1 }), adamw({ weightDecay: 0 })]
    const optimizer = grouped({ weights, biases }, byName)
    const state: AdamState<Params> = optimizer.step(optimizer.init(params), gradient)
    assert.deepStrictEqual(Object.keys(state), ["params", "m", "v", "step", "learningRate"])
    assert.deepStrictEqual(numbers(state.params.w), numbers(weights.step(weights.init(params), gradient).params.w))
    assert.deepStrictEqual(numbers(state.params.bias), numbers(biases.step(biases.init(params), gradient).params.bias))
    assert.notDeepEqual(numbers(state.params.bias), numbers(weights.step(weights.init(params), gradient).params.bias))
  })

  it("keeps the ratio of learning rates when the rate in the state changes", () => {
    const optimizer = grouped({ weights: sgd({ learningRate: 0.1 }), biases: sgd({ learningRate: 0.2 }) }, byName)
    const state = optimizer.step({ ...optimizer.init(params), learningRate: T.constant(1, "f64") }, gradient)
    assert.deepStrictEqual(numbers(state.params), [0.5, -3, 7])
    assert.deepStrictEqual(numbers(state.learningRate), [1])
  })

  it("lets each group follow its own schedule", () => {
    const falling = sgd({ learningRate: Schedule.exponential({ from: 1, factor: 0.5 }) })
    const optimizer = grouped({ weights: falling, biases: sgd({ learningRate: 0.25 }) }, byName)
    const state = optimizer.step(optimizer.step(optimizer.init(params), gradient), gradient)
    assert.deepStrictEqual(numbers(state.params), [1 - 0.75, -2 - 1.5, 3 + 1])
  })

  it("works on the states of chains, whatever their parts are called", () => {
    const make = (learningRate: number) =>
      fromTransform(chain({ bias: clipByGlobalNorm(100), w: trace(0.5) }), { learningRate })
    const optimizer = grouped({ weights: make(1), biases: make(0.5) }, byName)
    const state = optimizer.step(optimizer.step(optimizer.init(params), gradient), gradient)
    assert.deepStrictEqual(numbers(state.params), [1 - 0.5 - 0.75, -2 - 1 - 1.5, 3 + 1 + 1.5])
    assert.deepStrictEqual(numbers(state.parts.w.velocity), [0.75, 1.5, -3])
  })

  it("takes slots of other shapes than the parameters, such as a sum for each row, from the group too", () => {
    const make = (weightDecay: number) => shampoo({ learningRate: 0.1, weightDecay })
    const matrices = {
      w: T.constant(
        [
          [1, -2, 3],
          [0.5, 1, 0]
        ],
        "f64"
      ),
      bias: T.constant([[2, 4]], "f64")
    } as const
    const optimizer = grouped({ weights: make(0), biases: make(0.5) }, byName)
    const state = optimizer.step(optimizer.init(matrices), matrices)
    const [weights, biases] = [make(0), make(0.5)].map((one) => one.step(one.init(matrices), matrices))
    for (const slot of ["left", "rightRoot"] as const) {
      assert.deepStrictEqual(numbers(state[slot].w), numbers(weights?.[slot].w))
      assert.deepStrictEqual(numbers(state[slot].bias), numbers(biases?.[slot].bias))
      assert.notDeepEqual(numbers(state[slot].bias), numbers(weights?.[slot].bias))
    }
  })

  it("begins the slots of a group as its optimizer does, and has the rate of the first group", () => {
    const groups = { weights: rprop({ learningRate: 0.5 }), biases: rprop({ learningRate: 0.25 }) }
    const state = grouped(groups, byName).init(params)
    assert.deepStrictEqual(numbers(state.size), [0.5, 0.5, 0.25])
    const alone = grouped(groups, () => "biases").init(params.w)
    assert.deepStrictEqual(numbers([alone.size, alone.learningRate]), [0.25, 0.25, 0.5])
  })

  it("refuses groups that differ in more than rate and weight decay", () => {
    const message = (build: () => unknown, expected: string): void => assert.throws(build, OptimizerError, expected)
    message(
      () => grouped({ a: adam(), b: adam({ beta1: 0.8 }) }, () => "a"),
      "grouped: b and a differ in beta1; groups may differ in learningRate and weightDecay"
    )
    message(
      () => grouped({ a: adam(), b: adamw() }, () => "a"),
      "grouped: b is adamw, a is adam: groups must follow one rule"
    )
    message(() => grouped({}, () => "a"), "grouped: there must be at least one group")
    const nowhere = grouped({ a: adam() }, () => "c")
    message(
      () => nowhere.init(params),
      "grouped: w belongs to c, the groups are a; bias belongs to c, the groups are a"
    )
    message(() => nowhere.step(adam().init(params), gradient), "grouped: w belongs to c, the groups are a")
  })
})
