/** Cuts a stream of bytes into blocks of whole records: lines, where a line end inside quotes ends no record. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { DataError } from "../data-error.ts"
import { unreadable } from "./bytes.ts"

/** Whole records, and the line that the first of them begins on, counted from 1. */
export interface Block {
  readonly line: number
  readonly bytes: Uint8Array
}

const lineFeed = 0x0a
const quote = 0x22

/** The most bytes one record may have. A quote that is never closed would otherwise collect the whole file. */
const longest = 2 ** 24

interface Cut {
  /** What was read and holds no whole record yet. */
  readonly rest: ReadonlyArray<Uint8Array>
  readonly length: number
  readonly inQuotes: boolean
  readonly line: number
}

/** The place after the last line end outside quotes, or -1; and whether the piece ends inside quotes. */
const lastEnd = (bytes: Uint8Array, inQuotes: boolean, quotes: boolean): readonly [number, boolean] => {
  if (!quotes || (!inQuotes && bytes.indexOf(quote) < 0)) {
    return [bytes.lastIndexOf(lineFeed) + 1 || -1, false]
  }
  let end = -1
  let inside = inQuotes
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === quote) inside = !inside
    else if (byte === lineFeed && !inside) end = i + 1
  }
  return [end, inside]
}

const countLines = (bytes: Uint8Array): number => {
  let lines = 0
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) lines++
  return lines
}

/** The blocks of a stream; `quotes` says whether quotes mean something. Fails where a record is longer than 16 MiB. */
export const recordBlocks =
  (source: string, quotes: boolean) =>
  <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Block, E | DataError, R> =>
    Stream.mapAccumEffect(
      bytes,
      (): Cut => ({ rest: [], length: 0, inQuotes: false, line: 1 }),
      (state, piece): Effect.Effect<readonly [Cut, ReadonlyArray<Block>], DataError> => {
        const [end, inQuotes] = lastEnd(piece, state.inQuotes, quotes)
        if (end < 0) {
          const length = state.length + piece.length
          if (length > longest)
            return Effect.fail(
              unreadable(
                source,
                `the record that begins on line ${state.line} has more than ${longest} bytes; ${
                  state.inQuotes || inQuotes
                    ? "a quote in it is never closed"
                    : "are the line ends those of this system?"
                }`
              )
            )
          return Effect.succeed([{ ...state, rest: [...state.rest, piece], length, inQuotes }, []])
        }
        const whole = Buffer.concat([...state.rest, piece.subarray(0, end)])
        const rest = piece.subarray(end)
        return Effect.succeed([
          { rest: [rest], length: rest.length, inQuotes, line: state.line + countLines(whole) },
          [{ line: state.line, bytes: whole }]
        ])
      },
      { onHalt: ({ length, line, rest }) => (length > 0 ? [{ line, bytes: Buffer.concat(rest) }] : []) }
    )
