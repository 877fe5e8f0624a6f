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

const relu = (x: AnyTensor): AnyTensor => ops.select(ops.le(x, 0), 0, x)
const masked = (x: AnyTensor, g: AnyTensor): AnyTensor => ops.select(ops.le(x, 0), 0, g)
const types = [
  { shape: [40], dtype: "f32" },
  { shape: [40], dtype: "f32" }
] as const

const graph = (f: (x: AnyTensor, g: AnyTensor) => ReadonlyArray<AnyTensor>): Graph.Graph =>
  graphOf(types, (...t) => f(t[0] ?? assert.fail(), t[1] ?? assert.fail()))

/** What each comparison compares: the primitive its left side comes from. */
const compared = ({ nodes }: Graph.Graph): ReadonlyArray<string> =>
  nodes.flatMap(({ primitive, inputs }) =>
    primitive === "le" ? [nodes[inputs[0]?.node ?? -1]?.primitive ?? "nothing"] : []
  )

describe("the mask of a relu", () => {
  it("is read off its result, with the same bits for all inputs", () => {
    const program = graph((x, g) => {
      const z = ops.add(x, g)
      return [relu(z), masked(z, g)]
    })
    assert.deepStrictEqual(compared(canonical(program)), ["add", "select"])
    for (let seed = 0; seed < 8; seed++) {
      const below = randomSource(seed)
      const inputs = types.map((aval) => randomNumbers(aval, below, true))
      // Node by node no comparison knows of a relu.
      const expected = evaluateNodeByNode(program, inputs)
      assert.strictEqual(differenceOf(expected, runPlanned(plan(program), inputs)), undefined)
    }
  })

  it("is left alone where there is no relu, or another comparison", () => {
    const alone = graph((x, g) => [masked(ops.neg(x), g)])
    assert.deepStrictEqual(compared(canonical(alone)), ["neg"])
    const other = graph((x, g) => {
      const z = ops.neg(x)
      return [
        ops.select(ops.le(z, 1), 0, z),
        ops.select(ops.le(z, 1), 0, g),
        ops.select(ops.le(z, 0), 1, z),
        masked(z, g)
      ]
    })
    assert.deepStrictEqual(compared(canonical(other)), ["neg", "neg"])
  })
})
