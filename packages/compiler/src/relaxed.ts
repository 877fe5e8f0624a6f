/**
 * Rewrites for programs whose sums may be rounded in other ways than the arithmetic contract says: they bring graphs into
 * the form in which such a program is fastest.
 */
import { type Attributes, type Graph } from "@cotangent/graph"
import { pays } from "./lower/winograd-plan.ts"
import { first, rewrite, type Rule } from "./rewriter.ts"

const integersOf = (attributes: Attributes, name: string): ReadonlyArray<number> => {
  const value: unknown = attributes[name]
  return Array.isArray(value) ? value.map(Number) : []
}

const equal = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i])

/**
 * The cotangent of a convolution's input, where it is written as a product laid back over the image, as the convolution of
 * the padded cotangent with the kernel turned round, if that convolution is taken by minimal filtering: its products with
 * zeros from the padding cost less than writing out what every place of the kernel gives.
 */
const laidBack: Rule = (rewriter, { attributes, position }, [laid]) => {
  const transposed = laid === undefined ? undefined : rewriter.node(laid)
  const [given] = transposed?.primitive === "transpose" ? transposed.inputs : []
  const dot = given === undefined ? undefined : rewriter.node(given)
  const [g, w] = dot?.primitive === "dot" ? dot.inputs : []
  if (transposed === undefined || dot === undefined || g === undefined || w === undefined) return undefined
  const [from, kernel] = [rewriter.aval(g).shape, rewriter.aval(w).shape]
  const [examples = 0, , , filters = 0] = from
  const [height = 0, width = 0, inside = 0] = kernel
  const lengths = integersOf(attributes, "lengths")
  const pairs: unknown = dot.attributes["contract"]
  const contracts = Array.isArray(pairs) && pairs.every((axes: unknown) => Array.isArray(axes) && equal(axes, [3]))
  const fits =
    from.length === 4 &&
    kernel.length === 4 &&
    height === 3 &&
    width === 3 &&
    contracts &&
    equal(integersOf(transposed.attributes, "permutation"), [0, 1, 2, 5, 3, 4]) &&
    equal(integersOf(attributes, "axes"), [1, 2]) &&
    equal(integersOf(attributes, "strides"), [1, 1]) &&
    equal(integersOf(attributes, "dilations"), [1, 1])
  const [rows = 0, columns = 0] = lengths
  if (!fits || !pays({ tiled: [rows, columns], rows: examples, columns: inside, terms: filters })) return undefined
  const add = (primitive: Parameters<typeof rewriter.add>[0], inputs: ReadonlyArray<Graph.Reference>, at: Attributes) =>
    first(rewriter.add(primitive, inputs, at, { position }))
  const padded = add("pad", [g], {
    low: [0, 2, 2, 0],
    high: [0, 2, 2, 0],
    interior: [0, 0, 0, 0],
    value: 0
  })
  const turned = add("slice", [w], {
    start: [2, 2, 0, 0],
    limit: [-1, -1, inside, filters],
    step: [-1, -1, 1, 1]
  })
  const exchanged = add("transpose", [turned], { permutation: [0, 1, 3, 2] })
  return rewriter.add("conv", [padded, exchanged], { strides: [1, 1], dilations: [1, 1], groups: 1 }, { position })
}

/** A graph in the form that is fastest where sums may be rounded in other ways. */
export const relax = (graph: Graph.Graph): Graph.Graph => rewrite(graph, { overlapAdd: [laidBack] })
