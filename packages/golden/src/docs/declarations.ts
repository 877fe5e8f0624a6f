/**
 * What TypeScript sources declare: exported constants with their doc comments, and how each is called. A reader of brackets,
 * not a compiler: it follows a name to the interface, the alias or the factory that gives it its call signature.
 */
import type { Source } from "./comments.ts"

/** An exported constant. */
export interface Declaration {
  readonly name: string
  /** Relative to the root of the project. */
  readonly file: string
  /** The prose of its doc comment, a paragraph a line; examples are left out. */
  readonly prose: ReadonlyArray<string>
  /** Its parameters: `x`, `kernel`, `{ stride?, padding? }`. */
  readonly parameters: ReadonlyArray<string>
}

const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "<": ">" }

/** The place after a string, or after the bracket that closes the one at `i`. */
const skip = (text: string, i: number): number => {
  const open = text[i] ?? ""
  if (open === '"' || open === "'" || open === "`") {
    let at = i + 1
    while (at < text.length && text[at] !== open) at += text[at] === "\\" ? 2 : 1
    return at + 1
  }
  const close = closers[open]
  if (close === undefined) return i + 1
  let at = i + 1
  while (at < text.length && text[at] !== close) {
    // The arrow of a function type closes nothing.
    if (text.startsWith("=>", at)) at += 2
    // A comparison opens nothing; in types there is none.
    else at = skip(text, at)
  }
  return at + 1
}

/** Where one of the given texts stands outside all brackets, or the end. */
const find = (text: string, from: number, ...wanted: ReadonlyArray<string>): number => {
  let at = from
  while (at < text.length) {
    if (wanted.some((one) => text.startsWith(one, at) && (one !== "=" || text[at + 1] !== ">"))) return at
    at = text.startsWith("=>", at) ? at + 2 : skip(text, at)
  }
  return text.length
}

/** The parts between commas (or other separators) outside all brackets. */
const split = (text: string, ...separators: ReadonlyArray<string>): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let from = 0
  while (from < text.length) {
    const end = find(text, from, ...separators)
    parts.push(text.slice(from, end).trim())
    from = end + 1
  }
  return parts.filter((part) => part !== "")
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "")

/** The interfaces, aliases and constants of some sources, by name: those of a file before those of the others. */
export interface Library {
  readonly interfaceOf: (name: string, file: string) => { readonly body: string; readonly parents: string } | undefined
  readonly aliasOf: (name: string, file: string) => string | undefined
  readonly constantOf: (name: string, file: string) => string | undefined
}

/** Reads the sources. */
export const libraryOf = (sources: ReadonlyArray<Source>): Library => {
  const texts = sources.map(({ file, text }) => ({ file, text: withoutComments(text) }))
  const lookUp = <A>(pattern: (name: string) => RegExp, read: (text: string, at: number) => A) => {
    return (name: string, file: string): A | undefined => {
      const ordered = [...texts.filter((one) => one.file === file), ...texts.filter((one) => one.file !== file)]
      for (const { text } of ordered) {
        const match = pattern(name).exec(text)
        if (match !== null) return read(text, match.index + match[0].length)
      }
      return undefined
    }
  }
  return {
    interfaceOf: lookUp(
      (name) => new RegExp(`^(?:export )?interface ${name}\\b`, "m"),
      (text, at) => {
        const after = text[at] === "<" ? skip(text, at) : at
        const open = find(text, after, "{")
        return { parents: text.slice(after, open), body: text.slice(open + 1, skip(text, open) - 1) }
      }
    ),
    aliasOf: lookUp(
      (name) => new RegExp(`^(?:export )?type ${name}\\b`, "m"),
      (text, at) => {
        const start = find(text, at, "=") + 1
        return text.slice(start, find(text, start, "\nexport ", "\nconst ", "\ntype ", "\ninterface ")).trim()
      }
    ),
    constantOf: lookUp(
      (name) => new RegExp(`^(?:export )?const ${name}\\b`, "m"),
      (text, at) => text.slice(at)
    )
  }
}

/** What stands in the angle brackets and in the parentheses of a function type or an arrow function. */
interface CallSignature {
  readonly generics: string
  readonly parameters: string
}

