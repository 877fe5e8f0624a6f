import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, operations as ops } from "@cotangent/graph"
import {
  differenceOf,
  evaluateNodeByNode,
  graphOf,
  randomNumbers,
  randomSource,
  runPlanned
} from "./planned.test.support.ts"
import { plan, type Planned } from "./program.ts"
import { targets } from "./target/targets.test.support.ts"

const f32 = (...shape: ReadonlyArray<number>) => ({ shape, dtype: "f32" as const })
const at = (xs: ReadonlyArray<AnyTensor>, i: number): AnyTensor => xs[i] ?? assert.fail("an operand is missing")
const product = (a: AnyTensor, b: AnyTensor) => ops.dot(a, b, { batch: [[], []], contract: [[1], [0]] })

/** The values written by all kernels, results aside. */
const written = (planned: Planned): number =>
  new Set(planned.kernels.flatMap((k) => k.writes.map(({ id }) => id)).filter((id) => planned.scratch.has(id))).size

const agree = (parameters: ReadonlyArray<ReturnType<typeof f32>>, body: Parameters<typeof graphOf>[1]): Planned => {
  const graph = graphOf(parameters, body)
  const below = randomSource(3)
  const inputs = parameters.map((aval) => randomNumbers(aval, below))
  const planned = plan(graph)
  const expected = evaluateNodeByNode(graph, inputs)
  for (const [name, target] of targets)
    assert.strictEqual(differenceOf(expected, runPlanned(planned, inputs, { target })), undefined, name)
  return planned
}

describe("rematerialise", () => {
  // The products keep kernels apart: their operands must lie in memory.
  it("computes a cheap value again where another kernel needs it", () => {
    const planned = agree([f32(8, 8), f32(8, 8)], (...xs) => {
      const t = ops.tanh(product(at(xs, 0), at(xs, 1)))
      const slope = ops.sub(ops.full([8, 8], 1, "f32"), ops.mul(t, t))
      return [ops.mul(product(t, at(xs, 1)), slope)]
    })
    // Only the tanh is written: the product needs it in memory, and the slope is computed from it.
    assert.strictEqual(written(planned), 1)
  })

  it("stores the value that several come from instead of them", () => {
    const planned = agree([f32(8, 8), f32(8, 8)], (...xs) => {
      const e = ops.exp(product(at(xs, 0), at(xs, 1)))
      const [a, b, c] = [ops.add(e, 1), ops.mul(e, 3), ops.neg(e)]
      return [ops.add(ops.add(ops.mul(product(at(xs, 1), at(xs, 0)), a), b), c)]
    })
    assert.strictEqual(written(planned), 1)
  })

  it("keeps what is expensive, and what is read elsewhere than at its element", () => {
    const expensive = agree([f32(8, 8), f32(8, 8)], (...xs) => {
      const t = ops.tanh(product(at(xs, 0), at(xs, 1)))
      return [ops.add(product(at(xs, 1), at(xs, 0)), t)]
    })
    assert.isAtMost(written(expensive), 1)
    const turned = agree([f32(8, 8), f32(8, 8)], (...xs) => {
      const t = ops.mul(product(at(xs, 0), at(xs, 1)), 2)
      return [ops.add(product(at(xs, 1), at(xs, 0)), ops.transpose(t, [1, 0]))]
    })
    assert.strictEqual(written(turned), 1)
  })

  it("reads no parameter later that is overwritten", () => {
    const graph = graphOf([f32(8, 8), f32(8, 8)], (...xs) => {
      const scaled = ops.mul(at(xs, 0), 2)
      const p = product(scaled, at(xs, 1))
      return [ops.sub(at(xs, 0), ops.mul(p, 0.1)), ops.add(product(p, at(xs, 1)), scaled)]
    })
    const below = randomSource(5)
    const inputs = graph.parameters.map((aval) => randomNumbers(aval, below))
    const replaces = [0, undefined]
    const planned = plan(graph, { replaces })
    for (const [name, target] of targets)
      assert.strictEqual(
        differenceOf(evaluateNodeByNode(graph, inputs), runPlanned(planned, inputs, { target, replaces })),
        undefined,
        name
      )
    // The update happens in place, without a copy.
    assert.notInclude(
      planned.kernels.map(({ name }) => name.slice(0, 4)),
      "copy"
    )
  })
})
