import { Key, ShapeError, T, type Tensor } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { assertClose, numbers } from "../gradients.test.support.ts"
import * as Loss from "../loss/index.ts"
import type { TargetKind } from "../targets.ts"
import * as Metrics from "./index.ts"
import type { MetricWeights } from "./metric.ts"

const output = T.constant([
  [1, 2, 0.5],
  [-1, 0, 3],
  [0.25, 0.25, 0],
  [5, 1, 1],
  [0, 0, 0.125]
])
const labels = T.constant([1, 2, 1, 0, 1], "i32")
const values = T.constant([
  [0, 1, 0],
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
  [0, 1, 0]
])

/** The metric over the batches [0, cut) and [cut, 5). */
const inTwo = (metric: Metrics.Metric<"values">, cut: number): ReadonlyArray<number> => {
  const part = (x: typeof output, start: number, end: number) => T.expect(T.slice(x, [{ start, end }]), ["batch", 3])
  const first = metric.update(metric.init(), part(output, 0, cut), part(values, 0, cut))
  return numbers(metric.result(metric.update(first, part(output, cut, 5), part(values, cut, 5))))
}

const once = (metric: Metrics.Metric<"values">): ReadonlyArray<number> =>
  numbers(metric.result(metric.update(metric.init(), output, values)))

const all = [
  Metrics.categoricalAccuracy,
  Metrics.binaryAccuracy,
  Metrics.meanSquaredError,
  Metrics.meanAbsoluteError,
  Metrics.fromLoss(Loss.categoricalCrossentropy({ fromLogits: true }))
]

