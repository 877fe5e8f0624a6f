import type { Register } from "@cotangent/kernel"
import type { NoAttributes, Primitive } from "../primitive.ts"
import { batchElementwise, checkElementwise, operand } from "./elementwise.ts"

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const
const parity = 0x1bd11bda

/** Threefry-2x32 with 20 rounds on one pair of words. */
export const threefryWords = (k0: number, k1: number, c0: number, c1: number): readonly [number, number] => {
  const keys = [k0, k1, k0 ^ k1 ^ parity]
  let x = (c0 + k0) >>> 0
  let y = (c1 + k1) >>> 0
  for (let block = 0; block < 5; block++) {
    for (let r = 0; r < 4; r++) {
      const by = rotations[(block % 2) * 4 + r] ?? 0
      x = (x + y) >>> 0
      y = ((y << by) | (y >>> (32 - by))) ^ x
    }
    x = (x + (keys[(block + 1) % 3] ?? 0)) >>> 0
    y = (y + (keys[(block + 2) % 3] ?? 0) + block + 1) >>> 0
  }
  return [x >>> 0, y >>> 0]
}

/**
 * Fills `out` with one word for each counter `(c0, c1)`, `(c0, c1 + 1)`, ...: the exclusive or of its two. This is the inner
 * loop of every shuffle: the rounds of `threefryWords` are written out, for calls and tables cost three times as much, and
 * four counters go side by side, for each waits for itself from round to round: 4.5 nanoseconds a word instead of 6.5.
 */
export const threefryFill = (out: Uint32Array, k0: number, k1: number, c0: number, c1: number): void => {
  // As 32-bit integers from here on: a word without sign is a floating-point number to the engine.
  const first = k0 | 0
  const second = k1 | 0
  const high = (c0 + first) | 0
  const low = (c1 + second) | 0
  // What is written past the end of an array is dropped.
  for (let i = 0; i < out.length; i += 4) {
    let a = first
    let b = second
    let c = first ^ second ^ parity
    let x0 = high
    let x1 = high
    let x2 = high
    let x3 = high
    let y0 = (low + i) | 0
    let y1 = (low + i + 1) | 0
    let y2 = (low + i + 2) | 0
    let y3 = (low + i + 3) | 0
    for (let block = 1; ; block += 2) {
      x0 = (x0 + y0) | 0
      y0 = ((y0 << 13) | (y0 >>> 19)) ^ x0
      x1 = (x1 + y1) | 0
      y1 = ((y1 << 13) | (y1 >>> 19)) ^ x1
      x2 = (x2 + y2) | 0
      y2 = ((y2 << 13) | (y2 >>> 19)) ^ x2
      x3 = (x3 + y3) | 0
      y3 = ((y3 << 13) | (y3 >>> 19)) ^ x3
      x0 = (x0 + y0) | 0
      y0 = ((y0 << 15) | (y0 >>> 17)) ^ x0
      x1 = (x1 + y1) | 0
      y1 = ((y1 << 15) | (y1 >>> 17)) ^ x1
      x2 = (x2 + y2) | 0
      y2 = ((y2 << 15) | (y2 >>> 17)) ^ x2
      x3 = (x3 + y3) | 0
      y3 = ((y3 << 15) | (y3 >>> 17)) ^ x3
      x0 = (x0 + y0) | 0
      y0 = ((y0 << 26) | (y0 >>> 6)) ^ x0
      x1 = (x1 + y1) | 0
      y1 = ((y1 << 26) | (y1 >>> 6)) ^ x1
      x2 = (x2 + y2) | 0
      y2 = ((y2 << 26) | (y2 >>> 6)) ^ x2
      x3 = (x3 + y3) | 0
      y3 = ((y3 << 26) | (y3 >>> 6)) ^ x3
      x0 = (x0 + y0) | 0
      y0 = ((y0 << 6) | (y0 >>> 26)) ^ x0
      x1 = (x1 + y1) | 0
      y1 = ((y1 << 6) | (y1 >>> 26)) ^ x1
      x2 = (x2 + y2) | 0
      y2 = ((y2 << 6) | (y2 >>> 26)) ^ x2
      x3 = (x3 + y3) | 0
      y3 = ((y3 << 6) | (y3 >>> 26)) ^ x3
      x0 = (x0 + b) | 0
      y0 = (y0 + c + block) | 0
      x1 = (x1 + b) | 0
      y1 = (y1 + c + block) | 0
      x2 = (x2 + b) | 0
      y2 = (y2 + c + block) | 0
      x3 = (x3 + b) | 0
      y3 = (y3 + c + block) | 0
      if (block === 5) break
      x0 = (x0 + y0) | 0
      y0 = ((y0 << 17) | (y0 >>> 15)) ^ x0
      x1 = (x1 + y1) | 0
      y1 = ((y1 << 17) | (y1 >>> 15)) ^ x1
      x2 = (x2 + y2) | 0
      y2 = ((y2 << 17) | (y2 >>> 15)) ^ x2
      x3 = (x3 + y3) | 0
      y3 = ((y3 << 17) | (y3 >>> 15)) ^ x3
      x0 = (x0 + y0) | 0
      y0 = ((y0 << 29) | (y0 >>> 3)) ^ x0
      x1 = (x1 + y1) | 0
      y1 = ((y1 << 29) | (y1 >>> 3)) ^ x1
      x2 = (x2 + y2) | 0
      y2 = ((y2 << 29) | (y2 >>> 3)) ^ x2
      x3 = (x3 + y3) | 0
      y3 = ((y3 << 29) | (y3 >>> 3)) ^ x3
      x0 = (x0 + y0) | 0
      y0 = ((y0 << 16) | (y0 >>> 16)) ^ x0
      x1 = (x1 + y1) | 0
      y1 = ((y1 << 16) | (y1 >>> 16)) ^ x1
      x2 = (x2 + y2) | 0
      y2 = ((y2 << 16) | (y2 >>> 16)) ^ x2
      x3 = (x3 + y3) | 0
      y3 = ((y3 << 16) | (y3 >>> 16)) ^ x3
      x0 = (x0 + y0) | 0
      y0 = ((y0 << 24) | (y0 >>> 8)) ^ x0
      x1 = (x1 + y1) | 0
      y1 = ((y1 << 24) | (y1 >>> 8)) ^ x1
      x2 = (x2 + y2) | 0
      y2 = ((y2 << 24) | (y2 >>> 8)) ^ x2
      x3 = (x3 + y3) | 0
      y3 = ((y3 << 24) | (y3 >>> 8)) ^ x3
      x0 = (x0 + c) | 0
      y0 = (y0 + a + block + 1) | 0
      x1 = (x1 + c) | 0
      y1 = (y1 + a + block + 1) | 0
      x2 = (x2 + c) | 0
      y2 = (y2 + a + block + 1) | 0
      x3 = (x3 + c) | 0
      y3 = (y3 + a + block + 1) | 0
      // Each block takes the next two of the three keys, so that two blocks move them round by two.
      const moved = a
      a = c
      c = b
      b = moved
    }
    out[i] = x0 ^ y0
    out[i + 1] = x1 ^ y1
    out[i + 2] = x2 ^ y2
    out[i + 3] = x3 ^ y3
  }
}

