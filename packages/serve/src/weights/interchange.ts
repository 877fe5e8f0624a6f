/** Weights of a model from those of another framework and the other way round. */
import { type AnyTensor, Key, type Shape, sizeOf, Tree, type Value, Values } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import type { TrainedWeights } from "../artifact.ts"
import { WeightsError } from "../errors.ts"
import { type Framework, layersOf, pathsOf, type Placed } from "./framework.ts"
import { type Sizes, type Slot, theirShape, toOurs, toTheirs } from "./slot.ts"

/** Tensors by name, as files have them: `Safetensors.decode`. */
export type Tensors = { readonly [name: string]: Value }

/** How names of layers correspond. */
export interface NameOptions {
  /**
   * What layers are called over there, by our paths: `{ hidden: "0", logits: "2" }` for a `Sequential` of PyTorch. Layers
   * without an entry have the same name; inside a block, that of the block in front.
   */
  readonly names?: { readonly [layer: string]: string }
  /** What stands in front of all names over there: `"model."`, `"sequential/"`; nothing unless given. */
  readonly prefix?: string
}

/** How weights are read. */
export interface ReadOptions extends NameOptions {
  /** What becomes of tensors no layer has: `refuse`, unless given. */
  readonly extra?: "refuse" | "ignore"
}

/** Reads weights of a model from tensors of another framework. */
export interface Read {
  <I extends Shape, O extends Shape, P, S>(
    model: Model.Model<I, O, P, S>,
    tensors: Tensors,
    options?: ReadOptions
  ): TrainedWeights<P, S>
}

/** Writes weights of a model as tensors of another framework. */
export interface Write {
  <I extends Shape, O extends Shape, P, S>(
    model: Model.Model<I, O, P, S>,
    weights: TrainedWeights<P, S>,
    options?: NameOptions
  ): Tensors
}

interface Leaf {
  readonly path: string
  readonly shape: Sizes
}

const show = (shape: Sizes): string => `[${shape.join(", ")}]`

/** The leaves of a model, parameters and state alike: no layer has two of the same name. */
const leavesOf = ({ params, state }: { readonly params: unknown; readonly state: unknown }): ReadonlyArray<Leaf> =>
  [params, state].flatMap((tree) =>
    Tree.entries<AnyTensor>(tree).map(({ path, leaf }) => ({ path, shape: leaf.shape }))
  )

/** The slots of a layer whose leaves it has, with the leaves; the first slot with a leaf has it. */
const slotsFor = (
  { path, slots }: Placed,
  leaves: ReadonlyMap<string, Leaf>
): ReadonlyArray<{ readonly slot: Slot; readonly own: ReadonlyArray<Leaf> }> => {
  const taken = new Set<Leaf>()
  return slots.flatMap((slot) => {
    const own = slot.ours.flatMap((name) => leaves.get(`${path}.${name}`) ?? [])
    if (own.length < slot.ours.length || own.some((leaf) => taken.has(leaf))) return []
    own.forEach((leaf) => taken.add(leaf))
    return [{ slot, own }]
  })
}

const unmapped = (
  { name }: Framework,
  placed: ReadonlyArray<Placed>,
  leaves: ReadonlyMap<string, Leaf>
): ReadonlyArray<string> => {
  const covered = new Set(
    placed.flatMap((layer) => slotsFor(layer, leaves).flatMap(({ own }) => own.map((leaf) => leaf.path)))
  )
  return [...leaves.keys()].filter((path) => !covered.has(path)).map((path) => `${path} has no counterpart in ${name}`)
}

const floats = ({ data, dtype }: Value): Float32Array | undefined =>
  dtype === "f32" || dtype === "f64" ? Float32Array.from(data) : undefined

/** The numbers of their tensor for a slot, or what is wrong with it. */
const numbersOf = (
  name: string,
  value: unknown,
  shape: Sizes,
  { anyShape = false }: Slot,
  for_: string
): Float32Array | string => {
  if (!Values.isValue(value)) return `${name} is no tensor, ${show(shape)} is needed for ${for_}`
  if (anyShape ? sizeOf(value.shape) !== sizeOf(shape) : show(value.shape) !== show(shape))
    return `${name} is ${show(value.shape)}, ${show(shape)} is needed for ${for_}`
  const data = floats(value)
  if (data === undefined) return `${name} holds ${value.dtype}, floats are needed for ${for_}`
  const wrong = data.findIndex((x) => !Number.isFinite(x))
  return wrong < 0
    ? data
    : `number ${wrong} of ${name} is ${value.data[wrong]}; every one must be a finite float32 for ${for_}`
}

/** What stands in front of all needed names in a file, where something does. */
const prefixOf = (needed: ReadonlyArray<string>, there: ReadonlyArray<string>): string | undefined => {
  const [first] = needed
  if (first === undefined) return undefined
  const all = new Set(there)
  return there
    .filter((name) => name.length > first.length && name.endsWith(first))
    .map((name) => name.slice(0, -first.length))
    .find((prefix) => needed.every((name) => all.has(prefix + name)))
}

/** Names that are given to layers that the model does not have. */
const strangers = (model: Model.AnyModel, names: { readonly [layer: string]: string }): ReadonlyArray<string> => {
  const known = new Set(pathsOf(model))
  const unknown = Object.keys(names).filter((path) => !known.has(path))
  return unknown.map((path) => `names: the model has no layer ${path}; it has ${[...known].join(", ")}`)
}

