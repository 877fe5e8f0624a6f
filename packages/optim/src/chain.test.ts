import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor, TreeError } from "@cotangent/graph"
import {
  addDecayedWeights,
  chain,
  clipByGlobalNorm,
  clipByValue,
  fromTransform,
  identity,
  scale,
  scaleByAdam,
  Schedule,
  trace,
  trajectory,
  adamw,
  type Transform,
  type TransformRule
} from "./index.ts"

type F64 = Tensor<[3], "f64">
const params: F64 = T.constant([1, -2, 0.5], "f64")
const gradients: ReadonlyArray<F64> = [
  T.constant([3, -4, 1], "f64"),
  T.constant([-0.5, 2, 0.25], "f64"),
  T.constant([0.1, 0.2, -6], "f64")
]

const follow = <F extends TransformRule>(transform: Transform<F>): ReadonlyArray<ReadonlyArray<number>> =>
  T.evaluate(trajectory(fromTransform(transform))(params, gradients)).map(({ data }) => Array.from(data))

const once = <F extends TransformRule>(transform: Transform<F>, gradient: F64): ReadonlyArray<number> =>
  Array.from(
    T.evaluate(transform.update(gradient, transform.init(params), { params, step: T.constant(1, "i32") })[0]).data
  )

const x = clipByGlobalNorm(1)
const y = trace(0.9)
const z = scaleByAdam()
const rate = scale(-0.1)

describe("chain", () => {
  it("is associative", () => {
    const flat = follow(chain({ x, y, z, rate }))
    assert.deepStrictEqual(follow(chain({ a: chain({ x, y }), b: chain({ z, rate }) })), flat)
    assert.deepStrictEqual(follow(chain({ a: chain({ b: chain({ x, y }), z }), rate })), flat)
    assert.deepStrictEqual(follow(chain({ x, a: chain({ y, b: chain({ z, rate }) }) })), flat)
  })

  it("has the identity as its identity, and is it when empty", () => {
    const flat = follow(chain({ y, rate }))
    assert.deepStrictEqual(follow(chain({ before: identity, y, between: identity, rate, after: identity })), flat)
    assert.deepStrictEqual(follow(chain({ empty: chain({}), y, rate })), flat)
    assert.deepStrictEqual(once(chain({}), params), [1, -2, 0.5])
  })

  it("applies its parts in the order in which they are written", () => {
    const clipped = once(chain({ clip: clipByValue(1), double: scale(2) }), params)
    assert.deepStrictEqual(clipped, [2, -2, 1])
    assert.deepStrictEqual(once(chain({ double: scale(2), clip: clipByValue(1) }), params), [1, -1, 1])
  })

  it("shows the options of its parts", () => {
    assert.deepStrictEqual(
      JSON.parse(
        JSON.stringify(chain({ clip: clipByGlobalNorm(2), rate: scale(Schedule.step({ from: -1, every: 5 })) }).options)
      ),
      {
        clip: { limit: 2, epsilon: 0 },
        rate: { factor: { schedule: "step", from: -1, factor: 0.1, every: 5 } }
      }
    )
  })
})

describe("fromTransform", () => {
  it("descends at its learning rate, or adds the change as it is", () => {
    const [added, descended] = [
      trajectory(fromTransform(chain({ z, rate }))),
      trajectory(fromTransform(z, { learningRate: 0.1 }))
    ]
    const right = T.evaluate(descended(params, gradients))
    T.evaluate(added(params, gradients)).forEach(({ data }, k) =>
      data.forEach((p, i) => assert.approximately(p, right[k]?.data[i] ?? Number.NaN, 1e-15))
    )
  })

  it("makes AdamW of its parts", () => {
    const parts = fromTransform(chain({ adam: z, decay: addDecayedWeights(0.1) }), { learningRate: 0.01 })
    const right = T.evaluate(trajectory(adamw({ learningRate: 0.01, weightDecay: 0.1 }))(params, gradients))
    T.evaluate(trajectory(parts)(params, gradients)).forEach(({ data }, k) =>
      data.forEach((p, i) => assert.approximately(p, right[k]?.data[i] ?? Number.NaN, 1e-14))
    )
  })

  it("follows a schedule, and a rate put into the state", () => {
    const scheduled = fromTransform(identity, { learningRate: Schedule.exponential({ from: 1, factor: 0.5 }) })
    const plain = fromTransform(identity, { learningRate: 1 })
    let [a, b] = [scheduled.init(params), plain.init(params)]
    gradients.forEach((gradient, k) => {
      a = scheduled.step(a, gradient)
      b = plain.step({ ...b, learningRate: T.constant(0.5 ** k, "f64") }, gradient)
    })
    assert.deepStrictEqual(T.evaluate(a.params), T.evaluate(b.params))
    assert.strictEqual(T.evaluate(a.learningRate).data[0], 0.25)
  })
})

describe("transforms", () => {
  it("clipByGlobalNorm shortens long gradients only, keeps the direction, and remembers the norm", () => {
    const gradient: F64 = T.constant([3, -4, 0], "f64")
    const [clipped, { norm }] = clipByGlobalNorm(2.5).update(
      gradient,
      { norm: T.zeros([], "f64") },
      { params, step: T.constant(1, "i32") }
    )
    assert.deepStrictEqual(Array.from(T.evaluate(clipped).data), [1.5, -2, 0])
    assert.strictEqual(T.evaluate(norm).data[0], 5)
    assert.deepStrictEqual(once(clipByGlobalNorm(5), gradient), [3, -4, 0])
    assert.deepStrictEqual(once(clipByGlobalNorm(5), T.zeros([3], "f64")), [0, 0, 0])
  })

  it("clipByGlobalNorm shows a gradient that is not finite in every element", () => {
    assert.isTrue(once(clipByGlobalNorm(1), T.constant([Number.NaN, 1, 2], "f64")).every(Number.isNaN))
  })

  it("trace looks ahead with nesterov", () => {
    const [, nesterov] = follow(chain({ trace: trace(0.5, { nesterov: true }), rate: scale(-1) }))
    // u1 = g1, step g1 + u1 / 2; u2 = u1 / 2 + g2, step g2 + u2 / 2.
    const expected = [1 - 4.5 - (-0.5 + 0.5), -2 + 6 - (2 + 0), 0.5 - 1.5 - (0.25 + 0.375)]
    assert.deepStrictEqual(nesterov, expected)
  })

  it("name the path where a gradient does not fit", () => {
    const tree = { hidden: { kernel: T.dyn(params) } }
    const update = () =>
      z.update({ hidden: { kernel: T.zeros([2], "f64") } }, z.init(tree), { params: tree, step: T.constant(1, "i32") })
    assert.throws(update, TreeError, "scaleByAdam.update: the gradient: hidden.kernel must be f64[3], it is f64[2]")
  })
})
