/** Convolutions by minimal filtering: near the exact sums, the same bits everywhere, and only where they may be used. */
import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@cotangent/kernel"
import { type AnyTensor, operations as ops } from "@cotangent/graph"
import { countOf } from "./exhaustive.test.support.ts"
import {
  differenceOf,
  type Numbers,
  planOf32,
  randomNumbers,
  randomSource,
  runPlanned
} from "./planned.test.support.ts"
import type { Planned, PlanOptions } from "./program.ts"
import { targets } from "./target/targets.test.support.ts"

interface Case {
  /** Images, height, width and channels of the input; the windows are 3 by 3. */
  readonly input: readonly [n: number, height: number, width: number, channels: number]
  readonly filters: number
}

const cases: Readonly<Record<string, Case>> = {
  "tiles over both edges": { input: [3, 13, 11, 16], filters: 32 },
  "channels and filters left over": { input: [4, 14, 9, 13], filters: 19 },
  "one image in parts": { input: [1, 45, 38, 12], filters: 13 },
  "images in parts, whole tiles only": { input: [2, 42, 30, 12], filters: 16 },
  "many images to a block": { input: [24, 6, 6, 16], filters: 24 },
  "a prime number of images": { input: [23, 8, 7, 12], filters: 12 }
}

const shapesOf = ({ filters, input: [n, height, width, channels] }: Case) => ({
  x: [n, height, width, channels],
  w: [3, 3, channels, filters],
  y: [n, height - 2, width - 2, filters]
})

const pick = (x: ReadonlyArray<AnyTensor>, i: number): AnyTensor => x[i] ?? assert.fail()

const conv = (x: AnyTensor, w: AnyTensor): AnyTensor => {
  const [y = x] = ops.conv([x, w], { strides: [1, 1], dilations: [1, 1], groups: 1 })
  return y
}

const kernelGradient = (x: AnyTensor, g: AnyTensor): AnyTensor => {
  const [met = x] = ops.windows([x], { axes: [1, 2], sizes: [3, 3], strides: [1, 1], dilations: [1, 1] })
  const sums = [0, 1, 2]
  return ops.dot(ops.transpose(met, [0, 1, 2, 4, 5, 3]), g, { batch: [[], []], contract: [sums, sums] })
}

const inputGradient = (g: AnyTensor, w: AnyTensor, lengths: ReadonlyArray<number>): AnyTensor => {
  const given = ops.dot(g, w, { batch: [[], []], contract: [[3], [3]] })
  const [y = g] = ops.overlapAdd([ops.transpose(given, [0, 1, 2, 5, 3, 4])], {
    axes: [1, 2],
    lengths,
    strides: [1, 1],
    dilations: [1, 1]
  })
  return y
}

/** Sums of exact products, for each of three of the arrays of a convolution given the other two, and of their sizes. */
const exactly = (at: Case, of: "x" | "w" | "y", first: Numbers, second: Numbers) => {
  const {
    filters,
    input: [n, height, width, channels]
  } = at
  const shapes = shapesOf(at)
  const size = shapes[of].reduce((a, b) => a * b, 1)
  const [sum, scale] = [new Float64Array(size), new Float64Array(size)]
  for (let b = 0; b < n; b++)
    for (let i = 0; i < height - 2; i++)
      for (let j = 0; j < width - 2; j++)
        for (let p = 0; p < 9; p++)
          for (let c = 0; c < channels; c++)
            for (let o = 0; o < filters; o++) {
              const x = ((b * height + i + Math.floor(p / 3)) * width + j + (p % 3)) * channels + c
              const w = (p * channels + c) * filters + o
              const y = ((b * (height - 2) + i) * (width - 2) + j) * filters + o
              const [to, left, right] = of === "y" ? [y, x, w] : of === "w" ? [w, x, y] : [x, y, w]
              const product = (first[left] ?? 0) * (second[right] ?? 0)
              sum[to] = (sum[to] ?? 0) + product
              scale[to] = (scale[to] ?? 0) + Math.abs(product)
            }
  return { sum, scale }
}

/** The sums of a direct convolution, one after the other, are as far off. */
const most = 4

const tiles = [
  { rows: 4, vectors: 1 },
  { rows: 4, vectors: 2 },
  { rows: 6, vectors: 2 }
] as const

