/**
 * The operations that random programs are made of. Each takes any float tensors, makes their shapes fit, and keeps
 * numbers within a few orders of magnitude, so that programs of any length have finite values and derivatives.
 */
import { Axes, operations as ops, type Shape, sizeOf, T, type Tensor } from "@cotangent/graph"

type X = Tensor<Shape, "f32" | "f64">

/** An operation: two operands to choose from, and a number that decides its details. */
export interface Operation {
  /** Differentiable everywhere, so that differences agree with derivatives. */
  readonly smooth: boolean
  readonly apply: (x: X, y: X, detail: number) => X
}

/** Values above this size are reduced, lest a program grow without bound. */
const largest = 256

const axisOf = (x: X, detail: number): number => (x.shape.length === 0 ? 0 : detail % x.shape.length)

const broadcastable = (x: X, y: X): boolean => {
  try {
    return sizeOf(Axes.broadcastShapes("fit", x.shape.map(Number), y.shape.map(Number))) <= largest
  } catch {
    return false
  }
}

/** The second operand in a shape that broadcasts with the first: itself, or its mean. */
const fitted = (x: X, y: X): X => (broadcastable(x, y) ? y : T.mean(y))

/** At least one axis. */
const vector = (x: X): X => (x.shape.length === 0 ? T.reshape(x, [1]) : x)

/** A matrix of the same elements. */
const matrix = (x: X): Tensor<[number, number], "f32" | "f64"> => {
  const last = Number(x.shape.at(-1) ?? 1)
  return T.reshape(x, [sizeOf(x.shape.map(Number)) / Math.max(1, last), last])
}

const cut = (x: X, axis: number, start: number, end: number): X =>
  T.slice(
    x,
    x.shape.map((_, d) => (d === axis ? { start, end } : {}))
  )

const small = (x: X): boolean => sizeOf(x.shape.map(Number)) * 2 <= largest

const unary = (f: (x: X) => X, smooth = true): Operation => ({ smooth, apply: (x) => f(x) })
const binary = (f: (x: X, y: X) => X, smooth = true): Operation => ({ smooth, apply: (x, y) => f(x, fitted(x, y)) })
const along = (f: (x: X, axis: number) => X, smooth = true): Operation => ({
  smooth,
  apply: (x, _, detail) => (x.shape.length === 0 ? x : f(x, axisOf(x, detail)))
})
const onePlusSquare = (x: X): X => T.add(T.square(x), 1)

/** Positions along an axis: a condition that no value decides. */
const odd = (x: X): Tensor<Shape, "bool"> => {
  const v = vector(x)
  const index = ops.iota(v.shape.map(Number), v.shape.length - 1, "i32")
  return ops.reshape(ops.eq(ops.and(index, 1), ops.full(v.shape.map(Number), 1, "i32")), x.shape.map(Number)) as Tensor<
    Shape,
    "bool"
  >
}

/** A running mixture over the first axis. */
const running = (x: X, reverse: boolean): X => {
  const rows = vector(x)
  const start: X = T.zerosLike(T.reshape(cut(rows, 0, 0, 1), rows.shape.slice(1).map(Number)))
  const [, outputs] = T.scan(
    (carry: X, row: X) => {
      const next: X = T.tanh(T.add(T.mul(carry, 0.7), row))
      return [next, next] as const
    },
    start,
    rows,
    { reverse }
  )
  // One row per row of x.
  return outputs as X
}

