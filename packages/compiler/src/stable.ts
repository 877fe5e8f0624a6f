/**
 * Stable rewrites: each gives what it replaces with fewer digits lost. For every input the error against the exact value of
 * the expression is not larger than before, or within the accuracy of the function that takes its place (docs/numerics.md);
 * what is exact in the extended reals, NaN, infinities and the sign of zero included, is exact afterwards.
 *
 * They change bits, and are therefore part of the canonical graph: every target, width and schedule computes the rewritten
 * expression. They run after differentiation and match expressions, not names: `log(softmax(x))` in a user's model, in a loss
 * and in a derivative are rewritten alike, whatever else reads the softmax. A barrier hides nothing from them, so that what
 * is computed again has the bits it had.
 *
 * `+ 0` turns the -0 of a function into the 0 of the expression: `1 + -0` is 1, whose logarithm is 0.
 */
import { allocate, type Attributes, type Graph, type PrimitiveName } from "@cotangent/graph"
import { constantScalar } from "./exact.ts"
import { first, type Rewriter, type Rule } from "./rewriter.ts"

type Reference = Graph.Reference

/** What a rule writes with: nodes at the position of the one that is replaced. */
interface Writer {
  /** The operands of a value that is computed by a primitive. */
  readonly operands: (primitive: PrimitiveName, of: Reference | undefined) => ReadonlyArray<Reference> | undefined
  readonly isConstant: (x: Reference | undefined, value: number) => boolean
  readonly same: (a: Reference | undefined, b: Reference | undefined) => boolean
  readonly apply: (primitive: PrimitiveName, ...inputs: ReadonlyArray<Reference>) => Reference
  /** A number in every element of a value like x. */
  readonly like: (x: Reference, value: number) => Reference
  /** The negative; of a negative, what it is the negative of. */
  readonly negative: (x: Reference) => Reference
  /** x with 0 instead of -0. */
  readonly unsigned: (x: Reference) => Reference
  readonly rewriter: Rewriter
}

/** What a value is computed by, barriers aside. */
const computedBy = (rewriter: Rewriter, x: Reference | undefined): Graph.GraphNode | undefined => {
  let node = x === undefined ? undefined : rewriter.node(x)
  while (node?.primitive === "barrier") node = node.inputs[0] === undefined ? undefined : rewriter.node(node.inputs[0])
  return node
}

/** A reference without the barriers before it. */
const behind = (rewriter: Rewriter, x: Reference): Reference => {
  let at = x
  for (let node = rewriter.node(at); node?.primitive === "barrier"; node = rewriter.node(at)) at = node.inputs[0] ?? at
  return at
}

const writerOf = (rewriter: Rewriter, position: Graph.GraphNode["position"]): Writer => {
  const add = (primitive: PrimitiveName, inputs: ReadonlyArray<Reference>, attributes: Attributes = {}): Reference =>
    first(rewriter.add(primitive, inputs, attributes, { position }))
  const like = (x: Reference, value: number): Reference => {
    const { dtype, shape } = rewriter.aval(x)
    const data = allocate(dtype, 1)
    data[0] = value
    const scalar = add("constant", [], { value: { shape: [], dtype, data } })
    return shape.length === 0 ? scalar : add("broadcast", [scalar], { shape })
  }
  const operands: Writer["operands"] = (primitive, of) => {
    const node = computedBy(rewriter, of)
    return node?.primitive === primitive ? node.inputs : undefined
  }
  return {
    rewriter,
    operands,
    isConstant: (x, value) => Object.is(constantScalar(rewriter, x), value),
    same: (a, b) => {
      if (a === undefined || b === undefined) return false
      const [x, y] = [behind(rewriter, a), behind(rewriter, b)]
      return x.node === y.node && x.output === y.output
    },
    apply: (primitive, ...inputs) => add(primitive, inputs),
    like,
    negative: (x) => operands("neg", x)?.[0] ?? add("neg", [x]),
    unsigned: (x) => add("add", [x, like(x, 0)])
  }
}

