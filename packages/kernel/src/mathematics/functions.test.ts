import { assert, describe, it } from "@effect/vitest"
import type { Float, UnaryFunction } from "./index.ts"
import { scalar, unaryFunctions } from "./index.ts"
import { oracle, ulpError } from "./oracle.test.support.ts"
import { randoms, round } from "./samples.test.support.ts"

const names = Object.keys(unaryFunctions) as ReadonlyArray<UnaryFunction>
const dtypes: ReadonlyArray<Float> = ["f32", "f64"]

/** Where each function is sampled: uniformly in each interval, and log-uniformly in size down to 2^-60 in the last. */
const intervals: Readonly<Record<UnaryFunction, Readonly<Record<Float, ReadonlyArray<readonly [number, number]>>>>> = {
  exp: {
    f32: [
      [-103.9, 88.7],
      [-1, 1]
    ],
    f64: [
      [-745, 709.7],
      [-1, 1]
    ]
  },
  expm1: {
    f32: [
      [-20, 88.7],
      [-2, 2]
    ],
    f64: [
      [-40, 709.7],
      [-2, 2]
    ]
  },
  log: {
    f32: [
      [0, 1e4],
      [0.5, 2]
    ],
    f64: [
      [0, 1e4],
      [0.5, 2]
    ]
  },
  log1p: {
    f32: [
      [-0.999, 1e4],
      [-0.7, 1]
    ],
    f64: [
      [-0.999, 1e4],
      [-0.7, 1]
    ]
  },
  tanh: {
    f32: [
      [-10, 10],
      [-1, 1]
    ],
    f64: [
      [-22, 22],
      [-1, 1]
    ]
  },
  sin: {
    f32: [
      [-1e5, 1e5],
      [-10, 10],
      [-1, 1]
    ],
    f64: [
      [-8.4e8, 8.4e8],
      [-10, 10],
      [-1, 1]
    ]
  },
  cos: {
    f32: [
      [-1e5, 1e5],
      [-10, 10],
      [-1, 1]
    ],
    f64: [
      [-8.4e8, 8.4e8],
      [-10, 10],
      [-1, 1]
    ]
  },
  sigmoid: {
    f32: [
      [-103, 20],
      [-8, 8]
    ],
    f64: [
      [-745, 40],
      [-8, 8]
    ]
  },
  erf: {
    f32: [
      [-4.2, 4.2],
      [-1.3, 1.3]
    ],
    f64: [
      [-6.2, 6.2],
      [-1.3, 1.3]
    ]
  }
}

/** The promised largest error in ulp. */
const promised: Readonly<Record<UnaryFunction, Readonly<Record<Float, number>>>> = {
  exp: { f32: 0.9, f64: 1 },
  expm1: { f32: 1.6, f64: 1.6 },
  log: { f32: 0.84, f64: 1 },
  log1p: { f32: 1.4, f64: 1.4 },
  tanh: { f32: 1.9, f64: 1.9 },
  sin: { f32: 2, f64: 2 },
  cos: { f32: 2, f64: 2 },
  sigmoid: { f32: 1.8, f64: 1.8 },
  erf: { f32: 1.6, f64: 1.9 }
}

/** Near their zeros sin and cos promise this absolute error instead, see trigonometric.ts. */
const absolute: Readonly<Record<Float, number>> = { f32: 2 ** -36, f64: 2 ** -98 }

const samples = (name: UnaryFunction, dtype: Float, count: number): ReadonlyArray<number> => {
  const random = randoms(names.indexOf(name) + 1)
  const spread = intervals[name][dtype].flatMap(([low, high]) =>
    Array.from({ length: count }, () => round(low + (high - low) * random(), dtype))
  )
  const small = Array.from({ length: count }, () => {
    const size = (1 + random()) * 2 ** -Math.floor(60 * random())
    return round(name === "log" || random() < 0.5 ? size : -size / 2, dtype)
  })
  return [...spread, ...small].filter((x) => x !== 0 && (name !== "log" || x > 0) && (name !== "log1p" || x > -1))
}

