import { assert, describe, it } from "@effect/vitest"
import { indexRangeOf } from "./indexed.ts"
import * as T from "./ops/index.ts"
import { primitives } from "./primitives/table.ts"
import { reachable } from "./region.ts"
import type { AnyTensor } from "./tensor.ts"

/** The ranges of all indices that an expression is computed with. */
const rangesOf = (x: AnyTensor) =>
  reachable([x], () => false).flatMap((node) => {
    const range = indexRangeOf(node, node.inputs)
    return range === undefined ? [] : [[node.primitive, range.operand, range.size, range.last]]
  })

const indices = T.neg(T.iota(3))

describe("indexRangeOf", () => {
  it("tells the operand with the indices and their range, of every primitive that has some", () => {
    assert.deepStrictEqual(rangesOf(T.take(T.ones([5, 4]), indices, { axis: 1 })), [["gather", 1, 4, 3]])
    assert.deepStrictEqual(rangesOf(T.indexAdd(T.ones([5, 4]), indices, T.ones([3, 4]))), [["scatterAdd", 1, 5, 4]])
    assert.deepStrictEqual(rangesOf(T.set(T.ones([5, 4]), [indices], 0)), [["scatter", 1, 5, 4]])
  })

  it("tells them of compositions before positions are computed of them", () => {
    const matrix = T.broadcastTo(indices, [5, 3])
    assert.deepInclude(rangesOf(T.takeAlongAxis(T.ones([5, 4]), matrix)), ["clampIndex", 0, 4, 3])
    assert.deepInclude(rangesOf(T.dynamicSlice(T.ones([5]), [T.sum(indices)], [2])), ["clampIndex", 0, 5, 3])
  })

  it("is nothing for other primitives", () => {
    assert.deepStrictEqual(
      rangesOf(T.sort(T.ones([1]))).map(([name]) => name),
      ["gather"]
    )
    assert.isUndefined(indexRangeOf({ primitive: "toString", attributes: {} }, []))
  })

  it("knows the names of primitives", () => {
    for (const name of ["gather", "scatter", "scatterAdd", "clampIndex"]) assert.property(primitives, name)
  })
})
