/** Laws that hold for every optimizer in the table, each of them a pure function of tensors. */
import { assert, describe, it } from "@effect/vitest"
import { Graph, operations as ops, print, T, type Tensor, Tree } from "@cotangent/graph"
import type { Optimizer, Rule, StateOf } from "../optimizer.ts"
import { trajectory } from "../trajectory.ts"
import { optimizers } from "./table.ts"

interface Params {
  readonly w: Tensor<[2, 3], "f64">
  readonly b: Tensor<[3], "f64">
}

const rows = [
  [0.5, -1.25, 2],
  [-0.75, 0.125, 1.5]
] as const
const params: Params = { w: T.constant(rows, "f64"), b: T.constant([1, -2, 0.25], "f64") }

/** Gradients of the size of 1, none of them zero, different at every step. */
const gradients: ReadonlyArray<Params> = [1, 2, 3, 4, 5].map((k) => ({
  w: T.constant(
    [
      [0.3 * k - 1, 0.7, -0.2 * k],
      [1.1 - 0.3 * k, -0.9, 0.05 * k]
    ],
    "f64"
  ),
  b: T.constant([0.4 - 0.15 * k, 0.6, -0.35], "f64")
}))

const negated = (tree: Params): Params => Tree.map(tree, ops.neg)
const numbersOf = (tree: unknown): ReadonlyArray<number> =>
  T.evaluate(Tree.leaves(tree)).flatMap(({ data }) => Array.from(data))
const close = (actual: unknown, expected: unknown, tolerance: number): void => {
  const right = numbersOf(expected)
  numbersOf(actual).forEach((x, i) => assert.approximately(x, right[i] ?? Number.NaN, tolerance))
}

/** The state after all gradients. */
const run = <F extends Rule>(optimizer: Optimizer<F>, from = params, along = gradients): StateOf<F, Params> =>
  along.reduce((state, gradient) => optimizer.step<Params>(state, gradient), optimizer.init(from))

/** Distances from the minimum of the parabola |x - 1/2|^2 / 2, before and after 100 steps. */
const distances = <F extends Rule>(optimizer: Optimizer<F>): readonly [before: number, after: number] => {
  const start = T.constant([2, -1, 0.25], "f64")
  let state = optimizer.init(start)
  for (let k = 0; k < 100; k++)
    state = optimizer.step<typeof start>(state, T.sub(optimizer.evalParams<typeof start>(state), 0.5))
  const [before = Number.NaN, after = Number.NaN] = [start, optimizer.evalParams<typeof start>(state)].map((x) =>
    Math.hypot(...numbersOf(T.sub(x, 0.5)))
  )
  return [before, after]
}

