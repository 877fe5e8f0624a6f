/**
 * Draws specifications with Vega and Vega-Lite, and pictures with resvg. All three are loaded when something is drawn,
 * not when this package is imported: together they take a fifth of a second.
 */
import * as Effect from "effect/Effect"
import { createRequire } from "node:module"
import type { Spec } from "vega"
import type { TopLevelSpec } from "vega-lite"
import { VizError } from "./viz-error.ts"

const failed =
  (doing: string) =>
  (cause: unknown): VizError =>
    new VizError({
      kind: "renderer",
      message: `viz: cannot ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`
    })

const attempt = <A>(doing: string, run: () => Promise<A>): Effect.Effect<A, VizError> =>
  Effect.tryPromise({ try: run, catch: failed(doing) })

const vega = attempt("load vega", () => import("vega"))
const vegaLite = attempt("load vega-lite", () => import("vega-lite"))
const resvg = attempt("load @resvg/resvg-js, which draws PNG", () => import("@resvg/resvg-js"))

/** Draws a Vega specification as SVG text, without a browser. */
export const drawVega = (spec: Spec): Effect.Effect<string, VizError> =>
  Effect.flatMap(vega, ({ Error: errorsOnly, View, parse }) =>
    attempt("draw the chart", async () => {
      const view = new View(parse(spec), { renderer: "none", logLevel: errorsOnly })
      try {
        return await view.toSVG()
      } finally {
        view.finalize()
      }
    })
  )

/** Draws a Vega-Lite specification as SVG text, without a browser. */
export const drawVegaLite = (spec: TopLevelSpec): Effect.Effect<string, VizError> =>
  Effect.flatMap(Effect.all([vega, vegaLite]), ([{ Error: errorsOnly, logger }, { compile }]) =>
    Effect.flatMap(
      Effect.try({ try: () => compile(spec, { logger: logger(errorsOnly) }).spec, catch: failed("compile the chart") }),
      drawVega
    )
  )

const require = createRequire(import.meta.url)
const fontFiles = (): Array<string> =>
  ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => require.resolve(`dejavu-fonts-ttf/ttf/${name}`))

/**
 * Draws SVG text as a PNG, `scale` pixels for each unit. Only the typeface that comes along is used, so the picture is
 * the same on a machine with other fonts, or none.
 */
export const drawPng = (svg: string, scale: number): Effect.Effect<Uint8Array, VizError> =>
  Effect.flatMap(resvg, ({ renderAsync }) =>
    attempt("draw the PNG", async () => {
      const image = await renderAsync(svg, {
        fitTo: { mode: "zoom", value: scale },
        font: {
          loadSystemFonts: false,
          fontFiles: fontFiles(),
          defaultFontFamily: "DejaVu Sans",
          sansSerifFamily: "DejaVu Sans"
        }
      })
      return new Uint8Array(image.asPng())
    })
  )
