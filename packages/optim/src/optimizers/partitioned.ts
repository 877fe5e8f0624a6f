import { type AnyTensor, T, type Tensor, Tree } from "@cotangent/graph"
import { document } from "../document.ts"
import { OptimizerError } from "../errors.ts"
import { assertLike } from "../leafwise.ts"
import { assertCounters, type Optimizer, type Rule, type StateOf, type Stepped } from "../optimizer.ts"
import { f64, type Scalar } from "../scalar.ts"
import { assertOptimizers, assertRecord } from "../given.ts"
import { assertIsState } from "../foreignState.ts"

/** The tensors of a part, by path. */
export interface LeavesByPath {
  readonly [path: string]: AnyTensor
}

/** Rules by the name of the part. */
export interface PartRules {
  readonly [part: string]: Rule
}

/** What the optimizers of the parts remember beside the parameters, each for its own tensors, by path. */
export type PartSlots<F extends PartRules> = {
  readonly [K in keyof F]: Omit<StateOf<F[K], LeavesByPath>, "params" | "step" | "learningRate">
}

/** The state of partitioned parameters: `parts` holds each optimizer's own slots. */
export interface PartitionedState<P, S> extends Stepped<P> {
  readonly parts: S
}

/** The rule of partitioned parameters. */
export interface PartitionedRule<F extends PartRules> extends Rule {
  readonly State: PartitionedState<this["P"], PartSlots<F>>
  readonly Options: { readonly [K in keyof F]: F[K]["Options"] }
}

/** Partitioned parameters in words. */
export const partitionedDocument = document({
  name: "partitioned",
  summary: "Several optimizers, each for some of the parameters: matrices by one rule, the rest by another.",
  equation: "theta' of each tensor by the rule of its part",
  source: "Optax, multi_transform; Jordan et al. 2024 use it for Muon",
  slots: { parts: "what each optimizer remembers, under the name of its part" },
  conventions: { learningRate: "that of the first part; the others keep their ratio to it where both are numbers" }
})

/** An optimizer whose rule is not known here. */
interface Part {
  readonly name: string
  readonly options: object
  readonly init: (params: LeavesByPath) => Stepped<LeavesByPath>
  readonly step: (state: Stepped<LeavesByPath>, grad: LeavesByPath) => Stepped<LeavesByPath>
  readonly evalParams: (state: Stepped<LeavesByPath>) => LeavesByPath
}

const rateIn = (options: object): unknown => ("learningRate" in options ? options.learningRate : undefined)

/** What a part's optimizer remembers of its own: the rest stands in the state of all. */
const slotsOf = <S extends Stepped<unknown>>({ params: _, step: __, learningRate: ___, ...slots }: S): object => slots

/**
 * Several optimizers, each for the parameters that `partOf` gives it, by path and tensor. The state's learning rate is that
 * of the first part: the others keep their ratio to it where both are numbers, and follow their own schedules where they
 * have one.
 *
 * ```ts
 * const optimizer = partitioned({ matrices: muon(), others: adamw({ learningRate: 3e-4 }) }, byRank)
 * const velocity = optimizer.init({ w: T.zeros([20, 30]), b: T.zeros([30]) }).parts.matrices.velocity["w"]
 * ```
 *
 * For several groups of options of one rule see `grouped`. Optax: `multi_transform`. Throws an OptimizerError if there is no
 * part; `init` and `step` throw one if a tensor belongs to no part.
 */
export const partitioned = <const F extends PartRules>(
  parts: { readonly [K in keyof F]: Optimizer<F[K]> },
  partOf: (path: string, leaf: AnyTensor) => keyof F & string
): Optimizer<PartitionedRule<F>> => {
  assertRecord("partitioned", "the parts", parts)
  assertOptimizers("partitioned", parts)
  // Each optimizer is given its own states and tensors by path only, which its own rule F[K] types.
  const list = Object.entries(parts as unknown as { readonly [part: string]: Part })
  const [first] = list
  if (first === undefined) throw new OptimizerError("partitioned", ["there must be at least one part"])
  const [leader, { options: leading }] = first
  const names = list.map(([part]) => part)
  const base = rateIn(leading)

  /** The tensors of one part. */
  const within = (part: string, params: unknown, tree: unknown): LeavesByPath => {
    const leaves = Tree.leaves(tree)
    return Object.fromEntries(
      Tree.entries(params).flatMap(({ path, leaf }, i) => {
        const own = partOf(path, leaf)
        if (!names.includes(own))
          throw new OptimizerError("partitioned", [
            `${path || "the leaf"} belongs to ${own}, the parts are ${names.join(", ")}`
          ])
        return own === part ? [[path, leaves[i] ?? leaf] as const] : []
      })
    )
  }

  /** The tree of the parameters' structure, each tensor from its part. */
  const together = (params: unknown, found: ReadonlyArray<LeavesByPath>): unknown => {
    const all = Object.assign({}, ...found) as LeavesByPath
    return Tree.map(params, (leaf, path) => all[path] ?? leaf)
  }

  const rateFor = (state: Stepped<unknown>, part: string, { options }: Part): Scalar => {
    const own = rateIn(options)
    if (part === leader || typeof own !== "number") return state.learningRate
    return typeof base === "number" && base > 0 ? T.mul(state.learningRate, own / base) : f64(own)
  }

  type Given = PartitionedState<unknown, { readonly [part: string]: object }>
  const partState = (state: Given, part: string, optimizer: Part): Stepped<LeavesByPath> => ({
    ...state.parts[part],
    params: within(part, state.params, state.params),
    step: state.step,
    learningRate: rateFor(state, part, optimizer)
  })

  const init = (params: unknown): Given => {
    const states = list.map(([part, optimizer]) => [part, optimizer.init(within(part, params, params))] as const)
    const step: Tensor<[], "i32"> = T.zeros([], "i32")
    return {
      params,
      parts: Object.fromEntries(states.map(([part, state]) => [part, slotsOf(state)])),
      step,
      learningRate: states[0]?.[1].learningRate ?? f64(0)
    }
  }

  const step = (state: Given, grad: unknown): Given => {
    assertIsState("partitioned.step: the state", state, names)
    assertLike("partitioned.step", state.params, { "the gradient": grad })
    assertCounters("partitioned.step: the state", { ...state })
    const states = list.map(
      ([part, optimizer]) =>
        [part, optimizer.step(partState(state, part, optimizer), within(part, state.params, grad))] as const
    )
    return {
      params: together(
        state.params,
        states.map(([, { params }]) => params)
      ),
      parts: Object.fromEntries(states.map(([part, next]) => [part, slotsOf(next)])),
      step: T.add(state.step, 1),
      learningRate: states[0]?.[1].learningRate ?? state.learningRate
    }
  }

  const evalParams = (state: Given): unknown =>
    together(
      state.params,
      list.map(([part, optimizer]) => optimizer.evalParams(partState(state, part, optimizer)))
    )

  const options = Object.freeze(Object.fromEntries(list.map(([part, optimizer]) => [part, optimizer.options])))
  // What PartitionedRule states, part by part.
  return Object.freeze({
    name: `partitioned(${list.map(([, { name }]) => name).join(", ")})`,
    options,
    init,
    step,
    evalParams
  }) as unknown as Optimizer<PartitionedRule<F>>
}

/** The partition of parameters that Muon needs: those of at least two axes, and the others. */
export const byRank = (_: string, leaf: AnyTensor): "matrices" | "others" =>
  leaf.shape.length >= 2 ? "matrices" : "others"
