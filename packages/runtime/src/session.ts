/**
 * Sessions, the synchronous core: memory, resident state and data, and the programs that step over them. The Effect
 * interface is in Compute.ts.
 */
import type { Cost, Planned } from "@cotangent/compiler"
import { isTensor, print, Tree, type Value, Values } from "@cotangent/graph"
import type { Engine, Instance } from "./engine.ts"
import { BorderError } from "./errors.ts"
import { alignUp, type LeafSpec, overread, pageBytes, place, type PlacedLeaf } from "./layout.ts"
import { type Memory, read, write } from "./memory.ts"
import { planTraced, specOf, trace, type Traced } from "./program.ts"

/** A program of a session, untyped: maps state, data and input to new state and outputs. */
export interface StepDefinition {
  readonly step: (state: never, data: never, input: never) => readonly [unknown, unknown]
  readonly input: unknown
}

interface Prepared {
  readonly name: string
  readonly traced: Traced
  readonly planned: Planned
  readonly inputs: ReadonlyArray<LeafSpec>
  readonly outputs: ReadonlyArray<LeafSpec>
  readonly output: unknown
}

interface Loaded {
  readonly instance: Instance
  readonly inputs: ReadonlyArray<PlacedLeaf>
  readonly outputs: ReadonlyArray<PlacedLeaf>
  readonly prepared: Prepared
}

/** The synchronous session. */
export interface SessionCore {
  /** Advances the state by one step of a program and gives its outputs, copied. */
  readonly step: (program: string, input: unknown) => unknown
  /** Advances by `count` steps in one call, outputs of the last step left in memory for `outputs`. */
  readonly run: (program: string, count: number) => void
  /** The outputs the program's last step left. */
  readonly outputs: (program: string) => unknown
  /** A copy of the part of the state that `select` picks. */
  readonly read: (select: (state: unknown) => unknown) => unknown
  /** Overwrites one leaf of the state. */
  readonly write: (select: (state: unknown) => unknown, data: ArrayLike<number>) => void
  readonly cost: (program: string) => Cost
  /** The canonical graph of a program, as text. */
  readonly show: (program: string) => string
  readonly memoryBytes: number
  readonly close: () => void
}

const checkInput = (
  program: string,
  leaves: ReadonlyArray<LeafSpec>,
  input: unknown
): ReadonlyArray<ArrayLike<number>> => {
  const given = leaves.length === 0 ? [] : Tree.entries<Value>(input)
  leaves.forEach(({ path, shape, dtype }, i) => {
    const entry = given[i]
    if (entry === undefined || entry.path !== path)
      throw new BorderError({ message: `${program}: the input lacks ${path || "its value"}` })
    const { leaf } = entry
    if (leaf.dtype !== dtype || leaf.shape.join() !== shape.join()) {
      throw new BorderError({
        message: `${program}: the input ${path} must be ${dtype}[${shape.join(", ")}], it is ${leaf.dtype}[${leaf.shape.join(", ")}]`
      })
    }
  })
  return given.map(({ leaf }) => leaf.data)
}

/** Values of a tree of tensors: constants as they are, the rest computed by the engine. */
export const evaluateTree = (engine: Engine, tree: unknown): ReadonlyArray<Value> => {
  const leaves = Tree.leaves(tree)
  const constantOf = (leaf: (typeof leaves)[number]): Value | undefined => {
    const value = leaf.node.primitive === "constant" ? leaf.node.attributes["value"] : undefined
    return Values.isValue(value) ? value : undefined
  }
  const computed = leaves.filter((leaf) => constantOf(leaf) === undefined)
  if (computed.length === 0) return leaves.flatMap((leaf) => constantOf(leaf) ?? [])
  const traced = trace(() => computed, [])
  const planned = planTraced(traced, [], engine.tileVectors)
  const results = place(traced.results, 0)
  const scratch = alignUp(results.end + planned.cost.constantBytes)
  const pages = Math.ceil((scratch + planned.cost.scratchBytes + overread) / pageBytes)
  const memory = engine.pool.acquire(pages)
  try {
    engine
      .instantiate(
        planned,
        { parameters: [], results: results.leaves.map((l) => l.address), scratch, constants: results.end },
        memory
      )
      .step()
    const values = results.leaves.map((leaf): Value => ({
      shape: leaf.shape,
      dtype: leaf.dtype,
      data: read(memory, leaf)
    }))
    let next = 0
    return leaves.map(
      (leaf) =>
        constantOf(leaf) ?? values[next++] ?? { shape: leaf.shape, dtype: leaf.dtype, data: new Float32Array(0) }
    )
  } finally {
    engine.pool.release(memory)
  }
}

