/** Compares what a program printed with what its document says. */
import type { Program } from "./program.ts"
import type { Printed, Recording } from "./recorder.ts"

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

const paragraph = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim()

const indented = (text: string): string => text.replace(/^/gm, "    ")

/** The complaint that what was printed is not what is said. */
const difference = (place: string, said: string, found: string): string =>
  `${place}: the document says\n${indented(said)}\n  the code prints\n${indented(found === "" ? "nothing" : found)}`

/** Everything in which a recording differs from its document, as sentences. */
export const differences = (program: Program, { blocks }: Recording): ReadonlyArray<string> => {
  const { comments, file, outputs } = program
  const everything = blocks.flatMap(({ printed }) => printed)
  const said = new Set(comments.map(({ line }) => line))
  // A call that spans lines has its comment on the last of them, its position on the first.
  const last = (line: number): number | undefined => {
    const first = everything.flatMap(({ lines }) => lines).filter((l) => l <= line && !said.has(l))
    return first.length === 0 ? undefined : Math.max(...first)
  }
  const printedAt = (line: number): ReadonlyArray<Printed> => {
    const exact = everything.filter(({ lines }) => lines.includes(line))
    const start = last(line)
    return exact.length > 0 || start === undefined ? exact : everything.filter(({ lines }) => lines.includes(start))
  }
  const claimed = new Set<Printed>()
  const wrongLines = comments.flatMap(({ line, text }) => {
    const printed = printedAt(line)
    for (const one of printed) claimed.add(one)
    const found = oneLine(printed.map((one) => one.text).join(" "))
    return found === oneLine(text) ? [] : [difference(`${file}:${line}`, text, found)]
  })
  const wrongBlocks = outputs.flatMap(({ line, text }) => {
    const printed = blocks.find((block) => block.line === line)?.printed.filter((one) => !claimed.has(one)) ?? []
    const found = paragraph(printed.map((one) => one.text).join("\n"))
    return found === paragraph(text) ? [] : [difference(`${file}:${line}`, text, found)]
  })
  return [...wrongLines, ...wrongBlocks]
}
