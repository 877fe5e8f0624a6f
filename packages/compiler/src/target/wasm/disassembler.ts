/** A listing of a module made by the assembler: its functions, indented by block, one instruction a line. */
import { type Opcode, opcodes } from "./opcodes.ts"

const names: ReadonlyMap<number, Opcode> = new Map(
  (Object.keys(opcodes) as ReadonlyArray<Opcode>).map((name) => [opcodes[name], name])
)

/** A position in bytes that moves as numbers are read. */
interface Reader {
  readonly view: DataView
  position: number
}

const byte = (reader: Reader): number => reader.view.getUint8(reader.position++)

const leb = (reader: Reader, isSigned: boolean): bigint => {
  let value = 0n
  let shift = 0n
  let last = 0x80
  while (last & 0x80) {
    last = byte(reader)
    value |= BigInt(last & 0x7f) << shift
    shift += 7n
  }
  return isSigned && last & 0x40 ? value - (1n << shift) : value
}

const unsigned = (reader: Reader): number => Number(leb(reader, false))

const advance = (reader: Reader, bytes: number): number => {
  reader.position += bytes
  return reader.position - bytes
}

const text = (reader: Reader): string => {
  const length = unsigned(reader)
  const start = advance(reader, length)
  return new TextDecoder().decode(new Uint8Array(reader.view.buffer, reader.view.byteOffset + start, length))
}

const word = (reader: Reader): string =>
  `0x${reader.view.getUint32(advance(reader, 4), true).toString(16).padStart(8, "0")}`

/** The operands written behind an instruction. */
const immediates = (name: Opcode, reader: Reader): string => {
  switch (name) {
    case "loop":
    case "if":
      byte(reader)
      return ""
    case "local.get":
    case "local.set":
    case "local.tee":
    case "call":
    case "br_if":
      return ` ${unsigned(reader)}`
    case "i32.const":
    case "i64.const":
      return ` ${leb(reader, true)}`
    case "f32.const":
      return ` ${reader.view.getFloat32(advance(reader, 4), true)}`
    case "f64.const":
      return ` ${reader.view.getFloat64(advance(reader, 8), true)}`
    case "v128.const":
      return ` i32x4 ${[word(reader), word(reader), word(reader), word(reader)].join(" ")}`
    case "i8x16.shuffle":
      return ` ${Array.from({ length: 16 }, () => byte(reader)).join(" ")}`
    default: {
      if (name.endsWith("_lane") && !/load|store/.test(name)) return ` ${byte(reader)}`
      if (!/load|store/.test(name)) return ""
      unsigned(reader)
      const offset = unsigned(reader)
      return ` offset=${offset}${name.endsWith("_lane") ? ` ${byte(reader)}` : ""}`
    }
  }
}

const valueTypes: Readonly<Record<number, string>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128"
}

const listing = (reader: Reader, end: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const locals = Array.from({ length: unsigned(reader) }, () => `${unsigned(reader)} ${valueTypes[byte(reader)]}`)
  if (locals.length > 0) lines.push(`  locals ${locals.join(", ")}`)
  let depth = 1
  while (reader.position < end) {
    const first = byte(reader)
    const code = first >= 0xfc ? (first << 16) | unsigned(reader) : first
    const name = names.get(code)
    if (name === undefined) throw new Error(`The opcode 0x${code.toString(16)} is not in the table of opcodes.`)
    if (name === "end") depth--
    if (depth > 0) lines.push(`${"  ".repeat(depth)}${name}${immediates(name, reader)}`)
    if (name === "loop" || name === "if") depth++
  }
  return lines
}

/** Lists the functions of a module from `emitWasm`, by name. */
export const disassemble = (
  bytes: Uint8Array
): ReadonlyArray<{ readonly name: string; readonly lines: ReadonlyArray<string> }> => {
  const reader: Reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), position: 8 }
  const bodies: Array<ReadonlyArray<string>> = []
  const functionNames = new Map<number, string>()
  while (reader.position < bytes.length) {
    const id = byte(reader)
    const end = unsigned(reader) + reader.position
    if (id === 10) {
      const count = unsigned(reader)
      for (let index = 0; index < count; index++) {
        const size = unsigned(reader)
        bodies.push(listing(reader, reader.position + size))
      }
    }
    if (id === 0 && text(reader) === "name" && byte(reader) === 1) {
      unsigned(reader)
      const count = unsigned(reader)
      for (let index = 0; index < count; index++) functionNames.set(unsigned(reader), text(reader))
    }
    reader.position = end
  }
  return bodies.map((lines, index) => ({ name: functionNames.get(index) ?? String(index), lines }))
}
