import { assert, describe, it } from "@effect/vitest"
import {
  type AnyTensor,
  applySample,
  Graph,
  operations as ops,
  type PrimitiveName,
  primitiveNames,
  primitives,
  type Sample,
  sizeOf,
  T,
  type Value,
  Values
} from "@cotangent/graph"
import { makeEngine } from "../engine.ts"
import { feeding, type Spot } from "./feeding.ts"
import { indexOf, makeEvaluate, makeFrame } from "./frame.ts"

const evaluate = makeEvaluate(makeEngine({ target: "js", mode: "narrow" }))

/** For each element of the last node of a function the operands' NaN elements that have a part in it, as `operand:element`. */
const nansOf = (
  f: (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>,
  inputs: ReadonlyArray<Value>,
  primitive: PrimitiveName
) => {
  const tensors = inputs.map(({ shape, dtype }, i) => ops.parameter(`p${i}`, shape, dtype))
  const graph = Graph.make(
    tensors.map((tensor, i) => ({ name: `p${i}`, tensor })),
    f(...tensors)
  )
  const at = graph.nodes.findLastIndex((node) => node.primitive === primitive)
  const node = graph.nodes[at] ?? assert.fail(`there is no ${primitive}`)
  const frame = makeFrame(evaluate, graph, inputs)
  const { data } = frame.valueOf({ node: at, output: 0 })
  const operands = node.inputs.map(frame.valueOf)
  return Array.from(data, (x, element) => {
    const fed = feeding({ node, output: 0, element, operands }, Number.isNaN)
    // What is NaN was computed from a NaN, and what is none was not.
    assert.strictEqual(fed.length > 0, Number.isNaN(x), `element ${element} of ${primitive}`)
    return fed.map(({ operand, element: e }) => `${operand}:${e}`).join(" ")
  })
}

const matrix = (nested: Values.Nested): Value => Values.fromNested(nested)
const x = matrix([
  [1, NaN, 3],
  [4, 5, NaN]
])

/** The NaN elements of what a primitive makes of values. */
const spotsOf = (name: PrimitiveName, sample: Sample<unknown>, operands: ReadonlyArray<Value>): ReadonlyArray<Spot> => {
  const tensors = operands.map(({ shape, dtype }, i) => ops.parameter(`p${i}`, shape, dtype))
  const graph = Graph.make(
    tensors.map((tensor, i) => ({ name: `p${i}`, tensor })),
    applySample(name, tensors, sample)
  )
  const node = graph.nodes[operands.length]
  if (node === undefined) return []
  const frame = makeFrame(evaluate, graph, operands)
  return node.outputs.flatMap((_, output) =>
    Array.from(frame.valueOf({ node: operands.length, output }).data).flatMap((x, element) =>
      Number.isNaN(x) ? [{ node, output, element, operands }] : []
    )
  )
}

describe("feeding", () => {
  it("elementwise: the same element of each operand", () => {
    const y = matrix([
      [NaN, NaN, 3],
      [4, 5, 6]
    ])
    assert.deepStrictEqual(
      nansOf((a, b) => [ops.add(a!, b!)], [x, y], "add"),
      ["1:0", "0:1 1:1", "", "", "", "0:5"]
    )
  })

  it("select: the operand that was chosen", () => {
    const f = (a: AnyTensor | undefined) => [ops.select(ops.lt(ops.iota([2, 3], 1, "f32"), 2), a!, 0)]
    assert.deepStrictEqual(nansOf(f, [x], "select"), ["", "1:1", "", "", "", ""])
  })

  it("views: the element that is shown", () => {
    assert.deepStrictEqual(
      nansOf((a) => [ops.transpose(a!, [1, 0])], [x], "transpose"),
      ["", "", "0:1", "", "", "0:5"]
    )
    assert.deepStrictEqual(
      nansOf((a) => [ops.reshape(a!, [3, 2])], [x], "reshape"),
      ["", "0:1", "", "", "", "0:5"]
    )
    assert.deepStrictEqual(
      nansOf((a) => [ops.slice(a!, { start: [0, 1], limit: [2, 3], step: [1, 1] })], [x], "slice"),
      ["0:1", "", "", "0:5"]
    )
    assert.deepStrictEqual(
      nansOf((a) => [ops.broadcast(a!, [2, 3])], [Values.fromNested([1, NaN, 2])], "broadcast"),
      ["", "0:1", "", "", "0:1", ""]
    )
  })

  it("reductions: those in the row or column", () => {
    assert.deepStrictEqual(
      nansOf((a) => [ops.reduceSum(a!, [1])], [x], "reduceSum"),
      ["0:1", "0:5"]
    )
    assert.deepStrictEqual(
      nansOf((a) => [ops.reduceMax(a!, [0])], [x], "reduceMax"),
      ["", "0:1", "0:5"]
    )
    assert.deepStrictEqual(
      nansOf((a) => [ops.reduceSum(a!, [0, 1])], [x], "reduceSum"),
      ["0:1 0:5"]
    )
  })

  it("products: the row of the left, the column of the right", () => {
    const w = matrix([
      [1, 2],
      [3, NaN],
      [5, 6]
    ])
    const finite = matrix([
      [1, 2],
      [3, 4],
      [5, 6]
    ])
    const product = (a: AnyTensor | undefined, b: AnyTensor | undefined) => [T.matmul(a as never, b as never)]
    assert.deepStrictEqual(nansOf(product, [x, finite], "dot"), ["0:1", "0:1", "0:5", "0:5"])
    assert.deepStrictEqual(
      nansOf(
        product,
        [
          matrix([
            [1, 2, 3],
            [4, 5, 6]
          ]),
          w
        ],
        "dot"
      ),
      ["", "1:3", "", "1:3"]
    )
    const batched = (a: AnyTensor | undefined, b: AnyTensor | undefined) => [
      ops.dot(a!, b!, { batch: [[0], [1]], contract: [[1], [0]] })
    ]
    assert.deepStrictEqual(
      nansOf(
        batched,
        [
          x,
          matrix([
            [1, 2],
            [3, 4],
            [5, NaN]
          ])
        ],
        "dot"
      ),
      ["0:1", "0:5 1:5"]
    )
  })

  it("other forms: by trial", () => {
    const rows = { shape: [3], dtype: "i32" as const, data: Int32Array.of(1, 0, 1) }
    assert.deepStrictEqual(
      nansOf((a, i) => [ops.gather(a!, i!, 0)], [x, rows], "gather"),
      ["", "", "0:5", "", "0:1", "", "", "", "0:5"]
    )
    const padding = { low: [0, 1], high: [0, 0], interior: [0, 0] }
    assert.deepStrictEqual(
      nansOf((a) => [ops.pad(a!, padding)], [x], "pad"),
      ["", "", "0:1", "", "", "", "", "0:5"]
    )
    assert.deepStrictEqual(
      nansOf((a, b) => [ops.concat([a!, b!], 0)], [x, matrix([[NaN, 1, 2]])], "concat"),
      ["", "0:1", "", "", "", "0:5", "1:0", "", ""]
    )
    const twice = (base: AnyTensor | undefined, u: AnyTensor | undefined) => [
      ops.scatterAdd(base!, ops.constant(rows), u!, 0)
    ]
    const updates = matrix([
      [1, 2, 3],
      [4, NaN, 6],
      [NaN, 8, 9]
    ])
    assert.deepStrictEqual(nansOf(twice, [x, updates], "scatterAdd"), ["", "0:1 2:4", "", "2:6", "", "0:5"])
  })
})

describe("every primitive", () => {
  for (const name of primitiveNames)
    it(`${name}: a NaN is traced to the element that held it`, () => {
      let found = 0
      for (const sample of primitives[name].samples) {
        if (sample.bodies !== undefined || sample.operands.length === 0) continue
        const inputs = sample.operands.map((operand, i): Value => {
          if (Values.isValue(operand)) return operand
          const { shape, low, high } = operand
          const size = sizeOf(shape)
          const data = Float32Array.from(
            { length: size },
            (_, k) => low + ((high - low) * ((k * 7 + i * 3 + 1) % 11)) / 11
          )
          return { shape, dtype: "f32", data }
        })
        for (const [operand, { data, dtype, shape }] of inputs.entries()) {
          if (dtype !== "f32") continue
          for (let element = 0; element < Math.min(data.length, 12); element++) {
            const bad = Float32Array.from(data)
            bad[element] = Number.NaN
            const given = inputs.map((value, i): Value => (i === operand ? { shape, dtype, data: bad } : value))
            for (const spot of spotsOf(name, sample, given)) {
              found++
              assert.deepStrictEqual(feeding(spot, Number.isNaN), [{ operand, element }])
            }
          }
        }
      }
      if (name === "add") assert.isAbove(found, 10)
    })
})

describe("indices", () => {
  it("count in row-major order", () => {
    assert.deepStrictEqual(
      [0, 1, 4, 12, 23].map((n) => indexOf([2, 3, 4], n)),
      [
        [0, 0, 0],
        [0, 0, 1],
        [0, 1, 0],
        [1, 0, 0],
        [1, 2, 3]
      ]
    )
    assert.deepStrictEqual(indexOf([], 0), [])
  })
})
