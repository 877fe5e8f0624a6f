/** Boxes, and what is made of them: columns of boxes, branches side by side, ways around, frames. */
import { escapeXml } from "./page.ts"
import { ink, size } from "./style.ts"
import { textWidth } from "./text-width.ts"

/** A part of a drawing. What flows through it enters at the top and leaves at the bottom, `center` from its left. */
export interface Drawing {
  readonly width: number
  readonly height: number
  readonly center: number
  /** Whether an arrow into it ends at its edge. */
  readonly solid: boolean
  readonly svg: string
}

/** How a box looks: what learns, what does not, and where a model begins. */
export type BoxStyle = "learns" | "plain" | "input"

const fills: Readonly<Record<BoxStyle, { readonly fill: string; readonly stroke: string }>> = {
  learns: { fill: "#e1eef7", stroke: "#0072b2" },
  plain: { fill: ink.paper, stroke: ink.axis },
  input: { fill: "#f0f0f0", stroke: ink.axis }
}
const frameFill = "#f6f6f6"

const gap = 24
const padding = 14
const labelHeight = 30
const turn = 14
const joinHeight = 22

const f = (x: number): string => String(Number(x.toFixed(2)))

const moved = (x: number, y: number, svg: string): string => `<g transform="translate(${f(x)},${f(y)})">${svg}</g>`

const path = (d: string, width = 1.5): string =>
  `<path d="${d}" fill="none" stroke="${ink.muted}" stroke-width="${width}"/>`

const head = (x: number, y: number): string => `<path d="M${f(x)},${f(y)}l-4.5,-8h9Z" fill="${ink.muted}"/>`

const text = (x: number, y: number, content: string, height: number, attributes = ""): string =>
  `<text x="${f(x)}" y="${f(y)}" font-size="${height}" fill="${ink.text}"${attributes}>${escapeXml(content)}</text>`

const bold = ' font-weight="bold"'

/** Bold letters are about a tenth wider. */
const boldWidth = (content: string, height: number): number => 1.12 * textWidth(content, height)

/** The width of a heading: a name in bold, if there is one, and a kind. */
const headingWidth = (name: string, kind: string): number =>
  (name === "" ? 0 : boldWidth(name, size.label) + 9) + textWidth(kind, size.label)

const heading = (x: number, y: number, name: string, kind: string): string =>
  name === ""
    ? text(x, y, kind, size.label)
    : `${text(x, y, name, size.label, bold)}${text(x + boldWidth(name, size.label) + 9, y, kind, size.label)}`

/** What stands in a box. */
export interface Box {
  readonly name: string
  readonly kind: string
  /** Smaller, below. */
  readonly details: string
  readonly style: BoxStyle
}

/** How wide a box must be for what stands in it. */
export const boxWidth = ({ details, kind, name }: Box): number =>
  Math.ceil(Math.max(110, headingWidth(name, kind), textWidth(details, 13)) + 2 * padding)

/** A box of at least its `boxWidth`. */
export const box = (content: Box, width: number): Drawing => {
  const { details, kind, name, style } = content
  const height = details === "" ? 30 : 50
  const { fill, stroke } = fills[style]
  const corner = style === "input" ? 15 : 5
  return {
    width,
    height,
    center: width / 2,
    solid: true,
    svg: [
      `<rect width="${width}" height="${height}" rx="${corner}" fill="${fill}" stroke="${stroke}" stroke-width="1.5"/>`,
      heading(padding, details === "" ? 20 : 21, name, kind),
      details === ""
        ? ""
        : `<text x="${padding}" y="40" font-size="13" fill="${ink.muted}">${escapeXml(details)}</text>`
    ].join("")
  }
}

/** Nothing between entry and exit. */
const passage = (height: number): Drawing => ({
  width: 40,
  height,
  center: 20,
  solid: false,
  svg: path(`M20,0V${f(height)}`)
})

/** Drawings one below the other, their centers in a line, with arrows between them. */
export const column = (parts: ReadonlyArray<Drawing>): Drawing => {
  const [first, ...rest] = parts
  if (first === undefined) return passage(gap)
  if (rest.length === 0) return first
  const center = Math.max(...parts.map((part) => part.center))
  const width = center + Math.max(...parts.map((part) => part.width - part.center))
  const svg: Array<string> = []
  let y = 0
  parts.forEach((part, i) => {
    if (i > 0) {
      svg.push(path(`M${f(center)},${f(y)}v${gap}`), part.solid ? head(center, y + gap) : "")
      y += gap
    }
    svg.push(moved(center - part.center, y, part.svg))
    y += part.height
  })
  return { width, height: y, center, solid: first.solid, svg: svg.join("") }
}

const joinWidth = (sign: string): number => (sign.length === 1 ? joinHeight : textWidth(sign, 13) + 18)

