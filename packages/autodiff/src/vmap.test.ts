/** Batching against a loop over the examples. */
import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, DifferentiationError, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import { grad, hessian, hvp, jvp, vmap } from "./index.ts"

const batch = 3
const fill = <const S extends ReadonlyArray<number>>(shape: S, scale = 1) =>
  T.fromArray(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(scale * (i + 1))),
    shape
  )
const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

/** Example `i` of a batch. */
const example = (x: AnyTensor, i: number): AnyTensor =>
  ops.reshape(T.slice(T.dyn(x), [{ start: i, end: i + 1 }]), x.shape.slice(1))

/** That vmap gives what a loop over the examples gives. */
const agrees = (f: (...examples: ReadonlyArray<AnyTensor>) => unknown, ...operands: ReadonlyArray<AnyTensor>) => {
  const batched = Tree.leaves(vmap(f)(...operands))
  for (let i = 0; i < batch; i++) {
    const single = Tree.leaves(f(...operands.map((x) => example(x, i))))
    assert.strictEqual(batched.length, single.length)
    single.forEach((y, k) => {
      const row = example(batched[k] ?? assert.fail(), i)
      assert.deepStrictEqual(row.shape, y.shape)
      assert.strictEqual(row.dtype, y.dtype)
      const wanted = numbers(y)
      numbers(row).forEach((value, place) => assert.closeTo(value, wanted[place] ?? NaN, 1e-12))
    })
  }
}

const a = fill([batch, 2, 4])
const b = fill([batch, 4, 5], 2)
const rows = T.constant(
  [
    [0, 2],
    [1, 1],
    [3, -7]
  ],
  "i32"
)

