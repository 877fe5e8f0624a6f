/**
 * Sessions, the synchronous core: memory, resident state and data, and the programs that step over them. The Effect
 * interface is in Compute.ts.
 */
import { type Cost, explain, type Explanation, type Machine } from "@cotangent/compiler"
import { isTensor, operations as ops, print, Tree, type Value } from "@cotangent/graph"
import { checkLeaves } from "./border.ts"
import type { Engine, Instance } from "./engine.ts"
import { initialOf } from "./initial.ts"
import { BorderError } from "./errors.ts"
import type { Instruments, TapEvent } from "./instruments.ts"
import { makeSnapshot } from "./snapshot.ts"
import type { PlacedLeaf } from "./layout.ts"
import { type Memory, readValue, write } from "./memory.ts"
import {
  layOut,
  leavesOf,
  type Places,
  prepare,
  type Prepared,
  type SessionLayout,
  type StepDefinition
} from "./prepare.ts"

export type { StepDefinition } from "./prepare.ts"

/** The synchronous session. */
export interface SessionCore {
  /** Advances the state by one step of a program and gives its outputs, copied. */
  readonly step: (program: string, input: unknown) => unknown
  /** Advances by `count` steps of a program without input in one call, outputs of the last step left for `outputs`. */
  readonly run: (program: string, count: number) => void
  /** Whether the instruments have something to do after each step of a program, so that steps must be run one by one. */
  readonly isWatched: (program: string) => boolean
  /** What the taps have shown since this was last asked. */
  readonly takeEvents: () => ReadonlyArray<TapEvent>
  /** The outputs the program's last step left. */
  readonly outputs: (program: string) => unknown
  /** A copy of the part of the state that `select` picks. */
  readonly read: (select: (state: unknown) => unknown) => unknown
  /** Overwrites a leaf of the state, or a tree of leaves, with the elements that stand in the same places of `data`. */
  readonly write: (select: (state: unknown) => unknown, data: unknown) => void
  /** Overwrites elements of one leaf of the data, from element `at` on. */
  readonly load: (select: (data: unknown) => unknown, elements: ArrayLike<number>, at: number) => void
  readonly cost: (program: string) => Cost
  readonly explain: (program: string, machine?: Machine) => Explanation
  /** The canonical graph of a program, as text. */
  readonly show: (program: string) => string
  readonly memoryBytes: number
  readonly close: () => void
}

interface Loaded extends Omit<Prepared, keyof Places>, Places {
  readonly instance: Instance
}

/** Opens a session: plans every program, lays out one memory for all of them, and puts the initial state and data there. */
export const openSession = (
  engine: Engine,
  state: unknown,
  data: unknown,
  programs: Readonly<Record<string, StepDefinition>>,
  instruments: Instruments = {}
): SessionCore => {
  const prepared = Object.entries(programs).map(([name, definition]) =>
    prepare(name, definition, state, data, engine, instruments)
  )
  const layout = layOut(leavesOf(state), leavesOf(data), prepared)
  const initial = initialOf(engine, [state, data], [...layout.state, ...layout.data], layout.scratch)
  const memory = engine.pool.acquire(Math.max(layout.pages, initial.pages))
  try {
    initial.fill(memory)
    return makeCore(engine, { state, data }, layout, memory, load(engine, layout, memory, prepared))
  } catch (thrown) {
    engine.pool.release(memory)
    throw thrown
  }
}

const addressesOf = (leaves: ReadonlyArray<PlacedLeaf>): ReadonlyArray<number> => leaves.map((leaf) => leaf.address)

const load = (
  engine: Engine,
  { state, data, programs, scratch }: SessionLayout,
  memory: Memory,
  prepared: ReadonlyArray<Prepared>
): ReadonlyMap<string, Loaded> =>
  new Map(
    prepared.map((program, i) => {
      const places = programs[i] ?? { inputs: [], outputs: [], extras: [], constants: 0 }
      const { inputs, outputs, extras, constants } = places
      const addresses = {
        parameters: addressesOf([...state, ...data, ...inputs]),
        results: addressesOf([...state, ...outputs, ...extras]),
        scratch,
        constants
      }
      const instance = engine.instantiate(program.planned, addresses, memory)
      return [program.name, { ...program, ...places, instance }]
    })
  )

/** Selects leaves of a tree, on tensors of its own: one initial tensor may stand at several places of the tree. */
const makeSelection = (part: "state" | "data", tree: unknown, leaves: ReadonlyArray<PlacedLeaf>) => {
  const handles = leaves.map(({ path, shape, dtype }) => ops.parameter(path, shape, dtype))
  const selectable: unknown = Tree.rebuildWith(tree, handles)
  const byHandle = new Map(handles.map((handle, i) => [handle, leaves[i]] as const))
  const leafOf = (picked: unknown): PlacedLeaf => {
    const leaf = isTensor(picked) ? byHandle.get(picked) : undefined
    if (leaf === undefined) throw new BorderError({ message: `session: the selection is not a leaf of the ${part}` })
    return leaf
  }
  return { selectable, leafOf }
}

