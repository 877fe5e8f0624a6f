/**
 * The other threads of an engine: workers that wait for work, follow the same program over the same shared memory, and
 * meet the first thread at the barriers that the compiler wrote into it (`compiler/src/target/wasm/barrier.ts`).
 *
 * A worker that is idle spins for some tens of microseconds and then sleeps. It holds no process open, and it ends when
 * its engine is closed. If one fails, the first thread stops waiting, all are given up, and the next program that wants
 * threads starts new ones.
 */
import { gaveUpAt, napMillis, patienceAt } from "@cotangent/compiler"
import { ThreadError } from "./errors.ts"
import { controlOf } from "./layout.ts"
import type { Memory, MemoryPool } from "./memory.ts"

/** A program over one memory. */
export interface Job {
  readonly module: WebAssembly.Module
  readonly memory: Memory
}

/** The other threads. */
export interface Crew {
  /**
   * Lets the others serve `count` steps while `body` runs as many in this thread. Throws a ThreadError if they fail;
   * the memory cannot be used any more then.
   */
  readonly together: (job: Job, count: number, body: () => void) => void
  readonly close: () => void
}

interface Port {
  readonly postMessage: (message: unknown) => void
  readonly unref: () => void
}

interface Worker {
  readonly unref: () => void
  readonly terminate: () => Promise<number>
  readonly on: (event: "error" | "exit", listener: (what: unknown) => void) => void
}

interface WorkerThreads {
  readonly Worker: new (source: string, options: object) => Worker
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port }
}

/** Words that workers and the first thread share: how many jobs were given out, which one, and how many steps. */
const [given, which, count] = [0, 1, 2]

/** Programs that workers keep ready; the least recently used goes first. */
const keptReady = 256

/** What a worker runs. It is text, for there is no file that every bundler and every conditions flag would find. */
const source = `"use strict"
const { workerData: { words, thread, port }, receiveMessageOnPort } = require("node:worker_threads")
const serving = new Map()
const listen = () => {
  for (let next; (next = receiveMessageOnPort(port)) !== undefined; ) {
    const { id, module, memory } = next.message
    if (module === undefined) serving.delete(id)
    else serving.set(id, { memory, serve: new WebAssembly.Instance(module, { env: { memory } }).exports.serve })
  }
}
for (let seen = 0; ; ) {
  for (let spins = 0; Atomics.load(words, ${given}) === seen; spins++) if (spins > 20000) Atomics.wait(words, ${given}, seen)
  seen = Atomics.load(words, ${given})
  if (Atomics.load(words, ${count}) < 0) break
  listen()
  const job = serving.get(Atomics.load(words, ${which}))
  try {
    job.serve(thread, Atomics.load(words, ${count}))
  } catch {
    const control = new Int32Array(job.memory.buffer, Atomics.load(words, 3), 80)
    Atomics.store(control, ${gaveUpAt / 4}, 1)
  }
}
`

const workerThreads = (): WorkerThreads | undefined => {
  const host = globalThis as { readonly process?: { readonly getBuiltinModule?: (name: string) => unknown } }
  // Node's module of that name has these two constructors.
  return host.process?.getBuiltinModule?.("node:worker_threads") as WorkerThreads | undefined
}

/** Whether this host has threads. */
export const hasThreads = (): boolean => workerThreads() !== undefined && typeof SharedArrayBuffer === "function"

interface Staff {
  readonly words: Int32Array
  readonly workers: ReadonlyArray<Worker>
  readonly ports: ReadonlyArray<Port>
  readonly ready: Map<string, number>
  failed: string | undefined
}

const hire = ({ Worker, MessageChannel }: WorkerThreads, threads: number): Staff => {
  const words = new Int32Array(new SharedArrayBuffer(64))
  const ports: Array<Port> = []
  const workers = Array.from({ length: threads - 1 }, (_, i) => {
    const { port1, port2 } = new MessageChannel()
    ports.push(port1)
    port1.unref()
    const workerData = { words, thread: i + 1, port: port2 }
    const options = { eval: true, workerData, transferList: [port2], execArgv: [], name: `cotangent ${i + 1}` }
    const worker = new Worker(source, options)
    worker.unref()
    return worker
  })
  const staff: Staff = { words, workers, ports, ready: new Map(), failed: undefined }
  for (const worker of workers) {
    worker.on("error", (error) => (staff.failed ??= error instanceof Error ? error.message : String(error)))
    worker.on("exit", () => (staff.failed ??= "a worker ended"))
  }
  return staff
}

const dismiss = ({ words, workers }: Staff): void => {
  Atomics.store(words, count, -1)
  Atomics.add(words, given, 1)
  Atomics.notify(words, given)
  // A worker that is stuck in a program ends this way; the promise has nothing to tell.
  for (const worker of workers) void worker.terminate()
}

/** The others of some number of threads; they are started when the first program wants them. */
export const makeCrew = (pool: MemoryPool, threads: number, patienceMillis: number): Crew => {
  const host = workerThreads()
  if (host === undefined) throw new TypeError("threads: this host has none")
  let staff: Staff | undefined
  const memories = new WeakMap<Memory, number>()
  const modules = new WeakMap<WebAssembly.Module, number>()
  let names = 0
  const nameIn = <K extends object>(known: WeakMap<K, number>, key: K): number => {
    const name = known.get(key) ?? ++names
    known.set(key, name)
    return name
  }
  /** The number under which the workers know a job; they are told of it if they do not. */
  const idOf = ({ ready, ports }: Staff, { memory, module }: Job): number => {
    const key = `${nameIn(modules, module)} ${nameIn(memories, memory)}`
    const known = ready.get(key)
    const id = known ?? ++names
    if (known === undefined) for (const port of ports) port.postMessage({ id, module, memory: memory.wasm })
    ready.delete(key)
    ready.set(key, id)
    for (const [oldest, dropped] of ready) {
      if (ready.size <= keptReady) break
      ready.delete(oldest)
      for (const port of ports) port.postMessage({ id: dropped })
    }
    return id
  }
  const fail = (memory: Memory, why: string): never => {
    pool.discard(memory)
    if (staff !== undefined) dismiss(staff)
    staff = undefined
    throw new ThreadError({
      message: `threads: ${why}; what this session had computed is lost, open a new one, which gets new threads`
    })
  }
  return {
    together: (job, steps, body) => {
      const { memory } = job
      if (pool.isDiscarded(memory)) return fail(memory, "a thread failed in an earlier step")
      if (staff?.failed !== undefined) {
        dismiss(staff)
        staff = undefined
      }
      staff ??= hire(host, threads)
      const { words } = staff
      const control = controlOf(memory.pages)
      const block = new Int32Array(memory.buffer, control)
      Atomics.store(block, patienceAt / 4, Math.ceil(patienceMillis / napMillis))
      Atomics.store(words, which, idOf(staff, job))
      Atomics.store(words, count, steps)
      Atomics.store(words, 3, control)
      Atomics.add(words, given, 1)
      Atomics.notify(words, given)
      try {
        body()
      } catch (thrown) {
        if (!(thrown instanceof WebAssembly.RuntimeError)) throw thrown
        fail(memory, staff.failed ?? `another thread failed, or did not answer for ${patienceMillis} ms`)
      }
    },
    close: () => {
      if (staff !== undefined) dismiss(staff)
      staff = undefined
    }
  }
}
