/** The programs of an artifact in one memory: the weights, then constants, inputs and outputs of each, then scratch. */
import { type Addresses, layoutOf, plan, type Planned, type PlanOptions } from "@cotangent/compiler"
import { sizeOf, type Value } from "@cotangent/graph"
import { alignUp, type Memory, pagesFor, place, type PlacedLeaf, writeLeaf } from "@cotangent/runtime"
import type { ServedProgram, Weight } from "./artifact.ts"

/** One program with its place. */
export interface PlacedProgram {
  readonly rows: number
  readonly planned: Planned
  readonly addresses: Addresses
  readonly input: PlacedLeaf
  readonly output: PlacedLeaf
}

/** A memory for some programs over the same weights. */
export interface Placed {
  readonly weights: ReadonlyArray<PlacedLeaf>
  readonly values: ReadonlyArray<Value>
  readonly programs: ReadonlyArray<PlacedProgram>
  /** Where what does not change ends: weights and constants. */
  readonly fixedEnd: number
  readonly pages: number
}

/** Plans programs and lays out a memory for them. */
export const placePrograms = (
  weights: ReadonlyArray<Weight>,
  programs: ReadonlyArray<ServedProgram>,
  how: Pick<PlanOptions, "tile" | "isCanonical"> = {}
): Placed => {
  const leaves = weights.map(({ name, value: { shape, dtype } }) => ({ path: name, shape, dtype }))
  const placed = place(leaves, 0)
  const planned = programs.map(({ rows, graph }) => ({ rows, graph, planned: plan(graph, how) }))
  let { end } = placed
  const constants = planned.map(({ planned: { cost } }) => {
    const at = end
    end = alignUp(at + cost.constantBytes)
    return at
  })
  const fixedEnd = end
  const borders = planned.map(({ rows, graph }) => {
    const [result] = graph.results
    const output = result === undefined ? undefined : graph.nodes[result.node]?.outputs[result.output]
    const shapes = { input: graph.parameters.at(-1)?.shape ?? [], output: output?.shape ?? [] }
    const [input, out] = [
      place([{ path: "input", shape: shapes.input, dtype: "f32" }], end),
      place([{ path: "output", shape: shapes.output, dtype: "f32" }], alignUp(end + 4 * sizeOf(shapes.input)))
    ]
    end = out.end
    return { rows, input: input.leaves, output: out.leaves }
  })
  const scratch = end
  const largest = Math.max(0, ...planned.map(({ planned: { cost } }) => cost.scratchBytes))
  return {
    weights: placed.leaves,
    values: weights.map(({ value }) => value),
    programs: planned.flatMap(({ rows, planned: program }, i) => {
      const [input, output] = [borders[i]?.input[0], borders[i]?.output[0]]
      if (input === undefined || output === undefined) return []
      const addresses = {
        parameters: [...placed.leaves.map(({ address }) => address), input.address],
        results: [output.address],
        constants: constants[i] ?? 0,
        scratch
      }
      return [{ rows, planned: program, addresses, input, output }]
    }),
    fixedEnd,
    pages: pagesFor(scratch + largest)
  }
}

/** Writes the weights into a memory. */
export const writeWeights = (memory: Memory, { weights, values }: Placed): void =>
  weights.forEach((leaf, i) => writeLeaf(memory, leaf, values[i]?.data ?? []))

/** What stands in the memory before the first call: weights and constants, from address 0 on. */
export const contentsOf = (placed: Placed): ArrayBuffer => {
  const buffer = new ArrayBuffer(placed.fixedEnd)
  const memory: Memory = { pages: placed.pages, buffer }
  writeWeights(memory, placed)
  for (const { addresses, planned } of placed.programs) {
    const layout = layoutOf(planned, addresses)
    for (const { buffer: constant, data } of planned.constants) {
      const { name: path, dtype, id, length } = constant
      writeLeaf(memory, { path, shape: [length], dtype, length, address: layout.get(id) ?? 0 }, data)
    }
  }
  return buffer
}
