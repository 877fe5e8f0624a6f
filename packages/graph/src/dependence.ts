/**
 * What tensors are computed from, also through loops and branches: these hand all operands to their bodies, and which of
 * their outputs need which operands is known inside only.
 */
import { isFloat } from "./dtype.ts"
import { reachable } from "./region.ts"
import type { AnyTensor, Node, Region } from "./tensor.ts"

/** What a dependence is of: of values, or of derivatives, which flow through floats only. */
export type Dependence = "values" | "derivatives"

/** Which of `sources` the values, or the derivatives, of `tensors` depend on. */
export const dependencies = (
  of: Dependence,
  tensors: ReadonlyArray<AnyTensor>,
  sources: ReadonlyArray<AnyTensor>
): ReadonlyArray<boolean> => {
  const ends = new Set(sources.map((x) => x.node))
  const needed = new Map<Node, Set<number>>()
  const note = ({ node, output, dtype }: AnyTensor): void => {
    if (of === "values" || isFloat(dtype)) needed.set(node, (needed.get(node) ?? new Set()).add(output))
  }
  tensors.forEach(note)
  // Users come before what they use: when a node is met, all of its outputs that are needed are known.
  for (const node of reachable(tensors, (n) => ends.has(n)).toReversed()) {
    const outputs = needed.get(node)
    if (outputs === undefined || ends.has(node)) continue
    const flags = operandsOf(of, node, outputs)
    node.inputs.forEach((x, k) => {
      if (flags === undefined || flags[k] === true) note(x)
    })
  }
  return sources.map(({ node, output }) => needed.get(node)?.has(output) === true)
}

const count = (attribute: unknown): number => (typeof attribute === "number" ? attribute : 0)

/** Which operands some outputs of a node depend on; all of them where that is not said. */
const operandsOf = (
  of: Dependence,
  { primitive, inputs, regions, attributes }: Node,
  outputs: ReadonlySet<number>
): ReadonlyArray<boolean> | undefined => {
  const [first, second] = regions
  if (first === undefined) return undefined
  const carries = count(attributes["carries"])
  if (primitive === "scan")
    return loopOperands(of, first, inputs.length - carries - count(attributes["sequences"]), carries, outputs)
  if (second === undefined) return undefined
  if (primitive === "whileLoop")
    return loopOperands(
      of,
      second,
      inputs.length - carries,
      carries,
      outputs,
      dependencies(of, first.results, first.parameters)
    )
  if (primitive !== "cond") return undefined
  const branches = regions.map(({ results, parameters }) =>
    dependencies(
      of,
      results.filter((_, i) => outputs.has(i)),
      parameters
    )
  )
  // The first operand is the predicate, which the branches do not take.
  return inputs.map((_, k) => k === 0 || branches.some((flags) => flags[k - 1] === true))
}

/**
 * Which operands of a loop some of its outputs depend on, at some step. The carries are the operands from `first` on; the
 * step takes the operands and gives the carries, then rows. `always`: what every output depends on.
 */
export const loopOperands = (
  of: Dependence,
  step: Region,
  first: number,
  carries: number,
  outputs: ReadonlySet<number>,
  always: ReadonlyArray<boolean> = []
): ReadonlyArray<boolean> => {
  const isCarried = (k: number, results: ReadonlySet<number>) => k < first + carries && results.has(k - first)
  let results = outputs
  for (;;) {
    const now = results
    const used = dependencies(
      of,
      step.results.filter((_, i) => now.has(i)),
      step.parameters
    )
    // Without a step a carry comes back as it is.
    const flags = step.parameters.map((_, k) => used[k] === true || always[k] === true || isCarried(k, now))
    const next = new Set(now)
    for (let i = 0; i < carries; i++) if (flags[first + i] === true) next.add(i)
    if (next.size === now.size) return flags
    results = next
  }
}
