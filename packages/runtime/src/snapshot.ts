/** A copy of a session's state, to put back after a step that turns out wrong. */
import { bytesOf } from "@cotangent/kernel"
import type { Value } from "@cotangent/graph"
import type { PlacedLeaf } from "./layout.ts"
import { type Memory, readValue } from "./memory.ts"

/** The state before a step. */
export interface Snapshot {
  readonly take: () => void
  readonly restore: () => void
  /** A leaf as it was when the copy was taken. */
  readonly valueOf: (leaf: number) => Value | undefined
}

/** The state lies at the start of the memory, leaf after leaf; room for the copy is made when the first is taken. */
export const makeSnapshot = ({ buffer }: Memory, state: ReadonlyArray<PlacedLeaf>): Snapshot => {
  const bytes = Math.max(0, ...state.map(({ address, dtype, length }) => address + length * bytesOf[dtype]))
  let copy: ArrayBuffer | undefined
  return {
    take: () => {
      copy ??= new ArrayBuffer(bytes)
      new Uint8Array(copy).set(new Uint8Array(buffer, 0, bytes))
    },
    restore: () => {
      if (copy !== undefined) new Uint8Array(buffer).set(new Uint8Array(copy))
    },
    valueOf: (leaf) => {
      const at = state[leaf]
      return at === undefined || copy === undefined ? undefined : readValue({ buffer: copy }, at)
    }
  }
}
