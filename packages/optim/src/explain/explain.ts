/** Explained steps: what each stage of an optimizer adds to the change of the parameters. */
import { type AnyTensor, isFloat, operations as ops, T, Tree, type ValuesOf } from "@cotangent/graph"
import type { Optimizer, Rule, StateOf } from "../optimizer.ts"
import { f64, type Scalar } from "../scalar.ts"
import type { StagedStep } from "./stages.ts"

/** Numbers about the change of one parameter, each a float64 scalar; `|x|` is the Euclidean norm. */
export interface LayerMeasures {
  /** `|u|`, with u the whole change. */
  readonly updateNorm: Scalar
  /** `|u| / |theta|`: about 1e-3 in a healthy run. Infinity for weights that are all zero. */
  readonly updateToWeight: Scalar
  /** `|u| / |g|`: the rate at which plain descent would move as far. */
  readonly effectiveRate: Scalar
  /** The share of elements that move against their gradient, `sign(u) = sign(-g)`. */
  readonly signAgreement: Scalar
  /** The mean over elements of `|m| / sqrt(v)`: 1 where gradients repeat, near 0 where they are noise. */
  readonly signalToNoise?: Scalar
  /** For each stage c `<c, u> / |u|`: how far it moves along the change. The shares add up to `|u|`. */
  readonly along: { readonly [stage: string]: Scalar }
}

/** A step, explained: everything here is an expression, computed only where it is read. */
export interface Explanation<P> {
  /** The names of the stages in their order; the first is `gradient`. */
  readonly stages: ReadonlyArray<string>
  /**
   * What each stage adds: the change of the parameters by the stages up to it, minus the change by those before it.
   * `gradient` is plain descent, `-rate g`.
   */
  readonly contributions: { readonly [stage: string]: P }
  /** The whole change u, `theta' - theta`; the contributions add up to it. */
  readonly update: P
  /** `-u / g`, element by element. */
  readonly effectiveRates: P
  /** The measures of each parameter, by its path. */
  readonly layers: { readonly [path: string]: LayerMeasures }
}

/** Where a rule names no stages: plain descent, and what the rule makes of it. */
const unstaged = <F extends Rule, P>(optimizer: Optimizer<F>, state: StateOf<F, P>, grad: P): StagedStep<P> => {
  const next = optimizer.step<P>(state, grad)
  // `Stepped` is part of every state, and its parameters are P.
  const [from, to] = [state.params as P, next.params as P]
  const pairs = (a: P, b: P, f: (x: AnyTensor, y: AnyTensor) => AnyTensor): P =>
    Tree.zip([a, b], ([x, y]) => {
      if (x === undefined || y === undefined) throw new RangeError("explain: two trees were zipped")
      return isFloat(x.dtype) ? f(x, y) : ops.full(x.shape, 0, x.dtype)
    })
  return {
    changes: [
      {
        stage: "gradient",
        value: pairs(grad, grad, (g) => ops.neg(ops.mul(g, ops.cast(next.learningRate, g.dtype))))
      },
      { stage: "rule", value: pairs(to, from, ops.sub) }
    ]
  }
}

const total = (x: AnyTensor): Scalar =>
  // Reducing over all axes leaves a scalar, which the untyped operations cannot say.
  ops.reduceSum(
    ops.cast(x, "f64"),
    x.shape.map((_, axis) => axis)
  ) as Scalar
const inner = (a: AnyTensor, b: AnyTensor): Scalar => total(ops.mul(ops.cast(a, "f64"), ops.cast(b, "f64")))
const norm = (x: AnyTensor): Scalar => T.sqrt(inner(x, x))
const mean = (x: AnyTensor): Scalar =>
  T.div(
    total(x),
    x.shape.reduce((a, b) => a * b, 1)
  )

interface LayerTensors {
  readonly weights: AnyTensor
  readonly gradient: AnyTensor
  readonly update: AnyTensor
  readonly contributions: ReadonlyArray<readonly [stage: string, tensor: AnyTensor]>
  readonly signalToNoise: AnyTensor | undefined
}

const measuresOf = ({ weights, gradient, update, contributions, signalToNoise }: LayerTensors): LayerMeasures => {
  const size = norm(update)
  const agrees = ops.cast(ops.eq(ops.sign(update), ops.neg(ops.sign(gradient))), "f64")
  return {
    updateNorm: size,
    updateToWeight: T.div(size, norm(weights)),
    effectiveRate: T.div(size, norm(gradient)),
    signAgreement: mean(agrees),
    ...(signalToNoise === undefined ? {} : { signalToNoise: mean(signalToNoise) }),
    along: Object.fromEntries(
      contributions.map(([stage, c]) => [
        stage,
        T.where(T.equal(size, 0), f64(0), T.div(inner(c, update), T.maximum(size, 2 ** -1022)))
      ])
    )
  }
}

