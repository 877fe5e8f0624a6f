/** Views with negative strides, and diagonals, as operands of every kind of kernel. */
import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@cotangent/kernel"
import { type AnyTensor, type Aval, type DType, evaluateAll, operations as ops, T, type Value } from "@cotangent/graph"
import { differenceOf, graphOf, randomNumbers, randomSource, runPlanned } from "./planned.test.support.ts"
import { plan } from "./program.ts"
import { targets } from "./target/targets.test.support.ts"

type Body = (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

/** Along the given axes from the back to the front, of others every element. */
const flip = (x: AnyTensor | undefined, axes: ReadonlyArray<number>): AnyTensor => {
  if (x === undefined) throw new RangeError("an operand is missing")
  return ops.slice(x, {
    start: x.shape.map((size, d) => (axes.includes(d) ? size - 1 : 0)),
    limit: x.shape.map((size, d) => (axes.includes(d) ? -1 : size)),
    step: x.shape.map((_, d) => (axes.includes(d) ? -1 : 1))
  })
}

/** Every third element from the back, starting with the last but one. */
const strided = (x: AnyTensor | undefined, axis: number): AnyTensor => {
  if (x === undefined) throw new RangeError("an operand is missing")
  return ops.slice(x, {
    start: x.shape.map((size, d) => (d === axis ? size - 2 : 0)),
    limit: x.shape.map((size, d) => (d === axis ? -1 : size)),
    step: x.shape.map((_, d) => (d === axis ? -3 : 1))
  })
}

const close = (limit: number) => (a: number, b: number) =>
  Object.is(a, b) || Math.abs(a - b) <= limit * Math.max(1, Math.abs(a))

const valueOf = ({ shape, dtype }: Aval, data: ReadonlyArray<number>): Value => {
  switch (dtype) {
    case "f32":
      return { shape, dtype, data: Float32Array.from(data) }
    case "f64":
      return { shape, dtype, data: Float64Array.from(data) }
    case "i32":
      return { shape, dtype, data: Int32Array.from(data) }
    case "u32":
      return { shape, dtype, data: Uint32Array.from(data) }
    case "bool":
      return { shape, dtype, data: Uint8Array.from(data) }
  }
}

/** The same bits on every target, near those of the reference interpreter. */
const check = (avals: ReadonlyArray<Aval>, body: Body, tileVectors: 1 | 2 = 1): void => {
  const planned = plan(graphOf(avals, body), { tile: { rows: 4, vectors: tileVectors } })
  assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [])
  const below = randomSource(11)
  const inputs = avals.map((aval) => (aval.dtype === "i32" ? indices(aval) : randomNumbers(aval, below)))
  const reference = evaluateAll(body(...avals.map((aval, i) => T.fromValue(valueOf(aval, inputs[i] ?? [])))))
  const bits = runPlanned(planned, inputs)
  assert.strictEqual(
    differenceOf(
      reference.map(({ data }) => Array.from(data)),
      bits,
      close(1e-4)
    ),
    undefined,
    "the interpreter of kernels"
  )
  for (const [name, target] of targets)
    assert.strictEqual(differenceOf(bits, runPlanned(planned, inputs, { target })), undefined, name)
}

/** Indices in and out of range, some of them twice. */
const indices = ({ shape }: Aval): ReadonlyArray<number> =>
  Array.from({ length: shape.reduce((n, size) => n * size, 1) }, (_, i) => ((i * 5) % 13) - 4)

const of =
  (dtype: DType) =>
  (...shape: ReadonlyArray<number>): Aval => ({ shape, dtype })
const [f32, f64, i32, bool] = [of("f32"), of("f64"), of("i32"), of("bool")]

const sum = (x: AnyTensor, axis: number): AnyTensor => ops.reduceSum(x, [axis])

