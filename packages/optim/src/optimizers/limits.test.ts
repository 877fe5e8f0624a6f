/** Limit cases: options under which one rule is another. */
import { assert, describe, it } from "@effect/vitest"
import { grad } from "@cotangent/autodiff"
import { operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import { chain } from "../chain.ts"
import { fromTransform } from "../fromTransform.ts"
import { grouped } from "../grouped.ts"
import type { Optimizer, Rule } from "../optimizer.ts"
import { scaleByAdam } from "../transforms/scaleByAdam.ts"
import { adabelief } from "./adabelief.ts"
import { adafactor } from "./adafactor.ts"
import { adagrad } from "./adagrad.ts"
import { adam } from "./adam.ts"
import { adamw } from "./adamw.ts"
import { adan } from "./adan.ts"
import { lamb } from "./lamb.ts"
import { lars } from "./lars.ts"
import { lion } from "./lion.ts"
import { lookahead } from "./lookahead.ts"
import { muon } from "./muon.ts"
import { byRank, partitioned } from "./partitioned.ts"
import { prodigy } from "./prodigy.ts"
import { sam } from "./sam.ts"
import { scheduleFree } from "./scheduleFree.ts"
import { sgd } from "./sgd.ts"
import { shampoo } from "./shampoo.ts"
import { soap } from "./soap.ts"
import { sparseRows } from "./sparseRows.ts"

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
const gradients: ReadonlyArray<Params> = Array.from({ length: 12 }, (_, k) => ({
  w: T.constant(
    [0, 1].map((i) => [0, 1, 2].map((j) => Math.sin(1.3 * k + 2 * i + j) + 0.2)),
    "f64"
  ) as Params["w"],
  b: T.constant(
    [0, 1, 2].map((j) => Math.cos(0.7 * k + j * j) - 0.1),
    "f64"
  ) as Params["b"]
}))

const numbersOf = (tree: unknown): ReadonlyArray<number> =>
  T.evaluate(Tree.leaves(tree)).flatMap(({ data }) => Array.from(data))

/** The parameters after each step, where the next gradient is taken. */
const visited = <F extends Rule>(optimizer: Optimizer<F>, along = gradients): ReadonlyArray<number> => {
  let state = optimizer.init(params)
  return numbersOf(
    along.map((gradient) => {
      state = optimizer.step<Params>(state, gradient)
      return state.params
    })
  )
}
const same = (a: ReadonlyArray<number>, b: ReadonlyArray<number>, tolerance: number): void => {
  assert.strictEqual(a.length, b.length)
  a.forEach((x, i) => assert.approximately(x, b[i] ?? NaN, tolerance))
}

const learningRate = 0.05

describe("limit cases", () => {
  it("Lion without memory in its direction is Adam without memory", () =>
    same(
      visited(lion({ learningRate, beta1: 0 })),
      visited(adam({ learningRate, beta1: 0, beta2: 0, epsilon: 0 })),
      1e-13
    ))

  it("AdaBelief whose average never leaves 0 is Adam", () => {
    const o = { learningRate, beta1: 1 - 1e-9 }
    same(visited(adabelief({ ...o, epsilonRoot: 0, epsilon: 1e-8 })), visited(adam(o)), 1e-7)
  })

  it("Adan that forgets differences is Adam", () =>
    same(
      visited(adan({ learningRate, beta1: 0.9, beta2: 0, beta3: 0.99 })),
      visited(adam({ learningRate, beta1: 0.9, beta2: 0.99 })),
      1e-13
    ))

  it("Adan with decoupled decay that forgets differences is AdamW", () =>
    same(
      visited(
        adan({ learningRate, beta1: 0.9, beta2: 0, beta3: 0.99, weightDecay: 0.1, weightDecayMode: "decoupled" })
      ),
      visited(adamw({ learningRate, beta1: 0.9, beta2: 0.99, weightDecay: 0.1 })),
      1e-13
    ))

  it("LAMB with a trust ratio of 1 is AdamW", () =>
    same(
      visited(lamb({ learningRate, weightDecay: 0.1, trustRatio: "none" })),
      visited(adamw({ learningRate, weightDecay: 0.1, epsilon: 1e-6 })),
      1e-13
    ))

  it("LARS with a trust ratio of 1 is momentum SGD", () => {
    for (const velocityMode of ["steps", "gradients"] as const)
      for (const nesterov of [false, true]) {
        const o = { learningRate, momentum: 0.9, weightDecay: 0.1, nesterov, velocityMode }
        same(visited(lars({ ...o, trustRatio: "none" })), visited(sgd(o)), 1e-13)
      }
  })

  it("schedule-free AdamW makes the first step of AdamW, and its average is there too", () => {
    const o = { learningRate, weightDecay: 0.1 }
    const optimizer = scheduleFree(o)
    const [first = params] = gradients
    const state = optimizer.step<Params>(optimizer.init(params), first)
    const expected = visited(adamw(o), [first])
    same(numbersOf(state.params), expected, 1e-13)
    same(numbersOf(optimizer.evalParams<Params>(state)), expected, 1e-13)
  })

  it("Adafactor without factors, clipping and scaling, whose average is the mean, is Adagrad", () => {
    const falling = (k: Tensor<[], "f64">): Tensor<[], "f64"> => T.div(T.constant(0.5, "f64"), T.sqrt(T.add(k, 1)))
    same(
      visited(
        adafactor({
          learningRate: falling,
          decayPower: 1,
          epsilon: 0,
          clipThreshold: undefined,
          scaleByParameter: false,
          factored: false
        })
      ),
      visited(adagrad({ learningRate: 0.5, epsilon: 0 })),
      1e-13
    )
  })

  it("Adafactor's factors of a matrix of rank 1 are its second moments", () => {
    const o = { learningRate, clipThreshold: undefined }
    const along = gradients.map(({ b }) => ({
      w: ops.mul(ops.reshape(T.constant([1, -3], "f64"), [2, 1]), ops.reshape(b, [1, 3])) as Params["w"],
      b
    }))
    // A moving average of matrices of rank 1 has rank 1 only at the first step.
    same(
      visited(adafactor(o), along.slice(0, 1)),
      visited(adafactor({ ...o, factored: false }), along.slice(0, 1)),
      1e-13
    )
  })

  it("Prodigy whose distance is 1 and stays is Adam with epsilon-hat", () =>
    same(
      visited(prodigy({ learningRate, initialDistance: 1, growth: 1, biasCorrection: true })),
      visited(adam({ learningRate, epsilonMode: "hat" })),
      1e-13
    ))

  it("Muon without iterations is momentum whose steps have one length", () => {
    const o = { momentum: 0.9, nesterov: true }
    const matrices = gradients.map(({ w }) => w)
    const path = <F extends Rule>(optimizer: Optimizer<F>) => {
      let state = optimizer.init(params.w)
      return matrices.map((g) => {
        state = optimizer.step<Params["w"]>(state, g)
        return numbersOf(state.params)
      })
    }
    const difference = (visits: ReadonlyArray<ReadonlyArray<number>>) =>
      visits.map((x, k) => x.map((e, i) => e - ((k === 0 ? numbersOf(params.w) : visits[k - 1])?.[i] ?? NaN)))
    const unit = difference(path(sgd({ ...o, learningRate: 1 }))).map((d) =>
      d.map((e) => (0.05 * e) / Math.hypot(...d))
    )
    const own = difference(path(muon({ ...o, learningRate, iterations: 0, epsilon: 0, scale: "none" })))
    own.forEach((d, k) => same(d, unit[k] ?? [], 1e-13))
  })

  it("Muon's step is nearly orthogonal", () => {
    const optimizer = muon({ learningRate: 1, scale: "none", momentum: 0, nesterov: false })
    const g = T.constant(
      Array.from({ length: 5 }, (_, i) =>
        Array.from({ length: 8 }, (__, j) => Math.sin(3.1 * i * i + 1.3 * j * j + i * j))
      ),
      "f64"
    )
    const { params: moved } = optimizer.step(optimizer.init(T.zerosLike(g)), g)
    const { s } = T.svd(moved as Tensor<[5, 8], "f64">)
    for (const value of numbersOf(s)) assert.isTrue(value > 0.68 && value < 1.14, String(value))
  })

  it("Shampoo on single elements is Adagrad", () => {
    const path = <F extends Rule>(optimizer: Optimizer<F>) => {
      const number = (x: number) => T.constant(x, "f64")
      let state = optimizer.init(number(2))
      return gradients.map((_, k) => {
        state = optimizer.step<Tensor<[], "f64">>(state, number(Math.sin(k) + 0.3))
        return numbersOf(state.params)[0] ?? NaN
      })
    }
    same(
      path(shampoo({ learningRate, epsilon: 0.1 })),
      path(adagrad({ learningRate, initialSum: 0.1, epsilon: 0 })),
      1e-13
    )
  })

  it("SOAP with identity bases is AdamW with epsilon-hat: without sides, and before the first refresh", () => {
    const o = { learningRate, beta1: 0.95, beta2: 0.95, weightDecay: 0.1 }
    const expected = visited(adamw({ ...o, epsilonMode: "hat" }))
    same(visited(soap({ ...o, largestSide: 0 })), expected, 1e-13)
    same(visited(soap({ ...o, refreshEvery: 12 })), expected, 1e-13)
    assert.isAbove(
      Math.max(...visited(soap({ ...o, refreshEvery: 2 })).map((x, i) => Math.abs(x - (expected[i] ?? 0)))),
      1e-3
    )
  })

  it("Lookahead that follows all the way is the optimizer itself, to the bit", () =>
    assert.deepStrictEqual(visited(lookahead(adam({ learningRate }), { follow: 1 })), visited(adam({ learningRate }))))

  it("Lookahead evaluates its slow parameters, which wait", () => {
    const optimizer = lookahead(sgd({ learningRate }), { period: 3, follow: 0.5 })
    let state = optimizer.init(params)
    const evaluated = gradients.slice(0, 3).map((g) => {
      state = optimizer.step<Params>(state, g)
      return numbersOf(optimizer.evalParams<Params>(state))
    })
    assert.deepStrictEqual(evaluated[1], numbersOf(params))
    const fast = visited(sgd({ learningRate }), gradients.slice(0, 3)).slice(-9)
    same(
      evaluated[2] ?? [],
      numbersOf(params).map((x, i) => (x + (fast[i] ?? NaN)) / 2),
      1e-15
    )
  })

  it("SAM of no radius is the optimizer itself, to the bit", () => {
    const loss = ({ w, b }: Params): Tensor<[], "f64"> => T.add(T.sum(T.cos(w)), T.sum(T.square(T.add(b, T.square(b)))))
    const [optimizer, solver] = [adam({ learningRate }), sam(adam({ learningRate }), { rho: 0 })]
    let [plain, solved] = [optimizer.init(params), solver.init(params)]
    for (let k = 0; k < 10; k++) {
      plain = T.realize(optimizer.step<Params>(plain, grad(loss)(plain.params)))
      solved = T.realize(solver.step<Params>(solved, loss))
      assert.deepStrictEqual(numbersOf(solved.params), numbersOf(plain.params))
    }
    assert.deepStrictEqual(numbersOf([solved.evaluations, solved.iterations, solved.step]), [20, 10, 10])
  })

  it("SAM descends, and commutes with signed permutations of elements", () => {
    const solver = sam(adam({ learningRate }), { rho: 0.1 })
    const target = [1, -2, 0.5]
    const after = (order: ReadonlyArray<number>, signs: ReadonlyArray<number>): ReadonlyArray<number> => {
      const goal = T.constant(
        order.map((i, j) => (target[i] ?? 0) * (signs[j] ?? 1)),
        "f64"
      )
      const weights = T.constant(
        order.map((i) => i + 1),
        "f64"
      )
      const loss = (x: Tensor<[3], "f64">): Tensor<[], "f64"> =>
        T.sum(T.mul(weights, T.square(T.square(T.sub(x, goal))))) as Tensor<[], "f64">
      let state = solver.init<Tensor<[3], "f64">>(T.zeros([3], "f64"))
      for (let k = 0; k < 5; k++) state = solver.step<Tensor<[3], "f64">>(state, loss)
      return numbersOf(state.params)
    }
    const plain = after([0, 1, 2], [1, 1, 1])
    assert.isAbove(
      plain.reduce((sum, x, i) => sum + x * (target[i] ?? 0), 0),
      0
    )
    same(
      after([2, 0, 1], [-1, 1, -1]),
      [2, 0, 1].map((i, j) => (plain[i] ?? NaN) * ([-1, 1, -1][j] ?? 1)),
      1e-13
    )
  })

  it("SAM rests where the gradient is zero", () => {
    const solver = sam(sgd({ learningRate }))
    const state = solver.step<Params>(solver.init(params), () => T.constant(1, "f64"))
    assert.deepStrictEqual(numbersOf(state.params), numbersOf(params))
    assert.deepStrictEqual(numbersOf([state.value, state.gradientNorm]), [1, 0])
  })

  it("sparse rows of dense gradients change nothing, to the bit", () =>
    assert.deepStrictEqual(visited(sparseRows(adamw({ learningRate }))), visited(adamw({ learningRate }))))

  it("sparse rows that a gradient does not meet keep parameters and moments, to the bit", () => {
    const optimizer = sparseRows(adamw({ learningRate }))
    const [first = params, second = params] = gradients
    const before = optimizer.step<Params>(optimizer.init(params), first)
    const gradient = { ...second, w: T.mul(second.w, T.constant([[0], [1]], "f64")) }
    const after = optimizer.step<Params>(before, gradient)
    for (const slot of ["params", "m", "v"] as const) {
      const [old, now] = [numbersOf(before[slot].w), numbersOf(after[slot].w)]
      assert.deepStrictEqual(now.slice(0, 3), old.slice(0, 3))
      now.slice(3).forEach((x, i) => assert.notStrictEqual(x, old[i + 3]))
    }
  })

  it("a partition into one part is its optimizer", () => {
    const optimizer = partitioned({ all: adamw({ learningRate }) }, () => "all")
    assert.deepStrictEqual(visited(optimizer), visited(adamw({ learningRate })))
  })

  it("a partition of one rule is groups of it", () => {
    const groups = { matrices: adam({ learningRate }), others: adam({ learningRate: 0.01 }) }
    const ofPath = (path: string) => (path === "w" ? "matrices" : "others")
    assert.deepStrictEqual(visited(partitioned(groups, byRank)), visited(grouped(groups, ofPath)))
  })

  it("parts keep the ratio of their rates when the state's is changed", () => {
    const optimizer = partitioned({ matrices: sgd({ learningRate: 1 }), others: sgd({ learningRate: 0.5 }) }, byRank)
    const [first = params] = gradients
    const state = { ...optimizer.init(params), learningRate: T.constant(0.1, "f64") }
    const { params: moved } = optimizer.step<Params>(state, first)
    same(numbersOf(T.sub(params.w, moved.w)), numbersOf(T.mul(first.w, 0.1)), 1e-15)
    same(numbersOf(T.sub(params.b, moved.b)), numbersOf(T.mul(first.b, 0.05)), 1e-15)
  })

  it("maximize follows the negative of the gradient, to the bit", () => {
    const turned = gradients.map((gradient) => Tree.map(gradient, ops.neg))
    const check = <F extends Rule>(make: (options: { readonly maximize: boolean }) => Optimizer<F>): void =>
      assert.deepStrictEqual(visited(make({ maximize: true }), turned), visited(make({ maximize: false })))
    check((o) => lion({ ...o, learningRate, weightDecay: 0.1 }))
    check((o) => adabelief({ ...o, learningRate, weightDecay: 0.1 }))
    check((o) => adan({ ...o, learningRate, weightDecay: 0.1 }))
    check((o) => lamb({ ...o, learningRate, weightDecay: 0.1 }))
    check((o) => lars({ ...o, learningRate, weightDecay: 0.1 }))
    check((o) => scheduleFree({ ...o, learningRate, weightDecay: 0.1 }))
    check((o) => adafactor({ ...o, learningRate, weightDecay: 0.1 }))
    check((o) => prodigy({ ...o, weightDecay: 0.1 }))
    check((o) => shampoo({ ...o, learningRate, weightDecay: 0.1 }))
    check((o) => soap({ ...o, learningRate, refreshEvery: 4 }))
    check((o) => partitioned({ matrices: muon({ ...o, weightDecay: 0.1 }), others: adam(o) }, byRank))
  })

  it("sparse rows reach into the parts of a chain", () => {
    const optimizer = sparseRows(fromTransform(chain({ adam: scaleByAdam() }), { learningRate }))
    const [first = params] = gradients
    const before = optimizer.step<Params>(optimizer.init(params), first)
    const after = optimizer.step<Params>(before, { ...first, w: T.mul(first.w, T.constant([[1], [0]], "f64")) })
    const [old, now] = [numbersOf(before.parts.adam.v.w), numbersOf(after.parts.adam.v.w)]
    assert.deepStrictEqual(now.slice(3), old.slice(3))
    assert.notStrictEqual(now[0], old[0])
  })
})
