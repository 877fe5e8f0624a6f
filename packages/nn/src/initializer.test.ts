import { Key, ShapeError, T, type Tensor, Values } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "./errors.ts"
import { numbers } from "./gradients.test.support.ts"
import * as Initializer from "./initializer.ts"

const key = Key.key(7)

const moments = (xs: ReadonlyArray<number>): { readonly mean: number; readonly variance: number } => {
  const mean = xs.reduce((a, b) => a + b, 0) / xs.length
  return { mean, variance: xs.reduce((a, x) => a + (x - mean) ** 2, 0) / xs.length }
}

// For a kernel [20, 100]: fanIn 20, fanOut 100.
const family = [
  { initializer: Initializer.glorotUniform, variance: 2 / 120, bound: Math.sqrt(6 / 120) },
  { initializer: Initializer.glorotNormal, variance: 2 / 120, bound: (2 * Math.sqrt(2 / 120)) / 0.8796256610342398 },
  { initializer: Initializer.heUniform, variance: 2 / 20, bound: Math.sqrt(6 / 20) },
  { initializer: Initializer.heNormal, variance: 2 / 20, bound: (2 * Math.sqrt(2 / 20)) / 0.8796256610342398 },
  { initializer: Initializer.lecunUniform, variance: 1 / 20, bound: Math.sqrt(3 / 20) },
  { initializer: Initializer.lecunNormal, variance: 1 / 20, bound: (2 * Math.sqrt(1 / 20)) / 0.8796256610342398 },
  {
    initializer: Initializer.varianceScaling({ scale: 1 / 3, mode: "fanIn", distribution: "uniform" }),
    variance: 1 / 60,
    bound: Math.sqrt(1 / 20)
  },
  {
    initializer: Initializer.varianceScaling({ scale: 1, mode: "fanOut", distribution: "normal" }),
    variance: 1 / 100,
    bound: undefined
  },
  { initializer: Initializer.uniform(), variance: 0.1 ** 2 / 12, bound: 0.05 },
  { initializer: Initializer.normal({ deviation: 0.2 }), variance: 0.04, bound: undefined }
]

describe("initialisers", () => {
  it.each(family)("$initializer.name has mean 0, its variance and its bounds", ({ initializer, variance, bound }) => {
    const xs = numbers(initializer.draw(key, [20, 100]))
    const { mean, variance: measured } = moments(xs)
    // 2000 draws: the standard error of the mean is sqrt(variance / 2000), of the variance below 3.2 % of it.
    assert.isBelow(Math.abs(mean), 4 * Math.sqrt(variance / xs.length))
    assert.approximately(measured / variance, 1, 0.13)
    const largest = Math.max(...xs.map(Math.abs))
    if (bound === undefined) assert.isAbove(largest, 3 * Math.sqrt(variance))
    else {
      assert.isAtMost(largest, bound * (1 + 1e-7))
      assert.isAbove(largest, 0.98 * bound)
    }
  })

  it("draws orthonormal rows or columns, whichever are fewer", () => {
    const gram = (shape: readonly [number, number]) => {
      const w = T.expect(T.dyn(Initializer.orthogonal({ gain: 2 }).draw(key, shape)), shape)
      const [a, b] = shape[0] >= shape[1] ? [T.transpose(w), w] : [w, T.transpose(w)]
      return numbers(T.matmul(T.dyn(a), T.dyn(b)))
    }
    for (const shape of [
      [5, 3],
      [3, 5],
      [4, 4]
    ] as const) {
      const n = Math.min(...shape)
      gram(shape).forEach((v, i) => assert.approximately(v, i % (n + 1) === 0 ? 4 : 0, 1e-5))
    }
    assert.deepStrictEqual(Initializer.orthogonal().draw(key, [3, 3, 2, 4]).shape, [3, 3, 2, 4])
    // Over many draws no element prefers a sign: its mean is 0 with a standard error of 1 / sqrt(3 * 200).
    const sum = Array.from(
      { length: 200 },
      (_, i) => numbers(Initializer.orthogonal().draw(Key.key(i), [3, 3]))[0] ?? NaN
    )
    assert.isBelow(Math.abs(sum.reduce((a, b) => a + b, 0) / 200), 0.17)
    assert.throws(() => Initializer.orthogonal().draw(key, [3]), ShapeError, "orthogonal: needs two axes or more")
  })

  it("fills with the identity, and cuts normals at two deviations", () => {
    assert.deepStrictEqual(numbers(Initializer.identity({ gain: 3 }).draw(key, [2, 3])), [3, 0, 0, 0, 3, 0])
    const xs = numbers(Initializer.truncatedNormal({ mean: 1, deviation: 0.5 }).draw(key, [20, 100]))
    assert.isAtMost(Math.max(...xs.map((x) => Math.abs(x - 1))), 1)
    assert.approximately(moments(xs).variance, (0.5 * 0.8796256610342398) ** 2, 0.02)
  })

  it("counts the fans of dense and convolution kernels, vectors and scalars", () => {
    assert.deepStrictEqual(Initializer.fans([20, 100]), { fanIn: 20, fanOut: 100 })
    assert.deepStrictEqual(Initializer.fans([3, 3, 16, 32]), { fanIn: 144, fanOut: 288 })
    assert.deepStrictEqual(Initializer.fans([7]), { fanIn: 7, fanOut: 7 })
    assert.deepStrictEqual(Initializer.fans([]), { fanIn: 1, fanOut: 1 })
  })

  it("draws the same numbers from the same key, and others from another", () => {
    const draw = (seed: number) => numbers(Initializer.glorotUniform.draw(Key.key(seed), [3, 4]))
    assert.deepStrictEqual(draw(1), draw(1))
    assert.notDeepEqual(draw(1), draw(2))
  })

  it("fills with constants", () => {
    assert.deepStrictEqual(numbers(Initializer.zeros.draw(key, [2])), [0, 0])
    assert.deepStrictEqual(numbers(Initializer.ones.draw(key, [2])), [1, 1])
    assert.deepStrictEqual(numbers(Initializer.constant(2.5).draw(key, [2])), [2.5, 2.5])
  })

  it("keeps the shape in the types", () => {
    const kernel: Tensor<[3, 4]> = Initializer.heNormal.draw(key, [3, 4])
    assert.deepStrictEqual(kernel.shape, [3, 4])
    // @ts-expect-error the drawn shape is [3, 4]
    const wrong: Tensor<[4, 3]> = Initializer.heNormal.draw(key, [3, 4])
    assert.deepStrictEqual(wrong.shape, [3, 4])
  })

  it("refuses options out of range and shapes that do not fit", () => {
    assert.throws(
      () => Initializer.varianceScaling({ scale: 0, mode: "fanIn", distribution: "normal" }),
      OptionError,
      "scale must be a positive number, got 0"
    )
    assert.throws(() => Initializer.uniform({ low: 1, high: 0 }), OptionError)
    assert.throws(() => Initializer.normal({ deviation: -1 }), OptionError)
    assert.throws(() => Initializer.glorotUniform.draw(key, [0, 0]), ShapeError, "glorotUniform: [0, 0]")
    const narrow = Initializer.make("narrow", () => T.fromValue(Values.fromNested([1, 2])))
    assert.throws(() => narrow.draw(key, [3]), ShapeError, "narrow: asked for [3], it drew [2]")
  })
})
