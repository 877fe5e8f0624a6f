/** Charts of training runs and optimizers, as SVG and PNG. */
export { explanation, type ExplainedStep, updates } from "./explanation-charts.ts"
export { type Image, images } from "./image-charts.ts"
export { history, lines, type PageSize, type PanelOptions, panels, type Series } from "./line-charts.ts"
export { paths, type Trace } from "./path-charts.ts"
export { type FoundRates, rates } from "./rate-charts.ts"
export type { Surface } from "./surface.ts"
