import { assert, describe, it } from "@effect/vitest"
import { at, kernel } from "../builder.ts"
import { run } from "../interpreter.ts"
import type { Buffer } from "../ir.ts"
import { validate } from "../validator.ts"
import { binaryFunctions, scalar, unaryFunctions, type Float, type UnaryFunction } from "./index.ts"

const operands = [0, -0, 1, -1, 0.3, -2.7, 40, -100, 1e-40, 3e38, Infinity, -Infinity, NaN, 7.5, -0.001, 90]

const lanesOf: Readonly<Record<Float, number>> = { f32: 8, f64: 4 }

/** Runs a function over `operands` in vectors, through the interpreter. */
const inVectors = (name: UnaryFunction | "pow", dtype: Float): { readonly values: ReadonlyArray<number> } => {
  const length = operands.length
  const buffer = (id: number, label: string): Buffer => ({ id, name: label, dtype, length })
  const [x, y, out] = [buffer(0, "x"), buffer(1, "y"), buffer(2, "out")] as const
  const code = kernel(name, (b) =>
    b.loop(length, lanesOf[dtype], (loop) => {
      const index = at(0, [[loop, 1]])
      const a = b.load(x, index, lanesOf[dtype])
      const value =
        name === "pow" ? binaryFunctions.pow(b, a, b.load(y, index, lanesOf[dtype])) : unaryFunctions[name](b, a)
      b.store(out, index, value)
    })
  )
  assert.deepStrictEqual(validate(code), [])
  const bytes = length * 8
  const memory = new ArrayBuffer(3 * bytes)
  const array = (start: number) =>
    dtype === "f32" ? new Float32Array(memory, start, length) : new Float64Array(memory, start, length)
  array(0).set(operands)
  array(bytes).set(operands.toReversed())
  run(
    code,
    new Map([
      [0, 0],
      [1, bytes],
      [2, 2 * bytes]
    ]),
    memory
  )
  return { values: [...array(2 * bytes)] }
}

describe("scalar", () => {
  for (const dtype of ["f32", "f64"] as const) {
    for (const name of [...(Object.keys(unaryFunctions) as ReadonlyArray<UnaryFunction>), "pow"] as const) {
      it(`${name} in ${dtype} gives the bits of the vector kernel`, () => {
        const f = scalar(name, dtype)
        inVectors(name, dtype).values.forEach((value, k) => {
          const expected = f(operands[k] ?? NaN, operands.at(-1 - k) ?? NaN)
          assert.isTrue(Object.is(value, expected), `${name} of operand ${k}: ${value} and ${expected}`)
        })
      })
    }
  }

  it("is compiled once per name and dtype", () => {
    assert.strictEqual(scalar("exp", "f32"), scalar("exp", "f32"))
    assert.notStrictEqual(scalar("exp", "f32"), scalar("exp", "f64"))
  })

  it("rounds its operands to the dtype", () => {
    assert.strictEqual(scalar("exp", "f32")(0.1), scalar("exp", "f32")(Math.fround(0.1)))
    assert.notStrictEqual(scalar("exp", "f32")(0.1), scalar("exp", "f64")(0.1))
  })

  it("refuses operands that are not floats, in a sentence", () => {
    assert.throws(
      () => kernel("wrong", (b) => void unaryFunctions.exp(b, b.constant(1, { dtype: "i32", lanes: 1 }))),
      /defined for f32 and f64, not for i32/
    )
  })
})
