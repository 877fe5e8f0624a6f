import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, evaluateAll, Key, T, type Tensor } from "@cotangent/graph"
import { checkpoint, type CheckpointPolicy, grad, jvp } from "./index.ts"

type Scalar = Tensor<[], "f64">
type V3 = Tensor<[3], "f64">

const x: V3 = T.constant([0.3, -0.7, 1.1], "f64")
const policies: ReadonlyArray<CheckpointPolicy> = ["nothing", "products", (primitive) => primitive === "sin"]

/** That a function of a wrapper has the same values whether it wraps or not, to the last bit. */
const same = (
  f: (wrap: <A extends ReadonlyArray<unknown>, Y>(g: (...args: A) => Y) => (...args: A) => Y) => AnyTensor
) => {
  for (const policy of policies) {
    const [wrapped, plain] = evaluateAll([f((g) => checkpoint(g, { policy })), f((g) => g)])
    assert.deepStrictEqual(wrapped, plain)
  }
}

const total = (v: V3): Scalar => T.sum(T.square(v))
const layer = (v: V3): V3 => T.mul(T.sin(v), T.exp(v))

describe("checkpoint", () => {
  it("changes no value and no gradient", () => {
    same((wrap) => wrap(layer)(x))
    same((wrap) => grad((v: V3) => total(wrap(layer)(v)))(x))
    same((wrap) => jvp(wrap(layer), x, x)[1])
  })

  it("nests", () => {
    same((wrap) => grad((v: V3) => total(wrap((z: V3) => wrap(layer)(T.cos(z)))(v)))(x))
    same((wrap) => grad((v: V3) => total(wrap((z: V3) => wrap(layer)(wrap(layer)(z)))(v)))(x))
  })

  it("works inside loops and branches, and around them", () => {
    same((wrap) => grad((v: V3) => total(T.iterate((c: V3) => wrap(layer)(c), v, 4)))(x))
    same((wrap) => grad((v: V3) => total(wrap((z: V3) => T.iterate(layer, z, 4))(v)))(x))
    same((wrap) =>
      grad((v: V3) =>
        total(
          T.cond(
            T.greater(T.sum(v), 0),
            () => wrap(layer)(v),
            () => v
          )
        )
      )(x)
    )
  })

  it("takes arguments that are no tensors, and trees", () => {
    const scaled = (p: { v: V3; w: Scalar }, times: number, label: string): { readonly y: V3; readonly z: Scalar } => ({
      y: T.mul(layer(p.v), label === "twice" ? 2 * times : times),
      z: T.square(p.w)
    })
    same((wrap) =>
      grad((v: V3) => {
        const { y, z } = wrap(scaled)({ v, w: T.sum(v) }, 3, "twice")
        return T.add(total(y), z)
      })(x)
    )
  })

  it("draws the same random numbers again", () => {
    const noisy = (key: Key.Key, v: V3): V3 => T.mul(layer(v), Key.normal(key, [3], { dtype: "f64" }))
    same((wrap) => grad((v: V3) => total(wrap(noisy)(Key.key(3), v)))(x))
  })
})
