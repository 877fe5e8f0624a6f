/**
 * Exports the digits model and checks that it has the same bits wherever it runs: in this Node, in those on the path, in Node
 * 22, and in headless Chromium, if there is one. Prints sizes and times.
 *
 *     node --conditions=@cotangent/source scripts/test-export.ts
 */
import { execFile, execFileSync } from "node:child_process"
import { createServer } from "node:http"
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, extname, join } from "node:path"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as NodeServices from "@effect/platform-node/NodeServices"
import {
  Artifact,
  Compute,
  Dataset,
  Loss,
  Metrics,
  Model,
  Optimizer,
  Predictor,
  RandomKey,
  T,
  Trainer
} from "cotangent"

const model = pipe(Model.input([64]), Model.dense("hidden", 64, { activation: "relu" }), Model.dense("logits", 10))
const training = Effect.gen(function* () {
  const digits = yield* Dataset.digits
  const run = yield* Trainer.fit(model, {
    loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
    optimizer: Optimizer.adam({ learningRate: 1e-3 }),
    metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
    epochs: 10,
    batchSize: 32,
    seed: 42
  })(digits)
  return { digits, run }
})
const { digits, run } = await Effect.runPromise(training.pipe(Effect.provide([Compute.layer, NodeServices.layer])))
const artifact = Artifact.make(pipe(model, Model.softmax), run, { name: "digits", labels: digits.classNames ?? [] })
const rows = Array.from({ length: digits.size }, (_, i) => digits.x.data.slice(64 * i, 64 * (i + 1)))

const bytes = Artifact.encode(artifact)
const started = performance.now()
const predictor = Predictor.fromBytes(bytes)
const opened = performance.now() - started
const each = rows.flatMap((row) => [...new Uint32Array(predictor.predict(row).buffer)])
/** One by one, then in batches. */
const words = [...each, ...each]

/** Microseconds a call of `body` takes, for `count` rows: the least and the median of 100 rounds. */
const times = (body: () => void, count: number): string => {
  for (let i = 0; i < 20; i++) body()
  const found = Array.from({ length: 100 }, () => {
    const from = performance.now()
    body()
    return ((performance.now() - from) * 1000) / count
  }).toSorted((a, b) => a - b)
  return `${found[0]?.toFixed(2)} us, median ${found[50]?.toFixed(2)} us`
}

const kilobytes = (n: number): string => `${(n / 1000).toFixed(2)} KB`
const { wasm, javascript, declarations, manifest } = Artifact.standalone(artifact)
const weights = artifact.weights.reduce((sum, { value }) => sum + value.data.byteLength, 0)
console.log(`artifact: ${kilobytes(bytes.length)}; opened in ${opened.toFixed(1)} ms`)
console.log(
  `export: model.wasm ${kilobytes(wasm.length)}, model.js ${kilobytes(javascript.length)}, weights ${kilobytes(weights)}: ${kilobytes(
    wasm.length + javascript.length - weights
  )} beside them (gzipped in all ${kilobytes(gzipSync(wasm).length + gzipSync(javascript).length)})`
)
console.log(`predict, one row: ${times(() => rows.forEach((row) => predictor.predict(row)), rows.length)}`)
console.log(`classify, one row: ${times(() => rows.forEach((row) => predictor.classify(row)), rows.length)}`)
console.log(`predictBatch, per row: ${times(() => predictor.predictBatch(rows), rows.length)}`)
const { close, predict } = Predictor.pool(artifact, { threads: 2 })
const asked = performance.now()
for (const row of rows) await predict(row)
console.log(`pool, one row after another: ${(((performance.now() - asked) * 1000) / rows.length).toFixed(1)} us`)
await close()

// A larger model with random weights: what a program for batches is worth.
const wide = pipe(
  Model.input([784]),
  Model.dense("first", 512, { activation: "relu" }),
  Model.dense("second", 512, { activation: "relu" }),
  Model.dense("last", 10)
)
const drawn = T.evaluate(wide.init(RandomKey.key(0)))
const large = Artifact.standalone(Artifact.make(wide, { params: drawn.params, modelState: drawn.state }), {
  batch: true
})
const exported = await import(`data:text/javascript,${encodeURIComponent(large.javascript)}`)
const { predict: predictLarge, predictBatch: predictLargeBatch } = exported.instantiate(large.wasm)
const images = Array.from({ length: 320 }, (_, i) => Float32Array.from({ length: 784 }, (_unused, j) => (i * j) % 7))
console.log(`784-512-512-10, exported, one row: ${times(() => images.forEach(predictLarge), images.length)}`)
console.log(`784-512-512-10, exported, in batches, per row: ${times(() => predictLargeBatch(images), images.length)}`)

