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
 * Fills `out` with one word for each counter `(c0, c1)`, `(c0, c1 + 1)`, ...: the exclusive or of its two. The rounds of
 * `threefryWords` are written out, for this is the inner loop of every shuffle, and calls and tables cost three times as much.
 */
export const threefryFill = (out: Uint32Array, k0: number, k1: number, c0: number, c1: number): void => {
  const k2 = k0 ^ k1 ^ parity
  for (let i = 0; i < out.length; i++) {
    let x = (c0 + k0) | 0
    let y = (c1 + i + k1) | 0
    x = (x + y) | 0
    y = ((y << 13) | (y >>> 19)) ^ x
    x = (x + y) | 0
    y = ((y << 15) | (y >>> 17)) ^ x
    x = (x + y) | 0
    y = ((y << 26) | (y >>> 6)) ^ x
    x = (x + y) | 0
    y = ((y << 6) | (y >>> 26)) ^ x
    x = (x + k1) | 0
    y = (y + k2 + 1) | 0
    x = (x + y) | 0
    y = ((y << 17) | (y >>> 15)) ^ x
    x = (x + y) | 0
    y = ((y << 29) | (y >>> 3)) ^ x
    x = (x + y) | 0
    y = ((y << 16) | (y >>> 16)) ^ x
    x = (x + y) | 0
    y = ((y << 24) | (y >>> 8)) ^ x
    x = (x + k2) | 0
    y = (y + k0 + 2) | 0
    x = (x + y) | 0
    y = ((y << 13) | (y >>> 19)) ^ x
    x = (x + y) | 0
    y = ((y << 15) | (y >>> 17)) ^ x
    x = (x + y) | 0
    y = ((y << 26) | (y >>> 6)) ^ x
    x = (x + y) | 0
    y = ((y << 6) | (y >>> 26)) ^ x
    x = (x + k0) | 0
    y = (y + k1 + 3) | 0
    x = (x + y) | 0
    y = ((y << 17) | (y >>> 15)) ^ x
    x = (x + y) | 0
    y = ((y << 29) | (y >>> 3)) ^ x
    x = (x + y) | 0
    y = ((y << 16) | (y >>> 16)) ^ x
    x = (x + y) | 0
    y = ((y << 24) | (y >>> 8)) ^ x
    x = (x + k1) | 0
    y = (y + k2 + 4) | 0
    x = (x + y) | 0
    y = ((y << 13) | (y >>> 19)) ^ x
    x = (x + y) | 0
    y = ((y << 15) | (y >>> 17)) ^ x
    x = (x + y) | 0
    y = ((y << 26) | (y >>> 6)) ^ x
    x = (x + y) | 0
    y = ((y << 6) | (y >>> 26)) ^ x
    x = (x + k2) | 0
    y = (y + k0 + 5) | 0
    out[i] = x ^ y
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
