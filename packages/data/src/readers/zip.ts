/**
 * The zip container, as far as npz files need it: stored and deflated entries, with 64-bit sizes, checksums verified.
 * PKWARE: .ZIP File Format Specification 6.3.10. Written here because the checksums are, and because nothing that a file
 * claims about its sizes is believed before memory is taken.
 */
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib"
import { DataError } from "../data-error.ts"

/** One file in a zip file. */
export interface Entry {
  readonly name: string
  /** How many bytes it has, as the zip file says. */
  readonly size: number
  readonly compressedSize: number
  /** Its bytes, decompressed and checked. Throws a `DataError` when they are damaged. */
  readonly read: () => Uint8Array
}

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50 }

/** The most that deflate can compress: a run of 258 bytes in 2 bits. */
const largestRatio = 1032

const malformed = (source: string, sentence: string): DataError =>
  new DataError({ source, kind: "malformed", problems: [{ sentence }] })

/** Reads numbers at places that must exist. */
const makeReader = (source: string, bytes: Uint8Array) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const check = (at: number, length: number) => {
    if (!Number.isSafeInteger(at) || at < 0 || length < 0 || at + length > bytes.length)
      throw malformed(source, `the zip file ends before what it says stands at byte ${at}; it is damaged or cut off`)
  }
  return {
    u16: (at: number) => (check(at, 2), view.getUint16(at, true)),
    u32: (at: number) => (check(at, 4), view.getUint32(at, true)),
    u64: (at: number) => (check(at, 8), Number(view.getBigUint64(at, true))),
    bytes: (at: number, length: number) => (check(at, length), bytes.subarray(at, at + length))
  }
}
type Reader = ReturnType<typeof makeReader>

/** Where the end record stands: the last one that fits, for a comment may follow it. */
const findEnd = (source: string, bytes: Uint8Array, { u16, u32 }: Reader): number => {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - 22 - 0xffff); at--)
    if (u32(at) === signatures.end && at + 22 + u16(at + 20) === bytes.length) return at
  throw malformed(source, "this is not a zip file, or its end is cut off")
}

/** The number of entries and the place of the central directory. */
const directory = (end: number, { u16, u32, u64 }: Reader): { readonly count: number; readonly at: number } => {
  const locator = end - 20
  if (locator >= 0 && u32(locator) === signatures.locator64) {
    const end64 = u64(locator + 8)
    if (u32(end64) === signatures.end64) return { count: u64(end64 + 32), at: u64(end64 + 48) }
  }
  return { count: u16(end + 10), at: u32(end + 16) }
}

/** Sizes and place that do not fit 32 bits stand in an extra field, in this order, those that do left out. */
const wide = (
  sizes: { readonly size: number; readonly compressedSize: number; readonly at: number },
  extraAt: number,
  extraLength: number,
  { u16, u64 }: Reader
) => {
  const full = 0xffffffff
  for (let at = extraAt; at + 4 <= extraAt + extraLength; at += 4 + u16(at + 2)) {
    if (u16(at) !== 1) continue
    let next = at + 4
    const value = (narrow: number) => {
      if (narrow !== full) return narrow
      next += 8
      return u64(next - 8)
    }
    return { size: value(sizes.size), compressedSize: value(sizes.compressedSize), at: value(sizes.at) }
  }
  return sizes
}

/**
 * The entries of a zip file, in the order of its directory; nothing is decompressed yet.
 * Throws a `DataError` for a file that is damaged, encrypted or compressed by another method than deflate.
 */
export const entries = (source: string, bytes: Uint8Array): ReadonlyArray<Entry> => {
  const reader = makeReader(source, bytes)
  const { u16, u32 } = reader
  const { at: start, count } = directory(findEnd(source, bytes, reader), reader)
  // An entry takes 46 bytes, so more of them than that cannot be there, whatever the count says.
  if (count > bytes.length / 46)
    throw malformed(source, `the zip file says it has ${count} entries, which do not fit in it`)
  const found: Array<Entry> = []
  let at = start
  for (let i = 0; i < count; i++) {
    if (u32(at) !== signatures.central) throw malformed(source, `entry ${i} of the zip file is damaged`)
    const [flags, method, crc] = [u16(at + 8), u16(at + 10), u32(at + 16)]
    const [nameLength, extraLength, commentLength] = [u16(at + 28), u16(at + 30), u16(at + 32)]
    const name = new TextDecoder().decode(reader.bytes(at + 46, nameLength))
    const narrow = { compressedSize: u32(at + 20), size: u32(at + 24), at: u32(at + 42) }
    const { at: local, compressedSize, size } = wide(narrow, at + 46 + nameLength, extraLength, reader)
    if ((flags & 1) !== 0) throw malformed(source, `${JSON.stringify(name)} is encrypted, which is not supported`)
    if (method !== 0 && method !== 8)
      throw malformed(source, `${JSON.stringify(name)} is compressed by method ${method}; only deflate is supported`)
    found.push({
      name,
      size,
      compressedSize,
      read: () => readEntry(source, reader, { name, local, method, crc, size, compressedSize })
    })
    at += 46 + nameLength + extraLength + commentLength
  }
  return found
}