/**
 * The counter-based generator under all randomness: a keyed bijection of 64-bit blocks.
 * Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3 (SC 2011); the bits are JAX's.
 */
export const threefry: Primitive<NoAttributes> = {
  name: "threefry",
  form: { operands: 4, regions: 0, attributes: {} },
  document: {
    summary: "Threefry-2x32 with 20 rounds: two random words from a key and a counter.",
    equation: "(y_0, y_1) = Threefry_(k_0, k_1)(c_0, c_1)",
    derivative: "none: bits have no derivative",
    conventions: "All operands are u32. Salmon et al. 2011; the words are those of Random123 and of JAX."
  },
  infer: (inputs) => {
    const aval = checkElementwise("threefry", "integer", inputs)
    return [aval, aval]
  },
  evaluate: ([k0, k1, c0, c1]) => {
    const n = c0?.data.length ?? 0
    const out = [new Float64Array(n), new Float64Array(n)] as const
    for (let i = 0; i < n; i++) {
      const [x, y] = threefryWords(k0?.data[i] ?? 0, k1?.data[i] ?? 0, c0?.data[i] ?? 0, c1?.data[i] ?? 0)
      out[0][i] = x
      out[1][i] = y
    }
    return out
  },
  reverse: { tag: "zero" },
  forward: { tag: "zero" },
  batch: batchElementwise((ops, x) => ops.threefry(operand(x, 0), operand(x, 1), operand(x, 2), operand(x, 3))),
  lower: {
    tag: "elementwise",
    flops: 0,
    emit: (b, x) => {
      const type = operand(x, 0).type
      const word = (value: number): Register => b.constant(value >>> 0, type)
      const keys = [
        operand(x, 0),
        operand(x, 1),
        b.binary("xor", b.binary("xor", operand(x, 0), operand(x, 1)), word(parity))
      ]
      let x0 = b.binary("add", operand(x, 2), operand(keys, 0))
      let x1 = b.binary("add", operand(x, 3), operand(keys, 1))
      for (let block = 0; block < 5; block++) {
        for (let r = 0; r < 4; r++) {
          const by = rotations[(block % 2) * 4 + r] ?? 0
          x0 = b.binary("add", x0, x1)
          x1 = b.binary("xor", b.binary("or", b.binary("shl", x1, word(by)), b.binary("shr", x1, word(32 - by))), x0)
        }
        x0 = b.binary("add", x0, operand(keys, (block + 1) % 3))
        x1 = b.binary("add", b.binary("add", x1, operand(keys, (block + 2) % 3)), word(block + 1))
      }
      return [x0, x1]
    }
  },
  samples: []
}
