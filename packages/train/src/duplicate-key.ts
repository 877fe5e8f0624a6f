/**
 * Names that stand twice in an object of a JSON text. `JSON.parse` keeps the last of them without a word, so that two
 * readers of one file may see two things (RFC 8259, section 4).
 */

/** The end of the string that starts at `from`, after its closing quote. */
const endOfString = (text: string, from: number): number => {
  let at = from + 1
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1
  return at + 1
}

const colon = /\s*:/y

/** The name as JSON reads it: two spellings of one name are one name. */
const unescaped = (quoted: string): string => {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}

/** The first name that an object of the text holds twice; `undefined` when there is none. The text may be no JSON at all. */
export const duplicateKey = (text: string): string | undefined => {
  // One entry per open bracket: the names of an object so far, or nothing for an array.
  const open: Array<Set<string> | undefined> = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === "{") open.push(new Set())
    else if (character === "[") open.push(undefined)
    else if (character === "}" || character === "]") open.pop()
    else if (character === '"') {
      const end = endOfString(text, at)
      const names = open.at(-1)
      colon.lastIndex = end
      const isName = colon.test(text)
      if (names !== undefined && isName) {
        const name = unescaped(text.slice(at, end))
        if (names.has(name)) return name
        names.add(name)
      }
      at = end - 1
    }
  }
  return undefined
}
