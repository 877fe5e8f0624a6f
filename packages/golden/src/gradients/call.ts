/** A call of a torch function as an adapter sees it: arguments by torch's names, inputs as tensors. */
import { type AnyTensor, Axes, isFloat, showShape, type Shape, T, type Tensor, Values } from "@cotangent/graph"
import type { Argument } from "../forms/gradients.ts"
import type { Tolerance } from "../comparison.ts"
import { Missing } from "../outcome.ts"
import type { F64 } from "../targets.ts"

/** What an adapter gives: outputs, or the name of the operation that is missing. */
export type Built = AnyTensor | ReadonlyArray<AnyTensor> | Missing

/** The inputs of a case by name: tensors, and plain values. */
export type Inputs = ReadonlyMap<string, AnyTensor | number | string | boolean>

/** How one torch function is spelled here. */
export interface Adapter {
  /** torch's parameters in torch's order; a last one that begins with `...` takes all further arguments. */
  readonly parameters: ReadonlyArray<string>
  /** Parameters without a counterpart here, with the only value that changes nothing: torch's default. */
  readonly only?: { readonly [parameter: string]: Argument }
  /** The one public operation. */
  readonly operation: string
  /** How far torch's own derivatives are from the true ones where they are known to be rounded, and why. */
  readonly rounded?: { readonly tolerance: Tolerance; readonly note: string }
  readonly apply: (call: Call) => Built
}

/** A literal whose elements may be inputs. */
type Resolved = AnyTensor | number | string | boolean | null | ReadonlyArray<Resolved>

const isList = (u: Resolved | undefined): u is ReadonlyArray<Resolved> => Array.isArray(u)
const isNumber = (u: Resolved | undefined): u is number => typeof u === "number"

/** The arguments of one call. Every reader throws a sentence when the argument is not what it asks for. */
export class Call {
  readonly op: string
  readonly given: ReadonlyMap<string, Resolved>

  constructor(op: string, given: ReadonlyMap<string, Resolved>) {
    this.op = op
    this.given = given
  }

  /** The name of what is missing when this parameter is used in a way that has no counterpart. */
  missing(how: string): Missing {
    return new Missing(`${this.op} ${how}`)
  }

  /** Whether an argument was given, and is not None. */
  has(name: string): boolean {
    return (this.given.get(name) ?? null) !== null
  }

  private wrong(name: string, wanted: string): Error {
    const actual = this.given.get(name)
    const shown =
      actual === undefined
        ? "is missing"
        : typeof actual === "object" && actual !== null && "dtype" in actual
          ? `is ${actual.dtype}${showShape(actual.shape)}`
          : `is ${JSON.stringify(actual)}`
    return new TypeError(`${this.op}: ${name} must be ${wanted}, it ${shown}`)
  }

  /** A float64 tensor; a number is a scalar one. */
  float(name: string): F64 {
    const x = this.given.get(name)
    if (isNumber(x)) return T.full([], x, "f64")
    if (typeof x !== "object" || x === null || isList(x) || !isFloat(x.dtype)) throw this.wrong(name, "a float tensor")
    // Golden floats are f64.
    return x as F64
  }

  /** A float64 tensor or a number, as operations with broadcasting take it. */
  operand(name: string): F64 | number {
    const x = this.given.get(name)
    return isNumber(x) ? x : this.float(name)
  }

  /** A tensor of indices. */
  indices(name: string): Tensor<Shape, "i32"> {
    const x = this.given.get(name)
    if (typeof x !== "object" || x === null || isList(x) || x.dtype !== "i32")
      throw this.wrong(name, "an integer tensor")
    return x as Tensor<Shape, "i32">
  }

  /** Whether the argument is a plain value of a kind. */
  is(name: string, kind: "number" | "string" | "boolean"): boolean {
    return typeof this.given.get(name) === kind
  }

  /** Whether the argument is a float tensor. */
  isFloat(name: string): boolean {
    const x = this.given.get(name)
    return typeof x === "object" && x !== null && !isList(x) && isFloat(x.dtype)
  }

  /** The numbers of an argument, where they are known before the call is computed. */
  known(name: string): ArrayLike<number> {
    const x = this.given.get(name)
    const value = typeof x === "object" && x !== null && !isList(x) ? x.node.attributes["value"] : undefined
    return Values.isValue(value) ? value.data : []
  }

  /** A tensor of booleans. */
  mask(name: string): Tensor<Shape, "bool"> {
    const x = this.given.get(name)
    if (typeof x !== "object" || x === null || isList(x) || x.dtype !== "bool")
      throw this.wrong(name, "a boolean tensor")
    return x as Tensor<Shape, "bool">
  }

