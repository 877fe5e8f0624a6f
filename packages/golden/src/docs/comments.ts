/**
 * The examples in doc comments as programs. An example is a fragment: what it names is imported for it from its own
 * package, then from the umbrella package; a few names stand for a reader's own parameters and gradient.
 */
import { blocksOf, isCode } from "./markdown.ts"

/** A source file of a package. */
export interface Source {
  /** Relative to the root of the project: `packages/optim/src/chain.ts`. */
  readonly file: string
  readonly text: string
}

/** An example as a program; line n of it is line n of its source file. */
export interface Example {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** Names by where they are imported from; types apart, because they are erased. */
interface Exports {
  readonly values: ReadonlyMap<string, string>
  readonly types: ReadonlyMap<string, string>
}

const exported = /^export (?:declare )?(const|function|class|interface|type) (\w+)/gm

const namespace = /^export \* as (\w+) from/gm

/** What the files of a package export, by name. Where two files export a name, the first counts. */
const exportsOf = (sources: ReadonlyArray<Source>): Exports => {
  const values = new Map<string, string>()
  const types = new Map<string, string>()
  for (const { file, text } of sources)
    for (const [, kind = "", name = ""] of text.matchAll(exported)) {
      const names = kind === "interface" || kind === "type" ? types : values
      if (!names.has(name)) names.set(name, file)
    }
  // A namespace is imported from the index that makes it.
  for (const { file, text } of sources)
    for (const [, name = ""] of text.matchAll(namespace)) if (!values.has(name)) values.set(name, file)
  return { values, types }
}

/** The names that the index of the umbrella package passes on. */
const umbrellaNames = (index: string): Exports => {
  const values = new Map<string, string>()
  const types = new Map<string, string>()
  for (const [, list = ""] of index.matchAll(/^export \{([^}]*)\} from/gm))
    for (const item of list.split(",").map((text) => text.trim())) {
      const name = item.split(/\s+/).at(-1) ?? ""
      if (name !== "") (item.startsWith("type ") ? types : values).set(name, "cotangent")
    }
  for (const [, name = ""] of index.matchAll(namespace)) values.set(name, "cotangent")
  return { values, types }
}

/** What an example may take for granted, a declaration a line: a model's parameters, their gradient, a batch, a loss. */
const assumed = [
  "type Params = { readonly w: Tensor<[20, 1]> }",
  'type X = Tensor<["batch", 20]>',
  'type Y = Tensor<["batch", 1]>',
  "declare const params: Params",
  "declare const gradient: Params",
  "declare const loss: (p: Params, x: X, y: Y) => Tensor<[]>"
]

/** What the examples of some files take for granted beside that, or otherwise. */
const assumedIn: Readonly<Record<string, ReadonlyArray<string>>> = {
  asgd: ["declare const state: AsgdState<Params>"],
  checkGrad: [
    "type Params = { readonly w: Tensor<[3, 4]> }",
    "declare const w: Tensor<[3, 4]>",
    "declare const x: Tensor<[8, 3]>"
  ],
  expectGolden: ["declare const x: Tensor<[5]>"],
  plateau: [
    "declare const state: PlateauState",
    "declare const s: AdamState<Params>",
    'declare const validationLoss: Tensor<[], "f64">'
  ]
}

const withoutText = (code: string): string =>
  code.replace(/\/\/.*$/gm, "").replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""')

/** The names a fragment uses: identifiers that are no properties. */
const namesIn = (code: string): ReadonlySet<string> =>
  new Set([...withoutText(code).matchAll(/(?<![\w$]|(?<!\.\.)\.)[A-Za-z_$][\w$]*/g)].map(([name]) => name))

const declaredIn = (code: string): ReadonlySet<string> =>
  new Set(
    [...withoutText(code).matchAll(/\b(?:const|let|type|interface|function|class)\s+(\w+)/g)].map(
      ([, name = ""]) => name
    )
  )

/** The doc comments of a file as Markdown whose lines are those of the file. */
const proseOf = (text: string): string => {
  let inside = false
  return text
    .split("\n")
    .map((line) => {
      if (/^\s*\/\*\*/.test(line)) inside = !line.includes("*/")
      else if (line.includes("*/")) inside = false
      else if (inside) return line.replace(/^\s*\* ?/, "")
      return ""
    })
    .join("\n")
}

/** The import of a name from the first of several modules that has it, if there is one. */
const importOf = (name: string, code: string, from: ReadonlyArray<Exports>, pathOf: (module: string) => string) => {
  // A type has no members: `Optimizer.adam` is the namespace, `Optimizer<F>` the type.
  const isNamespace = code.includes(`${name}.`)
  const found = from.find(({ types, values }) => values.has(name) || (types.has(name) && !isNamespace))
  const module = found?.values.get(name) ?? found?.types.get(name)
  if (module === undefined) return []
  const kind = found?.values.has(name) === true ? "" : "type "
  return [`import { ${kind}${name} } from ${JSON.stringify(module === "cotangent" ? module : pathOf(module))}`]
}

/** The declarations of what a fragment takes for granted, without those that it makes itself or that `own` replaces. */
const contextOf = (own: ReadonlyArray<string>, declared: ReadonlySet<string>): ReadonlyArray<string> => {
  const names = (line: string): ReadonlyArray<string> => [...declaredIn(line)]
  const replaced = new Set([...declared, ...own.flatMap(names)])
  return [...assumed.filter((line) => !names(line).some((name) => replaced.has(name))), ...own]
}

/**
 * The examples in the doc comments of packages. `pathOf` makes an import path of a file relative to the root;
 * `umbrella` is the text of the umbrella package's index.
 */
export const examplesOf = (
  packages: ReadonlyArray<ReadonlyArray<Source>>,
  umbrella: string,
  pathOf: (file: string) => string
): ReadonlyArray<Example> => {
  const shared = umbrellaNames(umbrella)
  return packages.flatMap((sources) => {
    const own = exportsOf(sources)
    return sources.flatMap((source) => {
      const from = [exportsOf([source]), own, shared]
      return blocksOf(proseOf(source.text))
        .filter(isCode)
        .map(({ line, lines }): Example => {
          const code = lines.join("\n")
          const context = contextOf(assumedIn[source.file.replace(/^.*\/|\.ts$/g, "")] ?? [], declaredIn(code))
          const declared = declaredIn([code, ...context].join("\n"))
          const names = [...namesIn([code, ...context].join("\n"))].filter((name) => !declared.has(name))
          const head = [...names.flatMap((name) => importOf(name, code, from, pathOf)), ...context, "export {}"].join(
            "; "
          )
          return {
            file: source.file,
            line,
            text: [head, ...Array.from({ length: line - 1 }, () => ""), code, ""].join("\n")
          }
        })
    })
  })
}
