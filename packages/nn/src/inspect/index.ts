export {
  classScore,
  integratedGradients,
  type IntegratedGradientsOptions,
  saliency,
  type Score
} from "./attribution.ts"
export { flopsOf } from "./flops.ts"
export {
  type Activations,
  activations,
  activationStatistics,
  type Statistics,
  statistics,
  type StatisticsByPath,
  treeStatistics
} from "./statistics.ts"
