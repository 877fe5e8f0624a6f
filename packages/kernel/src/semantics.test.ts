import { assert, describe, it } from "@effect/vitest"
import type { BinaryOp, DType, UnaryOp } from "./ir.ts"
import { binary, cast, combine, compare, unary } from "./semantics.ts"

const least = -(2 ** 31)
const most = 2 ** 31 - 1
const mostUnsigned = 2 ** 32 - 1

describe("operations of one operand", () => {
  const table: ReadonlyArray<readonly [UnaryOp, DType, number, number]> = [
    ["neg", "f32", 0, -0],
    ["neg", "i32", least, least],
    ["neg", "u32", 1, mostUnsigned],
    ["abs", "f64", -0, 0],
    ["abs", "i32", least, least],
    ["sqrt", "f32", 2, Math.fround(Math.SQRT2)],
    ["sqrt", "f64", -1, NaN],
    ["floor", "f32", -0.5, -1],
    ["ceil", "f64", -0.5, -0],
    ["trunc", "f32", -1.9, -1],
    ["nearest", "f32", 2.5, 2],
    ["nearest", "f64", 3.5, 4],
    ["nearest", "f64", -2.5, -2],
    ["nearest", "f64", 0.49999999999999994, 0],
    ["nearest", "f64", -0.3, -0],
    ["nearest", "f64", -0, -0],
    ["nearest", "f64", 2 ** 52 + 1, 2 ** 52 + 1],
    ["nearest", "f64", -Infinity, -Infinity],
    ["nearest", "f64", NaN, NaN],
    ["not", "bool", 1, 0],
    ["not", "i32", 5, -6],
    ["not", "u32", 0, mostUnsigned],
    ["pow2", "f32", -126, 2 ** -126],
    ["pow2", "f32", 127, 2 ** 127],
    ["pow2", "f64", -1022, 2 ** -1022],
    ["pow2", "f64", 1023, 2 ** 1023],
    ["exponent", "f32", 2 ** -126, -126],
    ["exponent", "f32", 1.999, 0],
    ["exponent", "f64", Number.MAX_VALUE, 1023],
    ["mantissa", "f32", 6, 1.5],
    ["mantissa", "f64", 0.1, 1.6]
  ]
  for (const [op, dtype, a, expected] of table) {
    it(`${op} ${dtype} of ${Object.is(a, -0) ? "-0" : a}`, () => {
      const value = unary(op, dtype)(a)
      assert.isTrue(Object.is(value, expected), String(value))
    })
  }
})

describe("operations of two operands", () => {
  const table: ReadonlyArray<readonly [BinaryOp, DType, number, number, number]> = [
    ["add", "f32", 2 ** 24, 1, 2 ** 24],
    ["add", "f64", 2 ** 24, 1, 2 ** 24 + 1],
    ["add", "i32", most, 1, least],
    ["add", "u32", mostUnsigned, 2, 1],
    ["sub", "u32", 0, 1, mostUnsigned],
    ["mul", "f32", 1 + 2 ** -23, 1 + 2 ** -23, 1 + 2 ** -22],
    ["mul", "i32", 123456789, 987654321, Math.imul(123456789, 987654321)],
    ["mul", "u32", mostUnsigned, mostUnsigned, 1],
    ["div", "f32", 1, 3, Math.fround(1 / 3)],
    ["div", "f64", -1, 0, -Infinity],
    ["div", "i32", -7, 2, -3],
    ["div", "i32", least, -1, least],
    ["div", "i32", 5, 0, 0],
    ["div", "u32", mostUnsigned, 2, most],
    ["rem", "i32", -7, 2, -1],
    ["rem", "i32", least, -1, 0],
    ["rem", "u32", 7, 0, 0],
    ["min", "f32", 0, -0, -0],
    ["max", "f64", -0, 0, 0],
    ["min", "f64", NaN, 1, NaN],
    ["max", "f32", 1, NaN, NaN],
    ["min", "u32", mostUnsigned, 1, 1],
    ["max", "i32", -1, 1, 1],
    ["pmin", "f32", 1, NaN, 1],
    ["pmin", "f32", NaN, 1, NaN],
    ["pmin", "f32", 0, -0, 0],
    ["pmax", "f64", 1, 2, 2],
    ["pmax", "f64", -0, 0, -0],
    ["and", "bool", 1, 0, 0],
    ["and", "u32", mostUnsigned, 0x80000000, 0x80000000],
    ["or", "i32", 1, 6, 7],
    ["xor", "bool", 1, 1, 0],
    ["xor", "i32", -1, 1, -2],
    ["shl", "i32", 1, 31, least],
    ["shl", "u32", 3, 33, 6],
    ["shr", "i32", -8, 1, -4],
    ["shr", "u32", 0x80000000, 31, 1]
  ]
  for (const [op, dtype, a, b, expected] of table) {
    it(`${op} ${dtype} of ${a} and ${b}`, () => {
      const value = binary(op, dtype)(a, b)
      assert.isTrue(Object.is(value, expected), String(value))
    })
  }
})

