/** Products of few terms and many results, which are gone through row by row: the bits of every node on its own. */
import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, type DType, operations as ops } from "@cotangent/graph"
import {
  differenceOf,
  evaluateNodeByNode,
  graphOf,
  randomNumbers,
  randomSource,
  runPlanned
} from "./planned.test.support.ts"
import { plan } from "./program.ts"
import { targets } from "./target/targets.test.support.ts"

/** A gradient of weights and what an optimizer does with it: `w - (x^T d) w`, k terms a result. */
const update = (...[x, d, w]: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> => {
  if (x === undefined || d === undefined || w === undefined) throw new RangeError("three operands")
  const gradient = ops.dot(x, d, { batch: [[], []], contract: [[0], [0]] })
  return [ops.sub(w, ops.mul(gradient, w))]
}

describe("products of few terms", () => {
  const sizes = [
    [1, 257, 263],
    [3, 300, 260],
    [8, 256, 272],
    [16, 262, 288],
    [40, 278, 300]
  ] as const
  for (const [k, rows, columns] of sizes)
    for (const dtype of ["f32", "f64"] as const satisfies ReadonlyArray<DType>)
      it(`${k} terms, ${rows} by ${columns}, ${dtype}`, () => {
        const parameters = [
          { shape: [k, rows], dtype },
          { shape: [k, columns], dtype },
          { shape: [rows, columns], dtype }
        ]
        const graph = graphOf(parameters, update)
        const below = randomSource(k)
        const inputs = parameters.map((aval) => randomNumbers(aval, below))
        const expected = evaluateNodeByNode(graph, inputs)
        const replaces = [2]
        for (const threads of [1, 2])
          for (const tile of [
            { rows: 4, vectors: 1 },
            { rows: 4, vectors: 2 },
            { rows: 6, vectors: 2 }
          ] as const)
            for (const [target, run] of threads === 1 && tile.vectors === 1 ? targets : targets.slice(1, 2)) {
              const planned = plan(graph, { replaces, threads, tile, grain: 0 })
              const actual = runPlanned(planned, inputs, { target: run, replaces })
              assert.strictEqual(differenceOf(expected, actual), undefined, `${target}, ${threads} threads`)
            }
      })
})

describe("products of few rows with a matrix whose rows are a page apart", () => {
  for (const [dtype, columns] of [
    ["f32", 1041],
    ["f64", 533]
  ] as const)
    it(`${dtype}: panels are packed for eight rows already, and the bits are those of every node on its own`, () => {
      const multiply = (...[x, w]: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> => {
        if (x === undefined || w === undefined) throw new RangeError("two operands")
        return [ops.max(ops.dot(x, w, { batch: [[], []], contract: [[1], [0]] }), 0)]
      }
      for (const rows of [7, 8, 13]) {
        const parameters = [
          { shape: [rows, 33], dtype },
          { shape: [33, columns], dtype }
        ]
        const graph = graphOf(parameters, multiply)
        const below = randomSource(rows)
        const inputs = parameters.map((aval) => randomNumbers(aval, below))
        const expected = evaluateNodeByNode(graph, inputs)
        for (const threads of [1, 2]) {
          const planned = plan(graph, { threads, grain: 0, tile: { rows: 4, vectors: 2 } })
          const packs = planned.kernels.some(({ writes }) => writes.some(({ name }) => name === "panel"))
          assert.strictEqual(packs, rows >= 8)
          for (const [target, run] of threads === 1 ? targets : targets.slice(1, 2))
            assert.strictEqual(differenceOf(expected, runPlanned(planned, inputs, { target: run })), undefined, target)
        }
      }
    })
})