// A transformer: what the code takes beside the weights, however many blocks there are.
const block = { intermediateDim: 64, numHeads: 4, activation: "gelu" } as const
const positions = pipe(Model.input([32]), Model.embedding("tokens", 64, 32), Model.sinusoidalPositions())
const one = pipe(positions, Model.transformerEncoder("first", block))
const four = pipe(
  one,
  Model.transformerEncoder("second", block),
  Model.transformerEncoder("third", block),
  Model.transformerEncoder("fourth", block)
)
for (const [name, transformer] of [
  ["one block", pipe(one, Model.globalAvgPool(), Model.dense("label", 4))],
  ["four blocks", pipe(four, Model.globalAvgPool(), Model.dense("label", 4))]
] as const) {
  const { params, state } = T.evaluate(transformer.init(RandomKey.key(0)))
  const small = Artifact.make(transformer, { params, modelState: state })
  const made = Artifact.standalone(small)
  const own = small.weights.reduce((sum, { value }) => sum + value.data.byteLength, 0)
  const { predict: predictText } = (
    await import(`data:text/javascript,${encodeURIComponent(made.javascript)}`)
  ).instantiate(made.wasm)
  const texts = Array.from({ length: 64 }, (_, i) => Float32Array.from({ length: 32 }, (_unused, j) => (i * j) % 64))
  console.log(
    `transformer of ${name} (32 places, 32 features): ${kilobytes(made.wasm.length + made.javascript.length - own)} beside ${kilobytes(own)} of weights; one row: ${times(() => texts.forEach(predictText), texts.length)}`
  )
}

const page = `import { load } from "./model.js"
import { load as loadBatch } from "./batch.js"
const { predict } = await load()
const { predictBatch } = await loadBatch("./batch.wasm")
const rows = await (await fetch("./rows.json")).json()
const words = [...rows.map(predict), ...predictBatch(rows)].flatMap((y) => [...new Uint32Array(y.buffer)])
const from = performance.now()
for (const row of rows) predict(row)
const micros = ((performance.now() - from) * 1000) / rows.length
document.body.textContent = JSON.stringify({ words, micros, host: navigator.userAgent })
`
const script = `import { readFileSync } from "node:fs"
import { load } from "./model.js"
import { load as loadBatch } from "./batch.js"
const { predict } = await load()
const { predictBatch } = await loadBatch("./batch.wasm")
const rows = JSON.parse(readFileSync(new URL("rows.json", import.meta.url), "utf8"))
const words = [...rows.map(predict), ...predictBatch(rows)].flatMap((y) => [...new Uint32Array(y.buffer)])
const from = performance.now()
for (const row of rows) predict(row)
const micros = ((performance.now() - from) * 1000) / rows.length
console.log(JSON.stringify({ words, micros, host: \`Node \${process.version}\` }))
`

const folder = mkdtempSync(join(tmpdir(), "cotangent-export-"))
const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content)
write("model.wasm", wasm)
write("model.js", javascript)
write("model.d.ts", declarations)
const batched = Artifact.standalone(artifact, { batch: true })
write("batch.wasm", batched.wasm)
write("batch.js", batched.javascript)
write("package.json", manifest)
write("rows.json", JSON.stringify(rows.map((row) => [...row])))
write("run.js", script)
write("page.js", page)
write("index.html", `<!doctype html><meta charset="utf-8"><body><script type="module" src="page.js"></script>`)

let [passed, failures] = [0, 0]
const check = (printed: string): void => {
  const found: { readonly words: ReadonlyArray<number>; readonly micros: number; readonly host: string } =
    JSON.parse(printed)
  const same = found.words.length === words.length && found.words.every((word, i) => word === words[i])
  if (same) passed++
  else failures++
  // Time stands still in a browser that is asked to hurry.
  const time = found.micros > 0 ? `, ${found.micros.toFixed(2)} us a row in the first round` : ""
  console.log(`${found.host}: ${same ? "the same bits" : "OTHER BITS"}${time}`)
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm"
}

/** The page in headless Chromium, from a server on this machine. */
const inBrowser = async (chromium: string): Promise<void> => {
  const server = createServer(({ url = "/" }, response) => {
    const file = join(folder, url === "/" ? "index.html" : url.slice(1))
    if (!existsSync(file)) return void response.writeHead(404).end()
    response.writeHead(200, { "content-type": types[extname(file)] ?? "text/plain" }).end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`]
  const { stdout } = await promisify(execFile)(
    chromium,
    [...flags, "--virtual-time-budget=20000", "--dump-dom", `http://127.0.0.1:${port}/`],
    { maxBuffer: 2 ** 26, timeout: 120_000 }
  )
  server.close()
  server.closeAllConnections()
  const [printed] = /\{"words".*\}/.exec(stdout) ?? []
  if (printed === undefined) throw new Error(`Chromium printed ${stdout.slice(0, 500)}`)
  check(printed)
}

try {
  execFileSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--silent", "node@22"], { cwd: folder })
  const onPath = (name: string): ReadonlyArray<string> =>
    (process.env["PATH"] ?? "")
      .split(delimiter)
      .flatMap((at) => (existsSync(join(at, name)) ? [realpathSync(join(at, name))] : []))
  const nodes = new Set([realpathSync(process.execPath), ...onPath("node"), join(folder, "node_modules/node/bin/node")])
  for (const node of nodes)
    check(execFileSync(node, [join(folder, "run.js")], { encoding: "utf8", maxBuffer: 2 ** 26 }))
  const [chromium] = [...onPath("chromium"), ...onPath("google-chrome")]
  if (chromium === undefined) console.log("there is no Chromium here; apt-get install chromium")
  else await inBrowser(chromium)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1
