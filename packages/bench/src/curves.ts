/** The curves of a sweep: GFLOP/s over the width, a curve per batch. */
import { Viz } from "@cotangent/viz"
import type { Point } from "./sweep.ts"

/** A chart of points. */
export const curvesOf = (points: ReadonlyArray<Point>, title: string) => {
  const batches = [...new Set(points.map(({ batch }) => batch))].filter(
    (_, i, all) => i % 2 === 0 || i === all.length - 1
  )
  return Viz.lines({
    title,
    xTitle: "width",
    yTitle: "GFLOP/s",
    xScale: "log",
    yScale: "log",
    series: batches.map((batch) => ({
      label: `batch ${batch}`,
      points: points
        .filter((point) => point.batch === batch)
        .map(({ flops, us, width }) => [width, flops / us / 1000] as const)
    }))
  })
}
