import { assert, describe, it } from "@effect/vitest"
import { allocate, checkDomain, checkSameDType, domains, type DType, isFloat, roundTo } from "./dtype.ts"
import { DTypeError } from "./errors.ts"

const dtypes: ReadonlyArray<DType> = domains.any

describe("element types", () => {
  it("round numbers to what they hold", () => {
    const numbers = [0.1, -1.7, 2 ** 31, 2 ** 32 + 3, NaN]
    const rounded = (dtype: DType) => numbers.map(roundTo[dtype])
    assert.deepStrictEqual(rounded("f64"), numbers)
    assert.deepStrictEqual(rounded("f32"), [Math.fround(0.1), Math.fround(-1.7), 2 ** 31, 2 ** 32, NaN])
    assert.deepStrictEqual(rounded("i32"), [0, -1, -(2 ** 31), 3, 0])
    assert.deepStrictEqual(rounded("u32"), [0, 2 ** 32 - 1, 2 ** 31, 3, 0])
    assert.deepStrictEqual(rounded("bool"), [1, 1, 1, 1, 1])
  })

  it("round as the arrays that hold them do, but for booleans", () => {
    for (const dtype of dtypes.filter((d) => d !== "bool")) {
      for (const x of [0.1, -1.7, 2 ** 31, 2 ** 32 + 3, -(2 ** 31) - 1, 1e300]) {
        const array = allocate(dtype, 1)
        array[0] = x
        assert.strictEqual(array[0], roundTo[dtype](x), `${x} as ${dtype}`)
      }
    }
  })

  it("are allocated as zeros", () => {
    for (const dtype of dtypes) assert.deepStrictEqual(Array.from(allocate(dtype, 3)), [0, 0, 0])
    assert.deepStrictEqual(dtypes.filter(isFloat), ["f32", "f64"])
  })
})

describe("families", () => {
  it("refuse what does not belong to them", () => {
    checkDomain("f", "float", "f32")
    assert.throws(() => checkDomain("f", "float", "i32"), DTypeError, "f: defined for f32, f64, got i32; use T.cast")
    assert.throws(() => checkDomain("f", "bits", "f64"), "f: defined for i32, u32, bool, got f64; use T.cast")
  })

  it("are not mixed", () => {
    checkSameDType("f", "f32", "f32")
    assert.throws(() => checkSameDType("f", "f32", "f64"), DTypeError, "f: f32 with f64; cast one side with T.cast")
  })
})
