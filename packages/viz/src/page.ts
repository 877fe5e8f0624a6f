/** Puts drawn panels on one page: a title and a legend above, panels in rows below. */
import { font, ink, type ShapeName, shapes, size, type Stroke } from "./style.ts"
import { breakLines, textWidth } from "./text-width.ts"

/** An entry of the legend: a line, a point, or both. */
export interface LegendEntry {
  readonly label: string
  readonly line?: Pick<Stroke, "color" | "dash">
  readonly point?: { readonly shape: ShapeName; readonly fill: string; readonly stroke: string }
}

/** Where things stand on a page. */
export interface PageLayout {
  readonly width: number
  readonly height: number
  readonly legend: ReadonlyArray<{ readonly entry: LegendEntry; readonly x: number; readonly y: number }>
  readonly notes: ReadonlyArray<{ readonly line: string; readonly y: number }>
  readonly panels: ReadonlyArray<PanelPlace>
}

/** A panel: the lines of its title, whose first one stands `titleHeight` above the rectangle of the drawing. */
interface PanelPlace {
  readonly title: ReadonlyArray<string>
  readonly titleHeight: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const margin = 16
const gap = 24
const titleHeight = 42
const legendHeight = 25
const noteHeight = 19
const panelTitleHeight = 23
const lineLength = 40
const pointWidth = 16
const pointRadius = 5.5

const markWidth = (entry: LegendEntry): number => (entry.line === undefined ? pointWidth : lineLength)
const entryWidth = (entry: LegendEntry): number => markWidth(entry) + 8 + textWidth(entry.label, size.legend) + 26

/** The places of legend entries in rows no wider than the page. */
const placeLegend = (entries: ReadonlyArray<LegendEntry>, width: number): PageLayout["legend"] => {
  let x = margin
  let row = 0
  return entries.map((entry) => {
    if (x > margin && x + entryWidth(entry) > width) {
      x = margin
      row++
    }
    const place = { entry, x, y: titleHeight + row * legendHeight + legendHeight / 2 }
    x += entryWidth(entry)
    return place
  })
}

/** The places of a legend, of notes under it and of panels with these titles, at most `columns` in a row. */
export const layout = (
  titles: ReadonlyArray<string>,
  legend: ReadonlyArray<LegendEntry>,
  notes: ReadonlyArray<string>,
  options: { readonly width: number; readonly height: number; readonly columns: number }
): PageLayout => {
  const placed = placeLegend(legend, options.width)
  const legendEnd = (placed.at(-1)?.y ?? titleHeight) + legendHeight / 2
  const noteLines = notes.flatMap((note) => breakLines(note, size.note, options.width - 2 * margin))
  const top = legendEnd + noteLines.length * noteHeight + 12
  const columns = Math.min(titles.length, options.columns)
  const rows = Math.ceil(titles.length / columns)
  const width = Math.floor((options.width - 2 * margin - gap * (columns - 1)) / columns)
  const broken = titles.map((title) => (title === "" ? [] : breakLines(title, size.panel, 0.8 * width)))
  const panelTitle = broken.reduce((most, lines) => Math.max(most, lines.length), 0) * panelTitleHeight + 4
  const height = Math.floor((options.height - top - margin / 2 - gap * (rows - 1)) / rows - panelTitle)
  return {
    width: options.width,
    height: options.height,
    legend: placed,
    notes: noteLines.map((line, i) => ({ line, y: legendEnd + (i + 0.8) * noteHeight })),
    panels: broken.map((title, i) => ({
      title,
      titleHeight: panelTitle,
      x: margin + (i % columns) * (width + gap),
      y: top + panelTitle + Math.floor(i / columns) * (panelTitle + height + gap),
      width,
      height
    }))
  }
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

/** Text as it may stand in XML, markup escaped. */
export const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (c) => escapes[c] ?? c)

/** Characters that XML has no place for, wherever they came from, as blanks. */
const withoutControls = (svg: string): string => svg.toWellFormed().replace(/[\p{Cc}\ufffe\uffff]/gu, " ")

const drawEntry = ({ entry, x, y }: PageLayout["legend"][number]): string => {
  const w = markWidth(entry)
  const { line, point } = entry
  const dash = line === undefined || line.dash.length === 0 ? "" : ` stroke-dasharray="${line.dash.join(",")}"`
  return [
    `<g transform="translate(${x.toFixed(2)},${y.toFixed(2)})">`,
    line === undefined ? "" : `<line x2="${w}" stroke="${line.color}" stroke-width="2.5"${dash}/>`,
    point === undefined
      ? ""
      : `<path transform="translate(${w / 2},0) scale(${pointRadius})" d="${shapes[point.shape]}" fill="${point.fill}" stroke="${point.stroke}" stroke-width="${1.5 / pointRadius}"/>`,
    `<text x="${w + 8}" y="5" font-size="${size.legend}" fill="${ink.text}">${escapeXml(entry.label)}</text></g>`
  ].join("")
}

/** What stands inside the outermost element of a drawing. */
const inner = (svg: string): string => svg.slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>"))

/**
 * Names of clip paths and gradients by the order in which they appear. Vega numbers them through the life of the
 * process, which would make two drawings of the same chart differ.
 */
const renumber = (svg: string): string => {
  const names = new Map<string, string>()
  return svg.replace(/(id="|url\(#)((?:clip|gradient_?)\d+)/g, (_, before: string, name: string) => {
    const known = names.get(name) ?? `d${names.size}`
    names.set(name, known)
    return `${before}${known}`
  })
}

/** Where the plot of a drawing begins, right of its vertical axis; Vega says so in the first transform. */
const plotLeft = (svg: string): number => Number(/transform="translate\((-?[\d.]+),/.exec(svg)?.[1] ?? 0)

const drawTitle = (place: PanelPlace, left: number): string =>
  place.title
    .map((line, i) => {
      const y = place.y - place.titleHeight + (i + 0.75) * panelTitleHeight
      return `<text x="${(place.x + left).toFixed(2)}" y="${y.toFixed(2)}" font-size="${size.panel}" font-weight="bold" fill="${ink.text}">${escapeXml(line)}</text>`
    })
    .join("")

/** Coordinates with at most `digits` decimals: smaller files, and no last digits that differ between machines. */
const roundNumbers = (svg: string, digits: number): string =>
  svg.replace(/ (?:d|transform)="[^"]*"/g, (attribute) =>
    attribute.replace(/-?\d+\.\d+(?:e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(digits))))
  )

