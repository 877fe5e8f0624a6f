/**
 * The code of a Markdown file as one program. Line n of the program is line n of the file, so that what the compiler and
 * the engine say about a line of the program holds for the document.
 */
import { type Block, blocksOf, isCode, isMistake, isOutput } from "./markdown.ts"

/** What a line, or a block, is said to print. */
export interface Expectation {
  readonly line: number
  readonly text: string
}

/** The program of a file. */
export interface Program {
  /** The file, relative to the root of the project. */
  readonly file: string
  readonly text: string
  /** What stands behind `// =>` in its lines. */
  readonly comments: ReadonlyArray<Expectation>
  /** What the blocks print, by the line of their opening fence. */
  readonly outputs: ReadonlyArray<Expectation>
}

/** A program with one mistake in it, and what the compiler must say. */
export interface Mistake {
  readonly file: string
  /** The line of the document that shows it. */
  readonly line: number
  readonly text: string
  /** The end of the one message, without quotes. */
  readonly sentence: string
}

const commented = /^(.*\S)\s*\/\/ => ?(.*)$/

/** A line whose value is said in a comment, so that it prints the value. */
const printing = (code: string): string => {
  const declared = /^\s*(?:const|let)\s+(\w+)\b[^=]*=/.exec(code)?.[1]
  if (declared !== undefined) return `${code}; console.log(${declared})`
  // Where a call of console.log ends, it began on a line above.
  return /^\s*(?:console\.log\(|[)}\]])/.test(code) || code.includes("console.log(") ? code : `console.log(${code})`
}

const programLine = (line: string): string => {
  const [, code] = commented.exec(line) ?? []
  return code === undefined ? line : printing(code)
}

const commentsOf = ({ line, lines }: Block): ReadonlyArray<Expectation> =>
  lines.flatMap((text, i) => {
    const [, , expected] = commented.exec(text) ?? []
    return expected === undefined ? [] : [{ line: line + 1 + i, text: expected.trim() }]
  })

/** Lines at the numbers they have in the document; `head` is the first, where a document has a title or a fence. */
const assembled = (head: string, placed: ReadonlyArray<readonly [line: number, text: string]>): string => {
  const lines: Array<string> = []
  lines.length = Math.max(1, ...placed.map(([line]) => line))
  lines.fill("")
  for (const [line, text] of [[1, head] as const, ...placed]) lines[line - 1] = text
  return `${lines.join("\n")}\n`
}

const placedBlock = ({ line, lines }: Block): ReadonlyArray<readonly [number, string]> => [
  ...lines.map((text, i) => [line + 1 + i, programLine(text)] as const),
  [line + 1 + lines.length, `;endBlock(${line})`]
]

/** The program of a file, `undefined` where it has no code. `recorder` is the path of the module of that name. */
export const programOf = (file: string, markdown: string, recorder: string): Program | undefined => {
  const blocks = blocksOf(markdown)
  const code = blocks.filter(isCode)
  if (code.length === 0) return undefined
  return {
    file,
    text: assembled(headOf(recorder), code.flatMap(placedBlock)),
    comments: code.flatMap(commentsOf),
    outputs: blocks.flatMap((block, i) => {
      const before = blocks[i - 1]
      return before !== undefined && isCode(before) && isOutput(block)
        ? [{ line: before.line, text: block.lines.join("\n") }]
        : []
    })
  }
}

const headOf = (recorder: string): string => `import { endBlock } from ${JSON.stringify(recorder)}`

const sameDeclaration = (line: string): string | undefined => /^\s*(?:const|let)\s+\w+\b/.exec(line)?.[0].trim()

/**
 * The mistakes a file shows, each as the program of the file with that mistake. The lines of such a block before `=>`
 * replace those that declare the same constant; what declares nothing known is added.
 */
export const mistakesOf = (file: string, markdown: string, recorder: string): ReadonlyArray<Mistake> => {
  const blocks = blocksOf(markdown)
  return blocks.filter(isMistake).map(({ line, lines }): Mistake => {
    const [sentence = ""] = lines.filter((text) => text.startsWith("=>"))
    const shown = lines.map((text, i) => [line + 1 + i, text] as const).filter(([, text]) => !text.startsWith("=>"))
    const program = blocks.filter(isCode).flatMap(placedBlock)
    const declarations = new Map(shown.map(([, text]) => [sameDeclaration(text), text]))
    const known = new Set(program.map(([, text]) => sameDeclaration(text)))
    const changed = program.map(([at, text]) => {
      const name = sameDeclaration(text)
      return [at, (name === undefined ? undefined : declarations.get(name)) ?? text] as const
    })
    const added = shown.filter(([, text]) => {
      const name = sameDeclaration(text)
      return name === undefined || !known.has(name)
    })
    return {
      file,
      line,
      text: assembled(headOf(recorder), [...changed, ...added]),
      sentence: sentence.replace(/^=>\s*/, "").replace(/^"|"$/g, "")
    }
  })
}
