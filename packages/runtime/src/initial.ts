/** What a session begins with: constants copied in, the rest computed where it stays. */
import { type AnyTensor, Tree, type Value, Values } from "@cotangent/graph"
import type { Engine } from "./engine.ts"
import { alignUp, pagesFor, type PlacedLeaf } from "./layout.ts"
import { type Memory, write } from "./memory.ts"
import { planTraced, trace } from "./program.ts"

/** The first values of leaves that have their places. */
export interface Initial {
  /** How many pages computing them needs. */
  readonly pages: number
  readonly fill: (memory: Memory) => void
}

/** The value of a tensor that is a constant. */
export const constantOf = (tensor: AnyTensor): Value | undefined => {
  const value = tensor.node.primitive === "constant" ? tensor.node.attributes["value"] : undefined
  return Values.isValue(value) ? value : undefined
}

/**
 * Plans how the leaves of a tree come to their places, in one thread. What is computed needs no copy: the results of that
 * program are the leaves themselves, and it works in what is free from the address `free` on.
 */
export const initialOf = (engine: Engine, tree: unknown, places: ReadonlyArray<PlacedLeaf>, free: number): Initial => {
  const leaves = Tree.leaves(tree).flatMap((tensor, i) => {
    const place = places[i]
    return place === undefined ? [] : [{ tensor, place, constant: constantOf(tensor) }]
  })
  const computed = leaves.filter(({ constant }) => constant === undefined)
  const copy = (memory: Memory): void => {
    for (const { constant, place } of leaves) if (constant !== undefined) write(memory, place, constant.data)
  }
  if (computed.length === 0) return { pages: 0, fill: copy }
  const traced = trace(() => computed.map(({ tensor }) => tensor), [])
  const planned = planTraced(traced, [], { ...engine.planning, threads: 1 })
  const scratch = alignUp(free + planned.cost.constantBytes)
  const results = computed.map(({ place }) => place.address)
  return {
    pages: pagesFor(scratch + planned.cost.scratchBytes),
    fill: (memory) => {
      engine.instantiate(planned, { parameters: [], results, constants: free, scratch }, memory).step()
      copy(memory)
    }
  }
}