/** One rewrite: what it is called, how near it comes, and what it gives for the operands of the node, if it applies. */
export interface StableRule {
  /** As an equation. */
  readonly name: string
  /** The most units in the last place that what takes the place is off the exact value: 0 where it is exact. */
  readonly ulps: number
  /** The unit is that of the result, but at least that of this number, where a sum of rounded terms is all there is. */
  readonly floor?: number
  readonly rewrite: (write: Writer, inputs: ReadonlyArray<Reference | undefined>) => Reference | undefined
}

/** For `1 + x` and `x + 1`: the x. */
const besidesOne = ({ isConstant, operands }: Writer, sum: Reference | undefined): Reference | undefined => {
  const [a, b] = operands("add", sum) ?? []
  return isConstant(a, 1) ? b : isConstant(b, 1) ? a : undefined
}

/** The views between a reduced value and where it is read, outermost first, and the reduced value. */
const spreadOf = (rewriter: Rewriter, x: Reference | undefined) => {
  const views: Array<Graph.GraphNode> = []
  let at = x
  for (let node = computedBy(rewriter, at); node !== undefined; node = computedBy(rewriter, at)) {
    if (node.primitive !== "broadcast" && node.primitive !== "reshape") break
    views.push(node)
    at = node.inputs[0]
  }
  return { views, reduced: at, node: computedBy(rewriter, at) }
}

const sameAxes = (a: Graph.GraphNode, b: Graph.GraphNode): boolean =>
  String(a.attributes["axes"]) === String(b.attributes["axes"])

/** Whether something is the maximum of x over the axes of a sum, or 0 in rows where that is -Infinity. */
const isShift = (write: Writer, shift: Reference | undefined, x: Reference, sum: Graph.GraphNode): boolean => {
  const { node } = spreadOf(write.rewriter, shift)
  const top = node?.primitive === "select" ? computedBy(write.rewriter, node.inputs[2]) : node
  if (node?.primitive === "select") {
    const [a, b] = write.operands("eq", node.inputs[0]) ?? []
    const isGuard = write.same(a, node.inputs[2]) && write.isConstant(b, -Infinity)
    if (!isGuard || !write.isConstant(node.inputs[1], 0)) return false
  }
  return top?.primitive === "reduceMax" && write.same(top.inputs[0], x) && sameAxes(top, sum)
}

/** For `e^z / sum e^z` with `z = x - max x`, which is never positive: z, and log of the sum where z stands. */
const softmaxParts = (write: Writer, p: Reference | undefined) => {
  const { apply, operands, rewriter, same } = write
  const [e, divisor] = operands("div", p) ?? []
  const [z] = operands("exp", e) ?? []
  const { node: sum, reduced, views } = spreadOf(rewriter, divisor)
  if (z === undefined || reduced === undefined || sum?.primitive !== "reduceSum" || !same(sum.inputs[0], e)) return
  const [x, shift] = operands("sub", z) ?? []
  if (x === undefined || !isShift(write, shift, x, sum)) return
  const spread = views.reduceRight(
    (at, { attributes, position, primitive }) => first(rewriter.add(primitive, [at], attributes, { position })),
    apply("log", reduced)
  )
  return { z, logSum: spread }
}

/** Primitives that move elements and change none. */
const moving: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  "gather",
  "reshape",
  "transpose",
  "slice",
  "broadcast"
])

