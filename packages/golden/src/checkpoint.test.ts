import { assert, describe, it } from "@effect/vitest"
import { checkpoint, type CheckpointPolicy, grad, hvp, vmap } from "@cotangent/autodiff"
import { plan, type Planned } from "@cotangent/compiler"
import { type AnyTensor, evaluateAll, Graph, operations as ops, type Shape, T, type Tensor } from "@cotangent/graph"
import { targetOf } from "./targets.ts"

type F32 = Tensor<Shape>
type Layer = (h: F32, w: F32) => F32

const [rows, width, depth] = [64, 32, 36]

const layer: Layer = (h, w) => T.tanh(T.matmul(h, w)) as F32

/** A loss of `depth` layers in blocks of `block` layers, each block wrapped. */
const loss =
  (
    x: F32,
    block: number,
    wrap: (f: (h: F32, ws: ReadonlyArray<F32>) => F32) => (h: F32, ws: ReadonlyArray<F32>) => F32
  ) =>
  (ws: ReadonlyArray<F32>): Tensor<[]> => {
    const through = wrap((h, part) => part.reduce(layer, h))
    let h = x
    for (let i = 0; i < ws.length; i += block) h = through(h, ws.slice(i, i + block))
    return T.reshape(T.mean(T.square(h)), []) as Tensor<[]>
  }

const parameters = () => [
  ...Array.from({ length: depth }, (_, i) => ({
    name: `w${i}`,
    tensor: ops.parameter(`w${i}`, [width, width], "f32")
  })),
  { name: "x", tensor: ops.parameter("x", [rows, width], "f32") }
]

const planOf = (block: number, policy?: CheckpointPolicy): Planned => {
  const given = parameters()
  const tensors = given.map(({ tensor }) => tensor as F32)
  const f = loss(tensors.at(-1) ?? assert.fail(), block, (g) => (policy === undefined ? g : checkpoint(g, { policy })))
  return plan(Graph.make(given, grad(f)(tensors.slice(0, depth))))
}

type Through = (h: F32, ws: ReadonlyArray<F32>) => F32

/** The gradient of a chain of layers that `run` goes through. */
const planOfLayers = (
  n: number,
  run: (through: Through, h: F32, ws: ReadonlyArray<F32>) => F32,
  each: Layer = layer
): Planned => {
  const weights = Array.from({ length: n }, (_, i) => ({
    name: `w${i}`,
    tensor: ops.parameter(`w${i}`, [width, width], "f32") as F32
  }))
  const x = { name: "x", tensor: ops.parameter("x", [rows, width], "f32") as F32 }
  const f = (ws: ReadonlyArray<F32>) =>
    T.reshape(T.mean(T.square(run((h, part) => part.reduce(each, h), x.tensor, ws))), []) as Tensor<[]>
  return plan(Graph.make([...weights, x], grad(f)(weights.map(({ tensor }) => tensor))))
}

/** Scratch memory in layers. */
const layersOf = (planned: Planned): number => planned.cost.scratchBytes / (rows * width * 4)

const values = Array.from({ length: depth + 1 }, (_, k) => ({
  shape: k === depth ? [rows, width] : [width, width],
  dtype: "f32" as const,
  data: Float32Array.from({ length: k === depth ? rows * width : width * width }, (_, i) => Math.sin(i * 7.3 + k) * 0.4)
}))

