/** Samples beside those of the primitives: integers, booleans, special floats, and operations that have none of their own. */
import {
  type AnyTensor,
  apply,
  type Attributes,
  type DType,
  type HostArrays,
  operations as ops,
  type PrimitiveName,
  type SampleOperand,
  sizeOf,
  type Value
} from "@cotangent/graph"
import type { LawName } from "./laws.ts"
import type { Subject } from "./subjects.ts"

/** A sample of the table, perhaps for some laws only. */
export interface ExtraSample extends Subject {
  readonly only?: ReadonlyArray<LawName>
  /** The element type of the result, where it is not that of the operands. */
  readonly result?: DType
}

const value = <D extends DType>(
  dtype: D,
  data: HostArrays[D],
  shape: ReadonlyArray<number> = [data.length]
): Value => ({ shape, dtype, data })
const i32 = (...data: ReadonlyArray<number>): Value => value("i32", Int32Array.from(data))
const u32 = (...data: ReadonlyArray<number>): Value => value("u32", Uint32Array.from(data))
const bool = (...data: ReadonlyArray<number>): Value => value("bool", Uint8Array.from(data))
const floats = (low: number, high: number, ...shape: ReadonlyArray<number>): SampleOperand => ({ shape, low, high })

const of = (
  primitive: PrimitiveName,
  name: string,
  operands: ReadonlyArray<SampleOperand>,
  attributes: Attributes = {},
  rest: Pick<ExtraSample, "only" | "result"> = {}
): ExtraSample => ({
  name: `${primitive}/${name}`,
  operands,
  apply: (xs) => apply(primitive, xs, attributes),
  ...rest
})

/** Integers at the ends of their ranges, and around 0. */
const ends = {
  i32: i32(-2147483648, -2147483647, -3, -1, 0, 1, 2, 5, 2147483647),
  u32: u32(0, 1, 2, 3, 7, 2147483647, 2147483648, 4294967294, 4294967295)
} as const
const others = {
  i32: i32(-1, 2, 5, -7, 3, 0, -2147483648, 2, 2147483647),
  u32: u32(5, 0, 2, 4294967295, 3, 9, 2147483648, 1, 4294967295)
} as const

/** On integers: everything but derivatives. */
const integers = (primitive: PrimitiveName, operands: 1 | 2, result?: DType): ReadonlyArray<ExtraSample> =>
  (["i32", "u32"] as const).map((dtype) =>
    of(
      primitive,
      dtype,
      operands === 1 ? [ends[dtype]] : [ends[dtype], others[dtype]],
      {},
      result === undefined ? {} : { result }
    )
  )

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

/** The angles for which the sine and the cosine promise digits: up to 2^15 pi. */
const angles = specials.map((x) => (Math.abs(x) > 1e5 && Number.isFinite(x) ? Math.sign(x) * 1e5 : x))

/** On floats that are not ordinary: bits and types only, their derivatives are infinite or undefined. */
const special = (
  primitive: PrimitiveName,
  operands: 1 | 2,
  result?: DType,
  numbers = specials
): ReadonlyArray<ExtraSample> =>
  (["f32", "f64"] as const).map((dtype) => {
    const make = (data: ReadonlyArray<number>): Value =>
      dtype === "f32" ? value("f32", Float32Array.from(data)) : value("f64", Float64Array.from(data))
    return of(
      primitive,
      `special ${dtype}`,
      operands === 1 ? [make(numbers)] : [make(numbers), make(otherSpecials)],
      {},
      { only: ["bits"], ...(result === undefined ? {} : { result }) }
    )
  })

const comparison = (primitive: "eq" | "lt" | "le"): ReadonlyArray<ExtraSample> => [
  of(primitive, "floats", [floats(-1, 0, 3, 4), floats(0.1, 1, 3, 4)], {}, { result: "bool" }),
  ...integers(primitive, 2, "bool"),
  of(primitive, "bool", [bool(0, 0, 1, 1), bool(0, 1, 0, 1)], {}, { result: "bool" }),
  ...special(primitive, 2, "bool")
]

const shifts = (primitive: "shiftLeft" | "shiftRight"): ReadonlyArray<ExtraSample> =>
  (["i32", "u32"] as const).map((dtype) =>
    of(primitive, dtype, [
      ends[dtype],
      dtype === "i32" ? i32(0, 1, 2, 31, 32, 33, 5, 30, 17) : u32(0, 1, 2, 31, 32, 33, 5, 30, 17)
    ])
  )

const bitwise = (primitive: "and" | "or" | "xor"): ReadonlyArray<ExtraSample> => [
  ...integers(primitive, 2),
  of(primitive, "bool", [bool(0, 0, 1, 1), bool(0, 1, 0, 1)])
]

const matrix = (dtype: "i32" | "u32" | "bool", shape: ReadonlyArray<number>): Value => {
  const data = Array.from({ length: sizeOf(shape) }, (_, i) =>
    dtype === "bool" ? i % 2 : dtype === "i32" ? ((i * 7) % 11) - 5 : 4294967290 + ((i * 7) % 11)
  )
  return dtype === "i32"
    ? value("i32", Int32Array.from(data), shape)
    : dtype === "u32"
      ? value("u32", Uint32Array.from(data), shape)
      : value("bool", Uint8Array.from(data), shape)
}

