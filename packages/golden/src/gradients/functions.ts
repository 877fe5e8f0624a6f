/** The functions of one vector whose higher derivatives and Jacobians golden files give, by id. */
import { type Shape, T, type Tensor } from "@cotangent/graph"
import { Loss } from "@cotangent/nn"
import { Missing } from "../outcome.ts"
import type { F64 } from "../targets.ts"

/** Matrices that functions share, by name. */
export type Constants = (name: string) => F64

/** A scalar function of a vector. */
export type ScalarFunction = (x: F64, constants: Constants) => Tensor<[], "f64">

/** A vector function of a vector. */
export type VectorFunction = (x: F64, constants: Constants) => F64

/** A tensor of one element as a scalar. */
const scalar = (x: F64): Tensor<[], "f64"> => T.reshape(x, [])
const total = (x: F64): Tensor<[], "f64"> => scalar(T.sum(x))
const element = (x: F64, i: number): F64 => T.slice(x, [{ start: i, end: i + 1 }])
const product = (a: F64, b: F64): F64 => T.matmul(a, b)

const rosenbrock: ScalarFunction = (x) => {
  const [head, tail]: readonly [F64, F64] = [T.slice(x, [{ end: -1 }]), T.slice(x, [{ start: 1 }])]
  const valley: F64 = T.square(T.sub(tail, T.square(head)))
  return total(T.add(T.square(T.sub(T.full([], 1, "f64"), head)), T.mul(valley, 100)))
}

/** Scalar functions by id. */
export const scalarFunctions: { readonly [id: string]: ScalarFunction | Missing } = {
  sum_pow: (x) => total(T.pow(x, 3)),
  exp_prod: (x) => {
    const [a, b, c] = [element(x, 0), element(x, 1), element(x, 2)]
    return scalar(T.add(T.exp(T.mul(a, b)), T.sin(T.mul(b, c))))
  },
  rosenbrock,
  logsumexp: (x) => scalar(T.logsumexp(x, { axis: 0 })),
  mlp_tanh: (x, k) => scalar(product(T.tanh(product(x, k("W1"))), k("W2"))),
  softmax_entropy: (x) => T.neg(total(T.mul(T.softmax(x, { axis: 0 }), T.logSoftmax(x, { axis: 0 })))),
  quadratic_form: (x, k) => scalar(product(x, product(k("T"), x))),
  norm: (x) => T.sqrt(total(T.square(x))),
  logistic_loss: (x, k) => {
    const margins: F64 = T.mul(T.neg(product(x, k("W1"))), T.constant([1, -1, 1, 1], "f64"))
    return scalar(T.mean(T.softplus(margins)))
  },
  gelu_sum: (x) => total(T.mul(T.gelu(x), x)),
  layernorm_sq: (x) => total(T.pow(T.layerNorm(x), 3)),
  matmul_sq: (x) => total(T.square(product(T.reshape(x, [2, 3]), T.reshape(x, [3, 2])))),
  xent: (x, k) => {
    const logits: Tensor<Shape, "f64"> = T.reshape(product(x, k("W1")), [1, 4])
    // perSample is typed for f32 and keeps the element type of the logits.
    return scalar(Loss.sparseCategoricalCrossentropy({ fromLogits: true }).perSample(logits, T.constant([2], "i32")))
  },
  conv: (x) => {
    const kernel: F64 = T.constant([[[0.5]], [[-1]], [[0.25]]], "f64")
    const y: F64 = T.conv1d(T.reshape(x, [1, 6, 1]), kernel)
    return total(T.pow(y, 3))
  }
}

/** Vector functions by id. */
export const vectorFunctions: { readonly [id: string]: VectorFunction | Missing } = {
  softmax: (x) => T.softmax(x, { axis: 0 }),
  tanh_lin: (x, k) => T.tanh(product(x, k("W1"))),
  outer: (x) => T.flatten(T.outer(x, x), { from: 0 }) as F64,
  cumsum_exp: (x) => T.cumsum(T.exp(x))
}