const isFiltered = ({ kernels }: Planned): boolean =>
  kernels.some(({ writes }) => writes.some(({ name }) => name === "points"))

type Body = (...x: ReadonlyArray<AnyTensor>) => AnyTensor

const planned = (shapes: ReadonlyArray<ReadonlyArray<number>>, f: Body, options: PlanOptions = {}): Planned =>
  planOf32(shapes, (...x) => [f(...x)], { relaxed: true, ...options })

/** All targets, tiles and numbers of threads give the same bits; gives them. */
const runEverywhere = (
  shapes: ReadonlyArray<ReadonlyArray<number>>,
  f: Body,
  inputs: ReadonlyArray<Numbers>
): Numbers => {
  const first = planned(shapes, f)
  assert.isTrue(isFiltered(first))
  const [, wasm, ...others] = targets
  if (wasm === undefined) assert.fail("there are several targets")
  const expected = runPlanned(first, inputs, { target: wasm[1] })
  const same = (program: Planned, [name, target]: (typeof targets)[number]): void => {
    assert.deepStrictEqual(program.kernels.flatMap(Validator.validate), [])
    assert.strictEqual(differenceOf(expected, runPlanned(program, inputs, { target })), undefined, name)
  }
  for (const target of others) same(first, target)
  for (const tile of tiles) for (const threads of [1, 2, 3]) same(planned(shapes, f, { tile, threads, grain: 0 }), wasm)
  return expected[0] ?? []
}

/**
 * The largest error, in units of 2^-24 times the largest sum of sizes of products: a tile's outputs have the error of its
 * largest.
 */
const errorOf = (actual: Numbers, { scale, sum }: ReturnType<typeof exactly>): number =>
  (actual.reduce((worst, y, i) => Math.max(worst, Math.abs(y - (sum[i] ?? 0))), 0) /
    scale.reduce((most, x) => Math.max(most, x), 0)) *
  2 ** 24

const numbers = (shape: ReadonlyArray<number>, seed: number): Numbers =>
  randomNumbers({ shape, dtype: "f32" }, randomSource(seed))

