/** Float32 against PyTorch: the same order of operations, so that results differ in the last bits only. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import {
  type AnyTensor,
  type HostArray,
  type Node,
  primitives,
  reachable,
  rulesOf,
  T,
  type Tensor
} from "@cotangent/graph"
import { adam, adamw, presets, rmsprop, sgd, trajectory } from "./index.ts"

/**
 * Evaluates tensors as machines do, rounding every f32 operation to f32. One rounding of the float64 result is the
 * correctly rounded f32 result for the five operations used here (+ - * / sqrt), as float64 has more than twice the digits.
 */
const evaluateRounded = (tensors: ReadonlyArray<AnyTensor>): ReadonlyArray<Float64Array> => {
  const done = new Map<Node, ReadonlyArray<HostArray>>()
  const find = (x: AnyTensor): HostArray =>
    done.get(x.node)?.[x.output] ?? assert.fail(`no value for ${x.node.primitive}`)
  for (const node of reachable(tensors, (n) => done.has(n))) {
    const data = rulesOf(primitives[node.primitive]).evaluate(
      node.inputs.map(find),
      node.attributes,
      node.outputs,
      () => assert.fail("no regions here")
    )
    done.set(
      node,
      node.outputs.map((aval, i) => ({
        ...aval,
        data: (data[i] ?? new Float64Array(0)).map((x) => (aval.dtype === "f32" ? Math.fround(x) : x))
      }))
    )
  }
  return tensors.map((x) => find(x).data)
}

type Vectors = ReadonlyArray<ReadonlyArray<number>>
type F32 = Tensor<ReadonlyArray<number>>
type Follow = (
  params: ReadonlyArray<F32>,
  gradients: ReadonlyArray<ReadonlyArray<F32>>
) => ReadonlyArray<ReadonlyArray<F32>>

interface Golden {
  readonly shapes: Vectors
  readonly initial: Vectors
  readonly gradients: ReadonlyArray<Vectors>
  readonly cases: ReadonlyArray<{ readonly name: string; readonly steps: ReadonlyArray<Vectors> }>
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("../../golden/fixtures/optimizers_f32.json", import.meta.url), "utf8")
)
const tensors = (vectors: Vectors): ReadonlyArray<F32> =>
  vectors.map((data, i) => T.fromArray(Float32Array.from(data), golden.shapes[i] ?? []))

const runs: { readonly [name: string]: Follow } = {
  "SGD lr=0.1": trajectory(sgd({ ...presets.torch.sgd, learningRate: 0.1 })),
  "SGD lr=0.1 momentum=0.9 nesterov=True weight_decay=0.02": trajectory(
    sgd({ ...presets.torch.sgd, learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.02 })
  ),
  "SGD lr=0.1 momentum=0.9 dampening=0.3": trajectory(
    sgd({ ...presets.torch.sgd, learningRate: 0.1, momentum: 0.9, dampening: 0.3 })
  ),
  "RMSprop lr=0.01": trajectory(rmsprop({ ...presets.torch.rmsprop, learningRate: 0.01 })),
  "RMSprop lr=0.01 alpha=0.9 eps=0.0001 centered=True momentum=0.5 weight_decay=0.05": trajectory(
    rmsprop({
      ...presets.torch.rmsprop,
      learningRate: 0.01,
      rho: 0.9,
      epsilon: 1e-4,
      centered: true,
      momentum: 0.5,
      weightDecay: 0.05
    })
  ),
  "Adam lr=0.01": trajectory(adam({ ...presets.torch.adam, learningRate: 0.01 })),
  "Adam lr=0.01 amsgrad=True weight_decay=0.1": trajectory(
    adam({ ...presets.torch.amsgrad, learningRate: 0.01, weightDecay: 0.1 })
  ),
  "AdamW lr=0.01 weight_decay=0.1": trajectory(adamw({ ...presets.torch.adamw, learningRate: 0.01, weightDecay: 0.1 }))
}

/** The distance from |x| to the next f32. */
const ulp = (x: number): number => 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), 2 ** -126))) - 23)

/**
 * The largest error in units of the last place of the largest value that the parameter has had: where a parameter
 * passes through zero, its last place says nothing about the numbers it is the difference of.
 */
const worst = (visited: ReadonlyArray<ReadonlyArray<F32>>, steps: ReadonlyArray<Vectors>): number => {
  const largest = golden.initial.map((data) => data.map(Math.abs))
  let error = 0
  visited.forEach((params, k) =>
    evaluateRounded(params).forEach((data, i) =>
      data.forEach((x, j) => {
        const expected = steps[k]?.[i]?.[j] ?? Number.NaN
        const row = largest[i] ?? []
        row[j] = Math.max(row[j] ?? 0, Math.abs(expected))
        const difference = Math.abs(x - expected) / ulp(row[j])
        if (!(difference <= error)) error = difference
      })
    )
  )
  return error
}

describe("optimizers_f32.json, PyTorch in float32", () => {
  for (const c of golden.cases) {
    it(c.name, () => {
      const run = runs[c.name] ?? assert.fail(`no run is called ${c.name}`)
      assert.isAtMost(worst(run(tensors(golden.initial), golden.gradients.map(tensors)), c.steps), 3)
    })
  }
})
