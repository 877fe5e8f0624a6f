/**
 * Where a number that is not finite came from: back through the graph, element by element, until its operands are finite.
 *
 * A NaN is followed through operands that are NaN. Where none is, this operation made it; if an operand is infinite there
 * (Infinity - Infinity, 0 * Infinity), that infinity is followed as well, through operands that are infinite, until an
 * operation made it of finite numbers, or it turns out to be given: a constant, or an input.
 */
import { type Graph, primitives, rulesOf, type Value } from "@cotangent/graph"
import { stepsOf, type Steps } from "./control.ts"
import { feeding } from "./feeding.ts"
import { elementOf, type Frame } from "./frame.ts"

type Reference = Graph.Reference

/** An element of an output of a node, in the frame in which it was computed. */
export interface Place {
  readonly frame: Frame
  readonly node: number
  readonly output: number
  readonly element: number
  /** The steps of the loops around, outer loops first. */
  readonly steps: ReadonlyArray<number>
  /** Orders places as they were computed: node, then step and node inside it, and so on. */
  readonly rank: ReadonlyArray<number>
}

/** What is followed: NaN, or infinities. `became` is the place that made NaN of the infinity. */
export interface Followed {
  readonly kind: "nan" | "infinity"
  readonly became: Place | undefined
}

/** Elements of a value that are followed back. */
export interface Wanted extends Followed {
  readonly reference: Reference
  readonly elements: Iterable<number>
}

/** Where one was made or given. */
export interface Origin extends Followed {
  readonly place: Place
}

/** An element of a parameter of the frame that was not finite when it came in. */
export interface Arrival extends Followed {
  readonly parameter: number
  readonly elements: Iterable<number>
}

/** What following leads to. */
export interface Traced {
  readonly origins: ReadonlyArray<Origin>
  readonly arrivals: ReadonlyArray<Arrival>
}

/** How many elements of one value are followed. */
export const mostElements = 1024
/** How many are followed into an operation that is asked by trial. */
const mostTrials = 8

const isBad: Readonly<Record<Followed["kind"], (x: number) => boolean>> = {
  nan: Number.isNaN,
  infinity: (x) => x === Infinity || x === -Infinity
}