describe("minimal filtering", () => {
  for (const [name, at] of Object.entries(cases)) {
    const shapes = shapesOf(at)
    const [x, w, g] = [numbers(shapes.x, 1), numbers(shapes.w, 2), numbers(shapes.y, 3)]
    it(`of outputs: ${name}`, () => {
      const y = runEverywhere([shapes.x, shapes.w], (...t) => conv(pick(t, 0), pick(t, 1)), [x, w])
      assert.isBelow(errorOf(y, exactly(at, "y", x, w)), most)
    })
    it(`of places, the gradient of a kernel: ${name}`, () => {
      const y = runEverywhere([shapes.x, shapes.y], (...t) => kernelGradient(pick(t, 0), pick(t, 1)), [x, g])
      assert.isBelow(errorOf(y, exactly(at, "w", x, g)), most)
    })
    it(`of the gradient of an input: ${name}`, () => {
      const f: Body = (...t) => inputGradient(pick(t, 0), pick(t, 1), shapes.x.slice(1, 3))
      assert.isBelow(errorOf(runEverywhere([shapes.y, shapes.w], f, [g, w]), exactly(at, "x", g, w)), most)
    })
  }

  it("of random sizes", () => {
    let filtered = 0
    for (let seed = 0; seed < countOf(10, 60); seed++) {
      const below = randomSource(seed)
      const input = [1 + below(5), 5 + below(18), 5 + below(18), 12 + below(9)] as const
      const at: Case = { input, filters: 12 + below(9) }
      const shapes = shapesOf(at)
      const [x, w, g] = [numbers(shapes.x, seed), numbers(shapes.w, seed + 1), numbers(shapes.y, seed + 2)]
      const forms = [
        ["y", [shapes.x, shapes.w], (...t) => conv(pick(t, 0), pick(t, 1)), [x, w]],
        ["w", [shapes.x, shapes.y], (...t) => kernelGradient(pick(t, 0), pick(t, 1)), [x, g]],
        ["x", [shapes.y, shapes.w], (...t) => inputGradient(pick(t, 0), pick(t, 1), shapes.x.slice(1, 3)), [g, w]]
      ] as const satisfies ReadonlyArray<readonly [string, ReadonlyArray<ReadonlyArray<number>>, Body, Array<Numbers>]>
      for (const [of, operands, f, inputs] of forms) {
        const program = planned(operands, f, { threads: 1 + below(3), grain: 0 })
        if (!isFiltered(program)) continue
        filtered++
        const [actual = []] = runPlanned(program, inputs, { target: targets[1]?.[1] ?? assert.fail() })
        const [first = [], second = []] = inputs
        assert.isBelow(errorOf(actual, exactly(at, of, first, second)), most, `seed ${seed}, ${of}`)
      }
    }
    assert.isAbove(filtered, 9)
  })

  it("applies what stands behind the product to every output, whatever it reads", () => {
    const at: Case = { input: [2, 13, 12, 16], filters: 24 }
    const shapes = shapesOf(at)
    const all = [shapes.x, shapes.w, [24], shapes.y, [2, 1, 1, 24]]
    const inputs = all.map((shape, i) => numbers(shape, i))
    const f: Body = (...t) => {
      const spread = (i: number) => ops.broadcast(pick(t, i), shapes.y)
      const y = ops.add(conv(pick(t, 0), pick(t, 1)), spread(2))
      return ops.mul(ops.add(ops.max(y, 0), pick(t, 3)), spread(4))
    }
    const actual = runEverywhere(all, f, inputs)
    const plain = planOf32(all, (...t) => [f(...t)])
    assert.isFalse(isFiltered(plain))
    const [expected = []] = runPlanned(plain, inputs, { target: targets[1]?.[1] ?? assert.fail() })
    const worst = actual.reduce((most, y, i) => Math.max(most, Math.abs(y - (expected[i] ?? 0))), 0)
    assert.isBelow(worst, 1e-3)
  })

  it("reads any layout of the operands", () => {
    const at: Case = { input: [2, 14, 13, 16], filters: 16 }
    const shapes = shapesOf(at)
    const [x, w] = [numbers([16, 2, 13, 14], 1), numbers([16, 3, 16, 3], 2)]
    const f: Body = (...t) => conv(ops.transpose(pick(t, 0), [1, 3, 2, 0]), ops.transpose(pick(t, 1), [3, 1, 2, 0]))
    const actual = runEverywhere(
      [
        [16, 2, 13, 14],
        [16, 3, 16, 3]
      ],
      f,
      [x, w]
    )
    const turned = Array.from({ length: x.length }, (_, i) => {
      const [c, column, row, n] = [i % 16, Math.floor(i / 16) % 13, Math.floor(i / 208) % 14, Math.floor(i / 2912)]
      return x[((c * 2 + n) * 13 + column) * 14 + row] ?? 0
    })
    const exchanged = Array.from({ length: w.length }, (_, i) => {
      const [o, c, column, row] = [i % 16, Math.floor(i / 16) % 16, Math.floor(i / 256) % 3, Math.floor(i / 768)]
      return w[((o * 3 + column) * 16 + c) * 3 + row] ?? 0
    })
    assert.strictEqual(shapes.x.length, 4)
    assert.isBelow(errorOf(actual, exactly(at, "y", turned, exchanged)), most)
  })

  it("is left alone where it does not pay, and where nobody asked for it", () => {
    const filtered = ({ filters, input }: Case, options: PlanOptions = {}, strides = [1, 1], size = 3): boolean => {
      const shapes = [[...input], [size, size, input[3], filters]]
      const f: Body = (...t) =>
        ops.conv([pick(t, 0), pick(t, 1)], { strides, dilations: [1, 1], groups: 1 })[0] ?? assert.fail()
      return isFiltered(planned(shapes, f, options))
    }
    const large: Case = { input: [8, 14, 14, 32], filters: 32 }
    assert.isTrue(filtered(large))
    assert.isFalse(filtered(large, { relaxed: false }))
    assert.isFalse(filtered(large, {}, [2, 2]))
    assert.isFalse(filtered(large, {}, [1, 1], 5))
    assert.isFalse(filtered({ ...large, input: [8, 14, 14, 1] }))
    assert.isFalse(filtered({ ...large, filters: 8 }))
    assert.isFalse(filtered({ input: [1, 4, 4, 32], filters: 32 }))
    assert.isFalse(filtered({ input: [64, 3, 3, 32], filters: 32 }))
  })
})
