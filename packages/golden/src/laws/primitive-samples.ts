/**
 * Samples of primitives beside their own: integers, booleans, floats that are not ordinary, long axes. Functions of one and
 * of two tensors get theirs from the element types they accept; what else there is stands in a table.
 */
import {
  allocate,
  type AnyTensor,
  type Attributes,
  type DType,
  operations as ops,
  type PrimitiveName,
  primitives,
  rulesOf,
  type SampleOperand,
  sizeOf,
  type Value
} from "@cotangent/graph"
import { bool, floats, i32, u32, value } from "./operands.ts"
import { type Subject, subjectOf } from "./subjects.ts"

const of = (
  primitive: PrimitiveName,
  name: string,
  operands: ReadonlyArray<SampleOperand>,
  attributes: Attributes = {},
  rest: Pick<Subject, "only" | "result"> = {}
): Subject => ({ ...subjectOf(primitive, name, { operands, attributes }), ...rest })

/** Integers at the ends of their ranges, and around 0. */
const ends = {
  i32: i32(-2147483648, -2147483647, -3, -1, 0, 1, 2, 5, 2147483647),
  u32: u32(0, 1, 2, 3, 7, 2147483647, 2147483648, 4294967294, 4294967295)
} as const
const others = {
  i32: i32(-1, 2, 5, -7, 3, 0, -2147483648, 2, 2147483647),
  u32: u32(5, 0, 2, 4294967295, 3, 9, 2147483648, 1, 4294967295)
} as const

const specials = [
  Number.NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -2.5,
  3,
  1e-40,
  -1e-40,
  1e30,
  -1e30,
  88.9,
  -103.5,
  1e-7
]
const otherSpecials = [1, Number.NaN, -Infinity, -0, 0, Infinity, 2, -3, 0.5, -1, 1e-40, 2, -1e30, 1e30, 1, 2, -0.25]

/** The angles for which the sine and the cosine are defined, up to 2^15 pi: beyond, the reference is not NaN. */
const angles = specials.map((x) => (Math.abs(x) > 1e5 && Number.isFinite(x) ? Math.sign(x) * 1e5 : x))

/** Where a function promises digits, when not everywhere. */
const within: { readonly [P in PrimitiveName]?: ReadonlyArray<number> } = { cos: angles, sin: angles }

const special = (dtype: "f32" | "f64", data: ReadonlyArray<number>): Value =>
  dtype === "f32" ? value("f32", Float32Array.from(data)) : value("f64", Float64Array.from(data))

/** Whether a function of `arity` tensors accepts an element type. */
const accepts = (primitive: PrimitiveName, arity: number, dtype: DType): boolean => {
  try {
    rulesOf(primitives[primitive]).infer(
      Array.from({ length: arity }, () => ({ shape: [1], dtype })),
      {},
      []
    )
    return true
  } catch {
    return false
  }
}

/** A function of one or two tensors on every element type it accepts. */
const elementwise = (primitive: PrimitiveName, arity: 1 | 2): ReadonlyArray<Subject> => {
  const operands: Readonly<Record<DType, readonly [Value, Value]>> = {
    i32: [ends.i32, others.i32],
    u32: [ends.u32, others.u32],
    bool: [bool(0, 0, 1, 1), bool(0, 1, 0, 1)],
    f32: [special("f32", within[primitive] ?? specials), special("f32", otherSpecials)],
    f64: [special("f64", within[primitive] ?? specials), special("f64", otherSpecials)]
  }
  return (["i32", "u32", "bool", "f32", "f64"] as const).flatMap((dtype) => {
    if (!accepts(primitive, arity, dtype)) return []
    // Derivatives at floats that are not ordinary are infinite or undefined: bits only.
    const only = dtype === "f32" || dtype === "f64" ? { only: ["bits"] as const } : {}
    return [of(primitive, dtype, operands[dtype].slice(0, arity), {}, only)]
  })
}

/** Numbers of an element type beside floats, all over its range. */
const matrix = (dtype: DType, shape: ReadonlyArray<number>): Value => {
  const data = allocate(dtype, sizeOf(shape))
  for (let i = 0; i < data.length; i++) {
    const some = (i * 7) % 11
    data[i] =
      dtype === "bool" ? i % 2 : dtype === "u32" ? 4294967290 + some : dtype === "i32" ? some - 5 : some / 2 - 2.5
  }
  return { shape, dtype, data }
}

/** A primitive that moves elements, on the element types beside floats. */
const moved = (
  primitive: PrimitiveName,
  shape: ReadonlyArray<number>,
  attributes: Attributes,
  more: ReadonlyArray<SampleOperand> = []
): ReadonlyArray<Subject> =>
  (["i32", "u32", "bool"] as const).map((dtype) => of(primitive, dtype, [matrix(dtype, shape), ...more], attributes))

const everyType = ["f32", "f64", "i32", "u32", "bool"] as const

/** Floats to integers are constant between whole numbers, and have no derivative there. */
const casts: ReadonlyArray<Subject> = everyType.flatMap((to) => [
  of("cast", `float to ${to}`, [floats(-9, 9, 3, 4)], { dtype: to }),
  of("cast", `special f32 to ${to}`, [special("f32", specials)], { dtype: to }, { only: ["bits"] }),
  of("cast", `special f64 to ${to}`, [special("f64", specials)], { dtype: to }, { only: ["bits"] }),
  of("cast", `i32 to ${to}`, [ends.i32], { dtype: to }),
  of("cast", `u32 to ${to}`, [ends.u32], { dtype: to }),
  of("cast", `bool to ${to}`, [bool(0, 1, 1, 0)], { dtype: to })
])

