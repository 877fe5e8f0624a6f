import { assert, describe, it } from "@effect/vitest"
import { at, kernel, typeOf, type Builder } from "./builder.ts"
import type { Buffer, Instruction, Kernel, Loop, Register, Type } from "./ir.ts"
import { validate } from "./validator.ts"

const x: Buffer = { id: 0, name: "x", dtype: "f32", length: 16 }
const y: Buffer = { id: 1, name: "y", dtype: "f32", length: 16 }
const flags: Buffer = { id: 2, name: "flags", dtype: "bool", length: 8 }

const f32 = typeOf("f32")
const f32x8 = typeOf("f32", 8)
const f64x4 = typeOf("f64", 4)
const i32 = typeOf("i32")

/** A kernel written by hand: registers are numbered as given. */
const byHand = (
  body: ReadonlyArray<Instruction>,
  reads: ReadonlyArray<Buffer> = [],
  writes: ReadonlyArray<Buffer> = []
): Kernel => ({
  name: "k",
  body,
  reads,
  writes,
  cost: { flops: 0, bytes: 0 }
})

const register = (id: number, type: Type): Register => ({ id, type })
const constant = (id: number, type: Type, value = 1): Instruction => ({ tag: "const", out: register(id, type), value })

const built = (body: (b: Builder) => void): Kernel => kernel("k", body)

