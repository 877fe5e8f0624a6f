/**
 * Wrong rules on purpose: a sign turned round, a factor missing, a term left out, two operands exchanged. Laws that do not
 * see them prove nothing.
 */
import {
  type AnyPrimitive,
  type AnyTensor,
  type Attributes,
  isFloat,
  type Maybe,
  type Operations,
  type Primitive,
  type PrimitiveName,
  primitives,
  rulesOf
} from "@cotangent/graph"

/** A primitive with one wrong rule. */
export interface Mutant {
  /** `reverse: the sign of operand 1`. */
  readonly change: string
  readonly primitive: AnyPrimitive
  /** Whether the change has ever made a difference to what the rule gave. */
  readonly isActive: () => boolean
}

type Lists = ReadonlyArray<Maybe>

/** Changes a list of (co)tangents; gives the very same list where it changes nothing. */
type Change = (ops: Operations, all: Lists) => Lists

const at =
  (k: number, change: (ops: Operations, x: AnyTensor) => Maybe): Change =>
  (ops, all) => {
    const x = all[k]
    return x === undefined || !isFloat(x.dtype) ? all : all.with(k, change(ops, x))
  }

const sameType = (a: AnyTensor, b: AnyTensor): boolean =>
  a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((size, d) => size === b.shape[d])

/** Two entries exchanged, where they are different tensors of one type. */
const exchanged =
  (i: number, k: number): Change =>
  (_, all) => {
    const [a, b] = [all[i], all[k]]
    if (a === undefined || b === undefined || !sameType(a, b)) return all
    const same = a.node === b.node && a.output === b.output
    return same ? all : all.with(i, b).with(k, a)
  }

/** The changes of a list of `count` (co)tangents, each with its name. */
const changesOf = (what: string, count: number): ReadonlyArray<readonly [string, Change]> => [
  ...Array.from({ length: count }, (_, k) => k).flatMap((k): ReadonlyArray<readonly [string, Change]> => [
    [`the sign of ${what} ${k}`, at(k, (ops, x) => ops.neg(x))],
    [`a factor of ${what} ${k}`, at(k, (ops, x) => ops.mul(x, 1.001))],
    [`${what} ${k} left out`, at(k, () => undefined)]
  ]),
  ...(count > 1 ? [[`${what} ${count - 2} and ${count - 1} exchanged`, exchanged(count - 2, count - 1)] as const] : [])
]

type Rules = Primitive<Attributes>

/** The rules with one of them changed; `touch` is called whenever that makes a difference. */
type Mutation = (rules: Rules, touch: () => void) => Rules | undefined

const touching =
  (change: Change, touch: () => void): Change =>
  (ops, all) => {
    const changed = change(ops, all)
    if (changed !== all) touch()
    return changed
  }

/** The reverse rule, its cotangents changed. */
const inReverse =
  (change: Change): Mutation =>
  (rules, touch) => {
    const { reverse } = rules
    if (reverse.tag !== "rule") return undefined
    const changed = touching(change, touch)
    return {
      ...rules,
      reverse: { tag: "rule", pullback: (ops, ...given) => changed(ops, reverse.pullback(ops, ...given)) }
    }
  }

/** The forward rule, the tangents it is given changed. */
const inForward =
  (change: Change): Mutation =>
  (rules, touch) => {
    const { forward } = rules
    if (forward.tag !== "rule") return undefined
    const changed = touching(change, touch)
    return {
      ...rules,
      forward: {
        tag: "rule",
        pushforward: (ops, own, tangents) => forward.pushforward(ops, own, changed(ops, tangents))
      }
    }
  }

const reversed = (ops: Operations, x: AnyTensor): AnyTensor => {
  const [size = 0, ...rest] = x.shape
  const rows = Array.from({ length: size }, (_, i) =>
    ops.slice(x, { start: [i, ...rest.map(() => 0)], limit: [i + 1, ...rest], step: x.shape.map(() => 1) })
  )
  return size < 2 ? x : ops.concat(rows.toReversed(), 0)
}

const others: Readonly<Record<string, Mutation>> = {
  "reverse: a derivative where there is none": (rules, touch) =>
    rules.reverse.tag === "zero"
      ? {
          ...rules,
          reverse: {
            tag: "rule",
            pullback: (ops, { inputs }) =>
              inputs.map((x) => {
                if (!isFloat(x.dtype)) return undefined
                touch()
                return ops.full(x.shape, 1, x.dtype)
              })
          }
        }
      : undefined,
  "forward: no tangent": (rules, touch) =>
    rules.forward.tag === "rule"
      ? {
          ...rules,
          forward: {
            tag: "rule",
            pushforward: (_, { outputs }) => {
              if (outputs.some(({ dtype }) => isFloat(dtype))) touch()
              return outputs.map(() => undefined)
            }
          }
        }
      : undefined,
  "batch: the examples in reverse order": (rules, touch) => ({
    ...rules,
    batch: (ops, operands, attributes, size, regions) => {
      touch()
      return rules.batch(ops, operands, attributes, size, regions).map((y) => reversed(ops, y))
    }
  }),
  "value: not quite the same": (rules, touch) => ({
    ...rules,
    evaluate: (inputs, attributes, outputs, run) =>
      rules.evaluate(inputs, attributes, outputs, run).map((data, k) => {
        const dtype = outputs[k]?.dtype ?? "f64"
        if (data.length > 0) touch()
        return data.map((x) => (isFloat(dtype) ? x * 1.01 + 0.01 : dtype === "bool" ? 1 - x : x + 1))
      })
  }),
  "shape: one element more": (rules, touch) => ({
    ...rules,
    infer: (inputs, attributes, regions) => {
      touch()
      return rules.infer(inputs, attributes, regions).map(({ shape, dtype }) => ({
        shape: shape.length === 0 ? [2] : shape.with(-1, (shape.at(-1) ?? 0) + 1),
        dtype
      }))
    }
  })
}

/** Every mutant of a primitive of which a sample has `operands` operands. */
export const mutantsOf = (name: PrimitiveName, operands: number): ReadonlyArray<Mutant> => {
  const rules = rulesOf(primitives[name])
  const mutations: ReadonlyArray<readonly [string, Mutation]> = [
    ...changesOf("cotangent", operands).map(([what, change]) => [`reverse: ${what}`, inReverse(change)] as const),
    ...changesOf("tangent", operands).map(([what, change]) => [`forward: ${what}`, inForward(change)] as const),
    ...Object.entries(others)
  ]
  return mutations.flatMap(([change, mutation]) => {
    let active = false
    const mutant = mutation(rules, () => (active = true))
    // A record of rules is a primitive whose attribute type is not known, as in the table.
    return mutant === undefined ? [] : [{ change, primitive: mutant as AnyPrimitive & Rules, isActive: () => active }]
  })
}

/** Runs something while the table has a mutant in the place of a primitive. */
export const withMutant = <A>(name: PrimitiveName, { primitive }: Mutant, run: () => A): A => {
  // The table is read-only for everybody but this test of the tests.
  const table = primitives as Record<PrimitiveName, AnyPrimitive>
  const original = table[name]
  table[name] = primitive
  try {
    return run()
  } finally {
    table[name] = original
  }
}
