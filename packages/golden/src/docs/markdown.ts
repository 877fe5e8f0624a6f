/** The fenced blocks of a Markdown file. */

/** A fenced block: what stands behind its fence, and its lines. */
export interface Block {
  /** The first word behind the fence, such as `ts`; empty if there is none. */
  readonly language: string
  /** The other words behind the fence. */
  readonly words: ReadonlyArray<string>
  /** The line of the opening fence, counted from 1: line `i` of the block is line `line + 1 + i` of the file. */
  readonly line: number
  readonly lines: ReadonlyArray<string>
}

const opening = /^(\s*)(`{3,})([^`]*)$/

/** Every fenced block of a text, in order. A fence that is never closed ends with the text. */
export const blocksOf = (text: string): ReadonlyArray<Block> => {
  const lines = text.split(/\r?\n/)
  const blocks: Array<Block> = []
  for (let at = 0; at < lines.length; at++) {
    const [, indent = "", fence = "", info = ""] = opening.exec(lines[at] ?? "") ?? []
    if (fence === "") continue
    const closing = lines.findIndex((line, i) => i > at && line.trim() === fence)
    const end = closing < 0 ? lines.length : closing
    const [language = "", ...words] = info.trim().split(/\s+/)
    blocks.push({
      language,
      words,
      line: at + 1,
      lines: lines.slice(at + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    })
    at = end
  }
  return blocks
}

/** Blocks that are code to run. */
export const isCode = ({ language, words }: Block): boolean =>
  ["ts", "typescript"].includes(language) && !words.includes("ignore")

/** Blocks that show a mistake and, after `=>`, what the compiler says to it. */
export const isMistake = ({ language, words }: Block): boolean => language === "text" && words.includes("tsc")

/** Blocks that show what the code before them prints. */
export const isOutput = ({ language, words }: Block): boolean => language === "text" && words.length === 0

/** The relative links of a text, without anchors, with the lines they stand on. */
export const linksOf = (text: string): ReadonlyArray<{ readonly line: number; readonly target: string }> => {
  const hidden = new Set(blocksOf(text).flatMap(({ line, lines }) => lines.map((_, i) => line + 1 + i)))
  return text
    .split("\n")
    .flatMap((content, i) =>
      hidden.has(i + 1)
        ? []
        : [...content.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
            .map(([, target = ""]) => ({ line: i + 1, target }))
            .filter(({ target }) => !/^[a-z]+:/.test(target))
    )
}
