import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, type Aval, type Graph, operations as ops, T } from "@cotangent/graph"
import { countOf, isExhaustive } from "./exhaustive.test.support.ts"
import {
  type Exact,
  exact,
  exponential,
  fixed,
  highPrecision,
  logarithm,
  result,
  ulps64
} from "./high-precision.test.support.ts"
import {
  differenceOf,
  evaluateNodeByNode,
  graphOf,
  type Numbers,
  randomSource,
  runPlanned
} from "./planned.test.support.ts"
import { canonical, plan } from "./program.ts"
import { type StableRule, stableRules } from "./stable.ts"
import { targets, wasm } from "./target/targets.test.support.ts"

type Float = "f32" | "f64"
const floats: ReadonlyArray<Float> = ["f32", "f64"]

interface Law {
  readonly body: (x: AnyTensor) => AnyTensor
  /** The exact value where the operand is finite and of a size that 320 bits behind the point hold. */
  readonly exact: (x: number) => Exact
  /** The interval of operands that are compared with it, and sizes below which they are not. */
  readonly domain: readonly [number, number]
  /** The value in float64, for every operand, exact where it is NaN, infinite or 0. */
  readonly value: (x: number) => number
  /** Other ways to write it. */
  readonly also?: ReadonlyArray<(x: AnyTensor) => AnyTensor>
}

const negated = ({ exponent, mantissa }: Exact): Exact => ({ mantissa: -mantissa, exponent })
const scaled = ({ exponent, mantissa }: Exact, by: number): Exact => ({ mantissa, exponent: exponent + by })
const scalar = (x: AnyTensor, value: number): AnyTensor => ops.full(x.shape, value, x.dtype)
const { softplus } = highPrecision
const everywhere: readonly [number, number] = [-Infinity, Infinity]
const square = (x: AnyTensor): AnyTensor => ops.mul(x, x)
/** 0 instead of -0. */
const unsigned = (x: number): number => x + 0

/** A law for each row of the table that is a function of one number. */
const laws: Readonly<Record<string, Law>> = {
  "log(sigmoid(x)) = min(x, 0) - log1p(e^-|x|)": {
    body: (x) => ops.log(ops.sigmoid(x)),
    exact: (x) => negated(softplus(-x)),
    domain: [-120, 120],
    value: (x) => unsigned(Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))))
  },
  "log(1 + e^x) = max(x, 0) + log1p(e^-|x|)": {
    body: (x) => ops.log(ops.add(ops.exp(x), 1)),
    exact: softplus,
    domain: [-120, 120],
    value: (x) => unsigned(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
    also: [(x) => ops.log(ops.add(scalar(x, 1), ops.exp(x)))]
  },
  "log(1 + x) = log1p(x) + 0": {
    body: (x) => ops.log(ops.add(x, 1)),
    exact: highPrecision.log1p,
    domain: [-1 + 2 ** -50, 2 ** 100],
    value: (x) => unsigned(Math.log1p(x)),
    also: [(x) => ops.log(ops.add(scalar(x, 1), x))]
  },
  "log(1 - x) = log1p(-x) + 0": {
    body: (x) => ops.log(ops.sub(scalar(x, 1), x)),
    exact: (x) => highPrecision.log1p(-x),
    domain: [-(2 ** 100), 1 - 2 ** -50],
    value: (x) => unsigned(Math.log1p(-x))
  },
  "log(e^x) = x + 0": { body: (x) => ops.log(ops.exp(x)), exact, domain: everywhere, value: unsigned },
  "log(x x) = 2 log|x|": {
    body: (x) => ops.log(square(x)),
    exact: (x) => scaled(highPrecision.log(Math.abs(x)), 1),
    domain: everywhere,
    value: (x) => 2 * Math.log(Math.abs(x))
  },
  "log(sqrt(x)) = log(x) / 2": {
    body: (x) => ops.log(ops.sqrt(x)),
    exact: (x) => scaled(highPrecision.log(x), -1),
    domain: [Number.MIN_VALUE, Infinity],
    value: (x) => Math.log(x) / 2
  },
  "log1p(-sigmoid(x)) = min(-x, 0) - log1p(e^-|x|)": {
    body: (x) => ops.log1p(ops.neg(ops.sigmoid(x))),
    exact: (x) => negated(softplus(x)),
    domain: [-120, 120],
    value: (x) => unsigned(Math.min(-x, 0) - Math.log1p(Math.exp(-Math.abs(x))))
  },
  "e^x - 1 = expm1(x) + 0": {
    body: (x) => ops.sub(ops.exp(x), 1),
    exact: highPrecision.expm1,
    domain: [-200, 200],
    value: (x) => unsigned(Math.expm1(x))
  },
  "1 - e^x = 0 - expm1(x)": {
    body: (x) => ops.sub(scalar(x, 1), ops.exp(x)),
    exact: (x) => negated(highPrecision.expm1(x)),
    domain: [-200, 200],
    value: (x) => 0 - Math.expm1(x)
  },
  "e^x + (-1) = expm1(x) + 0": {
    body: (x) => ops.add(ops.exp(x), -1),
    exact: highPrecision.expm1,
    domain: [-200, 200],
    value: (x) => unsigned(Math.expm1(x)),
    also: [(x) => ops.add(scalar(x, -1), ops.exp(x))]
  },
  "1 - sigmoid(x) = sigmoid(-x)": {
    body: (x) => ops.sub(scalar(x, 1), ops.sigmoid(x)),
    exact: (x) => highPrecision.sigmoid(-x),
    domain: [-200, 120],
    value: (x) => 1 / (1 + Math.exp(x))
  },
  "1 / (1 + e^x) = sigmoid(-x)": {
    body: (x) => ops.div(scalar(x, 1), ops.add(ops.exp(x), 1)),
    exact: (x) => highPrecision.sigmoid(-x),
    domain: [-200, 120],
    value: (x) => 1 / (1 + Math.exp(x)),
    also: [(x) => ops.div(scalar(x, 1), ops.add(scalar(x, 1), ops.exp(x)))]
  },
  "sqrt(x x) = |x|": {
    body: (x) => ops.sqrt(square(x)),
    exact: (x) => exact(Math.abs(x)),
    domain: everywhere,
    value: Math.abs
  }
}

