/** The validator of planned programs. */
import { type Buffer, type Step, Validator } from "@cotangent/kernel"
import { bufferBytes } from "../buffers.ts"
import type { Planned } from "../planned.ts"
import { resolve, valueOf } from "../resolve.ts"

/** The buffer that a buffer is a part of. */
const wholeOf = (buffer: Buffer): Buffer => (buffer.row === undefined ? buffer : wholeOf(buffer.row.of))

/**
 * Whether a plan is one: kernels valid and called once each, inside the loops they say, every buffer with one type and one
 * place, read after it was written, no two in scratch at the same bytes at the same time, every result written.
 */
export const validatePlan = (planned: Planned): ReadonlyArray<string> => {
  const { constants, cost, kernels, lifetimes, parameters, results, scratch, steps } = planned
  const problems = kernels.flatMap((kernel) => Validator.validate(kernel))
  const buffers = new Map<number, Buffer>()
  const given = new Set([...parameters, ...constants.map((c) => c.buffer)].map(({ id }) => id))
  const placed = new Set([...given, ...results.map(({ id }) => id), ...scratch.keys()])
  const fixed = [...parameters, ...results, ...constants.map((c) => c.buffer)]
  if (new Set(fixed.map(({ id }) => id)).size !== fixed.length) problems.push("two fixed buffers have one number")
  const meet = (buffer: Buffer): void => {
    const known = buffers.get(buffer.id)
    if (known === undefined) buffers.set(buffer.id, buffer)
    else if (known.dtype !== buffer.dtype || known.length !== buffer.length)
      problems.push(`buffer ${buffer.id} is ${known.dtype}[${known.length}] and ${buffer.dtype}[${buffer.length}]`)
    if (!placed.has(buffer.id)) problems.push(`buffer ${buffer.name} has no place`)
  }
  fixed.forEach(meet)
  const everWritten = new Set<number>()
  const called = new Array<number>(kernels.length).fill(0)
  /** Follows steps with what is written before them; gives what is written after them. */
  const follow = (
    body: ReadonlyArray<Step>,
    before: ReadonlySet<number>,
    loops: ReadonlyArray<number>
  ): Set<number> => {
    let written = new Set(before)
    const read = (buffer: Buffer, by: string): void => {
      meet(wholeOf(buffer))
      if (buffer.length > 0 && !given.has(wholeOf(buffer).id) && !written.has(wholeOf(buffer).id))
        problems.push(`${by} reads ${buffer.name} before it is written`)
    }
    for (const step of body) {
      switch (step.tag) {
        case "call": {
          const kernel = kernels[step.kernel]
          if (kernel === undefined) {
            problems.push(`kernel ${step.kernel} is called and does not exist`)
            break
          }
          called[step.kernel] = (called[step.kernel] ?? 0) + 1
          if ((kernel.around ?? []).map(({ id }) => id).join() !== loops.join())
            problems.push(`${kernel.name} is called inside the loops ${loops.join()}, not those it says`)
          const own = new Set(kernel.writes.map((buffer) => wholeOf(buffer).id))
          // What a kernel writes and reads itself is its own affair.
          for (const buffer of kernel.reads) if (!own.has(wholeOf(buffer).id)) read(buffer, kernel.name)
          for (const buffer of kernel.writes) meet(wholeOf(buffer))
          for (const id of own) {
            written.add(id)
            everWritten.add(id)
          }
          break
        }
        case "repeat":
          written = follow(step.body, written, [...loops, step.loop.id])
          break
        case "while":
          written = follow(step.test, written, loops)
          read(step.flag.buffer, "the test of a loop")
          follow(step.body, written, loops)
          break
        case "branch": {
          read(step.flag.buffer, "a branch")
          const [a, b] = [follow(step.whenSet, written, loops), follow(step.whenNot, written, loops)]
          written = new Set([...a].filter((id) => b.has(id)))
        }
      }
    }
    return written
  }
  follow(steps, new Set(), [])
  called.forEach((times, i) => {
    if (times !== 1) problems.push(`${kernels[i]?.name ?? i} is called at ${times} places, not one`)
  })
  const values = resolve(planned.graph)
  planned.graph.results.forEach((reference, i) => {
    const [buffer, base] = [results[i], values.access[valueOf(values, reference)]?.base ?? -1]
    const isParameter = base < parameters.length
    if (buffer === undefined || (buffer.length > 0 && !isParameter && !everWritten.has(buffer.id)))
      problems.push(`result ${i} is never written`)
  })
  lifetimes.forEach((a, i) => {
    const at = scratch.get(a.id) ?? -1
    const buffer = buffers.get(a.id)
    const name = buffer?.name ?? `buffer ${a.id}`
    if (at < 0 || at % 64 !== 0 || at + a.bytes > cost.scratchBytes) problems.push(`${name} lies at ${at} of scratch`)
    if (buffer !== undefined && bufferBytes(buffer) !== a.bytes) problems.push(`${name} is planned as ${a.bytes} bytes`)
    for (const b of lifetimes.slice(i + 1)) {
      const other = scratch.get(b.id) ?? -1
      if (a.from <= b.to && b.from <= a.to && at < other + b.bytes && other < at + a.bytes)
        problems.push(`${name} and buffer ${b.id} are alive at once and overlap`)
    }
  })
  return problems
}
