/** The types of states that wrap others: typed tensors under the names of their parts. */
import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor } from "@cotangent/graph"
import {
  accumulate,
  averaged,
  chain,
  clipByGlobalNorm,
  freeze,
  fromTransform,
  masked,
  nonNegativeElements,
  partition,
  projected,
  scaleByAdam,
  skipNonFinite
} from "./index.ts"

interface Params {
  readonly w: Tensor<[20, 1]>
  readonly b: Tensor<[1]>
}
const params: Params = { w: T.zeros([20, 1]), b: T.zeros([1]) }

describe("types of transforms that wrap others", () => {
  it("are known to the last tensor", () => {
    const optimizer = averaged(
      projected(
        fromTransform(
          skipNonFinite(
            chain({
              group: accumulate(scaleByAdam(), { every: 4 }),
              parts: partition({ slow: scaleByAdam(), frozen: freeze }, () => "slow"),
              clip: masked(clipByGlobalNorm(1), ["w"])
            })
          )
        ),
        nonNegativeElements
      ),
      { decay: 0.9 }
    )
    const state = optimizer.init(params)
    const m: Tensor<[20, 1]> = state.parts.inner.group.inner.m.w
    const sum: Tensor<[1]> = state.parts.inner.group.sum.b
    const skipped: Tensor<[], "i32"> = state.parts.skipped
    const norm: Tensor<[], "f64"> = state.parts.inner.clip.norm
    const average: Tensor<[20, 1]> = optimizer.evalParams<Params>(state).w
    const held: Params = state.weightAverage
    assert.deepStrictEqual(
      [m, sum, skipped, norm, average, held.b].map(({ shape }) => shape),
      [[20, 1], [1], [], [], [20, 1], [1]]
    )
    assert.deepStrictEqual(Object.keys(state.parts.inner.parts.slow.m), ["w", "b"])
    const every: number = optimizer.options.optimizer.optimizer.transform.inner.group.every
    assert.strictEqual(every, 4)
  })
})
