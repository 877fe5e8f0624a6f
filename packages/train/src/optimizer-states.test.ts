/** States of every optimizer of the table, through a file and back. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { T, type Tensor } from "@cotangent/graph"
import { optimizers } from "@cotangent/optim"
import * as Safetensors from "./safetensors.ts"

interface Params {
  readonly w: Tensor<[2, 3]>
  readonly b: Tensor<[3], "f64">
}

const params: Params = {
  w: T.constant([
    [0.5, -1, 2],
    [-0.75, 0.1, 1.5]
  ]),
  b: T.constant([1, -2, 0.25], "f64")
}
const gradient: Params = {
  w: T.constant([
    [0.3, 0.7, -0.2],
    [1.1, -0.9, 0.05]
  ]),
  b: T.constant([0.4, 0.6, -0.35], "f64")
}

describe("states in safetensors", () => {
  for (const { name, use } of optimizers)
    it.effect(`${name}: the same state, and it goes on as before`, () =>
      use((optimizer) =>
        Effect.gen(function* () {
          const first = optimizer.init(params)
          const state = T.realize(optimizer.step<Params>(first, gradient))
          const values = T.evaluate(state)
          const loaded = yield* Safetensors.load(Safetensors.encode(values), first)
          assert.deepStrictEqual<unknown>(loaded, values)
          // The values have the structure of the state.
          const restored = T.fromValues(loaded) as typeof state
          assert.deepStrictEqual<unknown>(
            T.evaluate(optimizer.step<Params>(restored, gradient)),
            T.evaluate(optimizer.step<Params>(state, gradient))
          )
        })
      )
    )
})
