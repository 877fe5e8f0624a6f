import { type AnyTensor, Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as Attention from "../attention/index.ts"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

const key = Key.key(6)
const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const matrix = (x: AnyTensor) => {
  const [data, width] = [numbers(x), x.shape.at(-1) ?? 1]
  return range(data.length / width).map((i) => data.slice(i * width, (i + 1) * width))
}
const product = (a: ReadonlyArray<ReadonlyArray<number>>, b: ReadonlyArray<ReadonlyArray<number>>) =>
  a.map((row) => range(b[0]?.length ?? 0).map((j) => row.reduce((s, v, k) => s + v * (b[k]?.[j] ?? NaN), 0)))

interface Plain {
  readonly heads: number
  readonly depth: number
  readonly sees: (i: number, j: number) => boolean
}

/** Attention of one sample by its definition. */
const plain = (
  p: Attention.AnyAttention,
  x: ReadonlyArray<ReadonlyArray<number>>,
  memory: ReadonlyArray<ReadonlyArray<number>>,
  { heads, depth, sees }: Plain
) => {
  const project = (rows: ReadonlyArray<ReadonlyArray<number>>, own: Attention.AnyAttention["query"]) => {
    const bias = own.bias === undefined ? [] : numbers(own.bias)
    return product(rows, matrix(own.kernel)).map((row) => row.map((v, j) => v + (bias[j] ?? 0)))
  }
  const [q, k, v] = [project(x, p.query), project(memory, p.key), project(memory, p.value)]
  const joined = q.map((row, i) =>
    range(heads).flatMap((h) => {
      const part = (r: ReadonlyArray<number>) => r.slice(h * depth, (h + 1) * depth)
      const scores = k.map((other, j) =>
        sees(i, j) ? part(row).reduce((s, a, d) => s + a * (part(other)[d] ?? NaN), 0) / Math.sqrt(depth) : -Infinity
      )
      const weights = scores.map((s) => Math.exp(s - Math.max(...scores)))
      const sum = weights.reduce((a, b) => a + b, 0)
      return range(depth).map((d) => v.reduce((s, r, j) => s + ((weights[j] ?? 0) / sum) * (part(r)[d] ?? NaN), 0))
    })
  )
  return project(joined, p.output).flat()
}

describe("multiHeadAttention", () => {
  const model = pipe(Model.input([4, 6]), Model.multiHeadAttention("at", 2, 3, { causal: true }))
  const x = Key.normal(key, [1, 4, 6])

  it("is attention of every head by its definition", () => {
    const { params } = model.init(key)
    const y = numbers(model.apply(params, {}, x, Model.evaluate).y)
    assertClose(y, plain(params.at, matrix(x), matrix(x), { heads: 2, depth: 3, sees: (i, j) => j <= i }), 1e-7)
    assertGradient((p) => T.sum(T.square(model.apply(p, {}, x, Model.evaluate).y)), params, 1e-4)
  })

  it("has its sizes in the types", () => {
    const other = pipe(
      Model.input([4, 6]),
      Model.multiHeadAttention("at", 2, 3, { valueDim: 5, outputDim: 7, useBias: false })
    )
    same<Equal<Model.Output<typeof model>, ["batch", 4, 6]>>()
    same<Equal<Model.Output<typeof other>, ["batch", 4, 7]>>()
    same<Equal<Model.Params<typeof other>, { at: Attention.Attention<6, 6, 6, 10, 7, false> }>>()
    const { params } = other.init(key)
    assert.deepStrictEqual(
      [params.at.query.kernel.shape, params.at.output.kernel.shape],
      [
        [6, 6],
        [10, 7]
      ]
    )
    // @ts-expect-error multiHeadAttention: needs [batch, ..., length, features], got [batch, 6]
    const flat = () => pipe(Model.input([6]), Model.multiHeadAttention("at", 2, 3))
    assert.throws(flat, ShapeError, "multiHeadAttention: needs [batch, ..., length, features], got [batch, 6]")
    assert.throws(() => pipe(Model.input([4, 6]), Model.multiHeadAttention("at", 0, 3)), OptionError)
  })

  it("drops weights in train mode only", () => {
    const dropping = pipe(Model.input([4, 6]), Model.multiHeadAttention("at", 2, 3, { dropout: 0.5 }))
    const { params } = dropping.init(key)
    const run = (mode: Model.Mode) => numbers(dropping.apply(params, {}, x, mode).y)
    assert.deepStrictEqual(run(Model.train(key)), run(Model.train(key)))
    assert.notDeepEqual(run(Model.train(key)), run(Model.train(Key.key(1))))
    const plainly = plain(params.at, matrix(x), matrix(x), { heads: 2, depth: 3, sees: () => true })
    assertClose(run(Model.evaluate), plainly, 1e-7)
  })

  it("sees distances only when it is rotary", () => {
    // Equal inputs at all places: without positions all outputs are equal, rotary or not; the weights are uniform.
    const rotary = pipe(Model.input([4, 6]), Model.multiHeadAttention("at", 1, 6, { rotary: true }))
    const { params } = rotary.init(key)
    const shifted = (at: number) => {
      const rows = range(4).map((t) => (t === at ? 1 : 0))
      const y = rotary.apply(
        params,
        {},
        T.broadcastTo(T.reshape(T.constant(rows), [1, 4, 1]), [1, 4, 6]),
        Model.evaluate
      ).y
      return numbers(y)
    }
    assert.notDeepEqual(shifted(0).slice(0, 6), shifted(3).slice(0, 6))
  })
})

describe("Attention.multiHead", () => {
  const params = Attention.init(key, { queryDim: 4, memoryDim: 3, numHeads: 2, keyDim: 2 })
  const x = Key.normal(key, [2, 3, 4])
  const memory = Key.normal(Key.key(8), [2, 5, 3])

  it("attends to another sequence, as far as it goes", () => {
    const mask = Attention.lengthMask(T.constant([5, 2], "i32"), 5)
    const y = Attention.multiHead(params, x, memory, { numHeads: 2, mask })
    const shape: readonly [2, 3, 4] = y.shape as unknown as [2, 3, 4] satisfies (typeof y)["shape"]
    assert.deepStrictEqual(shape, [2, 3, 4])
    const [rows, others] = [matrix(x), matrix(memory)]
    const expected = [5, 2].flatMap((length, b) =>
      plain(params, rows.slice(b * 3, b * 3 + 3), others.slice(b * 5, b * 5 + 5), {
        heads: 2,
        depth: 2,
        sees: (_, j) => j < length
      })
    )
    assertClose(numbers(y), expected, 1e-7)
  })

  it("refuses sequences of other features", () => {
    assert.throws(
      () => Attention.multiHead(params, x, x, { numHeads: 2 }),
      ShapeError,
      "multiHeadAttention: memory must be [..., length, 3], got [2, 3, 4]"
    )
  })
})

describe("transformer blocks", () => {
  const norm = (row: ReadonlyArray<number>) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length
    return row.map((v) => (v - mean) / Math.sqrt(variance + 1e-5))
  }
  const x = Key.normal(key, [1, 3, 4])
  type Rows = ReadonlyArray<ReadonlyArray<number>>
  const plus = (a: Rows, b: Rows) => a.map((row, i) => row.map((v, j) => v + (b[i]?.[j] ?? NaN)))
  const rowsOf = (flat: ReadonlyArray<number>) => range(3).map((i) => flat.slice(i * 4, i * 4 + 4))

  it("add attention and dense layers, and normalise after or before them", () => {
    const after = pipe(Model.input([3, 4]), Model.transformerEncoder("t", { intermediateDim: 5, numHeads: 2 }))
    same<Equal<Model.Params<typeof after>, { t: Model.Transformer<4, 4, 5> }>>()
    const { params } = after.init(key)
    assert.deepStrictEqual(Object.keys(params.t), ["attentionNorm", "attention", "denseNorm", "inner", "outer"])
    const attend = (rows: Rows, causal: boolean) =>
      rowsOf(plain(params.t.attention, rows, rows, { heads: 2, depth: 2, sees: (i, j) => !causal || j <= i }))
    const think = (rows: Rows) =>
      product(
        product(rows, matrix(params.t.inner.kernel)).map((row) => row.map((v) => Math.max(v, 0))),
        matrix(params.t.outer.kernel)
      )
    const rows = matrix(x)
    const first = plus(rows, attend(rows, false)).map(norm)
    assertClose(numbers(after.apply(params, {}, x, Model.evaluate).y), plus(first, think(first)).map(norm).flat(), 1e-7)
    const before = pipe(
      Model.input([3, 4]),
      Model.transformerDecoder("t", { intermediateDim: 5, numHeads: 2, normalizeFirst: true })
    )
    const second = plus(rows, attend(rows.map(norm), true))
    assertClose(
      numbers(before.apply(params, {}, x, Model.evaluate).y),
      plus(second, think(second.map(norm))).flat(),
      1e-7
    )
  })

  it("show their layers, and drop in train mode", () => {
    const model = pipe(
      Model.input([3, 4]),
      Model.transformerEncoder("t", { intermediateDim: 5, numHeads: 2, dropout: 0.5 })
    )
    assert.deepStrictEqual(
      Model.summary(model).rows.flatMap(({ layer }) => (layer === "" ? [] : [layer])),
      ["t", "t.attention", "t.attentionNorm", "t.inner", "t.outer", "t.denseNorm"]
    )
    const { params } = model.init(key)
    const run = (seed: number) => numbers(model.apply(params, {}, x, Model.train(Key.key(seed))).y)
    assert.notDeepEqual(run(1), run(2))
    // @ts-expect-error transformerEncoder: needs [batch, ..., length, features], got [batch, 4]
    const flat = () => pipe(Model.input([4]), Model.transformerEncoder("t", { intermediateDim: 5, numHeads: 2 }))
    assert.throws(flat, ShapeError, "transformerEncoder: needs [batch, ..., length, features], got [batch, 4]")
  })
})
