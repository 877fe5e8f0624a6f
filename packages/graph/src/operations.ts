/** Every primitive as a function: the one place where nodes are built. */
import { broadcastShapes, sameShape } from "./axes.ts"
import { allocate, type DType, roundTo } from "./dtype.ts"
import type { Derived, Operations, Passes, RuleOperations, Signatures } from "./operations-interface.ts"
import { capturePosition, type Position } from "./position.ts"
import { rulesOf } from "./primitive.ts"
import { type PrimitiveName, primitiveNames, primitives } from "./primitives/table.ts"
import { captureRegions } from "./region.ts"
import { type AnyTensor, type Attributes, makeNode, type Node, project, type Region } from "./tensor.ts"

const noAttributes: Attributes = {}
const noRegions: ReadonlyArray<Region> = []

const build = (
  primitive: PrimitiveName,
  inputs: ReadonlyArray<AnyTensor>,
  attributes: Attributes,
  regions: ReadonlyArray<Region>,
  position: Position
): Node => {
  const outputs = rulesOf(primitives[primitive]).infer(inputs, attributes, regions)
  return makeNode(primitive, attributes, inputs, regions, outputs, position)
}

/** Applies a primitive: infers the outputs (throws the sentence when operands do not fit) and builds the node. */
export const apply = (
  primitive: PrimitiveName,
  inputs: ReadonlyArray<AnyTensor>,
  attributes: Attributes = noAttributes,
  regions: ReadonlyArray<Region> = noRegions,
  position: Position = capturePosition()
): ReadonlyArray<AnyTensor> => {
  const node = build(primitive, inputs, attributes, regions, position)
  return node.outputs.map((_, i) => project(node, i))
}

/** The operations, building nodes at the source position that `at` gives. */
export const makeOperations = (at: () => Position): Operations => {
  const one = (
    primitive: PrimitiveName,
    inputs: ReadonlyArray<AnyTensor>,
    attributes: Attributes = noAttributes
  ): AnyTensor => project(build(primitive, inputs, attributes, noRegions, at()))
  const scalar = (value: number, dtype: DType): AnyTensor => {
    const data = allocate(dtype, 1)
    data[0] = roundTo[dtype](value)
    return one("constant", [], { value: { shape: [], dtype, data } })
  }
  const broadcast = (x: AnyTensor, shape: ReadonlyArray<number>): AnyTensor =>
    sameShape(x.shape, shape) ? x : one("broadcast", [x], { shape })
  const binary =
    (name: PrimitiveName) =>
    (a: AnyTensor, b: AnyTensor | number): AnyTensor => {
      const other = typeof b === "number" ? scalar(b, a.dtype) : b
      if (sameShape(a.shape, other.shape)) return one(name, [a, other])
      const shape = broadcastShapes(name, a.shape, other.shape)
      return one(name, [broadcast(a, shape), broadcast(other, shape)])
    }
  const traceRegions: Operations["regions"] = (inside, bodies) =>
    captureRegions(
      bodies.map(({ avals, f }) => ({
        parameters: avals.map(({ shape, dtype }, i) => one("parameter", [], { name: `r${i}`, shape, dtype })),
        f,
        inside
      })),
      apply
    )
  const reduce = (name: PrimitiveName) => (x: AnyTensor, axes: ReadonlyArray<number>) =>
    axes.length === 0 ? x : one(name, [x], { axes })
  const functions: { [name: string]: unknown } = {}
  for (const name of primitiveNames) {
    const { arity } = primitives[name]
    functions[name] =
      arity === 1
        ? (x: AnyTensor) => one(name, [x])
        : arity === 2
          ? binary(name)
          : (operands: ReadonlyArray<AnyTensor>, attributes: Attributes, regions: ReadonlyArray<Region> = noRegions) =>
              apply(name, operands, attributes, regions, at())
  }
  const signatures: Signatures = {
    select: (condition, a, b) => {
      const dtype = typeof a === "object" ? a.dtype : typeof b === "object" ? b.dtype : "f32"
      const x = typeof a === "number" ? scalar(a, dtype) : a
      const y = typeof b === "number" ? scalar(b, dtype) : b
      const shape = broadcastShapes("select", condition.shape, broadcastShapes("select", x.shape, y.shape))
      return one("select", [broadcast(condition, shape), broadcast(x, shape), broadcast(y, shape)])
    },
    threefry: (k0, k1, c0, c1) => {
      const operands = [k0, k1, c0, c1].map((x) => broadcast(x, c0.shape))
      const node = build("threefry", operands, noAttributes, noRegions, at())
      return [project(node, 0), project(node, 1)]
    },
    cast: (x, dtype) => (x.dtype === dtype ? x : one("cast", [x], { dtype })),
    parameter: (name, shape, dtype) => one("parameter", [], { name, shape, dtype }),
    constant: (value) => one("constant", [], { value }),
    full: (shape, value, dtype) => broadcast(scalar(value, dtype), shape),
    iota: (shape, axis, dtype) => one("iota", [], { shape, axis, dtype }),
    reduceSum: reduce("reduceSum"),
    reduceMax: reduce("reduceMax"),
    reduceMin: reduce("reduceMin"),
    argmax: (x, axis) => one("argmax", [x], { axis }),
    reshape: (x, shape) => (sameShape(x.shape, shape) ? x : one("reshape", [x], { shape })),
    transpose: (x, permutation) =>
      permutation.length === x.shape.length && permutation.every((p, d) => p === d)
        ? x
        : one("transpose", [x], { permutation }),
    broadcast,
    slice: (x, { start, limit, step }) => one("slice", [x], { start, limit, step }),
    pad: (x, { low, high, interior }, value = 0) => one("pad", [x], { low, high, interior, value }),
    concat: (xs, axis) => one("concat", xs, { axis }),
    gather: (table, indices, axis) => one("gather", [table, indices], { axis }),
    scatterAdd: (base, indices, updates, axis) => one("scatterAdd", [base, indices, updates], { axis }),
    dot: (a, b, { batch, contract }) => one("dot", [a, b], { batch, contract }),
    scan: (body, operands, carries, sequences, length, reverse) =>
      apply("scan", operands, { carries, sequences, length, reverse }, [body], at()),
    whileLoop: (predicate, body, operands, carries, limit) =>
      apply("whileLoop", operands, { carries, limit }, [predicate, body], at()),
    cond: (predicate, then, otherwise, operands) =>
      apply("cond", [predicate, ...operands], noAttributes, [then, otherwise], at()),
    region: (avals, f) => {
      const { regions, captured } = traceRegions("dependent", [{ avals, f }])
      const [region] = regions
      if (region === undefined) throw new RangeError("one function gives one region")
      return { region, captured }
    },
    regions: traceRegions
  }
  // What `Derived` says of each name is how its function was made above, from the arity of its record.
  return { ...(functions as Derived), ...signatures }
}

/** The operations for the rules of a pass: nodes get the position of the operation whose rule builds them. */
export const makeRuleOperations = (at: () => Position, passes: Passes): RuleOperations => ({
  ...makeOperations(at),
  passes
})

/** The operations at the caller's position. */
export const operations: Operations = makeOperations(capturePosition)
