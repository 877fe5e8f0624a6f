/** Whether a planned update is one loop over the parameters, and if not, why. */
import type { Planned } from "@cotangent/compiler"
import { type PrimitiveName, primitives, rulesOf } from "@cotangent/graph"
import { bytesOf } from "@cotangent/kernel"

/** How an update visits its parameters, all of them of one size. */
export interface Fusion {
  /** Kernels that visit a whole tensor, for each tensor: 1 is the one fused loop. */
  readonly loops: number
  /** Kernels of a few numbers, all together: the rate, bias corrections, sums of partial sums. */
  readonly small: number
  /** Bytes read and written, per parameter. */
  readonly bytes: number
  /** What they would be if every leaf of state and gradient were read once and every new one written once. */
  readonly least: number
  /** Why there is more than one loop; empty if there is one. */
  readonly why: string
}

/** What keeps loops apart, by the primitives that do, what weighs most first. */
const reasons: ReadonlyArray<readonly [keeps: (primitive: PrimitiveName) => boolean, why: string]> = [
  [(name) => name === "eigh" || name === "cond", "eigenvectors of sums of products"],
  [(name) => name === "dot", "products of matrices"],
  [(name) => rulesOf(primitives[name]).lower.tag === "reduce", "sums over a tensor come first"]
]

const round = (x: number): number => Number(x.toFixed(2))

/** Looks at a plan whose parameters are `count` tensors of `size` elements. */
export const fusionOf = (
  { cost, kernels, parameters, results, sources }: Planned,
  count: number,
  size: number
): Fusion => {
  const large = kernels.filter(({ reads, writes }) => [...reads, ...writes].some(({ length }) => length >= size))
  const [read, written] = [new Set(kernels.flatMap((k) => k.reads)), new Set(kernels.flatMap((k) => k.writes))]
  const least = [...parameters.filter((b) => read.has(b)), ...results.filter((b) => written.has(b))]
    .map(({ dtype, length }) => bytesOf[dtype] * length)
    .reduce((a, b) => a + b, 0)
  const used = sources.flatMap(({ nodes }) => nodes.map(({ primitive }) => primitive))
  const why = reasons.find(([keeps]) => used.some(keeps))?.[1]
  const loops = large.length / count
  return {
    loops: round(loops),
    small: kernels.length - large.length,
    bytes: round(cost.bytes / (count * size)),
    least: round(least / (count * size)),
    why: loops <= 1 ? "" : (why ?? "new values that share operands only")
  }
}