const signatureIn = (text: string): CallSignature | undefined => {
  const from = text.startsWith("<") ? skip(text, 0) : 0
  const open = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0)
  return text[open] === "("
    ? { generics: text.slice(1, Math.max(1, from - 1)), parameters: text.slice(open + 1, skip(text, open) - 1) }
    : undefined
}

/** The last call signature of a type, which takes the data first. */
const ofType = (library: Library, type: string, file: string, depth = 0): CallSignature | undefined => {
  if (depth > 6) return undefined
  const text = type.trim()
  if (text.startsWith("{"))
    return split(text.slice(1, skip(text, 0) - 1), "\n", ";").reduce<CallSignature | undefined>(
      (last, member) => signatureIn(member) ?? last,
      undefined
    )
  const direct = signatureIn(text)
  if (direct !== undefined) return direct
  const name = /^\w+/.exec(text)?.[0] ?? ""
  const found = library.interfaceOf(name, file)
  if (found !== undefined) {
    const own = ofType(library, `{${found.body}}`, file, depth + 1)
    const [, parent] = /extends\s+([^{]+)/.exec(found.parents) ?? []
    return own ?? (parent === undefined ? undefined : ofType(library, parent, file, depth + 1))
  }
  const alias = library.aliasOf(name, file)
  return alias === undefined ? undefined : ofType(library, alias, file, depth + 1)
}

/** The parameters of a constant, from the text after its name, and the type that its factory returns. */
const ofConstant = (
  library: Library,
  rest: string,
  file: string
): { readonly signature: CallSignature | undefined; readonly made: string } => {
  const equals = find(rest, 0, "=")
  const annotation = rest.slice(0, equals).trim()
  if (annotation.startsWith(":")) return { signature: ofType(library, annotation.slice(1), file), made: annotation }
  const value = rest.slice(equals + 1).trim()
  const direct = signatureIn(value)
  if (direct !== undefined) return { signature: direct, made: "" }
  const factory = library.constantOf(/^\w+/.exec(value)?.[0] ?? "", file) ?? ""
  const own = factory.slice(find(factory, 0, "=") + 1).trim()
  const start = own.startsWith("<") ? skip(own, 0) : 0
  const after = skip(own, start + (/^\s*/.exec(own.slice(start))?.[0].length ?? 0))
  const returned = /^\s*:\s*/.exec(own.slice(after))
  if (returned === null) return { signature: undefined, made: "" }
  const from = after + returned[0].length
  const made = own.slice(from, arrowAfter(own, from))
  return { signature: ofType(library, made, file), made }
}

/** Where the arrow stands that ends a returned type: the last one before its body begins. */
const arrowAfter = (text: string, from: number): number => {
  let at = from
  while (at < text.length && !text.startsWith("=>", at)) at = skip(text, at)
  return at
}

/**
 * The names of the fields of an options type, with those of the types it is made of; empty when it is none. `literals` are
 * the texts in the call that made the function: which member of a table of options is meant.
 */
const fieldsOf = (
  library: Library,
  type: string,
  file: string,
  literals: ReadonlySet<string>,
  depth = 0
): ReadonlyArray<string> => {
  const parts = split(type, "&")
  if (depth > 6) return []
  if (parts.length > 1) return parts.flatMap((part) => fieldsOf(library, part, file, literals, depth + 1))
  const text = type.trim()
  if (text.startsWith("{"))
    return split(text.slice(1, skip(text, 0) - 1), "\n", ";").flatMap((member) => {
      const [, field = "", kind = ""] = /^(?:readonly )?(\w+\??):\s*([\s\S]*)$/.exec(member) ?? []
      // A field that must not be there is marked, and taken out at the end.
      return field === "" ? [] : [kind === "never" ? `!${field}` : field]
    })
  const name = /^\w+/.exec(text)?.[0] ?? ""
  const found = library.interfaceOf(name, file)
  if (found === undefined) {
    const alias = library.aliasOf(name, file)
    return alias === undefined ? [] : fieldsOf(library, alias, file, literals, depth + 1)
  }
  if (text.slice(name.length).startsWith("[")) {
    const members = split(found.body, "\n", ";")
    const meant = members.find((member) => literals.has(/^(?:readonly )?(\w+)\??:/.exec(member)?.[1] ?? ""))
    return meant === undefined ? [] : fieldsOf(library, meant.slice(meant.indexOf(":") + 1), file, literals, depth + 1)
  }
  const parents = split(/extends\s+([\s\S]+)/.exec(found.parents)?.[1] ?? "", ",")
  return [...parents, `{${found.body}}`].flatMap((part) => fieldsOf(library, part, file, literals, depth + 1))
}

/** The constraint of a type parameter, or the type itself. */
const constrained = (type: string, generics: string): string => {
  const parameter = split(generics, ",").find((one) => /^(?:const )?(\w+)/.exec(one)?.[1] === type.trim())
  const [, constraint] = /\bextends\s+([\s\S]+)/.exec(parameter ?? "") ?? []
  return constraint === undefined ? type : constraint.slice(0, find(constraint, 0, "="))
}

/** A parameter as a reader sees it; `others` are the names of all parameters. */
const showParameter = (
  library: Library,
  parameter: string,
  file: string,
  value: string,
  { generics, others }: { readonly generics: string; readonly others: ReadonlySet<string> }
): string => {
  const at = find(parameter, 0, ":", "=")
  const name = parameter.slice(0, at).trim()
  const type = parameter.slice(at + 1).trim()
  const isOptional = name.endsWith("?") || find(parameter, 0, "=") < parameter.length
  const plain = name.replace(/\?$/, "")
  if (plain.startsWith("{")) return plain.replaceAll(/\s+/g, " ")
  if (plain === "options") {
    const literals = new Set([...value.matchAll(/"(\w+)"/g)].map(([, text = ""]) => text))
    // A factory may be given the type of its options.
    const given = [...value.matchAll(/\b\w+Options?\b/g)].map(([text]) => text)
    const candidates = [type.slice(0, find(type, 0, "=")), ...given]
    const fields = candidates.map((one) => {
      const all = split(one, "&").flatMap((part) => fieldsOf(library, constrained(part, generics), file, literals))
      return [...new Set(all)].filter((field) => !field.startsWith("!") && !all.includes(`!${field}`))
    })
    const [first] = fields.filter((one) => one.length > 0)
    if (first !== undefined) return `{ ${first.join(", ")} }`
  }
  const shown = plain === "self" && !others.has("x") ? "x" : plain === "that" && !others.has("y") ? "y" : plain
  return isOptional ? `${shown}?` : shown
}

/** The prose of a doc comment: paragraphs, without examples. */
export const proseOf = (comment: string): ReadonlyArray<string> =>
  comment
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .replace(/```[\s\S]*?```/g, "")
    .split(/\n\s*\n/)
    .map((paragraph) =>
      paragraph
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
        // Items of a list keep their lines.
        .reduce((text, line) => (text === "" ? line : text + (line.startsWith("- ") ? "\n" : " ") + line), "")
    )
    .filter((paragraph) => paragraph !== "")

/** The exported constants of a source that carry doc comments, in order. */
export const declarationsOf = (library: Library, { file, text }: Source): ReadonlyArray<Declaration> =>
  [...text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\nexport const (\w+)/g)].map((match) => {
    const [all, comment = "", name = ""] = match
    const rest = withoutComments(text.slice(match.index + all.length))
    const { signature, made } = ofConstant(library, rest, file)
    const parameters = split(signature?.parameters ?? "", ",")
    const names = new Set(parameters.map((parameter) => /^\w+/.exec(parameter)?.[0] ?? ""))
    // The call that makes it: the name of the factory, its type arguments and its texts.
    const value =
      rest
        .slice(find(rest, 0, "="))
        .split("\n", 3)
        .join(" ") + made
    return {
      name,
      file,
      prose: proseOf(comment),
      parameters: parameters.map((parameter) =>
        showParameter(library, parameter, file, value, { generics: signature?.generics ?? "", others: names })
      )
    }
  })

/** The comment a file begins with. */
export const headOf = ({ text }: Source): ReadonlyArray<string> => {
  const [comment] = /^\/\*\*(?:(?!\*\/)[\s\S])*\*\//.exec(text) ?? []
  return comment === undefined ? [] : proseOf(comment)
}
