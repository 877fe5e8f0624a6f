/** Kernels shared by threads: the same bits in any order of shares, and which kernels can be shared. */
import { assert, describe, it } from "@effect/vitest"
import { type Kernel, Validator } from "@cotangent/kernel"
import { type AnyTensor, operations as ops } from "@cotangent/graph"
import { countOf } from "./exhaustive.test.support.ts"
import { differenceOf, graphOf, planOf32, randomNumbers, randomSource, runPlanned } from "./planned.test.support.ts"
import { isDivided, plan, type Planned } from "./program.ts"
import { randomProgram, type RandomOptions } from "./randomGraph.test.support.ts"
import { interpreter, targets } from "./target/targets.test.support.ts"

const tiles = [
  { rows: 4, vectors: 1 },
  { rows: 4, vectors: 2 },
  { rows: 6, vectors: 2 }
] as const

const families: ReadonlyArray<RandomOptions> = [
  { nodes: 14, sizes: [1, 2, 3, 5, 8, 9], dtypes: ["f32", "i32", "bool"] },
  { nodes: 12, sizes: [4, 9, 16, 33], dtypes: ["f32", "f64"] },
  { nodes: 10, sizes: [2, 33, 67, 131], dtypes: ["f32"] }
]

const problems = ({ kernels }: Planned): ReadonlyArray<string> => kernels.flatMap(Validator.validate)

const shared = ({ kernels }: Planned): ReadonlyArray<Kernel> => kernels.filter((k) => k.threads !== undefined)

describe("programs of several threads", () => {
  it("give the bits of one thread, whichever share comes first", () => {
    let divided = 0
    for (const [family, options] of families.entries())
      for (let seed = 0; seed < countOf(25, 1000); seed++) {
        const { parameters, body } = randomProgram(seed, options)
        const graph = graphOf(parameters, body)
        const below = randomSource(seed)
        const inputs = parameters.map((aval) => randomNumbers(aval, below, seed % 3 === 0))
        // Results over parameters of the same type are what state is: written in place.
        const taken = new Set<number>()
        const replaces = graph.results.map((reference) => {
          const aval = graph.nodes[reference.node]?.outputs[reference.output]
          const at = parameters.findIndex(
            (p, i) => !taken.has(i) && p.dtype === aval?.dtype && String(p.shape) === String(aval.shape)
          )
          if (at < 0) return undefined
          taken.add(at)
          return at
        })
        const expected = runPlanned(plan(graph, { replaces }), inputs, { replaces })
        for (const threads of [2, 3, 7]) {
          const planned = plan(graph, { replaces, threads, grain: 0, tile: tiles[seed % tiles.length] ?? tiles[0] })
          divided += shared(planned).length
          const name = `family ${family}, seed ${seed}, ${threads} threads`
          assert.deepStrictEqual(problems(planned), [], name)
          for (const [target, run] of threads === 2 ? targets : [["interpreter", interpreter] as const]) {
            const actual = runPlanned(planned, inputs, { target: run, replaces })
            assert.strictEqual(differenceOf(expected, actual), undefined, `${name}, ${target}`)
          }
        }
      }
    assert.isAbove(divided, 300)
  })
})

const dot = (...[x, w]: ReadonlyArray<AnyTensor>): AnyTensor => {
  if (x === undefined || w === undefined) throw new RangeError("dot: two operands")
  return ops.dot(x, w, { batch: [[], []], contract: [[1], [0]] })
}

describe("what is shared", () => {
  it("is a product with everything around it, each thread with a panel of its own", () => {
    const planned = planOf32(
      [
        [64, 40],
        [40, 64]
      ],
      (...x) => [ops.mul(dot(...x), 2)],
      { threads: 2, grain: 0 }
    )
    assert.deepStrictEqual(
      shared(planned).map(({ name }) => name.replace(/^k\d+_/, "")),
      ["dot_mul"]
    )
    const [product] = shared(planned)
    const single = planOf32(
      [
        [64, 40],
        [40, 64]
      ],
      (...x) => [ops.mul(dot(...x), 2)]
    )
    const panel = (kernels: ReadonlyArray<Kernel>): number =>
      kernels.flatMap(({ writes }) => writes).find(({ name }) => name === "panel")?.length ?? 0
    assert.strictEqual(panel(product === undefined ? [] : [product]), 2 * panel(single.kernels))
  })

  it("is a sum over everything, chunk by chunk, with what is computed beside it", () => {
    const step = (threads: number) =>
      planOf32(
        [
          [300, 200],
          [300, 200]
        ],
        (...[m, g]) =>
          m === undefined || g === undefined ? [] : [ops.add(m, g), ops.reduceSum(ops.mul(g, g), [0, 1])],
        { threads, replaces: [0], grain: 0 }
      )
    const [one, two] = [step(1), step(2)]
    assert.deepStrictEqual(
      two.kernels.map(({ threads }) => threads !== undefined),
      [true, false]
    )
    const inputs = [1, 2].map((seed) => randomNumbers({ shape: [60000], dtype: "f32" }, randomSource(seed)))
    for (const [name, target] of targets) {
      const [expected, actual] = [one, two].map((planned) => runPlanned(planned, inputs, { target, replaces: [0] }))
      assert.strictEqual(differenceOf(expected ?? [], actual ?? []), undefined, name)
    }
  })

  it("is not what is done sooner than threads meet", () => {
    const small = planOf32(
      [
        [32, 20],
        [20, 64]
      ],
      (...x) => [dot(...x)],
      { threads: 2 }
    )
    const large = planOf32(
      [
        [256, 256],
        [256, 256]
      ],
      (...x) => [dot(...x)],
      { threads: 2 }
    )
    assert.deepStrictEqual([isDivided(small), isDivided(large)], [false, true])
  })
})
