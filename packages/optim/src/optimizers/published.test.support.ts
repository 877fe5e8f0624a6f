/** Following a rule and a plain implementation of it along the same gradients. */
import { assert } from "@effect/vitest"
import { T, type Tensor } from "@cotangent/graph"
import { mix, type Vec, zeros, zip } from "./plain.test.support.ts"

export type F64 = Tensor<ReadonlyArray<number>, "f64">

export const shapes = [[4, 3], [3, 4], [5]] as const
export const start: ReadonlyArray<Vec> = shapes.map((shape, i) =>
  Array.from({ length: shape.reduce<number>((a, b) => a * b, 1) }, (_, j) => Math.sin(3 * i + 1.7 * j + 1) * 1.5)
)
export const gradients: ReadonlyArray<ReadonlyArray<Vec>> = Array.from({ length: 12 }, (_, k) =>
  start.map((x, i) => x.map((__, j) => Math.cos(k * (1.1 + 0.3 * j) + 2 * i + j) + 0.4 * Math.sin(j * j + i)))
)
export const tensors = (leaves: ReadonlyArray<Vec>): ReadonlyArray<F64> =>
  leaves.map((x, i) => T.fromArray(Float64Array.from(x), shapes[i] ?? [], "f64"))

export type Path = (
  params: ReadonlyArray<F64>,
  along: ReadonlyArray<ReadonlyArray<F64>>
) => ReadonlyArray<ReadonlyArray<F64>>
/** What one tensor visits. */
export type Plain = (theta: Vec, along: ReadonlyArray<Vec>, columns: number) => ReadonlyArray<Vec>

export const agree = (
  path: Path,
  expected: ReadonlyArray<ReadonlyArray<Vec>>,
  tolerance: number,
  given = gradients
): void => {
  const visited = T.evaluate(path(tensors(start), given.map(tensors)))
  assert.strictEqual(visited.length, 12)
  visited.forEach((leaves, k) =>
    leaves.forEach(({ data }, i) =>
      data.forEach((x, j) => assert.approximately(x, expected[k]?.[i]?.[j] ?? NaN, tolerance, `step ${k + 1}`))
    )
  )
}

/** The trajectory of all tensors, each by itself. */
export const each = (plain: Plain): ReadonlyArray<ReadonlyArray<Vec>> => {
  const paths = start.map((theta, i) =>
    plain(
      theta,
      gradients.map((g) => g[i] ?? []),
      shapes[i]?.at(-1) ?? 1
    )
  )
  return gradients.map((_, k) => paths.map((path) => path[k] ?? []))
}

export const eta = 0.07

export const adamPlain =
  (
    o: { readonly beta1: number; readonly beta2: number; readonly epsilon: number },
    move: (theta: Vec, direction: Vec) => Vec
  ): Plain =>
  (theta, along) => {
    let [x, m, v] = [theta, zeros(theta), zeros(theta)]
    return along.map((g, k) => {
      m = mix(o.beta1, m, 1 - o.beta1, g)
      v = zip(v, g, (a, b) => o.beta2 * a + (1 - o.beta2) * b * b)
      const [c1, c2] = [1 - o.beta1 ** (k + 1), 1 - o.beta2 ** (k + 1)]
      x = move(
        x,
        zip(m, v, (a, b) => a / c1 / (Math.sqrt(b / c2) + o.epsilon))
      )
      return x
    })
  }
