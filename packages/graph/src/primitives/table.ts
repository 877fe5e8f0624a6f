/** The table of primitives and what its type says: which names there are, and which are functions of one tensor or two. */
import type { AnyPrimitive, Sample } from "../primitive.ts"
import * as all from "./index.ts"

type Table = typeof all

/** The name of a primitive. */
export type PrimitiveName = keyof Table

/** The names of primitives that are functions of `Arity` tensors. */
export type NamesOf<Arity extends 1 | 2> = {
  readonly [N in PrimitiveName]: ArityOf<N> extends Arity ? N : never
}[PrimitiveName]

/** Of how many tensors a primitive is a function; `undefined` unless it says so. */
export type ArityOf<N extends PrimitiveName> = Table[N] extends { readonly arity: infer Arity } ? Arity : undefined

/** The attributes of a primitive. */
export type AttributesOf<N extends PrimitiveName> = Table[N] extends {
  readonly samples: ReadonlyArray<Sample<infer A>>
}
  ? A
  : never

/** Every name, in alphabetical order. (A bundler may order the members of a module otherwise.) */
// Object.keys of the module gives exactly its names.
export const primitiveNames = (Object.keys(all) as ReadonlyArray<PrimitiveName>).toSorted((a, b) => (a < b ? -1 : 1))

const table: Readonly<Record<PrimitiveName, AnyPrimitive>> = all

/** Every primitive by name. */
// One entry for every name.
export const primitives = Object.fromEntries(primitiveNames.map((name) => [name, table[name]])) as typeof table
