import { assert, describe, it } from "@effect/vitest"
import { at, kernel, typeOf, type Builder } from "./builder.ts"
import { run } from "./interpreter.ts"
import { bytesOf, type Buffer, type DType, type Kernel } from "./ir.ts"
import { validate } from "./validator.ts"

const buffer = (id: number, name: string, dtype: DType, length: number): Buffer => ({ id, name, dtype, length })

const views = {
  f32: Float32Array,
  f64: Float64Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Int32Array
} as const

/** Runs a valid kernel over the given contents; gives the contents of `out` afterwards. */
const outcome = (
  code: Kernel,
  contents: ReadonlyArray<readonly [Buffer, ReadonlyArray<number>]>,
  out: Buffer
): ReadonlyArray<number> => {
  assert.deepStrictEqual(validate(code), [])
  const layout = new Map<number, number>()
  let end = 0
  for (const each of [...contents.map(([each]) => each), out]) {
    if (layout.has(each.id)) continue
    layout.set(each.id, end)
    end += Math.ceil((each.length * bytesOf[each.dtype]) / 8) * 8
  }
  const memory = new ArrayBuffer(end)
  const array = ({ dtype, id, length }: Buffer) => new views[dtype](memory, layout.get(id), length)
  for (const [each, values] of contents) array(each).set(values)
  run(code, layout, memory)
  return [...array(out)]
}

/** The values stored by a body that reads nothing. */
const computed = (dtype: DType, length: number, body: (b: Builder, out: Buffer) => void): ReadonlyArray<number> => {
  const out = buffer(0, "out", dtype, length)
  return outcome(
    kernel("computed", (b) => body(b, out)),
    [],
    out
  )
}

const counting = Array.from({ length: 16 }, (_, k) => k)

describe("loads and stores", () => {
  const x = buffer(0, "x", "f32", 16)
  const y = buffer(1, "y", "f32", 16)

  it("contiguous, strided, backward and splat lanes", () => {
    const code = kernel("lanes", (b) => {
      b.store(y, at(0), b.load(x, at(2), 4))
      b.store(y, at(4), b.load(x, at(0), 4, 5))
      b.store(y, at(8), b.load(x, at(3), 4, -1))
      b.store(y, at(12), b.load(x, at(7), 2, 0))
      b.store(y, at(15), b.load(x, at(10), 2), -1)
    })
    const expected = [2, 3, 4, 5, 0, 5, 10, 15, 3, 2, 1, 0, 7, 7, 11, 10]
    assert.deepStrictEqual(outcome(code, [[x, counting]], y), expected)
  })

  it("positions from loops and from computed indices", () => {
    const index = buffer(2, "index", "i32", 4)
    const code = kernel("gather", (b) => {
      b.loop(4, 1, (i) => {
        b.loop(4, 2, (j) => {
          const p = b.load(index, at(0, [[i, 1]]))
          b.store(
            y,
            at(0, [
              [i, 4],
              [j, 1]
            ]),
            b.load(x, at(0, [[j, 1]], p), 2)
          )
        })
      })
    })
    const expected = [8, 9, 10, 11, 0, 1, 2, 3, 3, 4, 5, 6, 12, 13, 14, 15]
    assert.deepStrictEqual(
      outcome(
        code,
        [
          [x, counting],
          [index, [8, 0, 3, 12]]
        ],
        y
      ),
      expected
    )
  })

  it("every dtype keeps its values; bool is 0 or 1 in memory", () => {
    assert.deepStrictEqual(
      computed("u32", 2, (b, out) => b.store(out, at(0), b.constant(2 ** 32 - 1, typeOf("u32", 2)))),
      [2 ** 32 - 1, 2 ** 32 - 1]
    )
    assert.deepStrictEqual(
      computed("i32", 1, (b, out) => b.store(out, at(0), b.constant(-7, typeOf("i32")))),
      [-7]
    )
    assert.deepStrictEqual(
      computed("f64", 1, (b, out) => b.store(out, at(0), b.constant(0.1, typeOf("f64")))),
      [0.1]
    )
    const flags = buffer(3, "flags", "bool", 4)
    const code = kernel("flags", (b) => b.store(flags, at(0), b.unary("not", b.load(flags, at(0), 4))))
    assert.deepStrictEqual(outcome(code, [[flags, [0, 1, 5, -1]]], flags), [1, 0, 0, 0])
  })

  it("an access outside a buffer is a sentence, not a value", () => {
    const code = kernel("outside", (b) => b.store(y, at(0), b.load(x, at(0, [], b.constant(99, typeOf("i32"))))))
    const go = (): void =>
      run(
        code,
        new Map([
          [0, 0],
          [1, 64]
        ]),
        new ArrayBuffer(1024)
      )
    assert.throws(go, RangeError, "kernel outside accesses element 99 of buffer x, which has 16")
    assert.throws(() => run(code, new Map([[0, 0]]), new ArrayBuffer(64)), RangeError, /element 99/)
    const lost = kernel("lost", (b) => b.store(y, at(0), b.load(x, at(0))))
    assert.throws(() => run(lost, new Map([[0, 0]]), new ArrayBuffer(64)), RangeError, /buffer y, which the layout/)
  })
})

