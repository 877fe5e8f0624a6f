/**
 * Reads PNG images as numbers from 0 to 1. What a file claims is checked before memory is taken for it: fast-png is given
 * the chunks that make up the pixels and no others, and these cannot decompress to more than their pixels.
 */
import type { DecodedPng } from "fast-png"
import { inflateSync } from "node:zlib"

/** What is used of fast-png, which is imported when the first image is read. */
export type Decoder = Pick<typeof import("fast-png"), "convertIndexedToRgb" | "decode">

/** What the pixels are wanted as: grey, red-green-blue, or with opacity. */
export type Channels = 1 | 3 | 4

/** An image: `height` rows of `width` pixels of `channels` numbers from 0 to 1. */
export interface Image {
  readonly height: number
  readonly width: number
  readonly data: Float32Array
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** The chunks that say what the pixels are. */
const kept: ReadonlySet<string> = new Set(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"])

const samplesOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/** Up to this many bytes an image may decompress to without a look at what it really does. */
const modest = 2 ** 26

interface Chunks {
  readonly width: number
  readonly height: number
  /** The file without what is not kept. */
  readonly bytes: Uint8Array
  /** The compressed pixels. */
  readonly pixels: ReadonlyArray<Uint8Array>
  /** How many bytes the pixels decompress to, at most. */
  readonly size: number
}

/** The chunks of a file, or the sentence that says why it is no PNG. */
const chunksOf = (bytes: Uint8Array): Chunks | string => {
  if (bytes.length < 33 || !signature.every((byte, i) => bytes[i] === byte)) return "this is not a PNG file"
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Array<Uint8Array> = [bytes.subarray(0, 8)]
  const pixels: Array<Uint8Array> = []
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at)
    const end = at + 12 + length
    if (end > bytes.length) return "the PNG file is cut off"
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (at === 8 && (type !== "IHDR" || length !== 13)) return "the PNG file does not begin with its header"
    if (kept.has(type)) parts.push(bytes.subarray(at, end))
    if (type === "IDAT") pixels.push(bytes.subarray(at + 8, at + 8 + length))
    if (type === "IEND") break
    at = end
  }
  const [width, height] = [view.getUint32(16), view.getUint32(20)]
  const [depth, colour, interlaced] = [bytes[24] ?? 0, bytes[25] ?? 0, bytes[28] ?? 0]
  const samples = samplesOf[colour]
  if (samples === undefined || ![1, 2, 4, 8, 16].includes(depth) || width === 0 || height === 0)
    return "the header of the PNG file is damaged"
  // A byte for the filter begins every row; seven passes of an interlaced image have less than two rows of each.
  const size = height * (1 + Math.ceil((width * samples * depth) / 8)) * (interlaced === 0 ? 1 : 2)
  return { width, height, bytes: Buffer.concat(parts), pixels, size }
}

/** Why the pixels cannot be what the header says, from sizes alone where they suffice. */
const bomb = ({ height, pixels, size, width }: Chunks): string | undefined => {
  const packed = pixels.reduce((sum, { length }) => sum + length, 0)
  // Deflate compresses 1032 times at most.
  if (size > packed * 1032 + 64)
    return `the PNG file says it has ${width} by ${height} pixels, which its ${packed} bytes cannot hold`
  if (packed * 1032 <= modest) return undefined
  try {
    inflateSync(Buffer.concat(pixels), { maxOutputLength: size })
    return undefined
  } catch (thrown) {
    return `the pixels of the PNG file cannot be decompressed (${thrown instanceof Error ? thrown.message : String(thrown)})`
  }
}

/** Samples of fewer than 8 bits, of which a byte has several; a row begins with a new byte. */
const unpack = ({ data, depth, height, width }: DecodedPng): Uint8Array => {
  const out = new Uint8Array(width * height)
  const perRow = Math.ceil((width * depth) / 8)
  const mask = (1 << depth) - 1
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const bit = x * depth
      out[y * width + x] = ((data[y * perRow + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & mask
    }
  return out
}

/** The samples of an image, how many a pixel has, and the largest. */
const samplesFrom = (
  png: DecodedPng,
  { convertIndexedToRgb }: Decoder
): { readonly data: ArrayLike<number>; readonly channels: number; readonly top: number } => {
  if (png.palette !== undefined) {
    const data = convertIndexedToRgb(png)
    return { data, channels: data.length / (png.width * png.height), top: 255 }
  }
  const data = png.depth < 8 ? unpack(png) : png.data
  return { data, channels: png.channels, top: 2 ** png.depth - 1 }
}

/**
 * The image in the bytes of a PNG file, or the sentence that says why it cannot be read. Grey from colours is
 * 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601); opacity is left out unless four channels are asked for.
 */
export const readPng = (decoder: Decoder, bytes: Uint8Array, channels: Channels): Image | string => {
  const chunks = chunksOf(bytes)
  if (typeof chunks === "string") return chunks
  const impossible = bomb(chunks)
  if (impossible !== undefined) return impossible
  try {
    const png = decoder.decode(chunks.bytes, { checkCrc: true })
    return { height: png.height, width: png.width, data: convert(png, channels, decoder) }
  } catch (thrown) {
    return `the PNG file cannot be decoded: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  }
}

const convert = (png: DecodedPng, wanted: Channels, decoder: Decoder): Float32Array => {
  const { channels, data, top } = samplesFrom(png, decoder)
  const pixels = png.width * png.height
  const out = new Float32Array(pixels * wanted)
  const coloured = channels >= 3
  const opacityAt = channels === 2 ? 1 : channels === 4 ? 3 : -1
  for (let i = 0; i < pixels; i++) {
    const from = i * channels
    const red = data[from] ?? 0
    const green = coloured ? (data[from + 1] ?? 0) : red
    const blue = coloured ? (data[from + 2] ?? 0) : red
    if (wanted === 1) out[i] = (coloured ? 0.299 * red + 0.587 * green + 0.114 * blue : red) / top
    else {
      out[i * wanted] = red / top
      out[i * wanted + 1] = green / top
      out[i * wanted + 2] = blue / top
      if (wanted === 4) out[i * 4 + 3] = opacityAt < 0 ? 1 : (data[from + opacityAt] ?? 0) / top
    }
  }
  return out
}