describe("accuracy against series in 320-bit arithmetic", () => {
  for (const dtype of dtypes) {
    for (const name of names) {
      it(`${name} in ${dtype}: at most ${promised[name][dtype]} ulp`, () => {
        const f = scalar(name, dtype)
        for (const x of samples(name, dtype, 500)) {
          const y = f(x)
          const reference = oracle[name](x)
          const error = ulpError(y, reference, dtype)
          if (error <= promised[name][dtype]) continue
          const trigonometric = name === "sin" || name === "cos"
          // 2^-60 is far below one ulp of 1: the difference itself is small enough to be exact in f64.
          const difference = Math.abs(y - Number(reference.mantissa) * 2 ** reference.exponent)
          assert.isTrue(trigonometric && difference <= absolute[dtype], `${name}(${x}) = ${y} is ${error} ulp off`)
        }
      })
    }
  }

  it("exp and sigmoid in the denormals: at most one smallest unit", () => {
    const random = randoms(7)
    for (let k = 0; k < 2000; k++) {
      const single = Math.fround(-87 - 17 * random())
      const double = -708 - 37 * random()
      for (const name of ["exp", "sigmoid"] as const) {
        assert.isAtMost(ulpError(scalar(name, "f32")(single), oracle[name](single), "f32"), 1)
        assert.isAtMost(ulpError(scalar(name, "f64")(double), oracle[name](double), "f64"), 1)
      }
    }
  })

  it("log of denormals and of the largest floats", () => {
    for (const [dtype, extremes] of [
      ["f32", [2 ** -149, 2 ** -148 * 3, 2 ** -127 * 1.75, 2 ** -126, 2 ** -100, 3.4028234663852886e38, 2 ** 127.5]],
      ["f64", [5e-324, 2 ** -1060 * 1.3, 2 ** -1022, 2 ** -1000, 2 ** -999, Number.MAX_VALUE, 2 ** 1023.5]]
    ] as const) {
      for (const extreme of extremes) {
        const x = round(extreme, dtype)
        assert.isAtMost(ulpError(scalar("log", dtype)(x), oracle.log(x), dtype), 1, `log(${x})`)
        if (x > 1) assert.isAtMost(ulpError(scalar("log1p", dtype)(x), oracle.log(x), dtype), 1.4, `log1p(${x})`)
      }
    }
  })
})

describe("accuracy in f32 against Math in f64, over the bit patterns of f32", () => {
  const bits = new DataView(new ArrayBuffer(4))
  const references: Readonly<Partial<Record<UnaryFunction, (x: number) => number>>> = {
    exp: Math.exp,
    expm1: Math.expm1,
    log: Math.log,
    log1p: Math.log1p,
    tanh: Math.tanh,
    sigmoid: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))
  }
  for (const [name, reference] of Object.entries(references) as ReadonlyArray<[UnaryFunction, (x: number) => number]>) {
    it(name, () => {
      const f = scalar(name, "f32")
      for (let pattern = 0; pattern < 2 ** 32; pattern += 131071) {
        bits.setUint32(0, pattern)
        const x = bits.getFloat32(0)
        const expected = reference(x)
        const y = f(x)
        const rounded = Math.fround(expected)
        if (!Number.isFinite(rounded)) assert.isTrue(Object.is(y, rounded), `${name}(${x}) = ${y}`)
        else {
          const size = Math.max(Math.abs(expected), 2 ** -126)
          const ulp = 2 ** (Math.floor(Math.log2(size)) - 23)
          assert.isAtMost(Math.abs(y - expected) / ulp, promised[name].f32 + 0.01, `${name}(${x}) = ${y}`)
        }
      }
    })
  }
})

