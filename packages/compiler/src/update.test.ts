/** Updates of state: kernels that read the same arrays are one, sums over whole arrays beside them, everything in place. */
import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@cotangent/kernel"
import { type AnyTensor, type Aval, type Graph, operations as ops, sizeOf } from "@cotangent/graph"
import { countOf } from "./exhaustive.test.support.ts"
import {
  differenceOf,
  evaluateNodeByNode,
  graphOf,
  randomNumbers,
  randomSource,
  runPlanned
} from "./planned.test.support.ts"
import { canonical, plan, type Planned } from "./program.ts"
import { targets } from "./target/targets.test.support.ts"

type Body = (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

const at = (xs: ReadonlyArray<AnyTensor>, i: number): AnyTensor => xs[i] ?? assert.fail("an operand is missing")
const f32 = (...shape: ReadonlyArray<number>): Aval => ({ shape, dtype: "f32" })
const allAxes = ({ shape }: AnyTensor): ReadonlyArray<number> => shape.map((_, d) => d)
const total = (x: AnyTensor): AnyTensor => ops.reduceSum(x, allAxes(x))

/** The kernels that visit a whole array, and the bytes that all of them move, for each of `size` elements. */
const trafficOf = ({ cost, kernels }: Planned, size: number) => ({
  loops: kernels.filter(({ reads, writes }) => [...reads, ...writes].some(({ length }) => length >= size)).length,
  bytes: Math.round(cost.bytes / size)
})

const size = 128 * 64
const matrices = (count: number): ReadonlyArray<Aval> => Array.from({ length: count }, () => f32(128, 64))
/** A step whose first results are the new state. */
const step = (state: number, data: number, body: Body): Planned => {
  const graph = graphOf(matrices(state + data), body)
  return plan(graph, { replaces: graph.results.map((_, i) => (i < state ? i : undefined)) })
}

const mixed = (m: AnyTensor, g: AnyTensor, decay: number): AnyTensor =>
  ops.add(ops.mul(m, decay), ops.mul(g, 1 - decay))

describe("kernels that read the same arrays", () => {
  it("are one: Lion reads three arrays and writes two", () => {
    const lion = step(2, 1, (...x) => {
      const [p, m, g] = [at(x, 0), at(x, 1), at(x, 2)]
      return [ops.sub(p, ops.mul(ops.sign(mixed(m, g, 0.9)), 1e-3)), mixed(m, g, 0.99)]
    })
    assert.deepStrictEqual(trafficOf(lion, size), { loops: 1, bytes: 20 })
  })

  it("are one where an array is added up and a new one computed from it", () => {
    const both = step(1, 1, (...x) => {
      const [m, g] = [at(x, 0), at(x, 1)]
      return [mixed(m, g, 0.9), total(ops.mul(g, g))]
    })
    assert.deepStrictEqual(trafficOf(both, size), { loops: 1, bytes: 12 })
  })

  it("are not one when a barrier, or another kernel, stands between", () => {
    // What is computed again behind a barrier must not be computed before, where its operands are.
    const guarded = step(0, 1, (...x) => [ops.exp(at(x, 0)), ops.tanh(at(ops.barrier([at(x, 0)], { id: 1 }), 0))])
    assert.strictEqual(trafficOf(guarded, size).loops, 2)
    const between = step(0, 1, (...x) => {
      const turned = ops.reshape(ops.transpose(ops.exp(at(x, 0)), [1, 0]), [128, 64])
      return [ops.tanh(at(x, 0)), ops.mul(turned, at(x, 0))]
    })
    assert.isAtLeast(trafficOf(between, size).loops, 2)
  })

  it("are not one when one would have to wait for what still reads the state it overwrites", () => {
    // The product reads the old p and needs the tanh: were the update in the kernel of the tanh, p would be gone.
    const planned = step(1, 1, (...x) => {
      const [p, g] = [at(x, 0), at(x, 1)]
      const t = ops.tanh(g)
      return [ops.sub(p, ops.mul(g, 0.1)), ops.dot(t, p, { batch: [[], []], contract: [[1], [1]] })]
    })
    assert.isEmpty(planned.kernels.filter(({ name }) => /copy|save/.test(name)))
  })
})

describe("state that moves", () => {
  it("is written by the kernel that reads it: a gradient kept for the next step", () => {
    const kept = step(2, 1, (...x) => [mixed(at(x, 0), ops.sub(at(x, 2), at(x, 1)), 0.9), at(x, 2)])
    assert.deepStrictEqual(trafficOf(kept, size), { loops: 1, bytes: 20 })
  })

  it("is copied where that kernel runs too early, or not element by element", () => {
    const product = step(2, 1, (...x) => {
      const [a, b, g] = [at(x, 0), at(x, 1), at(x, 2)]
      // b is needed by a product that needs what is computed from g.
      return [ops.add(a, total(ops.dot(ops.tanh(g), b, { batch: [[], []], contract: [[1], [1]] }))), g]
    })
    assert.lengthOf(
      product.kernels.filter(({ name }) => name.startsWith("copy")),
      1
    )
  })
})

describe("sums over whole arrays", () => {
  it("are walked once, and what follows is computed in place: a clipped momentum", () => {
    const clipped = step(2, 1, (...x) => {
      const [p, m, g] = [at(x, 0), at(x, 1), at(x, 2)]
      const scale = ops.min(ops.div(ops.full([], 1, "f32"), ops.sqrt(total(ops.mul(g, g)))), 1)
      const next = ops.add(ops.mul(m, 0.9), ops.mul(g, scale))
      return [ops.sub(p, ops.mul(next, 0.1)), next]
    })
    // The squares are not stored, nor is the scaled gradient: 4 bytes for the sum, then p, m and g and two of them again.
    assert.deepStrictEqual(trafficOf(clipped, size), { loops: 2, bytes: 24 })
  })

  it("have the bits of chunk after chunk, with one thread and several", () => {
    for (const n of [4 * 4096, 40_001]) {
      const graph = canonical(graphOf([f32(n)], (...x) => [total(ops.mul(at(x, 0), at(x, 0)))]))
      const inputs = [randomNumbers(f32(n), randomSource(n))]
      const squares = (inputs[0] ?? []).map((x) => Math.fround(x * x))
      let expected = 0
      for (let start = 0; start < n; start += 4096) {
        const lanes = new Float32Array(8)
        squares.slice(start, start + 4096).forEach((x, i) => {
          lanes[i % 8] = (lanes[i % 8] ?? 0) + x
        })
        for (let half = 4; half > 0; half /= 2)
          for (let j = 0; j < half; j++) lanes[j] = (lanes[j] ?? 0) + (lanes[j + half] ?? 0)
        expected = Math.fround(expected + (lanes[0] ?? 0))
      }
      for (const threads of [1, 2])
        for (const [name, target] of targets)
          assert.deepStrictEqual(
            runPlanned(plan(graph, { threads, grain: 0 }), inputs, { target }),
            [[expected]],
            `${n}, ${threads} threads, ${name}`
          )
    }
  })

  it("keep their vectors when what follows is computed in float64", () => {
    const norm = step(0, 1, (...x) => [ops.sqrt(ops.cast(total(ops.mul(at(x, 0), at(x, 0))), "f64"))])
    assert.strictEqual(norm.kernels.length, 1)
    const lanes = JSON.stringify(norm.kernels[0]?.body).match(/"lanes":8/g) ?? []
    assert.isAbove(lanes.length, 0)
  })

  it("over rows that are walked twice are written in place too", () => {
    const rows = step(1, 1, (...x) => {
      const [p, g] = [at(x, 0), at(x, 1)]
      const norm = ops.reshape(ops.sqrt(ops.reduceSum(ops.mul(g, g), [1])), [128, 1])
      return [ops.sub(p, ops.div(g, norm))]
    })
    assert.deepStrictEqual(trafficOf(rows, size), { loops: 1, bytes: 12 })
  })
})

/** Some state of one size, in one or two shapes, and what optimizers make of it: elements, and sums over everything, rows and columns. */
const randomUpdate = (seed: number, shapes: ReadonlyArray<ReadonlyArray<number>>): Graph.Graph => {
  const first = randomSource(seed)
  const parameters = Array.from({ length: 2 + first(4) }, () => f32(...(shapes[first(shapes.length)] ?? [])))
  return graphOf(parameters, (...x) => {
    const below = randomSource(seed + 1_000_000)
    const values = [...x]
    const any = (): AnyTensor => at(values, below(3) > 0 ? below(values.length) : below(x.length))
    const like = (y: AnyTensor, { shape }: AnyTensor): AnyTensor =>
      y.shape.join() === shape.join() ? y : ops.reshape(y, shape)
    const spread = (y: AnyTensor, axis: number, { shape }: AnyTensor): AnyTensor =>
      ops.reshape(
        y,
        shape.map((n, d) => (d === axis ? 1 : n))
      )
    const steps: ReadonlyArray<(y: AnyTensor) => AnyTensor> = [
      (y) => ops.mul(y, y),
      (y) => ops.tanh(y),
      (y) => ops.add(ops.mul(y, 0.5), like(any(), y)),
      (y) => ops.sub(y, like(any(), y)),
      (y) => ops.mul(y, like(any(), y)),
      (y) => ops.mul(y, ops.sqrt(ops.abs(total(any())))),
      (y) => ops.add(y, ops.cast(ops.tanh(ops.cast(total(ops.mul(y, like(any(), y))), "f64")), "f32")),
      (y) => ops.div(y, spread(ops.reduceMax(y, [y.shape.length - 1]), y.shape.length - 1, y)),
      (y) => ops.sub(y, spread(ops.reduceSum(ops.mul(y, like(any(), y)), [0]), 0, y))
    ]
    for (let i = 0; i < 12; i++) values.push(at([steps[below(steps.length)]?.(any()) ?? any()], 0))
    const made = values.slice(x.length)
    // Some of the new state is other old state: arrays change places.
    const next = (): AnyTensor => at(below(4) === 0 ? x : made, below(x.length))
    return [...x.map((p) => like(next(), p)), total(at(values, below(values.length)))]
  })
}

describe("random updates", () => {
  // Long ones are two chunks of a sum and a rest.
  const families = { rows: [[3, 40], [120]], "many rows": [[40, 9]], "long rows": [[2, 4600], [9200]] } as const
  for (const [name, shapes] of Object.entries(families))
    it(`${name}: the bits of every node computed alone, in place, with one thread and several`, () => {
      let inPlace = 0
      for (let seed = 0; seed < countOf(name === "long rows" ? 10 : 40, 1000); seed++) {
        const graph = canonical(randomUpdate(seed, shapes))
        const below = randomSource(seed)
        const inputs = graph.parameters.map((aval) => randomNumbers(aval, below, seed % 3 === 0))
        const expected = evaluateNodeByNode(graph, inputs)
        // One in four results has memory of its own.
        const replaces = graph.results.map((_, i) => (i < inputs.length && below(4) > 0 ? i : undefined))
        for (const threads of [1, 2]) {
          const planned = plan(graph, { replaces, threads, grain: 0 })
          assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [], `seed ${seed}`)
          inPlace += planned.kernels.filter(
            (kernel) =>
              !kernel.name.startsWith("copy") &&
              kernel.writes.some((b) => replaces[planned.results.indexOf(b)] !== undefined)
          ).length
          for (const [target, run] of seed % 4 === 0 ? targets : targets.slice(0, 1)) {
            const found = differenceOf(expected, runPlanned(planned, inputs, { target: run, replaces }))
            assert.strictEqual(found, undefined, `${name}, seed ${seed}, ${threads} threads, ${target}`)
          }
        }
      }
      assert.isAbove(inPlace, 20)
    })

  it("are of arrays that have as many elements in every shape", () =>
    assert.deepStrictEqual(
      Object.values(families).map((shapes) => new Set(shapes.map(sizeOf)).size),
      [1, 1, 1]
    ))
})
