/** Every optimizer of PyTorch that exists here: one constructor each, with PyTorch's preset. */
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamw,
  asgd,
  grouped,
  nadam,
  type Optimizer,
  presets,
  radam,
  rmsprop,
  rprop,
  type Rule,
  sgd,
  type StateOf
} from "@cotangent/optim"
import type { F64 } from "../targets.ts"
import type { Spellings } from "./options.ts"

/** Parameters, or a gradient. */
export type Tensors = ReadonlyArray<F64>

/** An optimizer whose rule is its own affair: `use` gives it to a function that works for every rule. */
export interface AnyOptimizer {
  readonly use: <R>(f: <F extends Rule>(optimizer: Optimizer<F>) => R) => R
}

/** A row of the table. */
export interface Row {
  /** Options that mean something else for this rule than for others. */
  readonly spellings: Spellings
  readonly single: (options: object) => AnyOptimizer
  readonly groups: (groups: ReadonlyArray<object>, groupOf: (path: string) => string) => AnyOptimizer
}

const any = <F extends Rule>(optimizer: Optimizer<F>): AnyOptimizer => ({ use: (f) => f(optimizer) })

const row = <F extends Rule>(make: (options: object) => Optimizer<F>, own: Spellings = {}): Row => ({
  spellings: own,
  single: (options) => any(make(options)),
  groups: (groups, groupOf) =>
    any(grouped(Object.fromEntries(groups.map((options, i) => [String(i), make(options)])), groupOf))
})

/** Optimizers by PyTorch's names; what options do not say is as in PyTorch. */
export const optimizers: { readonly [name: string]: Row } = {
  SGD: row((options) => sgd<number | undefined>({ ...presets.torch.sgd, ...options })),
  Adam: row((options) => adam({ ...presets.torch.adam, ...options })),
  AdamW: row((options) => adamw({ ...presets.torch.adamw, ...options })),
  Adamax: row((options) => adamax({ ...presets.torch.adamax, ...options })),
  NAdam: row((options) => nadam({ ...presets.torch.nadam, ...options })),
  RAdam: row((options) => radam({ ...presets.torch.radam, ...options })),
  RMSprop: row((options) => rmsprop<boolean, number | undefined>({ ...presets.torch.rmsprop, ...options }), {
    alpha: (rho) => ({ rho })
  }),
  Adagrad: row((options) => adagrad({ ...presets.torch.adagrad, ...options })),
  Adadelta: row((options) => adadelta({ ...presets.torch.adadelta, ...options })),
  Rprop: row((options) => rprop({ ...presets.torch.rprop, ...options })),
  ASGD: row((options) => asgd({ ...presets.torch.asgd, ...options }), { alpha: (power) => ({ power }) })
}

/** What every state holds. */
export const parametersOf = <F extends Rule>(state: StateOf<F, Tensors>): Tensors => state.params as Tensors