/** Of `max(p, 0)`, `min(p, 1)` and `p / sum(p)` the p: where that is a softmax they change nothing, as real numbers. */
const besidesBounds = (write: Writer, x: Reference | undefined): Reference | undefined => {
  const { isConstant, operands, rewriter, same } = write
  for (const [primitive, bound] of [
    ["max", 0],
    ["min", 1]
  ] as const) {
    const [a, b] = operands(primitive, x) ?? []
    if (isConstant(b, bound)) return a
    if (isConstant(a, bound)) return b
  }
  const [p, divisor] = operands("div", x) ?? []
  const { node: sum } = spreadOf(rewriter, divisor)
  const [e, own] = operands("div", p) ?? []
  const { node: inner } = spreadOf(rewriter, own)
  const isNormalized = sum?.primitive === "reduceSum" && same(sum.inputs[0], p) && e !== undefined
  return isNormalized && inner?.primitive === "reduceSum" && sameAxes(sum, inner) ? p : undefined
}

/** The logarithm of a softmax: of some of its elements, moved; bounded by 0 and 1; divided by its sum, which is 1. */
const logOfSoftmax = (write: Writer, p: Reference | undefined): Reference | undefined => {
  const { apply, rewriter } = write
  const moves: Array<Graph.GraphNode> = []
  for (let at = p; at !== undefined;) {
    const parts = softmaxParts(write, at)
    if (parts !== undefined) {
      return moves.reduceRight(
        (y, { attributes, inputs, position, primitive }) =>
          first(rewriter.add(primitive, [y, ...inputs.slice(1)], attributes, { position })),
        apply("sub", parts.z, parts.logSum)
      )
    }
    const node = computedBy(rewriter, at)
    if (node !== undefined && moving.has(node.primitive)) {
      moves.push(node)
      at = node.inputs[0]
    } else at = besidesBounds(write, at)
  }
  return undefined
}

/** `max(x, 0)` or `min(x, 0)`, where the other side of 0 gives 0. */
const oneSided = ({ apply, like }: Writer, x: Reference, side: "positive" | "negative"): Reference => {
  const isNegative = apply("lt", x, like(x, 0))
  return side === "positive" ? apply("select", isNegative, like(x, 0), x) : apply("select", isNegative, x, like(x, 0))
}

/** `log1p(e^-|x|)`, which neither overflows nor cancels. */
const logarithmOfOneMore = ({ apply }: Writer, x: Reference): Reference =>
  apply("log1p", apply("exp", apply("neg", apply("abs", x))))

