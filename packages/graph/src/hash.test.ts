import { assert, describe, it } from "@effect/vitest"
import * as Graph from "./graph.ts"
import { hash, hashText } from "./hash.ts"
import { operations as ops } from "./operations.ts"
import * as T from "./ops/index.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

/** The hash of a function of a fresh parameter. */
const hashOf = (f: (x: Tensor<[2, 3]>) => AnyTensor | ReadonlyArray<AnyTensor>, name = "x"): string => {
  const x = ops.parameter(name, [2, 3], "f32") as Tensor<[2, 3]>
  return hash(Graph.make([{ name, tensor: x }], [f(x)].flat()))
}

describe("hash", () => {
  it("is 128 bits in hexadecimal", () => {
    assert.match(
      hashOf((x) => x),
      /^[0-9a-f]{32}$/
    )
  })

  it("is equal for equal graphs, wherever they were built", () => {
    const f = (x: Tensor<[2, 3]>) => T.softmax(T.add(x, T.constant([1, 2, 3])))
    assert.strictEqual(hashOf(f), hashOf(f))
    assert.strictEqual(
      hashOf((x) => T.exp(x)),
      hashOf((x) => {
        T.log(x)
        return T.exp(T.stopGradient(x))
      })
    )
  })

  it("changes with everything that counts", () => {
    const data = Float32Array.from({ length: 600 }, (_, i) => i)
    const other = data.slice()
    other[599] = -1
    const row = T.zeros([3])
    const body = (combine: (c: Tensor<[3]>, r: Tensor<[3]>) => Tensor<[3]>, reverse: boolean) => (x: Tensor<[2, 3]>) =>
      T.scan((c: typeof row, r: Tensor<[3]>) => [combine(c, r), c], row, x, { reverse })
    const plus = (c: Tensor<[3]>, r: Tensor<[3]>) => T.add(c, r)
    const minus = (c: Tensor<[3]>, r: Tensor<[3]>) => T.sub(c, r)
    const hashes = [
      hashOf((x) => x),
      hashOf((x) => x, "y"),
      hashOf((x) => [x, x]),
      hashOf((x) => T.exp(x)),
      hashOf((x) => T.log(x)),
      hashOf((x) => [x, T.exp(x)]),
      hashOf((x) => [T.exp(x), x]),
      hashOf((x) => T.sub(x, T.exp(x))),
      hashOf((x) => T.sub(T.exp(x), x)),
      hashOf((x) => T.add(x, 1)),
      hashOf((x) => T.add(x, 1 + 2 ** -23)),
      hashOf((x) => T.add(x, 0)),
      hashOf((x) => T.add(x, -0)),
      hashOf((x) => T.sum(x, { axis: 0 })),
      hashOf((x) => T.sum(x, { axis: 1 })),
      hashOf((x) =>
        T.pad(
          x,
          [
            [0, 0],
            [0, 1]
          ],
          Infinity
        )
      ),
      hashOf((x) =>
        T.pad(
          x,
          [
            [0, 0],
            [0, 1]
          ],
          -Infinity
        )
      ),
      hashOf((x) => T.cast(x, "i32")),
      hashOf((x) => T.cast(x, "u32")),
      hashOf(() => T.fromArray(data, [600])),
      hashOf(() => T.fromArray(data, [20, 30])),
      hashOf(() => T.fromArray(other, [600])),
      hashOf(() => T.fromArray(Int32Array.from(data), [600])),
      hashOf((x) => body(plus, false)(x)),
      hashOf((x) => body(minus, false)(x)),
      hashOf((x) => body(plus, true)(x)),
      hashOf((x) => body(plus, false)(x)[0])
    ]
    assert.strictEqual(new Set(hashes).size, hashes.length)
  })

  it("compares large constants by their contents: it is the same in every process", () => {
    const data = Float32Array.from({ length: 600 }, (_, i) => i)
    assert.strictEqual(
      hashOf(() => T.fromArray(data, [600])),
      hashOf(() => T.fromArray(data.slice(), [600]))
    )
    assert.strictEqual(
      hashOf(() => T.fromArray(data, [600])),
      "e6b45db5fd29990166e29262713f8fa3"
    )
  })
})

describe("hashText", () => {
  it("spreads similar texts over all four words", () => {
    const n = 20_000
    const digests = Array.from({ length: n }, (_, i) => hashText(`add|${i % 141},${Math.floor(i / 141)}`))
    assert.strictEqual(new Set(digests).size, n)
    // In 32 bits, 20,000 random numbers collide 0.05 times on average.
    for (let word = 0; word < 4; word++) {
      assert.isAtLeast(new Set(digests.map((d) => d.slice(8 * word, 8 * word + 8))).size, n - 2)
    }
  })

  it("changes half of its bits with one bit of the text", () => {
    const bits = (digest: string) => BigInt(`0x${digest}`)
    let flipped = 0
    for (let i = 0; i < 200; i++) {
      flipped += (bits(hashText(`x${i}`)) ^ bits(hashText(`y${i}`))).toString(2).replaceAll("0", "").length
    }
    assert.closeTo(flipped / 200, 64, 3)
  })
})
