/** What is said about a rule beside its code, as data: a page of documentation is made of it. */
import { sizeOf, Tree } from "@cotangent/graph"
import type { Optimizer, Rule } from "./optimizer.ts"

/**
 * What the rule commutes with. `"elements"`: any permutation of the elements of a tensor, with any changes of sign.
 * `"axes"`: permutations of whole rows and columns, with changes of sign of whole rows and columns. `"sign"`: the change of
 * all signs at once, which every rule here commutes with.
 */
export type Symmetry = "elements" | "axes" | "sign"

/**
 * What the first step from the origin does: moves every element against its gradient, descends along the gradient as a
 * whole, or leaves what is evaluated where it was.
 */
export type FirstStep = "elementwise" | "descends" | "waits"

/** What holds for a rule: every entry is a law that is checked. */
export interface Traits {
  /** A zero gradient leaves fresh parameters where they are: no weight decay. */
  readonly rests: boolean
  /** Follows the gradient up. */
  readonly ascends: boolean
  readonly symmetry: Symmetry
  /** Gradients multiplied by a constant lead the same way, up to epsilon. */
  readonly scaleInvariant: boolean
  readonly firstStep: FirstStep
}

/** The traits of most rules: what a document leaves out. */
const usual: Traits = {
  rests: true,
  ascends: false,
  symmetry: "elements",
  scaleInvariant: false,
  firstStep: "elementwise"
}

/** A rule in words and formulas. */
export interface OptimizerDocument {
  /** The name of the constructor. */
  readonly name: string
  /** One sentence. */
  readonly summary: string
  readonly equation: string
  /** Authors, year, title, and where in it. */
  readonly source: string
  /** What the state remembers beside the parameters, by name; some of it for some options only. */
  readonly slots: { readonly [name: string]: string }
  /** Options in which frameworks or papers differ, and how. */
  readonly conventions: { readonly [option: string]: string }
  /** What holds with the default options. */
  readonly traits: Traits
}

/** A document; traits that are not given are the usual ones. */
export const document = ({
  traits,
  ...words
}: Omit<OptimizerDocument, "traits"> & { readonly traits?: Partial<Traits> }): OptimizerDocument => ({
  ...words,
  traits: { ...usual, ...traits }
})

/** The numbers that an optimizer remembers for parameters of some shape. */
export interface Remembered {
  /** By name of the slot, in the order of the state. Counters, single numbers beside larger parameters, are left out. */
  readonly slots: { readonly [name: string]: number }
  /** All slots, per element of the parameters. */
  readonly perParameter: number
}

/**
 * What an optimizer remembers for given parameters, counted in its first state, which is not computed for that:
 * `memoryOf(adam(), { w: T.zeros([20, 1]) }).perParameter` is 2.
 */
export const memoryOf = <F extends Rule>(optimizer: Optimizer<F>, params: unknown): Remembered => {
  const sizeIn = (tree: unknown): number => Tree.leaves(tree).reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const { params: own, step: _, learningRate: __, ...others } = optimizer.init<unknown>(params)
  const whole = sizeIn(own)
  const sizes = Object.entries(others).map(([name, tree]) => [name, sizeIn(tree)] as const)
  const slots = Object.fromEntries(sizes.filter(([, size]) => size > 1 || whole <= 1))
  return { slots, perParameter: Object.values(slots).reduce((a, b) => a + b, 0) / Math.max(1, whole) }
}
