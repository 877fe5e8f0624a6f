/** The arguments of a function that is replaced by another: trees of tensors, and anything else, which is passed on. */
import { type AnyTensor, DifferentiationError, isTensor, OptionError, Tree } from "@cotangent/graph"

/** A function, or the sentence that says what was given instead. */
export const checkFunction = (name: string, f: unknown): void => {
  if (typeof f !== "function")
    throw new DifferentiationError(`${name}: takes a function of tensors, it is given ${Tree.describe(f)}`)
  // Calling a class throws what no one can catch by type.
  if (/^class\b/.test(Function.prototype.toString.call(f)))
    throw new DifferentiationError(
      `${name}: takes a function of tensors, it is given a class; pass a function that uses it`
    )
}

/** What an option must be. */
export interface OptionRange {
  readonly range: string
  readonly holds: (given: unknown) => boolean
}

const shown = (u: unknown): string =>
  (typeof u === "object" && u !== null) || typeof u === "function" || typeof u === "symbol"
    ? Tree.describe(u)
    : String(u)

/** Throws one OptionError for everything that is wrong with options: no record, unknown names, values out of their ranges. */
export const checkOptions = (
  name: string,
  options: unknown,
  known: Readonly<Record<string, OptionRange | undefined>>
): void => {
  const names = Object.keys(known).join(" and ")
  if (!Tree.isBranch(options) || Array.isArray(options))
    throw new OptionError(`${name}: the options must be a record with ${names}, got ${shown(options)}`)
  const wrong = Object.entries(options).flatMap(([key, given]: readonly [string, unknown]) => {
    if (!Object.hasOwn(known, key)) return [`there is no option ${key}, there is ${names}`]
    const must = known[key]
    return given === undefined || must === undefined || must.holds(given)
      ? []
      : [`${key} must be ${must.range}, got ${shown(given)}`]
  })
  if (wrong.length > 0) throw new OptionError(`${name}: ${wrong.join("; ")}`)
}

/** Throws one DifferentiationError for all rules that are no functions. */
export const checkRules = (name: string, rules: Readonly<Record<string, unknown>>, remedy = ""): void => {
  const wrong = Object.entries(rules).flatMap(([which, rule]) =>
    typeof rule === "function" ? [] : [`${which} must be a function, it is ${Tree.describe(rule)}`]
  )
  if (wrong.length > 0) throw new DifferentiationError(`${name}: ${wrong.join("; ")}${remedy}`)
}

/** A pair that a function with auxiliary outputs returned. */
export const checkPair = (name: string, first: string, returned: unknown): void => {
  if (Array.isArray(returned) && returned.length === 2) return
  const found = Array.isArray(returned) ? `a list of ${returned.length}` : Tree.describe(returned)
  throw new DifferentiationError(`${name}: the function must return a pair [${first}, aux], it returns ${found}`)
}

interface Visit {
  readonly path: string
  readonly found: unknown
}

/** Whatever stands in an argument: the leaves of its lists and plain records, tensors or not. Those of a deep one end. */
const visited = (argument: unknown, path = "", depth = 0): ReadonlyArray<Visit> =>
  Tree.isBranch(argument) && depth <= Tree.deepest
    ? Object.entries(argument).flatMap(([key, child]) =>
        visited(child, path === "" ? key : `${path}.${key}`, depth + 1)
      )
    : [{ path, found: argument }]

/** An argument with other tensors in place of its own, in order; what is no tensor stays. */
const replaced = (argument: unknown, next: () => AnyTensor | undefined): unknown => {
  if (isTensor(argument)) return next() ?? argument
  if (!Tree.isBranch(argument)) return argument
  if (Array.isArray(argument)) return argument.map((child) => replaced(child, next))
  return Object.fromEntries(Object.entries(argument).map(([key, child]) => [key, replaced(child, next)]))
}

/** What a rule returned, as leaves like the tensors of `expected`; `what` begins the sentence of a mistake. */
export const leavesReturned = (what: string, expected: unknown, returned: unknown): ReadonlyArray<AnyTensor> => {
  const places = visited(expected)
  const fixed = new Set(places.flatMap(({ path, found }) => (isTensor(found) ? [] : [path])))
  const given = visited(returned).filter(({ path }) => !fixed.has(path))
  const stray = given.find(({ found }) => !isTensor(found))
  if (stray !== undefined)
    throw new DifferentiationError(
      `${what}: ${stray.path === "" ? "it" : stray.path} must be a tensor, it is ${Tree.describe(stray.found)}`
    )
  const tensorsByPath = (visits: ReadonlyArray<Visit>) =>
    visits.length === 1 && visits[0]?.path === ""
      ? visits[0].found
      : Object.fromEntries(visits.flatMap(({ path, found }) => (isTensor(found) ? [[path, found]] : [])))
  return Tree.leavesLike(what, tensorsByPath(places), tensorsByPath(given))
}

/** The tensors among the arguments, in order, and the arguments with others in their place. */
export const tensorsOf = (name: string, args: ReadonlyArray<unknown>) => {
  const trees = args.map((x, i) => {
    const places = visited(x)
    // Lists and records that are left are too deep.
    const deep = places.find(({ found }) => Tree.isBranch(found))
    if (deep !== undefined) Tree.tensors(x, `${name}: argument ${i}`)
    return places.flatMap(({ found }) => (isTensor(found) ? [found] : []))
  })
  return {
    leaves: trees.flat(),
    /** The arguments with other tensors in place of their own; what is no tensor stays. */
    rebuilt: (tensors: ReadonlyArray<AnyTensor>): ReadonlyArray<unknown> => {
      let next = 0
      return args.map((x) => replaced(x, () => tensors[next++]))
    },
    /** One entry for each leaf from what a rule returned for each argument. */
    flattened: (name: string, returned: ReadonlyArray<unknown>): ReadonlyArray<AnyTensor | undefined> => {
      if (!Array.isArray(returned) || returned.length !== args.length)
        throw new DifferentiationError(
          `${name}: the rule must return one cotangent for each of the ${args.length} arguments, in a list; it returned ${Array.isArray(returned) ? returned.length : Tree.describe(returned)}`
        )
      return args.flatMap((x, i): ReadonlyArray<AnyTensor | undefined> => {
        const leaves = trees[i] ?? []
        const given: unknown = returned[i]
        if (leaves.length === 0) return []
        if (given === undefined) return leaves.map(() => undefined)
        return leavesReturned(`${name}: the cotangent of argument ${i}`, x, given)
      })
    }
  }
}