/** The place where paths meet; its middle is at the origin. */
const join = (x: number, y: number, sign: string): string => {
  const width = joinWidth(sign)
  const height = sign.length === 1 ? 16 : 13
  return moved(
    x,
    y,
    [
      `<rect x="${f(-width / 2)}" y="${-joinHeight / 2}" width="${f(width)}" height="${joinHeight}" rx="${joinHeight / 2}" fill="${ink.paper}" stroke="${ink.muted}" stroke-width="1.5"/>`,
      `<text y="${f(0.36 * height)}" text-anchor="middle" font-size="${height}" fill="${ink.text}">${escapeXml(sign)}</text>`
    ].join("")
  )
}

/** A drawing with a way around it, that joins what comes out. */
export const bypassed = (inside: Drawing, sign: string): Drawing => {
  const { center } = inside
  const side = Math.max(inside.width, center + joinWidth(sign) / 2) + turn
  const top = turn + gap - 8
  const meeting = top + inside.height + 14 + joinHeight / 2
  return {
    width: side + 2,
    height: meeting + joinHeight / 2,
    center,
    solid: false,
    svg: [
      path(`M${f(center)},0V${f(top)}`),
      inside.solid ? head(center, top) : "",
      path(`M${f(center)},${turn - 6}H${f(side - 6)}q6,0,6,6V${f(meeting - 6)}q0,6,-6,6H${f(center)}`),
      moved(0, top, inside.svg),
      path(`M${f(center)},${f(top + inside.height)}V${f(meeting)}`),
      join(center, meeting, sign)
    ].join("")
  }
}

/** Drawings side by side, given the same and joined; each has its name beside the way into it. */
export const branches = (
  parts: ReadonlyArray<{ readonly name: string; readonly drawing: Drawing }>,
  sign: string
): Drawing => {
  const between = 22
  const top = 46
  const deepest = Math.max(...parts.map(({ drawing }) => drawing.height))
  let x = 0
  const placed = parts.map(({ drawing, name }) => {
    const width = Math.max(drawing.width, drawing.center + 9 + textWidth(name, 13))
    const place = { x, at: x + drawing.center, name, drawing }
    x += width + between
    return place
  })
  const width = x - between
  const [left, right] = [placed[0]?.at ?? 0, placed.at(-1)?.at ?? 0]
  const center = (left + right) / 2
  const end = top + deepest + turn
  const meeting = end + 12 + joinHeight / 2
  const edge = joinWidth(sign) / 2
  const overhang = Math.max(0, edge - center, center + edge - width)
  return {
    width: width + 2 * overhang,
    height: meeting + joinHeight / 2,
    center: center + overhang,
    solid: false,
    svg: moved(
      overhang,
      0,
      [
        path(`M${f(center)},0V${turn}M${f(left)},${turn}H${f(right)}M${f(left)},${f(end)}H${f(right)}`),
        path(`M${f(center)},${f(end)}V${f(meeting)}`),
        ...placed.flatMap(({ at, drawing, name, x: from }) => [
          path(`M${f(at)},${turn}V${top}M${f(at)},${f(top + drawing.height)}V${f(end)}`),
          drawing.solid ? head(at, top) : "",
          `<text x="${f(at + 9)}" y="${turn + 18}" font-size="13" fill="${ink.muted}">${escapeXml(name)}</text>`,
          moved(from, top, drawing.svg)
        ]),
        join(center, meeting, sign)
      ].join("")
    )
  }
}

/** A frame with a heading, as a pile of `copies` where there are more than one. */
export const frame = (name: string, kind: string, details: string, inside: Drawing, copies = 1): Drawing => {
  const labelWidth = Math.max(headingWidth(name, kind), textWidth(details, 13)) + 12
  const label = details === "" ? labelHeight : labelHeight + 19
  const center = Math.max(padding + inside.center, padding + labelWidth)
  const left = center - inside.center
  const [width, top] = [left + inside.width + padding, label + (inside.solid ? 12 : 0)]
  const height = top + inside.height + padding
  const pile = copies > 1 ? 5 : 0
  const sheet = (by: number): string =>
    `<rect x="${by}" y="${by}" width="${f(width)}" height="${f(height)}" rx="8" fill="${frameFill}" stroke="#b8b8b8"/>`
  return {
    width: width + 2 * pile,
    height: height + 2 * pile,
    center,
    solid: true,
    svg: [
      ...(copies > 1 ? [sheet(2 * pile), sheet(pile)] : []),
      sheet(0),
      heading(padding, 21, name, kind),
      details === ""
        ? ""
        : `<text x="${padding}" y="40" font-size="13" fill="${ink.muted}">${escapeXml(details)}</text>`,
      path(`M${f(center)},0V${f(top)}M${f(center)},${f(top + inside.height)}V${f(height + 2 * pile)}`),
      inside.solid ? head(center, top) : "",
      moved(left, top, inside.svg)
    ].join("")
  }
}
