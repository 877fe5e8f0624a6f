import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@cotangent/kernel"
import { type AnyTensor, operations as ops } from "@cotangent/graph"
import { graphOf, type Numbers, planOf32, randomNumbers, randomSource, runPlanned } from "./planned.test.support.ts"
import { canonical, plan } from "./program.ts"
import { resolve } from "./resolve.ts"
import { schedule } from "./schedule.ts"
import { targets } from "./target/targets.test.support.ts"

interface Case {
  readonly input: readonly [n: number, height: number, width: number, channels: number]
  readonly kernel: readonly [height: number, width: number]
  readonly filters: number
  readonly stride?: number
  readonly dilation?: number
  readonly groups?: number
}

/** One sum per output, one rounding per operation, terms in the order of the kernel's places and then the channels. */
const convolved = (x: Numbers, w: Numbers, at: Case): Numbers => {
  const { input, kernel, filters, stride = 1, dilation = 1, groups = 1 } = at
  const [n, height, width, channels] = input
  const [rows, columns] = [height, width].map(
    (length, d) => Math.floor((length - ((kernel[d] ?? 1) - 1) * dilation - 1) / stride) + 1
  )
  const inside = channels / groups
  const y: Array<number> = []
  for (let b = 0; b < n; b++)
    for (let i = 0; i < (rows ?? 0); i++)
      for (let j = 0; j < (columns ?? 0); j++)
        for (let o = 0; o < filters; o++) {
          const first = Math.floor(o / (filters / groups)) * inside
          let sum = 0
          for (let k = 0; k < kernel[0]; k++)
            for (let l = 0; l < kernel[1]; l++)
              for (let c = 0; c < inside; c++) {
                const place = (b * height + i * stride + k * dilation) * width + j * stride + l * dilation
                const a = x[place * channels + first + c] ?? Number.NaN
                const v = w[((k * kernel[1] + l) * inside + c) * filters + o] ?? Number.NaN
                sum = Math.fround(sum + Math.fround(a * v))
              }
          y.push(sum)
        }
  return y
}

const conv = (x: AnyTensor, w: AnyTensor, { stride = 1, dilation = 1, groups = 1 }: Case): AnyTensor => {
  const [y = x] = ops.conv([x, w], { strides: [stride, stride], dilations: [dilation, dilation], groups })
  return y
}

const cases: Readonly<Record<string, Case>> = {
  "one channel": { input: [2, 9, 8, 1], kernel: [3, 3], filters: 17 },
  "rows and columns left over": { input: [1, 8, 9, 3], kernel: [2, 3], filters: 19 },
  "a panel that serves all images": { input: [3, 7, 7, 16], kernel: [3, 3], filters: 64 },
  "strides and dilation": { input: [2, 12, 11, 4], kernel: [3, 2], filters: 5, stride: 2, dilation: 3 },
  groups: { input: [2, 6, 7, 8], kernel: [2, 2], filters: 12, groups: 4 },
  "every channel alone": { input: [2, 6, 7, 11], kernel: [3, 3], filters: 11, groups: 11 },
  "two filters for every channel": { input: [1, 6, 5, 9], kernel: [3, 2], filters: 18, groups: 9 },
  "one filter": { input: [2, 6, 21, 2], kernel: [3, 3], filters: 1 },
  "one place": { input: [5, 3, 3, 7], kernel: [3, 3], filters: 3 }
}

/** Runs on all targets and with both tiles; all must give exactly these numbers. The interpreter is too slow for long sums. */
const check = (
  shapes: ReadonlyArray<ReadonlyArray<number>>,
  f: (...x: ReadonlyArray<AnyTensor>) => AnyTensor,
  inputs: ReadonlyArray<Numbers>,
  expected: Numbers,
  long = false
): void => {
  for (const tileVectors of [1, 2] as const) {
    const planned = planOf32(shapes, (...x) => [f(...x)], { tile: { rows: 4, vectors: tileVectors } })
    assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [])
    assert.strictEqual(
      planned.kernels.some(({ writes }) => writes.some((buffer) => buffer.name === "partial")),
      long
    )
    for (const [name, target] of targets.slice(long || tileVectors === 2 ? 1 : 0)) {
      const [actual = []] = runPlanned(planned, inputs, { target })
      const at = expected.findIndex((value, i) => !Object.is(actual[i], value))
      assert.strictEqual(at, -1, `${name}, tile ${tileVectors}: ${actual[at]} instead of ${expected[at]} at ${at}`)
      assert.strictEqual(actual.length, expected.length)
    }
  }
}

