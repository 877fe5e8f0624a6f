/**
 * Whether the iterations of a loop touch different elements, so that threads can share them.
 *
 * Every access is `offset + sum(stride * loop) + lanes`. Two iterations of the loop differ by a multiple of its stride;
 * they are apart if what else can differ between the two accesses (inner loops, lanes, offsets) is too little to make
 * up for it, or so much that all iterations together cannot make up for that: rows of a tile, when columns are shared. Inner loops with longer strides than the loop spans are left out by looking at positions modulo their
 * common divisor: rows of a matrix, when columns are shared.
 */
import type { Buffer, Index, Instruction, Loop } from "./ir.ts"

/** One load or store. */
export interface Access {
  readonly buffer: Buffer
  readonly index: Index
  /** How far the last lane lies from the first. */
  readonly reach: number
  readonly isStore: boolean
}

/** The accesses of a body, in order. */
export const accessesOf = (body: ReadonlyArray<Instruction>): ReadonlyArray<Access> =>
  body.flatMap((instruction): ReadonlyArray<Access> => {
    switch (instruction.tag) {
      case "for":
        return accessesOf(instruction.body)
      case "load":
      case "store": {
        const { buffer, index, laneStride } = instruction
        const { lanes } = instruction.tag === "load" ? instruction.out.type : instruction.value.type
        return [{ buffer, index, reach: (lanes - 1) * laneStride, isStore: instruction.tag === "store" }]
      }
      default:
        return []
    }
  })

/** The stride of a loop in an index: 0 if it does not move with it. */
export const strideOf = ({ terms }: Index, { id }: Loop): number =>
  terms.reduce((sum, { loop, stride }) => (loop.id === id ? sum + stride : sum), 0)

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b))

/** How far the last iteration of a loop lies from the first. */
const spanOf = ({ extent, step }: Loop, stride: number): number => stride * step * (Math.ceil(extent / step) - 1)

/** The loops inside `shared` that an index moves with, and those around it, as text that two accesses must agree on. */
const split = (index: Index, shared: Loop, inside: ReadonlySet<number>) => {
  const loops = new Map(index.terms.map(({ loop }) => [loop.id, loop] as const))
  const entries = [...loops.values()].map((loop) => ({ loop, stride: strideOf(index, loop) }))
  return {
    inner: entries.filter(({ loop }) => inside.has(loop.id)),
    around: entries
      .filter(({ loop }) => loop.id !== shared.id && !inside.has(loop.id))
      .map(({ loop, stride }) => `${loop.id}:${stride}`)
      .toSorted()
      .join()
  }
}

/** Whether two accesses of one array never meet in different iterations of a loop. */
const isApart = (a: Access, b: Access, shared: Loop, inside: ReadonlySet<number>): boolean => {
  if (a.index.dynamic !== undefined || b.index.dynamic !== undefined) return false
  const stride = strideOf(a.index, shared)
  const [first, second] = [split(a.index, shared, inside), split(b.index, shared, inside)]
  if (stride === 0 || stride !== strideOf(b.index, shared) || first.around !== second.around) return false
  const jump = Math.abs(stride * shared.step)
  const span = Math.abs(spanOf(shared, stride))
  const inner = [...first.inner, ...second.inner]
  const modulus = inner
    .filter(({ stride: long }) => Math.abs(long) > span)
    .reduce((divisor, { stride: long }) => gcd(divisor, long), 0)
  let least = 0
  let most = 0
  const spread = (distance: number): void => {
    least += Math.min(0, distance)
    most += Math.max(0, distance)
  }
  for (const { loop, stride: s } of first.inner) if (Math.abs(s) <= span) spread(spanOf(loop, s))
  for (const { loop, stride: s } of second.inner) if (Math.abs(s) <= span) spread(-spanOf(loop, s))
  spread(a.reach)
  spread(-b.reach)
  const offset = a.index.offset - b.index.offset
  const shift = modulus === 0 ? offset : offset - modulus * Math.round(offset / modulus)
  const furthest = Math.max(Math.abs(least + shift), Math.abs(most + shift))
  const nearest = Math.max(least + shift, -(most + shift))
  return (furthest < jump || nearest > span) && (modulus === 0 || span + furthest < modulus)
}

/** The loops that stand in a body. */
const loopsIn = (body: ReadonlyArray<Instruction>): ReadonlyArray<number> =>
  body.flatMap((i) => (i.tag === "for" ? [i.loop.id, ...loopsIn(i.body)] : []))

/** Whether no iteration of a loop touches what another one writes, given the accesses to one array. */
export const isDisjoint = (
  accesses: ReadonlyArray<Access>,
  shared: Loop,
  body: ReadonlyArray<Instruction>
): boolean => {
  const inside = new Set(loopsIn(body))
  // Unrolled code has very many accesses that differ by their offset only, most of them equal in loads and stores.
  const distinct = new Map<string, Access>()
  for (const access of accesses) {
    const { index, reach } = access
    const place = `${index.offset} ${reach} ${index.dynamic?.id ?? ""} ${index.terms.map((t) => `${t.loop.id}:${t.stride}`).join()}`
    if (distinct.get(place)?.isStore !== true) distinct.set(place, access)
  }
  const all = [...distinct.values()]
  const stores = all.filter(({ isStore }) => isStore)
  return stores.every((store) => all.every((other) => isApart(store, other, shared, inside)))
}
