import { assert, describe, it } from "@effect/vitest"
import { EvaluationError } from "./errors.ts"
import * as Graph from "./graph.ts"
import { operations as ops } from "./operations.ts"
import * as T from "./ops/index.ts"
import { print } from "./print.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

const x = ops.parameter("x", [2, 3], "f32") as Tensor<[2, 3]>
const y = ops.parameter("y", [3], "f32") as Tensor<[3]>
const collect = (...results: ReadonlyArray<AnyTensor>) =>
  Graph.make(
    [
      { name: "x", tensor: x },
      { name: "y", tensor: y }
    ],
    results
  )
const primitivesOf = ({ nodes }: Graph.Graph) => nodes.map(({ primitive }) => primitive)

describe("make", () => {
  it("lists parameters first, then inputs before users", () => {
    const graph = collect(T.exp(T.sum(T.mul(x, y), { axis: 0 })))
    assert.deepStrictEqual(primitivesOf(graph), ["parameter", "parameter", "broadcast", "mul", "reduceSum", "exp"])
    graph.nodes.forEach(({ inputs }, i) => inputs.forEach(({ node }) => assert.isBelow(node, i)))
    assert.deepStrictEqual(graph.results, [{ node: 5, output: 0 }])
    assert.deepStrictEqual(graph.parameters, [
      { name: "x", shape: [2, 3], dtype: "f32" },
      { name: "y", shape: [3], dtype: "f32" }
    ])
  })

  it("merges equal computations", () => {
    const graph = collect(T.exp(x), T.exp(x), T.add(T.exp(x), T.exp(x)))
    assert.deepStrictEqual(primitivesOf(graph), ["parameter", "parameter", "exp", "add"])
    assert.deepStrictEqual(graph.nodes[3]?.inputs, [
      { node: 2, output: 0 },
      { node: 2, output: 0 }
    ])
    assert.strictEqual(graph.results[0]?.node, graph.results[1]?.node)
  })

  it("keeps apart what differs in an operand, its order, an attribute, a constant or an output", () => {
    const different = (a: AnyTensor, b: AnyTensor) => {
      const [first, second] = collect(a, b).results
      assert.notDeepEqual(first, second)
    }
    different(T.exp(x), T.log(x))
    different(T.exp(x), T.exp(y))
    different(T.sub(x, y), T.sub(y, x))
    different(T.sum(x, { axis: 0 }), T.sum(x, { axis: 1 }))
    different(T.reshape(x, [3, 2]), T.reshape(x, [6]))
    different(T.add(x, 1), T.add(x, 2))
    different(T.add(x, 0), T.add(x, -0))
    different(T.constant([0, 1]), T.constant([0, 1], "f64"))
    different(T.constant([0, 1]), T.constant([[0, 1]]))
    different(
      T.pad(
        x,
        [
          [0, 0],
          [0, 1]
        ],
        Infinity
      ),
      T.pad(
        x,
        [
          [0, 0],
          [0, 1]
        ],
        -Infinity
      )
    )
    different(
      T.pad(
        x,
        [
          [0, 0],
          [0, 1]
        ],
        NaN
      ),
      T.pad(
        x,
        [
          [0, 0],
          [0, 1]
        ],
        Infinity
      )
    )
    different(
      T.pad(
        x,
        [
          [0, 0],
          [0, 1]
        ],
        0
      ),
      T.pad(
        x,
        [
          [0, 0],
          [0, 1]
        ],
        -0
      )
    )
    const word = T.full([2], 1, "u32")
    const [a, b] = ops.threefry(word, word, word, word)
    different(a, b)
  })

  it("merges equal constants, large ones when they are the same memory", () => {
    const merged = (a: AnyTensor, b: AnyTensor) => {
      const [first, second] = collect(a, b).results
      return first?.node === second?.node
    }
    assert.isTrue(merged(T.constant([1, 2]), T.constant([1, 2])))
    assert.isTrue(merged(T.constant(NaN), T.constant(NaN)))
    const data = new Float32Array(1000)
    assert.isTrue(merged(T.fromArray(data, [1000]), T.fromArray(data, [1000])))
    assert.isFalse(merged(T.fromArray(data, [1000]), T.fromArray(data.slice(), [1000])))
    assert.isFalse(merged(T.fromArray(data.subarray(0, 400), [400]), T.fromArray(data.subarray(400, 800), [400])))
    assert.isFalse(merged(T.fromArray(data.subarray(0, 400), [400]), T.fromArray(data.subarray(0, 400), [20, 20])))
  })

  it("leaves out aliases, stopped gradients and whatever no result needs", () => {
    T.exp(y)
    const graph = collect(ops.alias(T.stopGradient(ops.alias(x))), T.neg(ops.alias(x)))
    assert.deepStrictEqual(primitivesOf(graph), ["parameter", "parameter", "neg"])
    assert.deepStrictEqual(graph.results[0], { node: 0, output: 0 })
    assert.deepStrictEqual(graph.nodes[2]?.inputs, [{ node: 0, output: 0 }])
  })

  it("takes any tensors for parameters, also several outputs of one node", () => {
    const [first, second] = T.scan((c: typeof y, r: typeof y) => [T.add(c, r), T.mul(c, r)], y, x)
    const sum = T.add(second, first)
    const graph = Graph.make(
      [
        { name: "rows", tensor: second },
        { name: "last", tensor: first }
      ],
      [sum]
    )
    assert.deepStrictEqual(primitivesOf(graph), ["parameter", "parameter", "broadcast", "add"])
    assert.deepStrictEqual(graph.nodes[3]?.inputs, [
      { node: 0, output: 0 },
      { node: 2, output: 0 }
    ])
  })

  it("refuses parameters that are not among the arguments", () => {
    assert.throws(
      () => Graph.make([{ name: "x", tensor: x }], [T.mul(x, y)]),
      EvaluationError,
      "graph: the parameter y of shape [3] is used but is not among the arguments"
    )
  })

  it("is linear: it visits every node once, however often it is used", () => {
    let z: AnyTensor = x
    for (let i = 0; i < 64; i++) z = T.add(z, z)
    assert.strictEqual(collect(z).nodes.length, 2 + 64)
  })

  it("collects regions as graphs of their own", () => {
    const graph = collect(...T.scan((c: typeof y, r: typeof y) => [T.add(c, r), T.mul(c, y)], y, x))
    const scan = graph.nodes.at(-1)
    assert.strictEqual(scan?.primitive, "scan")
    const [body] = scan?.regions ?? []
    // What the body uses from outside (y) comes first, then the carry and the row.
    assert.deepStrictEqual(
      body?.parameters.map(({ shape }) => shape),
      [[3], [3], [3]]
    )
    assert.deepStrictEqual(
      scan?.inputs.map(({ node }) => node),
      [1, 1, 0]
    )
  })
})

