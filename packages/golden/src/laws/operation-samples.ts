/** The samples of all public operations, a line for each file of samples. */
import { T } from "@cotangent/graph"
import type { OperationName, OperationSample } from "./operation-sample.ts"
import { convolutionSamples } from "./samples-convolution.ts"
import { controlSamples } from "./samples-control.ts"
import { coreSamples } from "./samples-core.ts"
import { elementwiseSamples } from "./samples-elementwise.ts"
import { indexingSamples } from "./samples-indexing.ts"
import { linearAlgebraSamples } from "./samples-linear-algebra.ts"
import { productSamples } from "./samples-products.ts"
import { normalizationSamples } from "./samples-normalization.ts"
import { reductionSamples } from "./samples-reductions.ts"

/** Every sample. */
export const operationSamples: ReadonlyArray<OperationSample> = [
  ...convolutionSamples,
  ...controlSamples,
  ...coreSamples,
  ...elementwiseSamples,
  ...indexingSamples,
  ...normalizationSamples,
  ...reductionSamples,
  ...productSamples,
  ...linearAlgebraSamples
]

/** Functions of T that compute nothing inside a graph: they read or make values on the host. */
export const onTheHost: ReadonlySet<OperationName> = new Set([
  "evaluate",
  "realize",
  "fromValue",
  "fromValues",
  "fromArray"
])

/** The public operations: every function in T, by name. */
export const operationNames: ReadonlyArray<OperationName> = Object.entries(T).flatMap(([key, value]) => {
  // The keys of the namespace are its names.
  const name = key as OperationName
  return typeof value === "function" && !onTheHost.has(name) ? [name] : []
})
