/**
 * Listening to the layers of models while they are applied. Models are applied by functions that return at once, so that a
 * variable can say who listens, as for the labels of positions.
 */
import type { AnyTensor } from "@cotangent/graph"

/** What a layer put out. */
export interface Observed {
  /** The path of the layer in the parameter tree, `block.up`. */
  readonly path: string
  readonly output: AnyTensor
}

interface Listener {
  readonly prefix: string
  readonly observed: Array<Observed>
}

let current: Listener | undefined

/** Runs `f` as part of the layer or branch of a name. */
export const within = <A>(name: string | undefined, f: () => A): A => {
  const around = current
  if (around === undefined || name === undefined) return f()
  current = { ...around, prefix: `${around.prefix}${name}.` }
  try {
    return f()
  } finally {
    current = around
  }
}

/** Tells a listener, if there is one, what a layer put out. */
export const observe = (name: string | undefined, output: AnyTensor): void => {
  if (current === undefined || name === undefined) return
  current.observed.push({ path: `${current.prefix}${name}`, output })
}

/** Runs `f` and gives what the named layers inside put out, in the order in which they were applied. */
export const listening = <A>(f: () => A): { readonly result: A; readonly observed: ReadonlyArray<Observed> } => {
  const around = current
  const observed: Array<Observed> = []
  current = { prefix: "", observed }
  try {
    return { result: f(), observed }
  } finally {
    current = around
  }
}
