import { grad } from "@cotangent/autodiff"
import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"

// X = torch.tensor([[1, 2, 4], [0, -1, 3], [2, 2, -2], [1, 0, .5]]).double()
const x = T.constant([
  [1, 2, 4],
  [0, -1, 3],
  [2, 2, -2],
  [1, 0, 0.5]
])
const affine = { scale: T.constant([1, 2, 0.5]), offset: T.constant([0, -1, 0.25]) }

describe("layerNorm", () => {
  it("has PyTorch's values", () => {
    // torch.nn.LayerNorm(3, eps=1e-5), weight [1, 2, .5], bias [0, -1, .25]
    const model = pipe(Model.input([3]), Model.layerNorm("n", { epsilon: 1e-5 }))
    assertClose(
      numbers(model.apply({ n: affine }, {}, x, Model.evaluate).y),
      [
        -1.069041531, -1.534520766, 0.918150957, -0.392231591, -2.961157957, 0.936405285, 0.707105787, 0.414211574,
        -0.457105787, 1.224708131, -3.449416261, 0.25
      ]
    )
  })

  it("has the gradient of finite differences, in parameters and input", () => {
    const model = pipe(Model.input([3]), Model.layerNorm("n"))
    assertGradient(({ n, v }) => T.mean(T.square(model.apply({ n }, {}, v, Model.evaluate).y)), {
      n: affine,
      v: T.constant([
        [1, 2, 4],
        [0, -1, 3]
      ])
    })
  })

  it("starts with scale 1 and offset 0", () => {
    const { params } = pipe(Model.input([3]), Model.layerNorm("n")).init(Key.key(0))
    assert.deepStrictEqual(numbers(params.n.scale), [1, 1, 1])
    assert.deepStrictEqual(numbers(params.n.offset), [0, 0, 0])
  })
})

describe("batchNorm", () => {
  // torch.nn.BatchNorm1d(3, eps=1e-5, momentum=0.1), weight [1, 2, .5], bias [0, -1, .25]; one call in training, one in eval
  const model = pipe(
    Model.input([3]),
    Model.batchNorm("n", { momentum: 0.9, epsilon: 1e-5, runningVariance: "unbiased" })
  )
  const { state } = model.init(Key.key(0))
  const params = { n: affine }
  const trained = model.apply(params, state, x, Model.train(Key.key(0)))

  it("uses the batch in train mode and moves the running statistics, as PyTorch does", () => {
    assertClose(
      numbers(trained.y),
      [
        0, 0.924495195, 0.813669014, -1.41419942, -3.694293273, 0.598937961, 1.41419942, 0.924495195, -0.474717303, 0,
        -2.154697117, 0.062110329
      ]
    )
    assertClose(numbers(trained.state.n.mean), [0.1, 0.075, 0.1375])
    assertClose(numbers(trained.state.n.variance), [0.966666667, 1.125, 1.622916667])
  })

  it("uses the running statistics in evaluate mode and leaves them alone", () => {
    const { y, state: after } = model.apply(params, trained.state, x, Model.evaluate)
    assertClose(
      numbers(y),
      [
        0.915380995, 2.629798678, 1.76596456, -0.101708999, -3.02703043, 1.373481826, 1.93247099, 2.629798678,
        -0.588931844, 0.915380995, -1.141420728, 0.392274991
      ]
    )
    assert.strictEqual(after, trained.state)
  })

  it("divides the running variance by n unless told otherwise, with Keras's momentum", () => {
    const keras = pipe(Model.input([3]), Model.batchNorm("n"))
    const { state: next } = keras.apply(params, keras.init(Key.key(0)).state, x, Model.train(Key.key(0)))
    assertClose(numbers(next.n.variance), [0.99 + 0.01 * 0.5, 0.99 + 0.01 * 1.6875, 0.99 + 0.01 * 5.421875])
  })

  it("reduces over all axes but the last", () => {
    const image = pipe(Model.input([2, 2]), Model.batchNorm("n", { momentum: 0 }))
    const { params: own, state: before } = image.init(Key.key(0))
    const { state: next } = image.apply(
      own,
      before,
      T.constant([
        [
          [1, 10],
          [2, 20]
        ],
        [
          [3, 30],
          [6, 40]
        ]
      ]),
      Model.train(Key.key(0))
    )
    assertClose(numbers(next.n.mean), [3, 25])
    assertClose(numbers(next.n.variance), [3.5, 125])
  })

  it("has the gradient of finite differences, through the batch statistics", () => {
    assertGradient(
      ({ n, v }) => T.mean(T.square(T.square(model.apply({ n }, state, v, Model.train(Key.key(0))).y))),
      {
        n: affine,
        v: T.constant([
          [1, 2, 4],
          [0, -1, 3],
          [2, 3, -2]
        ])
      },
      1e-4
    )
  })

  it("lets no derivative into the state", () => {
    const running = (v: typeof x) => {
      const { n } = model.apply(params, state, v, Model.train(Key.key(0))).state
      return T.add(T.sum(n.mean), T.sum(n.variance))
    }
    assert.isTrue(numbers(grad(running)(x)).every((slope) => slope === 0))
  })
})

describe("normalisation", () => {
  it("refuses samples without features and options out of range", () => {
    // @ts-expect-error needs [batch, ..., features]
    const layerWithoutFeatures = () => pipe(Model.input([]), Model.layerNorm("n"))
    assert.throws(layerWithoutFeatures, ShapeError, "layerNorm: needs [batch, ..., features], got [batch]")
    // @ts-expect-error needs [batch, ..., features]
    const batchWithoutFeatures = () => pipe(Model.input([]), Model.batchNorm("n"))
    assert.throws(batchWithoutFeatures, ShapeError, "batchNorm: needs [batch, ..., features], got [batch]")
    assert.throws(() => Model.layerNorm("n", { epsilon: 0 }), OptionError)
    assert.throws(
      () => Model.batchNorm("n", { momentum: 1 }),
      OptionError,
      "batchNorm: momentum must be 0 or more and below 1, got 1"
    )
  })
})
