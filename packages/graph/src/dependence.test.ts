import { assert, describe, it } from "@effect/vitest"
import { type Dependence, dependencies } from "./dependence.ts"
import * as T from "./ops/index.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

type Scalar = Tensor<[], "f64">
type Four = { readonly a: Scalar; readonly b: Scalar; readonly c: Scalar; readonly d: Scalar }
const scalar = (): Scalar => T.mul(T.ones([], "f64"), 1)

/** The names of the scalars that a result depends on. */
const found = (of: Dependence, f: (x: Four) => AnyTensor): string => {
  const x: Four = { a: scalar(), b: scalar(), c: scalar(), d: scalar() }
  const flags = dependencies(of, [f(x)], Object.values(x))
  return Object.keys(x)
    .filter((_, i) => flags[i])
    .join("")
}

/** A result, the scalars its value depends on, and those its derivative does. */
const table: Readonly<Record<string, readonly [string, string, (x: Four) => AnyTensor]>> = {
  operations: ["ab", "ab", ({ a, b }) => T.add(T.sin(a), b)],
  integers: ["ab", "a", ({ a, b }) => T.where(T.less(b, 0), a, T.neg(a))],
  "the output of a branch": [
    "abc",
    "bc",
    ({ a, b, c, d }) =>
      T.cond(
        T.less(a, 0),
        () => [b, d] as const,
        () => [c, d] as const
      )[0]
  ],
  "a carry that stands alone": [
    "a",
    "a",
    ({ a, b, c }) =>
      T.iterate((s: { x: Scalar; y: Scalar }) => ({ x: T.mul(s.x, 2), y: T.mul(s.y, c) }), { x: a, y: b }, 3).x
  ],
  "a carry that another one comes into, by way of a third": [
    "abcd",
    "abcd",
    ({ a, b, c, d }) =>
      T.iterate(
        (s: { x: Scalar; y: Scalar; z: Scalar }) => ({ x: T.add(s.x, s.y), y: T.add(s.y, s.z), z: T.mul(s.z, d) }),
        { x: a, y: b, z: c },
        3
      ).x
  ],
  rows: [
    "cd",
    "cd",
    ({ a, b, c, d }) => T.scan((s: Scalar, row: Scalar) => [T.mul(s, b), T.mul(row, c)] as const, a, T.stack([d, d]))[1]
  ],
  "a loop until": [
    "abc",
    "a",
    ({ a, b, c, d }) =>
      T.whileLoop(
        (s: { x: Scalar; y: Scalar; z: Scalar }) => T.less(s.y, 3),
        (s) => ({ x: T.mul(s.x, 2), y: T.add(s.y, c), z: T.mul(s.z, d) }),
        { x: a, y: b, z: d }
      ).x
  ],
  "a loop in a loop": [
    "ab",
    "ab",
    ({ a, b, c }) =>
      T.iterate(
        (s: { x: Scalar; y: Scalar }) => T.iterate((t: typeof s) => ({ x: T.mul(t.x, b), y: T.mul(t.y, c) }), s, 2),
        { x: a, y: c },
        2
      ).x
  ]
}

describe("dependencies", () => {
  for (const [name, [values, derivatives, f]] of Object.entries(table))
    it(name, () => {
      assert.strictEqual(found("values", f), values)
      assert.strictEqual(found("derivatives", f), derivatives)
    })
})
