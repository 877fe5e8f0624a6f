/**
 * Measures the float64 functions on dense samples, for docs/numerics.md: compiled kernels against an oracle in
 * double-double arithmetic that shares nothing with the definitions.
 *
 *     node --conditions=@cotangent/source scripts/measure-dense.ts [NAME...] [--samples N] [--from A --to B]
 *
 * N operands (default 10^7) per function, as many in each part of its domain as of sizes from 2^-60 up; for pow, pairs.
 * With --from and --to, uniform operands in that interval only.
 */
import { emitWasm } from "@cotangent/compiler"
import { type Buffer, Builder, Mathematics, straight } from "@cotangent/kernel"
import {
  denseError,
  denseInverseRoot,
  type DenseFunction,
  denseOracle,
  densePow,
  type Scaled
} from "../packages/kernel/src/mathematics/dense-oracle.test.support.ts"
import { domains } from "../packages/kernel/src/mathematics/domains.test.support.ts"
import { randoms } from "../packages/kernel/src/mathematics/samples.test.support.ts"

const blockLength = 2 ** 13
const flag = (name: string): number | undefined => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? undefined : Number(process.argv[i + 1])
}
const samples = flag("samples") ?? 1e7
const [only, to] = [flag("from"), flag("to")]
const wanted = process.argv.slice(2).filter((a, i, all) => !a.startsWith("--") && !(all[i - 1] ?? "").startsWith("--"))

type Definition = Mathematics.UnaryDefinition | Mathematics.BinaryDefinition

/** A kernel over blocks of two operands. */
const compile = (name: string, definition: Definition) => {
  const buffer = (id: number): Buffer => ({ id, name: `b${id}`, dtype: "f64", length: blockLength })
  const kernel = Builder.kernel(name, (b) =>
    b.loop(blockLength, 4, (loop) => {
      const place = Builder.at(0, [[loop, 1]])
      b.store(buffer(2), place, definition(b, b.load(buffer(0), place, 4), b.load(buffer(1), place, 4)))
    })
  )
  const bytes = blockLength * 8 + 64
  const layout = new Map([0, 1, 2].map((id) => [id, id * bytes]))
  const pages = Math.ceil((3 * bytes) / 65_536) + 1
  const memory = new WebAssembly.Memory({ initial: pages })
  const module = emitWasm(straight([kernel]), { layout, memoryPages: pages })
  const { step } = new WebAssembly.Instance(new WebAssembly.Module(module.slice()), { env: { memory } }).exports
  if (typeof step !== "function") throw new Error("the module exports no step")
  const view = (id: number) => new Float64Array(memory.buffer, id * bytes, blockLength)
  return { first: view(0), second: view(1), result: view(2), step }
}

const random = randoms(1)
/** 53 random bits. */
const uniform = (): number => (Math.floor(random() * 2 ** 26) + random()) * 2 ** -26

const measure = (
  name: string,
  definition: Definition,
  draw: (i: number) => readonly [number, number],
  oracle: (x: number, y: number) => Scaled
): void => {
  const start = performance.now()
  const { first, result, second, step } = compile(name, definition)
  let worst = { error: -1, x: NaN, y: NaN, value: NaN }
  let count = 0
  for (let done = 0; done < samples; done += blockLength) {
    for (let i = 0; i < blockLength; i++) {
      const [x, y] = draw(done + i)
      first[i] = x
      second[i] = y
    }
    step()
    for (let i = 0; i < blockLength; i++) {
      const [x, y, value] = [first[i] ?? NaN, second[i] ?? NaN, result[i] ?? NaN]
      const expected = oracle(x, y)
      // Beyond the range of floats ulps mean nothing.
      if (!Number.isFinite(expected.value.hi * 2 ** Math.min(expected.k, 1023))) continue
      if (!Number.isFinite(value) && expected.k + Math.log2(Math.abs(expected.value.hi)) > 1023.9999999) continue
      count++
      const error = expected.value.hi === 0 ? (value === 0 ? 0 : Infinity) : denseError(value, expected)
      if (!(error <= worst.error)) worst = { error, x, y, value }
    }
  }
  const operands = name === "pow" ? `${worst.x}, ${worst.y}` : `${worst.x}`
  console.log(
    `${name.padEnd(8)} ${worst.error.toFixed(4)} ulp at ${operands}: ${worst.value} (${count} operands, ${((performance.now() - start) / 1000).toFixed(0)} s)`
  )
}

for (const name of Object.keys(denseOracle) as ReadonlyArray<DenseFunction>) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const {
    domain: [low, high],
    parts
  } = domains[name].f64
  const draw = (i: number): readonly [number, number] => {
    if (only !== undefined && to !== undefined) return [only + (to - only) * uniform(), 0]
    for (;;) {
      const [from, until] = parts[i % (parts.length + 1)] ?? [0, 0]
      const size = (1 + uniform()) * 2 ** (2 - Math.floor(62 * random()))
      const x = from < until ? from + (until - from) * uniform() : low >= 0 || random() < 0.5 ? size : -size
      if (x !== 0 && x >= low && x <= high) return [x, 0]
    }
  }
  measure(name, Mathematics.unaryFunctions[name], draw, denseOracle[name])
}

if (wanted.length === 0 || wanted.includes("rsqrt")) {
  const draw = (): readonly [number, number] => [(1 + uniform()) * 2 ** Math.floor(2000 * random() - 1000), 0]
  const rsqrt: Mathematics.UnaryDefinition = (b, x) => b.binary("div", b.constant(1, x.type), b.unary("sqrt", x))
  measure("rsqrt", rsqrt, draw, denseInverseRoot)
}

if (wanted.length === 0 || wanted.includes("pow")) {
  const draw = (i: number): readonly [number, number] => {
    const x =
      i % 3 === 0
        ? 1 + (uniform() - 0.5) * 2 ** -Math.floor(40 * random())
        : i % 3 === 1
          ? (1 + uniform()) * 2 ** Math.floor(2000 * random() - 1000)
          : 0.1 + 9.9 * uniform()
    if (x === 1) return [2, 0.5]
    return [x, i % 3 === 2 ? 600 * uniform() - 300 : (2120 * uniform() - 1090) / Math.log2(x)]
  }
  measure("pow", Mathematics.pow, draw, densePow)
}
