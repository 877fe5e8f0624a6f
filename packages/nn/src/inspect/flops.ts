/** Counting the operations of an expression. */
import {
  type AnyTensor,
  dependents,
  type Node,
  primitives,
  reachable,
  type Region,
  rulesOf,
  sizeOf
} from "@cotangent/graph"

const elements = (shapes: ReadonlyArray<{ readonly shape: ReadonlyArray<number> }>): number =>
  shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0)

const times = (shape: ReadonlyArray<number> | undefined, axes: ReadonlyArray<number>): number =>
  axes.reduce((product, axis) => product * (shape?.[axis] ?? 1), 1)

/** How many terms each output of a product or convolution is a sum of. */
const terms = ({ primitive, inputs, attributes }: Node): number => {
  if (primitive === "dot") {
    // The attributes of dot: pairs of lists of axes.
    const { contract } = attributes as { readonly contract: readonly [ReadonlyArray<number>, ReadonlyArray<number>] }
    return times(inputs[0]?.shape, contract[0])
  }
  // The kernel of a convolution is [sizes..., in, out].
  return sizeOf(inputs[1]?.shape.slice(0, -1) ?? [])
}

/** How often the regions of a loop run; a branch runs once. */
const repetitions = ({ attributes }: Node): number => {
  const { length, limit } = attributes as { readonly length?: number; readonly limit?: number }
  return length ?? limit ?? 1
}

/** The operations of one node, loops included. */
const flopsOfNode = (node: Node): number => {
  const { primitive, inputs, outputs, attributes, regions } = node
  const { lower } = rulesOf(primitives[primitive])
  switch (lower.tag) {
    case "elementwise":
      return lower.flops * elements(outputs.slice(0, 1))
    case "reduce":
      return elements(inputs.slice(0, 1))
    case "kernel":
      // The attributes of a node are those of its primitive.
      return lower.flops(inputs, attributes as never)
    case "control":
      return repetitions(node) * Math.max(...regions.map(flopsOfRegion))
    case "structure":
      return lower.form === "dot" || lower.form === "conv" ? 2 * elements(outputs) * terms(node) : 0
    case "view":
    case "source":
      return 0
  }
}

const flopsOfRegion = ({ parameters, results }: Region): number => flopsOf(results, parameters)

/**
 * The operations on numbers that computing `results` takes, of what depends on `sources`: a multiplication and an addition
 * count as two, so that a product of matrices has `2 m k n`; an elementwise function counts as the primitive says, moving
 * numbers does not count, a branch counts as its larger side and a loop without a limit as one step. What is constant is not
 * counted, for it is computed before.
 */
export const flopsOf = (results: ReadonlyArray<AnyTensor>, sources: ReadonlyArray<AnyTensor>): number => {
  const nodes = reachable(results)
  const dependent = dependents(nodes, sources)
  return nodes.reduce((sum, node) => (dependent.has(node) ? sum + flopsOfNode(node) : sum), 0)
}
