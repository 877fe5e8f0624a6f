import { assert, describe, it } from "@effect/vitest"
import { type Shape, T, type Tensor } from "@cotangent/graph"
import { checkpoint } from "./checkpoint.ts"
import { customJvp, customVjp } from "./custom.ts"
import { grad } from "./gradient.ts"
import { jvp } from "./products.ts"

type Scalar = Tensor<[], "f64">
type Vector = Tensor<[4], "f64">

const x = T.constant([0.1, 0.2, 0.3, 0.4], "f64")
const close = (actual: Tensor<Shape, "f64">, expected: ReadonlyArray<number>): void => {
  const { data } = T.evaluate(actual)
  assert.strictEqual(data.length, expected.length)
  for (const [i, y] of expected.entries()) assert.closeTo(data[i] ?? Number.NaN, y, 1e-12)
}
const threefold = (r: Scalar): Scalar => T.reshape(T.sum(T.mul(T.expand(T.sin(r), 0), T.ones([3], "f64"))), [])

describe("functions with derivatives of their own, that make constants", () => {
  const byTangent = customJvp(threefold, ({ args: [r] }, [t]): Scalar => T.mul(T.mul(T.cos(r), 3), t))
  const byCotangent = customVjp(threefold, ({ args: [r] }, g) => [T.mul(T.mul(T.cos(r), 3), g)])
  const slopes = [0.1, 0.2, 0.3, 0.4].map((v) => 3 * Math.cos(v))

  it("in loops, where constants are computed once before", () => {
    const mapped = (f: (r: Scalar) => Scalar) => (v: Vector) => T.map(f, v)
    close(grad((v: Vector) => T.sum(mapped(byTangent)(v)))(x), slopes)
    close(grad((v: Vector) => T.sum(mapped(byCotangent)(v)))(x), slopes)
    close(
      jvp(mapped(byTangent), x, x)[1],
      slopes.map((s, i) => s * (i + 1) * 0.1)
    )
  })

  it("in checkpoints", () => {
    const half = T.constant(0.5, "f64")
    close(grad(checkpoint(byTangent))(half), [3 * Math.cos(0.5)])
    close(grad(checkpoint(byCotangent))(half), [3 * Math.cos(0.5)])
  })
})
