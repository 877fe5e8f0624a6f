/** Reads folders of images: a folder per class, its name the class's. */
import { Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import { argumentError, DataError, type Problem } from "../data-error.ts"
import { type AnyDataset, type Dataset, make } from "../dataset.ts"
import * as Permutation from "../permutation.ts"
import type { DataStream } from "../stream/data-stream.ts"
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

/** The classes and files of a folder that has some. */
const listed = (path: string) =>
  Effect.flatMap(list(path), (found) =>
    found.files.length > 0
      ? Effect.succeed(found)
      : Effect.fail(
          new DataError({
            source: path,
            kind: "empty",
            problems: [{ sentence: "there are no images; a folder per class is needed, with its PNG files" }]
          })
        )
  )

/** The images of some files as a data set; all must have the size that is asked for, or that of the first. */
const load = (
  path: string,
  files: ReadonlyArray<Found>,
  classNames: ReadonlyArray<string>,
  options: FolderOptions
): Effect.Effect<AnyDataset, DataError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const decoder = yield* fastPng
    const problems: Array<Problem> = []
    let size: { readonly height: number; readonly width: number } | undefined
    let x = new Float32Array()
    for (const [i, file] of files.entries()) {
      const bytes = yield* Effect.mapError(fs.readFile(file.path), (error) => fromPlatform(file.path, error))
      const image = readPng(decoder, bytes, options.channels)
      const sentence = typeof image === "string" ? image : mismatch(image, { ...size, ...given(options) })
      if (typeof image === "string" || sentence !== undefined) {
        problems.push({ sentence: `${file.path}: ${sentence}` })
        if (problems.length === limit) break
        continue
      }
      if (size === undefined) {
        size = image
        x = new Float32Array(files.length * image.data.length)
      }
      x.set(image.data, i * image.data.length)
    }
    const [first, ...rest] = problems
    if (first !== undefined)
      return yield* new DataError({ source: path, kind: "malformed", problems: [first, ...rest] })
    const labels = Int32Array.from(files, ({ label }) => label)
    return make({
      name: options.name ?? path,
      x: Values.of(x, [files.length, size?.height ?? 0, size?.width ?? 0, options.channels], "f32"),
      y: Values.of(labels, [files.length], "i32"),
      classNames
    })
  })

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
  Effect.flatMap(listed(path), ({ classes, files }) =>
    // Height and width are those of the options, or numbers that were found.
    Effect.map(load(path, files, classes, options), (set) => set as unknown as Dataset<[H, W, C], [], "i32">)
  )

/** How a folder of images is read as a stream. */
export interface FolderStreamOptions<H extends number, W extends number, C extends Channels> extends FolderOptions<
  H,
  W,
  C
> {
  /** The files come in an order drawn by this seed, 0 by default: by their names they would be sorted by class. */
  readonly seed?: number
  /** How many images are read at once; 64 by default. */
  readonly chunkSize?: number
}

/**
 * As `folder`, as a stream of a few images at a time, in mixed order, the same in every pass. The names of all files and
 * the size of one image are read at once. Fails at an image that cannot be read or has another size.
 */
export const stream = <const C extends Channels, const H extends number = number, const W extends number = number>(
  path: string,
  options: FolderStreamOptions<H, W, C>
): Effect.Effect<DataStream<[H, W, C], [], "i32", "f32", FileSystem.FileSystem>, DataError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { chunkSize = 64, seed = 0 } = options
    if (!Number.isInteger(chunkSize) || chunkSize < 1)
      return yield* argumentError(path, `the chunk size is ${chunkSize}; a whole number from 1 is needed`)
    const { classes, files } = yield* listed(path)
    const mixed = Array.from(Permutation.of(seed, 0, files.length), (i) => files[i]).filter(
      (file) => file !== undefined
    )
    const first = yield* load(path, mixed.slice(0, 1), classes, options)
    const [height = 0, width = 0] = first.inputShape.map(Number)
    const starts = Array.from({ length: Math.ceil(mixed.length / chunkSize) }, (_, i) => i * chunkSize)
    const chunks = Stream.mapEffect(Stream.fromIterable(starts, { chunkSize: 1 }), (start) =>
      load(path, mixed.slice(start, start + chunkSize), classes, { ...options, height, width })
    )
    return {
      name: first.name,
      // Height and width are those of the options, or numbers that were found.
      inputShape: [height as H, width as W, options.channels],
      inputDtype: "f32",
      targetShape: [],
      targetDtype: "i32",
      classNames: classes,
      size: files.length,
      // As above.
      chunks: chunks as unknown as Stream.Stream<Dataset<[H, W, C], [], "i32">, DataError, FileSystem.FileSystem>
    }
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
