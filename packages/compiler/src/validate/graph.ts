/** The validator of graphs, run after every pass in tests. */
import { Axes, type Aval, type Graph, primitives, rulesOf, showShape } from "@cotangent/graph"

const showAval = ({ dtype, shape }: Aval): string => `${dtype}${showShape(shape)}`
const sameAval = (a: Aval | undefined, b: Aval | undefined): boolean =>
  a !== undefined && b !== undefined && a.dtype === b.dtype && Axes.sameShape(a.shape, b.shape)

/** What a node's own rule says of its outputs, or the sentence it throws. */
const inferred = (node: Graph.GraphNode, inputs: ReadonlyArray<Aval>): ReadonlyArray<Aval> | string => {
  const types = node.regions.map((region) => ({
    parameters: region.parameters,
    results: region.results.flatMap((r) => region.nodes[r.node]?.outputs[r.output] ?? [])
  }))
  try {
    return rulesOf(primitives[node.primitive]).infer(inputs, node.attributes, types)
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

/**
 * Whether a graph is one: parameters first, inputs defined before they are used, as many operands and regions as the
 * primitive takes, outputs of the types its rule gives, bodies that are graphs, and no node that nothing needs.
 */
export const validateGraph = (graph: Graph.Graph): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const used = new Set<number>()
  const avalAt = ({ node, output }: Graph.Reference, before: number): Aval | undefined =>
    node < before ? graph.nodes[node]?.outputs[output] : undefined
  graph.parameters.forEach((parameter, i) => {
    const node = graph.nodes[i]
    if (node?.primitive !== "parameter" || !sameAval(node.outputs[0], parameter))
      problems.push(`parameter ${i}, ${parameter.name}, is not node ${i}, a parameter of type ${showAval(parameter)}`)
  })
  graph.nodes.forEach((node, i) => {
    const report = (problem: string): void => void problems.push(`node ${i}, ${node.primitive}: ${problem}`)
    if (node.primitive === "parameter") {
      if (i >= graph.parameters.length) report("it is no parameter of the graph")
      return
    }
    const { form } = primitives[node.primitive]
    if (form.operands !== undefined && form.operands !== node.inputs.length)
      report(`it has ${node.inputs.length} operands and takes ${form.operands}`)
    if (form.regions !== node.regions.length) report(`it has ${node.regions.length} regions and takes ${form.regions}`)
    const inputs = node.inputs.flatMap((reference, k) => {
      used.add(reference.node)
      const aval = avalAt(reference, i)
      if (aval === undefined)
        report(`operand ${k} is output ${reference.output} of node ${reference.node}, which is not defined before`)
      return aval ?? []
    })
    node.regions.forEach((region, k) => {
      for (const problem of validateGraph(region)) report(`in region ${k}, ${problem}`)
    })
    if (inputs.length < node.inputs.length) return
    const expected = inferred(node, inputs)
    if (typeof expected === "string") report(expected)
    else if (expected.length !== node.outputs.length || !expected.every((aval, k) => sameAval(aval, node.outputs[k])))
      report(
        `its outputs are ${node.outputs.map(showAval).join(", ")}; its rule says ${expected.map(showAval).join(", ")}`
      )
  })
  graph.results.forEach((reference, i) => {
    used.add(reference.node)
    if (avalAt(reference, graph.nodes.length) === undefined)
      problems.push(`result ${i} is output ${reference.output} of node ${reference.node}, which does not exist`)
  })
  graph.nodes.forEach(({ primitive }, i) => {
    if (i >= graph.parameters.length && !used.has(i)) problems.push(`node ${i}, ${primitive}: nothing needs it`)
  })
  return problems
}
