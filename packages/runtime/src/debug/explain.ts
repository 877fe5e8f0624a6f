/** From a result that is not finite to the report of what made it so. */
import { type Graph, originOf, primitives, rulesOf, showPosition, type Value } from "@cotangent/graph"
import type { GivenReport, NonFinite, OperandReport, OperationReport } from "../non-finite-error.ts"
import { elementOf, type Evaluate, indexOf, isAllFinite, makeFrame } from "./frame.ts"
import { firstMade } from "./everywhere.ts"
import { type Arrival, compareRanks, firstOf, mostElements, numberAt, type Origin, type Place, trace } from "./trace.ts"

/** A program as its reports name it. */
export interface Subject {
  /** Without taps. */
  readonly graph: Graph.Graph
  readonly inputNames: ReadonlyArray<string>
  readonly resultNames: ReadonlyArray<string>
}

/** Elements of a result that are not finite. */
export interface BadResult {
  readonly result: number
  readonly elements: ReadonlyArray<number>
  readonly kind: "nan" | "infinity"
}

/** What is known of where it came from. */
export interface Explanation {
  readonly result: string | undefined
  readonly operation: OperationReport | undefined
  readonly given: GivenReport | undefined
  readonly became: OperationReport | undefined
  readonly inputs: ReadonlyArray<string>
  readonly results: ReadonlyArray<string>
}

/**
 * The elements of a result that count: those that are NaN, or infinities that were not there `before`, in the state that the
 * result replaces.
 */
export const badResult = (
  result: number,
  value: Value,
  before: (result: number) => Value | undefined
): BadResult | undefined => {
  if (isAllFinite(value)) return undefined
  const { data } = value
  const kind = data.some(Number.isNaN) ? "nan" : "infinity"
  const old = kind === "nan" ? undefined : before(result)?.data
  const counts = (x: number, i: number): boolean =>
    kind === "nan" ? Number.isNaN(x) : !Number.isFinite(x) && old?.[i] !== x
  const elements: Array<number> = []
  for (let i = 0; i < data.length && elements.length < mostElements; i++) if (counts(data[i] ?? 0, i)) elements.push(i)
  return elements.length === 0 ? undefined : { result, elements, kind }
}

/** The name of a number that is not finite. */
// String knows exactly these three.
const named = (x: number): NonFinite => String(x) as NonFinite

const rangeOf = ({ data }: Value): readonly [number, number] | undefined => {
  let [low, high] = [Infinity, -Infinity]
  for (const x of data) {
    if (x < low) low = x
    if (x > high) high = x
  }
  return low > high ? undefined : [low, high]
}

const reportOperands = ({ frame, node, element }: Place): ReadonlyArray<OperandReport> => {
  const { inputs = [], primitive = "constant" } = frame.graph.nodes[node] ?? {}
  const isElementwise = rulesOf(primitives[primitive]).lower.tag === "elementwise"
  return inputs.map((input) => {
    const value = frame.valueOf(input)
    const { dtype, shape } = value
    const range = rangeOf(value)
    if (isElementwise) return { dtype, shape, value: elementOf(value, element) }
    return range === undefined ? { dtype, shape } : { dtype, shape, range }
  })
}

const reportOperation = (place: Place): OperationReport => {
  const node = place.frame.graph.nodes[place.node]
  const { dtype, shape } = node?.outputs[place.output] ?? { dtype: "f32", shape: [] }
  const { derivative } = node?.position ?? {}
  return {
    primitive: node?.primitive ?? "",
    phase: derivative?.phase ?? "forward",
    derivativeOf: derivative?.of,
    position: node === undefined ? undefined : showPosition(node.position),
    layer: node === undefined ? undefined : originOf(node.position).label,
    value: named(numberAt(place)),
    dtype,
    shape,
    index: indexOf(shape, place.element),
    operands: reportOperands(place),
    loopSteps: place.steps
  }
}

const reportInput = ({ graph, inputNames }: Subject, inputs: ReadonlyArray<Value>, arrival: Arrival): GivenReport => {
  const { parameter, elements } = arrival
  const element = firstOf(elements)
  const value = inputs[parameter]
  return {
    source: "input",
    name: inputNames[parameter] ?? graph.parameters[parameter]?.name ?? "",
    position: undefined,
    value: named(value === undefined ? Number.NaN : elementOf(value, element)),
    index: indexOf(value?.shape ?? [], element)
  }
}

const nodeAt = ({ frame, node }: Place): Graph.GraphNode | undefined => frame.graph.nodes[node]

const reportConstant = (place: Place): GivenReport => {
  const { position, shape, value, index } = { ...reportOperation(place), shape: nodeAt(place)?.outputs[0]?.shape ?? [] }
  return { source: "constant", name: "", position, value, index: shape.length === 0 ? [] : index }
}

const isConstant = (place: Place): boolean => nodeAt(place)?.primitive === "constant"

/** Names of what lies at the ends of edges from a node, nearest first. */
const reached = (
  from: number,
  edges: (node: number) => ReadonlyArray<number>,
  namesOf: (node: number) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  const seen = new Set([from])
  const names: Array<string> = []
  for (const node of seen) {
    names.push(...namesOf(node))
    for (const next of edges(node)) seen.add(next)
  }
  return [...new Set(names)]
}

