import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import * as T from "./index.ts"

const close = (x: AnyTensor, expected: ReadonlyArray<number>) => {
  const actual = Array.from(T.evaluate(x).data)
  assert.strictEqual(actual.length, expected.length)
  expected.forEach((value, i) => assert.closeTo(actual[i] ?? NaN, value, 1e-12, `element ${i}`))
}
const line = T.reshape(T.constant([1, 2, 4], "f64"), [1, 3, 1])

describe("interpolate", () => {
  it("gives the numbers of torch.nn.functional.interpolate", () => {
    close(T.interpolate(line, { size: 5, mode: "linear" }), [1, 1.4, 2, 3.2, 4])
    close(T.interpolate(line, { size: 5, mode: "linear", alignCorners: true }), [1, 1.5, 2, 3, 4])
    close(pipe(line, T.interpolate({ scale: 2 })), [1, 1, 2, 2, 4, 4])
    close(T.interpolate(line, { size: 5 }), [1, 1, 2, 2, 4])
    close(T.interpolate(line, { size: 2, mode: "nearestExact" }), [1, 4])
    close(T.interpolate(line, { size: 2, mode: "area" }), [1.5, 3])
    close(T.interpolate(line, { size: 5, mode: "cubic" }), [0.904, 1.244, 2, 3.296, 4.192])
  })

  it("counts every element when it shrinks with antialias", () => {
    const squares = T.reshape(T.square(T.iota(6, "f64")), [1, 1, 6, 1])
    close(T.interpolate(squares, { size: [1, 3], mode: "linear", antialias: true }), [1, 7, 18.857142857142854])
  })

  it("keeps a tensor whose size it keeps", () => {
    for (const mode of ["nearest", "nearestExact", "linear", "cubic", "area"] as const)
      close(T.interpolate(line, { size: 3, mode }), [1, 2, 4])
    close(T.interpolate(line, { size: 1, mode: "linear", alignCorners: true }), [1])
  })

  it("refuses to guess", () => {
    const throws = (f: () => unknown, sentence: string) => assert.throws(f, ShapeError, sentence)
    throws(() => T.interpolate(line, {}), "interpolate: give either a size or a scale")
    throws(() => T.interpolate(line, { size: 2, scale: 2 }), "interpolate: give either a size or a scale")
    throws(() => T.interpolate(line, { scale: 0.1 }), "interpolate: scale 0.1 leaves nothing of 3 elements")
    throws(() => T.interpolate(line, { scale: [1, 2] }), "interpolate: scale [1, 2] for 1 spatial axes")
    throws(() => T.interpolate(T.ones([1, 0, 1]), { size: 2 }), "interpolate: [1, 0, 1] has an empty axis")
  })
})
