/** Derivatives of normalisations, attention, distances and embeddings where formulas divide by 0 or multiply it by infinity. */
import { grad, jvp } from "@cotangent/autodiff"
import { T, type Tensor } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { assertClose, assertGradient, numbers } from "./gradients.test.support.ts"

type Vector = Tensor<[3]>
const zero = T.zeros([3])
const w = T.constant([1, 2, 4])
const weighted = (x: Vector): Tensor<[]> => T.sum(T.mul(x, w))

describe("normalisations of equal elements", () => {
  it("have the derivative of the limit, 1 / sqrt(epsilon) of what is not shifted", () => {
    const slope = numbers(grad((x: Vector) => weighted(T.layerNorm(x, { epsilon: 0.25 })))(zero))
    assertClose(
      slope,
      [1, 2, 4].map((v) => (v - 7 / 3) * 2)
    )
    assertClose(numbers(grad((x: Vector) => weighted(T.rmsNorm(x, { epsilon: 0.25 })))(zero)), [2, 4, 8])
    const column = T.zeros([3, 1])
    const f = (x: typeof column) => weighted(T.reshape(T.batchNormTraining(x, { epsilon: 0.25 }).y, [3]))
    assertClose(numbers(grad(f)(column)), slope)
  })

  it("stop at the running statistics", () => {
    const column = T.constant([[1], [2], [4]])
    const moved = (x: typeof column) => T.sum(T.batchNormTraining(x).running.variance)
    assertClose(numbers(grad(moved)(column)), [0, 0, 0], 0)
    const start = { mean: T.zeros([1]), variance: T.ones([1]) }
    const old = (running: typeof start) =>
      T.sum(T.batchNormTraining(column, { running, momentum: 0.75 }).running.variance)
    assertClose(numbers(grad(old)(start).variance), [0.75])
  })
})

describe("attention", () => {
  const [q, k, v] = [
    T.constant([
      [1, 0],
      [0, 1]
    ]),
    T.constant([
      [1, 2],
      [3, -1],
      [0, 1]
    ]),
    T.constant([[1], [4], [7]])
  ]
  const operands = { q, k, v }
  type Operands = typeof operands

  it("of a query that sees nothing has derivative 0, in both modes", () => {
    const mask = T.greater(
      T.constant([
        [1, 0, 1],
        [0, 0, 0]
      ]),
      0
    )
    const f = ({ q, k, v }: Operands) => T.sum(T.scaledDotProductAttention(q, k, v, { mask }))
    const slopes = grad(f)(operands)
    assertClose(numbers(slopes.q).slice(2), [0, 0], 0)
    assert.isTrue([slopes.q, slopes.k, slopes.v].flatMap(numbers).every(Number.isFinite))
    // The key that nothing sees.
    assertClose(numbers(slopes.k).slice(2, 4), [0, 0], 0)
    assertClose(numbers(slopes.v).slice(1, 2), [0], 0)
    assertGradient(f, operands)
    const [, tangent] = jvp(f, operands, operands)
    assert.isTrue(numbers(tangent).every(Number.isFinite))
  })

  it("differentiates with respect to a mask that is added, also where it is -Infinity", () => {
    const mask = T.constant([
      [0.5, -Infinity, 1],
      [-Infinity, -Infinity, -Infinity]
    ])
    const slopes = numbers(grad((m: typeof mask) => T.sum(T.scaledDotProductAttention(q, k, v, { mask: m })))(mask))
    assert.isTrue(slopes.every(Number.isFinite))
    assertClose(slopes.slice(3), [0, 0, 0], 0)
    assertGradient(
      (m) => T.sum(T.scaledDotProductAttention(q, k, v, { mask: m })),
      T.constant([
        [0.5, -2, 1],
        [1, 0, 2]
      ])
    )
  })

  it("is the same with and without a mask that allows everything", () => {
    const all = T.ones([2, 3], "bool")
    assertClose(
      numbers(T.scaledDotProductAttention(q, k, v, { mask: all })),
      numbers(T.scaledDotProductAttention(q, k, v)),
      0
    )
  })
})

describe("distances", () => {
  it("of equal vectors have the derivative that epsilon gives, and 0 without it", () => {
    const slope = (p: number, epsilon: number) =>
      numbers(grad((x: Vector) => T.sum(T.pairwiseDistance(x, zero, { p, epsilon })))(zero))
    assertClose(
      slope(2, 1e-6),
      [1, 1, 1].map((x) => x / Math.sqrt(3))
    )
    for (const p of [0.5, 1, 1.5, 2, 3]) assertClose(slope(p, 0), [0, 0, 0], 0)
    // torch.linalg.vector_norm(tensor([0., 3, -4]), 0.5) and 1.5
    const at = T.constant([0, 3, -4])
    const norm = (p: number) => numbers(grad((x: Vector) => T.sum(T.pairwiseDistance(x, zero, { p, epsilon: 0 })))(at))
    assertClose(norm(0.5), [0, 2.154700538379252, -1.8660254037844386])
    assertClose(norm(1.5), [0, 0.7329564758289748, -0.8463452372482761])
    assertClose(norm(Infinity), [0, 0, -1], 0)
  })

  it("by the angle are finite at vectors of zeros", () => {
    const other = T.constant([1, 2, 2])
    // F.cosine_similarity of zeros has the gradient b / (eps |b|).
    assertClose(
      numbers(grad((x: Vector) => T.sum(T.cosineSimilarity(x, other)))(zero)).map((x) => x / 1e8),
      [1 / 3, 2 / 3, 2 / 3]
    )
    assertClose(numbers(grad((x: Vector) => T.sum(T.cosineSimilarity(x, zero)))(zero)), [0, 0, 0], 0)
    assertClose(numbers(grad((x: Vector) => T.sum(T.cosineSimilarity(other, x)))(other)), [0, 0, 0], 1e-12)
  })
})

describe("normalize", () => {
  it("has a finite derivative at 0", () => {
    const slope = (p: number) => grad((x: Vector) => weighted(T.normalize(x, { p, epsilon: 0.5 })))
    for (const p of [1, 2, 3]) assertClose(numbers(slope(p)(zero)), [2, 4, 8])
    // Along a vector itself nothing changes.
    const x = T.constant([1, -2, 2])
    const [, tangent] = jvp((v: Vector) => T.normalize(v), x, x)
    assertClose(numbers(tangent), [0, 0, 0], 1e-12)
  })
})

describe("embedding", () => {
  it("leaves the row of padding as it is", () => {
    const table = T.constant([
      [1, 2],
      [3, 4],
      [5, 6]
    ])
    const at = T.constant([0, 2, 2, 0], "i32")
    const slope = (paddingIndex: number) =>
      numbers(grad((t: typeof table) => T.sum(T.embedding(t, at, { paddingIndex })))(table))
    assertClose(slope(0), [0, 0, 0, 0, 2, 2], 0)
    assertClose(slope(-1), [2, 2, 0, 0, 0, 0], 0)
  })
})
