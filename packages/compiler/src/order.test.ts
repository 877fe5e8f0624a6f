import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@cotangent/kernel"
import { type AnyTensor, operations as ops } from "@cotangent/graph"
import { countOf } from "./exhaustive.test.support.ts"
import {
  differenceOf,
  graphOf,
  type Numbers,
  planOf32,
  randomNumbers,
  randomSource,
  runPlanned
} from "./planned.test.support.ts"
import { plan } from "./program.ts"
import { randomProgram } from "./randomGraph.test.support.ts"
import { targets } from "./target/targets.test.support.ts"

type Body = (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

/** The state after some steps, computed without any memory shared. */
const pureSteps = (
  run: (inputs: ReadonlyArray<Numbers>) => ReadonlyArray<Numbers>,
  inputs: ReadonlyArray<Numbers>,
  replaces: ReadonlyArray<number | undefined>,
  steps: number
): ReadonlyArray<Numbers> => {
  let state = inputs
  let results: ReadonlyArray<Numbers> = []
  for (let step = 0; step < steps; step++) {
    results = run(state)
    state = state.map((old, p) => results[replaces.indexOf(p)] ?? old)
  }
  return results
}

/** Checks a step whose results replace parameters against pure evaluation, on all targets; gives the number of kernels. */
const checkStep = (
  shapes: ReadonlyArray<ReadonlyArray<number>>,
  body: Body,
  replaces: ReadonlyArray<number | undefined>
) => {
  const planned = planOf32(shapes, body, { replaces })
  assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [])
  const below = randomSource(11)
  const inputs = shapes.map((shape) => randomNumbers({ shape, dtype: "f32" }, below))
  const pure = planOf32(shapes, body)
  for (const steps of [1, 2, 3]) {
    const expected = pureSteps((state) => runPlanned(pure, state), inputs, replaces, steps)
    for (const [target, run] of targets) {
      const found = differenceOf(expected, runPlanned(planned, inputs, { target: run, replaces, steps }))
      assert.strictEqual(found, undefined, `${steps} steps on ${target}`)
    }
  }
  return planned.kernels.length
}

const matrix = [[3, 3]] as const
const two = [
  [3, 3],
  [3, 3]
] as const
const transposed = (x: AnyTensor) => ops.transpose(x, [1, 0])
const x0 = ([x]: ReadonlyArray<AnyTensor>): AnyTensor => {
  if (x === undefined) throw new RangeError("no parameter")
  return x
}
const pair = ([x, y]: ReadonlyArray<AnyTensor>): readonly [AnyTensor, AnyTensor] => {
  if (x === undefined || y === undefined) throw new RangeError("two parameters are needed")
  return [x, y]
}

