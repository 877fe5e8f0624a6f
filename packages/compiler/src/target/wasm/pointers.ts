/**
 * Strength reduction of addresses.
 *
 * The address of an access is `constant + sum(stride * loop)`. The constant goes into the instruction; every partial
 * sum over the first loops of the nest is a byte pointer in a local, set when the loop of its last term is entered
 * (from the pointer of the sum before) and moved by a constant at the end of every iteration. Accesses with equal
 * sums share a pointer, so a loop body has no multiplication and usually one pointer.
 *
 * WebAssembly adds the constant to the pointer without wrapping, so pointers must not be negative: a term with a
 * negative stride starts at its largest value and the constant makes up for it.
 */
import type { Index, Instruction, Kernel, Loop } from "@cotangent/kernel"
import { bytesOf, loopsAround } from "@cotangent/kernel"

/** One pointer of a loop: `parent + start`, then `stride` more bytes each iteration. */
export interface Pointer {
  readonly key: string
  readonly parent: string | undefined
  /** The local that a pointer without a parent starts from, where buffers lie at places that the function is given. */
  readonly place: number | undefined
  readonly start: number
  readonly stride: number
}

/** What a loop needs besides its body. */
export interface LoopPlan {
  readonly iterations: number
  readonly pointers: ReadonlyArray<Pointer>
  /** Whether a `loopIndex` instruction reads the index. */
  readonly indexed: boolean
}

/** How often a loop's body runs. */
export const iterationsOf = (loop: Loop): number => Math.ceil(loop.extent / loop.step)

/** The loop-dependent part of an index: the pointers of its partial sums, and what the constant has to make up for. */
export interface Linear {
  readonly pointers: ReadonlyArray<Pointer & { readonly loop: Loop }>
  readonly start: number
}

/** The locals that hold where buffers lie, by buffer id: those of a function that is given them. */
export type Places = ReadonlyMap<number, number>

/** Splits an index into pointers, outermost loop first. Loops of one iteration contribute nothing. */
export const linearOf = (index: Index, bytes: number, nest: ReadonlyArray<Loop>, place?: number): Linear => {
  const strides = new Map<number, number>()
  for (const { loop, stride } of index.terms) {
    if (!nest.some(({ id }) => id === loop.id)) {
      throw new Error(`An index uses the loop ${loop.id} outside of its body: only enclosing loops can be used.`)
    }
    strides.set(loop.id, (strides.get(loop.id) ?? 0) + stride * loop.step * bytes)
  }
  const pointers: Array<Pointer & { readonly loop: Loop }> = []
  let start = 0
  let parent: string | undefined = undefined
  for (const loop of nest) {
    const stride = strides.get(loop.id) ?? 0
    const iterations = iterationsOf(loop)
    if (stride === 0 || iterations <= 1) continue
    const own = stride < 0 ? -stride * (iterations - 1) : 0
    const before = parent ?? (place === undefined ? undefined : `@${place}`)
    const key: string = `${before === undefined ? "" : `${before} `}${loop.id}:${stride}`
    pointers.push({ key, parent, place: parent === undefined ? place : undefined, start: own, stride, loop })
    parent = key
    start += own
  }
  return { pointers, start }
}

/** Finds the pointers of every loop of a kernel, by loop id. */
export const planLoops = (kernel: Kernel, places: Places): ReadonlyMap<number, LoopPlan> => {
  const plans = new Map<number, { iterations: number; pointers: Array<Pointer>; keys: Set<string>; indexed: boolean }>()
  const visit = (body: ReadonlyArray<Instruction>, nest: ReadonlyArray<Loop>): void => {
    for (const instruction of body) {
      switch (instruction.tag) {
        case "for": {
          const { loop } = instruction
          plans.set(loop.id, { iterations: iterationsOf(loop), pointers: [], keys: new Set(), indexed: false })
          visit(instruction.body, [...nest, loop])
          break
        }
        case "loopIndex": {
          const plan = plans.get(instruction.loop.id)
          if (plan !== undefined) plan.indexed = true
          break
        }
        case "load":
        case "store": {
          const { buffer } = instruction
          const { pointers } = linearOf(instruction.index, bytesOf[buffer.dtype], nest, places.get(buffer.id))
          for (const { loop, ...pointer } of pointers) {
            const plan = plans.get(loop.id)
            if (plan === undefined || plan.keys.has(pointer.key)) continue
            plan.keys.add(pointer.key)
            plan.pointers.push(pointer)
          }
          break
        }
        default:
          break
      }
    }
  }
  const around = loopsAround(kernel)
  for (const loop of around)
    plans.set(loop.id, { iterations: iterationsOf(loop), pointers: [], keys: new Set(), indexed: true })
  visit(kernel.body, around)
  return plans
}
