import { assert, describe, it } from "@effect/vitest"
import { Builder, type Step, Validator } from "@cotangent/kernel"
import { type AnyTensor, evaluateAll, type Graph, type Shape, T, type Tensor, type Value } from "@cotangent/graph"
import { differenceOf, graphOf, planOf32, randomNumbers, randomSource, runPlanned } from "./planned.test.support.ts"
import { canonical, plan } from "./program.ts"
import { targets } from "./target/targets.test.support.ts"

type F32 = Tensor<Shape>
type Flag = Tensor<[], "bool">
type Body = (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

const near = (a: number, b: number): boolean =>
  Object.is(a, b) || Math.abs(a - b) <= 2e-5 * Math.max(1, Math.abs(a), Math.abs(b))

/** Runs a function on every target: all bits equal, and near the float64 interpreter. */
const check = (shapes: ReadonlyArray<ReadonlyArray<number>>, body: Body, seed = 1): void => {
  const below = randomSource(seed)
  const avals = shapes.map((shape) => ({ shape, dtype: "f32" as const }))
  const inputs = avals.map((aval) => randomNumbers(aval, below))
  const values = inputs.map((data, i): Value => ({
    shape: shapes[i] ?? [],
    dtype: "f32",
    data: Float32Array.from(data)
  }))
  const planned = plan(graphOf(avals, body))
  assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [])
  const expected = evaluateAll(body(...values.map((v): AnyTensor => T.fromValue(v)))).map(({ data }) =>
    Array.from(data)
  )
  const [first, ...others] = targets.map(([name, target]) => [name, runPlanned(planned, inputs, { target })] as const)
  assert.strictEqual(differenceOf(expected, first?.[1] ?? [], near), undefined)
  for (const [name, actual] of others) assert.strictEqual(differenceOf(first?.[1] ?? [], actual), undefined, name)
}

const f32 = (x: AnyTensor | undefined): F32 => (x ?? assert.fail("an operand is missing")) as F32
const stepsOf = (steps: ReadonlyArray<Step>): ReadonlyArray<string> => steps.map(({ tag }) => tag)
const countOf = (graph: Graph.Graph, primitive: string): number =>
  graph.nodes.filter((node) => node.primitive === primitive).length

