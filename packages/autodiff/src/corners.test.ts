/** Derivatives of elementwise operations where naive compositions go wrong: at corners, ties, zeros and for large arguments. */
import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor } from "@cotangent/graph"
import { grad, hessian } from "./index.ts"

type Scalar = Tensor<[], "f64">
type Vector = Tensor<[number], "f64">

const scalar = (x: number): Scalar => T.constant(x, "f64")
const vector = (...xs: ReadonlyArray<number>): Vector =>
  T.fromArray<[number], "f64">(Float64Array.from(xs), [xs.length], "f64")
const numbers = (x: Tensor<ReadonlyArray<number>, "f64">): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

/** The derivatives of orders 1, 2, ... of a function of one number. */
const derivatives = (f: (x: Scalar) => Scalar, x: number, orders: number): ReadonlyArray<number> => {
  const values: Array<number> = []
  let g = f
  for (let order = 1; order <= orders; order++) {
    g = grad(g)
    values.push(numbers(g(scalar(x)))[0] ?? Number.NaN)
  }
  return values
}

const near = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance = 1e-11): void =>
  expected.forEach((x, i) => {
    const y = actual[i] ?? Number.NaN
    if (Number.isFinite(x)) assert.closeTo(y, x, tolerance * Math.max(1, Math.abs(x)), `number ${i}`)
    else assert.isTrue(Object.is(x, y), `number ${i} is ${y}, not ${x}`)
  })

describe("derivatives at 0 of what is written with |x|", () => {
  const table: ReadonlyArray<readonly [string, (x: Scalar) => Scalar, ReadonlyArray<number>]> = [
    ["softplus", (x) => T.softplus(x), [1 / 2, 1 / 4, 0, -1 / 8]],
    ["logSigmoid", T.logSigmoid, [1 / 2, -1 / 4, 0, 1 / 8]],
    ["mish", T.mish, [3 / 5, 16 / 25]],
    ["asinh", T.asinh, [1, 0, -1, 0, 9]],
    ["sinh", T.sinh, [1, 0, 1, 0, 1]],
    ["cosh", T.cosh, [0, 1, 0, 1, 0]],
    ["atanh", T.atanh, [1, 0, 2]],
    ["asin", T.asin, [1, 0, 1]],
    ["acos", T.acos, [-1, 0, -1]],
    ["tan", T.tan, [1, 0, 2]],
    ["sinc", T.sinc, [0, -(Math.PI ** 2) / 3, 0, Math.PI ** 4 / 5, 0, -(Math.PI ** 6) / 7]],
    ["tanhshrink", T.tanhshrink, [0, 0, 2]],
    ["softsign", T.softsign, [1, 0]],
    ["erfinv", T.erfinv, [Math.sqrt(Math.PI) / 2, 0, Math.PI ** 1.5 / 4]],
    ["exp2", T.exp2, [Math.LN2, Math.LN2 ** 2]]
  ]
  for (const [name, f, expected] of table) it(name, () => near(derivatives(f, 0, expected.length), expected))

  it("logaddexp at a tie is softmax, to the second order", () => {
    const f = (x: Vector): Scalar => T.sum(T.logaddexp(T.slice(x, [{ end: 1 }]), T.slice(x, [{ start: 1 }])))
    near(numbers(grad(f)(vector(2, 2))), [1 / 2, 1 / 2])
    near(numbers(hessian(f)(vector(2, 2))), [1 / 4, -1 / 4, -1 / 4, 1 / 4])
    near(numbers(grad(f)(vector(-Infinity, 2))), [0, 1])
  })
})

