import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import type { Norm } from "../index.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

const x = Key.normal(Key.key(2), [2, 3, 4])
const data = numbers(x)
const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const at = (b: number, i: number, c: number) => data[(b * 3 + i) * 4 + c] ?? NaN

/** `(x - mean) / sqrt(variance + epsilon)` over the elements that share a name. */
const standardized = (name: (b: number, i: number, c: number) => string, epsilon: number) => {
  const groups = new Map<string, Array<number>>()
  const each = <A>(f: (b: number, i: number, c: number) => A) =>
    range(2).flatMap((b) => range(3).flatMap((i) => range(4).map((c) => f(b, i, c))))
  each((b, i, c) => groups.set(name(b, i, c), [...(groups.get(name(b, i, c)) ?? []), at(b, i, c)]))
  return each((b, i, c) => {
    const group = groups.get(name(b, i, c)) ?? []
    const mean = group.reduce((s, v) => s + v, 0) / group.length
    const variance = group.reduce((s, v) => s + (v - mean) ** 2, 0) / group.length
    return (at(b, i, c) - mean) / Math.sqrt(variance + epsilon)
  })
}

describe("normalisations of samples", () => {
  it("go over groups of channels, single channels, the last axis", () => {
    const grouped = pipe(Model.input([3, 4]), Model.groupNorm("n", { groups: 2 }))
    same<Equal<typeof grouped, Model.Model<["batch", 3, 4], ["batch", 3, 4], { n: Norm<4> }>>>()
    const params = grouped.init(Key.key(0)).params
    assertClose(
      numbers(grouped.apply(params, {}, x, Model.evaluate).y),
      standardized((b, _, c) => `${b} ${Math.floor(c / 2)}`, 1e-3),
      1e-9
    )
    const single = pipe(Model.input([3, 4]), Model.instanceNorm("n", { epsilon: 1e-5 }))
    assertClose(
      numbers(single.apply(params, {}, x, Model.evaluate).y),
      standardized((b, _, c) => `${b} ${c}`, 1e-5),
      1e-9
    )
    const rms = pipe(Model.input([3, 4]), Model.rmsNorm("n"))
    const expected = range(2).flatMap((b) =>
      range(3).flatMap((i) => {
        const row = range(4).map((c) => at(b, i, c))
        const size = Math.sqrt(row.reduce((s, v) => s + v * v, 0) / 4 + 1e-6)
        return row.map((v) => (2 * v) / size)
      })
    )
    assertClose(numbers(rms.apply({ n: { scale: T.full([4], 2) } }, {}, x, Model.evaluate).y), expected, 1e-9)
  })

  it("multiply and add by channel", () => {
    const model = pipe(Model.input([3, 4]), Model.groupNorm("n", { groups: 4 }))
    const params = { n: { scale: T.constant([1, 2, 3, 4]), offset: T.constant([0, 1, 0, -1]) } }
    const plain = standardized((b, _, c) => `${b} ${c}`, 1e-3)
    assertClose(
      numbers(model.apply(params, {}, x, Model.evaluate).y),
      plain.map((v, k) => v * ((k % 4) + 1) + ([0, 1, 0, -1][k % 4] ?? 0)),
      1e-6
    )
    assertGradient((p) => T.sum(T.pow(model.apply(p, {}, x, Model.evaluate).y, 3)), params, 1e-4)
  })

  it("say what does not fit", () => {
    // @ts-expect-error groupNorm: 4 channels do not divide into 3 groups
    const odd = () => pipe(Model.input([3, 4]), Model.groupNorm("n", { groups: 3 }))
    assert.throws(odd, ShapeError, "groupNorm: 4 channels do not divide into 3 groups")
    // @ts-expect-error instanceNorm: [batch, 4] has no axis beside the batch and the channels to normalise over
    const flat = () => pipe(Model.input([4]), Model.instanceNorm("n"))
    assert.throws(flat, ShapeError, "instanceNorm: [batch, 4] has no axis beside the batch and the channels")
    assert.throws(() => Model.rmsNorm("n", { epsilon: 0 }), OptionError, "rmsNorm: epsilon must be a positive number")
  })
})