describe("scan", () => {
  for (const reverse of [false, true])
    it(`nested, ${reverse ? "backwards" : "forwards"}: rows of rows are read in place`, () =>
      check([[3, 4, 5], [5]], (xs, c0) => {
        const outer = (c: F32, row: F32) => {
          const inner = (d: F32, x: F32) => {
            const next: F32 = T.add(T.mul(d, 0.5), x)
            return [next, T.mul(next, d)] as const
          }
          const [last, ys] = T.scan(inner, c, row, { reverse })
          return [last, ys] as const
        }
        const [last, ys] = T.scan(outer as never, f32(c0), f32(xs), { reverse })
        return [last, ys as AnyTensor]
      }))

  it("with carries that change places, stay, and leave as rows", () =>
    check([[4], [4], [4], [6, 4]], (a, b, c, xs) => {
      const [carry, rows] = T.scan(
        (s: { a: F32; b: F32; c: F32 }, x: F32) =>
          [
            { a: s.b, b: s.a, c: s.c },
            { old: s.a, sum: T.add(s.b, x) }
          ] as const,
        { a: f32(a), b: f32(b), c: f32(c) },
        f32(xs) as never
      )
      const { old, sum } = rows as { old: AnyTensor; sum: AnyTensor }
      return [carry.a, carry.b, carry.c, old, sum]
    }))

  it("over views of sequences: transposed, sliced, repeated", () =>
    check([[4, 6], [3], [1, 3]], (xs, ys, zs) => {
      const sequence = T.slice(T.transpose(f32(xs)), [{ start: 1, end: 6, step: 2 }, { start: 1 }])
      const repeated = T.broadcastTo(f32(ys), [3, 3])
      const once = T.broadcastTo(f32(zs), [3, 3])
      const [last, rows] = T.scan(
        (c: F32, row: { x: F32; y: F32; z: F32 }) => {
          const next: F32 = T.add(T.mul(c, row.x), T.mul(row.y, row.z))
          return [next, c] as const
        },
        f32(ys),
        { x: sequence, y: repeated, z: once } as never
      )
      return [last, rows as AnyTensor]
    }))

  it("multiplies matrices, reduces rows and gathers inside", () =>
    check(
      [
        [5, 4, 8],
        [8, 8],
        [4, 8]
      ],
      (xs, w, h) => {
        const [last, rows] = T.scan(
          (c: F32, x: F32) => {
            const next: F32 = T.tanh(T.add(T.matmul(c, f32(w)), x))
            return [next, { soft: T.softmax(next, { axis: -1 }), total: T.sum(next, { axis: 0 }) }] as const
          },
          f32(h),
          f32(xs) as never
        )
        const { soft, total } = rows as { soft: AnyTensor; total: AnyTensor }
        return [last, soft, total]
      }
    ))

  it("has as many kernels for a thousand steps as for three", () => {
    const kernels = [3, 1000].map(
      (length) =>
        planOf32([[length, 4], [4]], (xs, c) => {
          const [last] = T.scan((s: F32, x: F32) => [T.sin(T.add(s, x)) as F32, s] as const, f32(c), f32(xs) as never)
          return [last]
        }).kernels.length
    )
    assert.strictEqual(kernels[0], kernels[1])
  })

  it("does not write rows nobody reads, nor carry what nothing needs", () => {
    const planned = planOf32([[100, 4], [4], [4]], (xs, a, b) => {
      const [last] = T.scan(
        (s: { a: F32; b: F32 }, x: F32) =>
          [{ a: T.add(s.a, x) as F32, b: T.mul(s.b, s.a) as F32 }, T.exp(s.b)] as const,
        { a: f32(a), b: f32(b) },
        f32(xs) as never
      )
      return [last.a]
    })
    const scan = planned.graph.nodes.find(({ primitive }) => primitive === "scan")
    assert.deepStrictEqual([scan?.attributes["carries"], scan?.outputs.length], [1, 1])
    assert.isBelow(planned.cost.scratchBytes, 400)
  })

  it("in segments gives the same rows", () => {
    const run =
      (reverse: boolean, segments: number): Body =>
      (xs, c) => {
        const [last, rows] = T.scan(
          (s: F32, x: F32) => [T.sin(T.add(s, x)) as F32, T.mul(s, x)] as const,
          f32(c),
          f32(xs) as never,
          { reverse, segments }
        )
        return [last, rows as AnyTensor]
      }
    for (const [length, segments] of [
      [12, 3],
      [13, 4],
      [5, 5],
      [3, 7]
    ] as const)
      for (const reverse of [false, true]) {
        const shapes = [[length, 4], [4]]
        const below = randomSource(length)
        const inputs = shapes.map((shape) => randomNumbers({ shape, dtype: "f32" }, below))
        const [whole, parts] = [1, segments].map((n) => runPlanned(planOf32(shapes, run(reverse, n)), inputs))
        assert.strictEqual(differenceOf(whole ?? [], parts ?? []), undefined)
      }
  })
})

describe("cond", () => {
  const branches: Body = (p, x, y) => {
    const positive: Flag = T.greater(T.reshape(f32(p), []), 0)
    const r = T.cond(
      positive,
      () => ({ a: T.exp(f32(x)), b: f32(y) }),
      () => ({ a: f32(y), b: T.mul(f32(x), f32(y)) })
    )
    return [r.a, r.b]
  }

  it("takes either branch", () => {
    for (let seed = 0; seed < 8; seed++) check([[1], [9], [9]], branches, seed)
  })

  it("keeps in the branch what the branch builds", () => {
    const planned = planOf32([[1], [9], [9]], branches)
    const branch = planned.steps.find(({ tag }) => tag === "branch")
    assert.deepStrictEqual(
      branch?.tag === "branch" ? [branch.whenSet.length, branch.whenNot.length].map((n) => n > 0) : [],
      [true, true]
    )
    assert.notInclude(
      planned.graph.nodes.map(({ primitive }) => primitive),
      "exp"
    )
  })

  it("inside a scan decides at every step", () =>
    check([[7, 3], [3]], (xs, c) => {
      const [last, rows] = T.scan(
        (s: F32, x: F32) => {
          const next = T.cond(
            T.greater(T.reshape(T.sum(x), []), 0),
            () => T.add(s, x) as F32,
            () => T.mul(s, x) as F32
          )
          return [next, s] as const
        },
        f32(c),
        f32(xs) as never
      )
      return [last, rows as AnyTensor]
    }))
})

