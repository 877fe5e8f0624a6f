/** Kernels whose loops their primitive writes itself. */
import { Builder, type Kernel } from "@cotangent/kernel"
import { type KernelOperand, primitives, rulesOf, Views } from "@cotangent/graph"
import type { Group } from "../schedule.ts"
import { type Context, outputsOf } from "./fused.ts"

/** The kernel of a primitive with a `kernel` lowering: its operands as the views they are read through. */
export const lowerKernel = (context: Context, group: Group, name: string, cost: Kernel["cost"]): Kernel => {
  const [member] = group.members
  const node = member === undefined ? undefined : context.values.graph.nodes[member.node]
  if (member === undefined || node === undefined) throw new RangeError("a kernel group has one member")
  const { lower } = rulesOf(primitives[node.primitive])
  if (lower.tag !== "kernel") throw new RangeError(`${node.primitive} does not write its own loops`)
  const inputs: ReadonlyArray<KernelOperand> = member.operands.map(({ base, view }) => ({
    buffer: context.bufferOf(base),
    view
  }))
  const outputs: ReadonlyArray<KernelOperand> = outputsOf(context.values, member).map((base, i) => ({
    buffer: context.bufferOf(base),
    view: Views.contiguous(node.outputs[i]?.shape ?? [])
  }))
  return Builder.kernel(
    name,
    (b) => lower.emit(b, { inputs, outputs, scratch: context.temporary }, node.attributes),
    cost
  )
}
