/**
 * Kernels divided among threads: a kernel whose outermost loops have independent iterations becomes kernels that every
 * thread calls with its number, each doing its share of the iterations. Nothing is computed differently, so the bits are
 * those of the undivided kernel, for any number of threads.
 *
 * The loops are found, not declared: `disjoint.ts` proves that no iteration touches what another one writes. Temporary
 * arrays that every iteration fills anew get a copy for each thread.
 */
import { accessesOf, isDisjoint, strideOf } from "./disjoint.ts"
import type { Buffer, Index, Instruction, Kernel, Loop } from "./ir.ts"
import { readsOf } from "./operands.ts"

type For = Extract<Instruction, { readonly tag: "for" }>

/** What dividing needs to know of the program around. */
export interface DivideOptions {
  /** The loop over threads: its index is the number of the thread. */
  readonly threads: Loop
  /** The array in whose place a buffer lies, for buffers that share memory on purpose: a result over a parameter. */
  readonly rootOf: (buffer: Buffer) => number
  /** A temporary array with room for every thread, in place of one with room for one. */
  readonly multiply: (buffer: Buffer) => Buffer
}

/** Most work, in instructions, that every thread may repeat before it starts on its share. */
const mostRepeated = 4096

const storesIn = (instruction: Instruction): boolean =>
  instruction.tag === "store" || (instruction.tag === "for" && instruction.body.some(storesIn))

/** How many instructions run. */
const workOf = (body: ReadonlyArray<Instruction>): number =>
  body.reduce((sum, i) => sum + (i.tag === "for" ? Math.ceil(i.loop.extent / i.loop.step) * workOf(i.body) : 1), 0)

const definedIn = (body: ReadonlyArray<Instruction>): ReadonlySet<number> =>
  new Set(body.flatMap((i) => ("out" in i ? [i.out.id] : i.tag === "for" ? [...definedIn(i.body)] : [])))

const assignedIn = (body: ReadonlyArray<Instruction>): ReadonlyArray<number> =>
  body.flatMap((i) => (i.tag === "assign" ? [i.variable.id] : i.tag === "for" ? assignedIn(i.body) : []))

const usedIn = (body: ReadonlyArray<Instruction>): ReadonlyArray<number> =>
  body.flatMap((i) => [...readsOf(i).map(({ id }) => id), ...(i.tag === "for" ? usedIn(i.body) : [])])

const iterations = ({ extent, step }: Loop): number => Math.ceil(extent / step)

/** Whether a temporary array is filled before it is read, in a body that does not move through it. */
const isFilledFirst = (body: ReadonlyArray<Instruction>, buffer: Buffer): boolean =>
  accessesOf(body).find((access) => access.buffer.id === buffer.id)?.isStore !== false

/** The temporaries of which every thread needs its own, if the iterations of a loop are independent otherwise. */
const independence = (loop: For, { rootOf }: DivideOptions): ReadonlyArray<Buffer> | undefined => {
  const { body, loop: shared } = loop
  const own = definedIn(body)
  if (assignedIn(body).some((id) => !own.has(id))) return undefined
  const accesses = accessesOf(body)
  const written = new Map(accesses.flatMap((a) => (a.isStore ? [[rootOf(a.buffer), a.buffer] as const] : [])))
  const temporaries: Array<Buffer> = []
  for (const [root, buffer] of written) {
    const all = accesses.filter((a) => rootOf(a.buffer) === root)
    const still = all.every(({ index }) => strideOf(index, shared) === 0)
    if (buffer.temporary === true && still && isFilledFirst(body, buffer)) temporaries.push(buffer)
    else if (!isDisjoint(all, shared, body)) return undefined
  }
  return temporaries
}

/** What of the code that stores nothing some instructions depend on, in order. */
const needed = (before: ReadonlyArray<Instruction>, body: ReadonlyArray<Instruction>): ReadonlyArray<Instruction> => {
  const wanted = new Set(usedIn(body))
  const kept: Array<Instruction> = []
  for (const instruction of before.toReversed()) {
    const gives =
      instruction.tag === "for"
        ? assignedIn(instruction.body)
        : instruction.tag === "assign"
          ? [instruction.variable.id]
          : "out" in instruction
            ? [instruction.out.id]
            : []
    if (!gives.some((id) => wanted.has(id))) continue
    kept.push(instruction)
    for (const id of usedIn([instruction])) wanted.add(id)
  }
  return kept.toReversed()
}

/** The same code with every access to some arrays moved. */
const mapAccesses = (
  body: ReadonlyArray<Instruction>,
  move: (buffer: Buffer, index: Index) => { readonly buffer: Buffer; readonly index: Index }
): ReadonlyArray<Instruction> =>
  body.map((instruction) => {
    switch (instruction.tag) {
      case "for":
        return { ...instruction, body: mapAccesses(instruction.body, move) }
      case "load":
      case "store":
        return { ...instruction, ...move(instruction.buffer, instruction.index) }
      default:
        return instruction
    }
  })

