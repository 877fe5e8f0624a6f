import { assert, describe, it } from "@effect/vitest"
import {
  type AnyTensor,
  DifferentiationError,
  operations as ops,
  showPosition,
  T,
  type Tensor,
  Tree
} from "@cotangent/graph"
import { pipe } from "effect/Function"
import { grad, valueAndGrad, valueAndGradAux } from "./index.ts"

type Scalar = Tensor<[], "f64">
const scalar = (x: number): Scalar => T.constant(x, "f64")
const item = (x: AnyTensor): number => T.evaluate(x).data[0] ?? NaN
const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

describe("identity: derivatives are with respect to the argument, not to its value", () => {
  it("grad of x y at x = y is y", () => {
    const y = scalar(3)
    assert.strictEqual(item(grad((x: Scalar) => T.mul(x, y))(y)), 3)
    assert.strictEqual(item(grad((x: Scalar) => T.mul(y, x))(y)), 3)
    assert.strictEqual(item(grad((x: Scalar) => T.mul(x, x))(y)), 6)
  })

  it("a value captured in two functions stays constant in each", () => {
    const y = scalar(2)
    const f = (x: Scalar) => T.add(T.mul(x, y), grad((z: Scalar) => T.mul(z, T.mul(y, y)))(y))
    // x y + y^2 with respect to x.
    assert.strictEqual(item(f(y)), 8)
    assert.strictEqual(item(grad(f)(y)), 2)
  })

  it("nested derivatives do not confuse perturbations", () => {
    // d/dx (x d/dy (x + y)) = 1 at every x: the classic that a shared tag turns into 2.
    const one = grad((x: Scalar) => T.mul(x, grad((y: Scalar) => T.add(x, y))(scalar(1))))
    assert.strictEqual(item(one(scalar(1))), 1)
    // The same with the inner argument equal to the outer one.
    const same = grad((x: Scalar) => T.mul(x, grad((y: Scalar) => T.add(x, y))(x)))
    assert.strictEqual(item(same(scalar(5))), 1)
    // d/dx [x d/dy (x y)] = d/dx x^2 = 2 x.
    const product = grad((x: Scalar) => T.mul(x, grad((y: Scalar) => T.mul(x, y))(x)))
    assert.strictEqual(item(product(scalar(5))), 10)
    // d/dx of d/dy (x y^2) at y = x: 2 x y there, so 4 x after the derivative with respect to both places of x.
    const square = grad((x: Scalar) => grad((y: Scalar) => T.mul(x, T.mul(y, y)))(x))
    assert.strictEqual(item(square(scalar(5))), 20)
  })

  it("the same tensor in two leaves is two variables", () => {
    const y = scalar(4)
    const { a, b } = grad((p: { a: Scalar; b: Scalar }) => T.mul(p.a, T.mul(p.b, p.b)))({ a: y, b: y })
    assert.deepStrictEqual([item(a), item(b)], [16, 32])
  })

  it("a tensor that depends on the argument is followed, one that was computed before is not", () => {
    const x = scalar(3)
    const before = T.square(x)
    assert.strictEqual(item(grad((z: Scalar) => T.mul(z, before))(x)), 9)
    assert.strictEqual(item(grad((z: Scalar) => T.mul(z, T.square(z)))(x)), 27)
  })
})

describe("orders", () => {
  const f = (x: Scalar) => pipe(x, T.sin, T.mul(T.exp(x)))

  it("second and third derivatives are derivatives of derivatives", () => {
    const x = 0.7
    const [s, c, e] = [Math.sin(x), Math.cos(x), Math.exp(x)]
    // (e^x sin x)' = e^x (sin x + cos x), '' = 2 e^x cos x, ''' = 2 e^x (cos x - sin x).
    assert.closeTo(item(grad(f)(scalar(x))), e * (s + c), 1e-14)
    assert.closeTo(item(grad(grad(f))(scalar(x))), 2 * e * c, 1e-14)
    assert.closeTo(item(grad(grad(grad(f)))(scalar(x))), 2 * e * (c - s), 1e-14)
    assert.closeTo(item(grad(grad(grad(grad(f))))(scalar(x))), -4 * e * s, 1e-13)
  })

  it("of powers", () => {
    const cube = (x: Scalar) => T.pow(x, 3)
    assert.deepStrictEqual(
      [1, 2, 3, 4].map((order) => {
        let g = cube
        for (let i = 0; i < order; i++) g = grad(g)
        return item(g(scalar(2)))
      }),
      [12, 12, 6, 0]
    )
  })
})