const arrays = (...shapes: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<Numbers> => {
  const below = randomSource(shapes.length)
  return shapes.map((shape) => randomNumbers({ shape, dtype: "f32" }, below))
}

const pick = (x: ReadonlyArray<AnyTensor>, i: number): AnyTensor => x[i] ?? assert.fail()

describe("a convolution is one sum per output, in the order of the kernel", () => {
  for (const [name, at] of Object.entries(cases)) {
    it(name, () => {
      const { input, kernel, filters, groups = 1 } = at
      const shapes = [[...input], [...kernel, input[3] / groups, filters]]
      const [x = [], w = []] = arrays(...shapes)
      check(shapes, (...t) => conv(pick(t, 0), pick(t, 1), at), [x, w], convolved(x, w, at))
    })
  }

  it("with channels first, which is a matter of strides", () => {
    const at: Case = { input: [2, 5, 6, 4], kernel: [2, 2], filters: 10 }
    const [x = [], w = []] = arrays([2, 4, 5, 6], [2, 2, 4, 10])
    const last = (i: number) => {
      const [c, column, row, b] = [i % 4, Math.floor(i / 4) % 6, Math.floor(i / 24) % 5, Math.floor(i / 120)]
      return x[((b * 4 + c) * 5 + row) * 6 + column] ?? Number.NaN
    }
    check(
      [
        [2, 4, 5, 6],
        [2, 2, 4, 10]
      ],
      (...t) => conv(ops.transpose(pick(t, 0), [0, 2, 3, 1]), pick(t, 1), at),
      [x, w],
      convolved(
        Array.from(x, (_, i) => last(i)),
        w,
        at
      )
    )
  })
})

describe("products over very many terms", () => {
  it("are the same sums block by block", () => {
    // 1100 falls into equal blocks, 1103 is a prime number.
    for (const k of [1100, 1103]) {
      const [m, columns] = [240, 19]
      const [x = [], w = []] = arrays([k, m], [k, columns])
      const expected = Array.from({ length: m * columns }, (_, o) => {
        const [i, j] = [Math.floor(o / columns), o % columns]
        let sum = 0
        for (let t = 0; t < k; t++)
          sum = Math.fround(sum + Math.fround((x[t * m + i] ?? 0) * (w[t * columns + j] ?? 0)))
        return sum
      })
      const product = (...t: ReadonlyArray<AnyTensor>) =>
        ops.dot(pick(t, 0), pick(t, 1), { batch: [[], []], contract: [[0], [0]] })
      check(
        [
          [k, m],
          [k, columns]
        ],
        product,
        [x, w],
        expected,
        true
      )
    }
  })

  it("of windows: the gradient of a kernel", () => {
    const [n, size, channels, filters] = [9, 19, 12, 19]
    const windows = { axes: [1, 2], sizes: [3, 3], strides: [1, 1], dilations: [1, 1] }
    const [x = [], g = []] = arrays([n, size, size, channels], [n, size - 2, size - 2, filters])
    const expected: Array<number> = []
    for (let k = 0; k < 9; k++)
      for (let c = 0; c < channels; c++)
        for (let o = 0; o < filters; o++) {
          let sum = 0
          for (let b = 0; b < n; b++)
            for (let i = 0; i < size - 2; i++)
              for (let j = 0; j < size - 2; j++) {
                const place = (b * size + i + Math.floor(k / 3)) * size + j + (k % 3)
                const cotangent = g[((b * (size - 2) + i) * (size - 2) + j) * filters + o] ?? 0
                sum = Math.fround(sum + Math.fround((x[place * channels + c] ?? 0) * cotangent))
              }
          expected.push(sum)
        }
    const gradient = (...t: ReadonlyArray<AnyTensor>): AnyTensor => {
      const [met = pick(t, 0)] = ops.windows([pick(t, 0)], windows)
      const rows = ops.transpose(met, [0, 1, 2, 4, 5, 3])
      return ops.dot(rows, pick(t, 1), {
        batch: [[], []],
        contract: [
          [0, 1, 2],
          [0, 1, 2]
        ]
      })
    }
    check(
      [
        [n, size, size, channels],
        [n, size - 2, size - 2, filters]
      ],
      gradient,
      [x, g],
      expected,
      true
    )
  })
})

describe("what a convolution's kernel computes", () => {
  const groupsOf = (
    shapes: ReadonlyArray<ReadonlyArray<number>>,
    f: (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
  ): ReadonlyArray<string> => {
    const graph = canonical(
      graphOf(
        shapes.map((shape) => ({ shape, dtype: "f32" as const })),
        f
      )
    )
    const { groups, values } = schedule(resolve(graph))
    return groups.map(
      ({ kind, members }) => `${kind}: ${members.map((m) => values.graph.nodes[m.node]?.primitive).join(" ")}`
    )
  }

  it("the bias and the activation with it", () => {
    const layer = groupsOf([[2, 6, 6, 3], [3, 3, 3, 8], [8]], (...t) => [
      ops.max(ops.add(conv(pick(t, 0), pick(t, 1), cases["one channel"] ?? assert.fail()), pick(t, 2)), 0)
    ])
    assert.deepStrictEqual(layer, ["contract: conv add max"])
  })

  it("what is behind a reshape, if it is the same elements in the same order", () => {
    const blocks = groupsOf(
      [
        [2, 3, 3, 4],
        [2, 6, 12]
      ],
      (...t) => {
        const doubled = ops.mul(ops.broadcast(ops.reshape(pick(t, 0), [2, 3, 1, 3, 4]), [2, 3, 2, 3, 4]), 2)
        return [ops.add(ops.reshape(doubled, [2, 6, 12]), pick(t, 1))]
      }
    )
    assert.deepStrictEqual(blocks, ["row: mul add"])
  })

  it("never writes the windows out", () => {
    const at: Case = { input: [2, 32, 32, 16], kernel: [5, 5], filters: 8 }
    const planned = plan(
      graphOf(
        [
          [2, 32, 32, 16],
          [5, 5, 16, 8]
        ].map((shape) => ({ shape, dtype: "f32" as const })),
        (...t) => [conv(pick(t, 0), pick(t, 1), at)]
      )
    )
    assert.strictEqual(planned.cost.flops, 2 * 2 * 28 * 28 * 8 * 25 * 16)
    // A panel of the kernel, and nothing the size of the input.
    assert.isBelow(planned.cost.scratchBytes, 4 * 25 * 16 * 8 + 64)
  })
})