describe("metrics", () => {
  it("have the values of their definitions", () => {
    // Rows 0, 1 and 3 are right; row 2 is a tie of classes 0 and 1, of which the first counts.
    const state = Metrics.sparseCategoricalAccuracy.update(Metrics.sparseCategoricalAccuracy.init(), output, labels)
    const result: Tensor<[], "f64"> = Metrics.sparseCategoricalAccuracy.result(state)
    assert.deepStrictEqual(numbers(result), [0.6])
    assert.deepStrictEqual(numbers(state.total), [3])
    assert.deepStrictEqual(numbers(state.count), [5])
    assert.deepStrictEqual(once(Metrics.categoricalAccuracy), [0.6])
    // Wrong elements: (0, 0), (3, 1), (3, 2) above 0.5 with target 0; (2, 1), (4, 1) below with target 1.
    assertClose(once(Metrics.binaryAccuracy), [10 / 15], 1e-12)
    const x = numbers(output)
    const t = numbers(values)
    const meanOf = (f: (d: number) => number) => x.reduce((sum, v, i) => sum + f(v - (t[i] ?? NaN)), 0) / x.length
    assertClose(once(Metrics.meanSquaredError), [meanOf((d) => d * d)], 1e-12)
    assertClose(once(Metrics.meanAbsoluteError), [meanOf(Math.abs)], 1e-12)
  })

  it.each(all)("$name over unequal batches is that of one batch", (metric) => {
    for (const cut of [1, 2, 4]) assertClose(inTwo(metric, cut), once(metric), 1e-12)
  })

  it("take a threshold for logits", () => {
    const metric = Metrics.binaryAccuracyWith({ threshold: 0 })
    const state = metric.update(metric.init(), T.constant([0.25, -0.25, 3, -3]), T.constant([1, 0, 0, 0]))
    assert.deepStrictEqual(numbers(metric.result(state)), [0.75])
  })

  it("count positions of sequences", () => {
    const metric = Metrics.sparseCategoricalAccuracy
    const state = metric.update(
      metric.init(),
      T.constant([
        [
          [1, 2],
          [2, 1]
        ],
        [
          [0, 1],
          [0, 1]
        ]
      ]),
      T.constant(
        [
          [1, 1],
          [1, 1]
        ],
        "i32"
      )
    )
    assert.deepStrictEqual(numbers(metric.result(state)), [0.75])
  })

  it("pass over a label", () => {
    const some = T.constant([1, 2, -100, -100, 1], "i32")
    const of = (metric: Metrics.Metric<"labels">, weights?: MetricWeights) =>
      numbers(metric.result(metric.update(metric.init(), output, some, weights)))
    const plain = Metrics.sparseCategoricalAccuracy
    const accuracy = Metrics.ignoring(-100, plain)
    assertClose(of(plain), [2 / 5])
    assertClose(of(accuracy), [2 / 3])
    assertClose(of(accuracy, T.constant([1, 1, 9, 9, 2])), [2 / 4])
    const pairs = T.constant(
      [
        [1, -1],
        [0, -1]
      ],
      "i32"
    )
    const sequences = T.constant([
      [
        [0, 1],
        [1, 0]
      ],
      [
        [0, 1],
        [1, 0]
      ]
    ])
    const { init, result, update } = Metrics.ignoring(-1, plain)
    assertClose(numbers(result(update(init(), sequences, pairs, T.constant([3, 1])))), [3 / 4])
    assert.deepStrictEqual(
      numbers(
        result(
          update(
            init(),
            sequences,
            T.constant(
              [
                [-1, -1],
                [-1, -1]
              ],
              "i32"
            )
          )
        )
      ),
      [NaN]
    )
  })

  it("are NaN before the first batch", () => {
    const fresh = <K extends TargetKind>(metric: Metrics.Metric<K>) => numbers(metric.result(metric.init()))
    assert.deepStrictEqual(fresh(Metrics.meanSquaredError), [NaN])
  })

  it("add up in f64", () => {
    const state = Metrics.meanSquaredError.init()
    assert.deepStrictEqual(
      [state.total.dtype, state.count.dtype, Metrics.meanSquaredError.result(state).dtype],
      ["f64", "f64", "f64"]
    )
    assert.strictEqual(Metrics.meanSquaredError.update(state, T.zeros([1, 3]), T.zeros([1, 3])).total.dtype, "f64")
  })

  it("are what a loss is on average", () => {
    const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
    const metric = Metrics.fromLoss(loss)
    const x = Key.normal(Key.key(1), [6, 4])
    const t = T.constant([0, 1, 2, 3, 0, 1], "i32")
    assertClose(
      numbers(metric.result(metric.update(metric.init(), x, t))),
      numbers(T.mean(loss.perSample(x, t))),
      1e-12
    )
  })

  it("of a loss divide by what the loss does not ignore, over any batches and by weights", () => {
    const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true, ignoreIndex: -1 })
    const metric = Metrics.fromLoss(loss)
    const x = Key.normal(Key.key(1), [3, 2, 4])
    const t = T.constant(
      [
        [0, -1],
        [-1, -1],
        [3, 1]
      ],
      "i32"
    )
    const whole = numbers(metric.result(metric.update(metric.init(), x, t)))
    // The mean of the loss by itself is over the three labels that count.
    assertClose(whole, numbers(loss(x, t)), 1e-6)
    const rows = (i: number) => [{ start: i, end: i + 1 }] as const
    const parts = [0, 1, 2].reduce(
      (state, i) => Metrics.forgetShapes(metric)(state, T.slice(x, rows(i)), T.slice(t, rows(i))),
      metric.init()
    )
    assertClose(numbers(metric.result(parts)), whole, 1e-6)
    const weights = T.constant([2, 5, 1])
    const [a = 0, b = 0, c = 0] = numbers(loss.perSample(x, t))
    // Shares of the positions that count: a half, none and all.
    const byHand = (2 * a + 5 * b + c) / (2 * 0.5 + 5 * 0 + 1)
    assertClose(numbers(metric.result(metric.update(metric.init(), x, t, weights))), [byHand], 1e-6)
    const nothing = metric.update(metric.init(), x, T.full([3, 2], -1, "i32"))
    assert.deepStrictEqual(numbers(metric.result(nothing)), [NaN])
  })

  it("refuse targets of another shape or element type", () => {
    const metric = Metrics.sparseCategoricalAccuracy
    // @ts-expect-error needs i32 labels [5]
    const valuesForLabels = () => metric.update(metric.init(), output, values)
    assert.throws(valuesForLabels, ShapeError, "metric: the output [5, 3] needs i32 labels [5], got f32 [5, 3]")
    // @ts-expect-error needs f32 values [5, 3]
    assert.throws(() => Metrics.meanSquaredError.update(metric.init(), output, labels), ShapeError)
  })
})
