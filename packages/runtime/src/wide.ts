/**
 * The wide mode: V8's flag that pairs 128-bit vector operations into 256-bit ones. The flag belongs to the whole process
 * and must be set before hot code is optimised. It is experimental, so a product is computed both ways first and the
 * bits compared.
 */
import { Builder, type Loop, Mathematics, straight } from "@cotangent/kernel"
import { emitWasm } from "@cotangent/compiler"

interface NodeProcess {
  readonly versions?: { readonly node?: string }
  readonly getBuiltinModule?: (name: string) => unknown
}

const nodeProcess = (): NodeProcess | undefined =>
  "process" in globalThis ? (globalThis as { readonly process?: NodeProcess }).process : undefined

/** The first Node whose V8 knows the flag and whose flagged code we have checked. */
const firstNode = 26

const [rows, columns, depth] = [64, 64, 64] as const

/** A product, the exponential of it, and row sums: what the flagged code must compute to the same bits. */
const probe = (wide: boolean, fused = false): Uint8Array => {
  const matrix = (id: number, length: number) => ({ id, name: `m${id}`, dtype: "f32" as const, length })
  const [left, right, product, sums] = [
    matrix(0, rows * depth),
    matrix(1, depth * columns),
    matrix(2, rows * columns),
    matrix(3, rows)
  ]
  const f32 = (lanes: number) => Builder.typeOf("f32", lanes)
  const tile = (b: Builder.Builder, row: Loop, column: Loop): void => {
    const parts = [0, 8].map(() => b.variable(b.constant(0, f32(8))))
    b.loop(depth, 1, (k) => {
      const x = b.load(
        left,
        Builder.at(0, [
          [row, depth],
          [k, 1]
        ]),
        8,
        0
      )
      parts.forEach((part, j) =>
        b.assign(
          part,
          b.binary(
            "add",
            part,
            b.binary(
              "mul",
              x,
              b.load(
                right,
                Builder.at(8 * j, [
                  [k, columns],
                  [column, 1]
                ]),
                8
              )
            )
          )
        )
      )
    })
    parts.forEach((part, j) =>
      b.store(
        product,
        Builder.at(8 * j, [
          [row, columns],
          [column, 1]
        ]),
        Mathematics.unaryFunctions.exp(b, part)
      )
    )
  }
  const kernel = Builder.kernel("probe", (b) => {
    b.loop(rows, 1, (row) => {
      b.loop(columns, 16, (column) => tile(b, row, column))
      const sum = b.variable(b.constant(0, f32(8)))
      b.loop(columns - 8, 8, (column) =>
        b.assign(
          sum,
          b.binary(
            "add",
            sum,
            b.load(
              product,
              Builder.at(0, [
                [row, columns],
                [column, 1]
              ]),
              8
            )
          )
        )
      )
      const tail = b.load(product, Builder.at(columns - 8, [[row, columns]]), 3)
      b.store(sums, Builder.at(0, [[row, 1]]), b.combine("add", b.binary("add", sum, b.extend(tail, 8, 0))))
    })
  })
  return emitWasm(straight([kernel]), {
    layout: new Map([
      [0, 0],
      [1, 16384],
      [2, 32768],
      [3, 49152]
    ]),
    memoryPages: 1,
    wide,
    fused
  })
}

/** Runs the probe until it is optimised, and gives the bits of what it last computed. */
const runProbe = (bytes: Uint8Array): Uint32Array => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
  const input = new Float32Array(memory.buffer, 0, (rows + columns) * depth)
  for (let i = 0; i < input.length; i++) input[i] = ((i * 2654435761) % 1000003) / 500000 - 1
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes.slice()), { env: { memory } }).exports
  if (typeof run === "function") run(200)
  return new Uint32Array(memory.buffer.slice(32768, 49152 + 4 * rows))
}

/** Whether products can be added without being rounded first, and come out as they should. */
export const canFuse = (): boolean => {
  const bytes = probe(isWideEnabled(), true)
  if (!WebAssembly.validate(bytes.slice())) return false
  const [expected, fused] = [runProbe(probe(isWideEnabled())), runProbe(bytes)].map(
    (bits) => new Float32Array(bits.buffer)
  )
  return fused?.every((x, i) => Math.abs(x - (expected?.[i] ?? Number.NaN)) <= 1e-4 * Math.abs(x)) ?? false
}

let enabled: boolean | undefined

/** Sets the flag if this engine has it and its product has the same bits; gives whether wide code may be used. */
export const enableWide = (): boolean => {
  enabled ??= tryWide()
  return enabled
}

const tryWide = (): boolean => {
  const process = nodeProcess()
  const major = Number((process?.versions?.node ?? "0").split(".")[0])
  const v8 = major >= firstNode ? process?.getBuiltinModule?.("node:v8") : undefined
  if (
    typeof v8 !== "object" ||
    v8 === null ||
    !("setFlagsFromString" in v8) ||
    typeof v8.setFlagsFromString !== "function"
  )
    return false
  const expected = runProbe(probe(false))
  v8.setFlagsFromString("--experimental-wasm-revectorize")
  const same = runProbe(probe(true)).every((word, i) => word === expected[i])
  if (!same) v8.setFlagsFromString("--no-experimental-wasm-revectorize")
  return same
}

/** Whether this process runs with paired instructions: then every module must be emitted for them. */
export const isWideEnabled = (): boolean => enabled ?? false
