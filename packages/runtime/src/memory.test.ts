import { assert, describe, it } from "@effect/vitest"
import { allocate, type DType } from "@cotangent/graph"
import { place, type PlacedLeaf } from "./layout.ts"
import { makePool, readValue, sizeClass, write } from "./memory.ts"

describe("sizeClass", () => {
  it("wastes at most a quarter, and few classes serve all sizes", () => {
    const classes = new Set<number>()
    for (let pages = 1; pages <= 4096; pages++) {
      const size = sizeClass(pages)
      assert.isAtLeast(size, pages)
      assert.isAtMost(size, Math.ceil(pages * 1.25))
      assert.strictEqual(sizeClass(size), size)
      classes.add(size)
    }
    assert.isAtMost(classes.size, 50)
  })
})

describe("the pool", () => {
  for (const target of ["wasm", "js"] as const) {
    it(`${target}: hands memories out again, zeroed`, () => {
      const pool = makePool(target)
      const first = pool.acquire(2)
      new Uint8Array(first.buffer).fill(7)
      const second = pool.acquire(2)
      assert.notStrictEqual(second, first)
      pool.release(first)
      assert.deepStrictEqual(pool.statistics(), { made: 2, free: 1, bytes: 4 * 65536 })
      const again = pool.acquire(2)
      assert.strictEqual(again, first)
      assert.isTrue(new Uint8Array(again.buffer).every((byte) => byte === 0))
    })
  }

  it("says what is wrong when a memory is too large, and counts nothing", () => {
    const pool = makePool("wasm")
    assert.throws(() => pool.acquire(70_000), /memory: this program needs 5120 MB in one piece/)
    assert.deepStrictEqual(pool.statistics(), { made: 0, free: 0, bytes: 0 })
  })
})

describe("leaves in memory", () => {
  const leafOf = (dtype: DType, length: number, start: number): PlacedLeaf | undefined =>
    place([{ path: "x", shape: [length], dtype }], start).leaves[0]

  it("are aligned to their elements, segments to 64 bytes", () => {
    const { leaves, end } = place(
      [
        { path: "a", shape: [3], dtype: "f32" },
        { path: "b", shape: [], dtype: "f64" },
        { path: "c", shape: [0, 5], dtype: "f64" },
        { path: "d", shape: [1], dtype: "bool" }
      ],
      64
    )
    assert.deepStrictEqual(
      leaves.map(({ address, length }) => [address, length]),
      [
        [64, 3],
        [80, 1],
        [88, 0],
        [88, 1]
      ]
    )
    assert.strictEqual(end, 128)
  })

  it("come back as they went in, as copies, for every element type", () => {
    const memory = makePool("wasm").acquire(1)
    const numbers: Readonly<Record<DType, ReadonlyArray<number>>> = {
      f32: [1.5, NaN, -0],
      f64: [Math.PI, Infinity, -0],
      i32: [-1, 2 ** 31 - 1, 0],
      u32: [2 ** 32 - 1, 0, 1],
      bool: [0, 1, 1]
    }
    for (const [name, data] of Object.entries(numbers)) {
      const dtype = name as DType
      const leaf = leafOf(dtype, 3, 128)
      if (leaf === undefined) return assert.fail("no leaf")
      write(memory, leaf, data)
      const value = readValue(memory, leaf)
      const expected = allocate(dtype, 3)
      data.forEach((x, i) => {
        expected[i] = x
      })
      assert.deepStrictEqual(value, { shape: [3], dtype, data: expected })
      assert.notStrictEqual(value.data.buffer, memory.buffer)
    }
  })
})
