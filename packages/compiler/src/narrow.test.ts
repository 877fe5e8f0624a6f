import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, type Graph, operations as ops } from "@cotangent/graph"
import {
  differenceOf,
  evaluateNodeByNode,
  graphOf,
  randomNumbers,
  randomSource,
  runPlanned
} from "./planned.test.support.ts"
import { canonical, plan } from "./program.ts"

type Body = (x: AnyTensor, w: AnyTensor) => ReadonlyArray<AnyTensor>

const types = [
  { shape: [2, 6, 7, 3], dtype: "f32" },
  { shape: [2, 3, 3, 4], dtype: "f32" }
] as const

const conv = (x: AnyTensor, w: AnyTensor, stride = 1, dilation = 1): AnyTensor =>
  ops.conv([x, w], { strides: [stride, stride], dilations: [dilation, dilation], groups: 1 })[0] ?? x
const around = (x: AnyTensor, low: number, high: number, value = 0): AnyTensor =>
  ops.pad(x, { low: [0, low, low, 0], high: [0, high, high, 0], interior: [0, 0, 0, 0] }, value)
const cut = (x: AnyTensor, start: ReadonlyArray<number>, limit: ReadonlyArray<number>, step = 1): AnyTensor =>
  ops.slice(x, { start, limit, step: start.map((_, d) => (d === 1 ? step : 1)) })

/** Each program, and the shapes of what its convolutions and paddings compute afterwards. */
const programs: Readonly<Record<string, { readonly body: Body; readonly left: ReadonlyArray<string> }>> = {
  "a convolution": {
    body: (x, w) => [cut(conv(x, w), [0, 1, 0, 0], [2, 4, 5, 4])],
    left: ["conv 2,3,5,4"]
  },
  "of some examples, with strides and dilation": {
    body: (x, w) => [cut(conv(x, w, 2, 2), [1, 1, 0, 0], [2, 2, 1, 4])],
    left: ["conv 1,1,1,4"]
  },
  "of a padded input: the padding is cut, then the input": {
    body: (x, w) => [cut(conv(around(x, 2, 2, 0.5), w), [0, 1, 3, 0], [2, 8, 8, 4])],
    left: ["pad 2,8,7,3", "conv 2,7,5,4"]
  },
  "a padding": {
    body: (x) => [cut(around(x, 3, 2, 7), [0, 2, 4, 1], [1, 10, 12, 3])],
    left: ["pad 1,8,8,2"]
  },
  "no padding in which nothing of the operand is left": {
    body: (x) => [cut(around(x, 3, 2, 7), [0, 0, 0, 0], [2, 3, 3, 3])],
    left: ["pad 2,11,12,3"]
  },
  "no convolution that something else reads": {
    body: (x, w) => {
      const y = conv(x, w)
      return [cut(y, [0, 1, 0, 0], [2, 4, 5, 4]), ops.reduceSum(y, [0, 1, 2])]
    },
    left: ["conv 2,5,5,4"]
  },
  "no channels, and nothing by steps": {
    body: (x, w) => [
      cut(conv(x, w), [0, 0, 0, 1], [2, 5, 5, 3]),
      cut(conv(ops.neg(x), w), [0, 0, 0, 0], [2, 5, 5, 4], 2)
    ],
    left: ["conv 2,5,5,4", "conv 2,5,5,4"]
  }
}

const computed = ({ nodes }: Graph.Graph): ReadonlyArray<string> =>
  nodes.flatMap(({ primitive, outputs }) =>
    primitive === "conv" || primitive === "pad" ? [`${primitive} ${outputs[0]?.shape.join(",")}`] : []
  )

describe("a slice is cut earlier", () => {
  for (const [name, { body, left }] of Object.entries(programs)) {
    it(name, () => {
      const graph = graphOf(types, (...t) => body(t[0] ?? assert.fail(), t[1] ?? assert.fail()))
      assert.deepStrictEqual(computed(canonical(graph)), left)
      const below = randomSource(3)
      const inputs = types.map((aval) => randomNumbers(aval, below, true))
      // Node by node nothing is cut early: a graph of one node has no slice of anything.
      const expected = evaluateNodeByNode(graph, inputs)
      assert.strictEqual(differenceOf(expected, runPlanned(plan(graph), inputs)), undefined)
    })
  }
})