/** Operations by name. */
export const programOperations: { readonly [name: string]: Operation } = {
  add: binary((x, y) => T.mul(T.add(x, y), 0.7)),
  sub: binary((x, y) => T.sub(x, y)),
  mul: binary((x, y) => T.mul(x, T.sin(y))),
  div: binary((x, y) => T.div(x, onePlusSquare(y))),
  pow: binary((x, y) => T.pow(onePlusSquare(x), T.tanh(y))),
  neg: unary(T.neg),
  exp: unary((x) => T.exp(T.sin(x))),
  expm1: unary((x) => T.expm1(T.tanh(x))),
  log: unary((x) => T.log(onePlusSquare(x))),
  log1p: unary((x) => T.log1p(T.square(x))),
  sqrt: unary((x) => T.sqrt(onePlusSquare(x))),
  tanh: unary(T.tanh),
  sigmoid: unary(T.sigmoid),
  sin: unary(T.sin),
  cos: unary(T.cos),
  erf: unary(T.erf),
  softplus: unary(T.softplus),
  gelu: unary(T.gelu),
  silu: unary(T.silu),
  sum: along((x, axis) => T.mul(T.sum(x, { axis }), 0.5)),
  mean: along((x, axis) => T.mean(x, { axis, keepDims: true })),
  meanAll: unary((x) => T.mean(x)),
  variance: along((x, axis) => T.variance(x, { axis })),
  logsumexp: along((x, axis) => T.logsumexp(x, { axis })),
  softmax: along((x, axis) => T.softmax(x, { axis })),
  logSoftmax: along((x, axis) => T.logSoftmax(x, { axis })),
  transpose: { smooth: true, apply: (x) => (x.shape.length < 2 ? x : T.transpose(x)) },
  reverseAxes: {
    smooth: true,
    apply: (x) =>
      T.transpose(
        x,
        x.shape.map((_, d) => x.shape.length - 1 - d)
      )
  },
  flatten: unary((x) => T.reshape(x, [sizeOf(x.shape.map(Number))])),
  expand: {
    smooth: true,
    apply: (x, _, detail) =>
      small(x) && x.shape.length < 4 ? T.expand(x, detail % (x.shape.length + 1), 1 + (detail % 2)) : x
  },
  slice: along((x, axis) => cut(x, axis, Number(x.shape[axis] ?? 0) > 1 ? 1 : 0, Number(x.shape[axis] ?? 1))),
  step: along((x, axis) =>
    T.slice(
      x,
      x.shape.map((_, d) => (d === axis ? { step: 2 } : {}))
    )
  ),
  pad: along((x, axis) =>
    small(x)
      ? T.pad(
          x,
          x.shape.map((_, d) => (d === axis ? [1, 2] : [0, 0])),
          0.5
        )
      : x
  ),
  concat: along((x, axis) => (small(x) ? T.concatAll([x, T.cos(x)], axis) : x)),
  take: {
    smooth: true,
    apply: (x, _, detail) =>
      T.take(vector(x) as Tensor<[number, ...Array<number>], "f32" | "f64">, T.constant([detail % 7, 1, 0, 1], "i32"))
  },
  matmul: { smooth: true, apply: (x, y) => gram(x, y) },
  where: binary((x, y) => T.where(odd(x), x, y)),
  scan: { smooth: true, apply: (x, _, detail) => running(x, detail % 2 === 1) },
  stopGradient: { smooth: false, apply: (x, y) => T.add(T.stopGradient(x), fitted(x, y)) },
  abs: unary(T.abs, false),
  relu: unary(T.relu, false),
  maximum: binary((x, y) => T.maximum(x, y), false),
  minimum: binary((x, y) => T.minimum(x, y), false),
  max: along((x, axis) => T.max(x, { axis }), false),
  min: along((x, axis) => T.min(x, { axis, keepDims: true }), false)
}

/** A product of two matrices whose inner sizes are made to fit, scaled by their size. */
const gram = (x: X, y: X): X => {
  const [a, b] = [matrix(x), matrix(y)]
  const inner = Math.min(a.shape[1] ?? 1, b.shape[1] ?? 1)
  const [left, right] = [cut(a, 1, 0, inner), cut(b, 1, 0, inner)]
  const product: X = T.matmul(left, T.transpose(right))
  const mean: X = T.div(product, Math.max(1, inner))
  return sizeOf(mean.shape.map(Number)) <= largest ? mean : T.mean(mean, { axis: 0 })
}
