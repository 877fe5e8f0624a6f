/** Names of layers: the keys of the parameter and state trees, checked in the types and again when a layer is added. */
import { ModelError } from "../errors.ts"
import type { AnyLayer } from "./layer.ts"

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9"

/**
 * The guard for a layer named `L` on a model with parameters `P`: `unknown`, or the sentence. Names must be literals, so
 * that the types know them; they contain no dot, which separates the names of a path, and start with no digit, because
 * JavaScript would move such keys to the front of the record.
 */
export type Fresh<P, L extends string> = string extends L
  ? "model: the name of a layer must be a literal, the types cannot follow a string"
  : L extends keyof P
    ? `model: two layers are named "${L}"`
    : L extends "" | `${string}.${string}` | `${Digit}${string}`
      ? `model: "${L}" is not a layer name: it must not be empty, start with a digit or contain a dot`
      : unknown

/** One record type from an intersection, and the name of the alias gone from what the editor shows. */
export type Flat<T> = { [K in keyof T]: T[K] } & {}

/** The tree `P` with the entry of one more layer; as it was when the name is refused. */
export type Put<P, L extends string, V> = string extends L ? P : L extends keyof P ? P : Flat<P & { [K in L]: V }>

/** The state tree with one more entry, unless that entry is empty. */
export type PutState<S, L extends string, V> = keyof V extends never ? S : Put<S, L, V>

/** Throws ModelError, with the sentence of `Fresh`, when a layer may not be called `name`. */
export const assertFresh = (layers: ReadonlyArray<AnyLayer>, name: string): void => {
  if (layers.some((layer) => layer.name === name)) throw new ModelError(`model: two layers are named "${name}"`)
  if (name === "" || name.includes(".") || /^[0-9]/.test(name)) {
    throw new ModelError(
      `model: "${name}" is not a layer name: it must not be empty, start with a digit or contain a dot`
    )
  }
}
