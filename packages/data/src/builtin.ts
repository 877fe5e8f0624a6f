/** The data sets that come with this package; `files/ATTRIBUTION.md` says where they are from. */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import { fileURLToPath } from "node:url"
import * as Csv from "./csv.ts"
import type { DataError } from "./data-error.ts"
import { type Dataset, mapInputs } from "./dataset.ts"
import * as Cell from "./table/cell.ts"
import type { Table } from "./table/table.ts"

// The same relative place for src/ and for dist/.
const file = (name: string): string => fileURLToPath(new URL(`../files/${name}`, import.meta.url))

/** The largest pixel of `digits`. */
const white = 16

/** `digits` with its options: `scaled: false` leaves the pixels 0 to 16 as they are in the file. */
export const digitsWith = (options: {
  readonly scaled: boolean
}): Effect.Effect<Dataset<[64], [], "i32">, DataError, FileSystem.FileSystem> =>
  Effect.map(Csv.read(file("digits.csv.gz"), { name: "digits", label: -1, classes: 10, features: 64 }), (raw) =>
    options.scaled ? mapInputs(raw, (pixel) => pixel / white) : raw
  )

/**
 * 1797 handwritten digits, images of 8 by 8 pixels from the top left, 0 (white) to 1 (black), and which digit it is.
 * Alpaydin, Kaynak: Optical Recognition of Handwritten Digits (UCI 1998), test part.
 */
export const digits: Effect.Effect<Dataset<[64], [], "i32">, DataError, FileSystem.FileSystem> = digitsWith({
  scaled: true
})

/**
 * 150 iris plants of three species: lengths and widths of sepals and petals in centimetres.
 * The rows are sorted by species, so split them with `Split.stratified`.
 * Fisher: The use of multiple measurements in taxonomic problems (1936).
 */
export const iris: Effect.Effect<Dataset<[4], [], "i32">, DataError, FileSystem.FileSystem> = Csv.read(
  file("iris.csv"),
  {
    name: "iris",
    label: "species",
    classes: ["setosa", "versicolor", "virginica"],
    features: 4
  }
)

/**
 * 178 wines of three cultivators: 13 chemical measurements of very different sizes, unscaled.
 * The rows are sorted by cultivator, so split them with `Split.stratified`.
 * Forina et al., PARVUS (UCI 1991).
 */
export const wine: Effect.Effect<Dataset<[13], [], "i32">, DataError, FileSystem.FileSystem> = Csv.read(
  file("wine.csv"),
  {
    name: "wine",
    label: "cultivar",
    classes: ["class_0", "class_1", "class_2"],
    features: 13
  }
)

/** A row of `penguins`. */
export const Penguin = Schema.Struct({
  species: Cell.oneOf(["Adelie", "Chinstrap", "Gentoo"]),
  island: Cell.oneOf(["Biscoe", "Dream", "Torgersen"]),
  bill_length_mm: Cell.optional(Cell.number),
  bill_depth_mm: Cell.optional(Cell.number),
  flipper_length_mm: Cell.optional(Cell.number),
  body_mass_g: Cell.optional(Cell.number),
  sex: Cell.optional(Cell.oneOf(["MALE", "FEMALE"]), ["", "."])
})

/**
 * 344 penguins of three species with numbers, categories and missing cells: a table to preprocess.
 * The rows are sorted by species. Horst, Hill, Gorman: palmerpenguins (2020).
 */
export const penguins: Effect.Effect<
  Table<Csv.TableRow<(typeof Penguin)["fields"]>>,
  DataError,
  FileSystem.FileSystem
> = Csv.table(file("penguins.csv"), Penguin, { name: "penguins" })