describe("checkpoint", () => {
  it("gives the bits of the gradient without it, whatever it keeps", () => {
    const run = (policy?: CheckpointPolicy) =>
      targetOf("wasm")
        .evaluate((tensors) => {
          const xs = tensors as ReadonlyArray<F32>
          const f = loss(xs.at(-1) ?? assert.fail(), 6, (g) => (policy === undefined ? g : checkpoint(g, { policy })))
          return grad(f)(xs.slice(0, depth))
        }, values)
        .map(({ data }) => Array.from(data))
    const plain = run()
    for (const policy of ["nothing", "products", (name: string) => name === "tanh"] as const)
      assert.deepStrictEqual(run(policy), plain)
  })

  it("needs less memory: the borders of the blocks and one block at a time", () => {
    const [plain, blocks] = [planOf(6), planOf(6, "nothing")].map(layersOf)
    assert.isAbove(plain ?? 0, depth - 2)
    // Six borders, six layers computed again, and what is at work.
    assert.isBelow(blocks ?? Infinity, 18)
  })

  it("needs about two square roots of the depth in memory, at the cost of one more forward pass", () => {
    for (const n of [6, 8, 10]) {
      const planned = planOfLayers(n * n, (through, h, ws) => {
        for (let i = 0; i < ws.length; i += n) h = checkpoint(through)(h, ws.slice(i, i + n))
        return h
      })
      // n borders, n layers of the block at work, and a few rows of weights' gradients.
      assert.isBelow(layersOf(planned), 2 * n + 1)
    }
  })

  it("nested in halves needs the logarithm of the depth", () => {
    const halves = (through: Through, h: F32, ws: ReadonlyArray<F32>): F32 => {
      if (ws.length === 1) return through(h, ws)
      const middle = ws.length / 2
      return checkpoint((x: F32, first: ReadonlyArray<F32>, second: ReadonlyArray<F32>) =>
        halves(through, halves(through, x, first), second)
      )(h, ws.slice(0, middle), ws.slice(middle))
    }
    const memory = [16, 32, 64].map((n) => layersOf(planOfLayers(n, halves)))
    memory.forEach((layers, i) => assert.isBelow(layers, 4 + i + 3))
  })

  it("keeping products keeps nothing else of a layer", () => {
    const several: Layer = (h, w) => T.tanh(T.sin(T.exp(T.mul(T.matmul(h, w), 0.1)))) as F32
    const blocks = (wrap: (f: Through) => Through) =>
      layersOf(
        planOfLayers(
          depth,
          (through, h, ws) => {
            for (let i = 0; i < ws.length; i += 6) h = wrap(through)(h, ws.slice(i, i + 6))
            return h
          },
          several
        )
      )
    // Three values of each layer, or its product and what one block is computed from.
    assert.isAbove(
      blocks((f) => f),
      2.9 * depth
    )
    assert.isBelow(
      blocks((f) => checkpoint(f, { policy: "products" })),
      depth + 12
    )
  })

  it("costs one more forward pass", () => {
    const [plain, blocks] = [planOf(6), planOf(6, "nothing")].map(({ cost }) => cost.flops)
    assert.isAbove(blocks ?? 0, 1.25 * (plain ?? 1))
    assert.isBelow(blocks ?? 0, 1.45 * (plain ?? 1))
  })

  it("keeping products computes them once", () => {
    const products = (planned: Planned): number =>
      planned.graph.nodes.filter(({ primitive }) => primitive === "dot").length
    const [plain, kept, nothing] = [planOf(6), planOf(6, "products"), planOf(6, "nothing")].map(products)
    assert.strictEqual(kept, plain)
    assert.isAbove(nothing ?? 0, plain ?? 0)
  })

  it("equal functions have equal graphs", () => {
    assert.deepStrictEqual(planOf(6, "nothing").graph, planOf(6, "nothing").graph)
  })

  it("differentiates again, forwards, in batches, and with respect to what it uses from outside", () => {
    type F64 = Tensor<[3], "f64">
    const x: F64 = T.constant([0.3, -0.7, 1.1], "f64") as never
    const v: F64 = T.constant([1, 0.5, -2], "f64") as never
    const near = (a: AnyTensor, b: AnyTensor) => {
      const [p, q] = evaluateAll([a, b]).map(({ data }) => Array.from(data))
      p?.forEach((value, i) => assert.closeTo(value, q?.[i] ?? NaN, 1e-12))
    }
    const inner = (y: F64) => (z: F64) => T.mul(T.sin(z), T.exp(y)) as F64
    const total = (z: Tensor<Shape, "f64">) => T.reshape(T.sum(T.square(z)), []) as Tensor<[], "f64">
    const plain = (z: F64) => total(inner(z)(z))
    const checked = (z: F64) => total(checkpoint(inner(z))(z))
    near(grad(checked)(x), grad(plain)(x))
    near(hvp(checked, x, v), hvp(plain, x, v))
    near(grad((z: F64) => total(grad(checked)(z)))(x), grad((z: F64) => total(grad(plain)(z)))(x))
    const batch = T.constant(
      [
        [0.3, -0.7, 1.1],
        [0.1, 0.2, 0.3]
      ],
      "f64"
    ) as never
    near(vmap(grad(checked))(batch) as AnyTensor, vmap(grad(plain))(batch) as AnyTensor)
  })
})
