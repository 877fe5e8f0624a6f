/** Samples of elementwise operations, reductions, layout, indexing, joining, products and creation. */
import { T } from "@cotangent/graph"
import { type B, type F, type I, type OperationName, type OperationSample, sample } from "./operation-sample.ts"
import { bool, floats, i32, shaped } from "./operands.ts"

const unary = (operation: OperationName, f: (x: F) => unknown, low = -2, high = 2): ReadonlyArray<OperationSample> => [
  sample(operation, "floats", [floats(low, high, 3, 5)], f)
]

const binary = (
  operation: OperationName,
  f: (x: F, y: F | number) => unknown,
  low = -2,
  high = 2
): ReadonlyArray<OperationSample> => [
  sample(operation, "broadcast", [floats(low, high, 2, 3, 1), floats(low, high, 3, 4)], (x: F, y: F) => f(x, y)),
  sample(operation, "number", [floats(low, high, 5)], (x: F) => f(x, 1.5))
]

const bits = (operation: OperationName, f: (x: I, y: I) => unknown): ReadonlyArray<OperationSample> => [
  sample(operation, "integers", [shaped(i32(1, -5, 7, 12, 0, 3), 2, 3), i32(3, 1, 2)], f)
]

const reduction = (
  operation: OperationName,
  f: (x: F, options?: object) => unknown
): ReadonlyArray<OperationSample> => [
  sample(operation, "all", [floats(-2, 2, 2, 3)], (x: F) => f(x)),
  sample(operation, "axes", [floats(-2, 2, 2, 3, 4)], (x: F) => f(x, { axis: [0, -1], keepDims: true })),
  sample(operation, "axis", [floats(-2, 2, 3, 5)], (x: F) => f(x, { axis: 0 }))
]

const along = (operation: OperationName, f: (x: F, options?: { axis: number }) => unknown) => [
  sample(operation, "last", [floats(-2, 2, 3, 5)], (x: F) => f(x)),
  sample(operation, "first", [floats(-2, 2, 3, 5)], (x: F) => f(x, { axis: 0 }))
]

