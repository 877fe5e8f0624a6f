import { assert, describe, it } from "@effect/vitest"
import { type DType, Validator } from "@cotangent/kernel"
import {
  apply,
  applySample,
  type Attributes,
  evaluateAll,
  operations as ops,
  type PrimitiveName,
  primitiveNames,
  primitives,
  type Sample,
  type SampleOperand,
  T,
  type Value
} from "@cotangent/graph"
import { differenceOf, graphOf, randomNumbers, randomSource, runPlanned } from "./planned.test.support.ts"
import { plan } from "./program.ts"
import { targets } from "./target/targets.test.support.ts"

const tolerance: Readonly<Record<DType, number>> = { f32: 4e-6, f64: 1e-13, i32: 0, u32: 0, bool: 0 }

/** A sample operand as a value, random floats in the element type that is asked for. */
const valueOf = (operand: SampleOperand, dtype: "f32" | "f64", below: (n: number) => number): Value => {
  if ("data" in operand) return operand
  const { shape, low, high, around } = operand
  const unit = randomNumbers({ shape, dtype: "f64" }, below).map((x) => (x + 2) / 4)
  const numbers = unit.map((x, i) => low + x * (high - low) + (around?.[i] ?? 0))
  return dtype === "f32"
    ? { shape, dtype, data: Float32Array.from(numbers) }
    : { shape, dtype, data: Float64Array.from(numbers) }
}

const words: Value = { shape: [4], dtype: "i32", data: Int32Array.of(5, -1, 0x7fffffff, -(2 ** 31)) }
const others: Value = { shape: [4], dtype: "i32", data: Int32Array.of(3, 31, 32, 33) }
const unsigned = ({ shape, data }: Value): Value => ({ shape, dtype: "u32", data: Uint32Array.from(data) })
const truths: Value = { shape: [4], dtype: "bool", data: Uint8Array.of(0, 1, 0, 1) }
const other: Value = { shape: [4], dtype: "bool", data: Uint8Array.of(0, 0, 1, 1) }
const odd = Float64Array.of(0, -0, NaN, NaN, Infinity, -Infinity, 1, 2, 2)
const strange = Float64Array.of(-0, 0, NaN, 1, Infinity, 1, 2, 1, 2)

type Applications = ReadonlyArray<readonly [ReadonlyArray<Value>, Attributes]>

const integers: Applications = [
  [[words, others], {}],
  [[unsigned(words), unsigned(others)], {}]
]
const bits: Applications = [...integers, [[truths, other], {}]]
const floats: Applications = [
  [
    [
      { shape: [9], dtype: "f64", data: odd },
      { shape: [9], dtype: "f64", data: strange }
    ],
    {}
  ],
  [
    [
      { shape: [9], dtype: "f32", data: Float32Array.from(odd) },
      { shape: [9], dtype: "f32", data: Float32Array.from(strange) }
    ],
    {}
  ]
]

/** Applications that the samples lack: primitives without samples, and every element type where the sample is float. */
const more: Readonly<Partial<Record<PrimitiveName, ReadonlyArray<readonly [ReadonlyArray<Value>, Attributes]>>>> = {
  and: bits,
  or: bits,
  xor: bits,
  not: [
    [[words], {}],
    [[unsigned(words)], {}],
    [[truths], {}]
  ],
  shiftLeft: integers,
  shiftRight: integers,
  eq: [...bits, ...floats],
  lt: [...integers, ...floats],
  le: [...integers, ...floats],
  max: [...integers, ...floats],
  min: [...integers, ...floats],
  add: [...integers, ...floats],
  sub: [...integers, ...floats],
  mul: [...integers, ...floats],
  neg: [
    [[words], {}],
    [[unsigned(words)], {}]
  ],
  abs: [
    [[words], {}],
    [[unsigned(words)], {}]
  ],
  sign: [
    [[words], {}],
    [[unsigned(words)], {}]
  ],
  threefry: [
    [
      [Uint32Array.of(1, 2, 3), Uint32Array.of(4, 5, 6), Uint32Array.of(7, 0, 2 ** 31), Uint32Array.of(9, 9, 9)].map(
        (data): Value => ({ shape: [3], dtype: "u32", data })
      ),
      {}
    ]
  ],
  div: [
    ...integers,
    ...floats,
    [
      [Int32Array.of(7, -7, 7, -(2 ** 31), 5), Int32Array.of(2, 2, -2, -1, 0)].map((data): Value => ({
        shape: [5],
        dtype: "i32",
        data
      })),
      {}
    ]
  ],
  cast: (["f32", "f64", "i32", "u32", "bool"] as const).flatMap((dtype) =>
    [
      {
        shape: [9],
        dtype: "f32",
        data: Float32Array.of(0, -0, NaN, Infinity, -Infinity, 2.7, -2.7, 3e9, -3e9)
      } as const,
      {
        shape: [9],
        dtype: "f64",
        data: Float64Array.of(0, -0, NaN, Infinity, -Infinity, 2.7, -2.7, 3e9, -3e9)
      } as const,
      { shape: [3], dtype: "i32", data: Int32Array.of(-1, 7, -(2 ** 31)) } as const,
      { shape: [3], dtype: "u32", data: Uint32Array.of(0, 7, 2 ** 32 - 1) } as const,
      { shape: [9], dtype: "bool", data: Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 1, 1) } as const
    ].map((value): readonly [ReadonlyArray<Value>, Attributes] => [[value], { dtype }])
  ),
  argmax: [
    [[{ shape: [3, 3], dtype: "f32", data: Float32Array.of(1, NaN, 3, 2, 2, 1, NaN, NaN, 9) }], { axis: 1 }],
    [[{ shape: [3, 2], dtype: "i32", data: Int32Array.of(1, 5, 4, 5, 4, -1) }], { axis: 0 }]
  ],
  iota: [[[], { shape: [2, 3], axis: 0, dtype: "f32" }]],
  gather: [
    [
      [
        { shape: [3, 2], dtype: "f64", data: Float64Array.of(1, 2, 3, 4, 5, 6) },
        { shape: [4], dtype: "i32", data: Int32Array.of(-5, 2 ** 31 - 1, -(2 ** 31), 1) }
      ],
      { axis: 0 }
    ]
  ],
  scatterAdd: [
    [
      [
        { shape: [3], dtype: "f32", data: Float32Array.of(1, 2, 3) },
        { shape: [4], dtype: "i32", data: Int32Array.of(-5, 99, 2, 2) },
        { shape: [4], dtype: "f32", data: Float32Array.of(10, 20, 30, 40) }
      ],
      { axis: 0 }
    ]
  ]
}

