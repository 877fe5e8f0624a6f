/** Weights of a model from those of another framework and the other way round. */
import { type AnyTensor, Key, type Shape, sizeOf, Tree, type Value, Values } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import type { TrainedWeights } from "../artifact.ts"
import { WeightsError } from "../errors.ts"
import { type Framework, layersOf, type Placed } from "./framework.ts"
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

/** Their tensor for a slot; what is wrong with it goes to `problems`. */
const fetch = (
  tensors: Tensors,
  name: string,
  shape: Sizes,
  { anyShape = false }: Slot,
  for_: string,
  problems: Array<string>
): Float32Array | undefined => {
  const value = Object.hasOwn(tensors, name) ? tensors[name] : undefined
  if (value === undefined) {
    problems.push(`there is no ${name}, ${show(shape)} is needed for ${for_}`)
    return undefined
  }
  const fits = anyShape ? sizeOf(value.shape) === sizeOf(shape) : show(value.shape) === show(shape)
  const data = floats(value)
  if (!fits) problems.push(`${name} is ${show(value.shape)}, ${show(shape)} is needed for ${for_}`)
  else if (data === undefined) problems.push(`${name} holds ${value.dtype}, floats are needed for ${for_}`)
  return fits ? data : undefined
}

/** The weights of a model from tensors of another framework. */
export const readFrom =
  (framework: Framework): Read =>
  <I extends Shape, O extends Shape, P, S>(
    model: Model.Model<I, O, P, S>,
    tensors: Tensors,
    { extra = "refuse", names = {}, prefix = "" }: ReadOptions = {}
  ): TrainedWeights<P, S> => {
    // Only the structure of the trees matters.
    const any = Model.forgetShapes(model) as unknown as Model.AnyModel
    const initial = any.init(Key.key(0))
    const leaves = new Map(leavesOf(initial).map((leaf) => [leaf.path, leaf]))
    const placed = layersOf(any, framework, names)
    const problems: Array<string> = [...unmapped(framework, placed, leaves)]
    const used = new Set<string>()
    const found = new Map<string, Value>()
    for (const layer of placed)
      for (const { slot, own } of slotsFor(layer, leaves)) {
        const shapes = own.map(({ shape }) => shape)
        const wanted = theirShape(shapes, slot)
        const for_ = own.map(({ path }) => path).join(", ")
        const theirs = slot.theirs.map((tensor) => {
          const name = prefix + layer.nameOf(tensor)
          used.add(name)
          return fetch(tensors, name, wanted, slot, for_, problems)
        })
        const complete = theirs.flatMap((data) => data ?? [])
        if (complete.length < theirs.length) continue
        toOurs(slot, shapes, complete).forEach((data, i) => {
          const leaf = own[i]
          if (leaf !== undefined) found.set(leaf.path, Values.of(data, [...leaf.shape], "f32"))
        })
      }
    if (extra === "refuse")
      problems.push(
        ...Object.keys(tensors)
          .filter((name) => !used.has(name) && !framework.isIdle(name))
          .map((name) => `${name} is of no layer; leave it out, or say extra: "ignore"`)
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
    const problems: Array<string> = [...unmapped(framework, placed, leaves)]
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
