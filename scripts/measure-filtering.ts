/**
 * Measures the sums of a convolution and of its gradients, direct (`wide`) and by minimal filtering (`fast`), against float64,
 * for docs/numerics.md.
 *
 *     node --conditions=@cotangent/source scripts/measure-filtering.ts
 *
 * Errors are in units of 2^-24 times the sum of the sizes of an output's products, the root mean square and the largest.
 */
import { grad } from "@cotangent/autodiff"
import { Compute, spec } from "@cotangent/runtime"
import { type AnyTensor, T, type Tensor } from "@cotangent/graph"
import * as Effect from "effect/Effect"

const [images, size, channels, filters] = [32, 13, 32, 64]
type X<D extends "f32" | "f64"> = Tensor<[number, number, number, number], D>

/** Normal numbers by the polar method, from a generator with a seed. */
const normal = (seed: number): (() => number) => {
  let state = seed
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

const array = (seed: number, shape: readonly [number, number, number, number], positive: boolean): Float32Array => {
  const next = normal(seed)
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    const x = next()
    return positive ? Math.max(x, 0) : x
  })
}

const shapes = {
  x: [images, size, size, channels],
  w: [3, 3, channels, filters],
  g: [images, size - 2, size - 2, filters]
} as const

const conv = <D extends "f32" | "f64">(x: X<D>, w: X<D>): AnyTensor => T.conv2d(x, w)

const all = <D extends "f32" | "f64">(x: X<D>, w: X<D>, g: X<D>): ReadonlyArray<AnyTensor> => {
  const inner = (p: { readonly x: X<D>; readonly w: X<D> }) => T.sum(T.mul(conv(p.x, p.w) as X<D>, g)) as Tensor<[], D>
  const gradients = grad(inner)({ x, w })
  return [conv(x, w), gradients.x, gradients.w]
}

const names = ["outputs", "cotangents of the input", "cotangents of the kernel"]

const measure = Effect.gen(function* () {
  const data = {
    x: array(1, shapes.x, true),
    w: array(2, shapes.w, false),
    g: array(3, shapes.g, false)
  }
  const inputs = [data.x, data.w, data.g] as const
  const run = <D extends "f32" | "f64">(dtype: D, map: (x: number) => number = (x) => x) =>
    Effect.gen(function* () {
      const specs = Object.values(shapes).map((shape) => spec(shape, {}, dtype))
      const program = yield* Compute.compile(all, specs as never)
      const values = inputs.map((from, i) => ({
        shape: Object.values(shapes)[i],
        dtype,
        data: dtype === "f64" ? Float64Array.from(from, map) : Float32Array.from(from, map)
      }))
      return (yield* program.run(...(values as never))) as ReadonlyArray<{ readonly data: Float32Array | Float64Array }>
    })
  const exact = yield* Effect.provide(run("f64"), Compute.layer)
  const scale = yield* Effect.provide(run("f64", Math.abs), Compute.layer)
  const modes = {
    wide: yield* Effect.provide(run("f32"), Compute.wide),
    fast: yield* Effect.provide(run("f32"), Compute.fast)
  }
  for (const [mode, results] of Object.entries(modes))
    results.forEach(({ data }, k) => {
      let [sum, worst] = [0, 0]
      data.forEach((y, i) => {
        const error = (Math.abs(y - (exact[k]?.data[i] ?? 0)) / (scale[k]?.data[i] ?? 1)) * 2 ** 24
        sum += error ** 2
        worst = Math.max(worst, error)
      })
      console.log(
        mode.padEnd(6),
        (names[k] ?? "").padEnd(26),
        Math.sqrt(sum / data.length).toFixed(3),
        worst.toFixed(2)
      )
    })
})

await Effect.runPromise(measure)
