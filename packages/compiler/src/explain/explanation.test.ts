import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, labelled, operations as ops } from "@cotangent/graph"
import { graphOf } from "../planned.test.support.ts"
import { plan } from "../program.ts"
import { randomProgram } from "../randomGraph.test.support.ts"
import { explain, nodeCount } from "./explanation.ts"
import { printExplanation, printMemory } from "./print.ts"

const dot = (a: AnyTensor, b: AnyTensor): AnyTensor => ops.dot(a, b, { batch: [[], []], contract: [[1], [0]] })

/** Two products with something between, and a state that the result replaces. */
const twoProducts = graphOf(
  [
    { shape: [16, 16], dtype: "f32" },
    { shape: [16, 16], dtype: "f32" }
  ],
  (x, w) => {
    if (x === undefined || w === undefined) return []
    const hidden = labelled("hidden", () => ops.tanh(ops.mul(dot(x, w), 1)))
    return [ops.sub(w, ops.exp(dot(hidden, hidden)))]
  }
)

describe("explain", () => {
  const explanation = explain(twoProducts, { replaces: [1], machine: { gigaflops: 50, gigabytes: 20 } })

  it("traces the passes", () => {
    const [make] = explanation.passes
    const last = explanation.passes.at(-1)
    assert.strictEqual(make?.nodesBefore, nodeCount(twoProducts))
    assert.isBelow(last?.nodesAfter ?? 0, make?.nodesBefore ?? 0)
    assert.strictEqual(last?.nodesAfter, nodeCount(plan(twoProducts).graph))
  })

  it("says of each kernel what it fuses, where that was built, and its loops", () => {
    const [first, second] = explanation.kernels
    assert.deepStrictEqual(
      first?.operations.map(({ primitive, layer }) => [primitive, layer]),
      [
        ["dot", "hidden"],
        ["tanh", "hidden"]
      ]
    )
    assert.match(first?.operations[1]?.position ?? "", /explanation\.test\.ts:\d+:\d+$/)
    assert.deepStrictEqual(
      second?.operations.map((o) => o.primitive),
      ["dot", "exp", "sub"]
    )
    // 16 rows in tiles of 8, 16 columns, 16 terms.
    const rounds = first?.loops.map((l) => l.rounds * l.step)
    assert.deepStrictEqual(rounds, [16])
  })

  it("counts bytes: what is read once and what is written once", () => {
    const [first] = explanation.kernels
    assert.strictEqual(first?.bytesRead, 2 * 16 * 16 * 4)
    assert.strictEqual(first?.bytesWritten, 16 * 16 * 4)
    assert.deepStrictEqual(explanation.memory.stateBytes, 16 * 16 * 4)
    assert.deepStrictEqual(explanation.memory.outputBytes, 0)
  })

  it("says what limits a kernel: the larger of flops over peak and bytes over bandwidth", () => {
    const [first] = explanation.kernels
    const arithmetic = (first?.flops ?? 0) / 50_000
    assert.deepStrictEqual(first?.estimate, { microseconds: arithmetic, limit: "arithmetic" })
    const slow = explain(twoProducts, { machine: { gigaflops: 5000, gigabytes: 1 } })
    assert.deepStrictEqual(slow.kernels[0]?.estimate, { microseconds: 3 * 1.024, limit: "memory" })
  })

  it("counts a few rows of a table as a few rows", () => {
    const graph = graphOf(
      [
        { shape: [1000, 4], dtype: "f32" },
        { shape: [3], dtype: "i32" }
      ],
      (table, at) => (table === undefined || at === undefined ? [] : [ops.gather(table, at, 0)])
    )
    assert.deepStrictEqual(
      explain(graph).kernels.map((k) => [k.bytesRead, k.bytesWritten]),
      [[3 * 4 * 4 + 3 * 4, 3 * 4 * 4]]
    )
  })

  it("adds up to the cost, on random programs", () => {
    for (let seed = 0; seed < 40; seed++) {
      const { parameters, body } = randomProgram(seed, { nodes: 20, sizes: [1, 3, 8, 40], dtypes: ["f32", "i32"] })
      const { cost, kernels, memory } = explain(graphOf(parameters, body))
      const sum = (of: (k: (typeof kernels)[number]) => number): number =>
        kernels.reduce((n, k) => n + of(k) * k.calls, 0)
      assert.strictEqual(
        sum((k) => k.flops),
        cost.flops
      )
      assert.strictEqual(
        sum((k) => k.bytesRead + k.bytesWritten),
        cost.bytes
      )
      assert.strictEqual(kernels.length, cost.kernels)
      assert.strictEqual(
        Math.max(0, ...memory.buffers.map(({ bytes, offset }) => offset + Math.ceil(bytes / 64) * 64)),
        memory.scratchBytes
      )
      for (const { from, to } of memory.buffers) assert.isTrue(from >= 0 && from <= to && to < memory.calls)
    }
  })

  it("prints", () => {
    assert.strictEqual(
      printExplanation(explanation, { operations: false }),
      `pass             nodes before  after
merge loops                10     10
trim loops                 10     10
exact rewrites             10      7
stable rewrites             7      7

kernel          calls   FLOPs  bytes read  written  FLOPs/byte    us  share  limit
k0_dot_tanh         1  12,288       2,048    1,024        4.00  0.25    52%  arithmetic
k1_dot_exp_sub      1  11,520       2,048    1,024        3.75  0.23    48%  arithmetic

state 1,024 bytes, inputs 1,024, outputs 0, constants 0
scratch 1,024 bytes, 1,024 without reuse
buffer  bytes  offset  alive, of 2 calls
v3      1,024       0  |##|

one step: 2 kernels, 23,808 FLOPs, 6,144 bytes read and written`
    )
  })

  it("draws when each buffer is alive", () => {
    const text = printMemory({
      stateBytes: 1000,
      inputBytes: 0,
      outputBytes: 4,
      constantBytes: 0,
      scratchBytes: 128,
      withoutReuse: 192,
      calls: 4,
      buffers: [
        { name: "a", bytes: 64, offset: 0, from: 0, to: 1 },
        { name: "b", bytes: 64, offset: 64, from: 1, to: 2 },
        { name: "long", bytes: 64, offset: 0, from: 2, to: 3 }
      ]
    })
    assert.strictEqual(
      text,
      `state 1,000 bytes, inputs 0, outputs 4, constants 0
scratch 128 bytes, 192 without reuse
buffer  bytes  offset  alive, of 4 calls
a          64       0  |##..|
b          64      64  |.##.|
long       64       0  |..##|`
    )
  })
})
