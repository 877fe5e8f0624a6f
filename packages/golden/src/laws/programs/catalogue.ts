/**
 * What random programs are made of: operations that take tensors of any shape and keep numbers within a few orders of
 * magnitude. Most of them are the samples of the tables of primitives and of public operations, with operands made to fit:
 * a new operation is in here as soon as it has a sample. The others choose axes and shapes for themselves, and those with
 * bodies are loops, branches, batches and derivatives of programs.
 */
import { checkpoint, customDerivative, customJvp, grad, jvp, vjp, vmap } from "@cotangent/autodiff"
import {
  type AnyTensor,
  Axes,
  type Float,
  isFloat,
  operations as ops,
  primitiveNames,
  type Shape,
  sizeOf,
  T,
  type Tensor,
  Values
} from "@cotangent/graph"
import { operationSamples } from "../operation-samples.ts"
import { isDrawn, type Subject } from "../subjects.ts"
import { isDifferentiable, samplesOf } from "../table.ts"
import { asFloat, asOperand, fit } from "./fit.ts"
import { type Instruction, type Interpret, type Program, runInstructions } from "./program.ts"

type X = Tensor<Shape, Float>

/** Runs the body of an instruction. */
type Body = (...inputs: ReadonlyArray<AnyTensor>) => X

/** An operation of a program. */
export interface Operation {
  /** How often it is taken, compared with others. */
  readonly weight: number
  /** How many operands it takes. */
  readonly operands: number
  /** Whether it has a body, a program of its own. */
  readonly nested: boolean
  /** Whether its derivatives are those of its values: not so where they are stopped. */
  readonly differentiable: boolean
  readonly apply: (operands: ReadonlyArray<X>, detail: number, body: Body) => AnyTensor
}

/** Values above this size are averaged, lest a program grow without bound. */
const largest = 256

const shapeOf = (x: X): ReadonlyArray<number> => x.shape.map(Number)
const axisOf = (x: X, detail: number): number => (x.shape.length === 0 ? 0 : detail % x.shape.length)
const small = (x: X): boolean => sizeOf(shapeOf(x)) * 2 <= largest

const broadcastable = (x: X, y: X): boolean => {
  try {
    return sizeOf(Axes.broadcastShapes("fit", shapeOf(x), shapeOf(y))) <= largest
  } catch {
    return false
  }
}

/** At least one axis. */
const vector = (x: X): Tensor<[number, ...Array<number>], Float> =>
  // A scalar gets its first axis here.
  (x.shape.length === 0 ? T.reshape(x, [1]) : x) as Tensor<[number, ...Array<number>], Float>

/** A matrix of the same elements. */
const matrix = (x: X): Tensor<[number, number], Float> => {
  const last = Number(x.shape.at(-1) ?? 1)
  return T.reshape(x, [sizeOf(shapeOf(x)) / Math.max(1, last), last])
}

const cut = (x: X, axis: number, start: number, end: number): X =>
  T.slice(
    x,
    x.shape.map((_, d) => (d === axis ? { start, end } : {}))
  )

const operation = (operands: number, apply: Operation["apply"], differentiable = true): Operation => ({
  weight: 1,
  operands,
  nested: false,
  differentiable,
  apply
})
const one = (f: (x: X, detail: number) => X): Operation => operation(1, ([x], detail) => f(given(x), detail))
const two = (f: (x: X, y: X) => X): Operation =>
  // The second operand in a shape that broadcasts with the first: itself, or its mean.
  operation(2, ([x, y]) => f(given(x), broadcastable(given(x), given(y)) ? given(y) : T.mean(given(y))))
const along = (f: (x: X, axis: number) => X): Operation =>
  one((x, detail) => (x.shape.length === 0 ? x : f(x, axisOf(x, detail))))

const given = (x: X | undefined): X => {
  if (x === undefined) throw new RangeError("program: an operand is missing")
  return x
}

/** A product of two matrices whose inner sizes are made to fit, scaled by their size. */
const gram = (x: X, y: X): X => {
  const [a, b] = [matrix(x), matrix(y)]
  const inner = Math.min(a.shape[1] ?? 1, b.shape[1] ?? 1)
  const mean: X = T.div(T.matmul(cut(a, 1, 0, inner), T.transpose(cut(b, 1, 0, inner))), Math.max(1, inner))
  return sizeOf(shapeOf(mean)) <= largest ? mean : T.mean(mean, { axis: 0 })
}

