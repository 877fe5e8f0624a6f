/** Optimizers as compiled programs: the numbers of the reference interpreter, and the same bits on both targets. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { T, type Tensor, Tree, type Value } from "@cotangent/graph"
import {
  accumulate,
  addNoise,
  centralize,
  chain,
  clipByGlobalNorm,
  explain,
  fromTransform,
  freeze,
  l1Ball,
  type Optimizer,
  optimizers,
  partition,
  projected,
  type Rule,
  scaleByAdam,
  simplex,
  skipNonFinite,
  type StateOf,
  wrappedOptimizers
} from "@cotangent/optim"
import { Compute, step } from "@cotangent/runtime"

interface Params {
  readonly w: Tensor<[2, 3], "f64">
  readonly b: Tensor<[3], "f64">
}
const params: Params = {
  w: T.constant(
    [
      [0.5, -1.25, 2],
      [-0.75, 0.125, 1.5]
    ],
    "f64"
  ),
  b: T.constant([1, -2, 0.25], "f64")
}
/** A gradient that depends on the parameters and the step, so that every step is another one. */
const gradientOf = (p: Params, k: Tensor<[], "i32">): Params => {
  const turn = T.cos(T.cast(k, "f64"))
  return { w: T.add(T.mul(p.w, 0.5), turn) as Params["w"], b: T.sub(T.tanh(p.b), turn) as Params["b"] }
}

interface Outcome {
  readonly state: ReadonlyArray<number>
  readonly measures: ReadonlyArray<number>
}
const flat = (tree: unknown): ReadonlyArray<number> =>
  Tree.leaves<Value>(tree).flatMap(({ data }) => Array.from(data, Number))
const steps = 4

/** The state after some steps, and the measures of the last one. */
const compiled = <F extends Rule>(optimizer: Optimizer<F>): Effect.Effect<Outcome, unknown, Compute> =>
  Effect.gen(function* () {
    const session = yield* Compute.session({
      state: optimizer.init<Params>(params),
      data: {},
      programs: {
        step: step((state: StateOf<F, Params>) => {
          const gradient = gradientOf(state.params as Params, state.step)
          const { layers, update } = explain(optimizer)<Params>(state, gradient)
          return [optimizer.step<Params>(state, gradient), { layers, update }]
        })
      }
    })
    let measures: ReadonlyArray<number> = []
    for (let k = 0; k < steps; k++) measures = flat(yield* session.loop("step", { count: 1 }))
    return { state: flat(yield* session.state), measures }
  }).pipe(Effect.scoped)

const interpreted = <F extends Rule>(optimizer: Optimizer<F>): Outcome => {
  let state = optimizer.init<Params>(params)
  let measures: ReadonlyArray<number> = []
  for (let k = 0; k < steps; k++) {
    const gradient = gradientOf(state.params as Params, state.step)
    const { layers, update } = explain(optimizer)<Params>(state, gradient)
    const next = optimizer.step<Params>(state, gradient)
    measures = flat(T.evaluate({ layers, update }))
    state = T.realize(next)
  }
  return { state: flat(T.evaluate(state)), measures }
}

const close = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>): void => {
  assert.strictEqual(actual.length, expected.length)
  actual.forEach((x, i) => {
    const right = expected[i] ?? Number.NaN
    if (x !== right) assert.approximately(x, right, 1e-11 * Math.max(1, Math.abs(right)))
  })
}

const law = <F extends Rule>(optimizer: Optimizer<F>): Promise<void> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const [wasm, js] = [
        yield* Effect.provide(compiled(optimizer), Compute.layer),
        yield* Effect.provide(compiled(optimizer), Compute.javascript)
      ]
      assert.deepStrictEqual(wasm, js)
      const reference = interpreted(optimizer)
      close(wasm.state, reference.state)
      close(wasm.measures, reference.measures)
    })
  )

describe("compiled steps with their explanations", () => {
  for (const { name, use } of [...optimizers, ...wrappedOptimizers]) it(name, () => use((optimizer) => law(optimizer)))

  it("transforms that wrap others", () =>
    law(
      fromTransform(
        skipNonFinite(
          accumulate(
            chain({
              noise: addNoise({ eta: 0.1, seed: 5 }),
              center: centralize,
              clip: clipByGlobalNorm(1),
              parts: partition({ adam: scaleByAdam(), frozen: freeze }, { "": "adam", b: "frozen" })
            }),
            { every: 2, epoch: 3 }
          )
        ),
        { learningRate: 0.1 }
      )
    ))
  it("projections with a sort", () =>
    law(projected(fromTransform(scaleByAdam(), { learningRate: 0.1 }), { w: simplex(2), b: l1Ball(1) })))
})
