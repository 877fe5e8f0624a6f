import { describe, it } from "@effect/vitest"
import {
  type BinaryOp,
  Builder,
  type CombineOp,
  type CompareOp,
  type DType,
  maxLanes,
  type Register,
  type UnaryOp
} from "@cotangent/kernel"
import { checkTargets } from "./targets.test.support.ts"

/** Rows of numbers, written `1 2 | 3 4`. */
const rowsOf = (text: string): ReadonlyArray<ReadonlyArray<number>> =>
  text.split(" | ").map((row) => row.split(" ").map(Number))

/** Input and output of every unary operation at the values where it is delicate. */
const unaryCases: ReadonlyArray<readonly [DType, UnaryOp, string]> = [
  ["f32", "neg", "1 -1 | 0 -0 | -0 0 | Infinity -Infinity | NaN NaN | 1.401298464324817e-45 -1.401298464324817e-45"],
  ["f32", "abs", "-1.5 1.5 | -0 0 | -Infinity Infinity | NaN NaN"],
  [
    "f32",
    "sqrt",
    "2 1.4142135381698608 | -0 -0 | -1 NaN | Infinity Infinity | 2.802596928649634e-45 5.293955920339377e-23 | 3 1.7320507764816284"
  ],
  [
    "f32",
    "floor",
    "-0.5 -1 | 0.5 0 | -0 -0 | 2.5 2 | -2.5 -3 | 8388609 8388609 | -Infinity -Infinity | NaN NaN | 1.401298464324817e-45 0 | -1.401298464324817e-45 -1"
  ],
  ["f32", "ceil", "-0.5 -0 | 0.5 1 | -0 -0 | 2.5 3 | -2.5 -2 | 8388609 8388609 | NaN NaN | -1.401298464324817e-45 -0"],
  [
    "f32",
    "trunc",
    "-0.5 -0 | 0.5 0 | 1.75 1 | -1.75 -1 | -0 -0 | 100000000000000000000 100000002004087730000 | NaN NaN"
  ],
  [
    "f32",
    "nearest",
    "0.5 0 | 1.5 2 | 2.5 2 | -0.5 -0 | -1.5 -2 | 0.4999999701976776 0 | 8388609 8388609 | 4194304.5 4194304 | -0 -0 | NaN NaN | Infinity Infinity"
  ],
  ["f32", "pow2", "0 1 | 10 1024 | -126 1.1754943508222875e-38 | 127 1.7014118346046923e+38 | -1 0.5 | -0 1"],
  ["f32", "exponent", "1 0 | 1.75 0 | 0.75 -1 | 1.1754943508222875e-38 -126 | 3.4028234663852886e+38 127 | 1024 10"],
  ["f32", "mantissa", "3 1.5 | 0.75 1.5 | 1.1754943508222875e-38 1 | 3.4028234663852886e+38 1.9999998807907104 | 1 1"],
  ["f64", "neg", "1 -1 | 0 -0 | -0 0 | NaN NaN"],
  ["f64", "abs", "-1.5 1.5 | -0 0 | NaN NaN"],
  ["f64", "sqrt", "2 1.4142135623730951 | -0 -0 | -1 NaN"],
  ["f64", "floor", "-0.5 -1 | 0.5 0 | -0 -0 | -2.5 -3 | 4503599627370497 4503599627370497 | NaN NaN"],
  ["f64", "ceil", "-0.5 -0 | 0.5 1 | -2.5 -2 | -0 -0 | Infinity Infinity"],
  ["f64", "trunc", "-0.5 -0 | 1.75 1 | -1.75 -1 | 1e+300 1e+300"],
  [
    "f64",
    "nearest",
    "0.5 0 | 1.5 2 | 2.5 2 | -0.5 -0 | 0.49999999999999994 0 | 4503599627370497 4503599627370497 | -0 -0 | NaN NaN"
  ],
  ["f64", "pow2", "0 1 | 10 1024 | -1022 2.2250738585072014e-308 | 1023 8.98846567431158e+307 | -1 0.5"],
  ["f64", "exponent", "1 0 | 0.75 -1 | 2.2250738585072014e-308 -1022 | 1.7976931348623157e+308 1023"],
  ["f64", "mantissa", "3 1.5 | 0.75 1.5 | 2.2250738585072014e-308 1 | 1.7976931348623157e+308 1.9999999999999998"],
  ["i32", "neg", "1 -1 | 0 0 | -2147483648 -2147483648"],
  ["i32", "abs", "-1 1 | 5 5 | 0 0 | -2147483648 -2147483648"],
  ["i32", "not", "0 -1 | 5 -6"],
  ["u32", "neg", "1 4294967295 | 0 0"],
  ["u32", "abs", "4294967295 4294967295 | 5 5"],
  ["u32", "not", "0 4294967295 | 5 4294967290"],
  ["bool", "not", "0 1 | 1 0"]
]

