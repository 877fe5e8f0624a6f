/** What is known of another framework: its names, and the slots of every kind of layer. */
import type { Model } from "@cotangent/nn"
import type { Slot } from "./slot.ts"

/** A layer of ours with the name that another framework has for it. */
export interface Placed {
  /** The path of its parameters in our tree. */
  readonly path: string
  /** What kind of layer it is: the first word of its `kind`. */
  readonly kind: string
  readonly slots: ReadonlyArray<Slot>
  /** Their names. */
  readonly nameOf: (tensor: string) => string
}

/** Another framework. */
export interface Framework {
  readonly name: string
  /** What stands between the names of modules and of tensors. */
  readonly separator: string
  /** The slots of layers by kind; leaves a layer does not have, such as a bias, are left out. */
  readonly slots: { readonly [kind: string]: ReadonlyArray<Slot> }
  /** The names of the parts of layers by kind, where they are others than ours. */
  readonly parts: { readonly [kind: string]: { readonly [ours: string]: string } }
  /** How the tensors of the two directions of a bidirectional layer are called. */
  readonly direction: (both: string, direction: "forward" | "backward", inner: string) => (tensor: string) => string
  /** Tensors that have no counterpart and mean nothing to us. */
  readonly isIdle: (name: string) => boolean
}

type AnyLayer = Model.AnyModel["layers"][number]

const kindOf = ({ kind }: AnyLayer): string => /^\w+/.exec(kind)?.[0] ?? kind

const named = (layers: ReadonlyArray<AnyLayer>): ReadonlyArray<AnyLayer & { readonly name: string }> =>
  layers.flatMap((layer) => (layer.name === undefined ? [] : [{ ...layer, name: layer.name }]))

/** The paths of all layers and blocks of a model: what may be given a name. */
export const pathsOf = (model: Model.AnyModel): ReadonlyArray<string> => {
  const walk = (layers: ReadonlyArray<AnyLayer>, path: ReadonlyArray<string>): ReadonlyArray<string> =>
    named(layers).flatMap((layer) => {
      const at = [...path, layer.name]
      return [at.join("."), ...walk(layer.layers, at)]
    })
  return walk(model.layers, [])
}

/** The layers of a model that hold tensors, and what they are called over there. */
export const layersOf = (
  model: Model.AnyModel,
  framework: Framework,
  names: { readonly [path: string]: string }
): ReadonlyArray<Placed> => {
  const { direction, parts, separator, slots } = framework
  const join = (...words: ReadonlyArray<string>): string => words.filter((word) => word !== "").join(separator)
  const walk = (
    layers: ReadonlyArray<AnyLayer>,
    path: ReadonlyArray<string>,
    module: string,
    renamed: { readonly [ours: string]: string }
  ): ReadonlyArray<Placed> =>
    named(layers).flatMap((layer) => {
      const at = [...path, layer.name]
      const own = names[at.join(".")] ?? join(module, renamed[layer.name] ?? layer.name)
      const kind = kindOf(layer)
      const known = Object.hasOwn(slots, kind) ? slots[kind] : undefined
      if (known !== undefined)
        return [{ path: at.join("."), kind, slots: known, nameOf: (tensor: string) => join(own, tensor) }]
      const inner = named(layer.layers)
      if (kind === "Bidirectional")
        return inner.flatMap((side) =>
          // The two directions are called so by the layer.
          walk(side.layers, [...at, side.name], own, {}).map((placed) => ({
            ...placed,
            nameOf: direction(
              own,
              side.name === "backward" ? "backward" : "forward",
              placed.path.split(".").at(-1) ?? ""
            )
          }))
        )
      return inner.length === 0
        ? [{ path: at.join("."), kind, slots: [], nameOf: (tensor: string) => join(own, tensor) }]
        : walk(layer.layers, at, own, parts[kind] ?? {})
    })
  return walk(model.layers, [], "", {})
}
