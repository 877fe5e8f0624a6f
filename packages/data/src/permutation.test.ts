import { Key, T, threefryFill, threefryWords } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { DataError } from "./data-error.ts"
import * as Permutation from "./permutation.ts"
import { fold, seedKey, uniformBelow, word } from "./word-stream.ts"

describe("Permutation.of", () => {
  it("is a permutation, of every size", () => {
    for (const n of [0, 1, 2, 3, 10, 1437]) {
      const order = Permutation.of(42, 1, n)
      assert.strictEqual(order.length, n)
      assert.deepStrictEqual(
        Array.from(order).toSorted((a, b) => a - b),
        Array.from({ length: n }, (_, i) => i)
      )
    }
  })

  it("depends on seed and epoch, and on nothing else", () => {
    assert.deepStrictEqual(Permutation.of(42, 1, 100), Permutation.of(42, 1, 100))
    assert.notDeepEqual(Permutation.of(42, 1, 100), Permutation.of(42, 2, 100))
    assert.notDeepEqual(Permutation.of(42, 1, 100), Permutation.of(43, 1, 100))
  })

  it("is pinned: a change of these numbers changes every training run", () => {
    // Computed apart from this code, by the same definition in Python on the Random123 generator.
    assert.deepStrictEqual(Array.from(Permutation.of(42, 1, 10)), [8, 0, 4, 5, 9, 1, 3, 7, 2, 6])
  })

  it("is the shuffle of the numbers of uniformBelow, one after another", () => {
    for (const [seed, epoch, n] of [
      [3, 1, 1000],
      [2 ** 40 + 7, 12, 65],
      [-5, 0, 64]
    ] as const) {
      const below = uniformBelow(fold(seedKey(seed), epoch))
      const order = Array.from({ length: n }, (_, i) => i)
      for (let i = n - 1; i > 0; i--) {
        const j = below(i + 1)
        const [a = 0, b = 0] = [order[i], order[j]]
        order[i] = b
        order[j] = a
      }
      assert.deepStrictEqual(Array.from(Permutation.of(seed, epoch, n)), order)
    }
  })

  it("goes into given room, whatever was there", () => {
    const room = new Int32Array(100).fill(7)
    assert.strictEqual(Permutation.into(room, 42, 3), room)
    assert.deepStrictEqual(room, Permutation.of(42, 3, 100))
    assert.throws(() => Permutation.into(room, 0, 0.5), DataError, /the epoch 0.5/)
  })

  it("gives every order of three equally often", () => {
    const counts = new Map<string, number>()
    const runs = 6000
    for (let epoch = 0; epoch < runs; epoch++) {
      const order = Permutation.of(0, epoch, 3).join("")
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    assert.strictEqual(counts.size, 6)
    const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - runs / 6) ** 2 / (runs / 6), 0)
    // 20.5 is passed once in a thousand by a fair shuffle of five degrees of freedom; the numbers are fixed by the seed.
    assert.isBelow(chi2, 20.5)
  })

  it("refuses sizes, seeds and epochs that are not whole", () => {
    for (const n of [-1, 1.5, NaN, 2 ** 31]) assert.throws(() => Permutation.of(0, 0, n), DataError, /cannot permute/)
    assert.throws(() => Permutation.of(0.5, 0, 3), DataError, /the seed 0.5/)
    assert.throws(() => Permutation.of(0, NaN, 3), DataError, /the epoch NaN/)
  })
})

describe("words on the host", () => {
  it("are the bits of Key", () => {
    for (const seed of [0, 42, -1, 2 ** 40 + 3]) {
      const bits = T.evaluate(Key.bits(Key.fold(Key.key(seed), 5), [16])).data
      const words = Uint32Array.from({ length: 16 }, (_, i) => word(fold(seedKey(seed), 5), i))
      assert.deepStrictEqual(words, Uint32Array.from(bits))
    }
  })

  it("fill arrays of any length, across the border of the low counter", () => {
    for (const length of [1, 2, 3, 4, 5, 64, 67]) {
      const filled = new Uint32Array(length)
      threefryFill(filled, 0xdeadbeef, 7, 3, 2 ** 32 - 2)
      const words = Array.from({ length }, (_, i) => {
        const [a, b] = threefryWords(0xdeadbeef, 7, 3, (2 ** 32 - 2 + i) >>> 0)
        return (a ^ b) >>> 0
      })
      assert.deepStrictEqual(Array.from(filled), words)
    }
  })

  it("below 2^32 are the words one after another", () => {
    const key = fold(seedKey(42), 3)
    const below = uniformBelow(key)
    for (let i = 0; i < 200; i++) assert.strictEqual(below(2 ** 32), word(key, i))
  })

  it("below a bound are fair where the remainder matters", () => {
    // Two thirds of 2^32: without rejection the lower half would come twice as often as the upper one.
    const bound = 2 ** 31 + 2 ** 29
    const below = uniformBelow(seedKey(1))
    const drawn = Array.from({ length: 2000 }, () => below(bound))
    assert.isTrue(drawn.every((v) => v >= 0 && v < bound))
    const low = drawn.filter((v) => v < bound / 2).length
    assert.isBelow(Math.abs(low - 1000), 100)
  })
})