/** Matrices of rank 1 and 2, with a zero pivot at the first, the second or the last step; and zeros. */
const singular = value(
  "f64",
  Float64Array.from(
    [
      [0, 1, 2, 0, 3, 4, 0, 5, 6],
      [1, 2, 3, 2, 4, 7, 3, 6, 8],
      [1, 2, 4, 2, 4, 8, 4, 8, 16],
      [0, 0, 0, 0, 0, 0, 0, 0, 0]
    ].flat()
  ),
  [4, 3, 3]
)

/** A loop with one captured value, one carry and one sequence. */
const scan = (
  name: string,
  reverse: boolean,
  body: (captured: AnyTensor, carry: AnyTensor, row: AnyTensor) => ReadonlyArray<AnyTensor>
): Subject => ({
  name: `scan/${name}`,
  operands: [floats(-1, 1, 3), floats(-1, 1, 3), floats(-1, 1, 4, 3)],
  apply: (xs) => {
    const [captured, carry, sequence] = xs
    if (captured === undefined || carry === undefined || sequence === undefined)
      throw new RangeError("scan: three operands")
    const rows = [carry, { shape: sequence.shape.slice(1), dtype: sequence.dtype }]
    const { region, captured: outer } = ops.region(rows, (c, x) =>
      c === undefined || x === undefined ? [] : body(captured, c, x)
    )
    return ops.scan(region, [...outer, carry, sequence], 1, 1, sequence.shape[0] ?? 0, reverse)
  }
})

const more: { readonly [P in PrimitiveName]?: ReadonlyArray<Subject> } = {
  argmax: [
    of("argmax", "i32", [matrix("i32", [3, 5])], { axis: 0 }),
    of(
      "argmax",
      "ties",
      [value("f64", Float64Array.of(1, 3, 3, Number.NaN, 2, Number.NaN), [2, 3])],
      { axis: 1 },
      { only: ["bits"] }
    )
  ],
  broadcast: moved("broadcast", [3, 1], { shape: [2, 3, 4] }),
  cast: casts,
  concat: moved("concat", [2, 3], { axis: 1 }).map((sample): Subject => ({
    ...sample,
    operands: [...sample.operands, ...sample.operands]
  })),
  constant: everyType.map((dtype) => of("constant", dtype, [], { value: matrix(dtype, [2, 3]) })),
  gather: moved("gather", [4, 2], { axis: 0 }, [i32(3, 0, 9, -2, 3)]),
  iota: [
    of("iota", "i32", [], { shape: [3, 4], axis: 1, dtype: "i32" }),
    of("iota", "f64", [], { shape: [3, 4], axis: 0, dtype: "f64" })
  ],
  // Derivatives of singular matrices are infinite or undefined: bits only.
  lu: (["partial", "complete"] as const).map((pivoting) =>
    of("lu", `singular, ${pivoting}`, [singular], { pivoting }, { only: ["bits"] })
  ),
  qr: [of("qr", "of lower rank", [singular], {}, { only: ["bits"] })],
  pad: moved("pad", [2, 3], { low: [1, 0], high: [0, 2], interior: [1, 2], value: 1 }),
  reduceMax: [
    of("reduceMax", "i32", [matrix("i32", [3, 5])], { axes: [1] }),
    of("reduceMax", "u32", [matrix("u32", [3, 5])], { axes: [0] })
  ],
  reduceMin: [
    of("reduceMin", "i32", [matrix("i32", [3, 5])], { axes: [1] }),
    of("reduceMin", "u32", [matrix("u32", [3, 5])], { axes: [0] })
  ],
  reduceSum: [
    of("reduceSum", "i32", [matrix("i32", [3, 5])], { axes: [1] }),
    of("reduceSum", "u32", [matrix("u32", [3, 5])], { axes: [0] }),
    of("reduceSum", "long rows", [floats(-1, 1, 2, 4100)], { axes: [1] }, { only: ["targets"] }),
    of("reduceSum", "long columns", [floats(-1, 1, 4100, 2)], { axes: [0] }, { only: ["targets"] })
  ],
  reshape: moved("reshape", [3, 4], { shape: [2, 6] }),
  scan: [
    scan("tanh", false, (w, c, x) => [ops.tanh(ops.add(ops.mul(w, c), x)), ops.mul(c, x)]),
    scan("reversed", true, (w, c, x) => [ops.add(ops.mul(c, ops.sigmoid(x)), w), ops.sin(c)])
  ],
  scatterAdd: [of("scatterAdd", "i32", [matrix("i32", [4, 2]), i32(3, 0, 3), matrix("i32", [3, 2])], { axis: 0 })],
  select: [
    of("select", "i32", [bool(0, 1, 1), i32(1, 2, 3), i32(-1, -2, -3)]),
    of("select", "bool", [bool(0, 1, 1), bool(1, 0, 1), bool(0, 1, 0)])
  ],
  slice: moved("slice", [5, 7], { start: [1, 0], limit: [4, 7], step: [1, 3] }),
  threefry: [of("threefry", "words", [u32(0, 1, 4294967295), u32(5, 0, 7), u32(0, 1, 2), u32(9, 4294967295, 0)])],
  transpose: moved("transpose", [2, 3, 4], { permutation: [2, 0, 1] })
}

/** The samples of a primitive beside its own. */
export const samplesBeside = (primitive: PrimitiveName): ReadonlyArray<Subject> => {
  const { arity } = primitives[primitive]
  // An alias of an operand is the operand.
  const functions = arity === undefined || primitive === "alias" ? [] : elementwise(primitive, arity)
  return [...functions, ...(more[primitive] ?? [])]
}