describe("laws of optimizers", () => {
  it("are checked for every rule and convention", () => {
    assert.isAtLeast(optimizers.length, 28)
    assert.strictEqual(new Set(optimizers.map(({ name }) => name)).size, optimizers.length)
  })

  for (const { name, use, rests, ascends } of optimizers) {
    describe(name, () => {
      it("is pure: equal inputs give equal states, and inputs are untouched", () =>
        use((optimizer) => {
          const before = optimizer.init(params)
          const snapshot = numbersOf(before)
          const [gradient = params] = gradients
          const once = numbersOf(optimizer.step<Params>(before, gradient))
          assert.deepStrictEqual(numbersOf(optimizer.step<Params>(before, gradient)), once)
          assert.deepStrictEqual(numbersOf(before), snapshot)
          assert.notDeepEqual(once, snapshot)
        }))

      it("counts steps from 0 and keeps the structure of its state", () =>
        use((optimizer) => {
          const first = optimizer.init(params)
          const last = run(optimizer)
          assert.deepStrictEqual(numbersOf(first.step), [0])
          assert.deepStrictEqual(numbersOf(last.step), [gradients.length])
          Tree.assertSameStructure("the state", first, last)
          assert.isTrue(numbersOf(last).every(Number.isFinite))
        }))

      it(rests ? "rests at a zero gradient" : "shrinks parameters at a zero gradient", () =>
        use((optimizer) => {
          const zeros = Tree.map(params, T.zerosLike)
          const after = optimizer.evalParams<Params>(run(optimizer, params, [zeros, zeros]))
          if (rests) assert.deepStrictEqual(numbersOf(after), numbersOf(params))
          else numbersOf(after).forEach((x, i) => assert.isBelow(Math.abs(x), Math.abs(numbersOf(params)[i] ?? 0)))
        })
      )

      it("commutes with a change of all signs", () =>
        use((optimizer) => {
          const mirrored = run(optimizer, negated(params), gradients.map(negated))
          close(negated(optimizer.evalParams<Params>(mirrored)), optimizer.evalParams<Params>(run(optimizer)), 1e-15)
        }))

      it("commutes with permutations of elements", () =>
        use((optimizer) => {
          const permute = (tree: Params): Params =>
            Tree.map(tree, (x) => ops.gather(x, T.constant([2, 0, 1], "i32"), x.shape.length - 1))
          const permuted = run(optimizer, permute(params), gradients.map(permute))
          close(optimizer.evalParams<Params>(permuted), permute(optimizer.evalParams<Params>(run(optimizer))), 1e-14)
        }))

      it("treats a tree of one leaf as the leaf alone", () =>
        use((optimizer) => {
          const nested = trajectory(optimizer)(
            { a: { b: [params.w] } },
            gradients.map(({ w }) => ({ a: { b: [w] } }))
          )
          close(
            nested,
            trajectory(optimizer)(
              params.w,
              gradients.map(({ w }) => w)
            ),
            0
          )
        }))

      it("moves against the gradient at the first step", () =>
        use((optimizer) => {
          const start = Tree.map(params, T.zerosLike)
          const [gradient = params] = gradients
          const moved = numbersOf(optimizer.evalParams<Params>(run(optimizer, start, [gradient])))
          numbersOf(gradient).forEach((g, i) =>
            assert.strictEqual(Math.sign(moved[i] ?? 0), (ascends ? 1 : -1) * Math.sign(g))
          )
        }))

      it(ascends ? "climbs a parabola" : "comes close to the minimum of a parabola", () =>
        use((optimizer) => {
          const [before, after] = distances(optimizer)
          if (ascends) assert.isAbove(after, 10 * before)
          else assert.isBelow(after, 0.2 * before)
        })
      )

      it("computes in the parameters' element type, and passes integers through", () =>
        use((optimizer) => {
          const mixed = { w: T.cast(params.w, "f32"), b: params.b, vocabulary: T.constant([7, 9], "i32") }
          const along = gradients.map(({ w, b }) => ({ w: T.cast(w, "f32"), b, vocabulary: T.zeros([2], "i32") }))
          const state = along.reduce((s, gradient) => optimizer.step<typeof mixed>(s, gradient), optimizer.init(mixed))
          Tree.assertSameStructure("the state", optimizer.init(mixed), state)
          const after = optimizer.evalParams<typeof mixed>(state)
          assert.deepStrictEqual(numbersOf(after.vocabulary), [7, 9])
          close({ w: after.w, b: after.b }, optimizer.evalParams<Params>(run(optimizer)), 1e-6)
        }))

      it("is an expression in the state: no rate and no step is compiled in", () =>
        use((optimizer) => {
          const graphAt = (state: StateOf<Rule, Params>): string => {
            const given = Tree.entries(state).map(({ path, leaf }) => ({
              name: path,
              tensor: ops.parameter(path, leaf.shape, leaf.dtype)
            }))
            // The structure is that of `state`, whose leaves are replaced by parameters.
            const traced = optimizer.step<Params>(
              Tree.rebuild(
                state,
                given.map(({ tensor }) => tensor)
              ) as StateOf<never, Params>,
              gradients[0] ?? params
            )
            return print(Graph.make(given, Tree.leaves(traced)))
          }
          assert.strictEqual(graphAt(optimizer.init(params)), graphAt(run(optimizer)))
        }))
    })
  }
})
