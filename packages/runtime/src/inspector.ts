/** Instruments at work: the program extended by what they look at, and what they say after a run. */
import {
  finiteObserver,
  type FiniteSight,
  indexObserver,
  type IndexSight,
  makeTapObserver,
  type Observation,
  observe,
  type Observer,
  stabilise,
  type TapSight,
  withoutTaps
} from "@cotangent/compiler"
import { Graph, type Value } from "@cotangent/graph"
import { badResult, explain, explainFirst, type Subject } from "./debug/explain.ts"
import { makeEvaluate } from "./debug/frame.ts"
import { outOfRange } from "./debug/out-of-range.ts"
import type { Engine } from "./engine.ts"
import { BorderError } from "./errors.ts"
import { IndexError } from "./index-error.ts"
import type { Instruments, TapEvent } from "./instruments.ts"
import type { LeafSpec } from "./layout.ts"
import { NonFiniteError } from "./non-finite-error.ts"
import type { Traced } from "./program.ts"

/** A run that is over, seen from outside. */
export interface Finished {
  /** Which step of the session, or which run, from 1. */
  readonly step: number
  readonly resultOf: (result: number) => Value
  readonly extraOf: (extra: number) => Value
  /** What the program was given, before it ran. */
  readonly inputs: () => ReadonlyArray<Value>
  /** The state that a result replaced. */
  readonly before: (result: number) => Value | undefined
}

/** A program under observation. */
export interface Inspector {
  /** The program to compile: its results, then what is looked at. */
  readonly graph: Graph.Graph
  /** What is looked at. */
  readonly extras: ReadonlyArray<LeafSpec>
  /** Whether a run may be found wrong, so that its state must be put back. */
  readonly mayFail: boolean
  /** Whether there is anything to do after a run. */
  readonly isWatching: boolean
  /** Throws an IndexError or a NonFiniteError; gives what the taps show. */
  readonly inspect: (run: Finished) => ReadonlyArray<TapEvent>
}

/** How a program is called in what is said of it. */
export interface Naming {
  readonly program: string
  readonly inputNames: ReadonlyArray<string>
  readonly resultNames: ReadonlyArray<string>
}

/** Whether the graph must be collected with its taps. */
export const needsTaps = ({ taps }: Instruments): boolean => taps !== undefined

type Seen = TapSight | IndexSight | FiniteSight

const isTap = (o: Observation<Seen>): o is Observation<TapSight> => o.about.tag === "tap"

const eventsOf = (
  taps: ReadonlyArray<Observation<TapSight>>,
  count: number,
  program: string,
  { extraOf, step }: Finished
): ReadonlyArray<TapEvent> =>
  taps.flatMap(({ about: { label, observes }, ran, result, loops }) => {
    const flags = ran === undefined ? undefined : extraOf(ran - count)
    if (flags !== undefined && flags.data.every((x) => x === 0)) return []
    const event = { label, observes, value: extraOf(result - count), program, step }
    return [flags === undefined || loops === 0 ? event : { ...event, ran: truth(flags) }]
  })

const truth = ({ shape, data }: Value): Value => ({ shape, dtype: "bool", data: Uint8Array.from(data) })

/** A program with its instruments. Without any it is the program itself. */
export const makeInspector = (engine: Engine, traced: Traced, naming: Naming, instruments: Instruments): Inspector => {
  const { taps, checked = false } = instruments
  const debug = instruments.debug === true ? {} : instruments.debug === false ? undefined : instruments.debug
  const { graph } = traced
  const count = graph.results.length
  const onTap = taps === undefined ? undefined : makeTapObserver()
  const observers: ReadonlyArray<Observer<Seen>> = [
    ...(onTap === undefined ? [] : [onTap]),
    ...(checked ? [indexObserver] : []),
    ...(debug?.everywhere === true ? [finiteObserver] : [])
  ]
  const observed =
    observers.length === 0
      ? { graph, observations: [] }
      : observe<Seen>(graph, (...at) => observers.flatMap((observer) => observer(...at)))
  const shown = observed.observations.filter(isTap)
  const checks = observed.observations.filter(({ about }) => about.tag === "index")
  const finite = observed.observations.filter(({ about }) => about.tag === "finite")
  const untapped = onTap === undefined ? graph : withoutTaps(graph)
  // What is run again computes the values that the program did.
  const subject: Subject = { ...naming, graph: debug === undefined && !checked ? untapped : stabilise(untapped) }
  const evaluate = makeEvaluate(engine)
  const { program } = naming

  /** Whether a flag of some kind is up. */
  const isRaised = (flags: ReadonlyArray<Observation<Seen>>, { extraOf }: Finished): boolean =>
    flags.some(({ result }) => extraOf(result - count).data.some((x) => x !== 0))

  const checkIndices = (run: Finished): void => {
    if (!isRaised(checks, run)) return
    const { inputs, step } = run
    const found = outOfRange(evaluate, subject.graph, inputs())
    if (found === undefined)
      throw new BorderError({ message: `${program}: an index is out of range that a second run does not find` })
    const { loopSteps, ...rest } = found
    throw new IndexError({ program, step, ...rest, loopSteps })
  }

  const checkNumbers = (run: Finished): void => {
    const { before, inputs, resultOf, step } = run
    const infinities = debug?.infinities !== false
    if (isRaised(finite, run)) {
      const first = explainFirst(evaluate, subject, inputs(), infinities)
      if (first !== undefined) throw new NonFiniteError({ program, step, ...first })
    }
    const bad = graph.results.flatMap((_, i) => badResult(i, resultOf(i), before) ?? [])
    const counted = infinities ? bad : bad.filter(({ kind }) => kind === "nan")
    const found = counted.length === 0 ? undefined : explain(evaluate, subject, inputs(), counted)
    if (found !== undefined) throw new NonFiniteError({ program, step, ...found })
  }

  return {
    graph: observed.graph,
    extras: observed.graph.results
      .slice(count)
      .map((reference, i) => ({ path: `seen${i}`, ...Graph.avalOf(observed.graph, reference) })),
    mayFail: debug !== undefined || checks.length > 0,
    isWatching: debug !== undefined || checks.length > 0 || shown.length > 0,
    inspect: (run) => {
      if (checks.length > 0) checkIndices(run)
      if (debug !== undefined) checkNumbers(run)
      return eventsOf(shown, count, program, run)
    }
  }
}