interface Place {
  readonly name: string
  readonly local: number
  readonly method: number
  readonly crc: number
  readonly size: number
  readonly compressedSize: number
}

const readEntry = (source: string, reader: Reader, place: Place): Uint8Array => {
  const { compressedSize, crc, local, method, name, size } = place
  const damaged = (what: string) => malformed(source, `${JSON.stringify(name)} ${what}; the file is damaged`)
  if (reader.u32(local) !== signatures.local) throw damaged("is not where the directory says")
  const start = local + 30 + reader.u16(local + 26) + reader.u16(local + 28)
  const packed = reader.bytes(start, compressedSize)
  if (method === 0 ? size !== compressedSize : size > compressedSize * largestRatio + 64)
    throw damaged(`says it has ${size} bytes, which ${compressedSize} compressed ones cannot hold`)
  const unpacked = method === 0 ? packed : inflate(packed, size, damaged)
  if (unpacked.length !== size) throw damaged(`has ${unpacked.length} bytes, ${size} were announced`)
  if (crc32(unpacked) !== crc) throw damaged("does not have the checksum it was stored with")
  return unpacked
}

const inflate = (packed: Uint8Array, size: number, damaged: (what: string) => DataError): Uint8Array => {
  try {
    // One byte more than announced may come out, and is then too many.
    return inflateRawSync(packed, { maxOutputLength: size + 1 })
  } catch (thrown) {
    throw damaged(`cannot be decompressed (${thrown instanceof Error ? thrown.message : String(thrown)})`)
  }
}

/** 1980-01-01, the first day that zip knows: equal contents give equal bytes. */
const firstDay = 0x21

/** A zip file of these entries, deflated if `compress`. Throws a `DataError` when it would be larger than 4 GiB. */
export const write = (
  source: string,
  files: ReadonlyArray<{ readonly name: string; readonly bytes: Uint8Array }>,
  compress: boolean
): Uint8Array => {
  const parts: Array<Uint8Array> = []
  const central: Array<Uint8Array> = []
  let at = 0
  const put = (list: Array<Uint8Array>, part: Uint8Array) => {
    list.push(part)
    if (list === parts) at += part.length
  }
  for (const { bytes, name } of files) {
    const packed = compress ? deflateRawSync(bytes) : bytes
    const encoded = new TextEncoder().encode(name)
    const local = at
    // What both headers share: version 2.0, names in UTF-8, method, time, day, checksum, sizes, length of the name.
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(0x800, 2)
    shared.writeUInt16LE(compress ? 8 : 0, 4)
    shared.writeUInt16LE(firstDay, 8)
    shared.writeUInt32LE(crc32(bytes), 10)
    if (Math.max(bytes.length, packed.length, local) >= 0xffffffff) throw tooLarge(source)
    shared.writeUInt32LE(packed.length, 14)
    shared.writeUInt32LE(bytes.length, 18)
    shared.writeUInt16LE(encoded.length, 22)
    put(parts, Buffer.concat([word(signatures.local), shared, encoded]))
    put(parts, packed)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(local, 10)
    const version = Buffer.alloc(2)
    version.writeUInt16LE(20, 0)
    put(central, Buffer.concat([word(signatures.central), version, shared, tail, encoded]))
  }
  const directoryBytes = Buffer.concat(central)
  if (at + directoryBytes.length >= 0xffffffff || files.length >= 0xffff) throw tooLarge(source)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(signatures.end, 0)
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directoryBytes.length, 12)
  end.writeUInt32LE(at, 16)
  // A plain array: the slices of a Buffer share its memory.
  return new Uint8Array(Buffer.concat([...parts, directoryBytes, end]))
}

const word = (value: number): Uint8Array => {
  const four = Buffer.alloc(4)
  four.writeUInt32LE(value, 0)
  return four
}

const tooLarge = (source: string): DataError =>
  new DataError({
    source,
    kind: "argument",
    problems: [{ sentence: "the arrays do not fit the 4 GiB of a zip file; write each to a .npy file of its own" }]
  })
