/** What a program costs, known before it runs. */
import type { Buffer, Instruction, Kernel, Program, Step } from "@cotangent/kernel"
import { bufferBytes } from "./buffers.ts"

/** FLOPs and bytes moved. */
interface Work {
  readonly flops: number
  readonly bytes: number
}

const nothing: Work = { flops: 0, bytes: 0 }
const plus = (a: Work, b: Work): Work => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes })

/** The loops around a kernel that its accesses to a buffer move with, by buffer id. */
const movingWith = (kernel: Kernel): ReadonlyMap<number, ReadonlySet<number>> => {
  const around = new Set((kernel.around ?? []).map(({ id }) => id))
  const moving = new Map<number, Set<number>>()
  const visit = (body: ReadonlyArray<Instruction>): void => {
    for (const instruction of body) {
      if (instruction.tag === "for") visit(instruction.body)
      if (instruction.tag !== "load" && instruction.tag !== "store") continue
      const loops = moving.get(instruction.buffer.id) ?? new Set()
      for (const { loop } of instruction.index.terms) if (around.has(loop.id)) loops.add(loop.id)
      moving.set(instruction.buffer.id, loops)
    }
  }
  if (around.size > 0) visit(kernel.body)
  return moving
}

/** The bytes one call of a kernel touches: a buffer that is visited row by row counts as a row. */
const bytesOf = (kernel: Kernel): number => {
  const moving = movingWith(kernel)
  const touched = (buffer: Buffer): number =>
    (kernel.around ?? []).reduce(
      (bytes, { id, extent }) => (moving.get(buffer.id)?.has(id) === true ? bytes / extent : bytes),
      bufferBytes(buffer)
    )
  return [...kernel.reads, ...kernel.writes].reduce((sum, buffer) => sum + touched(buffer), 0)
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
