/** Weights under our own names: in files of weights alone, and in checkpoints. */
import { type AnyTensor, Key, type Shape, Tree, type Value } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { type AnyArtifact, type Artifact, type TrainedWeights, weightsOf } from "../artifact.ts"
import { WeightsError } from "../errors.ts"
import type { Tensors } from "./interchange.ts"

const inParams = (path: string) => [`best.params.${path}`, `state.optimizer.params.${path}`, `params.${path}`]
const inState = (path: string) => [`best.modelState.${path}`, `state.model.${path}`, `modelState.${path}`]
const stateMark = " (state)"

/** Names under which a parameter, a leaf of the state, or a weight of an artifact may stand, the best weights first. */
const names = {
  params: (path: string) => [...inParams(path), path],
  modelState: (path: string) => [...inState(path), `${path}${stateMark}`, path],
  weight: (name: string) =>
    name.endsWith(stateMark)
      ? [...inState(name.slice(0, -stateMark.length)), name]
      : [...inParams(name), ...inState(name), name]
}

const show = ({ dtype, shape }: Pick<AnyTensor, "dtype" | "shape">): string => `${dtype}[${shape.join(", ")}]`

/** Finds values by name; what is wrong goes to `problems`. */
const finder = (tensors: Tensors, problems: Array<string>) => {
  const hasBest = Object.keys(tensors).some((name) => name.startsWith("best.params."))
  return (
    path: string,
    wanted: Pick<AnyTensor, "dtype" | "shape">,
    candidates: ReadonlyArray<string>
  ): Value | undefined => {
    // Without best parameters there is no best state either, whatever is called so.
    const known = candidates.filter((name) => hasBest || !name.startsWith("best."))
    const name = known.find((candidate) => Object.hasOwn(tensors, candidate))
    const value = name === undefined ? undefined : tensors[name]
    if (value === undefined) problems.push(`there is no ${path}, ${show(wanted)} is needed`)
    else if (show(value) !== show(wanted)) problems.push(`${name} is ${show(value)}, ${show(wanted)} is needed`)
    return value
  }
}

/**
 * Weights of a model from tensors under our own names: those of `Weights.toTensors`, of a file that holds parameters, or of a
 * checkpoint, whose best weights are taken where it has some. Other tensors are ignored. Throws a WeightsError that names all
 * that is missing or of another shape.
 */
export const fromTensors = <I extends Shape, O extends Shape, P, S>(
  model: Model.Model<I, O, P, S>,
  tensors: Tensors
): TrainedWeights<P, S> => {
  const any = Model.forgetShapes(model) as unknown as Model.AnyModel
  const initial = any.init(Key.key(0))
  const problems: Array<string> = []
  const find = finder(tensors, problems)
  const read = (tree: unknown, namesOf: (path: string) => ReadonlyArray<string>): unknown =>
    Tree.rebuildWith(
      tree,
      Tree.entries<AnyTensor>(tree).map(({ path, leaf }) => find(path, leaf, namesOf(path)))
    )
  const weights = { params: read(initial.params, names.params), modelState: read(initial.state, names.modelState) }
  if (problems.length > 0) throw new WeightsError({ problems })
  // Every leaf was found with the shape and type it has in the model.
  return weights as TrainedWeights<P, S>
}

/** The tensors of weights by name, for a file: `Safetensors.encode(Weights.toTensors(run))`. */
export const toTensors = <P, S>({ params, modelState }: TrainedWeights<P, S>): Tensors =>
  Object.fromEntries(weightsOf(params, modelState).map(({ name, value }) => [name, value]))

/**
 * The artifact with other weights, found as `fromTensors` finds them: the same model at another step of its training. Throws a
 * WeightsError that names all that is missing or of another shape.
 */
export const into = <A extends AnyArtifact>(artifact: A, tensors: Tensors): A => {
  const problems: Array<string> = []
  const find = finder(tensors, problems)
  const weights: Artifact["weights"] = artifact.weights.map(({ name, value }) => ({
    name,
    value: find(name, value, names.weight(name)) ?? value
  }))
  if (problems.length > 0) throw new WeightsError({ problems })
  return { ...artifact, weights }
}