/** The page as SVG text; `drawings` are the panels, in the order of the layout. */
export const page = (options: {
  readonly title: string
  readonly layout: PageLayout
  readonly drawings: ReadonlyArray<string>
  /** Decimals of a coordinate: 2 by default, fewer for a page with very many. */
  readonly digits?: number
}): string => {
  const { digits = 2, drawings, layout, title } = options
  const titleSize = Math.min(
    size.title,
    (size.title * (layout.width - 2 * margin)) / (1.1 * textWidth(title, size.title))
  )
  const panels = layout.panels.map((place, i) => {
    // Each drawing numbers from 0 as well; a prefix keeps those of two panels apart.
    const drawing = inner(drawings[i] ?? "").replace(/(id="|url\(#)(clip|gradient_?)(\d+)/g, `$1$2${i + 1}00000$3`)
    return `${drawTitle(place, plotLeft(drawing))}<g transform="translate(${place.x},${place.y})">${drawing}</g>`
  })
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${layout.width}" height="${layout.height}" viewBox="0 0 ${layout.width} ${layout.height}" role="img" font-family="${font}">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${layout.width}" height="${layout.height}" fill="${ink.paper}"/>`,
    `<text x="${margin}" y="${margin + 16}" font-size="${Number(titleSize.toFixed(2))}" font-weight="bold" fill="${ink.text}">${escapeXml(title)}</text>`,
    ...layout.legend.map(drawEntry),
    ...layout.notes.map(
      ({ line, y }) =>
        `<text x="${margin}" y="${y.toFixed(2)}" font-size="${size.note}" fill="${ink.muted}">${escapeXml(line)}</text>`
    ),
    ...panels,
    "</svg>"
  ].join("")
  return `${renumber(roundNumbers(withoutControls(svg), digits))}\n`
}