/** Two inputs and the output of every binary operation. */
const binaryCases: ReadonlyArray<readonly [DType, BinaryOp, string]> = [
  [
    "f32",
    "add",
    "16777216 1 16777216 | 0.5 0.25 0.75 | Infinity -Infinity NaN | -0 -0 -0 | -0 0 0 | 1.401298464324817e-45 1.401298464324817e-45 2.802596928649634e-45"
  ],
  ["f32", "sub", "1 1 0 | 0 0 0 | -0 0 -0 | 16777216 -1 16777216 | 16777218 1 16777216"],
  [
    "f32",
    "mul",
    "3 4 12 | 1.2676506002282294e+30 1.2676506002282294e+30 Infinity | 0 Infinity NaN | -0 5 -0 | 2.6469779601696886e-23 2.6469779601696886e-23 0 | 2.6469779601696886e-23 3.970466940254533e-23 1.401298464324817e-45"
  ],
  ["f32", "div", "1 3 0.3333333432674408 | 1 0 Infinity | 0 0 NaN | -1 0 -Infinity | 1 -Infinity -0"],
  ["f32", "min", "0 0 0 | 0 -0 -0 | -0 0 -0 | -0 -0 -0 | 0 5 0 | -0 -5 -5 | NaN 1 NaN | 1 NaN NaN | 1 2 1"],
  [
    "f32",
    "max",
    "0 0 0 | 0 -0 0 | -0 0 0 | -0 -0 -0 | 0 5 5 | -0 -5 -0 | 0 NaN NaN | 0 1.401298464324817e-45 1.401298464324817e-45 | NaN 1 NaN | 1 NaN NaN | 1 2 2"
  ],
  ["f32", "pmin", "0 -0 0 | -0 0 -0 | NaN 1 NaN | 1 NaN 1 | 1 2 1 | 2 1 1"],
  ["f32", "pmax", "0 -0 0 | -0 0 -0 | NaN 1 NaN | 1 NaN 1 | 1 2 2 | 2 1 2"],
  ["f64", "add", "9007199254740992 1 9007199254740992 | 0.1 0.2 0.30000000000000004"],
  ["f64", "sub", "1 0.9 0.09999999999999998 | -0 0 -0"],
  ["f64", "mul", "0.1 3 0.30000000000000004 | 1e+200 1e+200 Infinity"],
  ["f64", "div", "1 3 0.3333333333333333 | -1 0 -Infinity"],
  ["f64", "min", "0 -0 -0 | NaN 1 NaN | 1 NaN NaN | 3 2 2"],
  ["f64", "max", "-0 0 0 | NaN 1 NaN | 1 NaN NaN | 3 2 3"],
  ["f64", "pmin", "0 -0 0 | NaN 1 NaN | 1 NaN 1 | 3 2 2"],
  ["f64", "pmax", "-0 0 -0 | NaN 1 NaN | 1 NaN 1 | 3 2 3"],
  ["i32", "add", "2147483647 1 -2147483648 | 1 2 3"],
  ["i32", "sub", "-2147483648 1 2147483647 | 1 2 -1 | 5 -2147483648 -2147483643"],
  ["i32", "mul", "65536 65536 0 | -3 7 -21 | 2147483647 2147483647 1"],
  ["i32", "min", "-1 1 -1 | 3 2 2"],
  ["i32", "max", "-1 1 1 | 3 2 3"],
  ["i32", "and", "12 10 8 | -1 7 7"],
  ["i32", "or", "12 10 14 | -1 7 -1"],
  ["i32", "xor", "12 10 6 | -1 7 -8"],
  ["u32", "add", "4294967295 1 0 | 4294967295 4294967295 4294967294"],
  ["u32", "sub", "0 1 4294967295 | 3 2 1"],
  ["u32", "mul", "4294967295 4294967295 1 | 65536 65535 4294901760"],
  ["u32", "min", "4294967295 1 1 | 2 3 2"],
  ["u32", "max", "4294967295 1 4294967295 | 2 3 3"],
  ["u32", "and", "4294967295 2147483648 2147483648"],
  ["u32", "or", "1 2147483648 2147483649"],
  ["u32", "xor", "4294967295 1 4294967294"],
  ["bool", "and", "0 0 0 | 0 1 0 | 1 1 1"],
  ["bool", "or", "0 0 0 | 0 1 1 | 1 1 1"],
  ["bool", "xor", "0 0 0 | 0 1 1 | 1 1 0"]
]

