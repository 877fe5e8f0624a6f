/**
 * Pools: predictors in several threads, for models that take longer than a message does, and for hosts that must not wait.
 *
 * Every thread has a memory of its own with the weights in it, so that no two requests share anything. Rows are
 * encoded by the caller, who so learns at once what is wrong with one.
 */
import { layoutOf, toWasm } from "@cotangent/compiler"
import { sizeOf } from "@cotangent/graph"
import { isWideEnabled } from "@cotangent/runtime"
import type { AnyArtifact, Artifact } from "./artifact.ts"
import { type Classification, classifier } from "./classification.ts"
import { PoolError } from "./errors.ts"
import { estimator } from "./estimate.ts"
import { contentsOf, placePrograms } from "./placed.ts"
import { encoderOf, type Numbers } from "./rows.ts"

/** A trained model in several threads. */
export interface Pool<in R = Numbers, out L extends string = string> {
  readonly artifact: Artifact<R, L>
  /** The outputs for one row. Fails with a RowError when the row is not what the model takes, else with a PoolError. */
  readonly predict: (row: R) => Promise<Float32Array>
  /** The outputs for each row, divided among the threads. */
  readonly predictBatch: (rows: ReadonlyArray<R>) => Promise<ReadonlyArray<Float32Array>>
  readonly classify: (row: R) => Promise<Classification<L>>
  readonly classifyBatch: (rows: ReadonlyArray<R>) => Promise<ReadonlyArray<Classification<L>>>
  /** The one number a regressor puts out, in the units of the table. */
  readonly estimate: (row: R) => Promise<number>
  /** Ends the threads; what is under way fails with a PoolError. */
  readonly close: () => Promise<void>
}

/** How a pool runs. */
export interface PoolOptions {
  /** How many threads, 2 unless given. */
  readonly threads?: number
}

/** What a thread answers. */
interface Answer {
  readonly id: number
  readonly outputs: Float32Array
}

interface Worker {
  readonly postMessage: (message: unknown, transfer: ReadonlyArray<unknown>) => void
  readonly on: (event: "message" | "error" | "exit", listener: (what: never) => void) => void
  readonly ref: () => void
  readonly unref: () => void
  readonly terminate: () => Promise<number>
}

interface WorkerThreads {
  readonly Worker: new (source: string, options: object) => Worker
}

/** What a thread runs: text, for there is no file that every bundler would find. */
const source = `"use strict"
const { parentPort, workerData: { contents, pages, programs } } = require("node:worker_threads")
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
new Uint8Array(memory.buffer).set(new Uint8Array(contents))
const [one, many] = programs.map(({ module, rows, input, output }) => ({
  rows,
  step: new WebAssembly.Instance(module, { env: { memory } }).exports.step,
  input: new Float32Array(memory.buffer, input.address, input.length),
  output: new Float32Array(memory.buffer, output.address, output.length)
}))
const [inputs, width] = [one.input.length, one.output.length]
parentPort.on("message", ({ id, numbers, rows }) => {
  const outputs = new Float32Array(rows * width)
  for (let from = 0; from < rows; ) {
    const count = Math.min(many.rows, rows - from)
    const { input, output, step } = count === 1 ? one : many
    input.set(numbers.subarray(from * inputs, (from + count) * inputs))
    step()
    outputs.set(output.subarray(0, count * width), from * width)
    from += count
  }
  parentPort.postMessage({ id, outputs }, [outputs.buffer])
})
`

const workerThreads = (): WorkerThreads => {
  const host = globalThis as { readonly process?: { readonly getBuiltinModule?: (name: string) => unknown } }
  const found = host.process?.getBuiltinModule?.("node:worker_threads")
  if (found === undefined)
    throw new PoolError({ message: "pool: this host has no worker threads; use Predictor.make in the thread there is" })
  // Node's module of that name has this constructor.
  return found as WorkerThreads
}

interface Waiting {
  readonly resolve: (outputs: Float32Array) => void
  readonly reject: (error: PoolError) => void
}

/** One thread: how many requests wait for it, and how to ask. */
interface Thread {
  readonly ask: (numbers: Float32Array, rows: number) => Promise<Float32Array>
  readonly waiting: ReadonlyMap<number, Waiting>
  readonly isAlive: () => boolean
  readonly close: () => Promise<void>
}

