import { setFlagsFromString } from "node:v8"
import { assert, describe, it } from "@effect/vitest"
import { type Buffer, Builder, Mathematics } from "@cotangent/kernel"
import { javaScript, planOf, readBuffer, type Target, wasm, writeBuffer } from "./targets.test.support.ts"

// Optimised code at the first opportunity, and halves of vectors paired, in this process of the test runner only.
setFlagsFromString("--experimental-wasm-revectorize")
setFlagsFromString("--wasm-sync-tier-up")
setFlagsFromString("--wasm-tiering-budget=1")

const targets: ReadonlyArray<readonly [string, Target]> = [
  ["narrow WebAssembly", wasm({ salt: "functions narrow" })],
  ["wide WebAssembly", wasm({ wide: true, salt: "functions wide" })],
  ["JavaScript", javaScript]
]

/** The ends of the ranges of both dtypes, the values where functions turn, and some of every size. */
const special: ReadonlyArray<number> = [
  0,
  1,
  0.5,
  2,
  2.5,
  3,
  7,
  Math.PI,
  Math.PI / 2,
  88.722_84,
  103.972_08,
  128,
  149,
  709.782_712_893_384,
  745.133_219_101_941_1,
  1024,
  1074,
  102_942,
  102_944,
  843_314_854,
  843_314_857,
  1e10,
  1e22,
  1e300,
  2 ** -149,
  2 ** -126,
  2 ** -127,
  5e-324,
  2 ** -1022,
  2 ** -1023,
  3.402_823_466_385_288_6e38,
  Number.MAX_VALUE,
  2 ** 24 + 1,
  2 ** 53,
  Infinity
]
const signed: ReadonlyArray<number> = [...special, ...special.map((x) => -x), NaN]

const sizes = Array.from({ length: 219 }, (_, k) => {
  const size = (1 + ((k * 0.618_033_988_749_894_9) % 1)) * 2 ** ((k % 55) - 27)
  return k % 2 === 0 ? size : -size
})
const operands: ReadonlyArray<number> = [...signed, ...sizes]
const others = operands.map((_, k) => operands[(k * 89 + 31) % operands.length] ?? NaN)

type Definition = Mathematics.UnaryDefinition | Mathematics.BinaryDefinition

/** Compares every target with the host, in full vectors, in short ones and in scalars. */
const compare = (name: Mathematics.UnaryFunction | "pow", definition: Definition, dtype: Mathematics.Float): void => {
  const length = Math.floor(operands.length / 24) * 24
  const buffer = (id: number): Buffer => ({ id, name: `b${id}`, dtype, length })
  const plan = planOf([buffer(0), buffer(1), buffer(2)])
  const image = new ArrayBuffer(plan.pages * 65_536)
  writeBuffer(image, plan, buffer(0), operands.slice(0, length))
  writeBuffer(image, plan, buffer(1), others.slice(0, length))
  const f = Mathematics.scalar(name, dtype)
  const expected = Array.from({ length }, (_, k) => f(operands[k] ?? NaN, others[k] ?? NaN))
  for (const lanes of [dtype === "f32" ? 8 : 4, 3, 1]) {
    const kernel = Builder.kernel(name, (b) =>
      b.loop(length, lanes, (loop) => {
        const at = Builder.at(0, [[loop, 1]])
        b.store(buffer(2), at, definition(b, b.load(buffer(0), at, lanes), b.load(buffer(1), at, lanes)))
      })
    )
    for (const [target, run] of targets) {
      readBuffer(run([kernel], plan, image, 3), plan, buffer(2)).forEach((value, k) =>
        assert.isTrue(
          Object.is(value, expected[k]),
          `${name}(${operands[k]}, ${others[k]}) in ${lanes} lanes of ${dtype}: ${value} in ${target}, ${expected[k]} on the host`
        )
      )
    }
  }
}

describe("the scalar functions give the bits of the host in every target, special values included", () => {
  for (const dtype of ["f32", "f64"] as const) {
    for (const [name, definition] of Object.entries(Mathematics.unaryFunctions)) {
      // The keys of the table of unary functions.
      it(`${name} in ${dtype}`, () => compare(name as Mathematics.UnaryFunction, definition, dtype))
    }
    it(`pow in ${dtype}`, () => compare("pow", Mathematics.pow, dtype))
  }
})
