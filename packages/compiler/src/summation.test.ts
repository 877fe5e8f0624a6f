/**
 * The summation tree of the arithmetic contract, written here a second time from its documentation: lane j takes elements
 * j modulo 8 (f32) or 4 (f64), lanes fold by halves, chunks of 4096 elements are added in order.
 */
import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@cotangent/kernel"
import { type AnyTensor, type Aval, operations as ops } from "@cotangent/graph"
import { differenceOf, graphOf, type Numbers, randomSource, runPlanned } from "./planned.test.support.ts"
import { plan } from "./program.ts"
import { targets } from "./target/targets.test.support.ts"

type Round = (x: number) => number

const same: Round = (x) => x

const foldHalves = (lanes: Numbers, round: Round): number => {
  let level = lanes
  while (level.length > 1) {
    const half = level.length / 2
    level = level.slice(0, half).map((x, j) => round(x + (level[j + half] ?? 0)))
  }
  return level[0] ?? 0
}

const treeSum = (row: Numbers, lanes: number, round: Round): number => {
  let total = 0
  for (let start = 0; start < row.length; start += 4096) {
    const sums = new Array<number>(lanes).fill(0)
    row.slice(start, start + 4096).forEach((x, i) => {
      sums[i % lanes] = round((sums[i % lanes] ?? 0) + x)
    })
    total = round(total + foldHalves(sums, round))
  }
  return total
}

/** Numbers of very different sizes, so that every order of addition gives another sum. */
const uneven = (length: number, seed: number, round: Round): Numbers => {
  const below = randomSource(seed)
  return Array.from({ length }, () => round((below(20001) / 1e4 - 1) * 10 ** (below(8) - 4)))
}

const lengths = [0, 1, 3, 4, 7, 8, 9, 31, 32, 33, 40, 63, 100, 4095, 4096, 4097, 8192, 10000]
const types = [
  ["f32", 8, Math.fround],
  ["f64", 4, same]
] as const

const check = (
  aval: Aval,
  inputs: ReadonlyArray<Numbers>,
  body: (x: AnyTensor) => ReadonlyArray<AnyTensor>,
  expected: ReadonlyArray<Numbers>
): void => {
  const planned = plan(graphOf([aval], (x) => (x === undefined ? [] : body(x))))
  for (const [target, run] of targets)
    assert.strictEqual(differenceOf(expected, runPlanned(planned, inputs, { target: run })), undefined, target)
}

describe("sums", () => {
  for (const [dtype, lanes, round] of types) {
    it(`${dtype}: rows of any length follow the tree`, () => {
      for (const length of lengths) {
        const rows = [1, 2].map((seed) => uneven(length, seed + length, round))
        const expected = rows.map((row) => treeSum(row, lanes, round))
        check({ shape: [2, length], dtype }, [rows.flat()], (x) => [ops.reduceSum(x, [1])], [expected])
      }
    })

    it(`${dtype}: columns follow the same tree as rows`, () => {
      for (const length of lengths) {
        const columns = [1, 2, 3].map((seed) => uneven(length, seed + length, round))
        const data = Array.from({ length }, (_, i) => columns.map((column) => column[i] ?? 0)).flat()
        const expected = columns.map((column) => treeSum(column, lanes, round))
        check({ shape: [length, 3], dtype }, [data], (x) => [ops.reduceSum(x, [0])], [expected])
      }
    })

    it(`${dtype}: several axes are one row, in row-major order`, () => {
      const data = uneven(5 * 9 * 100, 4, round)
      check({ shape: [5, 9, 100], dtype }, [data], (x) => [ops.reduceSum(x, [0, 1, 2])], [
        [treeSum(data, lanes, round)]
      ])
    })

    it(`${dtype}: what is fused with a sum does not change it`, () => {
      for (const length of [20, 100, 5000]) {
        const row = uneven(length, length, round)
        const doubled = row.map((x) => round(x * 2))
        const sum = treeSum(doubled, lanes, round)
        const spread = doubled.map((x) => round(x - sum))
        check(
          { shape: [1, length], dtype },
          [row],
          (x) => {
            const y = ops.mul(x, 2)
            const total = ops.reduceSum(y, [1])
            return [total, ops.reduceSum(ops.sub(y, ops.reshape(total, [1, 1])), [1])]
          },
          [[sum], [treeSum(spread, lanes, round)]]
        )
      }
    })
  }

  it("an f64 sum of converted f32 elements has the tree of f64, alone or fused", () => {
    for (const length of [20, 100, 5000]) {
      const row = uneven(length, length, Math.fround)
      const expected = [[treeSum(row, 4, same)], row.map((x) => Math.fround(x * 3))]
      check(
        { shape: [1, length], dtype: "f32" },
        [row],
        (x) => [ops.reduceSum(ops.cast(x, "f64"), [1]), ops.mul(x, 3)],
        expected
      )
    }
  })

  it("an f32 sum beside f64 elements has the tree of f32", () => {
    const row = uneven(300, 1, Math.fround)
    check(
      { shape: [1, 300], dtype: "f32" },
      [row],
      (x) => [ops.reduceSum(x, [1]), ops.cast(ops.mul(ops.cast(x, "f64"), 2), "f32")],
      [[treeSum(row, 8, Math.fround)], row.map((x) => x * 2)]
    )
  })

  it("nothing sums to 0, and the largest of nothing is -Infinity", () => {
    check({ shape: [2, 0], dtype: "f32" }, [[]], (x) => [ops.reduceSum(x, [1]), ops.reduceMax(x, [1])], [
      [0, 0],
      [-Infinity, -Infinity]
    ])
  })
})