describe("whileLoop", () => {
  it("runs as long as its predicate holds, also not at all", () => {
    const halve: Body = (x, bound) => [
      T.whileLoop(
        (c: F32) => T.greater(T.reshape(T.max(T.abs(c)), []), T.add(T.abs(T.reshape(f32(bound), [])), 0.1)) as Flag,
        (c) => T.mul(c, 0.5) as F32,
        T.mul(f32(x), 100) as F32
      )
    ]
    for (let seed = 0; seed < 4; seed++) check([[5], [1]], halve, seed)
  })

  it("inside a scan, with carried integers", () =>
    check([[6]], (xs) => {
      const [last, rows] = T.scan(
        (c: Tensor<[], "i32">, x: F32) => {
          const { n } = T.whileLoop(
            ({ v }: { v: F32; n: Tensor<[], "i32"> }) => T.less(T.reshape(v, []), 3) as Flag,
            ({ v, n }) => ({ v: T.add(T.abs(v), 0.7) as F32, n: T.add(n, 1) }),
            { v: x, n: c }
          )
          return [n, n] as const
        },
        T.constant(0, "i32"),
        f32(xs) as never
      )
      return [last, rows as AnyTensor]
    }))

  it("stops at its limit", () => {
    const body: Body = (x) => [
      T.whileLoop(
        () => T.constant(true, "bool") as never,
        (c: F32) => T.add(c, 1) as F32,
        f32(x),
        { limit: 5 }
      )
    ]
    check([[3]], body)
    assert.deepStrictEqual(runPlanned(planOf32([[1]], body), [[2]]), [[7]])
  })
})

describe("programs with loops", () => {
  it("come as nested steps", () => {
    const planned = planOf32([[4, 3], [3]], (xs, c) => {
      const [last] = T.scan((s: F32, x: F32) => [T.add(s, x) as F32, {}] as const, f32(c), f32(xs) as never)
      return [T.exp(last)]
    })
    assert.deepStrictEqual(stepsOf(planned.steps), ["call", "repeat", "call"])
  })

  it("count their work by the number of steps", () => {
    const cost = (length: number) =>
      planOf32([[length, 64], [64]], (xs, c) => {
        const [last] = T.scan((s: F32, x: F32) => [T.mul(s, x) as F32, {}] as const, f32(c), f32(xs) as never)
        return [last]
      }).cost
    const [ten, thousand] = [cost(10), cost(1000)]
    assert.strictEqual(thousand.flops, 100 * ten.flops)
    assert.approximately(thousand.bytes / ten.bytes, 100, 10)
    assert.strictEqual(thousand.scratchBytes, ten.scratchBytes)
  })

  it("run one loop where a value and its derivative need the same steps", () => {
    const body =
      (collect: boolean): Body =>
      (xs, c) => {
        const [last, rows] = T.scan(
          (s: F32, x: F32) => [T.sin(T.add(s, x)) as F32, collect ? s : {}] as const,
          f32(c),
          f32(xs) as never
        )
        return collect ? [rows as AnyTensor] : [last]
      }
    const both: Body = (xs, c) => [
      ...body(false)(xs ?? assert.fail(), c ?? assert.fail()),
      ...body(true)(xs ?? assert.fail(), c ?? assert.fail())
    ]
    const graph = graphOf(
      [
        { shape: [5, 2], dtype: "f32" },
        { shape: [2], dtype: "f32" }
      ],
      both
    )
    assert.strictEqual(countOf(graph, "scan"), 2)
    assert.strictEqual(countOf(canonical(graph), "scan"), 1)
    check([[5, 2], [2]], both)
  })

  it("a row is a part of a buffer that moves with a loop", () => {
    const whole = { id: 7, name: "x", dtype: "f32" as const, length: 12 }
    const loop = { id: -1, extent: 3, step: 1 }
    const row = { ...whole, length: 4, row: { of: whole, offset: 1, terms: [{ loop, stride: 4 }] } }
    const placed = Builder.placeIn(row, Builder.at(2))
    assert.strictEqual(placed.buffer, whole)
    assert.deepStrictEqual(placed.index, { offset: 3, terms: [{ loop, stride: 4 }] })
  })
})