describe("arithmetic in lanes", () => {
  it("unary, binary, compare and select work lane by lane", () => {
    const values = computed("f32", 8, (b, out) => {
      const index = b.variable(b.constant(0, typeOf("f32", 8)))
      b.loop(8, 8, (loop) => b.assign(index, b.cast(b.loopIndex(loop, 8), "f32")))
      const four = b.constant(4, typeOf("f32", 8))
      const below = b.compare("lt", index, four)
      b.store(out, at(0), b.select(below, b.unary("neg", index), b.binary("mul", index, index)))
    })
    assert.deepStrictEqual(values, [-0, -1, -2, -3, 16, 25, 36, 49])
  })

  it("f32 rounds after every operation", () => {
    const values = computed("f32", 1, (b, out) => {
      const big = b.constant(2 ** 24, typeOf("f32"))
      const one = b.constant(1, typeOf("f32"))
      b.store(out, at(0), b.binary("sub", b.binary("add", big, one), big))
    })
    assert.deepStrictEqual(values, [0])
  })

  it("cast, splat, extract, extend and combine", () => {
    const values = computed("i32", 4, (b, out) => {
      const three = b.cast(b.constant(3.7, typeOf("f64")), "i32")
      const lanes = b.splat(three, 3)
      const full = b.extend(lanes, 8, 10)
      b.store(out, at(0), b.combine("add", full))
      b.store(out, at(1), b.extract(full, 2))
      b.store(out, at(2), b.extract(full, 3))
      b.store(out, at(3), b.cast(b.compare("eq", three, three), "i32"))
    })
    assert.deepStrictEqual(values, [59, 3, 10, 1])
  })

  it("masks of f64 select f64", () => {
    const values = computed("f64", 4, (b, out) => {
      const zero = b.constant(0, typeOf("f64", 4))
      const one = b.constant(1, typeOf("f64", 4))
      const both = b.binary("and", b.compare("lt", zero, one), b.unary("not", b.compare("gt", zero, one)))
      b.store(out, at(0), b.select(both, one, zero))
    })
    assert.deepStrictEqual(values, [1, 1, 1, 1])
  })
})

describe("loops and variables", () => {
  it("a loop with a step, its index, an accumulator", () => {
    const values = computed("i32", 2, (b, out) => {
      const sum = b.variable(b.constant(0, typeOf("i32")))
      const rounds = b.variable(b.constant(0, typeOf("i32")))
      b.loop(10, 3, (i) => {
        b.assign(sum, b.binary("add", sum, b.loopIndex(i)))
        b.assign(rounds, b.binary("add", rounds, b.constant(1, typeOf("i32"))))
      })
      b.store(out, at(0), sum)
      b.store(out, at(1), rounds)
    })
    assert.deepStrictEqual(values, [0 + 3 + 6 + 9, 4])
  })

  it("a variable inside a loop starts anew in each round", () => {
    const values = computed("i32", 3, (b, out) => {
      b.loop(3, 1, (i) => {
        const inner = b.variable(b.loopIndex(i))
        b.loop(4, 1, () => b.assign(inner, b.binary("add", inner, inner)))
        b.store(out, at(0, [[i, 1]]), inner)
      })
    })
    assert.deepStrictEqual(values, [0, 16, 32])
  })

  it("a loop without rounds leaves nothing", () => {
    assert.deepStrictEqual(
      computed("i32", 1, (b, out) => b.loop(0, 1, () => b.store(out, at(0), b.constant(1, typeOf("i32"))))),
      [0]
    )
  })

  it("registers and loop indices that do not exist yet are refused", () => {
    const code = kernel("early", (b) => {
      const value = b.constant(1, typeOf("i32"))
      b.unary("neg", { id: 7, type: value.type })
    })
    assert.throws(() => run(code, new Map(), new ArrayBuffer(0)), ReferenceError, /early reads register r7 before/)
    const outside = kernel("outside", (b) => b.loopIndex({ id: 3, extent: 2, step: 1 }))
    assert.throws(() => run(outside, new Map(), new ArrayBuffer(0)), ReferenceError, /loop i3 outside/)
  })
})