describe("validate", () => {
  it("accepts a reduction over rows with a tail", () => {
    const code = built((b) =>
      b.loop(2, 1, (i) => {
        const sum = b.variable(b.constant(0, f32x8))
        b.assign(sum, b.binary("add", sum, b.load(x, at(0, [[i, 8]]), 8)))
        const tail = b.extend(b.load(x, at(5, [[i, 8]]), 3), 8, 0)
        b.store(y, at(0, [[i, 1]]), b.combine("add", b.binary("add", sum, tail)))
      })
    )
    assert.deepStrictEqual(validate(code), [])
  })

  const loop: Loop = { id: 0, extent: 4, step: 1 }
  const a = register(0, f32)
  const mistakes: Readonly<Record<string, readonly [Kernel, RegExp]>> = {
    "a register used before it is defined": [
      byHand([{ tag: "unary", op: "neg", out: register(1, f32), a }, constant(0, f32)]),
      /^kernel k: register r0 is used before it is defined, in "r1 f32 = neg r0"$/
    ],
    "a register defined twice": [byHand([constant(0, f32), constant(0, f32)]), /r0 is defined twice/],
    "a register used outside its loop": [
      byHand([
        { tag: "for", loop, body: [constant(0, f32)] },
        { tag: "unary", op: "neg", out: register(1, f32), a }
      ]),
      /r0 is used outside the loop that defines it: carry it out in a variable/
    ],
    "a register used with another type": [
      byHand([constant(0, f32x8), { tag: "unary", op: "neg", out: register(1, f32), a }]),
      /r0 is defined as f32x8 and used as f32/
    ],
    "too many lanes": [byHand([constant(0, typeOf("f64", 8))]), /a register of f64 has 1 to 4 lanes, not 8/],
    "too many lanes of a wide mask": [
      byHand([constant(0, { dtype: "bool", lanes: 8, mask: 64 })]),
      /a register of bool has 1 to 4 lanes, not 8/
    ],
    "a bool vector without mask": [byHand([constant(0, { dtype: "bool", lanes: 4 })]), /must state the width/],
    "a mask on another type": [byHand([constant(0, { ...f32x8, mask: 32 })]), /only bool vectors have a mask/],
    "a constant that is not rounded": [byHand([constant(0, f32, 0.1)]), /constant 0.1 is not a value of f32/],
    "a constant out of range": [byHand([constant(0, typeOf("u32"), -1)]), /constant -1 is not a value of u32/],
    "operands of two types": [
      built((b) => void b.binary("add", b.constant(1, f32), b.constant(1, i32))),
      /add wants operands of one type, not r0 \(f32\) and r1 \(i32\)/
    ],
    "operands of different lanes": [
      built((b) => void b.binary("add", b.constant(1, f32x8), b.constant(1, f32))),
      /add wants operands of one type/
    ],
    "an operation the dtype has not": [
      built((b) => void b.unary("sqrt", b.constant(1, i32))),
      /sqrt is defined for f32, f64, not for i32/
    ],
    "a remainder of floats": [
      built((b) => void b.binary("rem", b.constant(1, f32), b.constant(1, f32))),
      /rem is defined for i32, u32, not for f32/
    ],
    "a division of integer vectors": [
      built((b) => void b.binary("div", b.constant(1, typeOf("i32", 4)), b.constant(1, typeOf("i32", 4)))),
      /div of integers exists for scalars only/
    ],
    "shifts that differ by lane": [
      built((b) => b.loop(8, 8, (i) => void b.binary("shl", b.constant(1, typeOf("i32", 8)), b.loopIndex(i, 8)))),
      /shl of a vector wants one shift for all lanes/
    ],
    "an order of bools": [
      built((b) => void b.compare("lt", b.constant(1, typeOf("bool")), b.constant(0, typeOf("bool")))),
      /lt is defined for f32, f64, i32, u32, not for bool/
    ],
    "a result of the wrong type": [
      byHand([constant(0, f32), { tag: "compare", op: "lt", out: register(1, f32), a, b: a }]),
      /the result is bool, not f32/
    ],
    "a mask of another width": [
      built((b) => {
        const narrow = b.compare("lt", b.constant(1, typeOf("f32", 4)), b.constant(2, typeOf("f32", 4)))
        b.select(narrow, b.constant(1, f64x4), b.constant(2, f64x4))
      }),
      /select of f64x4 wants a condition of bool64x4, not r2 \(boolx4\)/
    ],
    "a condition of other lanes": [
      built((b) => void b.select(b.constant(1, typeOf("bool")), b.constant(1, f32x8), b.constant(2, f32x8))),
      /wants a condition of boolx8, not r0 \(bool\)/
    ],
    "a vector cast from f64": [
      built((b) => void b.cast(b.constant(1, f64x4), "f32")),
      /cast from or to f64 exists for scalars only/
    ],
    "a splat of a vector": [
      built((b) => void b.splat(b.constant(1, typeOf("f32", 4)), 8)),
      /splat wants a scalar, not r0 \(f32x4\)/
    ],
    "a lane that is not there": [
      built((b) => void b.extract(b.constant(1, typeOf("f32", 4)), 4)),
      /r0 \(f32x4\) has no lane 4/
    ],
    "an extension to fewer lanes": [
      built((b) => void b.extend(b.constant(1, f32x8), 4, 0)),
      /extend wants more lanes than the 8/
    ],
    "a fill of another dtype": [
      built((b) => void b.extend(b.constant(1, typeOf("i32", 4)), 8, 0.5)),
      /fill 0.5 is not a value of i32/
    ],
    "a combination of part of a vector": [
      built((b) => void b.combine("add", b.constant(1, typeOf("f32", 5)))),
      /combine wants a full vector of 8 lanes, not r0 \(f32x5\): extend it first/
    ],
    "a combination the dtype has not": [
      built((b) => void b.combine("and", b.constant(1, f32x8))),
      /combine and is defined for i32, u32, bool, not for f32/
    ],
    "a loop index outside its loop": [built((b) => void b.loopIndex(loop)), /index of loop i0 is used outside/],
    "a position with a loop that is not around it": [
      built((b) => void b.load(x, at(0, [[loop, 1]]))),
      /index of loop i0 is used outside that loop/
    ],
    "a loop of other extent than the one around": [
      built((b) => b.loop(4, 1, () => void b.load(x, at(0, [[{ ...loop, extent: 3 }, 1]])))),
      /loop i0 is used with another extent or step/
    ],
    "a loop inside itself": [
      byHand([{ tag: "for", loop, body: [{ tag: "for", loop, body: [] }] }]),
      /loop i0 stands inside itself/
    ],
    "a loop without extent": [
      byHand([{ tag: "for", loop: { ...loop, extent: 0 }, body: [] }]),
      /extent and the step of a loop are whole numbers from 1/
    ],
    "an access past the end": [
      built((b) => b.loop(16, 8, (i) => void b.load(x, at(1, [[i, 1]]), 8))),
      /elements 1 to 16 of buffer x are accessed, which has 16/
    ],
    "an access before the start": [
      built((b) => b.loop(4, 1, (i) => void b.load(x, at(2, [[i, -1]])))),
      /elements -1 to 2 of buffer x are accessed/
    ],
    "an access by a step that does not divide the extent": [
      built((b) => b.loop(13, 8, (i) => void b.load(x, at(3, [[i, 1]]), 8))),
      /elements 3 to 18 of buffer x/
    ],
    "lanes that reach too far": [built((b) => void b.load(x, at(0), 4, 6)), /elements 0 to 18 of buffer x/],
    "a computed index that is not a scalar i32": [
      built((b) => void b.load(x, at(0, [], b.constant(1, f32)))),
      /computed part of an index must be a scalar i32, not r0 \(f32\)/
    ],
    "a store to a buffer that is only read": [
      byHand([constant(0, f32), { tag: "store", buffer: x, index: at(0), value: a, laneStride: 0 }], [x], [y]),
      /buffer x is not among the buffers that the kernel writes/
    ],
    "a load from a buffer that is not read": [
      byHand([{ tag: "load", out: a, buffer: x, index: at(0), laneStride: 0 }]),
      /buffer x is not among the buffers that the kernel reads/
    ],
    "a buffer that is two": [
      byHand([{ tag: "load", out: a, buffer: x, index: at(0), laneStride: 0 }], [{ ...x, length: 8 }]),
      /buffer x is listed as f32\[8\], used as f32\[16\]/
    ],
    "a value of another dtype than the buffer": [
      built((b) => b.store(y, at(0), b.constant(1, i32))),
      /buffer y holds f32, not r0 \(i32\)/
    ],
    "a wide mask in memory": [
      built((b) => b.store(flags, at(0), b.compare("lt", b.constant(1, f64x4), b.constant(2, f64x4)))),
      /a mask of 64 bits is never loaded or stored/
    ],
    "a vector stored in one element": [
      built((b) => b.store(y, at(0), b.constant(1, f32x8), 0)),
      /lanes of a vector cannot all be stored in one element/
    ],
    "a scalar load with a lane stride": [built((b) => void b.load(x, at(0), 1, 1)), /a scalar load has lane stride 0/],
    "an assignment to what is no variable": [
      built((b) => {
        const value = b.constant(1, f32)
        b.assign(value, value)
      }),
      /r0 is not a variable: it cannot be assigned, in "assign r0 = r0"/
    ],
    "an assignment of another type": [
      built((b) => b.assign(b.variable(b.constant(1, f32)), b.constant(1, i32))),
      /variable r1 \(f32\) cannot take r2 \(i32\)/
    ]
  }

  for (const [mistake, [code, sentence]] of Object.entries(mistakes)) {
    it(`finds ${mistake}`, () => {
      const problems = validate(code)
      assert.isTrue(
        problems.some((problem) => sentence.test(problem)),
        problems.join("\n") || "no problem was found"
      )
    })
  }

  it("reports every mistake, not only the first", () => {
    const code = built((b) => {
      b.unary("sqrt", b.constant(1, i32))
      b.load(x, at(16))
    })
    assert.strictEqual(validate(code).length, 2)
  })

  it("accepts bool vectors of both widths", () => {
    const code = built((b) => {
      const wide = b.compare("lt", b.constant(1, f64x4), b.constant(2, f64x4))
      b.combine("and", b.binary("or", wide, b.unary("not", wide)))
      const tail = b.compare("ge", b.load(x, at(0), 3), b.load(x, at(3), 3))
      b.store(flags, at(0), b.extend(tail, 8, 1))
      b.combine("or", b.extend(b.constant(1, typeOf("bool")), 8, 0))
    })
    assert.deepStrictEqual(validate(code), [])
  })
})
