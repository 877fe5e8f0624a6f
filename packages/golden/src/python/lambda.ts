/** Python lambdas of one number as expressions of the graph. */
import { T, type Tensor } from "@cotangent/graph"
import type { Expression } from "./expression.ts"

type Scalar = Tensor<[], "f64">

const number = (value: number): Scalar => T.full([], value, "f64")
const one = (holds: Tensor<[], "bool">): Scalar => T.cast(holds, "f64")
const floored = (a: Scalar, b: Scalar): Scalar => T.floor(T.div(a, b))

/** Binary operators; comparisons give 1 or 0. */
const operators: { readonly [operator: string]: (a: Scalar, b: Scalar) => Scalar } = {
  "+": (a, b) => T.add(a, b),
  "-": (a, b) => T.sub(a, b),
  "*": (a, b) => T.mul(a, b),
  "/": (a, b) => T.div(a, b),
  "//": floored,
  "%": (a, b) => T.sub(a, T.mul(floored(a, b), b)),
  "**": (a, b) => T.pow(a, b),
  "==": (a, b) => one(T.equal(a, b)),
  "!=": (a, b) => one(T.notEqual(a, b)),
  "<": (a, b) => one(T.less(a, b)),
  "<=": (a, b) => one(T.lessEqual(a, b)),
  ">": (a, b) => one(T.greater(a, b)),
  ">=": (a, b) => one(T.greaterEqual(a, b))
}

const functions: { readonly [name: string]: (args: ReadonlyArray<Scalar>) => Scalar | undefined } = {
  min: ([a, b]) => (a === undefined || b === undefined ? undefined : T.minimum(a, b)),
  max: ([a, b]) => (a === undefined || b === undefined ? undefined : T.maximum(a, b)),
  "math.cos": ([a]) => a && T.cos(a),
  "math.sin": ([a]) => a && T.sin(a),
  "math.exp": ([a]) => a && T.exp(a),
  "math.sqrt": ([a]) => a && T.sqrt(a),
  "math.log": ([a]) => a && T.log(a),
  "math.floor": ([a]) => a && T.floor(a)
}

/** The value of a lambda's body with its parameter; undefined when it uses something that is not understood. */
export const lambdaOf = (expression: Expression): ((k: Scalar) => Scalar) | undefined => {
  if (expression.tag !== "lambda") return undefined
  const { parameter, body } = expression
  const evaluate = (e: Expression, k: Scalar): Scalar | undefined => {
    switch (e.tag) {
      case "number":
        return number(e.value)
      case "name":
        return e.name === parameter ? k : e.name === "math.pi" ? number(Math.PI) : undefined
      case "negated": {
        const operand = evaluate(e.operand, k)
        return operand && T.neg(operand)
      }
      case "binary": {
        const [left, right] = [evaluate(e.left, k), evaluate(e.right, k)]
        return left && right && operators[e.operator]?.(left, right)
      }
      case "conditional": {
        const [condition, yes, no] = [evaluate(e.condition, k), evaluate(e.yes, k), evaluate(e.no, k)]
        return condition && yes && no && T.where(T.notEqual(condition, 0), yes, no)
      }
      case "call": {
        const args = e.args.map((argument) => evaluate(argument, k))
        const known = args.flatMap((argument) => argument ?? [])
        return known.length === args.length ? functions[e.name]?.(known) : undefined
      }
      default:
        return undefined
    }
  }
  if (evaluate(body, number(0)) === undefined) return undefined
  // Whether the body is understood does not depend on the value of the parameter.
  return (k) => evaluate(body, k) ?? number(Number.NaN)
}
