/** Explanations as text: tables of passes and kernels, and a drawing of scratch memory over the calls of kernels. */
import type {
  Explanation,
  FusedOperation,
  KernelExplanation,
  LoopNest,
  MemoryExplanation,
  PassTrace,
  PlannedBuffer
} from "./explanation.ts"

/** What is shown of an explanation. */
export interface PrintExplanationOptions {
  /** The operations of each kernel, where they were built, and its loops; true unless given. */
  readonly operations?: boolean
  /** The directory that positions are shown relative to. */
  readonly root?: string
}

const grouped = (n: number): string =>
  Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",")

/** Columns, the first and the last to the left, numbers to the right. */
const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const [head = []] = rows
  const widths = head.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  const isLeft = (i: number): boolean => i === 0 || i === head.length - 1
  return rows.map((row) =>
    row
      .map((text, i) => (isLeft(i) ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd()
  )
}

const printPasses = (passes: ReadonlyArray<PassTrace>): ReadonlyArray<string> =>
  table([
    ["pass", "nodes before", "after", ""],
    ...passes.map(({ nodesAfter, nodesBefore, pass }) => [pass, grouped(nodesBefore), grouped(nodesAfter), ""])
  ])

const printLoop = ({ inside, rounds, step }: LoopNest): string => {
  const own = step === 1 ? String(rounds) : `${rounds} by ${step}`
  return inside.length === 0 ? own : `${own} { ${inside.map(printLoop).join("; ")} }`
}

const printOperations = (
  operations: ReadonlyArray<FusedOperation>,
  root: string | undefined
): ReadonlyArray<string> => {
  const short = (position: string): string =>
    root !== undefined && position.startsWith(`${root}/`) ? position.slice(root.length + 1) : position
  const by = new Map<string, Array<string>>()
  for (const { derivative, layer, position, primitive } of operations) {
    const place = [
      position === undefined ? "built by the library" : `built at ${short(position)}`,
      ...(layer === undefined ? [] : [`in ${layer}`]),
      ...(derivative === undefined ? [] : [derivative])
    ].join(", ")
    by.set(place, [...(by.get(place) ?? []), primitive])
  }
  return [...by].map(([place, names]) => `    ${names.join(" ")}: ${place}`)
}

const printKernels = (
  kernels: ReadonlyArray<KernelExplanation>,
  { operations = true, root }: PrintExplanationOptions
): ReadonlyArray<string> => {
  const total = kernels.reduce((sum, { estimate }) => sum + (estimate?.microseconds ?? 0), 0)
  const rows = table([
    ["kernel", "calls", "FLOPs", "bytes read", "written", "FLOPs/byte", ...(total > 0 ? ["us", "share"] : []), "limit"],
    ...kernels.map(({ bytesRead, bytesWritten, calls, estimate, flops, name }) => [
      name,
      grouped(calls),
      grouped(flops),
      grouped(bytesRead),
      grouped(bytesWritten),
      (flops / Math.max(1, bytesRead + bytesWritten)).toFixed(2),
      ...(estimate === undefined || total === 0
        ? []
        : [estimate.microseconds.toFixed(2), `${((100 * estimate.microseconds) / total).toFixed(0)}%`]),
      estimate?.limit ?? ""
    ])
  ]).map((line, i) => (i === 0 && total === 0 ? line.replace(/ +limit$/, "") : line))
  return [
    ...rows.slice(0, 1),
    ...kernels.flatMap((kernel, i) => [
      rows[i + 1] ?? "",
      ...(operations
        ? [
            ...(kernel.loops.length === 0 ? [] : [`    loops ${kernel.loops.map(printLoop).join("; ")}`]),
            ...printOperations(kernel.operations, root)
          ]
        : [])
    ])
  ]
}

/** At most this many columns; a column stands for several calls where there are more. */
const columns = 64

const bar = ({ from, to }: PlannedBuffer, calls: number): string => {
  const each = Math.max(1, Math.ceil(calls / columns))
  const width = Math.ceil(calls / each)
  const [first, last] = [Math.floor(from / each), Math.floor(to / each)]
  return `|${".".repeat(first)}${"#".repeat(last - first + 1)}${".".repeat(Math.max(0, width - last - 1))}|`
}

/** The memory plan as a table whose last column draws when each buffer is alive: a column per call of a kernel. */
export const printMemory = (memory: MemoryExplanation): string =>
  [
    `state ${grouped(memory.stateBytes)} bytes, inputs ${grouped(memory.inputBytes)}, outputs ${grouped(memory.outputBytes)}, constants ${grouped(memory.constantBytes)}`,
    `scratch ${grouped(memory.scratchBytes)} bytes, ${grouped(memory.withoutReuse)} without reuse`,
    ...(memory.buffers.length === 0
      ? []
      : table([
          ["buffer", "bytes", "offset", `alive, of ${memory.calls} calls`],
          ...memory.buffers.map((buffer) => [
            buffer.name,
            grouped(buffer.bytes),
            grouped(buffer.offset),
            bar(buffer, memory.calls)
          ])
        ]))
  ].join("\n")

/** An explanation as text. */
export const printExplanation = (explanation: Explanation, options: PrintExplanationOptions = {}): string => {
  const { bytes, flops, kernels } = explanation.cost
  return [
    ...printPasses(explanation.passes),
    "",
    ...printKernels(explanation.kernels, options),
    "",
    printMemory(explanation.memory),
    "",
    `one step: ${grouped(kernels)} kernels, ${grouped(flops)} FLOPs, ${grouped(bytes)} bytes read and written`
  ].join("\n")
}