describe("results that replace parameters", () => {
  const cases: ReadonlyArray<
    readonly [string, ReadonlyArray<ReadonlyArray<number>>, Body, ReadonlyArray<number | undefined>, number]
  > = [
    ["an update is one kernel, in place", matrix, (...x) => [ops.mul(x0(x), 2)], [0], 1],
    ["state passed through costs nothing", matrix, (...x) => [x0(x)], [0], 0],
    [
      "two values swap",
      two,
      (...x) => {
        const [a, b] = pair(x)
        return [b, a]
      },
      [0, 1],
      4
    ],
    [
      "two values swap, one of them changed",
      two,
      (...x) => {
        const [a, b] = pair(x)
        return [ops.mul(b, 2), a]
      },
      [0, 1],
      3
    ],
    [
      "the old state is read by another result",
      matrix,
      (...x) => [ops.add(x0(x), 1), ops.reduceSum(x0(x), [0, 1])],
      [0, undefined],
      2
    ],
    [
      "the old state is read by a later value",
      matrix,
      (...x) => {
        const next = ops.add(x0(x), 1)
        return [next, ops.dot(next, x0(x), { batch: [[], []], contract: [[1], [0]] })]
      },
      [0, undefined],
      3
    ],
    ["the new state is the old one transposed", matrix, (...x) => [transposed(x0(x))], [0], 2],
    ["the new state needs the old one transposed", matrix, (...x) => [ops.add(x0(x), transposed(x0(x)))], [0], 2],
    ["the new state is the transpose of a computed value", matrix, (...x) => [transposed(ops.tanh(x0(x)))], [0], 2],
    [
      "one value replaces two parameters",
      two,
      (...x) => {
        const [a, b] = pair(x)
        const sum = ops.add(a, b)
        return [sum, sum]
      },
      [0, 1],
      2
    ],
    [
      "one value twice, once as state",
      matrix,
      (...x) => {
        const next = ops.mul(x0(x), 3)
        return [next, next, transposed(next)]
      },
      [0, undefined, undefined],
      3
    ],
    ["a parameter is a result and is overwritten", matrix, (...x) => [ops.mul(x0(x), 3), x0(x)], [0, undefined], 2],
    [
      "a part of the old state is a result",
      matrix,
      (...x) => [ops.mul(x0(x), 3), ops.slice(x0(x), { start: [1, 0], limit: [3, 3], step: [1, 2] })],
      [0, undefined],
      3
    ],
    [
      "the first rows of the new state are a result",
      matrix,
      (...x) => {
        const next = ops.mul(x0(x), 3)
        return [next, ops.slice(next, { start: [0, 0], limit: [1, 3], step: [1, 1] })]
      },
      [0, undefined],
      2
    ],
    ["the new state is a constant", matrix, () => [ops.full([3, 3], 7, "f32")], [0], 1],
    ["the new state is an index", [[4]], () => [ops.iota([4], 0, "f32")], [0], 1],
    [
      "a softmax of the state",
      [[3, 40]],
      (...x) => {
        const shifted = ops.sub(x0(x), ops.reshape(ops.reduceMax(x0(x), [1]), [3, 1]))
        const e = ops.exp(shifted)
        return [ops.div(e, ops.reshape(ops.reduceSum(e, [1]), [3, 1]))]
      },
      [0],
      2
    ],
    [
      "row sums become state beside what they came from",
      [[3, 5], [3]],
      (...x) => {
        const [a, sums] = pair(x)
        const total = ops.add(sums, ops.reduceSum(a, [1]))
        return [ops.add(a, ops.reshape(total, [3, 1])), total]
      },
      [0, 1],
      2
    ],
    [
      "a product accumulates into the state",
      two,
      (...x) => {
        const [a, b] = pair(x)
        return [ops.add(a, ops.dot(b, b, { batch: [[], []], contract: [[1], [0]] }))]
      },
      [0],
      1
    ],
    [
      "a product of the state with itself",
      matrix,
      (...x) => [ops.dot(x0(x), x0(x), { batch: [[], []], contract: [[1], [0]] })],
      [0],
      2
    ]
  ]
  for (const [name, shapes, body, replaces, most] of cases) {
    it(name, () => {
      const kernels = checkStep(shapes, body, replaces)
      assert.isAtMost(kernels, most)
    })
  }

  it("random programs give the results of pure evaluation", () => {
    for (let seed = 0; seed < countOf(150, 3000); seed++) {
      const { parameters, body } = randomProgram(seed, { nodes: 12, sizes: [3], dtypes: ["f32", "i32"] })
      const graph = graphOf(parameters, (...x) => [
        ...body(...x),
        ...x.filter((_, i) => (seed + i) % 3 === 0),
        ...x.filter((_, i) => (seed + i) % 4 === 0).map((p) => ops.transpose(p, p.shape.map((__, d) => d).reverse()))
      ])
      const below = randomSource(seed)
      const inputs = parameters.map((aval) => randomNumbers(aval, below))
      const free = new Set(parameters.keys())
      const replaces = graph.results.map(({ node, output }) => {
        const aval = graph.nodes[node]?.outputs[output]
        const fitting = [...free].filter(
          (p) => parameters[p]?.dtype === aval?.dtype && parameters[p]?.shape.join() === aval?.shape.join()
        )
        const chosen = below(4) === 0 ? undefined : fitting[below(Math.max(1, fitting.length))]
        if (chosen !== undefined) free.delete(chosen)
        return chosen
      })
      const planned = plan(graph, { replaces })
      assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [], `seed ${seed}`)
      const pure = plan(graph)
      const expected = pureSteps((state) => runPlanned(pure, state), inputs, replaces, 2)
      const [[, interpreter] = [], [, wasm] = []] = targets
      for (const target of seed % 5 === 0 ? [interpreter, wasm] : [interpreter]) {
        if (target === undefined) continue
        const found = differenceOf(expected, runPlanned(planned, inputs, { target, replaces, steps: 2 }))
        assert.strictEqual(found, undefined, `seed ${seed}, replaces ${replaces.join()}`)
      }
    }
  })
})