/** What looks like a stable rewrite and is none, and an operand for which it would be worse. */
const kept: Readonly<Record<string, readonly [(x: AnyTensor) => AnyTensor, number]>> = {
  "e^(log x) = x: negative x": [(x) => ops.exp(ops.log(x)), -1],
  "log(1 / x) = -log x: -0": [(x) => ops.log(ops.div(scalar(x, 1), x)), -0],
  "log(x y) = log x + log y: two negative": [(x) => ops.log(ops.mul(x, ops.sub(x, 1))), -1],
  "log(2 + x): no function of its own": [(x) => ops.log(ops.add(x, 2)), 1],
  "log(min(sigmoid(x), 0.9)): a bound that is another function": [(x) => ops.log(ops.min(ops.sigmoid(x), 0.9)), 3],
  "sqrt(x y)": [(x) => ops.sqrt(ops.mul(x, ops.add(x, 1))), 4]
}

const rules: ReadonlyArray<StableRule> = Object.values(stableRules).flatMap((rows) => rows ?? [])
const bits = new DataView(new ArrayBuffer(8))

/** f32: bit patterns at equal distances, all sizes and signs. f64: random ones, and numbers near 0, 1 and -1. */
const operandsOf = (dtype: Float): ReadonlyArray<number> => {
  const below = randomSource(7)
  const near = [0, 1, -1].flatMap((c) =>
    Array.from({ length: 60 }, (_, i) => c + (i % 2 === 0 ? 1 : -1) * 2 ** -Math.ceil(i / 2) * (1 + below(1000) / 1000))
  )
  if (dtype === "f64") {
    const spread = Array.from(
      { length: countOf(250, 4000) },
      () => (below(2) === 0 ? 1 : -1) * 2 ** (below(200) / 10 - 12)
    )
    return [...near, ...spread]
  }
  const stride = isExhaustive ? 1021 : 65521
  const patterns = Array.from({ length: Math.floor(2 ** 32 / stride) }, (_, i) => {
    bits.setUint32(0, i * stride)
    return bits.getFloat32(0)
  })
  return [...near.map(Math.fround), ...patterns.filter(Number.isFinite)]
}

const specials = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  2,
  -2,
  1e-45,
  -1e-45,
  1e-40,
  -1e-40,
  3e38,
  -3e38,
  90,
  -90,
  110,
  -110
]

const ulpOf = (y: number, dtype: Float): number =>
  dtype === "f32"
    ? 2 ** (Math.floor(Math.log2(Math.max(Math.abs(y), 2 ** -126))) - 23)
    : 2 ** (Math.floor(Math.log2(Math.max(Math.abs(y), 2 ** -1022))) - 52)

