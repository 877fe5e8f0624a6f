/**
 * Measures public operations that are compositions of the scalar functions: the largest error in units of the last place,
 * for docs/numerics.md. They are compiled and run, so that it is the kernels that are measured.
 *
 *     node --conditions=@cotangent/source scripts/measure-operations.ts [NAME...] [--samples N]
 *
 * f32: N random operands (default 200000) per interval against the operation in f64. f64: N / 20 of them against series
 * in 320-bit integer arithmetic.
 */
import { type AnyTensor, type Shape, T, type Tensor, type Value } from "@cotangent/graph"
import { makeEngine, openSession, specOf } from "@cotangent/runtime"
import {
  div,
  type Exact,
  exponentialFixed,
  fixed,
  logarithm,
  mul,
  one,
  P,
  pi,
  result,
  sine,
  sqrt,
  ulpError
} from "../packages/kernel/src/mathematics/fixed-point.test.support.ts"
import { arcTangent } from "../packages/kernel/src/mathematics/oracle-special.test.support.ts"
import { randoms } from "../packages/kernel/src/mathematics/samples.test.support.ts"

type Float = "f32" | "f64"
type Interval = readonly [number, number]

interface Operation {
  readonly apply: (x: Tensor<Shape, Float>) => AnyTensor
  readonly exact: (x: bigint) => bigint
  /** Where it is measured, and the powers of 2 between which sizes are drawn as well. */
  readonly parts: Readonly<Record<Float, ReadonlyArray<Interval>>>
  readonly sizes: Interval
}

const log = (x: bigint): bigint => logarithm(x, -P)
const everywhere = (...parts: ReadonlyArray<Interval>): Operation["parts"] => ({ f32: parts, f64: parts })

const operations: Readonly<Record<string, Operation>> = {
  tan: {
    apply: T.tan,
    exact: (x) => div(sine(x), sine(x + (pi >> 1n))),
    parts: everywhere([-1.5, 1.5], [-100, 100]),
    sizes: [-40, 0]
  },
  asin: {
    apply: T.asin,
    exact: (x) => arcTangent(div(x, sqrt(one - mul(x, x)))),
    parts: everywhere([-1, 1], [0.9, 1]),
    sizes: [-40, -1]
  },
  acos: {
    apply: T.acos,
    exact: (x) => (pi >> 1n) - arcTangent(div(x, sqrt(one - mul(x, x)))),
    parts: everywhere([-1, 1], [0.99, 1]),
    sizes: [-40, -1]
  },
  sinh: {
    apply: T.sinh,
    exact: (x) => (exponentialFixed(x) - exponentialFixed(-x)) / 2n,
    parts: {
      f32: [
        [-89, 89],
        [-2, 2]
      ],
      f64: [
        [-700, 700],
        [-2, 2]
      ]
    },
    sizes: [-40, 0]
  },
  cosh: {
    apply: T.cosh,
    exact: (x) => (exponentialFixed(x) + exponentialFixed(-x)) / 2n,
    parts: {
      f32: [
        [-89, 89],
        [-2, 2]
      ],
      f64: [
        [-700, 700],
        [-2, 2]
      ]
    },
    sizes: [-40, 0]
  },
  asinh: {
    apply: T.asinh,
    exact: (x) => (x < 0n ? -log(-x + sqrt(mul(x, x) + one)) : log(x + sqrt(mul(x, x) + one))),
    parts: everywhere([-10, 10], [-1, 1]),
    sizes: [-40, 60]
  },
  acosh: {
    apply: T.acosh,
    exact: (x) => log(x + sqrt(mul(x, x) - one)),
    parts: everywhere([1, 10], [1, 1.1]),
    sizes: [1, 60]
  },
  atanh: {
    apply: T.atanh,
    exact: (x) => log(div(one + x, one - x)) / 2n,
    parts: everywhere([-1, 1], [0.9, 1]),
    sizes: [-40, -1]
  },
  sinc: {
    apply: T.sinc,
    exact: (x) => div(sine(mul(pi, x)), mul(pi, x)),
    parts: everywhere([-0.6, 0.6], [-20, 20]),
    sizes: [-10, 0]
  },
  softplus: {
    apply: (x) => T.softplus(x),
    exact: (x) => log(one + exponentialFixed(x)),
    parts: everywhere([-30, 30], [-2, 2]),
    sizes: [-40, 0]
  },
  logit: {
    apply: (x) => T.logit(x),
    exact: (x) => log(div(x, one - x)),
    parts: everywhere([0.0001, 0.9999], [0.4, 0.6]),
    sizes: [-40, -1]
  }
}

const flag = (name: string, otherwise: number): number => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? otherwise : Number(process.argv[i + 1])
}
const samples = flag("samples", 200_000)
const wanted = process.argv.slice(2).filter((a, i, all) => !a.startsWith("--") && !(all[i - 1] ?? "").startsWith("--"))
const engine = makeEngine({ target: "wasm", mode: "narrow" })

/** The values of an operation, compiled. */
const compiled = (apply: Operation["apply"], x: Value): ArrayLike<number> => {
  const program = {
    step: (state: {}, _: {}, input: Tensor<Shape, Float>): readonly [{}, AnyTensor] => [state, apply(input)],
    input: specOf(x as Value<Shape, Float>)
  }
  const session = openSession(engine, {}, {}, { program })
  try {
    return (session.step("program", x as Value<Shape, Float>) as Value).data
  } finally {
    session.close()
  }
}

const operandsOf = ({ parts, sizes: [low, high] }: Operation, dtype: Float, count: number): ReadonlyArray<number> => {
  const random = randoms(1)
  const spread = parts[dtype].flatMap(([from, to]) =>
    Array.from({ length: count }, () => from + (to - from) * random())
  )
  const positive = parts[dtype].every(([from]) => from > 0)
  const sizes = Array.from(
    { length: count },
    () => (positive || random() < 0.5 ? 1 : -1) * 2 ** (low + (high - low) * random())
  )
  const all = [...spread, ...sizes]
  return dtype === "f32" ? all.map(Math.fround) : all
}

const worstOf = (errors: ReadonlyArray<number>, xs: ReadonlyArray<number>): string => {
  const at = errors.reduce((best, error, i) => (error > (errors[best] ?? 0) ? i : best), 0)
  return `${(errors[at] ?? 0).toFixed(3).padStart(7)} ulp at ${xs[at]} (${xs.length} operands)`
}

for (const [name, operation] of Object.entries(operations)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const single = operandsOf(operation, "f32", samples)
  const short = compiled(operation.apply, { shape: [single.length], dtype: "f32", data: Float32Array.from(single) })
  const long = compiled(operation.apply, { shape: [single.length], dtype: "f64", data: Float64Array.from(single) })
  const errors32 = single.map((_, i) => {
    const expected = long[i] ?? 0
    if (!Number.isFinite(Math.fround(expected))) return 0
    const ulp = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(expected), 2 ** -126))) - 23)
    return Math.abs((short[i] ?? 0) - expected) / ulp
  })
  console.log(`${name.padEnd(10)} f32 ${worstOf(errors32, single)}`)
  const double = operandsOf(operation, "f64", Math.ceil(samples / 20)).filter((x) => x !== 0)
  const values = compiled(operation.apply, { shape: [double.length], dtype: "f64", data: Float64Array.from(double) })
  const errors64 = double.map((x, i) => {
    const reference: Exact = result(operation.exact(fixed(x)))
    return ulpError(values[i] ?? Number.NaN, reference, "f64")
  })
  console.log(`${name.padEnd(10)} f64 ${worstOf(errors64, double)}`)
}
