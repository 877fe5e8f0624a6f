import { assert, describe, it } from "@effect/vitest"
import { Builder, type Buffer, type DType, straight } from "@cotangent/kernel"
import { emitJavaScript } from "./emit.ts"

const buffer = (id: number, length: number, dtype: DType = "f32"): Buffer => ({ id, name: `b${id}`, dtype, length })

describe("emitJavaScript", () => {
  it("writes readable source: positions named where their loop begins, one local for every lane", () => {
    const kernel = Builder.kernel("row sums", (b) => {
      b.loop(4, 1, (i) => {
        const sum = b.variable(b.constant(0, { dtype: "f32", lanes: 2 }))
        b.loop(6, 2, (j) => {
          const x = b.load(
            buffer(0, 24),
            Builder.at(0, [
              [i, 6],
              [j, 1]
            ]),
            2
          )
          b.assign(sum, b.binary("add", sum, b.unary("sqrt", b.binary("mul", x, x))))
        })
        b.store(buffer(1, 8), Builder.at(0, [[i, 2]]), sum)
      })
    })
    assert.strictEqual(
      emitJavaScript(straight([kernel]), {
        layout: new Map([
          [0, 64],
          [1, 256]
        ])
      }),
      `"use strict"
const F32 = new Float32Array(memory)
const f = Math.fround

function k0_row_sums() {
  for (let i0 = 0; i0 < 4; i0++) {
    let r1_0 = 0
    let r1_1 = 0
    const p0 = i0 * 6
    for (let i1 = 0; i1 < 6; i1 += 2) {
      const p1 = p0 + i1
      const r2_0 = F32[p1 + 16]
      const r2_1 = F32[p1 + 17]
      const r3_0 = f(r2_0 * r2_0)
      const r3_1 = f(r2_1 * r2_1)
      const r4_0 = f(Math.sqrt(r3_0))
      const r4_1 = f(Math.sqrt(r3_1))
      const r5_0 = f(r1_0 + r4_0)
      const r5_1 = f(r1_1 + r4_1)
      r1_0 = r5_0
      r1_1 = r5_1
    }
    const p2 = i0 * 2
    F32[p2 + 64] = r1_0
    F32[p2 + 65] = r1_1
  }
}

function step() {
  k0_row_sums()
}

function run(n) {
  for (let i = 0; i < n; i++) step()
}

return { step, run }
`
    )
  })

  it("declares only what the kernels use", () => {
    const kernel = Builder.kernel("bits", (b) => {
      const x = b.load(buffer(0, 1), Builder.at(0))
      b.store(buffer(1, 1, "u32"), Builder.at(0), b.cast(b.unary("exponent", x), "u32"))
    })
    const source = emitJavaScript(straight([kernel]), {
      layout: new Map([
        [0, 0],
        [1, 4]
      ])
    })
    const declared = [...source.matchAll(/^const (\w+)/gm)].map(([, name]) => name)
    assert.deepStrictEqual(declared, ["F32", "U32", "f", "bitsF32", "wordF32", "exponentF32", "toU32"])
  })

  it("says which buffer has no place, and which is not aligned", () => {
    const kernel = Builder.kernel("lost", (b) => {
      b.store(buffer(7, 1, "f64"), Builder.at(0), b.constant(1, { dtype: "f64", lanes: 1 }))
    })
    assert.throws(
      () => emitJavaScript(straight([kernel]), { layout: new Map() }),
      /buffer b7 of the kernel lost has no address/
    )
    assert.throws(() => emitJavaScript(straight([kernel]), { layout: new Map([[7, 4]]) }), /b7 lies at byte 4/)
  })
})