/** Before, each operation alone; after, the program as it is planned. */
const bothWays = (body: Law["body"], dtype: Float, x: Numbers): readonly [Numbers, Numbers, Graph.Graph] => {
  const aval: Aval = { shape: [x.length], dtype }
  const graph = graphOf([aval], (t) => (t === undefined ? [] : [body(t)]))
  const [before = []] = evaluateNodeByNode(graph, [x], wasm())
  const [after = []] = runPlanned(plan(graph), [x], { target: wasm() })
  return [before, after, graph]
}

describe("stable rewrites", () => {
  it("have a law for every row of the table", () => {
    const named = rules.filter((rule) => !rule.name.startsWith("log(softmax")).map((rule) => rule.name)
    assert.deepStrictEqual(Object.keys(laws).toSorted(), named.toSorted())
  })

  for (const [name, { also = [], body, domain, exact: reference, value }] of Object.entries(laws)) {
    const ulps = rules.find((rule) => rule.name === name)?.ulps ?? 0

    it(`${name}: applies`, () => {
      for (const write of [body, ...also]) {
        const graph = graphOf([{ shape: [3], dtype: "f32" }], (x) => (x === undefined ? [] : [write(x)]))
        const text = (nodes: Graph.Graph["nodes"]): string => nodes.map((n) => n.primitive).join()
        assert.notStrictEqual(text(canonical(graph).nodes), text(graph.nodes))
      }
    })

    for (const dtype of floats) {
      it(`${name}: never further from the exact value than before, or than ${ulps} ulp, ${dtype}`, () => {
        const x = operandsOf(dtype)
        const [before, after] = bothWays(body, dtype, x)
        const [low, high] = domain
        for (const [i, operand] of x.entries()) {
          const y = after[i] ?? NaN
          const tiny = Math.abs(operand) < 2 ** -70
          if (!(operand >= low && operand <= high) || operand === 0 || (tiny && dtype === "f64")) continue
          const inexact = (got: number): number => {
            if (dtype === "f64") return Number.isFinite(got) ? ulps64(got, reference(operand)) : Infinity
            const expected = value(operand)
            if (Object.is(Math.fround(expected), got)) return 0
            return Math.abs(got - expected) / ulpOf(expected, dtype)
          }
          const error = inexact(y)
          if (error <= ulps) continue
          assert.isAtMost(error, inexact(before[i] ?? NaN), `${operand}: ${before[i]} became ${y}`)
        }
      })

      it(`${name}: NaN, infinities and zeros as they are exactly, ${dtype}`, () => {
        const x = specials.map(dtype === "f32" ? Math.fround : (s) => s)
        const [, after] = bothWays(body, dtype, x)
        for (const [i, operand] of x.entries()) {
          const expected = value(operand)
          if (Number.isFinite(expected) && expected !== 0) continue
          assert.isTrue(Object.is(after[i], expected), `${operand}: ${after[i]} instead of ${expected}`)
        }
      })
    }

    it(`${name}: the same bits on all targets`, () => {
      const graph = graphOf([{ shape: [specials.length], dtype: "f32" }], (x) => (x === undefined ? [] : [body(x)]))
      const inputs = [specials.map(Math.fround)]
      const expected = runPlanned(plan(graph), inputs)
      for (const [target, run] of targets)
        assert.strictEqual(differenceOf(expected, runPlanned(plan(graph), inputs, { target: run })), undefined, target)
    })
  }

  for (const [name, [body, operand]] of Object.entries(kept)) {
    it(`${name} is not rewritten`, () => {
      for (const dtype of floats) {
        const [before, after, graph] = bothWays(body, dtype, [operand])
        assert.strictEqual(differenceOf([before], [after]), undefined)
        assert.deepStrictEqual(
          canonical(graph).nodes.map((n) => n.primitive),
          graph.nodes.map((n) => n.primitive)
        )
      }
    })
  }
})

