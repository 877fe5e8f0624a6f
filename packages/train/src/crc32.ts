/** The checksum of PNG and zip: CRC-32 (ISO 3309), which tells a damaged file from a whole one. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  return rest
})

/** The CRC-32 of some bytes; `crc32(b, crc32(a))` is that of a followed by b. */
export const crc32 = (bytes: Uint8Array, before = 0): number => {
  let crc = ~before
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] ?? 0)
  return ~crc >>> 0
}

/** The bytes of a typed array. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** The CRC-32 of the elements of some values, one after another, as eight hexadecimal digits. */
export const checksum = (values: ReadonlyArray<{ readonly data: ArrayBufferView } | undefined>): string =>
  values
    .reduce((sum, value) => (value === undefined ? sum : crc32(bytesOf(value.data), sum)), 0)
    .toString(16)
    .padStart(8, "0")