const startThread = ({ Worker }: WorkerThreads, workerData: object): Thread => {
  const worker = new Worker(source, { eval: true, workerData })
  const waiting = new Map<number, Waiting>()
  let asked = 0
  let problem: PoolError | undefined
  const end = (message: string): void => {
    problem ??= new PoolError({ message })
    for (const { reject } of waiting.values()) reject(problem)
    waiting.clear()
  }
  worker.on("message", ({ id, outputs }: Answer) => {
    const one = waiting.get(id)
    waiting.delete(id)
    // A thread that nobody waits for holds no process open.
    if (waiting.size === 0) worker.unref()
    one?.resolve(outputs)
  })
  worker.on("error", (error: Error) => end(`pool: a thread failed: ${error.message}`))
  worker.on("exit", () => end("pool: a thread has ended"))
  worker.unref()
  return {
    waiting,
    isAlive: () => problem === undefined,
    ask: (numbers, rows) =>
      new Promise((resolve, reject) => {
        if (problem !== undefined) return reject(problem)
        const id = asked++
        waiting.set(id, { resolve, reject })
        worker.ref()
        worker.postMessage({ id, numbers, rows }, [numbers.buffer])
      }),
    close: async () => {
      end("pool: it was closed")
      await worker.terminate()
    }
  }
}

const startThreads = (artifact: AnyArtifact, count: number): ReadonlyArray<Thread> => {
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw new PoolError({ message: `pool: ${count} threads were asked for; a whole number from 1 to 64 is needed` })
  const threads = workerThreads()
  const placed = placePrograms(artifact.weights, artifact.programs)
  const programs = placed.programs.map(({ addresses, input, output, planned, rows }) => {
    const bytes = toWasm(planned, layoutOf(planned, addresses), placed.pages, { wide: isWideEnabled() })
    return { rows, input, output, module: new WebAssembly.Module(bytes.slice()) }
  })
  const workerData = { programs, pages: placed.pages, contents: contentsOf(placed) }
  return Array.from({ length: count }, () => startThread(threads, workerData))
}

/**
 * A model in several threads, of which the least busy takes the next request. A message to a thread and back takes tens of
 * microseconds: for a small model `Predictor.make` is faster. The bits are the same.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([2]), Model.dense("sum", 1))
 * const weights = T.evaluate({ sum: { kernel: T.constant([[1], [1]]), bias: T.constant([0]) } })
 * const pool = Predictor.pool(Artifact.make(model, { params: weights, modelState: {} }), { threads: 2 })
 * const sums = await pool.predictBatch([[1, 2], [3, 4]])
 * await pool.close()
 * ```
 *
 * Idle threads hold no process open. Throws a PoolError unless there are 1 to 64 threads and the host has such.
 */
export const pool = <R, L extends string>(
  artifact: Artifact<R, L>,
  { threads: count = 2 }: PoolOptions = {}
): Pool<R, L> => {
  const threads = startThreads(artifact, count)
  const encode = encoderOf(artifact)
  const label = classifier(artifact)
  const number = estimator(artifact)
  const [inputs, outputs] = [sizeOf(artifact.inputShape), sizeOf(artifact.outputShape)]
  const leastBusy = (): Thread => {
    const alive = threads.filter(({ isAlive }) => isAlive())
    const [first, ...others] = alive.length === 0 ? threads : alive
    if (first === undefined) throw new PoolError({ message: "pool: it has no threads" })
    return others.reduce((best, thread) => (thread.waiting.size < best.waiting.size ? thread : best), first)
  }
  const ask = (rows: ReadonlyArray<R>): Promise<Float32Array> => {
    const numbers = new Float32Array(rows.length * inputs)
    rows.forEach((row, i) => encode(row, numbers, i * inputs))
    return leastBusy().ask(numbers, rows.length)
  }
  const each = async <A>(
    rows: ReadonlyArray<R>,
    look: (outputs: Float32Array, at: number) => A
  ): Promise<ReadonlyArray<A>> => {
    const share = Math.ceil(rows.length / threads.length)
    const parts: Array<Promise<Float32Array>> = []
    for (let from = 0; from < rows.length; from += share) parts.push(ask(rows.slice(from, from + share)))
    return (await Promise.all(parts)).flatMap((part) =>
      Array.from({ length: part.length / outputs }, (_, i) => look(part, i * outputs))
    )
  }
  return {
    artifact,
    predict: async (row) => ask([row]),
    predictBatch: (rows) => each(rows, (part, at) => part.slice(at, at + outputs)),
    classify: async (row) => label(await ask([row]), 0),
    classifyBatch: (rows) => each(rows, label),
    estimate: async (row) => number(await ask([row])),
    close: async () => {
      await Promise.all(threads.map(({ close }) => close()))
    }
  }
}
