import { grad } from "@cotangent/autodiff"
import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError } from "../errors.ts"
import { assertClose, numbers } from "../gradients.test.support.ts"
import { Inspect, Model } from "../index.ts"

const key = Key.key(3)
const x = Key.normal(key, [3, 4])
const model = pipe(
  Model.input([4]),
  Model.dense("hidden", 5, { activation: "tanh" }),
  Model.residual("mix", (m) => pipe(m, Model.dense("up", 6, { activation: "relu" }), Model.dense("down", 5))),
  Model.concat("both", (m) => [
    ["one", pipe(m, Model.dense("d", 2))],
    ["two", m]
  ]),
  Model.repeat("again", 2, (m) => pipe(m, Model.dense("d", 7))),
  Model.dense("logits", 3)
)
const { params, state } = model.init(key)

describe("activations", () => {
  it("are the outputs of all named layers, by their paths", () => {
    const seen = Inspect.activations(model, params, state, x, Model.evaluate)
    assert.deepStrictEqual(Object.keys(seen), [
      "hidden",
      "mix.up",
      "mix.down",
      "mix",
      "both.one.d",
      "both",
      "again.0.d",
      "again.1.d",
      "again",
      "logits"
    ])
    assertClose(numbers(seen["logits"] ?? x), numbers(model.apply(params, state, x, Model.evaluate).y), 0)
    const { hidden = x, mix = x, "mix.down": down = x } = seen
    assertClose(numbers(mix), numbers(T.add(T.dyn(hidden), T.dyn(down))), 1e-12)
  })

  it("have statistics", () => {
    const all = Inspect.activationStatistics(model, params, state, x, Model.evaluate)
    const up = numbers(Inspect.activations(model, params, state, x, Model.evaluate)["mix.up"] ?? x)
    const own = all["mix.up"] ?? assert.fail("there is such a layer")
    const mean = up.reduce((a, b) => a + b, 0) / up.length
    assertClose(numbers(own.mean), [mean], 1e-9)
    assertClose(numbers(own.deviation), [Math.sqrt(up.reduce((s, v) => s + (v - mean) ** 2, 0) / up.length)], 1e-9)
    assertClose(numbers(own.zeros), [up.filter((v) => v === 0).length / up.length], 1e-9)
    assertClose([numbers(own.min), numbers(own.max)].flat(), [Math.min(...up), Math.max(...up)], 0)
    assertClose(numbers(own.norm), [Math.sqrt(up.reduce((s, v) => s + v * v, 0))], 1e-9)
  })

  it("of gradients stand by the paths of parameters", () => {
    const grads = grad((p: typeof params) => T.sum(T.square(model.apply(p, state, x, Model.evaluate).y)))(params)
    const all = Inspect.treeStatistics(grads)
    assert.deepStrictEqual(Object.keys(all).slice(0, 3), ["hidden.kernel", "hidden.bias", "mix.up.kernel"])
    const flat = numbers(grads.hidden.kernel)
    assertClose(numbers(all["hidden.kernel"]?.norm ?? x), [Math.sqrt(flat.reduce((s, v) => s + v * v, 0))], 1e-6)
  })
})

describe("attributions", () => {
  const score = Inspect.classScore(model, params, state, 1)
  const rows = (flat: ReadonlyArray<number>) => [0, 1, 2].map((b) => flat.slice(b * 4, b * 4 + 4))

  it("by saliency are the sizes of derivatives", () => {
    const map = rows(numbers(Inspect.saliency(score, x)))
    const h = 1e-3
    for (const [b, row] of map.entries())
      for (const [d, slope] of row.entries()) {
        const moved = (by: number) =>
          numbers(
            score(
              T.add(
                x,
                T.fromArray(
                  Float32Array.from({ length: 12 }, (_, i) => (i === b * 4 + d ? by : 0)),
                  [3, 4]
                )
              )
            )
          )
        const [up, down] = [moved(h)[b] ?? Number.NaN, moved(-h)[b] ?? Number.NaN]
        assert.approximately(slope, Math.abs(up - down) / (2 * h), 1e-3)
      }
  })

  it("by integrated gradients add up to what the score has gained from the baseline", () => {
    const baseline = T.full([3, 4], 0.1)
    const gained = (of: typeof x) => numbers(score(x)).map((s, b) => s - (numbers(score(of))[b] ?? Number.NaN))
    const sums = (steps: number, of: typeof x) =>
      rows(numbers(Inspect.integratedGradients(score, x, { steps, baseline: of }))).map((r) =>
        r.reduce((a, v) => a + v, 0)
      )
    assertClose(sums(400, baseline), gained(baseline), 2e-3)
    assertClose(
      rows(numbers(Inspect.integratedGradients(score, x, { steps: 400 }))).map((r) => r.reduce((a, v) => a + v, 0)),
      gained(T.zeros([3, 4])),
      2e-3
    )
    // A smooth score: the error falls with the square of the steps.
    const smooth = (v: typeof x) => T.sum(T.exp(v), { axis: 1 })
    const error = (steps: number) => {
      const total = numbers(Inspect.integratedGradients(smooth, x, { steps })).reduce((a, v) => a + v, 0)
      return Math.abs(total - numbers(smooth(x)).reduce((a, v) => a + v - 4, 0))
    }
    assert.approximately(error(10) / error(20), 4, 0.2)
    // A score that is linear is told exactly by one step.
    const linear = (v: typeof x) => T.sum(T.mul(v, T.constant([1, -2, 3, 0])), { axis: 1 })
    assertClose(
      numbers(Inspect.integratedGradients(linear, x, { steps: 1 })),
      numbers(T.mul(x, T.constant([1, -2, 3, 0]))),
      1e-6
    )
  })

  it("take one class for each sample, and refuse what does not fit", () => {
    const each = Inspect.classScore(model, params, state, T.constant([0, 1, 2], "i32"))
    const y = numbers(model.apply(params, state, x, Model.evaluate).y)
    assertClose(numbers(each(x)), [y[0] ?? NaN, y[4] ?? NaN, y[8] ?? NaN], 1e-12)
    assert.throws(() => Inspect.integratedGradients(score, x, { steps: 0 }), OptionError)
    const other = T.zeros([3, 3]) as never
    assert.throws(() => Inspect.integratedGradients(score, x, { baseline: other }), ShapeError, "the baseline must be")
  })
})