/** Division of integers exists for scalars only. */
const divisionCases: ReadonlyArray<readonly ["i32" | "u32", "div" | "rem", string]> = [
  [
    "i32",
    "div",
    "7 -2 -3 | -7 2 -3 | 5 0 0 | -2147483648 -1 -2147483648 | -2147483648 1 -2147483648 | 6 -1 -6 | -2147483648 0 0"
  ],
  ["i32", "rem", "-7 3 -1 | 7 -3 1 | 5 0 0 | -2147483648 -1 0 | 6 4 2"],
  ["u32", "div", "4294967295 2 2147483647 | 5 0 0 | 4294967295 4294967295 1"],
  ["u32", "rem", "4294967295 10 5 | 5 0 0"]
]

const shiftCases: ReadonlyArray<readonly ["i32" | "u32", "shl" | "shr", number, string]> = [
  ["i32", "shl", 3, "1 8 | -1 -8 | 536870912 0"],
  ["i32", "shl", 33, "1 2 | 2147483647 -2"],
  ["i32", "shr", 1, "-8 -4 | 7 3 | -2147483648 -1073741824"],
  ["i32", "shr", 32, "-8 -8"],
  ["u32", "shl", 31, "1 2147483648 | 2 0"],
  ["u32", "shr", 4, "4294967295 268435455 | 15 0"]
]

/** The comparisons of two values, in the order eq ne lt le gt ge; `bool` has only the first two. */
const compareOps: ReadonlyArray<CompareOp> = ["eq", "ne", "lt", "le", "gt", "ge"]
const compareCases: ReadonlyArray<readonly [DType, number, number, string]> = [
  ["f32", 1, 2, "011100"],
  ["f32", 2, 1, "010011"],
  ["f32", 0, -0, "100101"],
  ["f32", NaN, 1, "010000"],
  ["f32", NaN, NaN, "010000"],
  ["f64", 1, 2, "011100"],
  ["f64", NaN, 1, "010000"],
  ["f64", -0, 0, "100101"],
  ["i32", -1, 1, "011100"],
  ["i32", 1, 1, "100101"],
  ["u32", 4294967295, 1, "010011"],
  ["u32", 1, 4294967295, "011100"],
  ["bool", 0, 1, "01"],
  ["bool", 1, 0, "01"],
  ["bool", 1, 1, "10"]
]

