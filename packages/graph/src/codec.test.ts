import { assert, describe, it } from "@effect/vitest"
import { decode, encode, type EncodedGraph } from "./codec.ts"
import { CodecError } from "./errors.ts"
import * as Graph from "./graph.ts"
import { hash } from "./hash.ts"
import * as Key from "./random/index.ts"
import { operations as ops } from "./operations.ts"
import * as T from "./ops/index.ts"
import { print } from "./print.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

const x = ops.parameter("x", [2, 3], "f32") as Tensor<[2, 3]>
const row = T.zeros([3])
const collect = (...results: ReadonlyArray<AnyTensor>) => Graph.make([{ name: "x", tensor: x }], results)
const throughText = (graph: Graph.Graph) => decode(JSON.parse(JSON.stringify(encode(graph))))

describe("codec", () => {
  const graphs: Readonly<Record<string, Graph.Graph>> = {
    "the identity": collect(x),
    arithmetic: collect(T.relu(T.add(T.matmul(x, T.ones([3, 4])), T.constant([0.1, -0, NaN, Infinity]))), x),
    random: collect(T.mul(x, Key.normal(Key.key(3), [2, 3]))),
    padding: collect(
      ...[0, -0, 1.5, NaN, Infinity, -Infinity].map((value) =>
        T.pad(
          x,
          [
            [0, 1],
            [2, 0]
          ],
          value
        )
      )
    ),
    "other element types": collect(
      T.constant([true, false], "bool"),
      T.constant([-1, 7], "i32"),
      T.constant([2 ** 32 - 1], "u32"),
      T.constant([0.1], "f64"),
      T.cast(x, "i32")
    ),
    structure: collect(
      T.transpose(T.slice(x, [{ start: 1 }, { step: 2 }])),
      T.take(x, T.constant([1, 0, 1], "i32")),
      T.concat(x, x),
      T.argmax(x),
      T.max(x, { axis: [0, 1] }),
      ops.scatterAdd(x, T.constant([1], "i32"), T.ones([1, 3]), 0)
    ),
    "loops in loops": collect(
      ...T.scan(
        (c: Tensor<[3]>, r: Tensor<[3]>) => {
          const [last] = T.scan((d: Tensor<[]>, s: Tensor<[]>) => [T.add(d, T.mul(s, T.sum(c))), d], T.zeros([]), r)
          return [T.mul(c, last), T.exp(c)]
        },
        row,
        x,
        { reverse: true }
      )
    ),
    "large constants": collect(T.fromArray(Float32Array.from({ length: 1000 }, Math.sqrt), [1000]))
  }

  for (const [name, graph] of Object.entries(graphs)) {
    it(`keeps ${name}`, () => {
      const decoded = throughText(graph)
      assert.strictEqual(print(decoded), print(graph))
      assert.strictEqual(hash(decoded), hash(graph))
      assert.deepStrictEqual(decoded.parameters, graph.parameters)
      assert.deepStrictEqual(
        decoded.nodes.map(({ outputs }) => outputs),
        graph.nodes.map(({ outputs }) => outputs)
      )
    })
  }

  it("keeps every bit of a constant", () => {
    const data = new Float32Array(Uint32Array.of(0x7fc12345, 0x80000000, 0x00000001, 0xff800000).buffer)
    const [node] = throughText(collect(T.fromArray(data, [4]))).nodes.slice(1)
    const value = node?.attributes["value"] as { readonly data: Float32Array }
    assert.deepStrictEqual(new Uint32Array(value.data.buffer), new Uint32Array(data.buffer))
  })

  it("leaves source positions out", () => {
    assert.notInclude(JSON.stringify(encode(collect(T.exp(x)))), "codec.test")
  })
})