describe("derivatives at corners are those that are documented", () => {
  const table: ReadonlyArray<readonly [string, (x: Scalar) => Scalar, number, number]> = [
    ["leakyRelu", (x) => T.leakyRelu(x), 0, 0.01],
    ["elu", (x) => T.elu(x, { alpha: 2 }), 0, 2],
    ["celu", (x) => T.celu(x, { alpha: 2 }), 0, 1],
    ["relu6 at 0", T.relu6, 0, 0],
    ["relu6 at 6", T.relu6, 6, 0],
    ["hardtanh", (x) => T.hardtanh(x), 1, 0],
    ["hardsigmoid", T.hardsigmoid, 3, 0],
    ["hardswish at -3", T.hardswish, -3, -0.5],
    ["hardswish at 3", T.hardswish, 3, 1.5],
    ["hardshrink", (x) => T.hardshrink(x), 0.5, 0],
    ["softshrink", (x) => T.softshrink(x), 0.5, 0],
    ["threshold", (x) => T.threshold(x, { threshold: 1, value: 5 }), 1, 0],
    ["clamp at a bound", (x) => T.clamp(x, { min: 1, max: 2 }), 1, 1],
    ["clamp outside", (x) => T.clamp(x, { min: 1, max: 2 }), 0, 0],
    ["copysign", (x) => T.copysign(x, -1), 0, 0],
    ["asin at 1", T.asin, 1, Infinity],
    ["asin at -1", T.asin, -1, Infinity],
    ["acos at 1", T.acos, 1, -Infinity],
    ["acos at -1", T.acos, -1, -Infinity],
    ["acosh at 1", T.acosh, 1, Infinity],
    ["erfinv at 1", T.erfinv, 1, Infinity],
    ["round", (x) => T.round(x), 0.3, 0],
    ["ceil", T.ceil, 0.3, 0],
    ["trunc", T.trunc, 0.3, 0],
    ["frac", T.frac, -0.3, 1],
    ["nanToNum", T.nanToNum, Infinity, 0],
    ["nanToNum", T.nanToNum, 3, 1],
    ["acosh below 1", T.acosh, 0, Number.NaN],
    ["floorDivide", (x) => T.floorDivide(x, 2), 3, 0],
    ["heaviside", (x) => T.heaviside(x, 1), 2, 0]
  ]
  for (const [name, f, x, expected] of table) it(`${name} (${x})`, () => near(derivatives(f, x, 1), [expected]))
})

describe("derivatives of large and small arguments neither overflow nor become NaN", () => {
  const table: ReadonlyArray<readonly [string, (x: Scalar) => Scalar, number, ReadonlyArray<number>]> = [
    ["elu", (x) => T.elu(x), 800, [1, 0]],
    ["selu", T.selu, 1e300, [1.0507009873554805, 0]],
    ["softplus", (x) => T.softplus(x), 800, [1, 0]],
    ["softplus", (x) => T.softplus(x), -800, [0, 0]],
    ["mish", T.mish, -800, [0]],
    ["asinh", T.asinh, 1e300, [1e-300]],
    ["acosh", T.acosh, 1e300, [1e-300]],
    ["atan", T.atan, 1e200, [0, 0]],
    ["hypot", (x) => T.hypot(x, 3e200), 4e200, [0.8]],
    ["hypot, small", (x) => T.hypot(x, 3e-200), 4e-200, [0.8]],
    ["atan2", (x) => T.atan2(x, 1e200), 1e200, [5e-201]],
    ["logit", (x) => T.logit(x), 1e-300, [1e300]]
  ]
  for (const [name, f, x, expected] of table)
    it(`${name} (${x})`, () => {
      const actual = derivatives(f, x, expected.length)
      expected.forEach((y, i) => assert.closeTo((actual[i] ?? Number.NaN) / (y === 0 ? 1 : y), y === 0 ? 0 : 1, 1e-12))
    })
})

const part = (x: Vector, i: number): Vector => T.slice(x, [{ start: i, end: i + 1 }])

