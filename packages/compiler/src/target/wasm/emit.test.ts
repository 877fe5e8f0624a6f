import { assert, describe, it } from "@effect/vitest"
import { Builder, type Buffer, type DType, type Kernel, straight } from "@cotangent/kernel"
import { instantiate, isValid } from "../targets.test.support.ts"
import { disassemble } from "./disassembler.ts"
import { emitWasm, type WasmOptions } from "./emit.ts"

const buffer = (id: number, length: number, dtype: DType = "f32"): Buffer => ({ id, name: `b${id}`, dtype, length })

const linesOf = (
  kernel: Kernel,
  layout: ReadonlyMap<number, number>,
  options: Partial<WasmOptions> = {}
): ReadonlyArray<string> =>
  disassemble(emitWasm(straight([kernel]), { layout, memoryPages: 1, ...options }))[0]?.lines ?? []

const count = (lines: ReadonlyArray<string>, instruction: string): number =>
  lines.filter((line) => line.trim().split(" ")[0] === instruction).length

/** c = a b for row-major square matrices, in tiles of `rows` rows and `vectors` vectors of 8 columns. */
const product = (size: number, rows: number, vectors: number): Kernel => {
  const [a, b, c] = [0, 1, 2].map((id) => buffer(id, size * size)) as [Buffer, Buffer, Buffer]
  return Builder.kernel("product", (k) => {
    k.loop(size, rows, (i) =>
      k.loop(size, 8 * vectors, (j) => {
        const tile = Array.from({ length: rows }, () =>
          Array.from({ length: vectors }, () => k.variable(k.constant(0, { dtype: "f32", lanes: 8 })))
        )
        k.loop(size, 1, (l) => {
          const right = Array.from({ length: vectors }, (_, v) =>
            k.load(
              b,
              Builder.at(8 * v, [
                [l, size],
                [j, 1]
              ]),
              8
            )
          )
          tile.forEach((row, r) => {
            const left = k.load(
              a,
              Builder.at(r * size, [
                [i, size],
                [l, 1]
              ]),
              8,
              0
            )
            row.forEach((sum, v) => k.assign(sum, k.binary("add", sum, k.binary("mul", left, right[v]!))))
          })
        })
        tile.forEach((row, r) =>
          row.forEach((sum, v) =>
            k.store(
              c,
              Builder.at(r * size + 8 * v, [
                [i, size],
                [j, 1]
              ]),
              sum
            )
          )
        )
      })
    )
  })
}

