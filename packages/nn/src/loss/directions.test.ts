import { grad } from "@cotangent/autodiff"
import { ShapeError, T, type Tensor } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, assertSecondDerivative, numbers } from "../gradients.test.support.ts"
import { L, none, sum, y } from "./examples.test.support.ts"
import * as Loss from "./index.ts"

const negative = T.constant([
  [0, 1, 1],
  [2, 0, 1]
])
const together = T.constant([1, -1])

describe("cosineSimilarity", () => {
  it("is minus the cosine of rows", () => {
    assertClose(numbers(Loss.cosineSimilarity(L, y, none)), [-0.476330511622, -0.67082039325])
    assertClose(numbers(Loss.cosineSimilarity(L, T.mul(L, 3), none)), [-1, -1])
    assertGradient((x) => Loss.cosineSimilarity(x, y), L)
    assertSecondDerivative((x) => Loss.cosineSimilarity(x, y), L)
    assertClose(numbers(Loss.cosineSimilarity(T.zerosLike(L), y, none)), [0, 0], 0)
  })
})

describe("cosineEmbedding", () => {
  const loss = Loss.cosineEmbedding({ margin: 0.1 })

  it("is PyTorch's", () => {
    const losses: Tensor<[2]> = loss(L, y, together, none)
    assertClose(numbers(losses), [0.523669488378, 0.57082039325])
    assertGradient(([a, b]) => loss(a, b, together), [L, y] as const)
    assertSecondDerivative((x) => loss(x, y, together), L)
    assertClose(numbers(loss(T.constant([1, 0]), T.constant([0, 1]), T.constant(1))), [1])
  })

  it("is finite for vectors of zeros", () => {
    // F.cosine_embedding_loss(tensor([[0., 0]]), tensor([[0., 1]]), tensor([1.])) has the gradient [0, -1e6]
    const zero = T.constant([[0, 0]])
    const other = T.constant([[0, 1]])
    const one = T.constant([1])
    assertClose(numbers(loss(zero, other, one)), [1])
    assertClose(numbers(grad((x: typeof zero) => loss(x, other, one))(zero)), [0, -1e6], 1e-2)
    assertClose(numbers(loss(zero, zero, one)), [1])
    assertClose(numbers(grad((x: typeof zero) => loss(x, zero, one))(zero)), [0, 0], 0)
  })

  it("refuses operands that do not fit", () => {
    // @ts-expect-error cosineEmbedding: the target must be f32 [2]
    const target = () => loss(L, y, y)
    assert.throws(target, ShapeError, "cosineEmbedding: the target must be f32 [2], got f32 [2, 3]")
    // @ts-expect-error cosineEmbedding: needs vectors
    const scalars = () => loss(T.constant(1), T.constant(1), T.constant(1))
    assert.throws(scalars, ShapeError, "cosineEmbedding: needs vectors [..., n], got []")
  })
})

describe("tripletMargin", () => {
  it("is PyTorch's, in any norm, with and without swapping", () => {
    const losses: Tensor<[2]> = Loss.tripletMargin()(L, y, negative, none)
    assertClose(numbers(losses), [1.515564553387, 0])
    const swapped = Loss.tripletMargin({ swap: true, margin: 2 })
    assertClose(numbers(swapped(L, y, negative, none)), [2.515564553387, 2.213422212497])
    assertClose(numbers(Loss.tripletMargin({ p: 1, margin: 3 })(L, y, negative, none)), [2.750002, 1.999998])
    // Away from the corners of norms, where elements are equal.
    const like = T.add(y, 0.375)
    for (const p of [1.5, 2, 3])
      assertGradient(
        ([a, b, c]) => Loss.tripletMargin({ p, swap: true, margin: 4 })(a, b, c),
        [L, like, negative] as const,
        1e-5
      )
    assertSecondDerivative((x) => Loss.tripletMargin({ margin: 4 })(x, y, negative), L)
  })

  it("has PyTorch's derivative where all three are equal, and one of 0 without epsilon", () => {
    const zero = T.constant([[0, 0]])
    const slopes = numbers(grad((a: typeof zero) => Loss.tripletMargin({ swap: true })(a, zero, zero, sum))(zero))
    assertClose(slopes, [0.3535533905932738, 0.3535533905932738])
    const exact = Loss.tripletMargin({ epsilon: 0 })
    assertClose(numbers(exact(zero, zero, zero)), [1], 0)
    assertClose(numbers(grad((a: typeof zero) => exact(a, zero, zero))(zero)), [0, 0], 0)
  })

  it("refuses operands that do not fit", () => {
    // @ts-expect-error tripletMargin: the negative must be f32 [2, 3]
    const wrong = () => Loss.tripletMargin()(L, y, T.ones([3]))
    assert.throws(wrong, ShapeError, "tripletMargin: the negative must be f32 [2, 3], got f32 [3]")
    assert.throws(() => Loss.tripletMargin({ p: -1 }), OptionError, "tripletMargin: p must be 0 or more, got -1")
  })
})