describe("comparisons", () => {
  it("are false for NaN, but for ne; the zeros are equal", () => {
    for (const op of ["eq", "lt", "le", "gt", "ge"] as const) {
      assert.isFalse(compare[op](NaN, NaN))
      assert.isFalse(compare[op](1, NaN))
    }
    assert.isTrue(compare.ne(NaN, NaN))
    assert.isTrue(compare.eq(0, -0))
    assert.isTrue(compare.le(1, 1) && compare.ge(1, 1) && compare.lt(1, 2) && compare.gt(2, 1))
  })
})

describe("casts", () => {
  const table: ReadonlyArray<readonly [DType, DType, number, number]> = [
    ["f32", "i32", -1.9, -1],
    ["f32", "i32", 3e9, most],
    ["f64", "i32", -Infinity, least],
    ["f64", "i32", NaN, 0],
    ["f64", "i32", -0.5, 0],
    ["f32", "u32", -5, 0],
    ["f64", "u32", 1e20, mostUnsigned],
    ["f64", "f32", 0.1, Math.fround(0.1)],
    ["f32", "f64", Math.fround(0.1), Math.fround(0.1)],
    ["i32", "f32", most, 2 ** 31],
    ["u32", "f32", mostUnsigned, 2 ** 32],
    ["u32", "f64", mostUnsigned, mostUnsigned],
    ["i32", "u32", -1, mostUnsigned],
    ["u32", "i32", mostUnsigned, -1],
    ["bool", "f32", 1, 1],
    ["bool", "i32", 0, 0],
    ["f32", "bool", NaN, 1],
    ["f32", "bool", -0, 0],
    ["i32", "bool", 2, 1]
  ]
  for (const [from, to, a, expected] of table) {
    it(`${from} to ${to} of ${a}`, () => {
      const value = cast(from, to)(a)
      assert.isTrue(Object.is(value, expected), String(value))
    })
  }
})

describe("combine", () => {
  it("folds halves: ((l0+l4)+(l2+l6)) + ((l1+l5)+(l3+l7)) in f32, (l0+l2)+(l1+l3) in f64", () => {
    const f = Math.fround
    const lanes = [1e8, 1, -1e8, 2, 3, 1e-3, 4, 5].map(f)
    const [a = 0, b = 0, c = 0, d = 0, e = 0, g = 0, h = 0, i = 0] = lanes
    const expected = f(f(f(a + e) + f(c + h)) + f(f(b + g) + f(d + i)))
    assert.strictEqual(combine("add", "f32", lanes), expected)
    assert.notStrictEqual(
      expected,
      lanes.reduce((sum, lane) => f(sum + lane), 0)
    )
    assert.strictEqual(combine("add", "f64", [1e16, 1, -1e16, 2]), 3)
    assert.strictEqual(combine("max", "i32", [1, 2, 3, 4, -5, 9, 7, 0]), 9)
    assert.isNaN(combine("min", "f64", [1, NaN, 2, 3]))
    assert.strictEqual(combine("and", "bool", [1, 1, 1, 1, 1, 0, 1, 1]), 0)
    assert.strictEqual(combine("or", "bool", [0, 0, 0, 1]), 1)
    assert.strictEqual(combine("mul", "u32", [2, 2, 2, 2, 2, 2, 2, 2 ** 30]), 0)
  })
})
