/**
 * Measures what it takes to train on a stream with `Trainer.fit`, in memory and in time.
 *
 *     node --conditions=@cotangent/source scripts/measure-stream-training.ts memory [npy|csv] [--megabytes N] [--window ROWS]
 *     node --conditions=@cotangent/source scripts/measure-stream-training.ts speed [W1|digits] [--rounds N] [--window ROWS]
 *
 * memory: writes a file of random rows in the temporary folder of the system (npy: 64 floats and a class, csv: 20 numbers and
 * a class), trains one pass over it in a process of its own and prints the peak resident size of that process, and its size at
 * some moments before. The file is deleted. The model is a perceptron of 64 units, Adam, batches of 256. `--empty` trains on
 * 10,000 rows of it only: what is left is the process, its code and the compiled program.
 *
 * speed: the same run on a data set, on a stream of it in memory, and on npy files of it, in turn. Times are of the
 * processor, all threads of the process, from the end of the second epoch to that of the last.
 */
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import * as NodeServices from "@effect/platform-node/NodeServices"
import {
  Cell,
  Compute,
  Csv,
  Dataset,
  DataStream,
  Loss,
  Model,
  Npy,
  Optimizer,
  Preprocess,
  Trainer,
  Values
} from "cotangent"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { classification } from "../packages/bench/src/numbers.ts"

const flag = (name: string): number | undefined => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? undefined : Number(process.argv[i + 1])
}
const has = (word: string): boolean => process.argv.includes(word)
const window = flag("window")
const windowed = window === undefined ? {} : { window }
const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
const optimizer = Optimizer.adam({ learningRate: 1e-3 })
const perceptron = (features: number, units: number, classes: number) =>
  pipe(Model.input([features]), Model.dense("hidden", units, { activation: "relu" }), Model.dense("logits", classes))

/** Numbers from 0 to 1, always the same. */
let word = 1
const random = (): number => {
  word = (Math.imul(word, 1664525) + 1013904223) >>> 0
  return word / 2 ** 32
}
/** The class depends on the first numbers, so that there is something to learn. */
const classOf = (a: number, b: number): number => (a > 0.5 ? 2 : 0) + (b > 0.5 ? 1 : 0)

const writePieces = async (path: string, pieces: Iterable<Uint8Array>): Promise<void> => {
  const out = createWriteStream(path)
  for (const piece of pieces) if (!out.write(piece)) await once(out, "drain")
  out.end()
  await once(out, "close")
}

/** The head of an npy file: that of an array without rows, their number written into its padding. */
const headOf = (rows: number, shape: ReadonlyArray<number>, dtype: "f32" | "i32"): Uint8Array => {
  const empty = Npy.encode(Values.of(dtype === "f32" ? new Float32Array() : new Int32Array(), [0, ...shape], dtype))
  const text = Buffer.from(empty).toString("latin1").replace("(0,", `(${rows},`)
  return Buffer.from(text.replace(" ".repeat(text.length - empty.length) + "\n", "\n"), "latin1")
}

const writeNpy = async (folder: string, rows: number): Promise<void> => {
  const labels = new Int32Array(rows)
  await writePieces(
    `${folder}/x.npy`,
    (function* () {
      yield headOf(rows, [64], "f32")
      for (let row = 0; row < rows; row += 4096) {
        const count = Math.min(rows - row, 4096)
        const data = Float32Array.from({ length: count * 64 }, random)
        for (let i = 0; i < count; i++) labels[row + i] = classOf(data[64 * i] ?? 0, data[64 * i + 1] ?? 0)
        yield new Uint8Array(data.buffer)
      }
    })()
  )
  await writePieces(`${folder}/y.npy`, [headOf(rows, [], "i32"), new Uint8Array(labels.buffer)])
}

const csvLine = (): string => {
  const cells = Array.from({ length: 20 }, random)
  return `${cells.map((x) => x.toFixed(5)).join(",")},k${classOf(cells[0] ?? 0, cells[1] ?? 0)}\n`
}
/** Bytes of a line of the file: 20 cells of 8 characters with their commas, a class and the end. */
const lineBytes = 20 * 8 + 3

const writeCsv = (folder: string, rows: number): Promise<void> =>
  writePieces(
    `${folder}/rows.csv`,
    (function* () {
      yield Buffer.from(`${Array.from({ length: 20 }, (_, i) => `c${i}`).join(",")},class\n`)
      for (let row = 0; row < rows; row += 5000)
        yield Buffer.from(Array.from({ length: Math.min(5000, rows - row) }, csvLine).join(""))
    })()
  )

const Row = Schema.Struct({
  ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`c${i}`, Cell.number] as const)),
  class: Cell.text
})

