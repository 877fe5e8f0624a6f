import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { type DType, T, Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import type { DataError } from "../data-error.ts"
import * as Npy from "./npy.ts"
import * as Zip from "./zip.ts"

/** What numpy 2.4 saves, as base64. */
const numpy = {
  // np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
  fortran:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAABAQQAAgEAAAIBBAAAAQQAAoEEAAIA/AABQQQAAoEAAAIhBAAAQQQAAqEEAAABAAABgQQAAwEAAAJBBAAAgQQAAsEEAAEBAAABwQQAA4EAAAJhBAAAwQQAAuEE=",
  // np.array([[1, -2], [300, -400]], dtype=">i2")
  big: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAf/+ASz+cA==",
  // np.array([1.5, -0.25, 65504, 6e-8, np.inf], dtype=np.float16)
  half: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDUsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPgC0/3sBAAB8",
  // np.array([True, False, True])
  bool: "k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAE=",
  // np.float64(2.5)
  scalar:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAEQA==",
  // np.array([1, -2, 2**53 + 2])
  long: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAAAAAP7/////////AgAAAAAAIAA=",
  // np.array(["a", "bc"])
  text: "k05VTVBZAQB2AHsnZGVzY3InOiAnPFUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAphAAAAAAAAAGIAAABjAAAA",
  // np.savez_compressed(w=np.zeros((3, 5), np.float32), b=np.arange(3))
  compressed:
    "UEsDBC0AAAAIAAAAIQA4ZB+i//////////8FABQAdy5ucHkBABAAvAAAAAAAAABJAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CqaaOgq1CmQDLgYKAABQSwMELQAAAAgAAAAhAPdAEur//////////wUAFABiLm5weQEAEACYAAAAAAAAAEwAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaxjqaOgq1ChQALgYoYITSTFAaAFBLAQItAy0AAAAIAAAAIQA4ZB+iSQAAALwAAAAFAAAAAAAAAAAAAACAAQAAAAB3Lm5weVBLAQItAy0AAAAIAAAAIQD3QBLqTAAAAJgAAAAFAAAAAAAAAAAAAACAAYAAAABiLm5weVBLBQYAAAAAAgACAGYAAAADAQAAAAA=",
  // np.savez(w=np.arange(4, dtype=np.uint8))
  stored:
    "UEsDBC0AAAAAAAAAIQAkA95Y//////////8FABQAdy5ucHkBABAAhAAAAAAAAACEAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJ3x1MScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICg0LCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAECA1BLAQItAy0AAAAAAAAAIQAkA95YhAAAAIQAAAAFAAAAAAAAAAAAAACAAQAAAAB3Lm5weVBLBQYAAAAAAQABADMAAAC7AAAAAAA="
} as const

const bytes = (name: keyof typeof numpy) => new Uint8Array(Buffer.from(numpy[name], "base64"))
const parse = (name: keyof typeof numpy) => Result.getOrThrow(Npy.parse(name, bytes(name)))
const sentence = (result: Result.Result<unknown, DataError>) => (Result.isFailure(result) ? result.failure.message : "")

const header = (text: string, length = 54 + 64) => {
  const out = new Uint8Array(10 + length)
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 0xff, length >> 8])
  out.set(new TextEncoder().encode(text.padEnd(length - 1) + "\n"), 10)
  return out
}