describe("the logarithm of a softmax", () => {
  const rows: ReadonlyArray<Numbers> = (() => {
    const below = randomSource(3)
    const random = (scale: number): Numbers => Array.from({ length: 5 }, () => (below(2001) / 1000 - 1) * scale)
    return [
      ...Array.from({ length: countOf(60, 2000) }, (_, i) => random([0.01, 1, 5, 20, 50][i % 5] ?? 1)),
      [0, 0, 0, 0, 0],
      [50, -50, 0, 49.999, -49.999]
    ]
  })()
  const shape = [rows.length, 5] as const
  // Of a tensor whose shape is unknown to the types.
  const softmax = (x: AnyTensor, axis = -1): AnyTensor => T.softmax(x as never, { axis }) as AnyTensor
  const logSoftmax = (x: AnyTensor, axis = -1): AnyTensor => T.logSoftmax(x as never, { axis }) as AnyTensor
  const logOf = (x: AnyTensor): AnyTensor => ops.log(softmax(x))

  it("is logSoftmax, bit for bit, along any axis, for special operands, after a barrier", () => {
    const ofSum = (p: AnyTensor): AnyTensor =>
      ops.div(p, ops.broadcast(ops.reshape(ops.reduceSum(p, [1]), [p.shape[0] ?? 0, 1]), p.shape))
    const picked = ops.iota([2], 0, "i32")
    const bodies: ReadonlyArray<readonly [(x: AnyTensor) => AnyTensor, (x: AnyTensor) => AnyTensor]> = [
      [logOf, logSoftmax],
      [(x) => ops.log(softmax(x, 0)), (x) => logSoftmax(x, 0)],
      [(x) => ops.log(ops.gather(softmax(x), picked, 0)), (x) => ops.gather(logSoftmax(x), picked, 0)],
      [(x) => ops.log(ops.transpose(softmax(x), [1, 0])), (x) => ops.transpose(logSoftmax(x), [1, 0])],
      // Categorical cross-entropy of probabilities: divided by their sum, bounded by 0 and 1.
      [(x) => ops.log(ops.min(ops.max(ofSum(softmax(x)), 0), 1)), logSoftmax],
      [(x) => ops.log(ops.barrier([softmax(x)], { id: 1 })[0] ?? x), logSoftmax]
    ]
    const special = [
      [NaN, 1, 2, 3, 4],
      [Infinity, 1, 2, 3, 4],
      [-Infinity, 1, 2, -Infinity, 4],
      [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
      [1000, -1000, 0, 3e38, -3e38]
    ]
    const x = [...rows, ...special].flat().map(Math.fround)
    for (const [log, direct] of bodies) {
      const graphs = [log, direct].map((body) =>
        graphOf([{ shape: [x.length / 5, 5], dtype: "f32" }], (t) => (t === undefined ? [] : [body(t)]))
      )
      const [first, second] = graphs.map((graph) => runPlanned(plan(graph), [x], { target: wasm() }))
      assert.strictEqual(differenceOf(second ?? [], first ?? []), undefined)
    }
  })

  for (const dtype of floats) {
    it(`is never further from the exact value than before, or than 2 ulp of the larger of it and 1, ${dtype}`, () => {
      const x = rows.flat().map(dtype === "f32" ? Math.fround : (v) => v)
      const graph = graphOf([{ shape, dtype }], (t) => (t === undefined ? [] : [logOf(t)]))
      const [before = []] = evaluateNodeByNode(graph, [x], wasm())
      const [after = []] = runPlanned(plan(graph), [x], { target: wasm() })
      for (let row = 0; row < rows.length; row++) {
        const own = x.slice(5 * row, 5 * row + 5)
        const sum = logarithm(result(own.reduce((s, v) => s + exponential(fixed(v)), 0n)))
        own.forEach((v, i) => {
          const at = 5 * row + i
          const reference = result(fixed(v) - sum)
          const inUnits = (y: number): number => ulps64(y, reference, 1) / (dtype === "f32" ? 2 ** 29 : 1)
          const error = inUnits(after[at] ?? NaN)
          if (error <= 2) return
          const was = before[at] ?? NaN
          assert.isAtMost(
            error,
            Number.isFinite(was) ? inUnits(was) : Infinity,
            `${own.join()} [${i}]: ${was}, ${after[at]}`
          )
        })
      }
    })
  }

  it("stays away from a division by another sum, and from a softmax that is not shifted", () => {
    const others: ReadonlyArray<(x: AnyTensor) => AnyTensor> = [
      (x) => ops.log(ops.div(ops.exp(x), ops.reshape(ops.reduceSum(ops.exp(x), [1]), [rows.length, 1]))),
      (x) => {
        const e = ops.exp(ops.sub(x, ops.reshape(ops.reduceMax(x, [1]), [rows.length, 1])))
        return ops.log(ops.div(e, ops.reshape(ops.reduceSum(ops.mul(e, 2), [1]), [rows.length, 1])))
      },
      (x) => {
        const e = ops.exp(ops.sub(x, ops.reshape(ops.reduceMax(x, [0]), [1, 5])))
        return ops.log(ops.div(e, ops.reshape(ops.reduceSum(e, [1]), [rows.length, 1])))
      }
    ]
    for (const body of others) {
      const graph = graphOf([{ shape, dtype: "f32" }], (t) => (t === undefined ? [] : [body(t)]))
      const last = canonical(graph).nodes.at(-1)
      assert.strictEqual(last?.primitive, "log")
    }
  })
})