/** Below 0 if one place was computed before another, 0 for one and the same. */
export const compareRanks = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  const n = Math.max(a.length, b.length)
  for (let i = 0; i < n; i++) {
    const difference = (a[i] ?? -1) - (b[i] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}

interface Entry extends Followed {
  readonly reference: Reference
  readonly elements: Set<number>
}

/** What is still to be followed, by node; elements of one output for one reason stand together. */
const makeAgenda = () => {
  const byNode = new Map<number, Array<Entry>>()
  return {
    add: ({ reference, elements, kind, became }: Wanted): void => {
      const entries = byNode.get(reference.node) ?? []
      byNode.set(reference.node, entries)
      const known = entries.find(
        (entry) => entry.reference.output === reference.output && entry.kind === kind && entry.became === became
      )
      const entry = known ?? { reference, elements: new Set<number>(), kind, became }
      if (known === undefined) entries.push(entry)
      for (const element of elements) if (entry.elements.size < mostElements) entry.elements.add(element)
    },
    take: (node: number): ReadonlyArray<Entry> => {
      const found = byNode.get(node) ?? []
      byNode.delete(node)
      return found
    },
    last: (): number => Math.max(-1, ...byNode.keys())
  }
}
type Agenda = ReturnType<typeof makeAgenda>

/** The elements of each operand that lead on. */
type Leads = ReadonlyArray<Set<number>>

/** Follows numbers into an operation: adds what they were computed from, and gives the places that made them. */
const follow = (frame: Frame, index: number, node: Graph.GraphNode, entry: Entry, agenda: Agenda) => {
  const { became, elements, kind, reference } = entry
  const operands: ReadonlyArray<Value> = node.inputs.map(frame.valueOf)
  const { lower } = rulesOf(primitives[node.primitive])
  const isTried = lower.tag === "kernel" || lower.tag === "structure"
  const leads = (): Leads => operands.map(() => new Set<number>())
  const note = (into: Leads, fed: ReturnType<typeof feeding>): void => {
    for (const { operand, element } of fed) into[operand]?.add(element)
  }
  const push = (from: Leads, what: Followed): void =>
    from.forEach((some, operand) => {
      const input = node.inputs[operand]
      if (input !== undefined && some.size > 0) agenda.add({ reference: input, elements: some, ...what })
    })
  const before = leads()
  const infinite = leads()
  // NaN made of finite numbers, and NaN made of an infinity: the first element of each.
  let pure: number | undefined
  let mixed: number | undefined
  let tries = 0
  for (const element of elements) {
    if (isTried && node.primitive !== "dot" && ++tries > mostTrials) break
    const spot = { node, output: reference.output, element, operands }
    const fed = feeding(spot, isBad[kind])
    note(before, fed)
    if (fed.length > 0) continue
    const of = kind === "nan" ? feeding(spot, isBad.infinity) : []
    note(infinite, of)
    if (of.length > 0) mixed ??= element
    else pure ??= element
  }
  push(before, { kind, became })
  const placeAt = (element: number): Place => ({
    frame,
    node: index,
    output: reference.output,
    element,
    steps: [],
    rank: [index]
  })
  const made = pure === undefined ? [] : [{ place: placeAt(pure), kind, became }]
  if (mixed === undefined) return made
  // The origin of a NaN made of an infinity is that infinity; the place stands for it when nothing else is found.
  const place = placeAt(mixed)
  push(infinite, { kind: "infinity", became: place })
  return [...made, { place, kind, became }]
}

/** The first number of an iterable; there is one. */
export const firstOf = (elements: Iterable<number>): number => {
  for (const element of elements) return element
  return 0
}

/** Follows numbers through the steps of a loop or a branch, from the last to the first. */
const followSteps = (
  { body, count, frame, nameOf, sourceOf, targetOf }: Steps,
  index: number,
  node: Graph.GraphNode,
  wanted: ReadonlyArray<Entry>,
  agenda: Agenda
): ReadonlyArray<Origin> => {
  const atStep = new Map<number, Array<Wanted>>()
  const inside = (step: number, result: number, elements: Iterable<number>, what: Followed): void => {
    const reference = body.results[result]
    if (reference === undefined) return
    const here = atStep.get(step) ?? []
    atStep.set(step, here)
    here.push({ reference, elements, ...what })
  }
  const outside = (operand: number, elements: Iterable<number>, what: Followed): void => {
    const reference = node.inputs[operand]
    if (reference !== undefined) agenda.add({ reference, elements, ...what })
  }
  for (const { reference, elements, kind, became } of wanted)
    for (const one of elements) {
      const target = targetOf(reference.output, one)
      if (target.tag === "operand") outside(target.operand, [target.element], { kind, became })
      else inside(target.step, target.result, [target.element], { kind, became })
    }
  const found: Array<Origin> = []
  for (let step = count - 1; step >= 0; step--) {
    const here = atStep.get(step)
    if (here === undefined) continue
    const { origins, arrivals } = trace(frame(step), here)
    // A place inside gets the steps around it, once; what came in with a wanted number has them already.
    const known = new Map<Place, Place>(here.flatMap(({ became }) => (became === undefined ? [] : [[became, became]])))
    const seen = (place: Place): Place => {
      const made = known.get(place) ?? {
        ...place,
        steps: [...nameOf(step), ...place.steps],
        rank: [index, step, ...place.rank]
      }
      known.set(place, made)
      return made
    }
    const kept = ({ kind, became }: Followed): Followed => ({
      kind,
      became: became === undefined ? undefined : seen(became)
    })
    found.push(...origins.map((origin) => ({ place: seen(origin.place), ...kept(origin) })))
    for (const arrival of arrivals) {
      const source = sourceOf(step, arrival.parameter)
      if (source.tag === "carry") inside(step - 1, source.result, arrival.elements, kept(arrival))
      else
        outside(
          source.operand,
          Array.from(arrival.elements, (x) => x + source.offset),
          kept(arrival)
        )
    }
  }
  return found
}

/** Follows numbers of a frame back to where they were made. Each node is looked at once. */
export const trace = (frame: Frame, wanted: ReadonlyArray<Wanted>): Traced => {
  const agenda = makeAgenda()
  wanted.forEach(agenda.add)
  const origins: Array<Origin> = []
  const arrivals: Array<Arrival> = []
  for (let index = agenda.last(); index >= 0; index--) {
    const here = agenda.take(index)
    const node = frame.graph.nodes[index]
    if (here.length === 0 || node === undefined) continue
    if (index < frame.graph.parameters.length) {
      arrivals.push(...here.map(({ elements, kind, became }) => ({ parameter: index, elements, kind, became })))
      continue
    }
    const steps = stepsOf(frame, node)
    if (steps !== undefined) origins.push(...followSteps(steps, index, node, here, agenda))
    else for (const entry of here) origins.push(...follow(frame, index, node, entry, agenda))
  }
  return { origins, arrivals }
}

/** The number at a place. */
export const numberAt = ({ frame, node, output, element }: Place): number =>
  elementOf(frame.valueOf({ node, output }), element)