/** The samples. */
export const coreSamples: ReadonlyArray<OperationSample> = [
  ...binary("add", (x, y) => T.add(x, y)),
  ...binary("sub", (x, y) => T.sub(x, y)),
  ...binary("mul", (x, y) => T.mul(x, y)),
  ...binary("div", (x, y) => T.div(x, y), 0.5, 2),
  ...binary("pow", (x, y) => T.pow(x, y), 0.5, 2),
  ...binary("maximum", (x, y) => T.maximum(x, y)),
  ...binary("minimum", (x, y) => T.minimum(x, y)),
  ...binary("equal", (x, y) => T.equal(x, y)),
  ...binary("notEqual", (x, y) => T.notEqual(x, y)),
  ...binary("less", (x, y) => T.less(x, y)),
  ...binary("lessEqual", (x, y) => T.lessEqual(x, y)),
  ...binary("greater", (x, y) => T.greater(x, y)),
  ...binary("greaterEqual", (x, y) => T.greaterEqual(x, y)),
  ...bits("and", (x, y) => T.and(x, y)),
  ...bits("or", (x, y) => T.or(x, y)),
  ...bits("xor", (x, y) => T.xor(x, y)),
  ...bits("shiftLeft", (x, y) => T.shiftLeft(x, y)),
  ...bits("shiftRight", (x, y) => T.shiftRight(x, y)),
  sample("not", "bool", [bool(0, 1, 1)], (x: B) => T.not(x)),
  ...unary("neg", T.neg),
  ...unary("abs", T.abs),
  ...unary("sign", T.sign),
  ...unary("floor", T.floor),
  ...unary("exp", T.exp),
  ...unary("expm1", T.expm1),
  ...unary("log", T.log, 0.3, 3),
  ...unary("log1p", T.log1p, -0.5, 3),
  ...unary("sqrt", T.sqrt, 0.3, 3),
  ...unary("rsqrt", T.rsqrt, 0.3, 3),
  ...unary("square", T.square),
  ...unary("reciprocal", T.reciprocal, 0.3, 3),
  ...unary("sin", T.sin),
  ...unary("cos", T.cos),
  ...unary("tanh", T.tanh),
  ...unary("erf", T.erf),
  ...unary("sigmoid", T.sigmoid),
  ...unary("relu", T.relu),
  ...unary("softplus", T.softplus),
  ...unary("silu", T.silu),
  ...unary("gelu", T.gelu),
  ...unary("geluTanh", T.geluTanh),
  sample("stopGradient", "floats", [floats(-1, 1, 3)], (x: F) => T.stopGradient(x), {
    except: ["differences", "secondOrder"]
  }),
  sample("cast", "integers", [i32(1, -2, 3)], (x: I) => T.cast(x, "f32"), { result: "f32" }),
  sample("cast", "floats", [floats(-1, 1, 3)], (x: F) => T.cast(x, "f64"), { result: "f64" }),
  ...reduction("sum", (x, options) => T.sum(x, options)),
  ...reduction("mean", (x, options) => T.mean(x, options)),
  ...reduction("max", (x, options) => T.max(x, options)),
  ...reduction("min", (x, options) => T.min(x, options)),
  ...reduction("variance", (x, options) => T.variance(x, options)),
  ...reduction("logsumexp", (x, options) => T.logsumexp(x, options)),
  sample("argmax", "axis", [floats(-2, 2, 3, 5)], (x: F) => T.argmax(x, { axis: 0, keepDims: true })),
  ...along("softmax", (x, options) => T.softmax(x, options)),
  ...along("logSoftmax", (x, options) => T.logSoftmax(x, options)),
  sample("reshape", "floats", [floats(-1, 1, 2, 6)], (x: F) => T.reshape(x, [3, 4])),
  sample("flatten", "floats", [floats(-1, 1, 2, 3, 2)], (x: F) => T.flatten(x)),
  sample("transpose", "swap", [floats(-1, 1, 2, 3, 4)], (x: F) => T.transpose(x)),
  sample("transpose", "permutation", [floats(-1, 1, 2, 3, 4)], (x: F) => T.transpose(x, [1, 2, 0])),
  sample("expand", "repeated", [floats(-1, 1, 3, 2)], (x: F) => T.expand(x, 1, 2)),
  sample("broadcastTo", "floats", [floats(-1, 1, 3, 1)], (x: F) => T.broadcastTo(x, [2, 3, 4])),
  sample("dyn", "floats", [floats(-1, 1, 3)], (x: F) => T.dyn(x)),
  sample("expect", "floats", [floats(-1, 1, 3)], (x: F) => T.expect(x, [3])),
  sample("slice", "steps", [floats(-1, 1, 5, 4)], (x: F) => T.slice(x, [{ start: 1, step: 2 }, { end: -1 }])),
  sample("pad", "value", [floats(-1, 1, 2, 3)], (x: F) =>
    T.pad(
      x,
      [
        [1, 0],
        [0, 2]
      ],
      0.5
    )
  ),
  sample("take", "repeated, from the back", [floats(-1, 1, 4, 2), shaped(i32(3, 0, -1, -2), 2, 2)], (x: F, at: I) =>
    // The table has rows.
    T.take(x as F & { readonly shape: readonly [number, ...Array<number>] }, at)
  ),
  sample("oneHot", "out of range", [i32(0, 2, 5, -1)], (at: I) => T.oneHot(at, 3), { result: "f32" }),
  sample("where", "tensors", [bool(1, 0, 1), floats(-1, 1, 2, 3), floats(-1, 1, 3)], (c: B, x: F, y: F) =>
    T.where(c, x, y)
  ),
  sample("where", "number", [bool(1, 0, 1), floats(-1, 1, 3)], (c: B, x: F) => T.where(c, x, 2)),
  sample("concat", "last axis", [floats(-1, 1, 2, 3), floats(-1, 1, 2, 1)], (x: F, y: F) => T.concat(x, y)),
  sample("concatAll", "axis 0", [floats(-1, 1, 2, 3), floats(-1, 1, 1, 3)], (x: F, y: F) => T.concatAll([x, y, x])),
  sample("stack", "two", [floats(-1, 1, 2, 3), floats(-1, 1, 2, 3)], (x: F, y: F) => T.stack([x, y])),
  sample("matmul", "vectors", [floats(-1, 1, 4), floats(-1, 1, 4)], (x: F, y: F) => T.matmul(x, y)),
  sample("matmul", "rows", [floats(-1, 1, 2, 3, 4), floats(-1, 1, 4, 5)], (x: F, y: F) => T.matmul(x, y)),
  sample("matmul", "batches", [floats(-1, 1, 2, 1, 3, 4), floats(-1, 1, 3, 4, 2)], (x: F, y: F) => T.matmul(x, y)),
  sample(
    "constant",
    "nested",
    [],
    () =>
      T.constant([
        [1, 2],
        [3, 4]
      ]),
    { result: "f32" }
  ),
  sample("full", "f64", [], () => T.full([2, 3], 0.5, "f64"), { result: "f64" }),
  sample("zeros", "f32", [], () => T.zeros([2]), { result: "f32" }),
  sample("ones", "f32", [], () => T.ones([2]), { result: "f32" }),
  sample("zerosLike", "floats", [floats(-1, 1, 3)], (x: F) => T.zerosLike(x)),
  sample("onesLike", "floats", [floats(-1, 1, 3)], (x: F) => T.onesLike(x)),
  sample("iota", "i32", [], () => T.iota(5)),
  sample("scan", "mixture", [floats(-1, 1, 3), floats(-1, 1, 3), floats(-1, 1, 4, 3)], (w: F, c: F, rows: F) =>
    T.scan((carry: F, row: F): readonly [F, F] => [T.tanh(T.add(T.mul(w, carry), row)), T.mul(carry, row)], c, rows)
  )
]
