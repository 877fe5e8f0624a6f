/** How wide text is, without a font library: enough to place a legend and to break a line. */

// Advance widths of DejaVu Sans in units of its size, by class of letter.
const widths: ReadonlyArray<readonly [letters: RegExp, width: number]> = [
  [/[ijl|!.,:;' ]/, 0.33],
  [/[frtI()[\]-]/, 0.4],
  [/[mwMW@%]/, 0.95],
  [/[A-Z&<>=+~#]/, 0.74],
  [/[ -~]/, 0.61]
]
const otherWidth = 1

/** The width of a text in DejaVu Sans, `height` pixels high; a little generous. */
export const textWidth = (text: string, height: number): number =>
  height *
  Array.from(text, (letter) => widths.find(([letters]) => letters.test(letter))?.[1] ?? otherWidth).reduce(
    (a, b) => a + b,
    0
  )

/** A text in lines of at most `width` pixels, broken between words; a longer word stands alone. */
export const breakLines = (text: string, height: number, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    const longer = last === undefined ? word : `${last} ${word}`
    if (last === undefined || textWidth(longer, height) > width) lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines
}