const sameWithin =
  (relative: number) =>
  (expected: number, actual: number): boolean =>
    Object.is(expected, actual) ||
    expected === actual ||
    Math.abs(expected - actual) <= relative * Math.max(1, Math.abs(expected))

/** Runs one primitive on all targets and compares with the reference interpreter in float64. */
const check = (
  name: PrimitiveName,
  operands: ReadonlyArray<Value>,
  sample: Pick<Sample<unknown>, "attributes" | "bodies">
): void => {
  const graph = graphOf(operands, (...x) => applySample(name, x, sample))
  const planned = plan(graph)
  assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [])
  const inputs = operands.map(({ data }) => Array.from(data))
  const expected = evaluateAll(applySample(name, operands.map(T.fromValue), sample))
  const limit = Math.max(...expected.map(({ dtype }) => tolerance[dtype]))
  for (const [target, run] of targets) {
    const actual = runPlanned(planned, inputs, { target: run })
    const found = differenceOf(
      expected.map(({ data }) => Array.from(data)),
      actual,
      sameWithin(limit)
    )
    assert.strictEqual(found, undefined, target)
  }
  const shared = plan(graph, { threads: 3, grain: 0 })
  assert.deepStrictEqual(shared.kernels.flatMap(Validator.validate), [])
  const together = differenceOf(runPlanned(planned, inputs), runPlanned(shared, inputs))
  assert.strictEqual(together, undefined, "shared by three threads")
}

/** Primitives that never reach a kernel of their own: given from outside, or taken apart before. */
const notRun: ReadonlySet<PrimitiveName> = new Set(["parameter", "constant", "alias", "stopGradient"])

describe("every primitive, alone in a program", () => {
  for (const name of primitiveNames.filter((primitive) => !notRun.has(primitive))) {
    it(name, () => {
      const below = randomSource(5)
      const { samples } = primitives[name]
      const given = samples.flatMap((sample) =>
        (sample.operands.some((o) => !("data" in o)) ? (["f32", "f64"] as const) : (["f32"] as const)).map(
          (dtype) => [sample.operands.map((o) => valueOf(o, dtype, below)), sample] as const
        )
      )
      const all = [...given, ...(more[name] ?? []).map(([operands, attributes]) => [operands, { attributes }] as const)]
      assert.isAbove(all.length, 0, `${name} has no sample`)
      for (const [operands, sample] of all) check(name, operands, sample)
    })
  }

  it("scan: forwards and backwards, of any length, nested", () => {
    for (const length of [0, 1, 3]) {
      for (const reverse of [false, true]) {
        const operands: ReadonlyArray<Value> = [
          { shape: [2], dtype: "f32", data: Float32Array.of(0.5, -1) },
          { shape: [length, 2], dtype: "f32", data: Float32Array.from({ length: 2 * length }, (_, i) => i / 4) }
        ]
        const body = (...[carry, rows]: ReadonlyArray<ReturnType<typeof ops.neg>>) => {
          if (carry === undefined || rows === undefined) throw new RangeError("two operands")
          const { region, captured } = ops.region(
            [
              { shape: [2], dtype: "f32" },
              { shape: [2], dtype: "f32" }
            ],
            (c, x) =>
              c === undefined || x === undefined ? [] : [ops.add(ops.mul(c, 0.5), x), ops.mul(c, x), ops.lt(c, x)]
          )
          return ops.scan(region, [...captured, carry, rows], 1, 1, length, reverse)
        }
        const planned = plan(graphOf(operands, body))
        const expected = evaluateAll(body(...operands.map(T.fromValue)))
        const actual = runPlanned(
          planned,
          operands.map(({ data }) => Array.from(data))
        )
        const found = differenceOf(
          expected.map(({ data }) => Array.from(data)),
          actual,
          sameWithin(1e-6)
        )
        assert.strictEqual(found, undefined, `length ${length}`)
      }
    }
  })

  it("floats round as their type where a pad's value has no exact form", () => {
    const value: Value = { shape: [1], dtype: "f32", data: Float32Array.of(1) }
    const attributes = { low: [1], high: [1], interior: [0], value: 0.1 }
    const planned = plan(graphOf([value], (...x) => apply("pad", x, attributes)))
    assert.deepStrictEqual(runPlanned(planned, [[1]]), [[Math.fround(0.1), 1, Math.fround(0.1)]])
  })
})
