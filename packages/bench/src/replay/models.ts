/** The programs whose kernels are compared with those recorded: the workloads, and small ones of every kind of kernel. */
import { grad, vmap } from "@cotangent/autodiff"
import {
  type AnyTensor,
  type DType,
  Graph,
  isTensor,
  Key,
  operations as ops,
  T,
  type Tensor,
  Tree
} from "@cotangent/graph"
import { Recurrent } from "@cotangent/nn"
import type { Dyn, Parts } from "../workload/workload.ts"
import { workloads } from "../workloads.ts"

/** A graph to plan, and which results take the memory of which parameters. */
export interface Model {
  readonly graph: Graph.Graph
  readonly replaces: ReadonlyArray<number | undefined>
}

/** The step of a session as a graph: the new state takes the memory of the old one. */
export const stepGraph = ({ data, state, step }: Parts): Model => {
  const fresh = (tree: unknown, prefix: string): unknown =>
    Tree.rebuildWith(
      tree,
      Tree.entries(tree).map(({ path, leaf }) => ops.parameter(`${prefix}.${path}`, leaf.shape, leaf.dtype))
    )
  const [s, d] = [fresh(state, "state"), fresh(data, "data")]
  const parameters = Tree.leaves([s, d]).map((tensor, i) => ({ name: `p${i}`, tensor }))
  // The trees have the structure of the state and the data of these parts.
  const results = Tree.leaves([...step(s as never, d as never)])
  const count = Tree.leaves(state).length
  return { graph: Graph.make(parameters, results), replaces: results.map((_, i) => (i < count ? i : undefined)) }
}

interface Operand {
  readonly shape: ReadonlyArray<number>
  readonly dtype?: DType
}

/** A function of arrays as a graph: its results are the leaves of what it gives. */
const functionGraph = (operands: ReadonlyArray<Operand>, f: (...x: ReadonlyArray<Dyn>) => unknown): (() => Model) => {
  return () => {
    const tensors = operands.map(({ dtype = "f32", shape }, i) => ops.parameter(`p${i}`, shape, dtype) as Dyn)
    const output = f(...tensors)
    const results: ReadonlyArray<AnyTensor> = isTensor(output) ? [output] : Tree.leaves(output)
    const graph = Graph.make(
      tensors.map((tensor, i) => ({ name: `p${i}`, tensor })),
      results
    )
    return { graph, replaces: results.map(() => undefined) }
  }
}

const given = (x: Dyn | undefined): Dyn => {
  if (x === undefined) throw new RangeError("a model is called with all its operands")
  return x
}

const total = (x: AnyTensor): Tensor<[]> => T.sum(x as Dyn) as Tensor<[]>

/** The gradients of a function with respect to all its operands. */
const gradients =
  (f: (x: ReadonlyArray<Dyn>) => AnyTensor) =>
  (...x: ReadonlyArray<Dyn>): unknown =>
    grad((all: ReadonlyArray<Dyn>) => total(f(all)))(x)

const lstm = ([kernel, recurrentKernel, bias, sequence]: ReadonlyArray<Dyn>): AnyTensor =>
  Recurrent.lstm(
    { kernel: given(kernel), recurrentKernel: given(recurrentKernel), bias: given(bias) } as never,
    given(sequence) as never
  ).outputs as AnyTensor

const lstmOperands: ReadonlyArray<Operand> = [
  { shape: [16, 64] },
  { shape: [16, 64] },
  { shape: [64] },
  { shape: [10, 8, 16] }
]

const attention = ([q, k, v]: ReadonlyArray<Dyn>): AnyTensor =>
  T.scaledDotProductAttention(given(q), given(k), given(v), { causal: true }) as AnyTensor
const heads: ReadonlyArray<Operand> = [1, 2, 3].map(() => ({ shape: [2, 4, 32, 16] }))

const own: Readonly<Record<string, () => Model>> = {
  lstm: functionGraph(lstmOperands, (...x) => lstm(x)),
  "lstm gradient": functionGraph(lstmOperands, gradients(lstm)),
  attention: functionGraph(heads, (...x) => attention(x)),
  "attention gradient": functionGraph(heads, gradients(attention)),
  reductions: functionGraph([{ shape: [33, 70, 20] }], (x) => ({
    all: T.sum(given(x)),
    first: T.mean(given(x), { axis: 0 }),
    middle: T.max(given(x), { axis: 1 }),
    last: T.variance(given(x), { axis: 2 }),
    position: T.argmax(given(x), { axis: 2 })
  })),
  "layer norm gradient": functionGraph(
    [{ shape: [32, 48] }, { shape: [48] }, { shape: [48] }],
    gradients(
      ([x, scale, offset]) => T.layerNorm(given(x), { scale: given(scale), offset: given(offset) }) as AnyTensor
    )
  ),
  "products of a batch, f64": functionGraph(
    [
      { shape: [5, 17, 23], dtype: "f64" },
      { shape: [5, 23, 9], dtype: "f64" }
    ],
    (a, b) => T.matmul(given(a), given(b))
  ),
  "depthwise convolution": functionGraph([{ shape: [4, 12, 12, 8] }, { shape: [3, 3, 1, 8] }], (x, w) =>
    T.conv2d(given(x), given(w), { groups: 8, padding: "same" })
  ),
  "a loop and a branch": functionGraph([{ shape: [40] }], (x) =>
    T.whileLoop(
      ((c: Dyn) => T.less(T.reshape(T.max(T.abs(c)), []), 100)) as never,
      ((c: Dyn) =>
        T.cond(
          T.greater(T.reshape(T.sum(c), []), 0) as never,
          () => T.mul(c, 2) as never,
          () => T.sub(c, 1) as never
        )) as never,
      given(x) as never
    )
  ),
  "sorting and gathering": functionGraph([{ shape: [6, 50] }, { shape: [20], dtype: "i32" }], (x, at) => ({
    sorted: T.sort(given(x)),
    rows: ops.gather(given(x), given(at), 0)
  })),
  "linear algebra": functionGraph([{ shape: [12, 12] }], (x) =>
    T.cholesky(T.add(T.matmul(given(x), T.transpose(given(x))), T.eye(12)) as Dyn)
  ),
  "random numbers": functionGraph([{ shape: [100] }], (x) =>
    // `given` forgets its shape, so what is added to it must.
    T.add(given(x), Key.normal(Key.key(1), [100]) as unknown as Dyn)
  ),
  "a batch of gradients": functionGraph([{ shape: [9, 30] }, { shape: [30, 30] }], (x, w) =>
    vmap((row: Dyn) => grad((r: Dyn) => total(T.tanh(T.matmul(r, given(w)))))(row))(given(x) as never)
  )
}

/** All models by name. */
export const models: Readonly<Record<string, () => Model>> = {
  ...Object.fromEntries(Object.entries(workloads).map(([name, { parts }]) => [name, () => stepGraph(parts())])),
  ...own
}