/**
 * Explains the step that an optimizer would make: what each of its stages contributes, and how the change compares with
 * weights and gradient.
 *
 * A stage's contribution is `u_k - u_{k-1}`, with `u_k` the change of the parameters when only the first k stages act and
 * `u_0 = -rate g` plain descent, so that contributions add up to the change `u = theta' - theta`. The stages of a chain
 * are its parts, by name; those of a rule such as Adam are `gradient`, `momentum`, `scaling`, `correction` and so on. A
 * rule that names none has two, `gradient` and `rule`. Without a learning rate of its own (`fromTransform(chain(...))`
 * that ends in `scale(-rate)`), plain descent is the gradient itself times `state.learningRate`.
 *
 * Nothing is computed that is not read, and `step` computes the same with and without an explanation beside it.
 *
 * ```ts
 * const optimizer = adam({ learningRate: 0.1 })
 * const params = { w: T.constant([1, -2]) }
 * const { contributions, layers } = explain(optimizer)(optimizer.init(params), { w: T.constant([0.5, 3]) })
 * const momentum = contributions["momentum"]               // { w: Tensor<[2]> }
 * const ratio = layers["w"]?.updateToWeight
 * ```
 */
export const explain =
  <F extends Rule>(optimizer: Optimizer<F>) =>
  <P>(state: StateOf<F, P>, grad: NoInfer<P>): Explanation<P> => {
    const staged = optimizer.stages?.<P>(state, grad) ?? unstaged(optimizer, state, grad)
    const { changes } = staged
    // `Stepped` is part of every state, and its parameters are P.
    const params = state.params as P
    const update = changes.at(-1)?.value ?? Tree.map(params, (leaf) => ops.full(leaf.shape, 0, leaf.dtype))
    const difference = (a: P, b: P): P =>
      Tree.zip([a, b], ([x, y]) => {
        if (x === undefined || y === undefined) throw new RangeError("explain: two trees were zipped")
        return ops.sub(x, y)
      })
    const contributions = changes.map(({ stage, value }, k) => {
      const before = changes[k - 1]
      return [stage, before === undefined ? value : difference(value, before.value)] as const
    })
    const columns = {
      update: Tree.leaves(update),
      gradient: Tree.leaves(grad),
      contributions: contributions.map(([stage, tree]) => [stage, Tree.leaves(tree)] as const),
      signalToNoise: staged.signalToNoise === undefined ? [] : Tree.leaves(staged.signalToNoise)
    }
    const layers = Tree.entries(params).flatMap(
      ({ path, leaf }, i): ReadonlyArray<readonly [string, LayerMeasures]> => {
        const [u, g] = [columns.update[i], columns.gradient[i]]
        if (!isFloat(leaf.dtype) || u === undefined || g === undefined) return []
        const parts = columns.contributions.flatMap(([stage, leaves]) => {
          const part = leaves[i]
          return part === undefined ? [] : [[stage, part] as const]
        })
        const signal = columns.signalToNoise[i]
        return [
          [path, measuresOf({ weights: leaf, gradient: g, update: u, contributions: parts, signalToNoise: signal })]
        ]
      }
    )
    return {
      stages: changes.map(({ stage }) => stage),
      contributions: Object.fromEntries(contributions),
      update,
      effectiveRates: Tree.zip([update, grad], ([u, g]) => {
        if (u === undefined || g === undefined) throw new RangeError("explain: two trees were zipped")
        return isFloat(u.dtype) ? ops.neg(ops.div(u, g)) : u
      }),
      layers: Object.fromEntries(layers)
    }
  }

/** The numbers of one layer at one step. */
export interface LayerRecord {
  readonly updateNorm: number
  readonly updateToWeight: number
  readonly effectiveRate: number
  readonly signAgreement: number
  readonly signalToNoise?: number
  readonly along: { readonly [stage: string]: number }
}

/** An explained step as plain numbers: what is kept of a run and drawn, see `Viz.explanation`. */
export interface ExplanationRecord {
  readonly step: number
  readonly layers: { readonly [path: string]: LayerRecord }
}

const numberOf = (value: { readonly data: ArrayLike<number> } | undefined): number => value?.data[0] ?? Number.NaN

/**
 * The plain numbers of computed measures: `explanationRecord(step, values)` with the values of `explanation.layers`, from
 * `T.evaluate`, `Compute.eval` or the output of a session's step.
 *
 * ```ts
 * const optimizer = sgd({ learningRate: 0.1 })
 * const params = { w: T.constant([3, 4]) }
 * const { layers } = explain(optimizer)(optimizer.init(params), { w: T.constant([6, 8]) })
 * const record = explanationRecord(1, T.evaluate(layers))
 * // record.layers.w is { updateNorm: 1, updateToWeight: 0.2, effectiveRate: 0.1, signAgreement: 1, along: { gradient: 1 } }
 * ```
 */
export const explanationRecord = (
  step: number,
  layers: ValuesOf<{ readonly [path: string]: LayerMeasures }>
): ExplanationRecord => ({
  step,
  layers: Object.fromEntries(
    Object.entries(layers).map(([path, { along, signalToNoise, ...measures }]): readonly [string, LayerRecord] => [
      path,
      {
        updateNorm: numberOf(measures.updateNorm),
        updateToWeight: numberOf(measures.updateToWeight),
        effectiveRate: numberOf(measures.effectiveRate),
        signAgreement: numberOf(measures.signAgreement),
        ...(signalToNoise === undefined ? {} : { signalToNoise: numberOf(signalToNoise) }),
        along: Object.fromEntries(Object.entries(along).map(([stage, value]) => [stage, numberOf(value)]))
      }
    ])
  )
})