/** Operations that choose axes and shapes for themselves. */
const flexible: { readonly [name: string]: Operation } = {
  add: two((x, y) => T.mul(T.add(x, y), 0.7)),
  mul: two((x, y) => T.mul(x, T.sin(y))),
  div: two((x, y) => T.div(x, T.add(T.square(y), 1))),
  pow: two((x, y) => T.pow(T.add(T.square(x), 1), T.tanh(y))),
  maximum: two((x, y) => T.maximum(x, y)),
  minimum: two((x, y) => T.minimum(x, y)),
  exp: one((x) => T.exp(T.sin(x))),
  log: one((x) => T.log(T.add(T.square(x), 1))),
  sqrt: one((x) => T.sqrt(T.add(T.square(x), 1))),
  tanh: one(T.tanh),
  sin: one(T.sin),
  abs: one(T.abs),
  relu: one(T.relu),
  stopGradient: operation(2, ([x, y]) => T.add(T.stopGradient(given(x)), T.mean(given(y))), false),
  sum: along((x, axis) => T.mul(T.sum(x, { axis }), 0.5)),
  mean: along((x, axis) => T.mean(x, { axis, keepDims: true })),
  max: along((x, axis) => T.max(x, { axis })),
  min: along((x, axis) => T.min(x, { axis, keepDims: true })),
  logsumexp: along((x, axis) => T.logsumexp(x, { axis })),
  softmax: along((x, axis) => T.softmax(x, { axis })),
  transpose: one((x) => (x.shape.length < 2 ? x : T.transpose(x))),
  reverseAxes: one((x) =>
    T.transpose(
      x,
      x.shape.map((_, d) => x.shape.length - 1 - d)
    )
  ),
  flatten: one((x) => T.reshape(x, [sizeOf(shapeOf(x))])),
  expand: one((x, detail) =>
    small(x) && x.shape.length < 4 ? T.expand(x, detail % (x.shape.length + 1), 1 + (detail % 2)) : x
  ),
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
  take: one((x, detail) => T.take(vector(x), T.constant([detail % Number(vector(x).shape[0] ?? 1), 0, -1, 0], "i32"))),
  matmul: operation(2, ([x, y]) => gram(given(x), given(y))),
  fit: operation(2, ([x, y]) => fit(given(x), shapeOf(given(y))))
}

/** A bounded function of a derivative: those of long programs grow. */
const bounded = (x: AnyTensor): AnyTensor => ops.sin(x)

const total = (x: AnyTensor): Tensor<[], Float> =>
  // The sum over all axes is a scalar.
  ops.reduceSum(
    x,
    x.shape.map((_, d) => d)
  ) as Tensor<[], Float>

/** A direction that depends on y. */
const direction = (x: X, y: X): X => fit(ops.cos(y), shapeOf(x)) as X

const nested = (apply: (x: X, y: X, body: Body, detail: number) => AnyTensor): Operation => ({
  weight: 1,
  operands: 2,
  nested: true,
  differentiable: true,
  apply: ([x, y], detail, body) => apply(given(x), given(y), body, detail)
})

/** Whether something holds for x on the whole; its mean is seldom close to the bound. */
const holds = (x: X, detail: number): Tensor<[], "bool"> =>
  T.less(T.reshape(T.mean(x), []), 0.05 + (detail % 5) / 3) as Tensor<[], "bool">

/** The next state of a loop: the body's value in the shape of the state, mixed with it. */
const mixed = (body: Body, state: X, other: AnyTensor): X =>
  ops.add(ops.mul(fit(body(state, other), shapeOf(state)), 0.5), ops.mul(ops.tanh(state), 0.5)) as X