describe("vmap is a loop", () => {
  const table: ReadonlyArray<readonly [string, () => void]> = [
    ["elementwise", () => agrees((x = a) => T.exp(T.sub(x, T.sin(x))), a)],
    ["of operands of several shapes", () => agrees((x = a, s = a) => T.dyn(ops.add(x, s)), a, fill([batch]))],
    ["with a value from outside", () => agrees((x = a) => ops.mul(x, fill([4], 3)), a)],
    ["with a constant result", () => agrees(() => [fill([2])], a)],
    ["select and compare", () => agrees((x = a) => ops.select(ops.lt(x, 0), ops.exp(x), 7), a)],
    ["cast", () => agrees((x = a) => ops.cast(ops.cast(x, "i32"), "f32"), fill([batch, 3], 9))],
    [
      "reductions",
      () => agrees((x = a) => [ops.reduceSum(x, [0]), ops.reduceMax(x, [1]), ops.reduceMin(x, [0, 1])], a)
    ],
    ["argmax", () => agrees((x = a) => [ops.argmax(x, 0), ops.argmax(x, 1)], a)],
    ["reshape and transpose", () => agrees((x = a) => [ops.reshape(x, [8]), ops.transpose(x, [1, 0])], a)],
    [
      "broadcast",
      () => agrees((x = a) => [ops.broadcast(x, [3, 2, 4]), ops.broadcast(ops.reshape(x, [2, 1, 4]), [2, 5, 4])], a)
    ],
    [
      "slice and pad",
      () =>
        agrees(
          (x = a) => [
            ops.slice(x, { start: [0, 1], limit: [2, 4], step: [1, 2] }),
            ops.pad(x, { low: [1, 0], high: [0, 2], interior: [1, 0] }, 3)
          ],
          a
        )
    ],
    ["concat, of a batched and an unbatched operand", () => agrees((x = a) => ops.concat([x, fill([1, 4])], 0), a)],
    [
      "dot, both sides batched",
      () => agrees((x = a, y = b) => ops.dot(x, y, { batch: [[], []], contract: [[1], [0]] }), a, b)
    ],
    [
      "dot, the left side batched",
      () => agrees((x = a) => ops.dot(x, fill([4, 5]), { batch: [[], []], contract: [[1], [0]] }), a)
    ],
    [
      "dot, the right side batched",
      () => agrees((y = b) => ops.dot(fill([2, 4]), y, { batch: [[], []], contract: [[1], [0]] }), b)
    ],
    [
      "dot with batch axes of its own",
      () => agrees((x = a) => ops.dot(x, fill([2, 4, 3]), { batch: [[0], [0]], contract: [[1], [1]] }), a)
    ],
    [
      "dot with batch axes, the right side batched",
      () => agrees((x = a) => ops.dot(fill([2, 4, 3]), x, { batch: [[0], [0]], contract: [[1], [1]] }), a)
    ],
    [
      "dot over two axes",
      () =>
        agrees(
          (x = a) =>
            ops.dot(x, fill([4, 2, 3]), {
              batch: [[], []],
              contract: [
                [1, 0],
                [0, 1]
              ]
            }),
          a
        )
    ],
    [
      "gather from a batched table",
      () =>
        agrees(
          (x = a) => [ops.gather(x, T.constant([1, 0, 5], "i32"), 0), ops.gather(x, T.constant([3, 9], "i32"), 1)],
          a
        )
    ],
    [
      "gather with batched indices",
      () => agrees((i = rows) => [ops.gather(fill([4, 3]), i, 0), ops.gather(fill([2, 4, 3]), i, 1)], rows)
    ],
    ["gather, both batched", () => agrees((x = b, i = rows) => [ops.gather(x, i, 0), ops.gather(x, i, 1)], b, rows)],
    [
      "scatterAdd to a batched base",
      () => agrees((x = b) => ops.scatterAdd(x, T.constant([1, 1], "i32"), fill([2, 5]), 0), b)
    ],
    [
      "scatterAdd of batched updates",
      () => agrees((x = b) => ops.scatterAdd(fill([6, 5]), T.constant([0, 5, 5, 9], "i32"), x, 0), b)
    ],
    [
      "scatterAdd with batched indices",
      () => agrees((i = rows) => ops.scatterAdd(fill([4, 3]), i, fill([2, 3], 2), 0), rows)
    ],
    [
      "scatterAdd, all batched, on an inner axis",
      () => agrees((x = b, i = rows, u = b) => ops.scatterAdd(x, i, u, 1), b, rows, fill([batch, 4, 2], 5))
    ],
    [
      "random numbers by batched keys",
      () =>
        agrees((k = rows) => {
          const w = ops.cast(ops.slice(k, { start: [0], limit: [1], step: [1] }), "u32")
          return ops.threefry(ops.reshape(w, []), T.constant(1, "u32"), T.zeros([4], "u32"), T.iota(4, "u32"))
        }, rows)
    ]
  ]
  for (const [name, law] of table) it(name, law)
})

describe("vmap over loops", () => {
  type Scalar = Tensor<[], "f64">
  const loop = (start: Scalar, xs: Tensor<["time"], "f64">, w: Scalar, reverse = false) =>
    T.scan((c: Scalar, x: Scalar) => [T.tanh(T.add(T.mul(c, w), x)), { product: T.mul(c, x), x }], start, xs, {
      reverse
    })
  const start = fill([batch], 2) as AnyTensor
  const xs = fill([batch, 4], 3)

  it("batches carries, rows and captured values, alone and together", () => {
    const [s, x, w] = [fill([]), fill([4], 4), fill([], 5)]
    const run = (p: AnyTensor, q: AnyTensor, r: AnyTensor, reverse = false) =>
      loop(p as Scalar, q as Tensor<["time"], "f64">, r as Scalar, reverse)
    agrees((p = start) => run(p, x, w), start)
    agrees((q = xs) => run(s, q, w), xs)
    agrees((r = start) => run(s, x, r), start)
    agrees((p = start, q = xs, r = start) => run(p, q, r, true), start, xs, fill([batch], 6))
  })

  it("batches their gradients", () => {
    agrees(
      (q = xs) =>
        grad((z: AnyTensor) => T.sum(loop(fill([]), z as Tensor<["time"], "f64">, fill([], 5))[1].product))(q),
      xs
    )
  })
})