describe("products", () => {
  for (const [dtype, , round] of types) {
    it(`${dtype}: every element adds its terms in ascending order, whatever the shape`, () => {
      for (const [m, k, n] of [
        [1, 100, 1],
        [3, 50, 5],
        [1, 5000, 2],
        [5, 7, 33],
        [20, 600, 40],
        [64, 1, 9]
      ] as const) {
        const data = uneven(m * k + k * n, m + k + n, round)
        const [x, w] = [data.slice(0, m * k), data.slice(m * k)]
        const expected = Array.from({ length: m * n }, (_, o) => {
          let sum = 0
          for (let i = 0; i < k; i++)
            sum = round(sum + round((x[Math.floor(o / n) * k + i] ?? 0) * (w[i * n + (o % n)] ?? 0)))
          return sum
        })
        const avals: ReadonlyArray<Aval> = [
          { shape: [m, k], dtype },
          { shape: [k, n], dtype }
        ]
        for (const tileVectors of [1, 2] as const) {
          const planned = plan(
            graphOf(avals, (a, b) =>
              a === undefined || b === undefined ? [] : [ops.dot(a, b, { batch: [[], []], contract: [[1], [0]] })]
            ),
            { tile: { rows: 4, vectors: tileVectors } }
          )
          for (const [target, run] of targets.filter(([name]) => name !== "interpreter" || m * k * n < 3000))
            assert.strictEqual(
              differenceOf([expected], runPlanned(planned, [x, w], { target: run })),
              undefined,
              target
            )
        }
      }
    })
  }

  it("operands that lie crosswise are packed without changing a bit", () => {
    for (const [batch, k, m, n] of [
      [1, 5, 259, 70],
      [2, 3, 272, 64],
      [1, 600, 20, 40]
    ] as const) {
      const data = uneven(batch * k * (m + n), m, Math.fround)
      const [x, w] = [data.slice(0, batch * k * m), data.slice(batch * k * m)]
      const expected = Array.from({ length: batch * m * n }, (_, o) => {
        const [at, i, j] = [Math.floor(o / (m * n)), Math.floor(o / n) % m, o % n]
        let sum = 0
        for (let t = 0; t < k; t++)
          sum = Math.fround(sum + Math.fround((x[(at * k + t) * m + i] ?? 0) * (w[(at * n + j) * k + t] ?? 0)))
        return sum
      })
      const avals: ReadonlyArray<Aval> = [
        { shape: [batch, k, m], dtype: "f32" },
        { shape: [batch, n, k], dtype: "f32" }
      ]
      for (const tileVectors of [1, 2] as const) {
        const planned = plan(
          graphOf(avals, (a, b) =>
            a === undefined || b === undefined ? [] : [ops.dot(a, b, { batch: [[0], [0]], contract: [[1], [2]] })]
          ),
          { tile: { rows: 4, vectors: tileVectors } }
        )
        assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [])
        for (const [target, run] of targets.filter(([name]) => name !== "interpreter"))
          assert.strictEqual(differenceOf([expected], runPlanned(planned, [x, w], { target: run })), undefined, target)
      }
    }
  })
})