describe("hostile input", () => {
  /** A graph as JSON, changed by hand. */
  const changed = (change: (graph: ReturnType<typeof open>) => void, ...results: ReadonlyArray<AnyTensor>): unknown => {
    const graph = open(encode(collect(...results)))
    change(graph)
    return graph
  }
  const open = (graph: EncodedGraph) =>
    JSON.parse(JSON.stringify(graph)) as {
      parameters: Array<{ name: unknown; shape: unknown; dtype: unknown }>
      nodes: Array<{
        primitive: unknown
        attributes: Record<string, unknown>
        inputs: Array<unknown>
        regions: Array<unknown>
      }>
      results: Array<unknown>
      [extra: string]: unknown
    }
  const refused = (encoded: unknown, sentence: string) => assert.throws(() => decode(encoded), CodecError, sentence)

  it("that is no graph is refused", () => {
    for (const other of [undefined, null, 3, "graph", [], {}]) refused(other, "graph: ")
    refused(
      changed((g) => void (g["extra"] = 1), x),
      'graph: Expected no excess property at ["extra"]'
    )
    refused(
      changed((g) => void (g.nodes = []), x),
      "graph: result: output 0 of node 0 is used before it is defined"
    )
  })

  it("with references that do not exist is refused", () => {
    const edge = (node: unknown, output: unknown) =>
      changed((g) => void (g.nodes[1]!.inputs[0] = { node, output }), T.exp(x))
    refused(edge(1, 0), "graph: node 1, exp: output 0 of node 1 is used before it is defined")
    refused(edge(-1, 0), "graph: node 1, exp: output 0 of node -1 is used before it is defined")
    refused(edge(0, 1), "graph: node 1, exp: output 1 of node 0 is used before it is defined")
    refused(edge(0.5, 0), "graph: ")
    refused(edge("length", 0), "graph: ")
    refused(
      changed((g) => void (g.results[0] = { node: 7, output: 0 }), x),
      "graph: result: output 0 of node 7"
    )
  })

  it("with unknown primitives is refused", () => {
    for (const name of ["constructor", "__proto__", "toString", "sin2"]) {
      refused(
        changed((g) => void (g.nodes[1]!.primitive = name), T.exp(x)),
        `graph: node 1, ${name}: there is no such primitive`
      )
    }
  })

  it("with the wrong number of operands or regions is refused", () => {
    const operands = (...inputs: ReadonlyArray<number>) =>
      changed((g) => void (g.nodes[1]!.inputs = inputs.map((node) => ({ node, output: 0 }))), T.mul(x, x))
    refused(operands(0), "graph: node 1, mul: needs 2 operands, got 1")
    refused(operands(0, 0, 0), "graph: node 1, mul: needs 2 operands, got 3")
    refused(
      changed((g) => void (g.nodes[1]!.regions = [encode(collect(x))]), T.exp(x)),
      "graph: node 1, exp: needs 0 regions, got 1"
    )
  })

  it("with attributes that are missing, unknown, or of another form is refused", () => {
    const attributes = (change: Record<string, unknown>, y: AnyTensor) =>
      changed((g) => {
        const node = g.nodes.at(-1)!
        node.attributes = { ...node.attributes, ...change }
      }, y)
    const transposed = T.transpose(x)
    refused(
      changed((g) => void (g.nodes[1]!.attributes = {}), transposed),
      "graph: node 1, transpose: "
    )
    refused(attributes({ axis: 0 }, transposed), "graph: node 1, transpose: Expected no excess property")
    refused(attributes({ permutation: "10" }, transposed), "graph: node 1, transpose: Expected array")
    refused(
      attributes({ permutation: [0, 0] }, transposed),
      "graph: node 1, transpose: transpose: [0, 0] is not a permutation"
    )
    refused(
      attributes({ shape: [-3, -2] }, T.reshape(x, [6])),
      "reshape: [-3, -2] is not a shape: sizes are whole numbers, 0 or more"
    )
    refused(attributes({ shape: [Infinity] }, T.reshape(x, [6])), "graph: node 1, reshape: ")
    refused(attributes({ dtype: "f16" }, T.cast(x, "i32")), "graph: node 1, cast: ")
    refused(attributes({ axes: [1, 1] }, T.sum(x, { axis: 1 })), "reduceSum: an axis is named twice in [1, 1]")
    refused(
      attributes(
        { low: [0] },
        T.pad(x, [
          [0, 1],
          [2, 0]
        ])
      ),
      "pad: [0] is not one entry per axis of [2, 3]"
    )
    refused(
      attributes(
        { value: "0; alert()" },
        T.pad(x, [
          [0, 1],
          [2, 0]
        ])
      ),
      "graph: node 1, pad: "
    )
    refused(attributes({ limit: [2, 9] }, T.slice(x, [])), "slice: from 0 to 9 by 1 does not lie in axis 1 of [2, 3]")
    refused(attributes({ step: [0, 1] }, T.slice(x, [])), "slice: from 0 to 2 by 0 does not lie in axis 0")
    refused(attributes({ contract: [[1], []] }, T.matmul(x, T.ones([3, 2]))), "name different numbers of axes")
    refused(
      attributes(
        {
          contract: [
            [1, 1],
            [0, 0]
          ]
        },
        T.matmul(x, T.ones([3, 2]))
      ),
      "dot: an axis is named twice in [1, 1]"
    )
  })

  it("with constants that are not what they claim is refused", () => {
    const value = (change: Record<string, unknown>, y: AnyTensor = T.constant([1, 2])) =>
      changed((g) => {
        const { attributes } = g.nodes[1]!
        attributes["value"] = { ...(attributes["value"] as object), ...change }
      }, y)
    refused(value({ shape: [3] }), "graph: node 1, constant: f32[3] needs 12 bytes in hexadecimal, got 16 characters")
    refused(value({ shape: [1e9, 1e9] }), "bytes in hexadecimal, got 16 characters")
    refused(value({ shape: [-1, -2] }), "constant: [-1, -2] is not a shape")
    refused(value({ dtype: "f64" }), "f64[2] needs 16 bytes in hexadecimal, got 16 characters")
    refused(value({ hex: "zz".repeat(8) }), "f32[2] needs 8 bytes in hexadecimal")
    refused(value({ hex: 5 }), "graph: node 1, constant: ")
    refused(value({ hex: "0102" }, T.constant([true, false], "bool")), "a bool is neither 0 nor 1")
  })

  it("with element types that do not fit is refused", () => {
    refused(
      changed((g) => void (g.nodes[1]!.primitive = "and"), T.mul(x, x)),
      "and: defined for i32, u32, bool, got f32"
    )
  })

  it("whose head and parameters disagree is refused", () => {
    const sentence = "graph: its first 1 nodes are not the parameters it lists"
    refused(
      changed((g) => void (g.parameters[0]!.name = "y"), x),
      sentence
    )
    refused(
      changed((g) => void (g.parameters[0]!.shape = [3, 2]), x),
      sentence
    )
    refused(
      changed((g) => void (g.parameters = []), x),
      "graph: its first 0 nodes are not the parameters it lists"
    )
    refused(
      changed((g) => void g.nodes.push(g.nodes[0]!), x),
      sentence
    )
  })

  it("with loops that do not fit their operands is refused", () => {
    const loop = T.scan((c: Tensor<[3]>, r: Tensor<[3]>) => [T.add(c, r), c], row, x)[0]
    const scan = (
      change: (node: { attributes: Record<string, unknown>; inputs: Array<unknown>; regions: Array<unknown> }) => void
    ) => changed((g) => change(g.nodes.find(({ primitive }) => primitive === "scan")!), loop)
    refused(
      scan((node) => void (node.attributes["length"] = 3)),
      "scan: a sequence has 2 rows, another has 3"
    )
    refused(
      scan((node) => void (node.attributes["carries"] = -1)),
      "scan: [2, -1, 1] is not a shape"
    )
    refused(
      scan((node) => void (node.attributes["carries"] = 2)),
      "scan: operands are missing"
    )
    refused(
      scan((node) => void node.inputs.reverse()),
      "scan: a sequence has 3 rows, another has 2"
    )
    refused(
      scan((node) => void (node.regions = [encode(collect(x))])),
      "scan: "
    )
    refused(
      scan((node) => void (node.regions = [encode(Graph.make([], [row]))])),
      "scan: the body takes , it is given f32[3], f32[3]"
    )
  })

  it("nested beyond reason is refused before it exhausts the stack", () => {
    let graph: unknown = encode(collect(x))
    const attributes = { carries: 0, sequences: 0, length: 1, reverse: false }
    const nodes = (region: unknown) => [{ primitive: "scan", attributes, inputs: [], regions: [region] }]
    for (let depth = 0; depth < 20_000; depth++) graph = { parameters: [], nodes: nodes(graph), results: [] }
    refused(graph, "regions lie more than 64 deep")
  })
})