/** A primitive that moves elements, on the element types beside floats. */
const moved = (
  primitive: PrimitiveName,
  shape: ReadonlyArray<number>,
  attributes: Attributes,
  more: ReadonlyArray<SampleOperand> = []
): ReadonlyArray<ExtraSample> =>
  (["i32", "u32", "bool"] as const).map((dtype) =>
    of(primitive, dtype, [matrix(dtype, shape), ...more], attributes, { result: dtype })
  )

const casts: ReadonlyArray<ExtraSample> = (["f32", "f64", "i32", "u32", "bool"] as const).flatMap((to) => [
  of(
    "cast",
    `float to ${to}`,
    [floats(-9, 9, 3, 4)],
    { dtype: to },
    {
      only:
        to === "f32" || to === "f64"
          ? ["differences", "adjoint", "vmap", "targets", "shapes"]
          : ["vmap", "targets", "shapes"]
    }
  ),
  ...special("cast", 1).map((sample): ExtraSample => ({
    ...sample,
    name: `${sample.name} to ${to}`,
    apply: (xs) => apply("cast", xs, { dtype: to })
  })),
  ...(["i32", "u32"] as const).map((from) =>
    of("cast", `${from} to ${to}`, [ends[from]], { dtype: to }, { result: to })
  ),
  of("cast", `bool to ${to}`, [bool(0, 1, 1, 0)], { dtype: to }, { result: to })
])

/** A loop with one captured value, one carry and one sequence. */
const scan = (
  name: string,
  reverse: boolean,
  body: (captured: AnyTensor, carry: AnyTensor, row: AnyTensor) => ReadonlyArray<AnyTensor>
): ExtraSample => ({
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

/** Samples by primitive. */
export const extraSamples: { readonly [P in PrimitiveName]?: ReadonlyArray<ExtraSample> } = {
  abs: [...integers("abs", 1), ...special("abs", 1)],
  add: [...integers("add", 2), ...special("add", 2)],
  and: bitwise("and"),
  argmax: [
    of("argmax", "i32", [matrix("i32", [3, 5])], { axis: 0 }),
    of(
      "argmax",
      "ties",
      [value("f64", Float64Array.of(1, 3, 3, Number.NaN, 2, Number.NaN), [2, 3])],
      { axis: 1 },
      { only: ["bits"], result: "i32" }
    )
  ],
  broadcast: moved("broadcast", [3, 1], { shape: [2, 3, 4] }),
  cast: casts,
  concat: moved("concat", [2, 3], { axis: 1 }).map((sample): ExtraSample => ({
    ...sample,
    operands: [...sample.operands, ...sample.operands]
  })),
  constant: [of("constant", "value", [], { value: value("f64", Float64Array.of(1, -2, 3)) }, { result: "f64" })],
  cos: special("cos", 1, undefined, angles),
  div: [...integers("div", 2), ...special("div", 2)],
  eq: comparison("eq"),
  erf: special("erf", 1),
  exp: special("exp", 1),
  expm1: special("expm1", 1),
  floor: special("floor", 1),
  gather: moved("gather", [4, 2], { axis: 0 }, [i32(3, 0, 9, -2, 3)]),
  iota: [
    of("iota", "i32", [], { shape: [3, 4], axis: 1, dtype: "i32" }, { result: "i32" }),
    of("iota", "f64", [], { shape: [3, 4], axis: 0, dtype: "f64" }, { result: "f64" })
  ],
  le: comparison("le"),
  log: special("log", 1),
  log1p: special("log1p", 1),
  lt: comparison("lt"),
  max: [...integers("max", 2), ...special("max", 2)],
  min: [...integers("min", 2), ...special("min", 2)],
  mul: [...integers("mul", 2), ...special("mul", 2)],
  neg: [...integers("neg", 1), ...special("neg", 1)],
  not: [...integers("not", 1), of("not", "bool", [bool(0, 1, 1)])],
  or: bitwise("or"),
  pad: moved("pad", [2, 3], { low: [1, 0], high: [0, 2], interior: [1, 2], value: 1 }),
  pow: special("pow", 2),
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
  shiftLeft: shifts("shiftLeft"),
  shiftRight: shifts("shiftRight"),
  sigmoid: special("sigmoid", 1),
  sign: [...integers("sign", 1), ...special("sign", 1)],
  sin: special("sin", 1, undefined, angles),
  slice: moved("slice", [5, 7], { start: [1, 0], limit: [4, 7], step: [1, 3] }),
  sqrt: special("sqrt", 1),
  sub: [...integers("sub", 2), ...special("sub", 2)],
  tanh: special("tanh", 1),
  threefry: [of("threefry", "words", [u32(0, 1, 4294967295), u32(5, 0, 7), u32(0, 1, 2), u32(9, 4294967295, 0)])],
  transpose: moved("transpose", [2, 3, 4], { permutation: [2, 0, 1] }),
  xor: bitwise("xor")
}