const castCases: ReadonlyArray<readonly [DType, DType, string]> = [
  [
    "f32",
    "i32",
    "NaN 0 | 3000000000 2147483647 | -3000000000 -2147483648 | -1.75 -1 | 1.75 1 | -0 0 | Infinity 2147483647 | 2147483520 2147483520 | -2147483648 -2147483648"
  ],
  [
    "f32",
    "u32",
    "NaN 0 | -1 0 | 5000000000 4294967295 | 3000000000 3000000000 | 1.75 1 | -0.5 0 | -Infinity 0 | 4294967040 4294967040"
  ],
  ["f32", "f64", "1.5 1.5 | -0 -0 | NaN NaN"],
  ["f32", "bool", "0 0 | -0 0 | NaN 1 | 0.5 1 | 1.401298464324817e-45 1"],
  ["f64", "f32", "0.1 0.10000000149011612 | 1e+300 Infinity | -0 -0 | 1e-50 0"],
  ["f64", "i32", "NaN 0 | 2147483647.75 2147483647 | -2147483648.75 -2147483648 | -1.75 -1 | 1e+300 2147483647"],
  ["f64", "u32", "NaN 0 | -1 0 | 4294967295.5 4294967295 | 1e+300 4294967295 | 4294967294.75 4294967294"],
  ["f64", "bool", "0 0 | -0 0 | NaN 1 | 5e-324 1"],
  ["i32", "f32", "16777217 16777216 | -1 -1 | 2147483647 2147483648 | 16777219 16777220"],
  ["i32", "f64", "2147483647 2147483647 | -5 -5"],
  ["i32", "u32", "-1 4294967295 | 5 5"],
  ["i32", "bool", "0 0 | -3 1 | 1 1"],
  ["u32", "f32", "4294967295 4294967296 | 16777217 16777216 | 2147483648 2147483648"],
  ["u32", "f64", "4294967295 4294967295"],
  ["u32", "i32", "4294967295 -1 | 5 5"],
  ["u32", "bool", "0 0 | 2147483648 1"],
  ["bool", "f32", "0 0 | 1 1"],
  ["bool", "f64", "0 0 | 1 1"],
  ["bool", "i32", "0 0 | 1 1"],
  ["bool", "u32", "0 0 | 1 1"]
]

const combineCases: ReadonlyArray<readonly [DType, CombineOp, ReadonlyArray<number>, number]> = [
  // ((l0+l4)+(l2+l6)) + ((l1+l5)+(l3+l7)): 1 is lost in lane 4 and in lane 6, not in the order of lanes.
  ["f32", "add", [16777216, 1, 0, 1, 1, 1, 1, 1], 16777220],
  ["f32", "mul", [1, 2, 3, 4, 5, 6, 7, 8], 40320],
  ["f32", "min", [3, 0, -0, 5, 2, 7, 1, 8], -0],
  ["f32", "max", [3, 0, -0, 5, NaN, 7, 1, 8], NaN],
  ["f64", "add", [9007199254740992, 1, 1, 1], 9007199254740994],
  ["f64", "mul", [2, 3, 5, 7], 210],
  ["f64", "min", [2, 3, -5, 7], -5],
  ["f64", "max", [2, 3, 5, 7], 7],
  ["i32", "add", [2147483647, 1, 2, 3, 4, 5, 6, 7], -2147483621],
  ["i32", "mul", [1, -2, 3, 4, 5, 6, 7, 8], -40320],
  ["i32", "min", [1, -2, 3, 4, 5, 6, 7, 8], -2],
  ["i32", "max", [1, -2, 3, 4, 5, 6, 7, 8], 8],
  ["u32", "min", [4294967295, 9, 3, 4, 5, 6, 7, 8], 3],
  ["u32", "max", [4294967295, 9, 3, 4, 5, 6, 7, 8], 4294967295],
  ["bool", "and", [1, 1, 1, 1, 1, 1, 1, 1], 1],
  ["bool", "and", [1, 1, 1, 1, 1, 1, 0, 1], 0],
  ["bool", "or", [0, 0, 0, 0, 0, 1, 0, 0], 1],
  ["bool", "or", [0, 0, 0, 0, 0, 0, 0, 0], 0]
]

/** Applies an operation to whole arrays, in vectors of every number of lanes, the last one shorter. */
const checkLanewise = (
  name: string,
  inputs: ReadonlyArray<readonly [DType, ReadonlyArray<number>]>,
  output: readonly [DType, ReadonlyArray<number>],
  lanesAllowed: number,
  apply: (b: Builder.Builder, operands: ReadonlyArray<Register>) => Register
): void => {
  const { length } = output[1]
  for (let lanes = 1; lanes <= lanesAllowed; lanes++) {
    checkTargets(`${name} x ${lanes}`, inputs, output, (b, from, to) => {
      for (let start = 0; start < length; start += lanes) {
        const index = Builder.at(start)
        const count = Math.min(lanes, length - start)
        b.store(
          to,
          index,
          apply(
            b,
            from.map((buffer) => b.load(buffer, index, count))
          )
        )
      }
    })
  }
}

