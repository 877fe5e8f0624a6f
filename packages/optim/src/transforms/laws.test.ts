/** Laws of transforms that wrap others, of averages and of projections: what holds for every optimizer. */
import { assert, describe, it } from "@effect/vitest"
import { Graph, Hash, operations as ops, T, Tree } from "@cotangent/graph"
import type { Optimizer, Rule, StateOf } from "../index.ts"
import { trajectory } from "../trajectory.ts"
import { wrappedOptimizers } from "./table.ts"
import { gradients, numbersOf, type Params, params } from "./transforms.test.support.ts"

const along = gradients.slice(0, 5)
const run = <F extends Rule>(
  optimizer: Optimizer<F>,
  from = params,
  list: ReadonlyArray<Params> = along
): StateOf<F, Params> => list.reduce((state, gradient) => optimizer.step<Params>(state, gradient), optimizer.init(from))
const close = (actual: unknown, expected: unknown, tolerance: number): void => {
  const right = numbersOf(expected)
  numbersOf(actual).forEach((x, i) => assert.approximately(x, right[i] ?? Number.NaN, tolerance))
}

describe("laws of wrapped optimizers", () => {
  for (const { name, use, rests } of wrappedOptimizers) {
    describe(name, () => {
      it("is pure, counts steps and keeps the structure of its state", () =>
        use((optimizer) => {
          const before = optimizer.init(params)
          const snapshot = numbersOf(before)
          const once = numbersOf(optimizer.step<Params>(before, params))
          assert.deepStrictEqual(numbersOf(optimizer.step<Params>(before, params)), once)
          assert.deepStrictEqual(numbersOf(before), snapshot)
          const last = run(optimizer)
          assert.deepStrictEqual(numbersOf(last.step), [along.length])
          Tree.assertSameStructure("the state", before, last)
          assert.isTrue(numbersOf(last).every(Number.isFinite))
        }))

      it(rests ? "rests at a zero gradient" : "shrinks parameters at a zero gradient", () =>
        use((optimizer) => {
          const zeros = Tree.map(params, T.zerosLike)
          const after = numbersOf(optimizer.evalParams<Params>(run(optimizer, params, [zeros, zeros])))
          if (rests) assert.deepStrictEqual(after, numbersOf(params))
          else after.forEach((x, i) => assert.isBelow(Math.abs(x), Math.abs(numbersOf(params)[i] ?? 0)))
        })
      )

      it("commutes with a change of all signs, and with permutations of the last axis", () =>
        use((optimizer) => {
          const evaluated = (from: Params, list: ReadonlyArray<Params>) =>
            optimizer.evalParams<Params>(run(optimizer, from, list))
          const negated = (tree: Params): Params => Tree.map(tree, ops.neg)
          const turned = (tree: Params): Params =>
            Tree.map(tree, (x) => ops.gather(x, T.constant([1, 0], "i32"), x.shape.length - 1))
          const plain = evaluated(params, along)
          close(negated(evaluated(negated(params), along.map(negated))), plain, 1e-15)
          close(evaluated(turned(params), along.map(turned)), turned(plain), 1e-14)
        }))

      it("treats a tree of one leaf as the leaf alone", () =>
        use((optimizer) => {
          const kernels = along.map(({ hidden }) => hidden.kernel)
          const nested = trajectory(optimizer)(
            { a: { b: [params.hidden.kernel] } },
            kernels.map((kernel) => ({ a: { b: [kernel] } }))
          )
          close(nested, trajectory(optimizer)(params.hidden.kernel, kernels), 0)
        }))

      it("comes close to the minimum of a parabola", () =>
        use((optimizer) => {
          const start = T.constant([2, -1, 0.25], "f64")
          let state = optimizer.init(start)
          for (let k = 0; k < 100; k++)
            state = optimizer.step<typeof start>(state, T.sub(optimizer.evalParams<typeof start>(state), 0.5))
          const distance = (x: typeof start) => Math.hypot(...numbersOf(T.sub(x, 0.5)))
          assert.isBelow(distance(optimizer.evalParams<typeof start>(state)), 0.2 * distance(start))
        }))

      it("computes in the parameters' element type, and passes integers through", () =>
        use((optimizer) => {
          const mixed = { w: T.cast(params.hidden.kernel, "f32"), vocabulary: T.constant([7, 9], "i32") }
          const list = along.map(({ hidden }) => ({ w: T.cast(hidden.kernel, "f32"), vocabulary: T.zeros([2], "i32") }))
          const state = list.reduce((s, gradient) => optimizer.step<typeof mixed>(s, gradient), optimizer.init(mixed))
          Tree.assertSameStructure("the state", optimizer.init(mixed), state)
          const after = optimizer.evalParams<typeof mixed>(state)
          assert.deepStrictEqual(numbersOf(after.vocabulary), [7, 9])
          const exact = trajectory(optimizer)(
            params.hidden.kernel,
            along.map(({ hidden }) => hidden.kernel)
          ).at(-1)
          // The norms of other leaves do not take part here; f32 has seven digits.
          close(after.w, exact, 1e-5)
        }))

      it("is an expression in the state: no rate and no step is compiled in", () =>
        use((optimizer) => {
          const hashAt = (state: StateOf<Rule, Params>): string => {
            const given = Tree.entries(state).map(({ path, leaf }) => ({
              name: path,
              tensor: ops.parameter(path, leaf.shape, leaf.dtype)
            }))
            // The structure is that of `state`, whose leaves are replaced by parameters.
            const parameters = Tree.rebuild(
              state,
              given.map(({ tensor }) => tensor)
            ) as StateOf<never, Params>
            return Hash.hash(Graph.make(given, Tree.leaves(optimizer.step<Params>(parameters, params))))
          }
          assert.strictEqual(hashAt(optimizer.init(params)), hashAt(run(optimizer)))
        }))
    })
  }
})