describe("emitWasm", () => {
  it("writes a loop over one pointer with constants in locals", () => {
    const kernel = Builder.kernel("scale", (b) => {
      b.loop(32, 8, (i) => {
        const x = b.load(buffer(0, 32), Builder.at(0, [[i, 1]]), 8)
        b.store(buffer(1, 32), Builder.at(0, [[i, 1]]), b.binary("mul", x, b.constant(0.5, x.type)))
      })
    })
    assert.deepStrictEqual(
      linesOf(
        kernel,
        new Map([
          [0, 1024],
          [1, 2048]
        ])
      ),
      [
        "  locals 1 i32, 3 v128",
        "  v128.const i32x4 0x3f000000 0x3f000000 0x3f000000 0x3f000000",
        "  local.set 3",
        "  i32.const 0",
        "  local.set 0",
        "  loop",
        "    local.get 0",
        "    v128.load offset=1024",
        "    local.set 1",
        "    local.get 0",
        "    v128.load offset=1040",
        "    local.set 2",
        "    local.get 0",
        "    local.get 2",
        "    local.get 3",
        "    f32x4.mul",
        "    v128.store offset=2064",
        "    local.get 0",
        "    local.get 1",
        "    local.get 3",
        "    f32x4.mul",
        "    v128.store offset=2048",
        "    local.get 0",
        "    i32.const 96",
        "    i32.lt_u",
        "    local.get 0",
        "    i32.const 32",
        "    i32.add",
        "    local.set 0",
        "    br_if 0",
        "  end"
      ]
    )
  })

  it("computes a matrix product without multiplying integers, rounding as f32 does", () => {
    const size = 32
    const kernel = product(size, 4, 1)
    const layout = new Map([
      [0, 0],
      [1, 4096],
      [2, 8192]
    ])
    const lines = linesOf(kernel, layout)
    assert.strictEqual(count(lines, "i32.mul"), 0)
    assert.strictEqual(count(lines, "f32x4.mul"), 8)
    assert.strictEqual(count(lines, "v128.load32_splat"), 4)
    assert.strictEqual(count(lines, "v128.load"), 2)
    const { exports, memory } = instantiate(emitWasm(straight([kernel]), { layout, memoryPages: 1 }), 1)
    const values = new Float32Array(memory)
    for (let i = 0; i < 2 * size * size; i++) values[i] = ((i * 7919) % 1000) / 1000 - 0.4
    exports.step?.()
    for (const [i, j] of [
      [0, 0],
      [3, 31],
      [17, 5],
      [31, 31]
    ] as const) {
      let sum = 0
      for (let l = 0; l < size; l++) {
        const term = Math.fround((values[i * size + l] ?? 0) * (values[1024 + l * size + j] ?? 0))
        sum = Math.fround(sum + term)
      }
      assert.strictEqual(values[2048 + i * size + j], sum)
    }
  })

  it("shares a pointer among accesses that move alike, and bumps each pointer once", () => {
    const kernel = Builder.kernel("shared", (b) => {
      b.loop(4, 1, (i) =>
        b.loop(8, 1, (j) => {
          const x = b.load(
            buffer(0, 64),
            Builder.at(3, [
              [i, 8],
              [j, 1]
            ])
          )
          const y = b.load(
            buffer(1, 64),
            Builder.at(0, [
              [j, 1],
              [i, 8]
            ])
          )
          b.store(
            buffer(2, 64),
            Builder.at(9, [
              [i, 8],
              [j, 1]
            ]),
            b.binary("add", x, y)
          )
        })
      )
    })
    const lines = linesOf(
      kernel,
      new Map([
        [0, 0],
        [1, 256],
        [2, 512]
      ])
    )
    assert.deepStrictEqual(
      lines.filter((line) => /offset/.test(line)).map((line) => line.trim()),
      ["f32.load offset=12", "f32.load offset=256", "f32.store offset=548"]
    )
    // One pointer for the rows, one for the elements, and the counter of the inner loop.
    assert.strictEqual(count(lines, "i32.add"), 3)
  })

  it("writes exactly the active lanes of a partial vector", () => {
    const stores = (lanes: number, dtype: DType): ReadonlyArray<string> => {
      const kernel = Builder.kernel("partial", (b) => {
        b.store(buffer(0, 8, dtype), Builder.at(0), b.load(buffer(0, 8, dtype), Builder.at(0), lanes))
      })
      return linesOf(kernel, new Map([[0, 64]]))
        .filter((line) => /store/.test(line))
        .map((line) => line.trim())
    }
    assert.deepStrictEqual(stores(2, "f32"), ["v128.store64_lane offset=64 0"])
    assert.deepStrictEqual(stores(3, "f32"), ["v128.store64_lane offset=64 0", "v128.store32_lane offset=72 2"])
    assert.deepStrictEqual(stores(4, "f32"), ["v128.store offset=64"])
    assert.deepStrictEqual(stores(5, "f32"), ["v128.store offset=64", "v128.store32_lane offset=80 0"])
    assert.deepStrictEqual(stores(3, "f64"), ["v128.store offset=64", "v128.store64_lane offset=80 0"])
  })

  it("in wide code pairs only full vectors, takes them apart by way of a copy, and avoids sums as seeds", () => {
    const layout = new Map([
      [0, 64],
      [1, 512]
    ])
    const kernel = Builder.kernel("wide", (b) => {
      const x = b.load(buffer(0, 64), Builder.at(0), 8)
      b.store(buffer(0, 64), Builder.at(0), x)
      b.store(buffer(0, 64), Builder.at(8), b.combine("max", x))
      b.store(buffer(0, 64), Builder.at(12), b.load(buffer(0, 64), Builder.at(16), 4))
      const n = b.load(buffer(1, 64, "i32"), Builder.at(0), 8)
      b.store(buffer(1, 64, "i32"), Builder.at(0), b.binary("add", n, n))
    })
    const narrow = linesOf(kernel, layout)
    assert.strictEqual(count(narrow, "v128.store"), 5)
    assert.strictEqual(count(narrow, "i32x4.add"), 2)
    const wide = linesOf(kernel, layout, { wide: true })
    assert.strictEqual(count(wide, "v128.store"), 4)
    assert.strictEqual(count(wide, "i32x4.add"), 1)
    assert.strictEqual(count(wide, "drop"), 1)
    assert.strictEqual(count(wide, "v128.store64_lane"), 2)
  })

  it("exports step and run, and kernels only on request", () => {
    const kernel = Builder.kernel("increment", (b) => {
      const x = b.load(buffer(0, 1, "i32"), Builder.at(0))
      b.store(buffer(0, 1, "i32"), Builder.at(0), b.binary("add", x, b.constant(1, x.type)))
    })
    const layout = new Map([[0, 8]])
    const plain = instantiate(emitWasm(straight([kernel]), { layout, memoryPages: 1 }), 1)
    assert.deepStrictEqual(Object.keys(plain.exports), ["step", "run"])
    plain.exports.step?.()
    plain.exports.run?.(5)
    plain.exports.run?.(0)
    plain.exports.run?.(-1)
    assert.strictEqual(new Int32Array(plain.memory)[2], 6)
    const all = instantiate(emitWasm(straight([kernel, kernel]), { layout, memoryPages: 1, exportKernels: true }), 1)
    assert.deepStrictEqual(Object.keys(all.exports), ["k0", "k1", "step", "run"])
    all.exports.k1?.()
    assert.strictEqual(new Int32Array(all.memory)[2], 1)
  })

  it("runs thousands of kernels in order, over shared memory too", () => {
    const kernels = Array.from({ length: 2500 }, (_, index) =>
      Builder.kernel(`k${index}`, (b) => {
        const x = b.load(buffer(0, 1, "u32"), Builder.at(0))
        const next = b.binary("mul", x, b.constant(3, x.type))
        b.store(buffer(0, 1, "u32"), Builder.at(0), b.binary("add", next, b.constant(index, x.type)))
      })
    )
    let expected = 0
    for (let index = 0; index < 2500; index++) expected = (Math.imul(expected, 3) + index) >>> 0
    const bytes = emitWasm(straight(kernels), { layout: new Map([[0, 0]]), memoryPages: 1, control: 1024 })
    const { exports, memory } = instantiate(bytes, 1, true)
    exports.step?.()
    assert.strictEqual(new Uint32Array(memory)[0], expected)
    assert.isTrue(isValid(emitWasm(straight([]), { layout: new Map(), memoryPages: 1 })))
  })

  it("says which buffer has no place, and which is not aligned", () => {
    const kernel = Builder.kernel("lost", (b) => {
      b.store(buffer(7, 1), Builder.at(0), b.constant(1, { dtype: "f32", lanes: 1 }))
    })
    assert.throws(() => linesOf(kernel, new Map()), /buffer b7 of the kernel lost has no address/)
    assert.throws(() => linesOf(kernel, new Map([[7, 6]])), /b7 lies at byte 6, which is no multiple of the 4 bytes/)
  })

  it("says which operation does not exist", () => {
    const kernel = Builder.kernel("odd", (b) => {
      const x = b.load(buffer(0, 8, "i32"), Builder.at(0), 8)
      b.store(buffer(0, 8, "i32"), Builder.at(0), b.binary("div", x, x))
    })
    assert.throws(() => linesOf(kernel, new Map([[0, 0]])), /odd asks for div on a vector of i32/)
  })

  it("makes other bytes of another salt", () => {
    const bytes = (salt: string): string => String(emitWasm(straight([]), { layout: new Map(), memoryPages: 1, salt }))
    assert.notStrictEqual(bytes("a"), bytes("b"))
  })
})