const unique = (buffers: ReadonlyArray<Buffer>): ReadonlyArray<Buffer> => [
  ...new Map(buffers.map((buffer) => [buffer.id, buffer] as const)).values()
]

/** Stores in a row that stay together, or one loop that is divided. */
interface Phase {
  readonly body: ReadonlyArray<Instruction>
  readonly shared: boolean
  /** The code that stores nothing and stands before. */
  readonly before: ReadonlyArray<Instruction>
}

/** The phases of a kernel, and the temporaries of which every thread needs its own. */
const phasesOf = (kernel: Kernel, options: DivideOptions) => {
  const phases: Array<Phase> = []
  const temporaries: Array<Buffer> = []
  const least = options.threads.extent
  let before: ReadonlyArray<Instruction> = []
  const written = new Set<number>()
  const alone = new Set<number>()
  /** Whether code that stores nothing needs what phases have stored, or what one thread alone has computed. */
  const isLate = (instruction: Instruction): boolean =>
    usedIn([instruction]).some((id) => alone.has(id)) ||
    accessesOf([instruction]).some(({ buffer }) => written.has(options.rootOf(buffer)))
  /** What one thread does stays together. */
  const keepWhole = (instruction: Instruction): void => {
    const last = phases.at(-1)
    if (last === undefined || last.shared) phases.push({ body: [instruction], shared: false, before })
    else phases.splice(-1, 1, { body: [...last.body, instruction], shared: false, before })
    for (const id of [...definedIn([instruction]), ...assignedIn([instruction])]) alone.add(id)
  }
  for (const instruction of kernel.body) {
    if (!storesIn(instruction)) {
      if (isLate(instruction)) keepWhole(instruction)
      else before = [...before, instruction]
      continue
    }
    const own =
      instruction.tag === "for" && iterations(instruction.loop) >= least
        ? independence(instruction, options)
        : undefined
    if (instruction.tag === "for" && own !== undefined) {
      temporaries.push(...own)
      const body = [{ ...instruction, share: options.threads }]
      phases.push({ body, shared: true, before })
    } else keepWhole(instruction)
    for (const { buffer, isStore } of accessesOf([instruction])) if (isStore) written.add(options.rootOf(buffer))
  }
  return { phases, temporaries: unique(temporaries), before }
}

/**
 * The kernels that together do what a kernel does, one after the other, those that threads share with their loop over
 * `threads`; the kernel alone if it cannot be divided, or if that would repeat much work.
 */
export const divide = (kernel: Kernel, options: DivideOptions): ReadonlyArray<Kernel> => {
  const { phases, temporaries, before } = phasesOf(kernel, options)
  if (!phases.some(({ shared }) => shared)) return [kernel]
  const written = new Set(kernel.writes.map(options.rootOf))
  const isStable = accessesOf(before).every(({ buffer }) => !written.has(options.rootOf(buffer)))
  const filled = temporaries.every((buffer) => phases.every(({ body }) => isFilledFirst(body, buffer)))
  const bodies = phases.map((phase) => [...needed(phase.before, phase.body), ...phase.body])
  // What a store phase defines, or assigns to a variable defined before it, would have to be stored for a later phase:
  // such a kernel stays whole.
  const assigned = new Set<number>()
  const complete = bodies.every((body, i) => {
    const defined = definedIn(body)
    const isComplete = usedIn(body).every((id) => defined.has(id) && !assigned.has(id))
    assignedIn(phases[i]?.body ?? []).forEach((id) => assigned.add(id))
    return isComplete
  })
  const repeated =
    bodies.reduce((sum, body) => sum + workOf(body), 0) - phases.reduce((sum, p) => sum + workOf(p.body), 0)
  if (!isStable || !filled || !complete || repeated > mostRepeated) return [kernel]
  const copies = new Map(temporaries.map((buffer) => [buffer.id, options.multiply(buffer)] as const))
  // A phase that one thread runs uses the first copy.
  const move = (shared: boolean) => (buffer: Buffer, index: Index) => {
    const own = { loop: options.threads, stride: buffer.length }
    return {
      buffer: copies.get(buffer.id) ?? buffer,
      index: shared && copies.has(buffer.id) ? { ...index, terms: [own, ...index.terms] } : index
    }
  }
  const total = bodies.reduce((sum, body) => sum + workOf(body), 0)
  return phases.map(({ shared }, i): Kernel => {
    const body = mapAccesses(bodies[i] ?? [], move(shared))
    const share = workOf(body) / total
    const accesses = accessesOf(body)
    return {
      name: phases.length === 1 ? kernel.name : `${kernel.name}_${i}`,
      ...(kernel.around === undefined ? {} : { around: kernel.around }),
      ...(shared ? { threads: options.threads } : {}),
      body,
      reads: unique(accesses.flatMap((a) => (a.isStore ? [] : [a.buffer]))),
      writes: unique(accesses.flatMap((a) => (a.isStore ? [a.buffer] : []))),
      cost: { flops: kernel.cost.flops * share, bytes: kernel.cost.bytes * share }
    }
  })
}
