import { assert, describe, it } from "@effect/vitest"
import { at, kernel } from "../builder.ts"
import { run } from "../interpreter.ts"
import type { Buffer } from "../ir.ts"
import { validate } from "../validator.ts"
import { type Float, remainder } from "./index.ts"
import { randoms, round } from "./samples.test.support.ts"

/** The remainders of pairs, computed by a vector kernel in the interpreter. */
const remainders = (pairs: ReadonlyArray<readonly [number, number]>, dtype: Float): ReadonlyArray<number> => {
  const lanes = dtype === "f32" ? 8 : 4
  const length = Math.ceil(pairs.length / lanes) * lanes
  const buffer = (id: number): Buffer => ({ id, name: `b${id}`, dtype, length })
  const code = kernel("remainder", (b) =>
    b.loop(length, lanes, (loop) => {
      const index = at(0, [[loop, 1]])
      b.store(buffer(2), index, remainder(b, b.load(buffer(0), index, lanes), b.load(buffer(1), index, lanes)))
    })
  )
  assert.deepStrictEqual(validate(code), [])
  const memory = new ArrayBuffer(length * 24)
  const array = (start: number) =>
    dtype === "f32" ? new Float32Array(memory, start, length) : new Float64Array(memory, start, length)
  const place = (id: number): number => id * length * 8
  array(place(0)).set(pairs.map(([x]) => x))
  array(place(1)).set(pairs.map(([, y]) => y))
  run(code, new Map([0, 1, 2].map((id) => [id, place(id)])), memory)
  return [...array(place(2))].slice(0, pairs.length)
}

const check = (pairs: ReadonlyArray<readonly [number, number]>, dtype: Float): void => {
  const rounded = pairs.map(([x, y]) => [round(x, dtype), round(y, dtype)] as const)
  const values = remainders(rounded, dtype)
  rounded.forEach(([x, y], i) => assert.isTrue(Object.is(values[i], x % y), `${x} % ${y} = ${values[i]}, not ${x % y}`))
}

describe("remainder", () => {
  for (const dtype of ["f32", "f64"] as const) {
    it(`is exact in ${dtype}, however large the quotient`, () => {
      const random = randoms(21)
      const [smallest, largest] = dtype === "f32" ? [-149, 127.9] : [-1074, 1023.9]
      const any = (low: number, high: number): number =>
        (random() < 0.5 ? -1 : 1) * (1 + random()) * 2 ** Math.floor(low + (high - low) * random())
      check(
        Array.from({ length: 400 }, (_, i) =>
          i % 2 === 0 ? [any(smallest, largest - 1), any(smallest, largest - 1)] : [any(-10, 10), any(-10, 10)]
        ),
        dtype
      )
    })

    it(`is exact in ${dtype} where the quotient is rounded to a whole number`, () =>
      check(
        [
          [1, 0.1],
          [0.3, 0.1],
          [-1, 0.1],
          [7, 0.7],
          [1e10, 0.1],
          [5.1, 3],
          [-5.1, 3],
          [6, 3],
          [-6, 3],
          [3, -3]
        ],
        dtype
      ))

    it(`keeps the conventions of fmod in ${dtype}`, () => {
      const specials = [0, -0, 1, -1, 2.5, -2.5, Infinity, -Infinity, Number.NaN, 1e-40, -1e-40, 1e30, 2 ** -149]
      check(
        specials.flatMap((x) => specials.map((y) => [x, y] as const)),
        dtype
      )
    })
  }
})