describe("trees", () => {
  interface Params {
    readonly layer: { readonly w: Tensor<[2, 3], "f64">; readonly b: Tensor<[3], "f64"> }
    readonly unused: Tensor<[4], "f64">
    readonly steps: Tensor<[], "i32">
  }
  const params: Params = {
    layer: { w: T.ones([2, 3], "f64"), b: T.zeros([3], "f64") },
    unused: T.ones([4], "f64"),
    steps: T.constant(5, "i32")
  }
  const x = T.constant([[1, 2]], "f64")
  const loss = (p: Params) => T.sum(T.mul(T.add(T.matmul(x, p.layer.w), p.layer.b), T.cast(p.steps, "f64")))

  it("have gradients of their own structure, shapes and element types", () => {
    const gradient = grad(loss)(params)
    Tree.assertSameStructure("the gradient", params, gradient)
    assert.deepStrictEqual(numbers(gradient.layer.w), [5, 5, 5, 10, 10, 10])
    assert.deepStrictEqual(numbers(gradient.layer.b), [5, 5, 5])
  })

  it("have zeros for leaves that are not used and for integers", () => {
    const { unused, steps } = grad(loss)(params)
    assert.deepStrictEqual(numbers(unused), [0, 0, 0, 0])
    assert.strictEqual(steps.dtype, "i32")
    assert.strictEqual(item(steps), 0)
  })

  it("of nothing have nothing", () => {
    assert.deepStrictEqual(grad((_: {}) => scalar(1))({}), {})
  })

  it("only the first argument is differentiated", () => {
    const gradient = grad((a: Scalar, b: Scalar, c: { d: Scalar }) => T.mul(T.mul(a, b), c.d))
    assert.strictEqual(item(gradient(scalar(2), scalar(3), { d: scalar(5) })), 15)
  })
})

describe("valueAndGrad", () => {
  it("gives the value beside the gradient", () => {
    const [value, gradient] = valueAndGrad((x: Scalar) => T.square(x))(scalar(3))
    assert.deepStrictEqual([item(value), item(gradient)], [9, 6])
  })

  it("with auxiliary results passes them on undifferentiated", () => {
    const f = (x: Scalar, k: number) => [T.mul(T.square(x), k), { root: T.sqrt(x), k }] as const
    const [value, gradient, { root, k }] = valueAndGradAux(f)(scalar(4), 10)
    assert.deepStrictEqual([item(value), item(gradient), item(root), k], [160, 80, 2, 10])
  })
})

describe("stopGradient and functions without a slope", () => {
  it("stop derivatives", () => {
    assert.strictEqual(item(grad((x: Scalar) => T.mul(x, T.stopGradient(x)))(scalar(3))), 3)
    assert.strictEqual(item(grad((x: Scalar) => T.stopGradient(T.square(x)))(scalar(3))), 0)
    assert.strictEqual(item(grad(grad((x: Scalar) => T.mul(x, T.stopGradient(T.square(x)))))(scalar(3))), 0)
  })

  it("are zero where a function is constant almost everywhere", () => {
    for (const f of [
      T.floor,
      T.sign,
      (x: Scalar) => T.cast(T.cast(x, "i32"), "f64"),
      (x: Scalar) => T.cast(T.less(x, 1), "f64")
    ]) {
      assert.strictEqual(item(grad((x: Scalar) => f(x))(scalar(0.5))), 0)
    }
  })

  it("follow casts between floats", () => {
    const gradient = grad((x: Tensor<[]>) => T.square(T.cast(x, "f64")))(T.constant(3))
    assert.strictEqual(gradient.dtype, "f32")
    assert.strictEqual(item(gradient), 6)
  })
})

