import { Key, reachable, type Shape, ShapeError, T, type Tensor, Tree } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ModelError, OptionError } from "../errors.ts"
import { assertClose, numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"

const mlp = pipe(Model.input([3]), Model.dense("zeta", 4, { activation: "relu" }), Model.dense("alpha", 2))
const variables = mlp.init(Key.key(1))

/** Whether two types are the same. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <T extends true>(): T | undefined => undefined

describe("model", () => {
  it("keeps the order of layers in the parameter tree", () => {
    assert.deepStrictEqual(
      Tree.entries(variables.params).map(({ path }) => path),
      ["zeta.kernel", "zeta.bias", "alpha.kernel", "alpha.bias"]
    )
    assert.deepStrictEqual(variables.state, {})
  })

  it("draws the same parameters from the same key, another tensor for every layer", () => {
    const draw = (seed: number) => numbers(mlp.init(Key.key(seed)).params.zeta.kernel)
    assert.deepStrictEqual(draw(1), draw(1))
    assert.notDeepEqual(draw(1), draw(2))
    const twins = pipe(Model.input([4]), Model.dense("a", 4), Model.dense("b", 4)).init(Key.key(1)).params
    assert.notDeepEqual(numbers(twins.a.kernel), numbers(twins.b.kernel))
  })

  it("draws what it drew before when layers without parameters, or at the end, are added", () => {
    const longer = pipe(
      Model.input([3]),
      Model.dropout(0.5),
      Model.dense("zeta", 4),
      Model.relu,
      Model.dense("alpha", 2),
      Model.dense("more", 2)
    )
    const { params } = longer.init(Key.key(1))
    assert.deepStrictEqual(numbers(params.zeta.kernel), numbers(variables.params.zeta.kernel))
    assert.deepStrictEqual(numbers(params.alpha.kernel), numbers(variables.params.alpha.kernel))
  })

  it("is the identity before the first layer", () => {
    assert.deepStrictEqual(numbers(Model.input([2]).apply({}, {}, T.constant([[1, 2]]), Model.evaluate).y), [1, 2])
  })

  it("takes batches of any size, and the output has that size in the types", () => {
    const { params, state } = variables
    const five = mlp.apply(params, state, T.ones([5, 3]), Model.evaluate)
    same<Equal<typeof five.y, Tensor<[5, 2]>>>()
    assert.deepStrictEqual(five.y.shape, [5, 2])
    const symbolic = (x: Tensor<["batch", 3]>) => mlp.apply(params, state, x, Model.evaluate).y
    same<Equal<ReturnType<typeof symbolic>, Tensor<["batch", 2]>>>()
    const named = (x: Tensor<["examples", 3]>) => mlp.apply(params, state, x, Model.evaluate).y
    same<Equal<ReturnType<typeof named>, Tensor<["examples", 2]>>>()
    const unknown = (x: Tensor<Shape>) => mlp.apply(params, state, x, Model.evaluate).y
    same<Equal<ReturnType<typeof unknown>, Tensor<["batch", 2]>>>()
    assert.deepStrictEqual(unknown(T.ones([0, 3])).shape, [0, 2])
  })

  it("is the same with activations as options or as layers", () => {
    const apart = pipe(Model.input([3]), Model.dense("zeta", 4), Model.relu, Model.dense("alpha", 2))
    const x = T.constant([
      [1, -2, 0.5],
      [3, 1, -1]
    ])
    assertClose(
      numbers(apart.apply(variables.params, {}, x, Model.evaluate).y),
      numbers(mlp.apply(variables.params, {}, x, Model.evaluate).y),
      0
    )
  })

  it("labels what a layer builds with its name, or with what it is", () => {
    const model = pipe(
      Model.input([3]),
      Model.dense("first", 3),
      Model.tanh,
      Model.residual("block", (inner) => pipe(inner, Model.dense("second", 3)))
    )
    const { params, state } = model.init(Key.key(0))
    const { y } = model.apply(params, state, T.ones([2, 3]), Model.evaluate)
    const labels = new Map(reachable([y]).map(({ primitive, position }) => [position.label, primitive]))
    assert.includeMembers([...labels.keys()], ["first", "Activation tanh", "block/second", "block"])
    assert.strictEqual(labels.get("Activation tanh"), "tanh")
  })

  it("refuses samples of another shape", () => {
    const { params, state } = variables
    // @ts-expect-error takes [batch, 3], got [5, 4]
    const otherFeatures = () => mlp.apply(params, state, T.ones([5, 4]), Model.evaluate)
    assert.throws(otherFeatures, ShapeError, "model: takes [batch, 3], got [5, 4]")
    // @ts-expect-error takes [batch, 3], got [3]
    const noBatch = () => mlp.apply(params, state, T.ones([3]), Model.evaluate)
    assert.throws(noBatch, ShapeError, "model: takes [batch, 3], got [3]")
    assert.throws(() => mlp.apply(params, state, T.dyn(T.ones([5, 4])), Model.evaluate), ShapeError)
  })

  it("refuses the parameters of another model, and train mode without a key", () => {
    const other = pipe(Model.input([3]), Model.dense("beta", 2)).init(Key.key(0))
    // @ts-expect-error the parameters of another model
    const otherParameters = () => mlp.apply(other.params, {}, T.ones([5, 3]), Model.evaluate)
    assert.throws(otherParameters, ModelError, 'model: the parameters have no layer "zeta"')
    // @ts-expect-error train mode needs a key
    const keyless: Model.Mode = { mode: "train" }
    assert.strictEqual(keyless.mode, "train")
  })

  it("refuses names that are none", () => {
    // @ts-expect-error it must not contain a dot
    assert.throws(() => pipe(Model.input([3]), Model.dense("a.b", 2)), ModelError, 'model: "a.b" is not a layer name')
    // @ts-expect-error it must not start with a digit
    assert.throws(() => pipe(Model.input([3]), Model.dense("1", 2)), ModelError)
    // @ts-expect-error it must not be empty
    assert.throws(() => pipe(Model.input([3]), Model.dense("", 2)), ModelError)
    const computed: string = "computed"
    // @ts-expect-error the types cannot follow a string
    assert.strictEqual(pipe(Model.input([3]), Model.dense(computed, 2)).layers.length, 1)
  })

  it("refuses sizes that are none", () => {
    assert.throws(() => Model.input([0]), OptionError, "input: a size must be a whole number above 0, got 0")
    assert.throws(() => Model.input([2.5]), OptionError)
  })
})
