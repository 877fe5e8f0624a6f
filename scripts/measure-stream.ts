/**
 * Measures how much memory training takes on a file that is larger than memory should be: makes a file of random rows
 * in a temporary folder, trains one pass over it in a process of its own, and prints its peak resident size.
 *
 *     npm run build && node scripts/measure-stream.ts [csv|npy] [--megabytes N] [--keep]
 *
 * The built packages are what users install; with --conditions=@cotangent/source Node translates TypeScript first, which
 * takes some thirty megabytes more.
 *
 * csv: 20 numbers with missing cells and a class per row, through Csv.stream, Preprocess and a mixing buffer of 10,000
 * rows; npy: 64 floats and a class per row. Trainer.fit, a perceptron 20-64-4 (64-64-4), Adam, batches of 256.
 */
import { spawnSync } from "node:child_process"
import { createWriteStream, existsSync, mkdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { once } from "node:events"
import { NodeServices } from "@effect/platform-node"
import {
  Cell,
  Compute,
  Csv,
  type DataError,
  DataStream,
  Loss,
  Metrics,
  Model,
  Npy,
  Optimizer,
  Preprocess,
  type Table,
  Trainer,
  Values
} from "cotangent"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import { pipe } from "effect/Function"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

const flag = (name: string, otherwise: string): string => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? otherwise : (process.argv[i + 1] ?? otherwise)
}
const kind = process.argv.includes("npy") ? "npy" : "csv"
const megabytes = Number(flag("megabytes", "2048"))
const folder = flag("folder", `${tmpdir()}/cotangent-stream`)
const bytes = megabytes * 2 ** 20
const [csvPath, xPath, yPath] = [`${folder}/rows.csv`, `${folder}/x.npy`, `${folder}/y.npy`]

/** Numbers from 0 to 1, always the same. */
let word = 1
const random = (): number => {
  word = (Math.imul(word, 1664525) + 1013904223) >>> 0
  return word / 2 ** 32
}

const writePieces = async (path: string, piece: (left: number) => Uint8Array, size: number): Promise<void> => {
  const out = createWriteStream(path)
  for (let left = size; left > 0;) {
    const next = piece(left)
    left -= next.length
    if (!out.write(next)) await once(out, "drain")
  }
  out.end()
  await once(out, "close")
}

/** The class depends on the first numbers, so that there is something to learn. */
const classOf = (a: number, b: number): number => (a > 0.5 ? 2 : 0) + (b > 0.5 ? 1 : 0)

const writeCsv = async (): Promise<void> => {
  let header: string | undefined = `${Array.from({ length: 20 }, (_, i) => `c${i}`).join(",")},class\n`
  const line = (): string => {
    const cells = Array.from({ length: 20 }, random)
    const text = cells.map((x, i) => (i > 10 && x < 0.05 ? "" : x.toFixed(5))).join(",")
    return `${text},k${classOf(cells[0] ?? 0, cells[1] ?? 0)}\n`
  }
  await writePieces(
    csvPath,
    () => {
      const text = (header ?? "") + Array.from({ length: 5000 }, line).join("")
      header = undefined
      return new TextEncoder().encode(text)
    },
    bytes
  )
}

const writeNpy = async (): Promise<void> => {
  const rows = Math.floor(bytes / 256)
  const headerOf = (shape: ReadonlyArray<number>, dtype: "f32" | "i32"): Uint8Array => {
    // The header of an array with no rows, with their number written in.
    const empty = Npy.encode(Values.of(dtype === "f32" ? new Float32Array() : new Int32Array(), [0, ...shape], dtype))
    const text = Buffer.from(empty).toString("latin1")
    const named = text.replace("(0,", `(${rows},`)
    const longer = named.length - text.length
    return Buffer.from(named.replace(" ".repeat(longer) + "\n", "\n"), "latin1")
  }
  const labels: Array<number> = []
  let head: Uint8Array | undefined = headerOf([64], "f32")
  let left = rows
  await writePieces(
    xPath,
    () => {
      if (head !== undefined) {
        const first = head
        head = undefined
        return first
      }
      const count = Math.min(left, 4096)
      left -= count
      const data = Float32Array.from({ length: count * 64 }, random)
      for (let i = 0; i < count; i++) labels.push(classOf(data[64 * i] ?? 0, data[64 * i + 1] ?? 0))
      return new Uint8Array(data.buffer)
    },
    rows * 256 + 128
  )
  const y = Int32Array.from(labels)
  let part = 0
  await writePieces(yPath, () => (part++ === 0 ? headerOf([], "i32") : new Uint8Array(y.buffer)), 128 + y.byteLength)
}

/** Columns that a loop makes have no types of their own. */
type Cells = { readonly [column: string]: number | string | null }

const openCsv = Effect.gen(function* () {
  const columns = Array.from({ length: 20 }, (_, i) => `c${i}`)
  const Row = Schema.Struct({
    ...Object.fromEntries(columns.map((column) => [column, Cell.optional(Cell.number)] as const)),
    class: Cell.text
  })
  const tables = Csv.stream(csvPath, Row) as Stream.Stream<Table.Table<Cells>, DataError, FileSystem.FileSystem>
  const number = Preprocess.steps(Preprocess.impute("mean"), Preprocess.standardise)
  const inputs = Object.fromEntries(columns.map((column) => [column, number]))
  const recipe = Preprocess.make(inputs, Preprocess.label("class")) as Preprocess.Recipe<Cells, unknown, "label">
  const start = yield* DataStream.sample(Stream.take(tables, 32), { rows: 5000, seed: 1 })
  const fitted = Result.getOrThrow(Preprocess.fit(recipe, start))
  return DataStream.fromTables(tables, fitted, { features: 20 })
})

const options = {
  loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
  optimizer: Optimizer.adam({ learningRate: 1e-3 }),
  metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
  epochs: 1,
  batchSize: 256,
  window: 10_240
}
const perceptron = <const N extends number>(features: N) =>
  pipe(Model.input([features]), Model.dense("hidden", 64, { activation: "relu" }), Model.dense("logits", 4))

const train = Effect.gen(function* () {
  const started = performance.now()
  const run =
    kind === "csv"
      ? yield* Trainer.fit(perceptron(20), options)(yield* openCsv)
      : yield* Trainer.fit(
          perceptron(64),
          options
        )(
          // What the script has written.
          (yield* DataStream.npy(xPath, yPath, { targetDtype: "i32" })) as DataStream.DataStream<
            [64],
            [],
            "i32",
            "f32",
            FileSystem.FileSystem
          >
        )
  return { record: run.history.epochs[0], seconds: (performance.now() - started) / 1000 }
})

if (process.argv.includes("--child")) {
  const { record, seconds } = await Effect.runPromise(Effect.provide(train, [Compute.layer, NodeServices.layer]))
  console.log(
    `one epoch in ${seconds.toFixed(0)} s: loss ${record?.loss.toFixed(3)}, accuracy ${record?.accuracy.toFixed(3)}, ` +
      `peak resident size ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`
  )
} else {
  mkdirSync(folder, { recursive: true })
  const path = kind === "csv" ? csvPath : xPath
  if (!existsSync(path)) await (kind === "csv" ? writeCsv() : writeNpy())
  console.log(`${path}: ${(statSync(path).size / 2 ** 20).toFixed(0)} MB`)
  const self = fileURLToPath(import.meta.url)
  const child = spawnSync(process.execPath, [...process.execArgv, self, kind, "--child", "--folder", folder], {
    stdio: "inherit"
  })
  if (!process.argv.includes("--keep")) rmSync(folder, { recursive: true })
  process.exitCode = child.status ?? 1
}
