import { isFloat } from "../dtype.ts"
import { dependencies } from "../dependence.ts"
import { DifferentiationError, ShapeError } from "../errors.ts"
import type { RuleOperations } from "../operations-interface.ts"
import type { Application, BatchOperand, Maybe, Primitive } from "../primitive.ts"
import type { AnyTensor, Aval } from "../tensor.ts"
import { absent, present, zerosLike } from "./carried.ts"

/**
 * The operands of a custom derivative are: the results as they were computed, then what the function used from outside,
 * then its arguments. Its outputs are the results; only derivatives see the rest.
 */
export interface CustomAttributes {
  /** What errors call it. */
  readonly name: string
  readonly results: number
  readonly captured: number
}

/** One application of a function with derivatives of its own. */
export interface CustomApplication {
  readonly arguments: ReadonlyArray<AnyTensor>
  readonly results: ReadonlyArray<AnyTensor>
}

/** Derivatives that replace those of the operations a function is made of; one of the two at least. */
export interface CustomRule {
  /** Cotangents of the arguments from those of the results; of those that are not `wanted` they may be left out. */
  readonly pullback?: (
    ops: RuleOperations,
    at: CustomApplication,
    cotangents: ReadonlyArray<Maybe>,
    wanted: (argument: number) => boolean
  ) => ReadonlyArray<Maybe>
  /** Tangents of the results from those of the arguments, linear in them. */
  readonly pushforward?: (
    ops: RuleOperations,
    at: CustomApplication,
    tangents: ReadonlyArray<Maybe>
  ) => ReadonlyArray<Maybe>
}

/** Rules are functions: they are kept beside attributes, for as long as these live, outside of hashes and files. */
const rules = new WeakMap<CustomAttributes, CustomRule>()

/** Attributes that carry a rule. */
export const withRule = (attributes: CustomAttributes, rule: CustomRule): CustomAttributes => {
  rules.set(attributes, rule)
  return attributes
}

const ruleOf = (attributes: CustomAttributes): CustomRule => {
  const rule = rules.get(attributes)
  if (rule === undefined) throw new DifferentiationError(`${attributes.name}: its derivatives were lost`)
  return rule
}

const split = <T>(inputs: ReadonlyArray<T>, { results, captured }: CustomAttributes) => ({
  results: inputs.slice(0, results),
  captured: inputs.slice(results, results + captured),
  arguments: inputs.slice(results + captured)
})

/** The transpose of a linear rule: the pullback of its tangents with respect to the tangents it is given. */
const transposed = (
  name: string,
  ops: RuleOperations,
  at: CustomApplication,
  cotangents: ReadonlyArray<Maybe>,
  pushforward: NonNullable<CustomRule["pushforward"]>
): ReadonlyArray<Maybe> => {
  // A linear function has the same derivative everywhere: also at zero.
  const tangents = at.arguments.map((x) => (isFloat(x.dtype) ? ops.alias(zerosLike(ops, x)) : undefined))
  const moved = pushforward(ops, at, tangents)
  const given = moved.flatMap((t, i) => (t === undefined ? [] : [{ t, g: cotangents[i] }]))
  const wanted = tangents.flatMap((t) => t ?? [])
  const gradients = ops.passes.pullback(
    given.map(({ t }) => t),
    given.map(({ g }) => g),
    wanted
  )
  if (dependencies("values", present(gradients), wanted).includes(true))
    throw new DifferentiationError(
      `${name}: the rule is not linear in the tangents, so it has no transpose for reverse mode; tangents may be scaled, added and moved, not multiplied with each other`
    )
  let next = 0
  return tangents.map((t) => (t === undefined ? undefined : gradients[next++]))
}

const pullbackCustom = (
  ops: RuleOperations,
  { attributes, inputs, outputs }: Application<CustomAttributes>,
  cotangents: ReadonlyArray<Maybe>,
  wanted: (input: number) => boolean
): ReadonlyArray<Maybe> => {
  const parts = split(inputs, attributes)
  if (parts.captured.some((_, i) => wanted(attributes.results + i)))
    throw new DifferentiationError(
      `${attributes.name}: the function uses a tensor from outside that the derivative is taken with respect to; pass it as an argument, so that the rule can give its cotangent`
    )
  const at = { arguments: parts.arguments, results: outputs }
  const { pullback, pushforward } = ruleOf(attributes)
  const isWanted = (argument: number) => wanted(attributes.results + attributes.captured + argument)
  const gradients =
    pullback !== undefined
      ? pullback(ops, at, cotangents, isWanted)
      : pushforward === undefined
        ? []
        : transposed(attributes.name, ops, at, cotangents, pushforward)
  return [...parts.results.map(() => undefined), ...parts.captured.map(() => undefined), ...gradients]
}

const pushforwardCustom = (
  ops: RuleOperations,
  { attributes, inputs, outputs }: Application<CustomAttributes>,
  tangents: ReadonlyArray<Maybe>
): ReadonlyArray<Maybe> => {
  const { pushforward } = ruleOf(attributes)
  const moving = split(
    inputs.map((_, i) => tangents[i]),
    attributes
  )
  if (moving.captured.some((t) => t !== undefined))
    throw new DifferentiationError(
      `${attributes.name}: the function uses a tensor from outside that the derivative is taken with respect to; pass it as an argument, so that the rule can take its tangent`
    )
  if (pushforward === undefined)
    throw new DifferentiationError(
      `jvp: ${attributes.name} has a rule for reverse mode only; use grad or vjp, or give it a forward rule with customJvp or customDerivative`
    )
  return pushforward(ops, { arguments: split(inputs, attributes).arguments, results: outputs }, moving.arguments)
}

