import { assert, describe, it } from "@effect/vitest"
import { isValid, memoryOf } from "../targets.test.support.ts"
import { assemble, makeBytes, makeCode, makeLocals } from "./assembler.ts"

const encoded = (write: (bytes: ReturnType<typeof makeBytes>) => void): ReadonlyArray<number> => {
  const bytes = makeBytes(1)
  write(bytes)
  return [...bytes.take()]
}

describe("assembler", () => {
  it("encodes numbers as LEB128", () => {
    assert.deepStrictEqual(
      encoded((b) => b.unsigned(0)),
      [0]
    )
    assert.deepStrictEqual(
      encoded((b) => b.unsigned(127)),
      [0x7f]
    )
    assert.deepStrictEqual(
      encoded((b) => b.unsigned(128)),
      [0x80, 0x01]
    )
    assert.deepStrictEqual(
      encoded((b) => b.unsigned(624485)),
      [0xe5, 0x8e, 0x26]
    )
    assert.deepStrictEqual(
      encoded((b) => b.unsigned(4294967295)),
      [0xff, 0xff, 0xff, 0xff, 0x0f]
    )
    assert.deepStrictEqual(
      encoded((b) => b.signed(63)),
      [0x3f]
    )
    assert.deepStrictEqual(
      encoded((b) => b.signed(64)),
      [0xc0, 0x00]
    )
    assert.deepStrictEqual(
      encoded((b) => b.signed(-1)),
      [0x7f]
    )
    assert.deepStrictEqual(
      encoded((b) => b.signed(-64)),
      [0x40]
    )
    assert.deepStrictEqual(
      encoded((b) => b.signed(-123456)),
      [0xc0, 0xbb, 0x78]
    )
    assert.deepStrictEqual(
      encoded((b) => b.signed(-2147483648)),
      [0x80, 0x80, 0x80, 0x80, 0x78]
    )
    assert.deepStrictEqual(
      encoded((b) => b.signed64(52n)),
      [52]
    )
    assert.deepStrictEqual(
      encoded((b) => b.signed64(0x4330000000000000n)),
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x98, 0xc3, 0x00]
    )
    assert.deepStrictEqual(
      encoded((b) => b.text("ab")),
      [2, 0x61, 0x62]
    )
    assert.deepStrictEqual(
      encoded((b) => b.f32(1)),
      [0, 0, 0x80, 0x3f]
    )
    assert.deepStrictEqual(
      encoded((b) => b.f64(-0)),
      [0, 0, 0, 0, 0, 0, 0, 0x80]
    )
  })

  it("makes a tee of a set and a get of the same local", () => {
    const code = makeCode()
    code.i32(1)
    code.set(3)
    code.get(3)
    code.set(4)
    code.get(3)
    assert.deepStrictEqual([...code.take()], [0x41, 1, 0x22, 3, 0x21, 4, 0x20, 3])
  })

  it("hands out released locals again, but not as fresh ones", () => {
    const locals = makeLocals()
    const first = locals.take("v128")
    locals.release(first)
    assert.strictEqual(locals.fresh("v128"), 1)
    assert.strictEqual(locals.take("v128"), first)
    assert.strictEqual(locals.take("i32"), 2)
    assert.deepStrictEqual(encoded(locals.encode), [2, 2, 0x7b, 1, 0x7f])
  })

  it("says what to do when a function needs too many locals or bytes", () => {
    const locals = makeLocals()
    for (let i = 0; i < 50_000; i++) locals.take("f32")
    assert.throws(() => locals.take("f32"), /more than 50000 WebAssembly locals: split it/)
    const body = new Uint8Array(7_654_322)
    assert.throws(
      () => assemble({ functions: [{ name: "big", parameters: 0, body }], memoryPages: 1, shared: false }),
      /big has 7654322 bytes of code/
    )
  })

  it("makes modules an engine accepts", () => {
    const body = Uint8Array.of(0, 0x0b)
    const functions = [{ name: "nothing", parameters: 0 as const, body, exportedAs: "step" }]
    assert.isTrue(isValid(assemble({ functions, memoryPages: 3, shared: false })))
    assert.isTrue(isValid(assemble({ functions, memoryPages: 3, shared: true, salt: "other bytes" })))
    const bytes = Uint8Array.of(1, 2, 3)
    const own = assemble({ functions, memoryPages: 2, shared: false, contents: [{ address: 70_000, bytes }] })
    const buffer = memoryOf(own)
    assert.strictEqual(buffer.byteLength, 2 * 65_536)
    assert.deepStrictEqual(new Uint8Array(buffer, 69_999, 5), Uint8Array.of(0, 1, 2, 3, 0))
    assert.isFalse(
      isValid(assemble({ functions: [{ ...functions[0]!, body: Uint8Array.of(0) }], memoryPages: 1, shared: false }))
    )
  })
})
