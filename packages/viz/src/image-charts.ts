/** Grey images in rows, each with a caption: what a model saw, and what it said. */
import * as Effect from "effect/Effect"
import { type Chart, make } from "./chart.ts"
import { argument, type PageSize } from "./line-charts.ts"
import { layout, page } from "./page.ts"
import { ink } from "./style.ts"

/** An image: `height` rows of `width` numbers, top first; 0 is white and 1 is black, and what lies outside is cut. */
export interface Image {
  readonly caption: string
  readonly pixels: ArrayLike<number>
  readonly width: number
  readonly height: number
}

const level = (pixel: number): number => Math.round(255 * (1 - Math.min(1, Math.max(0, pixel))))

/** Equal pixels of a row are one rectangle; white ones are not drawn. */
const drawing = ({ height, pixels, width }: Image, available: { readonly width: number; readonly height: number }) => {
  const side = Math.min(available.width / width, available.height / height)
  const parts: Array<string> = []
  for (let row = 0; row < height; row++) {
    for (let from = 0, to = 0; from < width; from = to) {
      const grey = level(pixels[row * width + from] ?? 0)
      for (to = from + 1; to < width && level(pixels[row * width + to] ?? 0) === grey;) to++
      if (grey < 255)
        parts.push(`<rect x="${from}" y="${row}" width="${to - from}" height="1" fill="rgb(${grey},${grey},${grey})"/>`)
    }
  }
  const scaled = `<g transform="scale(${side})" shape-rendering="crispEdges">${parts.join("")}</g>`
  const frame = `<rect width="${(width * side).toFixed(2)}" height="${(height * side).toFixed(2)}" fill="none" stroke="${ink.axis}"/>`
  return `<svg>${scaled}${frame}</svg>`
}

/** What is wrong with the images, as a sentence. */
const complaint = (title: string, images: ReadonlyArray<Image>): string | undefined => {
  if (images.length === 0) return `"${title}" has no images, so there is nothing to draw`
  const wrong = images.find(
    ({ height, pixels, width }) =>
      !(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0) ||
      pixels.length !== width * height
  )
  return wrong === undefined
    ? undefined
    : `the image "${wrong.caption}" has ${wrong.pixels.length} pixels; ${wrong.height} rows of ${wrong.width} are needed`
}

/**
 * Images in rows, ten in each unless `columns` says otherwise, with their captions above. The chart fails with a
 * `VizError` when there is no image, one has another number of pixels than its size says, or the page is too small.
 */
export const images = (
  options: PageSize & {
    readonly title: string
    readonly images: ReadonlyArray<Image>
    readonly columns?: number
  }
): Chart =>
  make(
    Effect.suspend(() => {
      const { columns = 10, images, title, width = 1200 } = options
      const wrong = complaint(title, images)
      if (wrong !== undefined) return argument(wrong)
      const across = Math.min(columns, images.length)
      const { height = 60 + Math.ceil(images.length / across) * (width / across + 40) } = options
      const places = layout(
        images.map(({ caption }) => caption),
        [],
        [],
        { width, height, columns: across }
      )
      if (places.panels.some((place) => !(place.width >= 20 && place.height >= 20)))
        return argument(`${images.length} images do not fit on ${width} x ${height} pixels; ask for a larger page`)
      const drawings = images.flatMap((image, i) => {
        const place = places.panels[i]
        return place === undefined ? [] : [drawing(image, place)]
      })
      return Effect.succeed(page({ title, layout: places, drawings }))
    })
  )