describe("vmap with derivatives", () => {
  const loss = (w: Tensor<[4], "f64">, x: Tensor<[2, 4], "f64">) => T.sum(T.square(T.tanh(T.matmul(x, w))))
  const w = fill([4], 3)

  it("of gradients gives one per example", () => {
    agrees((x = a) => grad(loss)(w, x as Tensor<[2, 4], "f64">), a)
    agrees(
      (x = a, z = a) => hvp((q: Tensor<[4], "f64">) => loss(q, x as Tensor<[2, 4], "f64">), z as Tensor<[4], "f64">, w),
      a,
      fill([batch, 4], 6)
    )
  })

  it("inside a gradient: the gradient of the mean is the mean of the gradients", () => {
    const mean = grad((q: Tensor<[4], "f64">) => T.mean(vmap((x: Tensor<[2, 4], "f64">) => loss(q, x))(a)))(w)
    const each = vmap((x: Tensor<[2, 4], "f64">) => grad(loss)(w, x))(a)
    const average = numbers(T.mean(each, { axis: 0 }))
    numbers(mean).forEach((value, i) => assert.closeTo(value, average[i] ?? NaN, 1e-13))
  })

  it("nests, over forward mode and second derivatives too", () => {
    const outer = vmap((x: Tensor<[2, 4], "f64">) =>
      vmap((row: Tensor<[4], "f64">) => jvp((z: Tensor<[4], "f64">) => T.sum(T.exp(z)), row, w)[1])(x)
    )(a)
    const direct = T.sum(T.mul(T.exp(a), w), { axis: -1 })
    numbers(outer).forEach((value, i) => assert.closeTo(value, numbers(direct)[i] ?? NaN, 1e-13))
    agrees(
      (x = a) => hessian((z: Tensor<[4], "f64">) => T.sum(T.sin(T.mul(z, T.sum(z)))))(x as Tensor<[4], "f64">),
      fill([batch, 4], 2)
    )
  })
})

describe("vmap", () => {
  it("takes and gives trees", () => {
    const f = vmap((p: { x: Tensor<[4], "f64">; k: Tensor<[], "i32"> }) => ({
      sum: T.sum(p.x),
      next: [T.add(p.k, 1)] as const
    }))
    const y = f({ x: fill([batch, 4]), k: T.constant([1, 2, 3], "i32") })
    assert.deepStrictEqual(y.sum.shape, [batch])
    assert.deepStrictEqual(numbers(y.next[0]), [2, 3, 4])
  })

  it("takes a batch of one and of none", () => {
    const f = vmap((x: Tensor<[4], "f64">) => T.softmax(x))
    assert.deepStrictEqual(f(fill([1, 4])).shape, [1, 4])
    assert.deepStrictEqual(f(T.zeros([0, 4], "f64")).shape, [0, 4])
  })

  it("refuses batches of different sizes, and none", () => {
    const untyped = vmap as (
      f: (...x: ReadonlyArray<AnyTensor>) => AnyTensor
    ) => (...x: ReadonlyArray<unknown>) => unknown
    const f = untyped((x = a) => x)
    assert.throws(
      () => f(T.ones([3]), T.ones([4])),
      DifferentiationError,
      "vmap: the batches differ: argument 0 has 3 examples and argument 1 has 4"
    )
    assert.throws(() => f(T.ones([3]), T.ones([])), "vmap: argument 1 has 0 dimensions and no axis 0")
    assert.throws(() => f(T.ones([])), "vmap: argument 0 has 0 dimensions and no axis 0")
    assert.throws(() => f(), "vmap: no argument has a batch axis; one must, to say how many examples there are")
  })
})