const isArrayLike = (given: unknown): given is ArrayLike<number> =>
  typeof given === "object" && given !== null && "length" in given

/** What is given for a leaf, if it has as many elements. */
const elementsFor = ({ length, path }: PlacedLeaf, given: unknown): ArrayLike<number> => {
  if (isArrayLike(given) && given.length === length) return given
  throw new BorderError({
    message: `session: ${path || "the state"} has ${length} elements, ${isArrayLike(given) ? given.length : "none"} were given`
  })
}

const makeCore = (
  engine: Engine,
  { state, data }: { readonly state: unknown; readonly data: unknown },
  layout: SessionLayout,
  memory: Memory,
  loaded: ReadonlyMap<string, Loaded>
): SessionCore => {
  let open = true
  const assertOpen = (): void => {
    if (!open) throw new BorderError({ message: "session: it was used after it was closed; its scope has ended" })
  }
  const programOf = (name: string): Loaded => {
    const found = loaded.get(name)
    if (found !== undefined) return found
    throw new BorderError({
      message: `session: there is no program ${name}; there are ${[...loaded.keys()].join(", ")}`
    })
  }
  const running = (name: string): Loaded => {
    assertOpen()
    return programOf(name)
  }
  const outputsOf = ({ outputs, output }: Loaded): unknown => {
    let next = 0
    return Tree.mapLeaves(output, () => valueOf(outputs[next++]))
  }
  const { selectable, leafOf } = makeSelection("state", state, layout.state)
  const resident = makeSelection("data", data, layout.data)
  const snapshot = makeSnapshot(memory, layout.state)
  const valueOf = (leaf: PlacedLeaf | undefined): Value => {
    if (leaf === undefined) throw new RangeError("session: a leaf has no place")
    return readValue(memory, leaf)
  }
  let steps = 0
  let events: Array<TapEvent> = []
  /** One step, and what the instruments say of it: the state is put back when they find it wrong. */
  const advance = ({ extras, inputs, inspector, instance, outputs }: Loaded): void => {
    if (inspector.mayFail) snapshot.take()
    instance.step()
    try {
      const shown = inspector.inspect({
        step: steps + 1,
        resultOf: (i) => valueOf(layout.state[i] ?? outputs[i - layout.state.length]),
        extraOf: (i) => valueOf(extras[i]),
        before: (i) => snapshot.valueOf(i),
        inputs: () => [
          ...layout.state.flatMap((_, i) => snapshot.valueOf(i) ?? []),
          ...[...layout.data, ...inputs].map(valueOf)
        ]
      })
      events.push(...shown)
    } catch (thrown) {
      if (inspector.mayFail) snapshot.restore()
      throw thrown
    }
    steps++
  }
  return {
    step: (name, input) => {
      const program = running(name)
      const values = checkLeaves(name, program.inputs, input)
      program.inputs.forEach((leaf, i) => write(memory, leaf, values[i]?.data ?? []))
      advance(program)
      return outputsOf(program)
    },
    run: (name, count) => {
      const program = running(name)
      if (program.inputs.length > 0)
        throw new BorderError({ message: `${name}: it takes an input at each step; call step instead of loop` })
      if (program.inspector.isWatching) for (let i = 0; i < count; i++) advance(program)
      else {
        program.instance.run(count)
        steps += count
      }
    },
    isWatched: (name) => programOf(name).inspector.isWatching,
    takeEvents: () => {
      const taken = events
      events = []
      return taken
    },
    outputs: (name) => outputsOf(running(name)),
    read: (select) => {
      assertOpen()
      return Tree.mapLeaves(select(selectable), (tensor) => readValue(memory, leafOf(tensor)))
    },
    write: (select, data) => {
      assertOpen()
      const places: Array<readonly [PlacedLeaf, ArrayLike<number>]> = []
      const place = (picked: unknown, given: unknown): void => {
        if (Tree.isBranch(picked))
          for (const [key, child] of Object.entries(picked))
            place(child, typeof given === "object" && given !== null ? Reflect.get(given, key) : undefined)
        else places.push([leafOf(picked), elementsFor(leafOf(picked), given)])
      }
      place(select(selectable), data)
      for (const [leaf, elements] of places) write(memory, leaf, elements)
    },
    load: (select, elements, at) => {
      assertOpen()
      const leaf = resident.leafOf(select(resident.selectable))
      if (!Number.isInteger(at) || at < 0 || at + elements.length > leaf.length)
        throw new BorderError({
          message: `session: ${leaf.path || "the data"} has ${leaf.length} elements, ${elements.length} were given from element ${at} on`
        })
      write(memory, leaf, elements, at)
    },
    cost: (name) => programOf(name).planned.cost,
    explain: (name, machine) => {
      const { graph } = programOf(name).inspector
      return explain(graph, {
        replaces: graph.results.map((_, i) => (i < layout.state.length ? i : undefined)),
        ...engine.planning,
        ...(machine === undefined ? {} : { machine })
      })
    },
    show: (name) => print(programOf(name).planned.graph),
    memoryBytes: memory.buffer.byteLength,
    close: () => {
      if (open) engine.pool.release(memory)
      open = false
    }
  }
}
