/** Finite differences, for tests: an oracle for derivatives that shares nothing with the rules. */
import { grad } from "@cotangent/autodiff"
import { type AnyTensor, evaluateExact, type Shape, sizeOf, T, type Tensor, Tree } from "@cotangent/graph"
import { assert } from "@effect/vitest"

// A power of two: exact in f32, so that the shifted constants are the numbers meant.
const h = 2 ** -12

const numberOf = (y: AnyTensor): number => evaluateExact([y])[0]?.data[0] ?? NaN

const shifted = (leaf: AnyTensor, element: number, by: number): AnyTensor => {
  const data = new Float32Array(sizeOf(leaf.shape))
  data[element] = by
  return T.add(leaf, T.fromArray(data, leaf.shape))
}

/** `leaf` of the tree with element `element` moved by `by`. */
const moved = <P>(tree: P, path: string, element: number, by: number): P =>
  Tree.map(tree, (leaf, at) => (at === path ? shifted(leaf, element, by) : leaf))

/** Asserts that `grad(f)` is the central difference of f in every element of every leaf; nothing is rounded to f32. */
export const assertGradient = <P>(f: (tree: P) => Tensor<[]>, tree: P, tolerance = 1e-6): void => {
  const entries = Tree.entries(tree)
  const gradients = evaluateExact(Tree.leaves(grad(f)(tree)))
  entries.forEach(({ path, leaf }, i) => {
    for (let element = 0; element < sizeOf(leaf.shape); element++) {
      const slope = (numberOf(f(moved(tree, path, element, h))) - numberOf(f(moved(tree, path, element, -h)))) / (2 * h)
      assert.approximately(gradients[i]?.data[element] ?? NaN, slope, tolerance, `${path}[${element}]`)
    }
  })
}

/** The numbers of a tensor, in float64. */
export const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(evaluateExact([x])[0]?.data ?? [])

/** Asserts that two lists of numbers are close. */
export const assertClose = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance = 1e-7): void => {
  assert.strictEqual(actual.length, expected.length)
  actual.forEach((x, i) =>
    assert.approximately(x, expected[i] ?? NaN, tolerance, `element ${i} of ${actual.join(", ")}`)
  )
}

/** Asserts that the second derivative of f is that of finite differences, in a direction that weighs all elements. */
export const assertSecondDerivative = <S extends Shape>(
  f: (x: Tensor<S>) => Tensor<[]>,
  x: Tensor<S>,
  tolerance = 1e-6
): void => {
  const size = sizeOf(x.shape)
  const data = Float32Array.from({ length: size }, (_, i) => 1 + (i % 3) / 2)
  // A direction has the shape of x.
  const direction = T.fromArray(data, x.shape) as Tensor<Shape> as Tensor<S>
  assertGradient((at: Tensor<S>) => T.sum(T.mul(T.dyn(grad(f)(at)), T.dyn(direction))) as Tensor<[]>, x, tolerance)
}