describe("prune", () => {
  it("keeps parameters and what results need, renumbered", () => {
    const graph = collect(T.exp(x), T.log(y), T.neg(T.exp(x)))
    const pruned = Graph.prune({ ...graph, results: graph.results.slice(2) })
    assert.deepStrictEqual(primitivesOf(pruned), ["parameter", "parameter", "exp", "neg"])
    assert.strictEqual(print(pruned), print(collect(T.neg(T.exp(x)))))
  })
})

it("avalOf tells what a reference refers to", () => {
  const graph = collect(T.sum(x, { axis: 1 }))
  assert.deepStrictEqual(Graph.avalOf(graph, graph.results[0] ?? assert.fail()), { shape: [2], dtype: "f32" })
  assert.throws(() => Graph.avalOf(graph, { node: 9, output: 0 }), "graph: there is no output 0 of node 9")
})

it("types of outputs hold nothing but shapes and element types", () => {
  const word = T.full([3], 1, "u32")
  const results = [
    T.exp(x),
    ops.alias(x),
    T.where(T.less(x, 0), x, 1),
    ops.threefry(word, word, word, word)[1],
    T.reshape(x, [6]),
    T.scan((c: Tensor<[3]>, r: Tensor<[3]>) => [T.add(c, r), r], y, x)[1]
  ]
  for (const { node } of results) {
    for (const aval of node.outputs) assert.sameMembers(Reflect.ownKeys(aval), ["shape", "dtype"], node.primitive)
  }
})
