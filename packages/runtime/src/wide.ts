/**
 * The wide mode: V8's flag that pairs 128-bit vector operations into 256-bit ones. The flag belongs to the whole process
 * and must be set before hot code is optimised. It is experimental, so a product is computed both ways first and the
 * bits compared.
 */
import { Builder, type Kernel } from "@cotangent/kernel"
import { emitWasm } from "@cotangent/compiler"

interface NodeProcess {
  readonly versions?: { readonly node?: string }
  readonly getBuiltinModule?: (name: string) => unknown
}

const nodeProcess = (): NodeProcess | undefined =>
  "process" in globalThis ? (globalThis as { readonly process?: NodeProcess }).process : undefined

/** The first Node whose V8 knows the flag and whose flagged code we have checked. */
const firstNode = 26

const size = 64

/** A product of two 64 x 64 matrices, tiled for pairs of vectors. */
const probe = (): Uint8Array => {
  const matrix = (id: number) => ({ id, name: `m${id}`, dtype: "f32" as const, length: size * size })
  const [a, b_, c] = [matrix(0), matrix(1), matrix(2)]
  const kernel: Kernel = Builder.kernel("probe", (b) => {
    b.loop(size, 1, (row) =>
      b.loop(size, 16, (column) => {
        const sums = [0, 8].map(() => b.variable(b.constant(0, Builder.typeOf("f32", 8))))
        b.loop(size, 1, (k) => {
          const x = b.load(
            a,
            Builder.at(0, [
              [row, size],
              [k, 1]
            ]),
            8,
            0
          )
          sums.forEach((sum, j) =>
            b.assign(
              sum,
              b.binary(
                "add",
                sum,
                b.binary(
                  "mul",
                  x,
                  b.load(
                    b_,
                    Builder.at(8 * j, [
                      [k, size],
                      [column, 1]
                    ]),
                    8
                  )
                )
              )
            )
          )
        })
        sums.forEach((sum, j) =>
          b.store(
            c,
            Builder.at(8 * j, [
              [row, size],
              [column, 1]
            ]),
            sum
          )
        )
      })
    )
  })
  return emitWasm([kernel], {
    layout: new Map([
      [0, 0],
      [1, 16384],
      [2, 32768]
    ]),
    memoryPages: 1
  })
}

/** Runs the probe often enough to be optimised, and gives the bits of its last product. */
const runProbe = (bytes: Uint8Array): Uint32Array => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
  const input = new Float32Array(memory.buffer, 0, 2 * size * size)
  for (let i = 0; i < input.length; i++) input[i] = ((i * 2654435761) % 1000003) / 500000 - 1
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes.slice()), { env: { memory } }).exports
  if (typeof run === "function") run(200)
  return new Uint32Array(memory.buffer.slice(32768, 32768 + 4 * size * size))
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
  const bytes = probe()
  const expected = runProbe(bytes)
  v8.setFlagsFromString("--experimental-wasm-revectorize")
  // Other bytes, or the engine would hand back the code it made for the first module.
  const [kernelName] = [new TextEncoder().encode("wide")]
  const section = Uint8Array.of(0, kernelName.length + 1, kernelName.length, ...kernelName)
  const marked = new Uint8Array(bytes.length + section.length)
  marked.set(bytes)
  marked.set(section, bytes.length)
  const same = runProbe(marked).every((word, i) => word === expected[i])
  if (!same) v8.setFlagsFromString("--no-experimental-wasm-revectorize")
  return same
}
