/**
 * Values that need no local: vector operations used once are computed where they are used, on the operand stack.
 *
 * This makes code smaller, and it matters to V8's pairing of halves: every local assigned in a loop counts there as a
 * use outside of the pairs.
 */
import { type Instruction, type Kernel, readsOf } from "@cotangent/kernel"

/** Whether lane j of the result depends on lane j of the operands only, and on nothing else. */
const isLanewise = ({ tag }: Instruction): boolean =>
  tag === "unary" || tag === "binary" || tag === "compare" || tag === "select" || tag === "cast"

/** The vectors made by lanewise operations and read once, in the loop body they are made in. */
export const deferrable = (kernel: Kernel): ReadonlySet<number> => {
  /** The body a register was made in, while its first use has not been seen. */
  const unread = new Map<number, number>()
  const readOnce = new Set<number>()
  let bodies = 0
  const visit = (body: ReadonlyArray<Instruction>): void => {
    const own = bodies++
    for (const instruction of body) {
      for (const { id } of readsOf(instruction)) {
        if (unread.get(id) === own) readOnce.add(id)
        else readOnce.delete(id)
        unread.delete(id)
      }
      if (instruction.tag === "for") visit(instruction.body)
      else if (isLanewise(instruction) && "out" in instruction && instruction.out.type.lanes > 1) {
        unread.set(instruction.out.id, own)
      }
    }
  }
  visit(kernel.body)
  return readOnce
}
