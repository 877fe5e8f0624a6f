import { assert, describe, it } from "@effect/vitest"
import { at, kernel, typeOf } from "./builder.ts"
import type { Buffer } from "./ir.ts"
import { print } from "./printer.ts"

describe("print", () => {
  it("shows every instruction in let-form, loops indented", () => {
    const x: Buffer = { id: 0, name: "x", dtype: "f32", length: 64 }
    const p: Buffer = { id: 1, name: "p", dtype: "i32", length: 8 }
    const y: Buffer = { id: 2, name: "y", dtype: "f64", length: 4 }
    const y2: Buffer = { id: 3, name: "y", dtype: "f32", length: 64 }
    const code = kernel("everything", (b) => {
      const zero = b.constant(-0, typeOf("f32", 8))
      const sum = b.variable(zero)
      b.loop(8, 1, (i) => {
        const at0 = b.load(p, at(0, [[i, 1]]))
        b.loop(64, 8, (j) => {
          const v = b.load(x, at(0, [[j, 1]]), 8)
          const w = b.load(x, at(3, [[i, 4]], at0), 8, 0)
          const m = b.compare("lt", v, w)
          b.assign(sum, b.select(m, b.binary("pmin", sum, v), b.unary("nearest", w)))
        })
        b.store(y2, at(0, [[i, 8]]), b.extend(b.splat(b.cast(b.loopIndex(i), "f32"), 4), 8, NaN))
        b.store(y2, at(63), b.constant(0, typeOf("f32", 8)), -1)
      })
      const total = b.combine("add", sum)
      b.store(y, at(3), b.cast(b.binary("add", total, b.extract(sum, 2)), "f64"))
      b.compare("eq", b.constant(1, typeOf("f64", 4)), b.constant(2, typeOf("f64", 4)))
    })
    assert.strictEqual(
      print(code),
      `kernel everything
  reads p i32[8], x f32[64]
  writes y#3 f32[64], y#2 f64[4]
  r0 f32x8 = const -0
  r1 f32x8 = variable r0
  for i0 in 0..8
    r2 i32 = load p[i0]
    for i1 in 0..64 by 8
      r3 f32x8 = load x[i1]
      r4 f32x8 = load x[4*i0 + 3 + r2 step 0]
      r5 boolx8 = lt r3 r4
      r6 f32x8 = pmin r1 r3
      r7 f32x8 = nearest r4
      r8 f32x8 = select r5 r6 r7
      assign r1 = r8
    r9 i32 = loopIndex i0
    r10 f32 = cast r9
    r11 f32x4 = splat r10
    r12 f32x8 = extend r11 NaN
    store y#3[8*i0] = r12
    r13 f32x8 = const 0
    store y#3[63 step -1] = r13
  r14 f32 = combine add r1
  r15 f32 = extract r1 2
  r16 f32 = add r14 r15
  r17 f64 = cast r16
  store y#2[3] = r17
  r18 f64x4 = const 1
  r19 f64x4 = const 2
  r20 bool64x4 = eq r18 r19`
    )
  })

  it("a kernel without buffers has no buffer lines", () => {
    assert.strictEqual(print(kernel("empty", () => undefined)), "kernel empty")
  })
})
