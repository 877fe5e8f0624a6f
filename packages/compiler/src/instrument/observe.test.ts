import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, type Aval, Graph, Hash, operations as ops, T, type Tensor } from "@cotangent/graph"
import { differenceOf, type Numbers, randomNumbers, randomSource, runPlanned } from "../planned.test.support.ts"
import { plan } from "../program.ts"
import { randomProgram } from "../randomGraph.test.support.ts"
import { targets } from "../target/targets.test.support.ts"
import { finiteObserver } from "./finite.ts"
import { indexObserver } from "./indices.ts"
import { observe, type Observer, withoutTaps } from "./observe.ts"
import { makeTapObserver } from "./taps.ts"

type F32 = Tensor<[]>
type Body = (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

const tapped = (parameters: ReadonlyArray<Aval>, f: Body, taps = true): Graph.Graph => {
  const tensors = parameters.map(({ shape, dtype }, i) => ops.parameter(`p${i}`, shape, dtype))
  return Graph.make(
    tensors.map((tensor, i) => ({ name: `p${i}`, tensor })),
    f(...tensors),
    { taps }
  )
}
const f32 = (...shapes: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<Aval> =>
  shapes.map((shape) => ({ shape, dtype: "f32" }))

/** What an observer sees, on every target: by label, the value and whether it ran. */
const seen = <A>(graph: Graph.Graph, observer: () => Observer<A>, inputs: ReadonlyArray<Numbers>) => {
  const { graph: observed, observations } = observe(graph, observer())
  const planned = plan(observed)
  const plain = plan(withoutTaps(graph))
  const all = targets.map(([name, target]) => {
    const results = runPlanned(planned, inputs, { target })
    const expected = runPlanned(plain, inputs, { target })
    assert.isUndefined(differenceOf(expected, results.slice(0, expected.length)), name)
    return observations.map(({ about, loops, ran, result }) => ({
      about,
      loops,
      value: results[result],
      ...(ran === undefined ? {} : { ran: results[ran] })
    }))
  })
  const [first = [], ...others] = all
  for (const other of others) assert.deepStrictEqual(other, first)
  return first
}

const taps = (parameters: ReadonlyArray<Aval>, f: Body, inputs: ReadonlyArray<Numbers>) =>
  seen(tapped(parameters, f), makeTapObserver, inputs).map(({ about, ...rest }) => ({ label: about.label, ...rest }))

const one = (x: AnyTensor | undefined): F32 => (x ?? assert.fail("an operand is missing")) as F32

describe("observe", () => {
  it("adds results behind those there are", () => {
    const graph = tapped(f32([2]), (x) => [ops.exp(T.tap(one(x), "x") as AnyTensor)])
    const { graph: observed, observations } = observe(graph, makeTapObserver())
    assert.strictEqual(observed.results.length, 2)
    assert.deepStrictEqual(observations, [
      { about: { tag: "tap", label: "x", observes: "value" }, result: 1, loops: 0 }
    ])
    assert.deepStrictEqual(
      observed.nodes.map(({ primitive }) => primitive),
      ["parameter", "exp"]
    )
    assert.strictEqual(Hash.hash(withoutTaps(graph)), Hash.hash(tapped(f32([2]), (x) => [ops.exp(one(x))], false)))
  })

  it("stacks what it sees in scans over their steps, also backwards and nested", () => {
    const sums = (xs: AnyTensor, reverse: boolean) =>
      T.scan(
        (c: F32, row: F32) => {
          const next = T.tap(T.add(c, row), "sum")
          return [next, {}] as const
        },
        T.constant(0) as F32,
        xs as Tensor<[3]>,
        { reverse }
      )[0]
    assert.deepStrictEqual(
      taps(f32([3]), (x) => [sums(one(x), false)], [[1, 2, 4]]),
      [{ label: "sum", loops: 1, value: [1, 3, 7] }]
    )
    assert.deepStrictEqual(
      taps(f32([3]), (x) => [sums(one(x), true)], [[1, 2, 4]]),
      [{ label: "sum", loops: 1, value: [7, 6, 4] }]
    )
    const nested = (xs: AnyTensor) =>
      T.map((row: Tensor<[2]>) => T.map((x: F32) => T.tap(T.mul(x, 2), "twice"), row), xs as Tensor<[3, 2]>)
    assert.deepStrictEqual(
      taps(f32([3, 2]), (x) => [nested(one(x)) as AnyTensor], [[1, 2, 3, 4, 5, 6]]),
      [{ label: "twice", loops: 2, value: [2, 4, 6, 8, 10, 12] }]
    )
  })

  it("says of a branch whether it ran", () => {
    const branch: Body = (x) => {
      const y = one(x)
      return [
        T.cond(
          T.greater(y, 0) as Tensor<[], "bool">,
          () => T.tap(T.mul(y, 2), "twice"),
          () => T.tap(T.neg(T.tap(y, "y")), "minus")
        )
      ]
    }
    const zero = [0]
    assert.deepStrictEqual(taps(f32([]), branch, [[3]]), [
      { label: "twice", loops: 0, value: [6], ran: [1] },
      { label: "y", loops: 0, value: zero, ran: zero },
      { label: "minus", loops: 0, value: zero, ran: zero }
    ])
    assert.deepStrictEqual(
      taps(f32([]), branch, [[-3]]).map(({ value, ran }) => [value, ran]),
      [
        [zero, zero],
        [[-3], [1]],
        [[3], [1]]
      ]
    )
    const each: Body = (x) => [T.map((row: F32) => branch(row)[0] ?? row, one(x) as unknown as Tensor<[3]>)]
    assert.deepStrictEqual(taps(f32([3]), each, [[1, -2, 3]])[0], {
      label: "twice",
      loops: 1,
      value: [2, 0, 6],
      ran: [1, 0, 1]
    })
  })

  it("keeps the last value of a loop whose steps nobody counts, and of branches in it", () => {
    const doubled: Body = (x) => [
      T.whileLoop(
        (c: F32) => T.less(c, 100),
        (c: F32) =>
          T.cond(
            T.less(c, 20) as Tensor<[], "bool">,
            () => T.tap(T.mul(c, 2), "small"),
            () => T.tap(T.mul(c, 4), "large")
          ),
        one(x)
      )
    ]
    assert.deepStrictEqual(
      taps(f32([]), doubled, [[3]]).map(({ label, value, ran }) => [label, value, ran]),
      [
        // 3, 6, 12, 24 by the first branch, 96, 384 by the second.
        ["small", [0], [1]],
        ["large", [384], [1]]
      ]
    )
    assert.deepStrictEqual(
      taps(f32([]), doubled, [[200]]).map(({ ran }) => ran),
      [[0], [0]]
    )
  })

  it("shows a tap once, however often derivatives compute it again", () => {
    const position = {}
    const tap = (x: AnyTensor) =>
      ops.tap([x], { label: "x", observes: "value" })[0] ?? assert.fail("a tap has one output")
    const graph = tapped(f32([2]), (x) => [ops.exp(tap(one(x))), ops.sin(tap(ops.neg(one(x))))])
    const copied = {
      ...graph,
      nodes: graph.nodes.map((node) => (node.primitive === "tap" ? { ...node, position } : node))
    }
    assert.strictEqual(observe(graph, makeTapObserver()).observations.length, 2)
    assert.strictEqual(observe(copied, makeTapObserver()).observations.length, 1)
  })

  it("changes no bit of a random program, whatever it looks at", () => {
    const observer: Observer<{ readonly tag: "index" | "finite" }> = (...at) => [
      ...finiteObserver(...at),
      ...indexObserver(...at)
    ]
    let observations = 0
    for (let seed = 0; seed < 40; seed++) {
      const { parameters, body } = randomProgram(seed, {
        nodes: 14,
        sizes: [1, 2, 3, 5, 9],
        dtypes: ["f32", "f64", "i32", "bool"]
      })
      const below = randomSource(seed)
      const inputs = parameters.map((aval) => randomNumbers(aval, below, seed % 3 === 0))
      const graph = tapped(parameters, body)
      const { graph: observed, observations: found } = observe(graph, observer)
      observations += found.length
      const results = runPlanned(plan(observed), inputs)
      const expected = runPlanned(plan(graph), inputs)
      assert.isUndefined(differenceOf(expected, results.slice(0, expected.length)), `seed ${seed}`)
    }
    assert.isAbove(observations, 100)
  })
})

describe("finiteObserver", () => {
  it("raises a flag for each operation that makes NaN or an infinity", () => {
    const logs: Body = (x) => [ops.add(ops.log(one(x)), 1), ops.exp(one(x))]
    const flags = (numbers: Numbers) =>
      seen(tapped(f32([3]), logs), () => finiteObserver, [numbers]).map(({ value }) => value?.[0])
    assert.deepStrictEqual(flags([1, 2, 3]), [0, 0, 0])
    assert.deepStrictEqual(flags([1, -2, 3]), [1, 1, 0])
    assert.deepStrictEqual(flags([0, 2, 3]), [1, 1, 0])
    assert.deepStrictEqual(flags([1, 2, 100]), [0, 0, 1])
    assert.deepStrictEqual(flags([1, 2, 88.72283]), [0, 0, 0])
  })
})

describe("indexObserver", () => {
  const lookUp: Body = (table, indices) => [ops.gather(one(table), one(indices), 0)]
  const parameters: ReadonlyArray<Aval> = [...f32([4]), { shape: [2], dtype: "i32" }]
  const outside = (indices: Numbers, body = lookUp) =>
    seen(tapped(parameters, body), () => indexObserver, [[1, 2, 3, 4], indices]).map(({ value }) => value)

  it("raises a flag for an index that is no place, counted from the front or from the back", () => {
    assert.deepStrictEqual(outside([0, 3]), [[0]])
    assert.deepStrictEqual(outside([-4, -1]), [[0]])
    assert.deepStrictEqual(outside([4, 0]), [[1]])
    assert.deepStrictEqual(outside([0, -5]), [[1]])
    assert.deepStrictEqual(outside([2147483647, -2147483648]), [[1]])
  })

  it("keeps a flag that was raised at any step of a loop", () => {
    const loop: Body = (table, indices) =>
      T.whileLoop(
        (c: readonly [Tensor<[2], "i32">, F32]) => T.less(T.max(c[0]) as never, 9),
        (c: readonly [Tensor<[2], "i32">, F32]) =>
          [T.add(c[0], 3), T.add(c[1], T.sum(ops.gather(one(table), c[0], 0) as F32) as F32)] as const,
        [one(indices) as unknown as Tensor<[2], "i32">, T.constant(0) as F32] as const
      )
    // 0, 3, 6 (outside), 9.
    assert.deepStrictEqual(outside([0, 0], loop), [[1]])
    assert.deepStrictEqual(outside([9, 0], loop), [[0]])
  })

  it("looks at no empty operand", () => {
    const graph = tapped([...f32([4]), { shape: [0], dtype: "i32" }], lookUp)
    assert.deepStrictEqual(observe(graph, indexObserver).observations, [])
  })
})
