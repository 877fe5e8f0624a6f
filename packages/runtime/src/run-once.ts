/** Programs without a state: every run gets a memory from the pool and gives it back. */
import type { Cost } from "@cotangent/compiler"
import { Tree, type Value } from "@cotangent/graph"
import type { Engine } from "./engine.ts"
import { constantOf } from "./initial.ts"
import { alignUp, type LeafSpec, pagesFor, place } from "./layout.ts"
import { readValue, write } from "./memory.ts"
import { planTraced, trace, type Traced } from "./program.ts"

/** A traced function ready to run on host values. */
export interface Runner {
  readonly cost: Cost
  readonly parameters: ReadonlyArray<LeafSpec>
  /** Runs on values that fit the parameters; gives the results in order, copied out. */
  readonly run: (inputs: ReadonlyArray<Value>) => ReadonlyArray<Value>
}

/** Plans a traced function: parameters, results, constants and scratch one after another in one memory. */
export const makeRunner = (
  engine: Engine,
  traced: Omit<Traced, "output">,
  planning: Engine["planning"] = engine.planning
): Runner => {
  const planned = planTraced(traced, [], planning)
  const inputs = place(traced.parameters, 0)
  const outputs = place(traced.results, inputs.end)
  const scratch = alignUp(outputs.end + planned.cost.constantBytes)
  const pages = pagesFor(scratch + planned.cost.scratchBytes)
  const addresses = {
    parameters: inputs.leaves.map((leaf) => leaf.address),
    results: outputs.leaves.map((leaf) => leaf.address),
    constants: outputs.end,
    scratch
  }
  return {
    cost: planned.cost,
    parameters: traced.parameters,
    run: (values) => {
      const memory = engine.pool.acquire(pages)
      try {
        inputs.leaves.forEach((leaf, i) => write(memory, leaf, values[i]?.data ?? []))
        engine.instantiate(planned, addresses, memory).step()
        return outputs.leaves.map((leaf) => readValue(memory, leaf))
      } finally {
        engine.pool.release(memory)
      }
    }
  }
}

/** Values of a tree of tensors: constants as they are, the rest computed by the engine, in one thread. */
export const evaluateTree = (engine: Engine, tree: unknown): ReadonlyArray<Value> => {
  const leaves = Tree.leaves(tree).map((tensor) => ({ tensor, constant: constantOf(tensor) }))
  const computed = leaves.filter(({ constant }) => constant === undefined).map(({ tensor }) => tensor)
  const values =
    computed.length === 0
      ? []
      : makeRunner(
          engine,
          trace(() => computed, []),
          { ...engine.planning, threads: 1 }
        ).run([])
  let next = 0
  return leaves.flatMap(({ constant }) => constant ?? values[next++] ?? [])
}