describe("conventions at corners", () => {
  const slope = (f: (x: Scalar) => Scalar, x: number) => item(grad(f)(scalar(x)))

  it("of relu, abs, maximum and ties", () => {
    assert.deepStrictEqual(
      [-1, 0, 1].map((x) => slope((z) => T.relu(z), x)),
      [0, 0, 1]
    )
    assert.deepStrictEqual(
      [-1, 0, 1].map((x) => slope((z) => T.abs(z), x)),
      [-1, 0, 1]
    )
    assert.deepStrictEqual(
      [-1, 0, 1].map((x) => slope((z) => T.maximum(z, 0), x)),
      [0, 0.5, 1]
    )
    assert.deepStrictEqual(
      numbers(grad((x: Tensor<[3], "f64">) => T.max(x))(T.constant([2, 1, 2], "f64"))),
      [0.5, 0, 0.5]
    )
  })

  it("of pow at zero", () => {
    assert.strictEqual(
      slope((z) => T.pow(z, 2), 0),
      0
    )
    assert.strictEqual(
      slope((z) => T.pow(z, 0), 0),
      0
    )
    assert.strictEqual(
      slope((z) => T.pow(scalar(0), z), 2),
      0
    )
    assert.strictEqual(
      slope((z) => T.pow(scalar(2), z), 3),
      8 * Math.LN2
    )
  })

  it("of a chosen branch alone", () => {
    assert.strictEqual(
      slope((z) => T.where(T.greater(z, 1), T.exp(z), T.mul(z, 3)), 0),
      3
    )
    // An infinite slope of the other branch comes in as 0 * Infinity, as in JAX and PyTorch: choose its operand as well.
    assert.isNaN(slope((z) => T.where(T.greater(z, 0), T.sqrt(z), z), 0))
    assert.strictEqual(
      slope((z) => T.where(T.greater(z, 0), T.sqrt(T.where(T.greater(z, 0), z, 1)), z), 0),
      1
    )
  })
})

describe("gather", () => {
  it("adds up the cotangents of a row that was taken twice, and of rows reached by clamping", () => {
    // Computed indices: constants out of range are refused.
    const rows = T.add(T.constant([1, 0, 1, 9, -4], "i32"), 0)
    const gradient = grad((table: Tensor<[3, 2], "f64">) =>
      T.sum(T.mul(T.take(table, rows), T.constant([[1], [2], [4], [8], [16]], "f64")))
    )
    assert.deepStrictEqual(numbers(gradient(T.zeros([3, 2], "f64"))), [18, 18, 5, 5, 8, 8])
  })
})

describe("what has no gradient", () => {
  const untyped = grad as (f: unknown) => (...operands: ReadonlyArray<unknown>) => unknown
  const x = T.ones([3])

  it("is refused with the sentence of the types", () => {
    const refused = (f: (x: AnyTensor) => unknown, sentence: string) =>
      assert.throws(() => untyped(f)(x), DifferentiationError, sentence)
    refused(
      (z) => T.neg(z),
      "grad: the function must return a scalar, it returns [3]; use T.mean or T.sum, or jacobian"
    )
    refused((z) => T.cast(T.sum(z), "i32"), "grad: the function must return f32 or f64, it returns i32; use T.cast")
    refused(() => 3, "grad: the function must return a scalar tensor, it returns the number 3; use T.constant")
    refused(
      () => [T.sum(x)],
      "grad: the function must return a scalar tensor, it returns a list; for further outputs use valueAndGradAux"
    )
  })

  it("is no tree", () => {
    assert.throws(
      () => untyped((p: { n: number }) => p)({ n: 3 }),
      "grad: the first argument: n is the number 3, not a tensor; use T.constant"
    )
  })
})

it("gradients are expressions at the position of the operation they come from", () => {
  const x = T.ones([])
  const y = T.exp(x)
  const gradient = grad((z: Tensor<[]>) => T.mul(z, T.exp(z)))(x)
  assert.include(showPosition(gradient.node.position), "gradient.test.ts")
  assert.strictEqual(gradient.node.position.derivative?.phase, "backward")
  assert.notStrictEqual(gradient.node.position, y.node.position)
  assert.strictEqual(ops.alias(x).node.primitive, "alias")
})
