/** The programs of a session, traced and planned, and the one memory laid out for all of them. */
import type { Planned } from "@cotangent/compiler"
import { Tree } from "@cotangent/graph"
import { alignUp, type LeafSpec, pagesFor, place, type PlacedLeaf } from "./layout.ts"
import { planTraced, specOf, trace } from "./program.ts"
import type { Engine } from "./engine.ts"
import type { Instruments } from "./instruments.ts"
import { type Inspector, makeInspector, needsTaps } from "./inspector.ts"

/** A program of a session, untyped: maps state, data and input to new state and outputs. */
export interface StepDefinition {
  readonly step: (state: never, data: never, input: never) => readonly [unknown, unknown]
  readonly input: unknown
}

/** A program of a session before it has a place. */
export interface Prepared {
  readonly name: string
  readonly planned: Planned
  readonly inputs: ReadonlyArray<LeafSpec>
  readonly outputs: ReadonlyArray<LeafSpec>
  /** The tree of the outputs. */
  readonly output: unknown
  readonly inspector: Inspector
}

/** The leaves of a tree of tensors. */
export const leavesOf = (tree: unknown): ReadonlyArray<LeafSpec> =>
  Tree.entries(tree).map(({ path, leaf: { shape, dtype } }) => ({ path, shape, dtype }))

/** The path of a leaf of the third argument, the input, inside that argument. */
const insideInput = (path: string): string => path.replace(/^2\.?/, "")

/** The path of a leaf of one of several trees, under the name of the tree. */
const named = (path: string, trees: ReadonlyArray<string>): string => path.replace(/^\d+/, (i) => trees[Number(i)] ?? i)

/** Traces and plans one program: the new state takes the memory of the old one. */
export const prepare = (
  name: string,
  { step, input }: StepDefinition,
  state: unknown,
  data: unknown,
  engine: Engine,
  instruments: Instruments
): Prepared => {
  const [stateSize, dataSize] = [Tree.leaves(state).length, Tree.leaves(data).length]
  const traced = trace(
    (...args: ReadonlyArray<never>) => {
      const [s, d, i] = args
      // The three arguments have the structure of the three specs below.
      const [next, outputs] = step(s as never, d as never, i as never)
      Tree.assertSameStructure(`${name}: the state it returns`, state, next)
      return [next, outputs]
    },
    [specOf(state), specOf(data), input],
    { taps: needsTaps(instruments) }
  )
  const naming = {
    program: name,
    inputNames: traced.parameters.map(({ path }) => named(path, ["state", "data", "input"])),
    resultNames: traced.results.map(({ path }) => named(path, ["state", "outputs"]))
  }
  const inspector = makeInspector(engine, traced, naming, instruments)
  const replaces = traced.results.map((_, i) => (i < stateSize ? i : undefined))
  return {
    name,
    planned: planTraced(inspector, replaces, engine.planning),
    inputs: traced.parameters.slice(stateSize + dataSize).map((leaf) => ({ ...leaf, path: insideInput(leaf.path) })),
    outputs: traced.results.slice(stateSize),
    output: Array.isArray(traced.output) ? traced.output[1] : undefined,
    inspector
  }
}

/** Where one program's own arrays lie. */
export interface Places {
  readonly inputs: ReadonlyArray<PlacedLeaf>
  readonly outputs: ReadonlyArray<PlacedLeaf>
  /** What the instruments look at. */
  readonly extras: ReadonlyArray<PlacedLeaf>
  readonly constants: number
}

/** The memory of a session: state, data, then each program's borders and constants, then scratch. */
export interface SessionLayout {
  readonly state: ReadonlyArray<PlacedLeaf>
  readonly data: ReadonlyArray<PlacedLeaf>
  readonly programs: ReadonlyArray<Places>
  readonly scratch: number
  readonly pages: number
}

/** Lays out a session. Programs run one after another: one scratch segment serves the largest of them. */
export const layOut = (
  state: ReadonlyArray<LeafSpec>,
  data: ReadonlyArray<LeafSpec>,
  prepared: ReadonlyArray<Prepared>
): SessionLayout => {
  const stateLeaves = place(state, 0)
  const dataLeaves = place(data, stateLeaves.end)
  let { end } = dataLeaves
  const programs = prepared.map(({ inputs, inspector, outputs, planned }): Places => {
    const placedInputs = place(inputs, end)
    const placedOutputs = place(outputs, placedInputs.end)
    const placedExtras = place(inspector.extras, placedOutputs.end)
    const constants = placedExtras.end
    end = alignUp(constants + planned.cost.constantBytes)
    return {
      inputs: placedInputs.leaves,
      outputs: placedOutputs.leaves,
      extras: placedExtras.leaves,
      constants
    }
  })
  const largest = Math.max(0, ...prepared.map(({ planned }) => planned.cost.scratchBytes))
  return { state: stateLeaves.leaves, data: dataLeaves.leaves, programs, scratch: end, pages: pagesFor(end + largest) }
}
