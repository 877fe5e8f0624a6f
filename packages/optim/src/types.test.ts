/** What compiles and what does not. The mistakes are in a function that is never called: the type checker is the test. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { grad } from "@cotangent/autodiff"
import { type AnyTensor, T, type Tensor } from "@cotangent/graph"
import {
  adafactor,
  type AdafactorState,
  adam,
  type AdamState,
  adamw,
  type AmsgradState,
  byRank,
  type CenteredRmspropMomentumState,
  chain,
  clipByGlobalNorm,
  fromTransform,
  type GradientDescentState,
  gradientDescent,
  lion,
  type LionState,
  lookahead,
  type LookaheadState,
  type MomentumState,
  muon,
  partitioned,
  presets,
  rmsprop,
  type RmspropState,
  sam,
  scale,
  scaleByAdam,
  Schedule,
  sgd,
  type SgdState,
  soap,
  type Solved,
  sparseRows
} from "./index.ts"

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
const same = <A, B>(equal: Equal<A, B>): void => assert.isTrue(equal)

interface Params {
  readonly w: Tensor<[20, 1]>
  readonly b: Tensor<[1]>
}

const params: Params = { w: T.zeros([20, 1]), b: T.zeros([1]) }
const loss = ({ w, b }: Params, x: Tensor<["batch", 20]>) => T.mean(T.square(T.add(T.matmul(x, w), b)))

describe("types", () => {
  it("of states follow from the options", () => {
    same<ReturnType<typeof stateOf.adam>, AdamState<Params>>(true)
    same<ReturnType<typeof stateOf.amsgrad>, AmsgradState<Params>>(true)
    same<ReturnType<typeof stateOf.presets>, AmsgradState<Params>>(true)
    same<ReturnType<typeof stateOf.adamw>, AdamState<Params>>(true)
    same<ReturnType<typeof stateOf.gradientDescent>, GradientDescentState<Params>>(true)
    same<ReturnType<typeof stateOf.sgd>, SgdState<Params>>(true)
    same<ReturnType<typeof stateOf.momentum>, MomentumState<Params>>(true)
    same<ReturnType<typeof stateOf.rmsprop>, RmspropState<Params>>(true)
    same<ReturnType<typeof stateOf.rmspropAll>, CenteredRmspropMomentumState<Params>>(true)
    // And the values are what the types say.
    assert.deepStrictEqual(Object.keys(stateOf.adam()), ["params", "m", "v", "step", "learningRate"])
    assert.deepStrictEqual(Object.keys(stateOf.presets()), ["params", "m", "v", "vMax", "step", "learningRate"])
    assert.deepStrictEqual(Object.keys(stateOf.sgd()), ["params", "step", "learningRate"])
    assert.deepStrictEqual(Object.keys(stateOf.momentum()), ["params", "velocity", "step", "learningRate"])
    assert.deepStrictEqual(Object.keys(stateOf.rmspropAll()), ["params", "v", "m", "velocity", "step", "learningRate"])
  })

  it("of states are those of the rules around and beside each other", () => {
    same<ReturnType<typeof stateOf.lion>, LionState<Params>>(true)
    same<ReturnType<typeof stateOf.adafactor>, AdafactorState<Params>>(true)
    same<ReturnType<typeof stateOf.lookahead>, LookaheadState<Params, AdamState<Params>>>(true)
    same<ReturnType<typeof stateOf.sparse>, AdamState<Params>>(true)
    same<ReturnType<typeof stateOf.sam>, AdamState<Params> & Solved<Params>>(true)
    const { parts } = stateOf.partitioned()
    same<keyof typeof parts.matrices, "velocity">(true)
    same<keyof typeof parts.others, "m" | "v">(true)
    assert.deepStrictEqual(Object.keys(stateOf.adafactor()), ["params", "rows", "columns", "step", "learningRate"])
    assert.deepStrictEqual(Object.keys(parts.matrices.velocity), ["w"])
    assert.deepStrictEqual(Object.keys(parts.others.m), ["b"])
    const state = stateOf.soap()
    const basis: AnyTensor = state.leftBasis.w
    assert.deepStrictEqual(
      [basis.shape, state.m.w.shape],
      [
        [20, 20],
        [20, 1]
      ]
    )
  })

  it("of parameters are inferred from the state", () => {
    const optimizer = adam({ learningRate: 1e-3 })
    const step = (s: AdamState<Params>, x: Tensor<["batch", 20]>) => optimizer.step(s, grad(loss)(s.params, x))
    same<ReturnType<typeof step>, AdamState<Params>>(true)
    const next = step(optimizer.init(params), T.expect(T.ones([4, 20]), ["batch", 20]))
    assert.deepStrictEqual(next.m.w.shape, [20, 1])
  })

  it("of the parts of a chain are tensors by name", () => {
    const optimizer = fromTransform(
      chain({ clip: clipByGlobalNorm(1), adam: scaleByAdam(), inner: chain({ half: scale(0.5) }), rate: scale(-1e-3) })
    )
    const state = optimizer.init({ hidden: { kernel: T.zeros([3, 4]) } })
    const m: Tensor<[3, 4]> = state.parts.adam.m.hidden.kernel
    const norm: Tensor<[], "f64"> = state.parts.clip.norm
    assert.deepStrictEqual([m.shape, norm.shape], [[3, 4], []])
    const clipping: { readonly limit: Parameters<typeof clipByGlobalNorm>[0]; readonly epsilon: number } =
      optimizer.options.transform.clip
    assert.deepStrictEqual(clipping, { limit: 1, epsilon: 0 })
  })

  it("refuse mistakes", () => {
    assert.isFunction(mistakes)
  })

  it("are shown by name", () => {
    const directory = mkdtempSync(join(tmpdir(), "hover-"))
    try {
      const tsc = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url))
      const hovers = fileURLToPath(new URL("./fixtures/hovers.ts", import.meta.url))
      const options =
        "--ignoreConfig --declaration --emitDeclarationOnly --strict --skipLibCheck --target es2024 --module nodenext --customConditions @cotangent/source --allowImportingTsExtensions --types node"
      // Only what is emitted counts here: errors are the business of `npm run check`.
      spawnSync(process.execPath, [
        tsc,
        hovers,
        ...options.split(" "),
        "--outDir",
        directory,
        "--rootDir",
        fileURLToPath(new URL("../..", import.meta.url))
      ])
      const shown = readFileSync(join(directory, "optim/src/fixtures/hovers.d.ts"), "utf8")
        .split("\n")
        .filter((line) => line.startsWith("export declare const"))
      assert.deepStrictEqual(
        shown.map((line) => line.slice("export declare const ".length).replace('import("../index.ts").', "")),
        [
          "adamState: AdamState<Params>;",
          "nextState: AdamState<Params>;",
          "amsgradState: AmsgradState<Params>;",
          "momentumState: MomentumState<Params>;",
          "rmspropState: CenteredRmspropState<Params>;",
          'firstMoment: Tensor<[20, 1], "f32">;',
          'lastNorm: Tensor<[], "f64">;'
        ]
      )
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

const stateOf = {
  lion: () => lion().init(params),
  adafactor: () => adafactor().init(params),
  soap: () => soap().init(params),
  lookahead: () => lookahead(adam()).init(params),
  sparse: () => sparseRows(adam()).init(params),
  sam: () => sam(adam()).init(params),
  partitioned: () => partitioned({ matrices: muon(), others: adamw() }, byRank).init(params),
  adam: () => adam().init(params),
  amsgrad: () => adam({ amsgrad: "corrected" }).init(params),
  presets: () => adam({ ...presets.keras.amsgrad, learningRate: 1 }).init(params),
  adamw: () => adamw({ ...presets.keras.adamw, learningRate: Schedule.cosine({ from: 1, steps: 10 }) }).init(params),
  gradientDescent: () => gradientDescent({ learningRate: 1 }).init(params),
  sgd: () => sgd({ learningRate: 1 }).init(params),
  momentum: () => sgd({ learningRate: 1, momentum: 0.9 }).init(params),
  rmsprop: () => rmsprop(presets.torch.rmsprop).init(params),
  rmspropAll: () => rmsprop({ centered: true, momentum: 0.5 }).init(params)
}

const mistakes = (): void => {
  const optimizer = adam({ learningRate: 1e-3 })
  const state = optimizer.init(params)
  // @ts-expect-error: a gradient of another structure
  optimizer.step(state, { w: params.w })
  // @ts-expect-error: a gradient of another shape
  optimizer.step(state, { ...params, b: T.zeros([2]) })
  // @ts-expect-error: a gradient of another element type
  optimizer.step(state, { ...params, b: T.zeros([1], "f64") })
  // @ts-expect-error: the state of another optimizer
  optimizer.step(sgd({ learningRate: 1 }).init(params), params)
  // @ts-expect-error: Adam without AMSGrad has no vMax
  T.sum(state.vMax.w)
  const rounded = T.constant(1e-3)
  // @ts-expect-error: the learning rate is f64
  optimizer.step({ ...state, learningRate: rounded }, params)
  // @ts-expect-error: an option of PyTorch's name
  adam({ lr: 1e-3 })
  // @ts-expect-error: a mode that does not exist
  adam({ epsilonMode: "somewhere" })
  // @ts-expect-error: sgd has no default rate
  sgd({})
  // @ts-expect-error: gradient descent has no momentum
  gradientDescent({ learningRate: 1, momentum: 0.9 })
  // @ts-expect-error: AdamW's decay is decoupled by definition
  adamw({ weightDecayMode: "l2" })
  // @ts-expect-error: a schedule of f32 numbers
  adam({ learningRate: (step: Tensor<[], "f64">) => T.cast(step, "f32") })
  // @ts-expect-error: a part that is no optimizer
  partitioned({ matrices: clipByGlobalNorm(1) }, () => "matrices")
  // @ts-expect-error: there is no such part
  partitioned({ matrices: muon() }, byRank)
  // @ts-expect-error: a part that is no transform
  chain({ adam: adam() })
  // @ts-expect-error: there is no such part
  T.sqrt(fromTransform(chain({ adam: scaleByAdam() })).init(params).parts.clip.norm)
}
