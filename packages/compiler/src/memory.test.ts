import { assert, describe, it } from "@effect/vitest"
import { bytesOf } from "@cotangent/kernel"
import { type AnyTensor, operations as ops } from "@cotangent/graph"
import { type Lifetime, planMemory } from "./memory.ts"
import { graphOf, planOf32, randomSource } from "./planned.test.support.ts"
import { type Planned, plan } from "./program.ts"
import { randomProgram } from "./randomGraph.test.support.ts"

const overlap = (lifetimes: ReadonlyArray<Lifetime>, offsets: ReadonlyMap<number, number>): string | undefined => {
  for (const [i, a] of lifetimes.entries()) {
    for (const b of lifetimes.slice(i + 1)) {
      const together = a.from <= b.to && b.from <= a.to
      const [at, other] = [offsets.get(a.id) ?? -1, offsets.get(b.id) ?? -1]
      if (together && at < other + b.bytes && other < at + a.bytes) return `${a.id} at ${at} and ${b.id} at ${other}`
    }
  }
  return undefined
}

/** When each scratch buffer of a program is first and last touched, found from the kernels alone. */
const lifetimesOf = ({ kernels, scratch }: Planned): ReadonlyArray<Lifetime> => {
  const found = new Map<number, Lifetime>()
  kernels.forEach((kernel, at) => {
    for (const { id, dtype, length } of [...kernel.reads, ...kernel.writes])
      if (scratch.has(id))
        found.set(id, { id, bytes: length * bytesOf[dtype], from: found.get(id)?.from ?? at, to: at })
  })
  return [...found.values()]
}

describe("planMemory", () => {
  it("keeps buffers apart that live at the same time, inside the segment, aligned", () => {
    for (let seed = 0; seed < 200; seed++) {
      const below = randomSource(seed)
      const lifetimes = Array.from({ length: 40 }, (_, id): Lifetime => {
        const from = below(30)
        return { id, bytes: below(5) === 0 ? 0 : below(2000), from, to: from + below(10) }
      })
      const { offsets, bytes } = planMemory(lifetimes)
      assert.strictEqual(overlap(lifetimes, offsets), undefined, `seed ${seed}`)
      for (const { id, bytes: size } of lifetimes) {
        const offset = offsets.get(id) ?? -1
        assert.isTrue(offset >= 0 && offset % 64 === 0 && offset + size <= bytes)
      }
    }
  })

  it("needs no more than what lives at once when all sizes are equal", () => {
    const lifetimes = Array.from({ length: 100 }, (_, id): Lifetime => ({ id, bytes: 64, from: id, to: id + 2 }))
    assert.strictEqual(planMemory(lifetimes).bytes, 3 * 64)
  })

  it("gives a gap in the middle to a buffer that fits", () => {
    const { offsets } = planMemory([
      { id: 0, bytes: 64, from: 0, to: 9 },
      { id: 1, bytes: 128, from: 0, to: 1 },
      { id: 2, bytes: 64, from: 1, to: 9 },
      { id: 3, bytes: 100, from: 2, to: 3 }
    ])
    assert.strictEqual(offsets.get(3), offsets.get(1))
  })
})

describe("memory of programs", () => {
  it("no two scratch buffers that are alive at once overlap, on random programs", () => {
    for (let seed = 0; seed < 150; seed++) {
      const { parameters, body } = randomProgram(seed, {
        nodes: 24,
        sizes: [1, 3, 8, 40],
        dtypes: ["f32", "f64", "i32"]
      })
      const planned = plan(graphOf(parameters, body))
      const lifetimes = lifetimesOf(planned)
      assert.strictEqual(lifetimes.length, planned.scratch.size)
      assert.strictEqual(overlap(lifetimes, planned.scratch), undefined, `seed ${seed}`)
      for (const { id, bytes } of lifetimes)
        assert.isAtMost((planned.scratch.get(id) ?? 0) + bytes, planned.cost.scratchBytes)
    }
  })

  it("reuses scratch: a long chain of products needs two intermediates", () => {
    const chain = (...x: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> => {
      let [y] = x
      for (let i = 0; i < 20; i++)
        if (y !== undefined) y = ops.tanh(ops.dot(y, y, { batch: [[], []], contract: [[1], [0]] }))
      return y === undefined ? [] : [y]
    }
    const planned = planOf32([[16, 16]], chain)
    assert.strictEqual(planned.cost.kernels, 20)
    assert.strictEqual(planned.cost.scratchBytes, 2 * 16 * 16 * 4)
  })
})
