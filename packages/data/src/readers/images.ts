/** Reads folders of images: a folder per class, its name the class's. */
import { Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { DataError, type Problem } from "../data-error.ts"
import { type Dataset, make } from "../dataset.ts"
import { fromPlatform } from "./bytes.ts"
import { type Channels, type Image, readPng } from "./png.ts"

export type { Channels, Image } from "./png.ts"

/** How a folder of images is read. */
export interface FolderOptions<H extends number = number, W extends number = number, C extends Channels = Channels> {
  /** What the pixels are read as: 1 grey, 3 colours, 4 colours and opacity. */
  readonly channels: C
  /** The height that all images must have; that of the first by default. */
  readonly height?: H
  /** The width that all images must have; that of the first by default. */
  readonly width?: W
  /** The name of the data set; the path by default. */
  readonly name?: string
}

interface Found {
  readonly path: string
  readonly label: number
}

const limit = 100

const fastPng = Effect.promise(() => import("fast-png"))

/** The classes of a folder in order of their names, and their files in order of theirs. */
const list = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const visible = (folder: string) =>
      Effect.map(fs.readDirectory(folder), (names) => names.filter((name) => !name.startsWith(".")).toSorted())
    const classes: Array<string> = []
    const files: Array<Found> = []
    for (const name of yield* visible(path)) {
      const folder = `${path}/${name}`
      if ((yield* fs.stat(folder)).type !== "Directory") continue
      for (const file of yield* visible(folder)) files.push({ path: `${folder}/${file}`, label: classes.length })
      classes.push(name)
    }
    return { classes, files }
  }).pipe(Effect.mapError((error) => fromPlatform(path, error)))

/**
 * Reads a folder that has a folder of PNG images for each class: inputs of shape [height, width, channels] from 0 to 1,
 * and the class by the order of the folders' names. `Images.folder("cats-and-dogs", { channels: 3 })`.
 *
 * Fails with a `DataError` that lists the files that are no images, or of another size than the first.
 */
export const folder = <const C extends Channels, const H extends number = number, const W extends number = number>(
  path: string,
  options: FolderOptions<H, W, C>
): Effect.Effect<Dataset<[H, W, C], [], "i32">, DataError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { classes, files } = yield* list(path)
    if (files.length === 0)
      return yield* new DataError({
        source: path,
        kind: "empty",
        problems: [{ sentence: "there are no images; a folder per class is needed, with its PNG files" }]
      })
    const decoder = yield* fastPng
    const problems: Array<Problem> = []
    let size: { height: number; width: number } | undefined =
      options.height === undefined || options.width === undefined
        ? undefined
        : { height: options.height, width: options.width }
    let x: Float32Array | undefined
    for (const [i, file] of files.entries()) {
      const bytes = yield* Effect.mapError(fs.readFile(file.path), (error) => fromPlatform(file.path, error))
      const image = readPng(decoder, bytes, options.channels)
      const sentence = typeof image === "string" ? image : mismatch(image, { ...size, ...given(options) })
      if (typeof image === "string" || sentence !== undefined) {
        problems.push({ sentence: `${file.path}: ${sentence}` })
        if (problems.length === limit) break
        continue
      }
      size ??= { height: image.height, width: image.width }
      x ??= new Float32Array(files.length * image.data.length)
      x.set(image.data, i * image.data.length)
    }
    const [first, ...rest] = problems
    if (first !== undefined || x === undefined || size === undefined)
      return yield* new DataError({
        source: path,
        kind: "malformed",
        problems: [first ?? { sentence: "there are no images" }, ...rest]
      })
    const shape = [files.length, size.height, size.width, options.channels] as const
    const set = make({
      name: options.name ?? path,
      x: Values.of(x, shape, "f32"),
      y: Values.of(
        Int32Array.from(files, ({ label }) => label),
        [files.length],
        "i32"
      ),
      classNames: classes
    })
    // Height and width are those of the options, or numbers that were found.
    return set as unknown as Dataset<[H, W, C], [], "i32">
  })

const given = ({ height, width }: FolderOptions) => ({
  ...(height === undefined ? {} : { height }),
  ...(width === undefined ? {} : { width })
})

const mismatch = (
  { height, width }: Image,
  wanted: { readonly height?: number; readonly width?: number }
): string | undefined =>
  (wanted.height ?? height) === height && (wanted.width ?? width) === width
    ? undefined
    : `the image has ${height} rows of ${width} pixels; all must have ${wanted.height ?? height} of ${wanted.width ?? width}`

/** Reads one PNG image as numbers from 0 to 1. Fails with a `DataError`. */
export const read = (path: string, channels: Channels): Effect.Effect<Image, DataError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = yield* Effect.mapError(fs.readFile(path), (error) => fromPlatform(path, error))
    const image = readPng(yield* fastPng, bytes, channels)
    return typeof image === "string"
      ? yield* new DataError({ source: path, kind: "malformed", problems: [{ sentence: image }] })
      : image
  })
