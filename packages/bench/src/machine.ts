/**
 * How fast this machine is: `node machine.ts narrow|wide`, a line of JSON. The peak is that of multiplications and additions on
 * twelve chains of vectors, 128 bits wide or 256, without memory; the bandwidth that of copying 64 MB.
 */
import { Builder, straight } from "@cotangent/kernel"
import { emitWasm } from "@cotangent/compiler"
import { enableWide } from "@cotangent/runtime"

/** The speed of a machine in one mode. */
export interface Speed {
  readonly mode: "narrow" | "wide"
  /** Floating-point operations in a nanosecond. */
  readonly gigaflops: number
  /** Bytes read and written in a nanosecond. */
  readonly gigabytes: number
}

const [chains, rounds] = [12, 4096]

/** Chains `x = x a + b`, rounded twice, of which the processor can have all underway at once. */
const peakKernel = (lanes: number) =>
  Builder.kernel("peak", (b) => {
    const type = Builder.typeOf("f32", lanes)
    const [factor, term] = [b.constant(0.5, type), b.constant(1, type)]
    const xs = Array.from({ length: chains }, (_, i) => b.variable(b.constant(i, type)))
    b.loop(rounds, 1, () => {
      for (const x of xs) b.assign(x, b.binary("add", b.binary("mul", x, factor), term))
    })
    const out = { id: 0, name: "out", dtype: "f32" as const, length: 8 * chains }
    xs.forEach((x, i) => b.store(out, Builder.at(8 * i), x))
  })

/** The least time of a call, of as many as fit into some milliseconds. */
const leastOf = (millis: number, call: () => void): number => {
  let least = Infinity
  for (const until = performance.now() + millis; performance.now() < until;) {
    const before = performance.now()
    call()
    least = Math.min(least, performance.now() - before)
  }
  return least
}

/** Measures this process. */
export const measureMachine = (mode: Speed["mode"], millis = 400): Speed => {
  const isWide = mode === "wide" && enableWide()
  const lanes = isWide ? 8 : 4
  const bytes = emitWasm(straight([peakKernel(lanes)]), { layout: new Map([[0, 0]]), memoryPages: 1, wide: isWide })
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes.slice()), { env: { memory } })
  // The emitter declares this export: it takes how often the program runs.
  const run = exports["run"] as (count: number) => void
  const calls = 200
  const flops = calls * rounds * chains * lanes * 2
  const peak = leastOf(millis, () => run(calls))
  const [from, to] = [new Float32Array(2 ** 24).fill(1), new Float32Array(2 ** 24)]
  const copy = leastOf(millis, () => to.set(from))
  return {
    mode: isWide ? "wide" : "narrow",
    gigaflops: Number((flops / peak / 1e6).toFixed(1)),
    gigabytes: Number(((2 * from.byteLength) / copy / 1e6).toFixed(1))
  }
}

if (import.meta.main) {
  const [mode = "wide"] = process.argv.slice(2)
  console.log(JSON.stringify(measureMachine(mode === "wide" ? "wide" : "narrow")))
}
