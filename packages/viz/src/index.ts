export * as Viz from "./viz.ts"
export type { Chart, PngOptions } from "./chart.ts"
export { VizError } from "./viz-error.ts"