const bodies: { readonly [name: string]: Operation } = {
  vmap: nested((x, y, body) => vmap((row: AnyTensor) => body(row, y))(vector(x))),
  "vmap both": nested((x, y, body) => {
    const rows = vector(x)
    const others = fit(y, [rows.shape[0] ?? 1, 2]) as Tensor<[number, ...Array<number>], Float>
    return vmap((row: AnyTensor, other: AnyTensor) => body(row, other))(rows, others)
  }),
  grad: nested((x, y, body) => bounded(grad((at: X) => total(body(at, y)))(x))),
  jvp: nested((x, y, body) => bounded(jvp((at: X) => body(at, y), x, direction(x, y))[1])),
  scan: nested((x, y, body, detail) => {
    const rows = vector(x)
    const start = fit(y, shapeOf(rows).slice(1)) as X
    const [last, outputs] = T.scan(
      (carry: X, row: X): readonly [X, X] => {
        const next = mixed(body, carry, row)
        return [next, T.mul(next, row)]
      },
      start,
      rows as X,
      { reverse: detail % 2 === 1, segments: 1 + (detail % 3) }
    )
    return detail % 4 < 2 ? (outputs as X) : last
  }),
  checkpoint: nested((x, y, body, detail) =>
    checkpoint((at: X, other: X) => body(at, other), { policy: detail % 2 === 0 ? "nothing" : "products" })(x, y)
  ),
  // A derivative of its own that is the right one.
  customJvp: nested((x, y, body) =>
    customJvp(
      (at: X, other: X) => body(at, other),
      ({ args }, tangents) => jvp(([at, other]: readonly [X, X]): X => body(at, other), args, tangents)[1]
    )(x, y)
  ),
  // One for each mode, both the right ones.
  customDerivative: nested((x, y, body) => {
    const of = ([at, other]: readonly [X, X]): X => body(at, other)
    return customDerivative((at: X, other: X) => body(at, other), {
      vjp: ({ args }, cotangent) => vjp(of, args)[1](cotangent),
      jvp: ({ args }, tangents) => jvp(of, args, tangents)[1]
    })(x, y)
  }),
  map: nested((x, y, body) => T.map((row: X) => body(row, y), vector(x) as X) as X),
  iterate: nested((x, y, body) => T.iterate((state: X) => mixed(body, state, y), x, 3)),
  whileLoop: nested(
    (x, y, body, detail) =>
      T.whileLoop(
        (state: readonly [X, Tensor<[], "i32">]) => T.less(state[1], 1 + (detail % 3)) as Tensor<[], "bool">,
        ([state, count]: readonly [X, Tensor<[], "i32">]) => [mixed(body, state, y), T.add(count, 1)] as const,
        [x, T.constant(0, "i32")] as const,
        { limit: 4 }
      )[0]
  ),
  cond: nested((x, y, body, detail) =>
    T.cond(
      holds(y, detail),
      () => body(x, y),
      () => fit(T.sin(x), shapeOf(body(x, y))) as X
    )
  )
}

/** The sample of an operation, its operands made of any tensors. */
const ofSample = (subject: Subject): Operation => ({
  operands: Math.max(1, subject.operands.length),
  nested: false,
  differentiable: subject.except?.includes("differences") !== true,
  // Samples of given values only are the same computation every time.
  weight: isDrawn(subject) ? 0.4 : 0.05,
  apply: (xs, detail) => {
    const first = given(xs[0])
    const results = subject.apply(subject.operands.map((operand, i) => asOperand(given(xs[i]), operand)))
    const y = asFloat(results[detail % Math.max(1, results.length)] ?? first, first)
    // What is computed from nothing that was given must not be all that is left.
    const goesOn = subject.operands.some((operand) => !Values.isValue(operand) || isFloat(operand.dtype))
    return goesOn ? y : ops.mul(first, ops.add(fit(ops.tanh(y), first.shape), 0.5))
  }
})

/** Its tangent is that of a larger matrix, a formula that is not linear step by step: customJvp cannot transpose it. */
const notTransposed = /^T\.matrixExp\//

/** A sample that is small enough, and about more than bits at special values. */
const isUsable = ({ name, only, operands }: Subject): boolean =>
  only === undefined && operands.every(({ shape }) => sizeOf(shape) <= largest) && !notTransposed.test(name)

const samples: ReadonlyArray<readonly [string, Subject]> = [
  ...primitiveNames
    .filter((name) => isDifferentiable(name) && name !== "parameter")
    .flatMap((name) => samplesOf(name).map((sample) => [sample.name, sample] as const)),
  ...operationSamples.map((sample) => [sample.name, sample] as const)
]

/** Every operation by name. */
export const catalogue: { readonly [name: string]: Operation } = {
  ...flexible,
  ...Object.fromEntries(samples.filter(([, sample]) => isUsable(sample)).map(([name, s]) => [name, ofSample(s)])),
  ...bodies
}

/** Large values averaged along their first axis until they are small. */
const contained = (x: AnyTensor): AnyTensor => {
  let y = x
  while (sizeOf(y.shape) > largest && y.shape.length > 0) y = ops.div(ops.reduceSum(y, [0]), y.shape[0] ?? 1)
  return y
}

const interpret: Interpret = (instruction: Instruction, operands, run) => {
  const found = catalogue[instruction.operation]
  if (found === undefined) throw new RangeError(`program: there is no operation ${instruction.operation}`)
  // Inputs are floats of one type, and every operation gives one of that type.
  const xs = operands as ReadonlyArray<X>
  const y = found.apply(xs, instruction.detail, (...inputs) => run(instruction.body, inputs) as X)
  if (!isFloat(y.dtype) || y.dtype !== xs[0]?.dtype)
    throw new TypeError(`program: ${instruction.operation} gives ${y.dtype} of ${xs[0]?.dtype}`)
  // There is nothing to go on with in an empty tensor.
  return sizeOf(y.shape) === 0 ? given(xs[0]) : contained(y)
}

/** The value of a program for given inputs. */
export const runProgram = ({ instructions }: Program, inputs: ReadonlyArray<AnyTensor>): AnyTensor =>
  runInstructions(instructions, inputs, interpret)
