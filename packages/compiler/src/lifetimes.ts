/** From when to when the buffers of a program are needed. */
import type { Buffer, Program, Step } from "@cotangent/kernel"
import { bufferBytes } from "./buffers.ts"
import type { Lifetime } from "./memory.ts"

/** The numbers of the buffers that were made for the body of a loop: from the first to before the second. */
export type Owned = ReadonlyMap<Step, readonly [number, number]>

interface Life {
  readonly buffer: Buffer
  from: number
  to: number
}

/**
 * The first and the last call that touch each buffer, but for those whose place is fixed. Calls are numbered as they
 * stand. What a loop uses and does not own is needed from its first call to its last, for every round comes back to it.
 */
export const lifetimesOf = (
  { kernels, steps }: Program,
  fixed: ReadonlyArray<Buffer>,
  owned: Owned
): ReadonlyArray<Lifetime> => {
  const placed = new Set(fixed.map(({ id }) => id))
  const lives = new Map<number, Life>()
  let at = 0
  const touch = (buffer: Buffer, used: Set<number>, time = at): void => {
    if (placed.has(buffer.id)) return
    used.add(buffer.id)
    const life = lives.get(buffer.id)
    if (life === undefined) lives.set(buffer.id, { buffer, from: time, to: time })
    else life.to = Math.max(life.to, time)
  }
  /** Follows steps; gives the buffers they use. */
  const follow = (body: ReadonlyArray<Step>): Set<number> => {
    const used = new Set<number>()
    const include = (inner: ReadonlySet<number>): void => inner.forEach((id) => used.add(id))
    for (const step of body) {
      const start = at
      switch (step.tag) {
        case "call": {
          const kernel = kernels[step.kernel]
          for (const buffer of [...(kernel?.reads ?? []), ...(kernel?.writes ?? [])]) touch(buffer, used)
          at++
          break
        }
        case "branch":
          touch(step.flag.buffer, used)
          include(follow(step.whenSet))
          include(follow(step.whenNot))
          break
        case "repeat":
        case "while": {
          const inside = new Set<number>()
          const collect = (inner: ReadonlySet<number>): void => inner.forEach((id) => inside.add(id))
          if (step.tag === "while") {
            collect(follow(step.test))
            // Read after the test has ended.
            touch(step.flag.buffer, inside, Math.max(start, at - 1))
          }
          collect(follow(step.body))
          const [first, end] = owned.get(step) ?? [0, 0]
          for (const id of inside) {
            const life = lives.get(id)
            if (life === undefined || (id >= first && id < end)) continue
            life.from = Math.min(life.from, start)
            life.to = Math.max(life.to, at - 1)
            used.add(id)
          }
        }
      }
    }
    return used
  }
  follow(steps)
  return [...lives].map(([id, { buffer, from, to }]) => ({ id, bytes: bufferBytes(buffer), from, to }))
}
