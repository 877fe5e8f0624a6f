/** What a program costs, known before it runs. */
import {
  type Buffer,
  bytesOf as elementBytes,
  type Instruction,
  type Kernel,
  type Program,
  type Step
} from "@cotangent/kernel"
import { bufferBytes } from "./buffers.ts"

/** FLOPs and bytes moved. */
interface Work {
  readonly flops: number
  readonly bytes: number
}

const nothing: Work = { flops: 0, bytes: 0 }
const plus = (a: Work, b: Work): Work => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes })

/** How a kernel visits a buffer. */
interface Visits {
  /** The loops around the kernel that its accesses move with. */
  readonly loops: Set<number>
  /** How many elements the loads and stores of one call name, repeated ones counted again. */
  elements: number
}

/** How one call of a kernel visits its buffers, by buffer id. */
const visitsOf = (kernel: Kernel): ReadonlyMap<number, Visits> => {
  const around = new Set((kernel.around ?? []).map(({ id }) => id))
  const visits = new Map<number, Visits>()
  const visit = (body: ReadonlyArray<Instruction>, times: number): void => {
    for (const instruction of body) {
      if (instruction.tag === "for")
        visit(instruction.body, times * Math.ceil(instruction.loop.extent / instruction.loop.step))
      if (instruction.tag !== "load" && instruction.tag !== "store") continue
      const { buffer, index, laneStride } = instruction
      const { lanes } = (instruction.tag === "load" ? instruction.out : instruction.value).type
      const known = visits.get(buffer.id) ?? { loops: new Set(), elements: 0 }
      for (const { loop } of index.terms) if (around.has(loop.id)) known.loops.add(loop.id)
      known.elements += times * (laneStride === 0 ? 1 : lanes)
      visits.set(buffer.id, known)
    }
  }
  visit(kernel.body, 1)
  return visits
}

/**
 * The bytes one call of a kernel reads and writes: every buffer once, of one that is visited row by row a row, and never more
 * than the loads and stores name, as where a few rows of a table are taken.
 */
export const trafficOf = (kernel: Kernel): { readonly read: number; readonly written: number } => {
  const visits = visitsOf(kernel)
  const touched = (buffer: Buffer): number => {
    const { elements = 0, loops } = visits.get(buffer.id) ?? {}
    const whole = (kernel.around ?? []).reduce(
      (bytes, { extent, id }) => (loops?.has(id) === true ? bytes / extent : bytes),
      bufferBytes(buffer)
    )
    return Math.min(whole, elements * elementBytes[buffer.dtype])
  }
  const total = (buffers: ReadonlyArray<Buffer>): number => buffers.reduce((sum, buffer) => sum + touched(buffer), 0)
  return { read: total(kernel.reads), written: total(kernel.writes) }
}

/** The bytes one call of a kernel touches. */
const bytesOf = (kernel: Kernel): number => {
  const { read, written } = trafficOf(kernel)
  return read + written
}

/** A kernel with the bytes it moves. */
export const withBytes = (kernel: Kernel): Kernel => ({
  ...kernel,
  cost: { flops: kernel.cost.flops, bytes: bytesOf(kernel) }
})

/** The work of a whole program. */
export const costOf = ({ kernels, steps }: Program): Work & { readonly kernels: number } => {
  const workOf = (body: ReadonlyArray<Step>): Work => body.reduce((sum, step) => plus(sum, stepWork(step)), nothing)
  const stepWork = (step: Step): Work => {
    switch (step.tag) {
      case "call":
        return kernels[step.kernel]?.cost ?? nothing
      case "repeat": {
        const once = workOf(step.body)
        return { flops: once.flops * step.loop.extent, bytes: once.bytes * step.loop.extent }
      }
      case "while":
        return plus(workOf(step.test), workOf(step.body))
      case "branch": {
        const [a, b] = [workOf(step.whenSet), workOf(step.whenNot)]
        return a.flops + a.bytes > b.flops + b.bytes ? a : b
      }
    }
  }
  return { ...workOf(steps), kernels: kernels.length }
}

/** What one thread does in a microsecond at most: floating-point operations in products, bytes out of the cache. */
const perMicrosecond = { flops: 60_000, bytes: 60_000 }

/** The microseconds a kernel takes at least. */
export const leastMicroseconds = ({ cost: { flops, bytes } }: Kernel): number =>
  Math.max(flops / perMicrosecond.flops, bytes / perMicrosecond.bytes)
