import { assert, describe, it } from "@effect/vitest"
import { type Kernel, Validator } from "@cotangent/kernel"
import { countOf } from "./exhaustive.test.support.ts"
import {
  differenceOf,
  evaluateNodeByNode,
  graphOf,
  randomNumbers,
  randomSource,
  runPlanned
} from "./planned.test.support.ts"
import { canonical, plan } from "./program.ts"
import { randomProgram, type RandomOptions } from "./randomGraph.test.support.ts"
import { targets } from "./target/targets.test.support.ts"

const tiles = [
  { rows: 4, vectors: 1 },
  { rows: 4, vectors: 2 },
  { rows: 6, vectors: 2 }
] as const

const families: Readonly<Record<string, RandomOptions>> = {
  "f32, small shapes": { nodes: 14, sizes: [1, 2, 3, 5, 8, 9], dtypes: ["f32", "i32", "bool"] },
  "f64, small shapes": { nodes: 14, sizes: [1, 2, 3, 4, 5], dtypes: ["f64", "bool"] },
  "all types": { nodes: 16, sizes: [1, 2, 3, 4, 9], dtypes: ["f32", "f64", "i32", "u32", "bool"] },
  "integers and booleans": { nodes: 14, sizes: [1, 2, 5, 8], dtypes: ["i32", "u32", "bool"] },
  "long rows": { nodes: 10, sizes: [2, 33, 67, 131], dtypes: ["f32", "f64"] },
  "empty and single": { nodes: 14, sizes: [0, 1, 1, 3], dtypes: ["f32", "f64", "i32", "u32", "bool"] }
}

const validateAll = (kernels: ReadonlyArray<Kernel>): ReadonlyArray<string> => kernels.flatMap(Validator.validate)

describe("random programs", () => {
  for (const [name, options] of Object.entries(families)) {
    it(`${name}: valid kernels, and the bits of every node computed alone`, () => {
      for (let seed = 0; seed < countOf(40, 600); seed++) {
        const { parameters, body } = randomProgram(seed, options)
        const graph = canonical(graphOf(parameters, body))
        const below = randomSource(seed)
        const inputs = parameters.map((aval) => randomNumbers(aval, below, seed % 3 === 0))
        const planned = plan(graph, { tile: tiles[seed % tiles.length] ?? tiles[0] })
        assert.deepStrictEqual(validateAll(planned.kernels), [], `${name}, seed ${seed}`)
        const expected = evaluateNodeByNode(graph, inputs)
        const names = seed % 4 === 0 ? targets : targets.slice(0, 1)
        for (const [target, run] of names) {
          const found = differenceOf(expected, runPlanned(planned, inputs, { target: run }))
          assert.strictEqual(found, undefined, `${name}, seed ${seed}, ${target}`)
        }
      }
    })
  }
})