/** The weights of a model from tensors of another framework. */
export const readFrom =
  (framework: Framework): Read =>
  <I extends Shape, O extends Shape, P, S>(
    model: Model.Model<I, O, P, S>,
    tensors: Tensors,
    { extra = "refuse", names = {}, prefix = "" }: ReadOptions = {}
  ): TrainedWeights<P, S> => {
    if (typeof tensors !== "object" || tensors === null)
      throw new WeightsError({ problems: ["no tensors were given; a record of them by name is needed"] })
    // Only the structure of the trees matters.
    const any = Model.forgetShapes(model) as unknown as Model.AnyModel
    const initial = any.init(Key.key(0))
    const leaves = new Map(leavesOf(initial).map((leaf) => [leaf.path, leaf]))
    const placed = layersOf(any, framework, names)
    const problems: Array<string> = [...strangers(any, names), ...unmapped(framework, placed, leaves)]
    const missing: Array<string> = []
    const bare: Array<string> = []
    const used = new Set<string>()
    const found = new Map<string, Value>()
    for (const layer of placed) {
      const absent = missing.length
      const present = used.size
      for (const { slot, own } of slotsFor(layer, leaves)) {
        const shapes = own.map(({ shape }) => shape)
        const wanted = theirShape(shapes, slot)
        const for_ = own.map(({ path }) => path).join(", ")
        const theirs = slot.theirs.map((tensor) => {
          const name = prefix + layer.nameOf(tensor)
          used.add(name)
          if (!Object.hasOwn(tensors, name)) {
            missing.push(name)
            problems.push(`there is no ${name}, ${show(wanted)} is needed for ${for_}`)
            return undefined
          }
          const data = numbersOf(name, tensors[name], wanted, slot, for_)
          if (typeof data !== "string") return data
          problems.push(data)
          return undefined
        })
        const complete = theirs.flatMap((data) => data ?? [])
        if (complete.length < theirs.length) continue
        toOurs(slot, shapes, complete).forEach((data, i) => {
          const leaf = own[i]
          if (leaf !== undefined) found.set(leaf.path, Values.of(data, [...leaf.shape], "f32"))
        })
      }
      if (missing.length > absent && missing.length - absent === used.size - present) bare.push(layer.path)
    }
    const left = Object.keys(tensors).filter((name) => !used.has(name) && !framework.isIdle(name))
    if (missing.length > 0 && missing.length === used.size) {
      const bareNames = missing.map((name) => name.slice(prefix.length))
      const before = prefixOf(bareNames, left)
      if (before !== undefined)
        throw new WeightsError({
          problems: [...strangers(any, names), `all names begin with ${before} there; say prefix: "${before}"`]
        })
    }
    if (extra === "refuse")
      problems.push(...left.map((name) => `${name} is of no layer; leave it out, or say extra: "ignore"`))
    if (bare.length > 0 && left.length > 0)
      problems.push(
        `nothing was found for ${bare.join(", ")}; layers with other names there are told with names: { ${JSON.stringify(bare[0])}: "their name" }`
      )
    if (problems.length > 0) throw new WeightsError({ problems })
    const rebuilt = (tree: unknown): unknown =>
      Tree.rebuildWith(
        tree,
        Tree.entries(tree).map(({ path }) => found.get(path))
      )
    // Every leaf was found with the shape it has in the model.
    return { params: rebuilt(initial.params), modelState: rebuilt(initial.state) } as TrainedWeights<P, S>
  }

/** The tensors of another framework from weights of a model. */
export const writeTo =
  (framework: Framework): Write =>
  <I extends Shape, O extends Shape, P, S>(
    model: Model.Model<I, O, P, S>,
    weights: TrainedWeights<P, S>,
    { names = {}, prefix = "" }: NameOptions = {}
  ): Tensors => {
    const any = Model.forgetShapes(model) as unknown as Model.AnyModel
    const leaves = new Map(leavesOf(any.init(Key.key(0))).map((leaf) => [leaf.path, leaf]))
    const values = new Map(
      [weights.params, weights.modelState].flatMap((tree) =>
        Tree.entries<Value>(tree).map(({ path, leaf }) => [path, leaf] as const)
      )
    )
    const placed = layersOf(any, framework, names)
    const problems: Array<string> = [...strangers(any, names), ...unmapped(framework, placed, leaves)]
    const tensors: Record<string, Value> = {}
    for (const layer of placed)
      for (const { slot, own } of slotsFor(layer, leaves)) {
        const ours = own.flatMap(({ path, shape }) => {
          const value = values.get(path)
          const data = value === undefined ? undefined : floats(value)
          if (data === undefined || data.length !== sizeOf(shape)) {
            problems.push(`the weights have no ${path} of ${show(shape)}`)
            return []
          }
          return [{ shape, data }]
        })
        if (ours.length < own.length) continue
        toTheirs(slot, ours).forEach(({ shape, data }, i) => {
          tensors[prefix + layer.nameOf(slot.theirs[i] ?? "")] = Values.of(data, [...shape], "f32")
        })
      }
    if (problems.length > 0) throw new WeightsError({ problems })
    return tensors
  }
