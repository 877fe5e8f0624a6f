/** Checkpoints: forward values that are computed again for the backward pass instead of kept for it. */
import {
  type AnyTensor,
  apply,
  type CustomRule,
  DifferentiationError,
  isFloat,
  type Node,
  operations,
  type PrimitiveName,
  project,
  reachable,
  type Region,
  Tree
} from "@cotangent/graph"
import { checkFunction, checkOptions, type OptionRange, tensorsOf } from "./arguments.ts"
import { withDerivatives } from "./custom.ts"
import { passes } from "./passes.ts"

/**
 * What a checkpoint keeps besides its arguments: `nothing`, the results of `products` (products and convolutions are what
 * costs most to compute again), or whatever a predicate of the primitive says.
 */
export type CheckpointPolicy = "nothing" | "products" | ((primitive: PrimitiveName) => boolean)

const keepsNothing = (): boolean => false

const choices = new Map<string, (primitive: PrimitiveName) => boolean>([
  ["nothing", keepsNothing],
  ["products", (primitive) => primitive === "dot" || primitive === "conv"]
])

const policyRange: OptionRange = {
  range: "nothing, products, or a function of a primitive's name",
  holds: (given) => typeof given === "function" || (typeof given === "string" && choices.has(given))
}

const keeps = (policy: CheckpointPolicy): ((primitive: PrimitiveName) => boolean) =>
  typeof policy === "function" ? policy : (choices.get(policy) ?? keepsNothing)

let barriers = 0

/** What a value is made of stays, but reading it gives the one that was kept. */
const standing = (kept: AnyTensor, computed: AnyTensor): AnyTensor => {
  const rule: CustomRule = { pullback: (_, __, [g]) => [g], pushforward: (_, __, [t]) => [t] }
  return withDerivatives("checkpoint", [kept], [computed], rule)[0] ?? kept
}

/** The results of a region computed again; kept values stand for those that the policy names. */
const recompute = (
  { parameters, results }: Region,
  operands: ReadonlyArray<AnyTensor>,
  kept: ReadonlyMap<Node, ReadonlyArray<AnyTensor>>
): ReadonlyArray<AnyTensor> => {
  const map = new Map<Node, ReadonlyArray<AnyTensor>>()
  parameters.forEach((p, i) => {
    const x = operands[i]
    if (x !== undefined) map.set(p.node, [x])
  })
  const through = (x: AnyTensor): AnyTensor => map.get(x.node)?.[x.output] ?? x
  for (const node of reachable(results, (n) => map.has(n))) {
    if (map.has(node) || !node.inputs.some((x) => map.has(x.node))) continue
    const outputs = apply(node.primitive, node.inputs.map(through), node.attributes, node.regions, node.position)
    const stored = kept.get(node)
    map.set(node, stored === undefined ? outputs : outputs.map((y, i) => standing(stored[i] ?? y, y)))
  }
  return results.map(through)
}

/**
 * The same function, whose inner values are not kept for the backward pass but computed again when it needs them:
 * memory for time. The gradient has the same bits. `policy` says what is kept all the same; nothing unless given.
 *
 * A chain of n layers needs the least memory in about sqrt(n) checkpoints of sqrt(n) layers each (Chen et al. 2016,
 * Training Deep Nets with Sublinear Memory Cost). For loops see the `segments` of `T.scan`.
 */
export const checkpoint =
  <A extends ReadonlyArray<unknown>, Y>(
    f: (...args: A) => Y,
    options: { readonly policy?: CheckpointPolicy } = {}
  ): ((...args: A) => Y) =>
  (...args) => {
    checkFunction("checkpoint", f)
    checkOptions("checkpoint", options, { policy: policyRange })
    const isKept = keeps(options.policy ?? "nothing")
    const { leaves, rebuilt } = tensorsOf("checkpoint", args)
    let structure: { readonly result: Y } | undefined
    const { region, captured } = operations.region(
      leaves.map(({ shape, dtype }) => ({ shape, dtype })),
      (...parameters) => {
        // The arguments with parameters in place of their leaves have the types of the arguments.
        structure = { result: f(...(rebuilt(parameters) as A)) }
        return Tree.tensors(structure.result, "checkpoint: the result").map(({ leaf }) => leaf)
      }
    )
    if (structure === undefined) throw new DifferentiationError("checkpoint: the function was not traced")
    const operands = [...captured, ...leaves]
    const kept = reachable(region.results).filter((node) => isKept(node.primitive))
    const keptOutputs = kept.flatMap((node) => node.outputs.map((_, i) => project(node, i)))
    const values = passes.substitute([...region.results, ...keptOutputs], region.parameters, operands)
    const count = region.results.length
    const rule: CustomRule = {
      pullback: (ops, at, cotangents, wanted) => {
        const id = ++barriers
        const behind = (x: AnyTensor): AnyTensor => ops.barrier([x], { id })[0] ?? x
        const isTarget = (x: AnyTensor, i: number): boolean => isFloat(x.dtype) && wanted(i)
        const guarded = at.arguments.map((x, i) => (isTarget(x, i) ? ops.alias(behind(x)) : behind(x)))
        const targets = guarded.filter(isTarget)
        // What is computed from kept values is computed again as well: these stand behind the barrier too.
        const stored = new Map<Node, ReadonlyArray<AnyTensor>>()
        let next = count
        for (const node of kept) stored.set(node, at.results.slice(next, (next += node.outputs.length)).map(behind))
        const gradients = ops.passes.pullback(recompute(region, guarded, stored), cotangents.slice(0, count), targets)
        let given = 0
        return guarded.map((x, i) => (isTarget(x, i) ? gradients[given++] : undefined))
      },
      pushforward: (ops, at, tangents) => {
        const sources = at.arguments.map((x, i) => (tangents[i] === undefined ? x : ops.alias(x)))
        return ops.passes.pushforward(recompute(region, sources, new Map()), sources, tangents)
      }
    }
    const outputs = withDerivatives("checkpoint", values, operands, rule)
    return Tree.rebuildWith(structure.result, outputs.slice(0, count)) as Y
  }
