/**
 * Measures how much memory training takes on a file that is larger than memory should be: makes a file of random rows
 * in a temporary folder, trains one pass over it in a process of its own, and prints its peak resident size.
 *
 *     node --conditions=@cotangent/source scripts/measure-stream.ts [csv|npy] [--megabytes N] [--keep]
 *
 * csv: 20 numbers with missing cells and a class per row, through Csv.stream, Preprocess and a mixing buffer of 10,000
 * rows; npy: 64 floats and a class per row. The model is a perceptron 20-64-4 (64-64-4), Adam, batches of 256.
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
  DataStream,
  Npy,
  Optimizer,
  Preprocess,
  spec,
  stepWith,
  T,
  type Tensor,
  valueAndGrad,
  Values
} from "cotangent"
import * as Effect from "effect/Effect"
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

const rowSchema = Schema.Struct({
  ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`c${i}`, Cell.optional(Cell.number)] as const)),
  class: Cell.text
})

const openCsv = Effect.gen(function* () {
  const tables = Csv.stream(csvPath, rowSchema)
  const start = yield* DataStream.sample(Stream.take(tables, 8), { rows: 5000, seed: 1 })
  const number = Preprocess.steps(Preprocess.impute("mean"), Preprocess.standardise)
  const inputs = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`c${i}`, number]))
  // Columns that a loop makes have no types of their own, here and below.
  const fitted = Result.getOrThrow(Preprocess.fit(Preprocess.make(inputs, Preprocess.label("class")), start as never))
  return DataStream.fromTables(
    tables as never,
    fitted as never
  ) as unknown as DataStream.AnyDataStream<NodeServices.NodeServices>
})

const train = Effect.gen(function* () {
  const data: DataStream.AnyDataStream<NodeServices.NodeServices> =
    kind === "csv"
      ? yield* openCsv
      : ((yield* DataStream.npy(xPath, yPath)) as DataStream.AnyDataStream<NodeServices.NodeServices>)
  const features = Number(data.inputShape[0])
  const batchSize = 256
  const weights = (rows: number, columns: number): Tensor<[number, number]> =>
    T.fromArray(
      Float32Array.from({ length: rows * columns }, () => (random() - 0.5) / Math.sqrt(rows)),
      [rows, columns]
    )
  const adam = Optimizer.adam({ learningRate: 1e-3 })
  const state = adam.init({ hidden: weights(features, 64), logits: weights(64, 4) })
  const input = { x: spec([batchSize, features]), y: spec([batchSize], {}, "i32") }
  const program = stepWith(
    input,
    (s: typeof state, _: {}, batch: { readonly x: Tensor<[number, number]>; readonly y: Tensor<[number], "i32"> }) => {
      const loss = (p: typeof s.params): Tensor<[]> => {
        const logits = T.matmul(T.relu(T.matmul(batch.x, p.hidden)), p.logits)
        const chosen = T.mul(T.oneHot(batch.y, 4), T.logSoftmax(logits)) as Tensor<[number, number]>
        return T.mul(T.neg(T.sum(chosen)) as Tensor<[]>, 1 / batchSize) as Tensor<[]>
      }
      const [value, gradient] = valueAndGrad(loss)(s.params)
      return [adam.step(s, gradient), value] as const
    }
  )
  const session = yield* Compute.session({ state, data: {}, programs: { train: program } })
  const batches = DataStream.batches(data, {
    batchSize,
    dropLast: true,
    shuffle: { seed: 0, epoch: 1, buffer: 10_000 }
  })
  const losses: Array<number> = []
  const started = performance.now()
  yield* Stream.runForEach(batches, (batch) =>
    // Batches have the shapes of the spec, which a stream that may be either file does not know.
    Effect.map(session.step("train", { x: batch.x as never, y: batch.y as never }), (loss) => {
      losses.push(Number(loss.data[0]))
    })
  )
  const mean = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0) / xs.length
  return {
    rows: losses.length * batchSize,
    seconds: (performance.now() - started) / 1000,
    first: mean(losses.slice(0, 20)),
    last: mean(losses.slice(-20))
  }
})

if (process.argv.includes("--child")) {
  const run = await Effect.runPromise(Effect.scoped(train).pipe(Effect.provide([Compute.layer, NodeServices.layer])))
  console.log(
    `${run.rows} rows in ${run.seconds.toFixed(0)} s (${Math.round(run.rows / run.seconds)} rows/s), ` +
      `loss ${run.first.toFixed(3)} to ${run.last.toFixed(3)}, ` +
      `peak resident size ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`
  )
} else {
  mkdirSync(folder, { recursive: true })
  const path = kind === "csv" ? csvPath : xPath
  if (!existsSync(path)) await (kind === "csv" ? writeCsv() : writeNpy())
  console.log(`${path}: ${(statSync(path).size / 2 ** 20).toFixed(0)} MB`)
  const self = fileURLToPath(import.meta.url)
  const child = spawnSync(
    process.execPath,
    ["--conditions=@cotangent/source", self, kind, "--child", "--folder", folder],
    { stdio: "inherit" }
  )
  if (!process.argv.includes("--keep")) rmSync(folder, { recursive: true })
  process.exitCode = child.status ?? 1
}