/** The table, by the primitive that is replaced; the first that applies wins. Each row's law is checked in `stable.test.ts`. */
export const stableRules: Readonly<Partial<Record<PrimitiveName, ReadonlyArray<StableRule>>>> = {
  log: [
    {
      // The maximum was subtracted, so that z <= 0 <= log sum: their difference cancels nothing.
      name: "log(softmax(x)) = z - log(sum(e^z)), z = x - max(x)",
      ulps: 2,
      floor: 1,
      rewrite: (write, [p]) => logOfSoftmax(write, p)
    },
    {
      name: "log(sigmoid(x)) = min(x, 0) - log1p(e^-|x|)",
      ulps: 2,
      rewrite: (write, [p]) => {
        const [x] = write.operands("sigmoid", p) ?? []
        return x && write.apply("sub", oneSided(write, x, "negative"), logarithmOfOneMore(write, x))
      }
    },
    {
      name: "log(1 + e^x) = max(x, 0) + log1p(e^-|x|)",
      ulps: 2,
      rewrite: (write, [p]) => {
        const [x] = write.operands("exp", besidesOne(write, p)) ?? []
        return x && write.apply("add", logarithmOfOneMore(write, x), oneSided(write, x, "positive"))
      }
    },
    {
      name: "log(1 + x) = log1p(x) + 0",
      ulps: 1.5,
      rewrite: (write, [p]) => {
        const x = besidesOne(write, p)
        return x && write.unsigned(write.apply("log1p", x))
      }
    },
    {
      name: "log(1 - x) = log1p(-x) + 0",
      ulps: 1.5,
      rewrite: (write, [p]) => {
        const [one, x] = write.operands("sub", p) ?? []
        return x && write.isConstant(one, 1) ? write.unsigned(write.apply("log1p", write.negative(x))) : undefined
      }
    },
    {
      name: "log(e^x) = x + 0",
      ulps: 0,
      rewrite: (write, [p]) => {
        const [x] = write.operands("exp", p) ?? []
        return x && write.unsigned(x)
      }
    },
    {
      name: "log(x x) = 2 log|x|",
      ulps: 1,
      rewrite: (write, [p]) => {
        const [x, y] = write.operands("mul", p) ?? []
        if (x === undefined || !write.same(x, y)) return undefined
        return write.apply("mul", write.apply("log", write.apply("abs", x)), write.like(x, 2))
      }
    },
    {
      name: "log(sqrt(x)) = log(x) / 2",
      ulps: 1,
      rewrite: (write, [p]) => {
        const [x] = write.operands("sqrt", p) ?? []
        return x && write.apply("mul", write.apply("log", x), write.like(x, 0.5))
      }
    }
  ],
  log1p: [
    {
      name: "log1p(-sigmoid(x)) = min(-x, 0) - log1p(e^-|x|)",
      ulps: 2,
      rewrite: (write, [p]) => {
        const [x] = write.operands("sigmoid", write.operands("neg", p)?.[0]) ?? []
        return x && write.apply("sub", oneSided(write, write.negative(x), "negative"), logarithmOfOneMore(write, x))
      }
    }
  ],
  sub: [
    {
      name: "e^x - 1 = expm1(x) + 0",
      ulps: 1.5,
      rewrite: (write, [p, one]) => {
        const [x] = write.operands("exp", p) ?? []
        return x && write.isConstant(one, 1) ? write.unsigned(write.apply("expm1", x)) : undefined
      }
    },
    {
      name: "1 - e^x = 0 - expm1(x)",
      ulps: 1.5,
      rewrite: (write, [one, p]) => {
        const [x] = write.operands("exp", p) ?? []
        return x && write.isConstant(one, 1) ? write.apply("sub", write.like(x, 0), write.apply("expm1", x)) : undefined
      }
    },
    {
      name: "1 - sigmoid(x) = sigmoid(-x)",
      ulps: 2,
      rewrite: (write, [one, p]) => {
        const [x] = write.operands("sigmoid", p) ?? []
        return x && write.isConstant(one, 1) ? write.apply("sigmoid", write.negative(x)) : undefined
      }
    }
  ],
  add: [
    {
      name: "e^x + (-1) = expm1(x) + 0",
      ulps: 1.5,
      rewrite: (write, [a, b]) => {
        const p = write.isConstant(b, -1) ? a : write.isConstant(a, -1) ? b : undefined
        const [x] = write.operands("exp", p) ?? []
        return x && write.unsigned(write.apply("expm1", x))
      }
    }
  ],
  div: [
    {
      name: "1 / (1 + e^x) = sigmoid(-x)",
      ulps: 2,
      rewrite: (write, [one, p]) => {
        if (!write.isConstant(one, 1)) return undefined
        const [x] = write.operands("exp", besidesOne(write, p)) ?? []
        return x && write.apply("sigmoid", write.negative(x))
      }
    }
  ],
  sqrt: [
    {
      name: "sqrt(x x) = |x|",
      ulps: 0,
      rewrite: (write, [p]) => {
        const [x, y] = write.operands("mul", p) ?? []
        return x && write.same(x, y) ? write.apply("abs", x) : undefined
      }
    }
  ]
}

const asRule =
  ({ rewrite }: StableRule): Rule =>
  (rewriter, { outputs: [output], position }, inputs) => {
    if (output?.dtype !== "f32" && output?.dtype !== "f64") return undefined
    const found = rewrite(writerOf(rewriter, position), inputs)
    return found === undefined ? undefined : [found]
  }

/** The table as rules of a rewriting pass. */
export const stableRewrites: Readonly<Partial<Record<PrimitiveName, ReadonlyArray<Rule>>>> = Object.fromEntries(
  Object.entries(stableRules).map(([primitive, rules]) => [primitive, rules.map(asRule)])
)
