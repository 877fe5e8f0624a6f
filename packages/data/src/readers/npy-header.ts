/**
 * The header of npy files: element type, order and shape. NEP 1, versions 1.0 to 3.0.
 */
import { DataError } from "../data-error.ts"

/** How the elements of an npy file are stored. */
export interface NpyHeader {
  /** The kind of numpy type: f float, i signed, u unsigned, b boolean. */
  readonly kind: "f" | "i" | "u" | "b"
  /** Bytes per element. */
  readonly bytes: number
  readonly littleEndian: boolean
  readonly fortran: boolean
  readonly shape: ReadonlyArray<number>
  /** Where the elements begin. */
  readonly offset: number
}

export const malformed = (source: string, sentence: string): DataError =>
  new DataError({ source, kind: "malformed", problems: [{ sentence }] })

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/** Headers of real files have some hundred bytes. */
const longest = 2 ** 16

/** How many bytes the header has, from the first twelve of the file. Throws a `DataError` for another kind of file. */
export const headerLength = (source: string, bytes: Uint8Array): number => {
  if (bytes.length < 12 || !magic.every((byte, i) => bytes[i] === byte))
    throw malformed(source, "this is not an npy file: it does not begin with \\x93NUMPY")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const major = bytes[6] ?? 0
  if (major < 1 || major > 3) throw malformed(source, `version ${major} of the npy format is not known; 1 to 3 are`)
  const length = major === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true)
  if (length > longest) throw malformed(source, `the header says it has ${length} bytes; the file is damaged`)
  return length
}

const kinds: Readonly<Record<string, ReadonlyArray<number>>> = {
  f: [2, 4, 8],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  b: [1]
}

/** The header of a file of which at least the header is here. Throws a `DataError` for what it cannot say. */
export const readHeader = (source: string, bytes: Uint8Array): NpyHeader => {
  const offset = headerLength(source, bytes)
  if (offset > bytes.length) throw malformed(source, "the file ends inside its header; it is cut off")
  const text = new TextDecoder("latin1").decode(bytes.subarray(bytes[6] === 1 ? 10 : 12, offset))
  const [, descr] = /['"]descr['"]\s*:\s*(['"][^'"]*['"]|\[.*\])/s.exec(text) ?? []
  const [, order] = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text) ?? []
  const [, sizes] = /['"]shape['"]\s*:\s*\(([\d,\sL]*)\)/.exec(text) ?? []
  if (descr === undefined || order === undefined || sizes === undefined)
    throw malformed(source, `the header ${JSON.stringify(text.slice(0, 80))} has no descr, fortran_order and shape`)
  const [, endian = "", kind = "", size = ""] = /^['"]([<>|=]?)([a-zA-Z])(\d*)['"]$/.exec(descr) ?? []
  const bytesEach = Number(size)
  if (kinds[kind]?.includes(bytesEach) !== true || !isKind(kind))
    throw malformed(
      source,
      `the elements are of numpy type ${descr}; float16 to float64, int8 to int64, uint8 to uint64 and bool can be read${descr.includes("O") ? " (an object array is a Python pickle: save numbers)" : ""}`
    )
  const shape = sizes
    .split(",")
    .map((each) => each.replace(/L$/, "").trim())
    .filter((each) => each !== "")
    .map(Number)
  const elements = shape.reduce((product, each) => product * each, 1)
  if (!Number.isSafeInteger(elements * bytesEach) || !shape.every(Number.isSafeInteger))
    throw malformed(source, `the shape (${sizes}) has more elements than a file can`)
  return { kind, bytes: bytesEach, littleEndian: endian !== ">", fortran: order === "True", shape, offset }
}

const isKind = (kind: string): kind is NpyHeader["kind"] => kind in kinds

/** The header of little-endian elements in C order, padded so that they begin at a multiple of 64. */
export const writeHeader = (descr: string, shape: ReadonlyArray<number>): Uint8Array => {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ")
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`
  const padded = `${text.padEnd(Math.ceil((10 + text.length + 1) / 64) * 64 - 11)}\n`
  const header = new Uint8Array(10 + padded.length)
  header.set([...magic, 1, 0, padded.length & 0xff, padded.length >> 8])
  header.set(new TextEncoder().encode(padded), 10)
  return header
}