/** A tensor that may carry a batch as axis 0. */
interface MaybeBatched {
  readonly tensor: AnyTensor
  readonly batched: boolean
}

const exampleOf = ({ tensor: { shape, dtype }, batched }: MaybeBatched): Aval => ({
  shape: batched ? shape.slice(1) : shape,
  dtype
})

/**
 * The rule of a batch of applications: the rule of one, traced on fresh parameters and vectorized. Arguments that all
 * examples share stay single, so what the rule computes from them alone is computed once; their cotangents are summed.
 */
const batchedRule = (rule: CustomRule, shared: ReadonlyArray<boolean>, size: number): CustomRule => {
  /** Runs `f`, a function of one example, on batches: what it gives has a batch. */
  const each = (
    ops: RuleOperations,
    at: CustomApplication,
    derivatives: ReadonlyArray<Maybe>,
    areShared: ReadonlyArray<boolean>,
    f: (example: CustomApplication, derivatives: ReadonlyArray<Maybe>) => ReadonlyArray<Maybe>
  ): ReadonlyArray<Maybe> => {
    const args = at.arguments.map((tensor, i): MaybeBatched => ({ tensor, batched: shared[i] !== true }))
    const results = at.results.map((tensor): MaybeBatched => ({ tensor, batched: true }))
    const given = derivatives.flatMap((tensor, i): ReadonlyArray<MaybeBatched> =>
      tensor === undefined ? [] : [{ tensor, batched: areShared[i] !== true }]
    )
    const fresh = (x: MaybeBatched, i: number): AnyTensor => {
      const { shape, dtype } = exampleOf(x)
      return ops.parameter(`v${i}`, shape, dtype)
    }
    const one = { arguments: args.map(fresh), results: results.map(fresh) }
    const single = given.map(fresh)
    const outputs = f(one, absent(derivatives, single))
    const operands = [...args, ...results, ...given]
    const batches = ops.passes.vectorize(
      present(outputs),
      [...one.arguments, ...one.results, ...single],
      operands.map(({ tensor }) => tensor),
      operands.map(({ batched }) => batched),
      size
    )
    return absent(outputs, batches)
  }
  const { pullback, pushforward } = rule
  return {
    ...(pullback === undefined
      ? {}
      : {
          pullback: (ops, at, gs, wanted) =>
            each(ops, at, gs, [], (example, g) => pullback(ops, example, g, wanted)).map((g, i) =>
              g !== undefined && shared[i] === true ? ops.reduceSum(g, [0]) : g
            )
        }),
    ...(pushforward === undefined
      ? {}
      : { pushforward: (ops, at, ts) => each(ops, at, ts, shared, (example, t) => pushforward(ops, example, t)) })
  }
}

const batchCustom = (
  ops: RuleOperations,
  operands: ReadonlyArray<BatchOperand>,
  attributes: CustomAttributes,
  size: number
): ReadonlyArray<AnyTensor> => {
  const parts = split(operands, attributes)
  const results = parts.results.map(({ tensor, batched }) =>
    batched ? tensor : ops.broadcast(tensor, [size, ...tensor.shape])
  )
  const rest = [...parts.captured, ...parts.arguments].map(({ tensor }) => tensor)
  const shared = parts.arguments.map(({ batched }) => !batched)
  return ops.custom([...results, ...rest], withRule({ ...attributes }, batchedRule(ruleOf(attributes), shared, size)))
}

/** The results of a function whose derivatives are given by a rule instead of by its operations. Graphs leave it out. */
export const custom: Primitive<CustomAttributes> = {
  name: "custom",
  form: { operands: undefined, regions: 0, attributes: { name: "text", results: "integer", captured: "integer" } },
  document: {
    summary: "The results of a function whose derivatives are given by a rule.",
    equation: "y = f(x)",
    derivative: "what the rule says; the transpose of a forward rule where there is only that",
    conventions: "graphs hold the results alone"
  },
  infer: (inputs, attributes) => {
    if (inputs.length < attributes.results + attributes.captured)
      throw new ShapeError(`${attributes.name}: operands are missing`)
    return inputs.slice(0, attributes.results).map(({ shape, dtype }) => ({ shape, dtype }))
  },
  evaluate: (inputs, { results }) => inputs.slice(0, results).map(({ data }) => data),
  reverse: { tag: "rule", pullback: pullbackCustom },
  forward: { tag: "rule", pushforward: pushforwardCustom },
  batch: batchCustom,
  lower: { tag: "view", view: (input) => input },
  samples: [
    {
      // A result that does not depend on the argument as the rule sees it: the identity, with the derivative of one.
      operands: [
        { shape: [2, 3], low: -1, high: 1 },
        { shape: [2, 3], low: -1, high: 1 }
      ],
      attributes: withRule(
        { name: "sample", results: 1, captured: 0 },
        { pushforward: (ops, _, [t]) => [t === undefined ? undefined : ops.mul(t, 2)] }
      )
    }
  ]
}