describe("flipped views", () => {
  for (const [name, float] of [
    ["f32", f32],
    ["f64", f64]
  ] as const) {
    it(`elementwise, in vectors and at the ends of rows, ${name}`, () => {
      for (const [rows, columns] of [
        [5, 19],
        [3, 8],
        [1, 70],
        [4, 1]
      ] as const)
        for (const axes of [[0], [1], [0, 1]])
          check([float(rows, columns), float(rows, columns)], (x, y) => [
            ops.add(flip(x, axes), ops.mul(y ?? flip(x, []), 2)),
            ops.sub(flip(y, axes), flip(x, [1 - (axes[0] ?? 0)]))
          ])
    })

    it(`every third element from the back, ${name}`, () => {
      check([float(7, 40)], (x) => [ops.neg(strided(x, 1)), ops.neg(strided(strided(x, 1), 0))])
    })

    it(`repeated, transposed and cut, ${name}`, () => {
      check([float(6, 9)], (x) => [
        ops.neg(ops.transpose(flip(x, [1]), [1, 0])),
        ops.neg(ops.broadcast(ops.reshape(flip(x, [0]), [6, 1, 9]), [6, 3, 9])),
        ops.neg(flip(ops.slice(flip(x, [0, 1]), { start: [1, 2], limit: [6, 9], step: [1, 2] }), [1])),
        // Both axes turned round are one in reverse; one alone is not, and is copied.
        ops.neg(ops.reshape(flip(x, [0, 1]), [54])),
        ops.neg(ops.reshape(flip(x, [1]), [54]))
      ])
    })

    it(`reductions over rows, short and long, ${name}`, () => {
      for (const n of [7, 16, 33, 150, 4100])
        check([float(2, n)], (x) => [
          sum(flip(x, [1]), 1),
          ops.reduceMax(flip(x, [0]), [1]),
          ops.div(flip(x, [0, 1]), ops.broadcast(ops.reshape(sum(ops.abs(flip(x, [0, 1])), 1), [2, 1]), [2, n]))
        ])
    })

    it(`reductions over columns, ${name}`, () => {
      for (const n of [3, 8, 21, 4100])
        check([float(n, 11)], (x) => [ops.mul(sum(flip(x, [0]), 0), 2), sum(flip(x, [1]), 0), sum(flip(x, [0, 1]), 0)])
    })

    it(`products, also with packed operands, ${name}`, () => {
      const dimensions = { batch: [[], []], contract: [[1], [0]] } as const
      for (const [rows, depth, columns] of [
        [3, 5, 7],
        [9, 17, 33],
        [17, 210, 40]
      ] as const)
        for (const [left, right] of [
          [[0], []],
          [[1], [0]],
          [[], [1]],
          [
            [0, 1],
            [0, 1]
          ]
        ] as const)
          for (const tileVectors of [1, 2] as const)
            check(
              [float(rows, depth), float(depth, columns)],
              (x, w) => [ops.tanh(ops.dot(flip(x, left), flip(w, right), dimensions))],
              tileVectors
            )
      // The left operand lies along its rows, far apart.
      for (const axes of [[], [0], [1]])
        check([float(12, 260), float(12, 40)], (x, w) => [
          ops.dot(flip(ops.transpose(flip(x, []), [1, 0]), axes), flip(w, [1]), dimensions)
        ])
    })

    it(`rows taken, written and added, ${name}`, () => {
      check([float(6, 11), i32(4), float(4, 11)], (x, n, u) => {
        const [at, rows] = [flip(n, [0]), flip(u, [0, 1])]
        const [written = rows] = ops.scatter([flip(x, [1]), at, rows], { axis: 0 })
        return [
          ops.gather(flip(x, [0]), at, 0),
          ops.gather(flip(x, [1]), at, 1),
          ops.scatterAdd(flip(x, [0, 1]), at, rows, 0),
          written
        ]
      })
    })

    it(`padded, joined, sorted, searched, ${name}`, () => {
      check([float(3, 10)], (x) => {
        const [order = flip(x, [])] = ops.argsort([flip(x, [1])], { axis: 1, descending: false })
        const [columns = order] = ops.argsort([flip(x, [0, 1])], { axis: 0, descending: true })
        return [
          ops.pad(flip(x, [0, 1]), { low: [1, 0], high: [0, 2], interior: [0, 1] }),
          ops.concat([flip(x, [1]), flip(x, [0])], 0),
          ops.concat([flip(x, [1]), flip(x, [0])], 1),
          ops.argmax(flip(x, [1]), 1),
          ops.argmax(flip(x, [0, 1]), 0),
          order,
          columns
        ]
      })
    })

    it(`results that are views, and what follows from them, ${name}`, () => {
      check([float(4, 9)], (x) => [flip(x, [0]), flip(ops.neg(flip(x, [1])), [1]), strided(x, 1)])
    })

    it(`convolved and pooled, ${name}`, () => {
      check([float(2, 11, 9, 3), float(3, 2, 3, 5)], (x, w) => {
        const [images, kernel] = [T.dyn(flip(x, [1, 2])), T.dyn(flip(w, [0, 1, 3]))]
        return [T.conv2d(images, kernel), T.maxPool2d(images, 2), T.avgPool2d(images, 2)]
      })
    })

    it(`diagonals, ${name}`, () => {
      check([float(7, 9), float(5, 7)], (x, y) => {
        const [d = flip(x, [])] = ops.diagonal([flip(x, [1])], { offset: 1, rows: 0, columns: 1 })
        const [e = d] = ops.diagonal([flip(x, [0])], { offset: -2, rows: 1, columns: 0 })
        return [ops.add(d, 1), ops.mul(ops.broadcast(d, [5, 7]), flip(y, [1])), ops.reduceSum(e, [0]), e]
      })
    })
  }

  it("move no data: whatever is made of them is one kernel", () => {
    const views: Readonly<Record<string, (x: AnyTensor) => AnyTensor>> = {
      at: (x) => T.at(T.dyn(x), [1, null, { step: -2 }, { start: 1 }]),
      flip: (x) => T.flip(x),
      rot90: (x) => T.rot90(T.dyn(x), { axes: [0, 2] }),
      diagonal: (x) => T.diagonal(T.dyn(T.flip(T.moveAxis(T.dyn(x), 0, 2))), { offset: 1, rows: 2, columns: 0 }),
      swapAxes: (x) => T.swapAxes(T.dyn(x), 0, 2),
      squeeze: (x) => T.squeeze(T.at(T.dyn(x), [{ end: 1 }])),
      split: (x) => T.split(T.dyn(x), [2, 3], { axis: 1 })[1],
      unstack: (x) => T.unstack(T.dyn(x), { axis: 2 })[1] ?? x,
      meshgrid: (x) => T.meshgrid([T.at(T.dyn(x), [0, {}, 0]), T.at(T.dyn(x), [0, 0])])[1]
    }
    for (const [name, view] of Object.entries(views)) {
      const { kernels } = plan(graphOf([f32(4, 5, 6)], (...xs) => xs.map((x) => ops.neg(view(x)))))
      assert.strictEqual(kernels.length, 1, name)
    }
  })

  it("integers, booleans, and numbers counted up", () => {
    check([i32(3, 13), bool(3, 13), f64(3, 13), f32(13)], (n, flag, x, y) => {
      const count = ops.iota([3, 13], 1, "i32")
      return [
        ops.select(flip(flag, [1]), flip(n, [0, 1]), flip(count, [1])),
        ops.select(flip(flag, [0]), flip(x, [1]), 0),
        ops.not(flip(flag, [0, 1])),
        ops.cast(flip(count, [1]), "f64"),
        ops.add(ops.cast(flip(y, [0]), "f64"), ops.reshape(sum(flip(x, [1]), 0), [13]))
      ]
    })
  })

  it("inside loops", () => {
    check([f32(5, 9), f32(9)], (xs, c) => {
      const rows = flip(xs, [0, 1])
      const { region, captured } = ops.region(
        [
          { shape: [9], dtype: "f32" },
          { shape: [9], dtype: "f32" }
        ],
        (h, row) => [ops.add(ops.mul(flip(h, [0]), 0.5), row ?? 0), flip(row, [0])]
      )
      return ops.scan(region, [...captured, flip(c, [0]), rows], 1, 1, 5, true)
    })
  })

  it("are not taken for the array itself when a result takes its memory", () => {
    const planned = plan(
      graphOf([f32(20), f32(20)], (x, g) => [ops.sub(flip(x, [0]), flip(g, [])), flip(g, [0])]),
      { replaces: [0, 1] }
    )
    const [x, g] = [0, 1].map((k) => Array.from({ length: 20 }, (_, i) => i * (k + 1)))
    for (const [name, target] of targets) {
      const results = runPlanned(planned, [x ?? [], g ?? []], { target, replaces: [0, 1] })
      const expected = [(x ?? []).toReversed().map((v, i) => v - (g?.[i] ?? 0)), (g ?? []).toReversed()]
      assert.strictEqual(differenceOf(expected, results), undefined, name)
    }
  })
})