const openCsv = (folder: string) =>
  Effect.gen(function* () {
    const tables = Csv.stream(`${folder}/rows.csv`, Row)
    const sample = yield* DataStream.sample(Stream.take(tables, 8), { rows: 5000, seed: 1 })
    const inputs = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`c${i}`, Preprocess.standardise]))
    // The columns are made in a loop, so that they are not known to the types.
    const fitted = Preprocess.fit(Preprocess.make(inputs as never, Preprocess.label("class")), sample as never)
    return DataStream.fromTables(tables as never, Result.getOrThrow(fitted) as never)
  })

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`
const moments: Array<string> = []
const note = (moment: string): void => {
  const { arrayBuffers, heapTotal, rss } = process.memoryUsage()
  moments.push(`${moment}: ${megabytes(rss)} (heap ${megabytes(heapTotal)}, arrays ${megabytes(arrayBuffers)})`)
}

const trainOnce = (kind: "npy" | "csv", folder: string) =>
  Effect.gen(function* () {
    note("after the imports")
    const opened = kind === "npy" ? yield* DataStream.npy(`${folder}/x.npy`, `${folder}/y.npy`) : yield* openCsv(folder)
    const all = flag("rows") ?? 0
    const few = Stream.take(opened.chunks as Stream.Stream<{ readonly size: number }>, 2)
    const source = has("--empty")
      ? {
          ...opened,
          size: yield* Stream.runFold(
            few,
            () => 0,
            (n, { size }) => n + size
          ),
          chunks: few
        }
      : has("--count")
        ? opened
        : { ...opened, size: all }
    const options = { loss, optimizer, epochs: 1, batchSize: 256, seed: 1, ...windowed }
    let [seconds, last, rows] = [0, 0, 0]
    yield* Stream.runForEach(
      // What the file holds is not known to the types.
      Trainer.events(perceptron(kind === "npy" ? 64 : 20, 64, 4), options)(source as never),
      (event) =>
        Effect.sync(() => {
          if (event._tag === "Started") {
            rows = event.trainSize
            note("when the program is compiled")
          }
          if (event._tag === "Epoch") {
            seconds = event.seconds
            last = event.record.loss
            note("after the pass")
          }
        })
    )
    const peak = process.resourceUsage().maxRSS * 1024
    return (
      `${rows} rows in ${seconds.toFixed(0)} s (${Math.round(rows / seconds)} rows/s), mean loss ${last.toFixed(3)}, ` +
      `peak resident size ${megabytes(peak)}\n  ${moments.join("\n  ")}`
    )
  })

const measureMemory = async (): Promise<void> => {
  const kind = has("csv") ? "csv" : "npy"
  if (has("--child")) {
    const folder = process.argv.at(-1) ?? ""
    console.log(
      await Effect.runPromise(Effect.provide(trainOnce(kind, folder) as never, [Compute.layer, NodeServices.layer]))
    )
    return
  }
  const folder = mkdtempSync(`${tmpdir()}/cotangent-`)
  try {
    const rows = Math.floor(((flag("megabytes") ?? 2048) * 2 ** 20) / (kind === "npy" ? 256 : lineBytes))
    await (kind === "npy" ? writeNpy : writeCsv)(folder, rows)
    console.log(`${kind}: ${megabytes(statSync(`${folder}/${kind === "npy" ? "x.npy" : "rows.csv"}`).size)}`)
    const self = fileURLToPath(import.meta.url)
    const given = process.argv.slice(2)
    const child = spawnSync(
      process.execPath,
      [...process.execArgv, self, ...given, "--rows", String(rows), "--child", folder],
      { stdio: "inherit" }
    )
    process.exitCode = child.status ?? 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const median = (xs: ReadonlyArray<number>): number => xs.toSorted((a, b) => a - b)[xs.length >> 1] ?? Number.NaN

const measureSpeed = Effect.gen(function* () {
  const isDigits = has("digits")
  const rows = 64_000
  const { x, y } = classification(rows, 20, 10, 1)
  const data = isDigits
    ? yield* Dataset.digits
    : Dataset.make({ x: Values.of(x, [rows, 20], "f32"), y: Values.of(y, [rows], "i32") })
  const folder = mkdtempSync(`${tmpdir()}/cotangent-`)
  yield* Npy.write(`${folder}/x.npy`, data.x)
  yield* Npy.write(`${folder}/y.npy`, data.y)
  const epochs = isDigits ? 120 : 12
  const options = { loss, optimizer, epochs, batchSize: 32, seed: 1 }
  const steps = Math.ceil(data.size / 32)
  const part = { ...options, window: window ?? (isDigits ? 512 : 16_000) }
  const whole = { ...options, window: Math.ceil(data.size / 32) * 32 }
  const model = perceptron(Number(data.inputShape[0]), 64, 10)
  const inMemory = DataStream.fromDataset(data as never, 1024)
  const files = yield* DataStream.npy(`${folder}/x.npy`, `${folder}/y.npy`)
  const ways = {
    "data set": Trainer.events(model as never, options)(data as never),
    "stream in memory, one window": Trainer.events(model as never, whole)(inMemory as never),
    [`stream in memory, windows of ${part.window}`]: Trainer.events(model as never, part)(inMemory as never),
    [`npy files, windows of ${part.window}`]: Trainer.events(model as never, part)(files as never)
  }
  const used = (): number => {
    const { user, system } = process.cpuUsage()
    return user + system
  }
  const micros: Record<string, Array<number>> = {}
  for (let round = -2; round < (flag("rounds") ?? 9); round++)
    for (const [name, events] of Object.entries(ways)) {
      let [first, last, epoch] = [0, 0, 0]
      yield* Stream.runForEach(events as Stream.Stream<{ readonly _tag: string }>, ({ _tag }) =>
        Effect.sync(() => {
          if (_tag !== "Epoch") return
          if (++epoch === 2) first = used()
          last = used()
        })
      )
      if (round >= 0) (micros[name] ??= []).push((last - first) / ((epochs - 2) * steps))
    }
  const base = micros["data set"] ?? []
  for (const [name, each] of Object.entries(micros)) {
    const [mid, ratio] = [median(each), median(each.map((t, i) => t / (base[i] ?? Number.NaN)))]
    console.log(
      `${name}: ${mid.toFixed(2)} us a step, ${Math.round(1e6 / mid)} steps/s, ${ratio.toFixed(3)} of the data set`
    )
  }
  rmSync(folder, { recursive: true })
})

if (has("memory")) await measureMemory()
else await Effect.runPromise(Effect.provide(measureSpeed as never, [Compute.layer, NodeServices.layer]))