/** Opens a session: plans every program, lays out one memory for all of them, and puts the initial state and data there. */
export const openSession = (
  engine: Engine,
  state: unknown,
  data: unknown,
  programs: Readonly<Record<string, StepDefinition>>
): SessionCore => {
  const stateEntries = Tree.entries(state)
  const dataEntries = Tree.entries(data)
  const asLeaf = ({ path, leaf }: (typeof stateEntries)[number]): LeafSpec => ({
    path,
    shape: leaf.shape,
    dtype: leaf.dtype
  })
  const prepared = Object.entries(programs).map(([name, { step, input }]): Prepared => {
    const traced = trace(
      (...args: ReadonlyArray<never>) => {
        const [s, d, i] = args
        // The three arguments have the structure of the three specs below.
        const [next, outputs] = step(s as never, d as never, i as never)
        Tree.assertSameStructure(`${name}: the state it returns`, state, next)
        return [next, outputs]
      },
      [specOf(state), specOf(data), input]
    )
    const n = stateEntries.length
    const replaces = traced.results.map((_, i) => (i < n ? i : undefined))
    const output: unknown = Array.isArray(traced.output) ? traced.output[1] : undefined
    return {
      name,
      traced,
      planned: planTraced(traced, replaces, engine.tileVectors),
      inputs: traced.parameters
        .slice(n + dataEntries.length)
        .map((leaf) => ({ ...leaf, path: leaf.path.replace(/^2\.?/, "") })),
      outputs: traced.results.slice(n),
      output
    }
  })
  const stateLeaves = place(stateEntries.map(asLeaf), 0)
  const dataLeaves = place(dataEntries.map(asLeaf), stateLeaves.end)
  const borders: Array<{ readonly inputs: ReadonlyArray<PlacedLeaf>; readonly outputs: ReadonlyArray<PlacedLeaf> }> = []
  let end = dataLeaves.end
  for (const { inputs, outputs } of prepared) {
    const placedInputs = place(inputs, end)
    const placedOutputs = place(outputs, placedInputs.end)
    borders.push({ inputs: placedInputs.leaves, outputs: placedOutputs.leaves })
    end = placedOutputs.end
  }
  const constants = prepared.map(({ planned }) => {
    const start = end
    end = alignUp(end + planned.cost.constantBytes)
    return start
  })
  // Programs run one after another: one scratch segment serves the largest of them.
  const scratch = end
  end += Math.max(0, ...prepared.map(({ planned }) => planned.cost.scratchBytes))
  const memory: Memory = engine.pool.acquire(Math.ceil((end + overread) / pageBytes))
  let open = true
  const close = (): void => {
    if (open) engine.pool.release(memory)
    open = false
  }
  try {
    const initial = evaluateTree(engine, [state, data])
    ;[...stateLeaves.leaves, ...dataLeaves.leaves].forEach((leaf, i) => write(memory, leaf, initial[i]?.data ?? []))
    const address = (leaf: PlacedLeaf): number => leaf.address
    const loaded = new Map<string, Loaded>(
      prepared.map((p, i) => {
        const { inputs, outputs } = borders[i] ?? { inputs: [], outputs: [] }
        const addresses = {
          parameters: [...stateLeaves.leaves, ...dataLeaves.leaves, ...inputs].map(address),
          results: [...stateLeaves.leaves, ...outputs].map(address),
          scratch,
          constants: constants[i] ?? 0
        }
        return [p.name, { instance: engine.instantiate(p.planned, addresses, memory), inputs, outputs, prepared: p }]
      })
    )
    const programOf = (name: string): Loaded => {
      const found = loaded.get(name)
      if (found === undefined)
        throw new BorderError({
          message: `session: there is no program ${name}; there are ${[...loaded.keys()].join(", ")}`
        })
      if (!open) throw new BorderError({ message: `session: ${name} was called after the session was closed` })
      return found
    }
    const outputsOf = ({ outputs, prepared: p }: Loaded): unknown =>
      Tree.rebuildWith(
        p.output,
        outputs.map((leaf): Value => ({ shape: leaf.shape, dtype: leaf.dtype, data: read(memory, leaf) }))
      )
    const byTensor = new Map(stateEntries.map(({ leaf }, i) => [leaf, stateLeaves.leaves[i]] as const))
    const leafOf = (picked: unknown): PlacedLeaf => {
      const leaf = isTensor(picked) ? byTensor.get(picked) : undefined
      if (leaf === undefined) throw new BorderError({ message: "session: the selection is not a leaf of the state" })
      if (!open) throw new BorderError({ message: "session: the state was used after the session was closed" })
      return leaf
    }
    return {
      step: (name, input) => {
        const program = programOf(name)
        const values = checkInput(name, program.prepared.inputs, input)
        program.inputs.forEach((leaf, i) => write(memory, leaf, values[i] ?? []))
        program.instance.step()
        return outputsOf(program)
      },
      run: (name, count) => programOf(name).instance.run(count),
      outputs: (name) => outputsOf(programOf(name)),
      read: (select) => {
        const picked = select(state)
        const values = Tree.leaves(picked).map((t): Value => {
          const leaf = leafOf(t)
          return { shape: leaf.shape, dtype: leaf.dtype, data: read(memory, leaf) }
        })
        return Tree.rebuildWith(picked, values)
      },
      write: (select, values) => {
        const leaf = leafOf(select(state))
        if (values.length !== leaf.length)
          throw new BorderError({
            message: `session: ${leaf.path} has ${leaf.length} elements, ${values.length} were given`
          })
        write(memory, leaf, values)
      },
      cost: (name) => programOf(name).prepared.planned.cost,
      show: (name) => print(programOf(name).prepared.planned.graph),
      memoryBytes: memory.buffer.byteLength,
      close
    }
  } catch (thrown) {
    close()
    throw thrown
  }
}
