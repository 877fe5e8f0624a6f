import { type AnyTensor, Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import type { Conv, Separable } from "../index.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

const key = Key.key(1)

interface Array4 {
  readonly shape: ReadonlyArray<number>
  readonly at: (...index: ReadonlyArray<number>) => number
}

/** The numbers of a tensor by index; 0 outside. */
const array = (x: AnyTensor): Array4 => {
  const data = numbers(x)
  return {
    shape: x.shape,
    at: (...index) =>
      index.some((i, d) => i < 0 || i >= (x.shape[d] ?? 0))
        ? 0
        : (data[index.reduce((at, i, d) => at * (x.shape[d] ?? 1) + i, 0)] ?? 0)
  }
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

interface Plain {
  readonly stride: number
  readonly same: boolean
  readonly dilation: number
  readonly groups: number
}

/** A convolution of images by its sum, with the padding of Keras's "same". */
const plainConv = (x: AnyTensor, kernel: AnyTensor, { stride, same, dilation, groups }: Plain) => {
  const [a, w] = [array(x), array(kernel)]
  const [batch = 0, height = 0, width = 0] = a.shape
  const [kh = 0, kw = 0, inside = 0, filters = 0] = w.shape
  const count = (n: number, k: number) =>
    same ? Math.ceil(n / stride) : Math.floor((n - (k - 1) * dilation - 1) / stride) + 1
  const before = (n: number, k: number) =>
    same ? Math.floor(Math.max(0, (count(n, k) - 1) * stride + (k - 1) * dilation + 1 - n) / 2) : 0
  const out: Array<number> = []
  for (const b of range(batch))
    for (const i of range(count(height, kh)))
      for (const j of range(count(width, kw)))
        for (const f of range(filters)) {
          const group = Math.floor(f / (filters / groups))
          let sum = 0
          for (const k of range(kh))
            for (const l of range(kw))
              for (const c of range(inside))
                sum +=
                  a.at(
                    b,
                    i * stride + k * dilation - before(height, kh),
                    j * stride + l * dilation - before(width, kw),
                    group * inside + c
                  ) * w.at(k, l, c, f)
          out.push(sum)
        }
  return out
}

const x = Key.normal(Key.key(5), [2, 6, 5, 4])

describe("conv2d", () => {
  const model = pipe(Model.input([6, 5, 4]), Model.conv2d("c", 6, [3, 2], { strides: 2, padding: "same", groups: 2 }))

  it("is the sum of its definition", () => {
    const { params, state } = model.init(key)
    assert.deepStrictEqual(params.c.kernel.shape, [3, 2, 2, 6])
    const { y } = model.apply(params, state, x, Model.evaluate)
    assert.deepStrictEqual(
      [y.shape, model.outputShape],
      [
        [2, 3, 3, 6],
        [3, 3, 6]
      ]
    )
    assertClose(numbers(y), plainConv(x, params.c.kernel, { stride: 2, same: true, dilation: 1, groups: 2 }), 1e-9)
    const dilated = pipe(Model.input([6, 5, 4]), Model.conv2d("c", 3, 2, { dilationRate: 2, activation: "relu" }))
    const own = dilated.init(key).params
    const plain = plainConv(x, own.c.kernel, { stride: 1, same: false, dilation: 2, groups: 1 })
    assertClose(
      numbers(dilated.apply(own, {}, x, Model.evaluate).y),
      plain.map((v) => Math.max(v, 0)),
      1e-9
    )
  })

  it("adds its bias, unless it has none", () => {
    const plain = pipe(Model.input([6, 5, 4]), Model.conv2d("c", 1, 6, { padding: "same", useBias: false }))
    same<Equal<Model.Params<typeof plain>, { c: Conv<[6, 6, 4, 1], 1, false> }>>()
    const one = pipe(Model.input([6, 5, 4]), Model.conv2d("c", 1, [6, 5]))
    const { params } = one.init(key)
    const run = (bias: number) =>
      numbers(one.apply({ c: { ...params.c, bias: T.full([1], bias) } }, {}, x, Model.evaluate).y)
    assertClose(
      run(0.5),
      run(0).map((v) => v + 0.5),
      1e-6
    )
    const small = pipe(Model.input([3, 3, 1]), Model.conv2d("c", 2, 2))
    const at = Key.normal(key, [1, 3, 3, 1])
    assertGradient((p) => T.sum(T.square(small.apply(p, {}, at, Model.evaluate).y)), small.init(key).params, 1e-5)
  })

  it("has its shapes in the types", () => {
    const cnn = pipe(
      Model.input([28, 28, 1]),
      Model.conv2d("a", 32, 3, { activation: "relu" }),
      Model.conv2d("b", 64, [3, 5], { strides: [2, 1], padding: "same" }),
      Model.conv2d("c", 8, 3, { groups: 4, useBias: false })
    )
    same<
      Equal<
        typeof cnn,
        Model.Model<
          ["batch", 28, 28, 1],
          ["batch", 11, 24, 8],
          { a: Conv<[3, 3, 1, 32], 32>; b: Conv<[3, 5, 32, 64], 64>; c: Conv<[3, 3, 16, 8], 8, false> }
        >
      >
    >()
    assert.deepStrictEqual(cnn.outputShape, [11, 24, 8])
    const sized = (n: number) => pipe(Model.input([n, n, 3]), Model.conv2d("a", 2, 3))
    same<Equal<Model.Output<ReturnType<typeof sized>>, ["batch", number, number, 2]>>()
    assert.deepStrictEqual(sized(9).outputShape, [7, 7, 2])
  })

  it("refuses what does not fit, with the sentences of the types", () => {
    // @ts-expect-error conv2d: needs [batch, height, width, channels], got [batch, 8, 3]
    const flat = () => pipe(Model.input([8, 3]), Model.conv2d("c", 4, 3))
    assert.throws(flat, ShapeError, "conv2d: needs [batch, height, width, channels], got [batch, 8, 3]")
    // @ts-expect-error conv2d: a kernel of 9x9 does not fit in [batch, 8, 8, 3]; use padding same
    const large = () => pipe(Model.input([8, 8, 3]), Model.conv2d("c", 4, 9))
    assert.throws(large, ShapeError, "conv2d: a kernel of 9x9 does not fit in [batch, 8, 8, 3]; use padding same")
    // @ts-expect-error conv2d: 2 groups do not divide the 3 channels
    const odd = () => pipe(Model.input([8, 8, 3]), Model.conv2d("c", 4, 3, { groups: 2 }))
    assert.throws(odd, ShapeError, "conv2d: 2 groups do not divide the 3 channels")
    // @ts-expect-error conv2d: 2 groups do not divide the 5 channels that the kernel [3, 3, 2, 5] gives
    const gives = () => pipe(Model.input([8, 8, 4]), Model.conv2d("c", 5, 3, { groups: 2 }))
    assert.throws(gives, ShapeError, "conv2d: 2 groups do not divide the 5 channels that the kernel [3, 3, 2, 5] gives")
    assert.throws(() => Model.conv2d("c", 0, 3), OptionError)
  })
})

describe("conv1d", () => {
  it("is conv2d of height 1", () => {
    const line = pipe(Model.input([5, 4]), Model.conv1d("c", 3, 2, { strides: 2 }))
    same<Equal<typeof line, Model.Model<["batch", 5, 4], ["batch", 2, 3], { c: Conv<[2, 4, 3], 3> }>>>()
    const { params } = line.init(key)
    const at = Key.normal(key, [2, 5, 4])
    const plain = plainConv(T.reshape(at, [2, 1, 5, 4]), T.reshape(params.c.kernel, [1, 2, 4, 3]), {
      stride: 2,
      same: false,
      dilation: 1,
      groups: 1
    })
    // The plain convolution moves along the height too, of which there is one.
    assertClose(numbers(line.apply(params, {}, at, Model.evaluate).y), plain, 1e-9)
  })
})

describe("transposed convolutions", () => {
  it("spread every input by the kernel", () => {
    const model = pipe(Model.input([2, 2, 3]), Model.conv2dTranspose("up", 2, 3, { strides: 2 }))
    same<Equal<typeof model, Model.Model<["batch", 2, 2, 3], ["batch", 5, 5, 2], { up: Conv<[3, 3, 2, 3], 2> }>>>()
    const { params } = model.init(key)
    const at = Key.normal(key, [1, 2, 2, 3])
    const [a, w] = [array(at), array(params.up.kernel)]
    const expected = range(5).flatMap((i) =>
      range(5).flatMap((j) =>
        range(2).map((f) => {
          let sum = 0
          for (const p of range(2))
            for (const q of range(2))
              for (const c of range(3)) sum += a.at(0, p, q, c) * w.at(i - 2 * p, j - 2 * q, f, c)
          return sum
        })
      )
    )
    assertClose(numbers(model.apply(params, {}, at, Model.evaluate).y), expected, 1e-9)
  })

  it("double a size with stride 2 and padding same", () => {
    const model = pipe(Model.input([7, 7, 4]), Model.conv2dTranspose("up", 2, 3, { strides: 2, padding: "same" }))
    same<Equal<Model.Output<typeof model>, ["batch", 14, 14, 2]>>()
    assert.deepStrictEqual(model.outputShape, [14, 14, 2])
    const line = pipe(Model.input([7, 4]), Model.conv1dTranspose("up", 2, 3, { outputPadding: 1, strides: 2 }))
    same<Equal<Model.Output<typeof line>, ["batch", 16, 2]>>()
    assert.deepStrictEqual(line.outputShape, [16, 2])
  })
})

describe("convolutions of every channel alone", () => {
  it("are convolutions in as many groups as channels", () => {
    const model = pipe(Model.input([6, 5, 4]), Model.depthwiseConv2d("d", 3, { depthMultiplier: 2, padding: "same" }))
    same<Equal<typeof model, Model.Model<["batch", 6, 5, 4], ["batch", 6, 5, 8], { d: Conv<[3, 3, 4, 2], 8> }>>>()
    const { params } = model.init(key)
    const kernel = T.reshape(params.d.kernel, [3, 3, 1, 8])
    assertClose(
      numbers(model.apply(params, {}, x, Model.evaluate).y),
      plainConv(x, kernel, { stride: 1, same: true, dilation: 1, groups: 4 }),
      1e-9
    )
    const line = pipe(Model.input([5, 4]), Model.depthwiseConv1d("d", 2))
    same<Equal<Model.Output<typeof line>, ["batch", 4, 4]>>()
    assert.deepStrictEqual(line.outputShape, [4, 4])
  })

  it("mix the channels afterwards when they are separable", () => {
    const model = pipe(Model.input([6, 5, 4]), Model.separableConv2d("s", 3, 2, { depthMultiplier: 2, strides: 2 }))
    same<
      Equal<
        typeof model,
        Model.Model<["batch", 6, 5, 4], ["batch", 3, 2, 3], { s: Separable<[2, 2, 4, 2], [1, 1, 8, 3], 3, true> }>
      >
    >()
    const { params } = model.init(key)
    const moves = { stride: 2, same: false, dilation: 1, groups: 4 }
    const each = plainConv(x, T.reshape(params.s.depthwiseKernel, [2, 2, 1, 8]), moves)
    const between = T.fromArray(Float32Array.from(each), [2, 3, 2, 8])
    const mixed = plainConv(between, params.s.pointwiseKernel, { ...moves, stride: 1, groups: 1 })
    assertClose(numbers(model.apply(params, {}, x, Model.evaluate).y), mixed, 1e-5)
    assert.deepStrictEqual(
      pipe(Model.input([6, 4]), Model.separableConv1d("s", 3, 2, { padding: "same" })).outputShape,
      [6, 3]
    )
  })
})
