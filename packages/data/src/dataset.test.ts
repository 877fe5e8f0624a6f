import { Values } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { DataError } from "./data-error.ts"
import { classCounts, classification, type Dataset, make, mapInputs, regression, slice, take } from "./dataset.ts"

const six = classification({
  name: "six",
  inputShape: [2],
  rows: [
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
    [8, 9],
    [10, 11]
  ],
  labels: [0, 1, 0, 1, 0, 2],
  classes: ["a", "b", "c"]
})

const refusal = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    assert.instanceOf(error, DataError)
    return error.message
  }
  throw new Error("it should have been refused")
}

describe("Dataset", () => {
  it("keeps shapes and types of classification data", () => {
    const typed: Dataset<[2], [], "i32"> = six
    assert.strictEqual(typed.size, 6)
    assert.deepStrictEqual(typed.x.shape, [6, 2])
    assert.deepStrictEqual(typed.y.shape, [6])
    assert.deepStrictEqual(classCounts(typed), [3, 2, 1])
    // @ts-expect-error: the inputs have two numbers, not three
    const wrong: Dataset<[3], [], "i32"> = six
    assert.isDefined(wrong)
  })

  it("keeps shapes and types of regression data, nested or flat", () => {
    const nested = regression({
      inputShape: [2],
      rows: [
        [1, 2],
        [3, 4]
      ],
      targets: [
        [5, 6, 7],
        [8, 9, 10]
      ],
      targetShape: [3]
    })
    const flat = regression({
      inputShape: [2],
      rows: Float32Array.of(1, 2, 3, 4),
      targets: Float32Array.of(5, 6, 7, 8, 9, 10),
      targetShape: [3]
    })
    const typed: Dataset<[2], [3], "f32"> = nested
    assert.deepStrictEqual(typed, flat)
    const scalar: Dataset<[2], [], "f32"> = regression({
      inputShape: [2],
      rows: [
        [1, 2],
        [3, 4]
      ],
      targets: [5, 6]
    })
    assert.deepStrictEqual(scalar.y.data, Float32Array.of(5, 6))
  })

  it("does not alias the arrays it was made from", () => {
    const rows = Float32Array.of(1, 2)
    const data = classification({ inputShape: [2], rows, labels: [0], classes: 1 })
    rows[0] = 9
    assert.strictEqual(data.x.data[0], 1)
  })

  it("takes values as they are", () => {
    const x = Values.of(Float64Array.of(1, 2, 3, 4, 5, 6), [3, 2, 1], "f64")
    const made: Dataset<[2, 1], [], "u32", "f64"> = make({ x, y: Values.of(Uint32Array.of(7, 8, 9), [3], "u32") })
    assert.strictEqual(made.x.data, x.data)
    assert.deepStrictEqual(made.inputShape, [2, 1])
  })

  it("refuses what does not fit, with a sentence", () => {
    const x = Values.of(Float32Array.of(1, 2), [2], "f32")
    assert.include(
      refusal(() => make({ x, y: Values.of(Int32Array.of(1), [1], "i32") })),
      "x has shape [2] and y has shape [1]"
    )
    assert.include(
      refusal(() => make({ x: Values.of(Float32Array.of(1), [], "f32"), y: x })),
      "x has shape []"
    )
    const base = { inputShape: [2], labels: [0, 1], classes: 2 } as const
    assert.include(
      refusal(() => classification({ ...base, rows: [[1, 2, 3], [4]] })),
      "ragged"
    )
    assert.include(
      refusal(() =>
        classification({
          ...base,
          rows: [
            [1, 2, 3],
            [4, 5, 6]
          ]
        })
      ),
      "shape [2, 3]; [2, 2] is needed"
    )
    assert.include(
      refusal(() => classification({ ...base, rows: [[1, 2]] })),
      "shape [1, 2]; [2, 2] is needed"
    )
    assert.include(
      refusal(() => classification({ ...base, rows: [[1], [2], [3], [4]] })),
      "shape [4, 1]; [2, 2] is needed"
    )
    assert.include(
      refusal(() => classification({ ...base, rows: [1, 2, 3, NaN] })),
      "input 1 of row 1 is NaN"
    )
    assert.include(
      refusal(() => classification({ ...base, rows: [1, 2, 3, 1e39] })),
      "input 1 of row 1 is Infinity"
    )
    assert.include(
      refusal(() => classification({ ...base, rows: [1, 2, 3, 4], labels: [0, 2] })),
      "label 1 is 2; the 2 classes are whole numbers from 0 to 1"
    )
    assert.include(
      refusal(() => classification({ ...base, rows: [1, 2, 3, 4], labels: [0.5, 0] })),
      "label 0 is 0.5"
    )
    assert.include(
      refusal(() => regression({ inputShape: [2], rows: [1, 2, 3, 4], targets: [1, Infinity] })),
      "target 0 of row 1 is Infinity"
    )
    assert.include(
      refusal(() => regression({ inputShape: [1], rows: [1, 2], targets: [1, 2, 3], targetShape: [2] })),
      "[1, 2] is needed, or 2 numbers"
    )
    assert.include(
      refusal(() => take(six, [0, 6])),
      "index 6 (at place 1) is not a row; there are 6 rows"
    )
    assert.include(
      refusal(() => take(six, [1.5])),
      "index 1.5"
    )
  })

  it("slices without copying and clips the ends", () => {
    const middle = slice(six, 2, 4)
    assert.deepStrictEqual(Array.from(middle.x.data), [4, 5, 6, 7])
    assert.strictEqual(middle.x.data.buffer, six.x.data.buffer)
    assert.deepStrictEqual(middle.x.shape, [2, 2])
    assert.strictEqual(slice(six, 4, 99).size, 2)
    assert.strictEqual(slice(six, 4, 2).size, 0)
    assert.strictEqual(middle.classNames, six.classNames)
  })

  it("takes rows in any order, also twice", () => {
    const taken = take(six, [5, 0, 0])
    assert.deepStrictEqual(Array.from(taken.x.data), [10, 11, 0, 1, 0, 1])
    assert.deepStrictEqual(Array.from(taken.y.data), [2, 0, 0])
    assert.notStrictEqual(taken.x.data.buffer, six.x.data.buffer)
  })

  it("maps the inputs and leaves the original alone", () => {
    assert.deepStrictEqual(Array.from(mapInputs(six, (v) => v / 2).x.data.subarray(0, 4)), [0, 0.5, 1, 1.5])
    assert.strictEqual(six.x.data[1], 1)
  })
})
