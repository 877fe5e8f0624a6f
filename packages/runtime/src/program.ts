/** Tracing functions of trees of tensors into planned programs. */
import { type Planned, type PlanOptions, plan } from "@cotangent/compiler"
import {
  type AnyTensor,
  type DType,
  Graph,
  isTensor,
  type Mutable,
  operations,
  type Shape,
  type Tensor,
  Tree,
  Values
} from "@cotangent/graph"
import type { LeafSpec } from "./layout.ts"

/** What a tree of tensors looks like from outside: shapes and element types where the tensors stood. */
export type SpecOf<T> = T extends Tensor<infer S, infer D> ? Spec<S, D> : { readonly [K in keyof T]: SpecOf<T[K]> }

/** The shape and element type of a tensor; symbols of the shape need a size, see `spec`. */
export interface Spec<out S extends Shape, out D extends DType> {
  readonly shape: ReadonlyArray<number>
  readonly dtype: D
  readonly symbols?: S
}

/** The spec of a tensor: `spec(["batch", 20], { batch: 32 })` is 32 rows for a function written for any batch. */
export const spec = <const S extends Shape, D extends DType = "f32">(
  shape: S,
  sizes: { readonly [K in S[number] & string]?: number } = {},
  dtype?: D
): Spec<Mutable<S>, D> => {
  const known: Readonly<Record<string, number | undefined>> = sizes
  return {
    shape: shape.map((d) => {
      const size = typeof d === "number" ? d : known[d]
      if (size === undefined || !Number.isInteger(size) || size < 0)
        throw new RangeError(`spec: ${String(d)} needs a size, a whole number of 0 or more`)
      return size
    }),
    // The default of D is "f32", so an absent dtype is D itself.
    dtype: (dtype ?? "f32") as D
  }
}

const isSpec = (u: unknown): u is Spec<Shape, DType> =>
  typeof u === "object" && u !== null && "shape" in u && "dtype" in u && Array.isArray(u.shape)

/** The specs of a tree of tensors or values, as they are. */
export const specOf = <T>(tree: T): SpecOf<T> => specTree(tree) as SpecOf<T>

const specTree = (tree: unknown): unknown => {
  if (isTensor(tree) || Values.isValue(tree)) return { shape: tree.shape, dtype: tree.dtype }
  if (Array.isArray(tree)) return tree.map(specTree)
  if (typeof tree === "object" && tree !== null)
    return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, specTree(child)]))
  throw new TypeError(`specOf: ${String(tree)} is not a tensor, a value, a record or an array`)
}

/** A traced function: its graph, and the structure of what it returns. */
export interface Traced {
  readonly graph: Graph.Graph
  readonly parameters: ReadonlyArray<LeafSpec>
  readonly results: ReadonlyArray<LeafSpec>
  /** The result tree, leaves in the order of `results`. */
  readonly output: unknown
}

const leafSpecs = (tree: unknown, path: string): ReadonlyArray<LeafSpec> => {
  if (isTensor(tree) || isSpec(tree)) return [{ path, shape: tree.shape, dtype: tree.dtype }]
  if (typeof tree !== "object" || tree === null)
    throw new TypeError(`${path || "the argument"}: ${String(tree)} is not a spec, a record or an array`)
  const children: ReadonlyArray<readonly [string, unknown]> = Array.isArray(tree)
    ? tree.map((child, i) => [String(i), child])
    : Object.entries(tree)
  return children.flatMap(([key, child]) => leafSpecs(child, path === "" ? key : `${path}.${key}`))
}

const fill = (tree: unknown, leaves: Iterator<AnyTensor>): unknown => {
  if (isTensor(tree) || isSpec(tree)) return leaves.next().value
  if (Array.isArray(tree)) return tree.map((child) => fill(child, leaves))
  return Object.fromEntries(
    Object.entries(tree as Readonly<Record<string, unknown>>).map(([key, child]) => [key, fill(child, leaves)])
  )
}

/** Calls a function on fresh parameters and collects what it returns; with `taps` the taps in it as well. */
export const trace = (
  f: (...args: ReadonlyArray<never>) => unknown,
  specs: ReadonlyArray<unknown>,
  options: Graph.MakeOptions = {}
): Traced => {
  const parameters = leafSpecs(specs, "")
  const tensors = parameters.map(({ path, shape, dtype }) => operations.parameter(path, shape, dtype))
  const args = fill(specs, tensors[Symbol.iterator]())
  // The arguments have the structure of the specs, which the caller's types tie to those of f.
  const output = f(...(args as ReadonlyArray<never>))
  const entries = Tree.entries(output)
  const graph = Graph.make(
    tensors.map((tensor, i) => ({ name: parameters[i]?.path ?? `p${i}`, tensor })),
    entries.map(({ leaf }) => leaf),
    options
  )
  return {
    graph,
    parameters,
    results: entries.map(({ path, leaf }) => ({ path, shape: leaf.shape, dtype: leaf.dtype })),
    output
  }
}

/** Plans a traced function. */
export const planTraced = (
  traced: Pick<Traced, "graph">,
  replaces: ReadonlyArray<number | undefined>,
  how: Pick<PlanOptions, "tile" | "threads">
): Planned => plan(traced.graph, { replaces, ...how })
