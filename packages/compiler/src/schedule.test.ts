import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, primitives, operations as ops, rulesOf, T } from "@cotangent/graph"
import { graphOf, randomSource } from "./planned.test.support.ts"
import { canonical } from "./program.ts"
import { randomProgram } from "./randomGraph.test.support.ts"
import { resolve } from "./resolve.ts"
import { type Schedule, schedule } from "./schedule.ts"

type Body = (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

const scheduled = (shapes: ReadonlyArray<ReadonlyArray<number>>, body: Body): Schedule =>
  schedule(
    resolve(
      canonical(
        graphOf(
          shapes.map((shape) => ({ shape, dtype: "f32" as const })),
          body
        )
      )
    )
  )

/** The primitives of each kernel. */
const groupsOf = ({ groups, values }: Schedule): ReadonlyArray<string> =>
  groups.map(({ kind, members }) => `${kind}: ${members.map((m) => values.graph.nodes[m.node]?.primitive).join(" ")}`)

const parameter = (x: ReadonlyArray<AnyTensor>, i: number): AnyTensor => {
  const y = x[i]
  if (y === undefined) throw new RangeError(`there is no parameter ${i}`)
  return y
}

const matmul = (a: AnyTensor, b: AnyTensor, left = 1, right = 0): AnyTensor =>
  ops.dot(a, b, { batch: [[], []], contract: [[left], [right]] })
const perRow = (x: AnyTensor): AnyTensor => ops.reshape(x, [...x.shape, 1])
const softmax = (x: AnyTensor): AnyTensor => {
  const e = ops.exp(ops.sub(x, perRow(ops.reduceMax(x, [1]))))
  return ops.div(e, perRow(ops.reduceSum(e, [1])))
}

describe("what one kernel computes", () => {
  it("a chain of elementwise operations, whatever it is seen through", () => {
    const chain = scheduled([[4, 6], [6], [4, 1]], (...p) => {
      const [x, bias, scale] = [parameter(p, 0), parameter(p, 1), parameter(p, 2)]
      return [ops.tanh(ops.mul(ops.add(ops.exp(x), bias), scale)), ops.transpose(x, [1, 0])]
    })
    assert.deepStrictEqual(groupsOf(chain), ["row: exp add mul tanh"])
  })

  it("softmax", () => {
    assert.deepStrictEqual(groupsOf(scheduled([[32, 10]], (...p) => [softmax(parameter(p, 0))])), [
      "row: reduceMax sub exp reduceSum div"
    ])
  })

  it("a layer: product, bias, activation", () => {
    const layer = scheduled([[32, 64], [64, 16], [16]], (...p) => [
      ops.max(ops.add(matmul(parameter(p, 0), parameter(p, 1)), parameter(p, 2)), 0)
    ])
    assert.deepStrictEqual(groupsOf(layer), ["contract: dot add max"])
  })

  it("layer normalisation with its scale and shift", () => {
    const norm = scheduled([[8, 24], [24], [24]], (...p) => {
      const x = parameter(p, 0)
      const centred = ops.sub(x, perRow(ops.div(ops.reduceSum(x, [1]), 24)))
      const variance = ops.div(ops.reduceSum(ops.mul(centred, centred), [1]), 24)
      const scaled = ops.div(centred, perRow(ops.sqrt(ops.add(variance, 1e-5))))
      return [ops.add(ops.mul(scaled, parameter(p, 1)), parameter(p, 2))]
    })
    assert.strictEqual(norm.groups.length, 1)
  })

  it("softmax cross-entropy, forward and backward: one kernel over the rows, one for the mean", () => {
    const loss = scheduled([[32, 10], [32]], (...p) => {
      const x = parameter(p, 0)
      const hot = ops.cast(ops.eq(ops.iota([32, 10], 1, "f32"), perRow(parameter(p, 1))), "f32")
      const shifted = ops.sub(x, perRow(ops.reduceMax(x, [1])))
      const e = ops.exp(shifted)
      const sum = ops.reduceSum(e, [1])
      const perSample = ops.sub(ops.log(sum), ops.reduceSum(ops.mul(hot, shifted), [1]))
      const grad = ops.div(ops.sub(ops.div(e, perRow(sum)), hot), 32)
      return [ops.div(ops.reduceSum(perSample, [0]), 32), grad]
    })
    assert.deepStrictEqual(
      loss.groups.map((g) => g.kind),
      ["row", "row"]
    )
  })

  it("an Adam update of a parameter: both moments and the parameter", () => {
    const adam = scheduled([[16, 8], [16, 8], [16, 8], [16, 8], [], []], (...p) => {
      const [w, m, v, g, rate, correction] = [0, 1, 2, 3, 4, 5].map((i) => parameter(p, i))
      if (!w || !m || !v || !g || !rate || !correction) return []
      const m2 = ops.add(ops.mul(m, 0.9), ops.mul(g, 0.1))
      const v2 = ops.add(ops.mul(v, 0.999), ops.mul(ops.mul(g, g), 0.001))
      const step = ops.div(ops.mul(m2, rate), ops.add(ops.sqrt(ops.div(v2, correction)), 1e-8))
      return [ops.sub(w, step), m2, v2]
    })
    assert.strictEqual(adam.groups.length, 1)
  })

  it("a product and the update of the weights its gradient is for", () => {
    const update = scheduled(
      [
        [32, 16],
        [32, 8],
        [16, 8]
      ],
      (...p) => {
        const gradient = matmul(parameter(p, 0), parameter(p, 1), 0, 0)
        return [ops.sub(parameter(p, 2), ops.mul(gradient, 0.1))]
      }
    )
    assert.deepStrictEqual(groupsOf(update), ["contract: dot mul sub"])
  })

  it("sums over columns with what follows from them", () => {
    const sums = scheduled([[32, 8], [8]], (...p) => [
      ops.sub(parameter(p, 1), ops.mul(ops.reduceSum(parameter(p, 0), [0]), 0.1))
    ])
    assert.deepStrictEqual(groupsOf(sums), ["column: reduceSum mul sub"])
  })

  it("independent values that meet are computed together", () => {
    const meeting = scheduled([[9], [9]], (...p) => [ops.mul(ops.exp(parameter(p, 0)), ops.tanh(parameter(p, 1)))])
    assert.deepStrictEqual(groupsOf(meeting), ["row: exp tanh mul"])
  })
})

describe("what one kernel cannot compute", () => {
  it("a value that is read in another order than it is computed", () => {
    const crossed = scheduled([[5, 5]], (...p) => {
      const x = ops.exp(parameter(p, 0))
      return [ops.add(x, ops.transpose(x, [1, 0]))]
    })
    assert.deepStrictEqual(groupsOf(crossed), ["row: exp", "row: add"])
  })

  it("two products, one of which needs the other", () => {
    const chain = scheduled([[5, 5]], (...p) => [matmul(matmul(parameter(p, 0), parameter(p, 0)), parameter(p, 0))])
    assert.deepStrictEqual(groupsOf(chain), ["contract: dot", "contract: dot"])
  })

  it("a value that depends on its own group through another", () => {
    // y reads x by rows; z reads both at one element: x and z in one kernel would need y in the middle of it.
    const through = scheduled([[5, 5]], (...p) => {
      const x = ops.exp(parameter(p, 0))
      const y = ops.tanh(ops.transpose(x, [1, 0]))
      return [ops.add(x, ops.transpose(y, [1, 0]))]
    })
    assert.strictEqual(through.groups.length, 3)
  })

  it("more nodes than the limit of a kernel", () => {
    const long = scheduled([[4]], (...p) => {
      let x = parameter(p, 0)
      for (let i = 0; i < 450; i++) x = ops.add(x, 1)
      return [x]
    })
    assert.deepStrictEqual(
      long.groups.map((g) => g.members.length),
      [200, 200, 50]
    )
  })
})

describe("schedules of random programs", () => {
  const families = [
    { nodes: 40, sizes: [3, 5], dtypes: ["f32"] },
    { nodes: 40, sizes: [0, 1, 2, 4], dtypes: ["f32", "f64", "i32", "u32", "bool"] }
  ] as const
  const each = (check: (s: Schedule, seed: number) => void): void => {
    for (const family of families) {
      for (let seed = 0; seed < 150; seed++) {
        const { parameters, body } = randomProgram(seed, family)
        check(schedule(resolve(canonical(graphOf(parameters, body)))), seed)
      }
    }
  }

  it("compute every node exactly once, and only what kernels compute", () => {
    each(({ groups, values }, seed) => {
      const computed = groups.flatMap((g) => g.members.map((m) => m.node))
      const expected = values.graph.nodes.flatMap(({ primitive }, i) => {
        const { tag } = rulesOf(primitives[primitive]).lower
        return tag === "source" || (tag === "view" && !values.copies.has(i)) ? [] : [i]
      })
      assert.deepStrictEqual(
        [...computed].sort((a, b) => a - b),
        expected,
        `seed ${seed}`
      )
    })
  })

  it("have no cycles, state all dependencies, and list producers before readers inside a group", () => {
    each(({ groups, groupOf, values }, seed) => {
      const done = new Set<number>()
      for (let left = groups.length; left > 0;) {
        const ready = groups.filter((g) => !done.has(g.id) && [...g.dependencies].every((d) => done.has(d)))
        assert.isAbove(ready.length, 0, `seed ${seed}: a cycle`)
        for (const { id } of ready) done.add(id)
        left -= ready.length
      }
      for (const group of groups) {
        const seen = new Set<number>()
        for (const { node, operands } of group.members) {
          for (const { base } of operands) {
            const from = groupOf[base]
            if (from === group.id) assert.isTrue(seen.has(base), `seed ${seed}: ${base} is read before it is computed`)
            else if (from !== undefined) assert.isTrue(group.dependencies.has(from), `seed ${seed}`)
          }
          for (let k = 0; k < (values.graph.nodes[node]?.outputs.length ?? 0); k++) {
            seen.add((values.start[node] ?? 0) + k)
            assert.strictEqual(groupOf[(values.start[node] ?? 0) + k], group.id)
          }
        }
      }
    })
  })

  it("do not depend on the order of independent results", () => {
    const shuffled = (seed: number): number => {
      const body: Body = (...p) => [T.exp, T.tanh, T.sin].map((f) => f(ops.neg(parameter(p, 0))))
      const below = randomSource(seed)
      return scheduled([[7]], (...p) => [...body(...p)].sort(() => below(2) - 0.5)).groups.length
    }
    assert.deepStrictEqual([1, 2, 3, 4].map(shuffled), [1, 1, 1, 1])
  })
})