const column = (rows: ReadonlyArray<ReadonlyArray<number>>, index: number): ReadonlyArray<number> =>
  // Vectors of 8 and a rest of every length are exercised by nine rows or more.
  Array.from({ length: Math.max(rows.length, 9) }, (_, row) => rows[row % rows.length]?.[index] ?? 0)

describe("instructions at delicate values, on every target", () => {
  it("unary", () => {
    for (const [dtype, op, text] of unaryCases) {
      const rows = rowsOf(text)
      const inputs = [[dtype, column(rows, 0)]] as const
      checkLanewise(`${op} ${dtype}`, inputs, [dtype, column(rows, 1)], maxLanes[dtype], (b, [a]) => b.unary(op, a!))
    }
  })

  it("binary", () => {
    for (const [dtype, op, text] of binaryCases) {
      const rows = rowsOf(text)
      const inputs = [
        [dtype, column(rows, 0)],
        [dtype, column(rows, 1)]
      ] as const
      checkLanewise(`${op} ${dtype}`, inputs, [dtype, column(rows, 2)], maxLanes[dtype], (b, [a, c]) =>
        b.binary(op, a!, c!)
      )
    }
  })

  it("min and max with a constant on either side", () => {
    for (const [dtype, op, text] of binaryCases) {
      if ((dtype !== "f32" && dtype !== "f64") || (op !== "min" && op !== "max")) continue
      for (const [constant = 0, other = 0, expected = 0] of rowsOf(text)) {
        const inputs = [[dtype, column([[other]], 0)]] as const
        const output = [dtype, column([[expected]], 0)] as const
        const name = `${op} ${dtype} with ${constant}`
        checkLanewise(name, inputs, output, maxLanes[dtype], (b, [x]) =>
          b.binary(op, b.constant(constant, x!.type), x!)
        )
        checkLanewise(name, inputs, output, maxLanes[dtype], (b, [x]) =>
          b.binary(op, x!, b.constant(constant, x!.type))
        )
      }
    }
  })

  it("integer division", () => {
    for (const [dtype, op, text] of divisionCases) {
      const rows = rowsOf(text)
      const inputs = [
        [dtype, column(rows, 0)],
        [dtype, column(rows, 1)]
      ] as const
      checkLanewise(`${op} ${dtype}`, inputs, [dtype, column(rows, 2)], 1, (b, [a, c]) => b.binary(op, a!, c!))
      for (const [a = 0, divisor = 0, quotient = 0] of rows) {
        checkTargets(`${op} ${dtype} by a constant`, [[dtype, [a]]], [dtype, [quotient]], (b, [from], to) => {
          const x = b.load(from!, Builder.at(0))
          b.store(to, Builder.at(0), b.binary(op, x, b.constant(divisor, x.type)))
        })
      }
    }
  })

  it("shifts by constants and by splats", () => {
    for (const [dtype, op, by, text] of shiftCases) {
      const rows = rowsOf(text)
      const inputs = [
        [dtype, column(rows, 0)],
        [dtype, column([[by]], 0)]
      ] as const
      const output = [dtype, column(rows, 1)] as const
      checkLanewise(`${op} ${dtype}`, inputs, output, 8, (b, [a]) => b.binary(op, a!, b.constant(by, a!.type)))
      checkLanewise(`${op} ${dtype}`, inputs, output, 8, (b, [a, c]) => {
        const amount = c!.type.lanes === 1 ? c! : b.extract(c!, 0)
        return b.binary(op, a!, b.splat(amount, a!.type.lanes))
      })
      checkLanewise(`${op} ${dtype}`, inputs, output, 8, (b, [a, c]) => b.binary(op, a!, c!))
    }
  })

  it("comparisons and what they select", () => {
    for (const [index, op] of compareOps.entries()) {
      for (const dtype of ["f32", "f64", "i32", "u32", "bool"] as const) {
        if (dtype === "bool" && index > 1) continue
        const rows = compareCases
          .filter(([of]) => of === dtype)
          .map(([, a, b, results]) => [a, b, Number(results[index])])
        const inputs = [
          [dtype, column(rows, 0)],
          [dtype, column(rows, 1)]
        ] as const
        const chosen = rows.map(([a = 0, b = 0, result]) => [result === 1 ? a : b])
        checkLanewise(`${op} ${dtype}`, inputs, [dtype, column(chosen, 0)], maxLanes[dtype], (b, [x, y]) =>
          b.select(b.compare(op, x!, y!), x!, y!)
        )
        if (dtype === "f64") continue
        checkLanewise(`${op} ${dtype}`, inputs, ["bool", column(rows, 2)], 8, (b, [x, y]) => b.compare(op, x!, y!))
      }
    }
  })

  it("masks of 64 bits", () => {
    const a = [1, 2, NaN, -0, 5, 6, 7]
    const c = [2, 1, 1, 0, 5, 7, 6]
    checkLanewise(
      "mask logic",
      [
        ["f64", a],
        ["f64", c]
      ],
      ["f64", [2, 1, 1, 0, 5, 7, 6]],
      4,
      (b, [x, y]) => {
        const less = b.compare("lt", x!, y!)
        const more = b.compare("gt", x!, y!)
        const either = b.binary("or", less, more)
        const neither = b.unary("not", either)
        return b.select(b.binary("xor", b.compare("ne", less, neither), b.binary("and", more, either)), y!, x!)
      }
    )
  })

  it("casts", () => {
    for (const [from, to, text] of castCases) {
      const rows = rowsOf(text)
      const lanes = from === "f64" || to === "f64" ? 1 : 8
      checkLanewise(`${from} to ${to}`, [[from, column(rows, 0)]], [to, column(rows, 1)], lanes, (b, [a]) =>
        b.cast(a!, to)
      )
    }
  })

  it("combine", () => {
    for (const [dtype, op, lanes, expected] of combineCases) {
      checkTargets(`combine ${op} ${dtype}`, [[dtype, lanes]], [dtype, [expected]], (b, [from], to) => {
        b.store(to, Builder.at(0), b.combine(op, b.load(from!, Builder.at(0), lanes.length)))
      })
    }
    checkTargets("combine of masks of 64 bits", [["f64", [1, 2, 3, 4]]], ["bool", [0, 1]], (b, [from], to) => {
      const x = b.load(from!, Builder.at(0), 4)
      const mask = b.compare("lt", x, b.constant(4, x.type))
      b.store(to, Builder.at(0), b.combine("and", mask))
      b.store(to, Builder.at(1), b.combine("or", mask))
    })
  })

  it("splat, extract and extend", () => {
    for (const dtype of ["f32", "f64", "i32", "u32", "bool"] as const) {
      const full = maxLanes[dtype]
      const values = dtype === "bool" ? [1, 0, 1, 1, 0, 1, 0, 1] : [3, 1, 4, 1, 5, 9, 2, 6].slice(0, full)
      const fill = dtype === "bool" ? 1 : 7
      for (let lanes = 1; lanes < full; lanes++) {
        for (const filled of [0, fill]) {
          const expected = values.map((value, lane) => (lane < lanes ? value : filled))
          checkTargets(`extend ${dtype} ${lanes}`, [[dtype, values]], [dtype, expected], (b, [from], to) => {
            b.store(to, Builder.at(0), b.extend(b.load(from!, Builder.at(0), lanes), full, filled))
          })
        }
      }
      checkTargets(`reversed ${dtype}`, [[dtype, values]], [dtype, values.toReversed()], (b, [from], to) => {
        const loaded = b.load(from!, Builder.at(0), full)
        for (let lane = 0; lane < full; lane++) b.store(to, Builder.at(full - 1 - lane), b.extract(loaded, lane))
      })
      checkTargets(`splat ${dtype}`, [[dtype, values]], [dtype, values.map(() => values[0] ?? 0)], (b, [from], to) => {
        b.store(to, Builder.at(0), b.splat(b.load(from!, Builder.at(0)), full))
      })
      checkTargets(
        `splat load ${dtype}`,
        [[dtype, values]],
        [dtype, values.map(() => values[1] ?? 0)],
        (b, [from], to) => {
          b.store(to, Builder.at(0), b.load(from!, Builder.at(1), full, 0))
        }
      )
    }
  })
})