describe("functions of two numbers", () => {
  const of =
    (f: (a: Vector, b: Vector) => Vector) =>
    (x: Vector): Scalar =>
      T.sum(f(part(x, 0), part(x, 1)))
  const angle = of((y, x) => T.atan2(y, x))
  const length = of((x, y) => T.hypot(x, y))

  it("atan2 on the axes, on the diagonals and in all quadrants", () => {
    for (const [y, x] of [
      [1, 0],
      [-2, 0],
      [0, 3],
      [0, -0.5],
      [1, 1],
      [-2, 2],
      [0.3, -0.7]
    ] as const) {
      const r2 = x * x + y * y
      near(numbers(grad(angle)(vector(y, x))), [x / r2, -y / r2])
      const mixed = (y * y - x * x) / r2 ** 2
      const pure = (2 * x * y) / r2 ** 2
      near(numbers(hessian(angle)(vector(y, x))), [-pure, mixed, mixed, pure])
    }
    near(numbers(grad(angle)(vector(0, 0))), [0, 0])
  })

  it("hypot on the axes, at ties and at the origin", () => {
    for (const [x, y] of [
      [3, 4],
      [0, 2],
      [-2, 0],
      [1, 1],
      [-1, 1e-9]
    ] as const) {
      const r = Math.hypot(x, y)
      near(numbers(grad(length)(vector(x, y))), [x / r, y / r])
      near(
        numbers(hessian(length)(vector(x, y))),
        [y * y, -x * y, -x * y, x * x].map((v) => v / r ** 3)
      )
    }
    near(numbers(grad(length)(vector(0, 0))), [0, 0])
  })

  it("remainders know the quotient", () => {
    near(numbers(grad(of((a, b) => T.fmod(a, b)))(vector(-7, 3))), [1, 2])
    near(numbers(grad(of((a, b) => T.mod(a, b)))(vector(-7, 3))), [1, 3])
    near(numbers(grad(of((a, b) => T.fmod(a, b)))(vector(1, 0.1))), [1, -9])
  })

  it("xlogy at x = 0", () => {
    const f = of((x, y) => T.xlogy(x, y))
    near(numbers(grad(f)(vector(0, 2))), [Math.LN2, 0])
    near(numbers(grad(f)(vector(0, 0))), [0, 0])
    near(numbers(grad(f)(vector(2, 3))), [Math.log(3), 2 / 3])
  })

  it("clamp and lerp give bounds and weights their share", () => {
    const f = (x: Vector): Scalar => T.sum(T.clamp(part(x, 0), { min: part(x, 1), max: part(x, 2) }))
    near(numbers(grad(f)(vector(0, 1, 2))), [0, 1, 0])
    near(numbers(grad(f)(vector(5, 1, 2))), [0, 0, 1])
    near(numbers(grad(f)(vector(1.5, 1, 2))), [1, 0, 0])
    const g = (x: Vector): Scalar => T.sum(T.lerp(part(x, 0), part(x, 1), part(x, 2)))
    near(numbers(grad(g)(vector(3, 7, 0.25))), [0.75, 0.25, 4])
    near(numbers(grad(g)(vector(3, 7, 0.75))), [0.25, 0.75, 4])
  })

  it("logBeta: digamma differences, for large arguments too", () => {
    const f = of((a, b) => T.logBeta(a, b))
    const psi = (x: number): number => numbers(T.digamma(vector(x)))[0] ?? Number.NaN
    for (const [a, b] of [
      [0.5, 3],
      [2, 11],
      [40, 9],
      [1e6, 2]
    ] as const)
      near(numbers(grad(f)(vector(a, b))), [psi(a) - psi(a + b), psi(b) - psi(a + b)], 1e-9)
  })
})

describe("the gamma function's family", () => {
  it("derivatives of lgamma are polygammas of every order", () => {
    const actual = derivatives(T.lgamma, 2.5, 4)
    const expected = [0, 1, 2, 3].map((n) => numbers(T.polygamma(vector(2.5), n))[0] ?? Number.NaN)
    assert.deepStrictEqual(actual, expected)
  })

  it("of float32 end at the largest order with a sentence", () => {
    let f = (x: Tensor<[], "f32">): Tensor<[], "f32"> => T.polygamma(x, 19)
    f = grad(f)
    assert.throws(() => grad(f)(T.constant(2)), "polygamma: the order must be a whole number from 0 to 20 in f32")
  })
})
