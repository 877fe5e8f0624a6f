import { assert, describe, it } from "@effect/vitest"
import type { DType } from "@cotangent/kernel"
import { type AnyTensor, apply, type Aval, type Graph, operations as ops, type PrimitiveName } from "@cotangent/graph"
import { exactRules } from "./exact.ts"
import {
  differenceOf,
  evaluateNodeByNode,
  graphOf,
  randomNumbers,
  randomSource,
  runPlanned,
  specialNumbers
} from "./planned.test.support.ts"
import { canonical, plan } from "./program.ts"
import { targets } from "./target/targets.test.support.ts"

type Body = (x: AnyTensor) => AnyTensor

interface Law {
  readonly shape: ReadonlyArray<number>
  readonly dtypes: ReadonlyArray<DType>
  readonly body: Body
  /** What must be gone, or become this often. */
  readonly left?: number
}

const numbers: ReadonlyArray<DType> = ["f32", "f64", "i32", "u32"]
const one = (primitive: PrimitiveName, x: AnyTensor, attributes: object): AnyTensor =>
  apply(primitive, [x], { ...attributes })[0] ?? x
const scalar = (x: AnyTensor, value: number): AnyTensor => ops.full(x.shape, value, x.dtype)

/** For each primitive of the table, programs its rules apply to. The last step is the one that is replaced. */
const laws: Readonly<Partial<Record<PrimitiveName, Readonly<Record<string, Law>>>>> = {
  mul: {
    "x 1 = x": { shape: [3, 5], dtypes: numbers, body: (x) => ops.mul(x, scalar(x, 1)) },
    "1 x = x": { shape: [3, 5], dtypes: numbers, body: (x) => ops.mul(scalar(x, 1), x) }
  },
  div: { "x / 1 = x": { shape: [3, 5], dtypes: numbers, body: (x) => ops.div(x, 1) } },
  sub: { "x - 0 = x": { shape: [3, 5], dtypes: numbers, body: (x) => ops.sub(x, 0) } },
  neg: { "-(-x) = x": { shape: [3, 5], dtypes: numbers, body: (x) => ops.neg(ops.neg(x)) } },
  select: {
    "a where c, else a": {
      shape: [3, 5],
      dtypes: [...numbers, "bool"],
      body: (x) => ops.select(ops.eq(x, ops.full([], 1, x.dtype)), x, x)
    }
  },
  reshape: {
    "to its own shape": { shape: [3, 5], dtypes: numbers, body: (x) => one("reshape", x, { shape: [3, 5] }) },
    "of a reshape": {
      shape: [3, 4],
      dtypes: numbers,
      body: (x) => ops.reshape(ops.reshape(x, [12]), [2, 6]),
      left: 1
    }
  },
  broadcast: {
    "to its own shape": { shape: [3, 5], dtypes: numbers, body: (x) => one("broadcast", x, { shape: [3, 5] }) }
  },
  transpose: {
    "by the identity": { shape: [3, 5], dtypes: numbers, body: (x) => one("transpose", x, { permutation: [0, 1] }) }
  },
  iota: {
    "of any rank is a view of a line": {
      shape: [3, 5],
      dtypes: numbers,
      body: (x) => ops.iota([2, 3, 2], 1, x.dtype),
      left: 1
    }
  },
  reduceSum: {
    "over neighbouring axes": {
      shape: [2, 3, 5],
      dtypes: ["i32", "u32"],
      body: (x) => ops.reduceSum(x, [1, 2]),
      left: 1
    },
    "over axes that are apart": {
      shape: [2, 3, 5],
      dtypes: ["i32", "u32"],
      body: (x) => ops.reduceSum(x, [0, 2]),
      left: 1
    }
  },
  reduceMax: {
    "over axes that are apart": { shape: [2, 3, 5], dtypes: numbers, body: (x) => ops.reduceMax(x, [0, 2]), left: 1 }
  },
  reduceMin: {
    "over axes that are apart": { shape: [2, 3, 5], dtypes: numbers, body: (x) => ops.reduceMin(x, [0, 2]), left: 1 }
  }
}

/** What looks like a rewrite and is none: the reason is a value for which it would be wrong. */
const kept: Readonly<Record<string, Body>> = {
  "x 0: NaN, infinities, -0": (x) => ops.mul(x, 0),
  "x - x: NaN, infinities": (x) => ops.sub(x, x),
  "x + 0: -0": (x) => ops.add(x, 0),
  "x - (-0): -0": (x) => ops.sub(x, -0),
  "0 - x: 0": (x) => ops.sub(scalar(x, 0), x),
  "1 / x": (x) => ops.div(scalar(x, 1), x),
  "x / x: 0, NaN": (x) => ops.div(x, x),
  "max(x, x)": (x) => ops.max(x, x)
}

const count = (graph: Graph.Graph, primitive: PrimitiveName): number =>
  graph.nodes.filter((node) => node.primitive === primitive).length

describe("exact rewrites", () => {
  it("have a law for every rule of the table", () => {
    for (const [primitive, rules] of Object.entries(exactRules))
      assert.isAtLeast(Object.keys(laws[primitive as PrimitiveName] ?? {}).length, rules.length, primitive)
  })

  for (const [primitive, rows] of Object.entries(laws)) {
    for (const [name, { shape, dtypes, body, left = 0 }] of Object.entries(rows)) {
      it(`${primitive}: ${name}, the same bits before and after`, () => {
        for (const dtype of dtypes) {
          const aval: Aval = { shape, dtype }
          const graph = graphOf([aval], (x) => (x === undefined ? [] : [body(x)]))
          assert.strictEqual(count(canonical(graph), primitive as PrimitiveName), left)
          const planned = plan(graph)
          const random = Array.from({ length: 5 }, (_, seed) => randomNumbers(aval, randomSource(seed), true))
          for (const input of [specialNumbers(aval), ...random]) {
            const inputs = [input]
            for (const [target, run] of targets) {
              const before = evaluateNodeByNode(graph, inputs, run)
              const found = differenceOf(before, runPlanned(planned, inputs, { target: run }))
              assert.strictEqual(found, undefined, `${dtype} on ${target}`)
            }
          }
        }
      })
    }
  }

  for (const [name, body] of Object.entries(kept)) {
    it(`${name} is not rewritten`, () => {
      const graph = graphOf([{ shape: [8], dtype: "f32" }], (x) => (x === undefined ? [] : [body(x)]))
      const [result] = graph.results
      const [after] = canonical(graph).results
      assert.strictEqual(
        canonical(graph).nodes[after?.node ?? -1]?.primitive,
        graph.nodes[result?.node ?? -1]?.primitive
      )
      const inputs = [[0, -0, NaN, Infinity, -Infinity, 1, -3, 1e-40]]
      assert.strictEqual(differenceOf(evaluateNodeByNode(graph, inputs), runPlanned(plan(graph), inputs)), undefined)
    })
  }

  it("merge equal nodes, also those that become equal", () => {
    const graph = graphOf([{ shape: [3], dtype: "f32" }], (x) =>
      x === undefined ? [] : [ops.add(ops.exp(x), ops.exp(ops.mul(x, 1)))]
    )
    assert.strictEqual(count(canonical(graph), "exp"), 1)
  })
})
