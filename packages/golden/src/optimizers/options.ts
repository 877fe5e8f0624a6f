/** PyTorch's options of optimizers, spelled as ours. */
import type { Options } from "../forms/optimizers.ts"
import { Missing } from "../outcome.ts"

/** What an option is here: undefined when its value has no counterpart. */
export type Spelling = (value: unknown) => object | undefined

/** Options by PyTorch's names. */
export type Spellings = { readonly [option: string]: Spelling }

const pair =
  (first: string, second: string): Spelling =>
  (value) =>
    Array.isArray(value) ? { [first]: value[0], [second]: value[1] } : undefined

const renamed =
  (name: string): Spelling =>
  (value) => ({ [name]: value })

/** PyTorch's options that mean the same for every rule. An option that is not listed is missing: none is ever ignored. */
export const spellings: Spellings = {
  lr: renamed("learningRate"),
  betas: pair("beta1", "beta2"),
  eps: renamed("epsilon"),
  weight_decay: renamed("weightDecay"),
  maximize: renamed("maximize"),
  dampening: renamed("dampening"),
  nesterov: renamed("nesterov"),
  centered: renamed("centered"),
  rho: renamed("rho"),
  lr_decay: renamed("learningRateDecay"),
  initial_accumulator_value: renamed("initialSum"),
  momentum_decay: renamed("momentumDecay"),
  etas: pair("shrink", "grow"),
  step_sizes: pair("smallest", "largest"),
  lambd: renamed("lambda"),
  t0: renamed("averageAfter"),
  amsgrad: (on) => ({ amsgrad: on === true ? "raw" : false }),
  // PyTorch's momentum 0 is no momentum.
  momentum: (momentum) => (momentum === 0 ? {} : { momentum })
}

/** Options that say how PyTorch computes, not what. */
const computational: ReadonlySet<string> = new Set(["foreach", "capturable", "differentiable", "fused"])

/** Options of PyTorch's optimizer `name` by our names, or the first one that has no counterpart. */
export const translated = (name: string, options: Options, own: Spellings = {}): object | Missing => {
  const known: Spellings = { ...spellings, ...own }
  const parts: Array<object> = []
  for (const [option, value] of Object.entries(options)) {
    if (computational.has(option)) continue
    const part = Object.hasOwn(known, option) ? known[option]?.(value) : undefined
    if (part === undefined) return new Missing(`torch.optim.${name} with ${option}`)
    parts.push(part)
  }
  return Object.assign({}, ...parts) as object
}