  /** A list of float64 tensors. */
  floats(name: string): ReadonlyArray<F64> {
    const list = this.given.get(name)
    if (!isList(list)) throw this.wrong(name, "a list of tensors")
    return list.map((_, i) => new Call(this.op, new Map([[`${name}[${i}]`, list[i] ?? null]])).float(`${name}[${i}]`))
  }

  number(name: string, otherwise?: number): number {
    const x = this.given.get(name) ?? otherwise
    if (typeof x === "boolean" || !isNumber(x)) throw this.wrong(name, "a number")
    return x
  }

  boolean(name: string, otherwise: boolean): boolean {
    const x = this.given.get(name) ?? otherwise
    if (typeof x !== "boolean") throw this.wrong(name, "true or false")
    return x
  }

  text(name: string, otherwise: string): string {
    const x = this.given.get(name) ?? otherwise
    if (typeof x !== "string") throw this.wrong(name, "a text")
    return x
  }

  /** A number or a list of numbers, as a list; a list that holds one list is that list. */
  numbers(name: string): ReadonlyArray<number> {
    const x = this.given.get(name)
    const list = isList(x) ? (x.length === 1 && isList(x[0]) ? x[0] : x) : [x ?? null]
    if (!list.every(isNumber)) throw this.wrong(name, "numbers")
    return list
  }

  /** Whether the argument is a list. */
  isList(name: string): boolean {
    return isList(this.given.get(name))
  }

  /** Two lists of numbers. */
  twoLists(name: string): readonly [ReadonlyArray<number>, ReadonlyArray<number>] {
    const x = this.given.get(name)
    const [a, b] = isList(x) ? x : []
    if (!isList(a) || !isList(b) || !a.every(isNumber) || !b.every(isNumber))
      throw this.wrong(name, "two lists of numbers")
    return [a, b]
  }

  /** The axis under `name`, counted from the front. */
  axis(name: string, x: AnyTensor, otherwise?: number): number {
    return Axes.normalizeAxis(this.op, x.shape, this.number(name, otherwise))
  }

  /** torch's `dim` and `keepdim` as the options of a reduction. */
  reduction(): { readonly axis?: ReadonlyArray<number>; readonly keepDims: boolean } {
    const keepDims = this.boolean("keepdim", false)
    return this.has("dim") ? { axis: this.numbers("dim"), keepDims } : { keepDims }
  }
}

/** Names of numbers in Python. */
const named: { readonly [name: string]: number } = {
  "math.inf": Infinity,
  "torch.inf": Infinity,
  "math.nan": Number.NaN,
  "math.pi": Math.PI,
  "math.e": Math.E
}

const resolve = (op: string, argument: Argument, inputs: Inputs): Resolved => {
  if (typeof argument !== "object" || argument === null) return argument
  if (Array.isArray(argument)) return argument.map((a: Argument) => resolve(op, a, inputs))
  if ("input" in argument) {
    const input = inputs.get(argument.input)
    if (input === undefined)
      throw new TypeError(`${op}: there is no input ${argument.input}; there are ${[...inputs.keys()].join(", ")}`)
    return input
  }
  return "name" in argument && Object.hasOwn(named, argument.name)
    ? (named[argument.name] ?? Number.NaN)
    : JSON.stringify(argument)
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * Gives a torch call to its adapter. An argument that the adapter has no counterpart for is a missing operation, by
 * name; an argument that is not what torch takes throws.
 */
export const applyAdapter = (
  { parameters, only = {}, apply }: Adapter,
  op: string,
  args: ReadonlyArray<Argument>,
  kwargs: { readonly [name: string]: Argument },
  inputs: Inputs
): Built => {
  const last = parameters.at(-1) ?? ""
  const rest = last.startsWith("...") ? last.slice(3) : undefined
  const positional = rest === undefined ? parameters : parameters.slice(0, -1)
  const given = new Map<string, Argument>()
  args.slice(0, positional.length).forEach((argument, i) => given.set(positional[i] ?? "", argument))
  const further = args.slice(positional.length)
  if (rest !== undefined) given.set(rest, further)
  else if (further.length > 0) return new Missing(`${op} with ${args.length} arguments`)
  for (const [name, argument] of Object.entries(kwargs)) {
    const known = parameters.includes(name) || name === rest || name in only
    if (!known) return new Missing(`${op} with ${name}`)
    given.set(name, argument)
  }
  for (const [name, value] of Object.entries(only)) {
    const argument = given.get(name)
    if (argument !== undefined && !same(argument, value))
      return new Missing(
        `${op} with ${name}=${typeof argument === "object" && argument !== null && "input" in argument ? "a tensor" : JSON.stringify(argument)}`
      )
  }
  return apply(new Call(op, new Map([...given].map(([name, argument]) => [name, resolve(op, argument, inputs)]))))
}
