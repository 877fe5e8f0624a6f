/** Random kernels several times over, on buffers at other places. */
import type { Buffer, Kernel } from "@cotangent/kernel"
import { randomIntegers, randomKernel } from "./randomKernel.test.support.ts"
import { fill, type Plan, planOf } from "./targets.test.support.ts"

/** Anything with every buffer it holds replaced. */
const replaced = (part: unknown, by: ReadonlyMap<number, Buffer>): unknown => {
  if (Array.isArray(part)) return part.map((inner) => replaced(inner, by))
  if (typeof part !== "object" || part === null) return part
  if ("dtype" in part && "length" in part && "id" in part && typeof part.id === "number") return by.get(part.id) ?? part
  return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, replaced(inner, by)]))
}

/** A kernel on other buffers; those in `kept` stay. */
const moved = (kernel: Kernel, buffers: ReadonlyArray<Buffer>, by: number, kept: ReadonlySet<number>) => {
  const others = buffers.map((buffer) => (kept.has(buffer.id) ? buffer : { ...buffer, id: buffer.id + by }))
  const map = new Map(buffers.map((buffer, i) => [buffer.id, others[i] ?? buffer]))
  // A kernel is data; only buffers were replaced.
  return { kernel: replaced(kernel, map) as Kernel, buffers: others.filter(({ id }) => id >= by) }
}

/** A random kernel three times, the second time with its first buffer where it was, and a memory to run them on. */
export const atSeveralPlaces = (
  seed: number
): {
  readonly kernels: ReadonlyArray<Kernel>
  readonly list: ReadonlyArray<Buffer>
  readonly plan: Plan
  readonly image: ArrayBuffer
} => {
  const { kernel, buffers } = randomKernel(seed)
  const own = buffers.map(({ buffer }) => buffer)
  const second = moved(kernel, own, 1000, new Set(own.slice(0, 1).map(({ id }) => id)))
  const third = moved(kernel, own, 2000, new Set())
  const list = [...own, ...second.buffers, ...third.buffers]
  const plan = planOf(list)
  const image = new ArrayBuffer(plan.pages * 65_536)
  const below = randomIntegers(seed + 3_000_000)
  const fillings = new Map(buffers.map(({ buffer, filling }) => [buffer.id, filling]))
  for (const buffer of list) fill(image, plan, buffer, fillings.get(buffer.id % 1000) ?? "any", below)
  return { kernels: [kernel, second.kernel, third.kernel], list, plan, image }
}
