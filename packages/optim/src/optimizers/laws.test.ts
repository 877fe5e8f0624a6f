/** Laws that hold for every optimizer in the table, each of them a pure function of tensors. */
import { assert, describe, it } from "@effect/vitest"
import { grad } from "@cotangent/autodiff"
import { Graph, operations as ops, print, T, type Tensor, Tree } from "@cotangent/graph"
import { isExhaustive } from "../exhaustive.test.support.ts"
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

const far: Params = {
  w: T.constant(
    [
      [2, -1, 0.25],
      [-0.5, 1.5, 1]
    ],
    "f64"
  ),
  b: T.constant([2, -1, 0.25], "f64")
}

/** The state after some steps along the gradient; it is computed now and then, or the expression would grow long. */
const followed = <F extends Rule, P>(
  optimizer: Optimizer<F>,
  start: P,
  steps: number,
  slope: (at: P) => P
): StateOf<F, P> => {
  let state = optimizer.init(start)
  for (let k = 1; k <= steps; k++) {
    // The parameters of a state over P, whose type the unknown rule hides.
    const next = optimizer.step<P>(state, slope(state.params as P))
    state = k % 10 === 0 ? T.realize(next) : next
  }
  return state
}

/** Distances from the minimum of the parabola |x - 1/2|^2 / 2, before and after 100 steps. */
const distances = <F extends Rule>(optimizer: Optimizer<F>): readonly [before: number, after: number] => {
  const state = followed(optimizer, far, 100, (at) => Tree.map(at, (x) => ops.sub(x, 0.5)))
  const [before = Number.NaN, after = Number.NaN] = [far, optimizer.evalParams<Params>(state)].map((x) =>
    Math.hypot(...numbersOf(x).map((element) => element - 0.5))
  )
  return [before, after]
}

interface Point {
  readonly x: Tensor<[1, 1], "f64">
  readonly y: Tensor<[1], "f64">
}

/**
 * Rosenbrock's function `(1 - x)^2 + 100 (y - x^2)^2` divided by 100: a curved valley, its wall a hundred times steeper
 * than its floor. It is 0.242 at the usual start (-1.2, 1) and about 0.04 at the floor near by.
 */
const rosenbrock = ({ x, y }: Point): Tensor<[], "f64"> => {
  const [a, b] = [T.reshape(x, []), T.reshape(y, [])]
  return T.add(T.mul(T.square(T.sub(a, 1)), 0.01), T.square(T.sub(b, T.square(a))))
}

/** Its value after 150 steps. */
const valley = <F extends Rule>(optimizer: Optimizer<F>): number => {
  const start: Point = { x: T.constant([[-1.2]], "f64"), y: T.constant([1], "f64") }
  const state = followed(optimizer, start, 150, grad(rosenbrock))
  return numbersOf(rosenbrock(optimizer.evalParams<Point>(state)))[0] ?? Number.NaN
}

/** The elements of a tree in another order and with other signs, leaf by leaf. */
const rearranged = (tree: Params): Params =>
  Tree.map(tree, (x) => {
    const size = x.shape.reduce((a, b) => a * b, 1)
    const order = Array.from({ length: size }, (_, i) => (i * 5 + 2) % size)
    const signs = order.map((i) => (i % 2 === 0 ? 1 : -1))
    const flat = ops.gather(ops.reshape(x, [size]), T.constant(order, "i32"), 0)
    return ops.reshape(ops.mul(flat, T.constant(signs, "f64")), x.shape)
  })

/** Rows exchanged, columns in another order, one row and one column with the other sign. */
const turnedAround = (tree: Params): Params =>
  Tree.map(tree, (x) => {
    const columns = ops.mul(
      ops.gather(x, T.constant([2, 0, 1], "i32"), x.shape.length - 1),
      T.constant([1, -1, 1], "f64")
    )
    if (x.shape.length < 2) return columns
    return ops.mul(ops.gather(columns, T.constant([1, 0], "i32"), 0), T.constant([[-1], [1]], "f64"))
  })

const firstForms = new Set(
  optimizers.flatMap(({ name, document }, i) =>
    optimizers.findIndex((other) => other.document === document) === i ? [name] : []
  )
)

describe("laws of optimizers", () => {
  it("are checked for every rule and convention", () => {
    assert.isAtLeast(optimizers.length, 28)
    assert.strictEqual(new Set(optimizers.map(({ name }) => name)).size, optimizers.length)
  })

  for (const { name, document, use, rests, ascends, symmetry, scaleInvariant, firstStep } of optimizers) {
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

      if (symmetry !== "sign")
        it(`commutes with signed permutations of ${symmetry}`, () =>
          use((optimizer) => {
            const change = symmetry === "elements" ? rearranged : turnedAround
            const changed = run(optimizer, change(params), gradients.map(change))
            close(optimizer.evalParams<Params>(changed), change(optimizer.evalParams<Params>(run(optimizer))), 1e-10)
          }))

      if (scaleInvariant)
        it("does not depend on the scale of gradients", () =>
          use((optimizer) => {
            const scaled = gradients.map((gradient) => Tree.map(gradient, (g) => ops.mul(g, 1024)))
            const [there, here] = [run(optimizer, params, scaled), run(optimizer)].map((state) =>
              numbersOf(optimizer.evalParams<Params>(state))
            )
            const error = Math.max(...(there ?? []).map((x, i) => Math.abs(x - (here?.[i] ?? Number.NaN))))
            assert.isBelow(error, 1e-5)
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

      it(`its first step from the origin: ${firstStep}`, () =>
        use((optimizer) => {
          const start = Tree.map(params, T.zerosLike)
          const [gradient = params] = gradients
          const moved = numbersOf(optimizer.evalParams<Params>(run(optimizer, start, [gradient])))
          const signs = numbersOf(gradient).map((g) => (ascends ? 1 : -1) * Math.sign(g))
          if (firstStep === "elementwise") assert.deepStrictEqual(moved.map(Math.sign), signs)
          const slope = numbersOf(gradient).reduce((sum, g, i) => sum + g * (moved[i] ?? 0), 0)
          if (firstStep === "descends") assert.isBelow(slope, 0)
          if (firstStep === "waits") assert.deepStrictEqual(moved, numbersOf(start))
        }))

      it(ascends ? "climbs a parabola" : "comes close to the minimum of a parabola", () =>
        use((optimizer) => {
          const [before, after] = distances(optimizer)
          if (ascends) assert.isAbove(after, 10 * before)
          else assert.isBelow(after, 0.2 * before)
        })
      )

      // Of each rule one form, all of them in the exhaustive run.
      if (!ascends && (isExhaustive || firstForms.has(name)))
        it("goes down into Rosenbrock's valley", () => use((optimizer) => assert.isBelow(valley(optimizer), 0.06)))

      it("remembers what its document says, and no more", () =>
        use((optimizer) => {
          const { params: _, step: __, learningRate: ___, ...slots } = optimizer.init(params)
          const known = Object.keys(document.slots)
          const wraps = ["lookahead", "sparseRows"].includes(document.name)
          if (!wraps)
            assert.deepStrictEqual(
              Object.keys(slots).filter((slot) => !known.includes(slot)),
              []
            )
          assert.isTrue([document.summary, document.equation, document.source].every((text) => text.length > 5))
        }))

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
