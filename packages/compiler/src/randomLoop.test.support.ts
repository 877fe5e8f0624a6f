/** Random programs with control flow: a random program as the body of a scan, a loop with a condition, or a branch. */
import { type AnyTensor, type Aval, T } from "@cotangent/graph"
import { randomSource } from "./planned.test.support.ts"
import { type RandomOptions, type RandomProgram, randomProgram } from "./randomGraph.test.support.ts"

type Named = Readonly<Record<string, AnyTensor>>

const named = (xs: ReadonlyArray<AnyTensor>): Named => Object.fromEntries(xs.map((x, i) => [`x${i}`, x]))
const listed = (record: Named, count: number): ReadonlyArray<AnyTensor> =>
  Array.from({ length: count }, (_, i) => record[`x${i}`]).flatMap((x) => x ?? [])

const sameType = (a: Aval, b: Aval): boolean => a.dtype === b.dtype && a.shape.join() === b.shape.join()

/** For each carry something of its type: a result, another carry (they change places), or itself. */
const nextOf = (
  below: (n: number) => number,
  carries: ReadonlyArray<AnyTensor>,
  results: ReadonlyArray<AnyTensor>
): ReadonlyArray<AnyTensor> =>
  carries.map((carry) => {
    const fitting = [...results, ...results, ...carries].filter((x) => sameType(x, carry))
    return fitting[below(fitting.length)] ?? carry
  })

/** The forms a random program is put into. */
export const loopForms = [
  "straight",
  "scan",
  "reverse scan",
  "while",
  "cond",
  "scan in a scan",
  "cond in a scan"
] as const
export type LoopForm = (typeof loopForms)[number]

// The shapes of random tensors are unknown to the types, which is what the casts to never below are about.
const scanning = (
  inner: RandomProgram,
  count: number,
  length: number,
  seed: number,
  reverse: boolean
): RandomProgram => {
  const at = inner.parameters.length - 1
  return {
    parameters: inner.parameters.map((aval, i) => (i === at ? { ...aval, shape: [length, ...aval.shape] } : aval)),
    body: (...x) => {
      const captured = x.slice(count, at)
      const [last, rows] = T.scan(
        (carry: Named, row: AnyTensor) => {
          const carries = listed(carry, count)
          const results = inner.body(...carries, ...captured, row)
          return [named(nextOf(randomSource(seed), carries, results)), named(results.slice(0, 3))] as never
        },
        named(x.slice(0, count)) as never,
        x[at] as never,
        { reverse }
      ) as unknown as readonly [Named, Named]
      return [...listed(last, count), ...Object.values(rows)]
    }
  }
}

const repeating = (inner: RandomProgram, count: number, seed: number): RandomProgram => ({
  parameters: inner.parameters,
  body: (...x) => {
    const rounds = T.constant(seed % 4, "i32")
    const last = T.whileLoop(
      ((carry: { i: AnyTensor }) => T.less(carry.i as never, rounds)) as never,
      ((carry: { i: AnyTensor; x: Named }) => {
        const carries = listed(carry.x, count)
        const results = inner.body(...carries, ...x.slice(count))
        return { i: T.add(carry.i as never, 1), x: named(nextOf(randomSource(seed), carries, results)) }
      }) as never,
      { i: T.constant(0, "i32"), x: named(x.slice(0, count)) } as never
    ) as unknown as { readonly x: Named }
    return listed(last.x, count)
  }
})

const branching = (inner: RandomProgram, seed: number): RandomProgram => ({
  parameters: [{ shape: [], dtype: "bool" }, ...inner.parameters],
  body: (flag, ...x) => {
    const results = (of: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> => inner.body(...of)
    const types = results(x)
    const record = T.cond(
      flag as never,
      () => named(results(x)) as never,
      // The parameters in another order where their types allow it, and other results of the same types.
      () =>
        named(
          nextOf(randomSource(seed), types, [
            ...x,
            ...results(x.toReversed().map((y, i) => (sameType(y, x[i] ?? y) ? y : (x[i] ?? y))))
          ])
        ) as never
    ) as unknown as Named
    return listed(record, types.length)
  }
})

/** The program of a seed in one of the forms. */
export const randomLoop = (seed: number, form: LoopForm, options: RandomOptions): RandomProgram => {
  const inner = randomProgram(seed, options)
  const below = randomSource(seed + 99)
  const count = 1 + below(Math.max(1, inner.parameters.length - 1))
  const carries = Math.min(count, inner.parameters.length - 1)
  switch (form) {
    case "straight":
      return inner
    case "scan":
    case "reverse scan":
      return scanning(inner, carries, below(5), seed, form === "reverse scan")
    case "while":
      return repeating(inner, carries, seed)
    case "cond":
      return branching(inner, seed)
    case "scan in a scan":
      return scanning(
        scanning(inner, carries, 1 + below(3), seed, below(2) === 0),
        carries,
        1 + below(3),
        seed + 1,
        false
      )
    case "cond in a scan": {
      const branch = branching(inner, seed)
      return scanning(branch, 1, 1 + below(3), seed, false)
    }
  }
}