describe("special values", () => {
  const table: Readonly<Record<UnaryFunction, ReadonlyArray<readonly [number, number]>>> = {
    exp: [
      [0, 1],
      [-0, 1],
      [Infinity, Infinity],
      [-Infinity, 0],
      [1000, Infinity],
      [-1000, 0],
      [1e30, Infinity],
      [-1e30, 0]
    ],
    expm1: [
      [0, 0],
      [-0, -0],
      [Infinity, Infinity],
      [-Infinity, -1],
      [1000, Infinity],
      [-1000, -1],
      [1e-30, 1e-30]
    ],
    log: [
      [1, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [Infinity, Infinity],
      [-1, NaN],
      [-Infinity, NaN],
      [-1e-40, NaN]
    ],
    log1p: [
      [0, 0],
      [-0, -0],
      [-1, -Infinity],
      [-2, NaN],
      [Infinity, Infinity],
      [-Infinity, NaN],
      [1e-30, 1e-30],
      [-1e-40, -1e-40]
    ],
    tanh: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
      [25, 1],
      [-25, -1],
      [1e-30, 1e-30],
      [-1e-40, -1e-40]
    ],
    sin: [
      [0, 0],
      [-0, -0],
      [Infinity, NaN],
      [-Infinity, NaN],
      [1e-30, 1e-30],
      [-1e-40, -1e-40]
    ],
    cos: [
      [0, 1],
      [-0, 1],
      [Infinity, NaN],
      [-Infinity, NaN],
      [1e-30, 1],
      [-1e-40, 1]
    ],
    sigmoid: [
      [0, 0.5],
      [-0, 0.5],
      [Infinity, 1],
      [-Infinity, 0],
      [1e30, 1],
      [-1e30, 0],
      [40, 1]
    ],
    erf: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
      [6.5, 1],
      [-6.5, -1],
      [1e30, 1]
    ]
  }
  for (const dtype of dtypes) {
    for (const name of names) {
      it(`${name} in ${dtype}`, () => {
        const f = scalar(name, dtype)
        assert.isNaN(f(NaN))
        for (const [x, y] of table[name]) assert.isTrue(Object.is(f(x), round(y, dtype)), `${name}(${x}) = ${f(x)}`)
      })
    }
  }

  it("overflow and underflow happen at the right floats", () => {
    const single = scalar("exp", "f32")
    assert.isTrue(Number.isFinite(single(Math.fround(88.72283))))
    assert.strictEqual(single(Math.fround(88.72284)), Infinity)
    assert.strictEqual(single(Math.fround(-103.972076)), 2 ** -149)
    assert.strictEqual(single(Math.fround(-103.972084)), 0)
    const double = scalar("exp", "f64")
    assert.isTrue(Number.isFinite(double(709.782712893384)))
    assert.strictEqual(double(709.7827128933841), Infinity)
    assert.strictEqual(double(-745.1332191019411), 5e-324)
    assert.strictEqual(double(-745.1332191019412), 0)
  })

  it("sin and cos stay in [-1, 1], far beyond their range too", () => {
    const random = randoms(3)
    for (const dtype of dtypes) {
      for (let k = 0; k < 8000; k++) {
        const x = (2 * random() - 1) * 2 ** (127 * random())
        for (const name of ["sin", "cos"] as const)
          assert.isAtMost(Math.abs(scalar(name, dtype)(x)), 1, `${name}(${x})`)
      }
    }
  })

  it("sin of multiples of pi and cos of the odd halves are relatively accurate", () => {
    for (let k = 1; k < 300; k++) {
      const x = k * Math.PI
      assert.isAtMost(ulpError(scalar("sin", "f64")(x), oracle.sin(x), "f64"), 1)
      assert.isAtMost(ulpError(scalar("cos", "f64")(x + Math.PI / 2), oracle.cos(x + Math.PI / 2), "f64"), 1)
    }
    assert.strictEqual(scalar("sin", "f64")(Math.PI), 1.2246467991473532e-16)
    assert.strictEqual(scalar("cos", "f64")(Math.PI / 2), 6.123233995736766e-17)
  })
})

describe("symmetry and order", () => {
  const grid = Array.from({ length: 4001 }, (_, k) => -20 + k / 100)

  it("tanh, erf and sin are exactly odd, cos is exactly even", () => {
    for (const dtype of dtypes) {
      for (const x of grid) {
        for (const name of ["tanh", "erf", "sin"] as const) {
          assert.strictEqual(scalar(name, dtype)(-x), -scalar(name, dtype)(x), `${name}(${x})`)
        }
        assert.strictEqual(scalar("cos", dtype)(-x), scalar("cos", dtype)(x), `cos(${x})`)
      }
    }
  })

  it("exp, expm1, tanh, sigmoid, erf and log ascend along a grid, within their bounds", () => {
    for (const dtype of dtypes) {
      for (const [name, low, high] of [
        ["exp", 0, Infinity],
        ["expm1", -1, Infinity],
        ["tanh", -1, 1],
        ["sigmoid", 0, 1],
        ["erf", -1, 1],
        ["log", -Infinity, Infinity]
      ] as const) {
        const f = scalar(name, dtype)
        const values = grid.filter((x) => name !== "log" || x > 0).map((x) => f(x))
        values.forEach((value, k) => {
          assert.isTrue(value >= low && value <= high && value >= (values[k - 1] ?? value), `${name}, ${k}`)
        })
      }
    }
  })
})
