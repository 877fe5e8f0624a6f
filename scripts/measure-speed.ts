/**
 * Measures how fast the scalar functions are, for docs/numerics.md: nanoseconds per element of a vector kernel over
 * 64 Ki elements, in 128-bit code and in the paired code that V8 runs on 256-bit registers.
 *
 *     node --conditions=@cotangent/source scripts/measure-speed.ts [NAME...] [--rounds N]
 *
 * The kernels take turns, N rounds (default 200) of one pass each, short enough to be undisturbed now and then on a
 * busy machine; a row shows the fastest round of each.
 */
import { setFlagsFromString } from "node:v8"
import { emitWasm } from "@cotangent/compiler"
import { type Buffer, Builder, bytesOf, Mathematics, straight } from "@cotangent/kernel"

// Optimised code after a few calls, compiled before they return: on a busy machine it would come at any time.
setFlagsFromString("--wasm-sync-tier-up")
setFlagsFromString("--wasm-tiering-budget=1000")

const elements = 65_536

const flag = (name: string, otherwise: number): number => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? otherwise : Number(process.argv[i + 1])
}
const rounds = flag("rounds", 200)
const wanted = process.argv.slice(2).filter((a, i, all) => !a.startsWith("--") && !(all[i - 1] ?? "").startsWith("--"))

/** Operands are uniform in these intervals, those of pow are positive. */
const intervals: Readonly<Record<string, readonly [number, number]>> = {
  exp: [-20, 20],
  log: [0.01, 100],
  tanh: [-4, 4],
  sigmoid: [-8, 8],
  erf: [-3, 3],
  sin: [-10, 10],
  cos: [-10, 10],
  pow: [0.1, 10],
  expm1: [-4, 4],
  log1p: [-0.9, 10],
  rsqrt: [0.01, 100]
}

interface Timed {
  readonly run: (times: number) => void
  best: number
}

const definitionOf = (
  name: string
): ((
  b: Builder.Builder,
  x: Parameters<Mathematics.UnaryDefinition>[1],
  y: Parameters<Mathematics.UnaryDefinition>[1]
) => Parameters<Mathematics.UnaryDefinition>[1]) => {
  if (name === "pow") return Mathematics.binaryFunctions.pow
  if (name === "rsqrt") return (b, x) => b.binary("div", b.constant(1, x.type), b.unary("sqrt", x))
  const known = Object.entries(Mathematics.unaryFunctions).find(([key]) => key === name)
  if (known === undefined) throw new Error(`there is no function named ${name}`)
  return (b, x) => known[1](b, x)
}

const compile = (name: string, dtype: Mathematics.Float, wide: boolean): Timed => {
  const lanes = dtype === "f32" ? 8 : 4
  const bytes = elements * bytesOf[dtype]
  const buffer = (id: number): Buffer => ({ id, name: `b${id}`, dtype, length: elements })
  const definition = definitionOf(name)
  const kernel = Builder.kernel(name, (b) =>
    b.loop(elements, lanes, (loop) => {
      const at = Builder.at(0, [[loop, 1]])
      const x = b.load(buffer(0), at, lanes)
      b.store(buffer(2), at, definition(b, x, name === "pow" ? b.load(buffer(1), at, lanes) : x))
    })
  )
  const layout = new Map([0, 1, 2].map((id) => [id, id * (bytes + 256)]))
  const pages = Math.ceil((3 * (bytes + 256)) / 65_536) + 1
  const memory = new WebAssembly.Memory({ initial: pages })
  const array = dtype === "f32" ? Float32Array : Float64Array
  const [low, high] = intervals[name] ?? [0.1, 4]
  for (const id of [0, 1]) {
    const values = new array(memory.buffer, layout.get(id), elements)
    for (let i = 0; i < elements; i++) values[i] = low + (high - low) * Math.random()
  }
  const module = emitWasm(straight([kernel]), { layout, memoryPages: pages, wide, salt: `${name} ${dtype}` })
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(module.slice()), { env: { memory } }).exports
  if (typeof run !== "function") throw new Error("the module exports no run")
  const typed = run as (times: number) => void
  for (let i = 0; i < 30; i++) typed(4)
  return { run: typed, best: Infinity }
}

const names = wanted.length > 0 ? wanted : Object.keys(intervals)
const shapes = [
  ["f32", false],
  ["f32", true],
  ["f64", false],
  ["f64", true]
] as const
const all = shapes
  .toSorted(([, a], [, b]) => Number(a) - Number(b))
  .flatMap(([dtype, wide]) => {
    if (wide) setFlagsFromString("--experimental-wasm-revectorize")
    return names.map((name) => ({ name, dtype, wide, timed: compile(name, dtype, wide) }))
  })
for (let round = 0; round < rounds; round++) {
  for (const { timed } of all) {
    const start = performance.now()
    timed.run(1)
    timed.best = Math.min(timed.best, ((performance.now() - start) * 1e6) / elements)
  }
}
console.log(`| ns per element | f32 | f32 wide | f64 | f64 wide |\n| --- | --- | --- | --- | --- |`)
for (const name of names) {
  const cells = shapes.map(([dtype, wide]) =>
    all.find((row) => row.name === name && row.dtype === dtype && row.wide === wide)?.timed.best.toFixed(2)
  )
  console.log(`| \`${name}\` | ${cells.join(" | ")} |`)
}
