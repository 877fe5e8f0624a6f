import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import type { DType } from "../dtype.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import type { Nested } from "../value.ts"
import * as T from "./index.ts"

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const vector = <D extends DType = "f64">(xs: ReadonlyArray<number>, dtype?: D): Tensor<[number], D> =>
  T.expect(T.dyn(T.constant(xs as Nested, dtype ?? ("f64" as D))), [xs.length])
const near = (actual: AnyTensor, expected: ReadonlyArray<number>, tolerance = 1e-14) =>
  numbers(actual).forEach((y, i) => {
    const z = expected[i] ?? NaN
    if (Number.isFinite(z)) assert.closeTo(y, z, tolerance * Math.max(1, Math.abs(z)))
    else assert.isTrue(Object.is(y, z), `${y} is not ${z}`)
  })

describe("functions of one operand", () => {
  const xs = [-2.5, -1, -0.25, 0, 0.25, 1, 3]
  const x = vector(xs)
  const table: ReadonlyArray<readonly [string, (x: Tensor<[number], "f64">) => AnyTensor, (x: number) => number]> = [
    ["neg", T.neg, (v) => -v],
    ["abs", T.abs, Math.abs],
    ["sign", T.sign, Math.sign],
    ["floor", T.floor, Math.floor],
    ["exp", T.exp, Math.exp],
    ["expm1", T.expm1, Math.expm1],
    ["log", T.log, Math.log],
    ["log1p", T.log1p, Math.log1p],
    ["sqrt", T.sqrt, Math.sqrt],
    ["sin", T.sin, Math.sin],
    ["cos", T.cos, Math.cos],
    ["tanh", T.tanh, Math.tanh],
    ["square", T.square, (v) => v * v],
    ["reciprocal", T.reciprocal, (v) => 1 / v],
    ["rsqrt", T.rsqrt, (v) => 1 / Math.sqrt(v)],
    ["sigmoid", T.sigmoid, (v) => 1 / (1 + Math.exp(-v))],
    ["softplus", T.softplus, (v) => Math.log1p(Math.exp(v))],
    ["relu", T.relu, (v) => Math.max(v, 0)],
    ["silu", T.silu, (v) => v / (1 + Math.exp(-v))]
  ]
  for (const [name, f, expected] of table) it(name, () => near(f(x), xs.map(expected)))

  it("erf, to the digits of published tables", () => {
    near(
      T.erf(vector([0, 0.5, 1, 2, 3.5, -1])),
      [0, 0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 0.9999992569016276, -0.8427007929497149]
    )
  })

  it("gelu, exact and by tanh", () => {
    near(T.gelu(vector([-1, 0, 1, 2])), [-0.15865525393145707, 0, 0.8413447460685429, 1.9544997361036416])
    near(T.geluTanh(vector([-1, 0, 1, 2])), [-0.15880800939172324, 0, 0.8411919906082768, 1.954597694087775])
  })

  it("relu lets NaN through and its derivative at 0 is that of the constant", () => {
    near(T.relu(vector([NaN, -0, Infinity, -Infinity])), [NaN, 0, Infinity, 0])
  })

  it("softplus neither overflows nor cancels", () => {
    near(T.softplus(vector([1000, -1000, -40])), [1000, 0, Math.exp(-40)], 1e-16)
  })
})

describe("functions of two operands", () => {
  const a = vector([7, -7, 2.5, 0])
  const b = vector([2, 2, -0.5, 4])

  it("arithmetic", () => {
    near(T.add(a, b), [9, -5, 2, 4])
    near(T.sub(a, b), [5, -9, 3, -4])
    near(T.mul(a, b), [14, -14, -1.25, 0])
    near(T.div(a, b), [3.5, -3.5, -5, 0])
    near(T.pow(vector([2, 4, 0, -3]), vector([3, 0.5, 0, 3])), [8, 2, 1, -27])
    near(T.maximum(a, b), [7, 2, 2.5, 4])
    near(T.minimum(a, b), [2, -7, -0.5, 0])
  })

  it("work data-first, data-last and with numbers on the right", () => {
    for (const form of [T.sub(a, b), pipe(a, T.sub(b)), T.sub(b)(a)]) near(form, [5, -9, 3, -4])
    near(pipe(a, T.sub(1), T.div(2)), [3, -4, 0.75, -0.5])
  })

  it("broadcast", () => {
    const column = T.constant([[10], [20]], "f64")
    near(T.add(column, vector([1, 2, 3])), [11, 12, 13, 21, 22, 23])
    near(T.sub(T.constant(1, "f64"), vector([1, 2])), [0, -1])
    assert.deepStrictEqual(T.add(T.zeros([2, 1, 3]), T.zeros([4, 1])).shape, [2, 4, 3])
    assert.deepStrictEqual(T.add(T.zeros([0, 3]), T.zeros([3])).shape, [0, 3])
  })

  it("comparisons are false for NaN", () => {
    const x = vector([1, 2, 3, NaN])
    const y = vector([2, 2, 2, NaN])
    const as01: ReadonlyArray<readonly [AnyTensor, ReadonlyArray<number>]> = [
      [T.less(x, y), [1, 0, 0, 0]],
      [T.lessEqual(x, y), [1, 1, 0, 0]],
      [T.greater(x, y), [0, 0, 1, 0]],
      [T.greaterEqual(x, y), [0, 1, 1, 0]],
      [T.equal(x, y), [0, 1, 0, 0]],
      [T.notEqual(x, y), [1, 0, 1, 1]],
      [T.greater(x, 2), [0, 0, 1, 0]],
      [T.greaterEqual(x, 2), [0, 1, 1, 0]],
      [T.less(x, 2), [1, 0, 0, 0]]
    ]
    for (const [actual, expected] of as01) assert.deepStrictEqual(numbers(actual), expected)
    assert.strictEqual(T.less(x, y).dtype, "bool")
  })
})

