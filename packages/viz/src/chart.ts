/** A chart: drawn when asked for, as SVG or PNG, in memory or into a file. */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import { writeAtomic } from "@cotangent/train/files"
import { drawPng } from "./renderer.ts"
import { VizError } from "./viz-error.ts"

/** How large a PNG is: `scale` pixels for each unit of the chart, 1 by default. */
export interface PngOptions {
  readonly scale?: number
}

/**
 * A chart. Equal data give equal SVG bytes. Everything fails with a `VizError` whose message is a sentence; a file is
 * written whole or not at all.
 */
export interface Chart {
  /** The chart as SVG text. */
  readonly svg: Effect.Effect<string, VizError>
  /** The chart as the bytes of a PNG. */
  readonly png: (options?: PngOptions) => Effect.Effect<Uint8Array, VizError>
  /** Writes the SVG to a file, in a folder that exists. */
  readonly writeSvg: (path: string) => Effect.Effect<void, VizError, FileSystem.FileSystem | Path.Path>
  /** Writes the PNG to a file, in a folder that exists. */
  readonly writePng: (
    path: string,
    options?: PngOptions
  ) => Effect.Effect<void, VizError, FileSystem.FileSystem | Path.Path>
}

const largestScale = 8

/** Writes a chart whole or not at all. */
const writeFile = (path: string, bytes: Uint8Array): Effect.Effect<void, VizError, FileSystem.FileSystem | Path.Path> =>
  Effect.mapError(writeAtomic(path, bytes), ({ message }) => new VizError({ kind: "file", message: `viz: ${message}` }))

/** The chart that is drawn by `svg`. */
export const make = (svg: Effect.Effect<string, VizError>): Chart => {
  const png = ({ scale = 1 }: PngOptions = {}): Effect.Effect<Uint8Array, VizError> =>
    scale > 0 && scale <= largestScale
      ? Effect.flatMap(svg, (text) => drawPng(text, scale))
      : Effect.fail(
          new VizError({
            kind: "argument",
            message: `viz: the scale of a PNG is ${scale}; a number above 0 and at most ${largestScale} is needed`
          })
        )
  return {
    svg,
    png,
    writeSvg: (path) => Effect.flatMap(svg, (text) => writeFile(path, new TextEncoder().encode(text))),
    writePng: (path, options) => Effect.flatMap(png(options), (bytes) => writeFile(path, bytes))
  }
}