describe("Npy", () => {
  it("reads what numpy writes: orders, byte orders and element types", () => {
    const { data, dtype, shape } = parse("fortran")
    assert.deepStrictEqual([dtype, shape, [...data]], ["f32", [2, 3, 4], Array.from({ length: 24 }, (_, i) => i)])
    assert.deepStrictEqual(Values.toNested(parse("big")), [
      [1, -2],
      [300, -400]
    ])
    assert.strictEqual(parse("big").dtype, "i32")
    assert.deepStrictEqual([...parse("half").data], [1.5, -0.25, 65504, 2 ** -24, Infinity])
    assert.deepStrictEqual(parse("bool"), { shape: [3], dtype: "bool", data: Uint8Array.of(1, 0, 1) })
    assert.deepStrictEqual(parse("scalar"), { shape: [], dtype: "f64", data: Float64Array.of(2.5) })
    const floats = Result.getOrThrow(Npy.parse("big", bytes("big"), { dtype: "f32" }))
    assert.deepStrictEqual([...floats.data], [1, -2, 300, -400])
  })

  it("gives back every element type, and the same bytes for the same value", () => {
    for (const dtype of ["f32", "f64", "i32", "u32", "bool"] as const)
      for (const shape of [[], [0], [5], [2, 3], [2, 1, 3]]) {
        const value = T.evaluate(T.zeros(shape, dtype as DType))
        value.data.forEach((_, i) => (value.data[i] = dtype === "bool" ? i % 2 : i * 3))
        const encoded = Npy.encode(value)
        assert.strictEqual((encoded.length - value.data.byteLength) % 64, 0)
        assert.deepStrictEqual(Result.getOrThrow(Npy.parse("x", encoded)), value)
        assert.deepStrictEqual(Npy.encode(Result.getOrThrow(Npy.parse("x", encoded))), encoded)
      }
  })

  it("refuses what it cannot read, and sizes that the file does not have, before it allocates", () => {
    assert.match(sentence(Npy.parse("long", bytes("long"))), /element 2: 9007199254740994 is beyond 2\^53/)
    assert.match(sentence(Npy.parse("text", bytes("text"))), /elements are of numpy type '<U2'/)
    assert.match(
      sentence(Npy.parse("x", bytes("big").subarray(0, 130))),
      /needs 8 bytes, the file has 2 after its header/
    )
    assert.match(sentence(Npy.parse("x", bytes("big").subarray(0, 50))), /ends inside its header/)
    assert.match(sentence(Npy.parse("x", new Uint8Array(40))), /not an npy file/)
    assert.match(sentence(Npy.parse("big", bytes("big"), { dtype: "u32" })), /element 1 is -2, which u32 does not have/)
    const claim = (text: string) => sentence(Npy.parse("x", header(text)))
    assert.match(
      claim("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 100000), }"),
      /needs 400000000000 bytes, the file has 0/
    )
    assert.match(
      claim("{'descr': '<f4', 'fortran_order': True, 'shape': (99999999999999999, 2), }"),
      /more elements than/
    )
    assert.match(claim("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), /object array is a Python pickle/)
    assert.match(claim("{'descr': '<f4', 'shape': (1,), }"), /has no descr, fortran_order and shape/)
    assert.match(claim("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), /has no descr/)
  })

  it("npz: both ways, stored and compressed", () => {
    const { b, w } = Result.getOrThrow(Npy.parseZip("c.npz", bytes("compressed")))
    assert.deepStrictEqual(w, { shape: [3, 5], dtype: "f32", data: new Float32Array(15) })
    assert.deepStrictEqual(b, { shape: [3], dtype: "i32", data: Int32Array.of(0, 1, 2) })
    assert.deepStrictEqual(
      [...(Result.getOrThrow(Npy.parseZip("s.npz", bytes("stored")))["w"]?.data ?? [])],
      [0, 1, 2, 3]
    )
    const arrays = {
      "hidden/kernel": Values.fromNested([
        [1, 2],
        [3, 4]
      ]),
      ünï: Values.fromNested([1, 0], "bool")
    }
    for (const compress of [true, false]) {
      const packed = Npy.encodeZip(arrays, { compress })
      assert.deepStrictEqual(Result.getOrThrow(Npy.parseZip("x", packed)), arrays)
      assert.deepStrictEqual(Npy.encodeZip(arrays, { compress }), packed)
    }
  })

  it("npz: every damaged byte and every cut is an error or changes nothing that is read", () => {
    for (const name of ["compressed", "stored"] as const) {
      const good = bytes(name)
      const expected = Result.getOrThrow(Npy.parseZip("x", good))
      for (let i = 0; i < good.length; i++) {
        assert.isTrue(Result.isFailure(Npy.parseZip("x", good.subarray(0, i))), `cut at ${i}`)
        const changed = good.slice()
        changed[i] = (changed[i] ?? 0) ^ 0x55
        const read = Npy.parseZip("x", changed)
        // Times and attributes are not read, and a name may become another.
        if (Result.isSuccess(read))
          for (const value of Object.values(read.success))
            assert.isTrue(
              Object.values(expected).some((each) => Buffer.from(Npy.encode(each)).equals(Npy.encode(value))),
              `byte ${i}`
            )
      }
    }
  })

  it("npz: bombs are refused by what they claim, and cannot lie about it", () => {
    const zeros: Uint8Array = Zip.write("x", [{ name: "a.npy", bytes: new Uint8Array(2 ** 22) }], true)
    assert.isBelow(zeros.length, 5000)
    assert.match(sentence(Npy.parseZip("x", zeros, 2 ** 20)), /have 4194304 bytes in all, more than the 1048576/)
    const claim = (size: number) => {
      const changed = zeros.slice()
      const directory = Buffer.from(changed.buffer).indexOf(Buffer.from([0x50, 0x4b, 1, 2]))
      new DataView(changed.buffer).setUint32(directory + 24, size, true)
      return sentence(Npy.parseZip("x", changed, 2 ** 31))
    }
    assert.match(claim(2 ** 31 - 1), /which \d+ compressed ones cannot hold/)
    assert.match(claim(1000), /cannot be decompressed/)
    assert.match(claim(2 ** 22 - 1), /4194304 bytes, 4194303 were announced|cannot be decompressed/)
  })

  it.effect("writes and reads files", () =>
    Effect.gen(function* () {
      const folder = yield* FileSystem.FileSystem.use((fs) => fs.makeTempDirectoryScoped())
      const value = Values.fromNested([[1.5, 2]])
      yield* Npy.write(`${folder}/x.npy`, value)
      assert.deepStrictEqual(yield* Npy.read(`${folder}/x.npy`, { dtype: "f32" }), value)
      yield* Npy.writeZip(`${folder}/x.npz`, { value })
      assert.deepStrictEqual(yield* Npy.readZip(`${folder}/x.npz`), { value })
      assert.match((yield* Effect.flip(Npy.read(`${folder}/y.npy`))).message, /no such file/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