const inputsOf = ({ graph, inputNames }: Subject, node: number): ReadonlyArray<string> =>
  reached(
    node,
    (n) => (graph.nodes[n]?.inputs ?? []).map((input) => input.node),
    (n) => (n < graph.parameters.length ? [inputNames[n] ?? ""] : [])
  )

const resultsOf = ({ graph, resultNames }: Subject, node: number): ReadonlyArray<string> => {
  const users = graph.nodes.map((): Array<number> => [])
  graph.nodes.forEach(({ inputs }, i) => inputs.forEach((input) => users[input.node]?.push(i)))
  const named_ = new Map<number, Array<string>>()
  graph.results.forEach((reference, i) =>
    named_.set(reference.node, [...(named_.get(reference.node) ?? []), resultNames[i] ?? ""])
  )
  return reached(
    node,
    (n) => users[n] ?? [],
    (n) => named_.get(n) ?? []
  )
}

/** A possible answer: the place where it began, in the order of computation. */
interface Candidate {
  readonly kind: "nan" | "infinity"
  readonly rank: ReadonlyArray<number>
  readonly operation: Place | undefined
  readonly given: GivenReport | undefined
  readonly became: Place | undefined
}

/** The one that comes first; of two that began at one place, the one that became NaN first. */
const earliest = (candidates: ReadonlyArray<Candidate>): Candidate | undefined =>
  candidates.toSorted(
    (a, b) => compareRanks(a.rank, b.rank) || compareRanks(a.became?.rank ?? [], b.became?.rank ?? [])
  )[0]

/** What one place that made NaN comes down to: the infinity it was made of if an operation made that, else itself. */
const ofMaker = (
  subject: Subject,
  inputs: ReadonlyArray<Value>,
  { place }: Origin,
  origins: ReadonlyArray<Origin>,
  arrivals: ReadonlyArray<Arrival>
): Candidate => {
  const infinities = origins.filter(({ became }) => became === place)
  const made = infinities
    .filter((o) => !isConstant(o.place))
    .toSorted((a, b) => compareRanks(a.place.rank, b.place.rank))[0]?.place
  if (made !== undefined) return { kind: "nan", rank: made.rank, operation: made, given: undefined, became: place }
  const [constant] = infinities
  const arrived = arrivals.find(({ became }) => became === place)
  const given =
    arrived === undefined
      ? constant === undefined
        ? undefined
        : reportConstant(constant.place)
      : reportInput(subject, inputs, arrived)
  return isConstant(place)
    ? { kind: "nan", rank: place.rank, operation: undefined, given: reportConstant(place), became: undefined }
    : { kind: "nan", rank: place.rank, operation: place, given, became: undefined }
}

/**
 * Where numbers that are not finite came from; the origin that was computed first. NaN goes before infinities; an infinity
 * that is given (a mask, an input) and reaches a result as it is was meant, and is no answer.
 */
export const explain = (
  evaluate: Evaluate,
  subject: Subject,
  inputs: ReadonlyArray<Value>,
  bad: ReadonlyArray<BadResult>
): Explanation | undefined => {
  const { graph, resultNames } = subject
  const wanted = bad.flatMap(({ result, elements, kind }) => {
    const reference = graph.results[result]
    return reference === undefined ? [] : [{ reference, elements, kind, became: undefined }]
  })
  const { origins, arrivals } = trace(makeFrame(evaluate, graph, inputs), wanted)
  const own = origins.filter(({ became }) => became === undefined)
  const candidates: ReadonlyArray<Candidate> = [
    ...own.filter(({ kind }) => kind === "nan").map((origin) => ofMaker(subject, inputs, origin, origins, arrivals)),
    ...arrivals
      .filter(({ kind }) => kind === "nan")
      .map((arrival): Candidate => ({
        kind: "nan",
        rank: [arrival.parameter],
        operation: undefined,
        given: reportInput(subject, inputs, arrival),
        became: undefined
      })),
    ...own
      .filter(({ kind, place }) => kind === "infinity" && !isConstant(place))
      .map(({ place }): Candidate => ({
        kind: "infinity",
        rank: place.rank,
        operation: place,
        given: undefined,
        became: undefined
      }))
  ]
  const nans = candidates.filter(({ kind }) => kind === "nan")
  const first = earliest(nans.length > 0 ? nans : candidates)
  if (first === undefined) return undefined
  const at = first.rank[0] ?? 0
  const results = resultsOf(subject, at)
  const found = new Set(bad.map(({ result }) => resultNames[result]))
  return {
    result: results.find((name) => found.has(name)),
    operation: first.operation === undefined ? undefined : reportOperation(first.operation),
    given: first.given,
    became: first.became === undefined ? undefined : reportOperation(first.became),
    inputs: first.operation === undefined ? [] : inputsOf(subject, at),
    results
  }
}

/** What is known of the first operation that made a number that is not finite, wherever that went. */
export const explainFirst = (
  evaluate: Evaluate,
  subject: Subject,
  inputs: ReadonlyArray<Value>,
  infinities: boolean
): Explanation | undefined => {
  const place = firstMade(evaluate, subject.graph, inputs, infinities)
  const at = place?.rank[0]
  if (place === undefined || at === undefined) return undefined
  return {
    result: undefined,
    operation: reportOperation(place),
    given: undefined,
    became: undefined,
    inputs: inputsOf(subject, at),
    results: resultsOf(subject, at)
  }
}