describe("integers", () => {
  const i32 = (...xs: ReadonlyArray<number>) => vector(xs, "i32")
  const u32 = (...xs: ReadonlyArray<number>) => vector(xs, "u32")

  it("wrap modulo 2^32", () => {
    assert.deepStrictEqual(numbers(T.add(i32(2 ** 31 - 1), 1)), [-(2 ** 31)])
    assert.deepStrictEqual(numbers(T.mul(i32(123456789), 987654321)), [Math.imul(123456789, 987654321)])
    assert.deepStrictEqual(numbers(T.mul(u32(0xdeadbeef), u32(0xcafebabe))), [Math.imul(0xdeadbeef, 0xcafebabe) >>> 0])
    assert.deepStrictEqual(numbers(T.sub(u32(0), u32(1))), [2 ** 32 - 1])
    assert.deepStrictEqual(numbers(T.neg(i32(-(2 ** 31)))), [-(2 ** 31)])
    assert.deepStrictEqual(numbers(T.sum(T.full([3], 2 ** 31 - 1, "i32"))), [(3 * (2 ** 31 - 1)) | 0])
    // Also where the wrapped number is an operand of something else.
    assert.deepStrictEqual(numbers(T.cast(T.sum(T.full([2], 2 ** 31, "u32")), "f64")), [0])
  })

  it("divide by truncation, and by zero give 0", () => {
    assert.deepStrictEqual(numbers(T.div(i32(7, -7, 5), i32(2, 2, 0))), [3, -3, 0])
    assert.deepStrictEqual(numbers(T.div(u32(2 ** 32 - 1), u32(2))), [2 ** 31 - 1])
  })

  it("have bits", () => {
    assert.deepStrictEqual(numbers(T.and(i32(12), i32(10))), [8])
    assert.deepStrictEqual(numbers(T.or(i32(12), 10)), [14])
    assert.deepStrictEqual(numbers(T.xor(u32(12), u32(10))), [6])
    assert.deepStrictEqual(numbers(T.not(u32(0))), [2 ** 32 - 1])
    assert.deepStrictEqual(numbers(T.shiftLeft(i32(3), 4)), [48])
    assert.deepStrictEqual(numbers(T.shiftLeft(u32(3), 33)), [6])
    assert.deepStrictEqual(numbers(T.shiftRight(i32(-8), 1)), [-4])
    assert.deepStrictEqual(numbers(T.shiftRight(u32(2 ** 32 - 8), 1)), [2 ** 31 - 4])
  })

  it("of one bit are logic", () => {
    const [p, q] = [vector([1, 1, 0, 0], "bool"), vector([1, 0, 1, 0], "bool")]
    assert.deepStrictEqual(numbers(T.and(p, q)), [1, 0, 0, 0])
    assert.deepStrictEqual(numbers(T.or(p, q)), [1, 1, 1, 0])
    assert.deepStrictEqual(numbers(T.xor(p, q)), [0, 1, 1, 0])
    assert.deepStrictEqual(numbers(T.not(p)), [0, 0, 1, 1])
  })
})

describe("cast", () => {
  const cast = (xs: ReadonlyArray<number>, from: DType, to: DType) => numbers(T.cast(vector(xs, from), to))

  it("truncates and saturates floats", () => {
    assert.deepStrictEqual(
      cast([2.9, -2.9, 1e12, -1e12, NaN, -0.5], "f64", "i32"),
      [2, -2, 2147483647, -2147483648, 0, 0]
    )
    assert.deepStrictEqual(cast([2.9, -2.9, 1e12, NaN], "f64", "u32"), [2, 0, 4294967295, 0])
  })

  it("keeps the bits of integers, and makes booleans of what is not 0", () => {
    assert.deepStrictEqual(cast([-1], "i32", "u32"), [4294967295])
    assert.deepStrictEqual(cast([4294967295], "u32", "i32"), [-1])
    assert.deepStrictEqual(cast([0, -0, 0.1, NaN], "f64", "bool"), [0, 0, 1, 1])
    assert.deepStrictEqual(cast([1, 0], "bool", "f32"), [1, 0])
    assert.deepStrictEqual(cast([0.1], "f64", "f32"), [Math.fround(0.1)])
  })
})

describe("callers without types", () => {
  /** A function as JavaScript sees it. */
  const untyped = (f: unknown) => f as (...operands: ReadonlyArray<unknown>) => unknown

  it("are told what is needed", () => {
    assert.throws(() => untyped(T.exp)(3), "exp: needs a tensor, got number; make one with T.constant")
    assert.throws(() => untyped(T.add)("a", "b"), "add: needs a tensor, got string; make one with T.constant")
    assert.throws(() => untyped(T.add)(T.ones([]), "b"), "add: needs a tensor, got string")
    assert.throws(() => untyped(T.matmul)(T.ones([2, 2]), null), "matmul: needs a tensor, got object")
    assert.throws(() => untyped(T.sum())([1, 2]), "sum: needs a tensor, got object")
  })
})
