/** The reference page of operations, made of the records of primitives and of the doc comments of `T`. */
import { type AnyPrimitive, primitiveNames, primitives } from "@cotangent/graph"
import type { Source } from "./comments.ts"
import { type Declaration, declarationsOf, headOf, type Library, libraryOf } from "./declarations.ts"

/** What the page is made of. */
export interface PageParts {
  /** The sources of the graph package. */
  readonly sources: ReadonlyArray<Source>
  /** The names of the public operations. */
  readonly operations: ReadonlySet<string>
  /** What to write for a name of another library, by the name of the library. */
  readonly names: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const anchor = (name: string): string => `<a id="${name}"></a>`

/** Names with links to the operations among them. */
const linked = (text: string, operations: ReadonlySet<string>): string =>
  text
    .split(", ")
    .map((name) => {
      const [, own = ""] = /^T\.(\w+)$/.exec(name) ?? []
      return operations.has(own) ? `[\`${name}\`](#T.${own})` : `\`${name}\``
    })
    .join(", ")

const lowering = ({ lower }: AnyPrimitive): string => {
  switch (lower.tag) {
    case "structure":
      return `a kernel of the compiler (${lower.form})`
    case "source":
      return `a value that is there (${lower.form})`
    default:
      return {
        elementwise: "elementwise: fuses with anything over the same index space",
        view: "a view: strides only, nothing is moved",
        reduce: "a reduction by the fixed summation tree",
        kernel: "a kernel of its own",
        control: "control flow: a loop or a branch of the program"
      }[lower.tag]
  }
}

const classes = {
  rule: "has a derivative",
  zero: "constant almost everywhere: its derivative is zero",
  refuses: "has no derivative: asking for one is refused"
} as const

const operandsOf = ({ form }: AnyPrimitive): string => {
  const count =
    form.operands === undefined ? "any number of operands" : `${form.operands} operand${form.operands === 1 ? "" : "s"}`
  const regions = form.regions === 0 ? "" : `, ${form.regions} region${form.regions === 1 ? "" : "s"}`
  const attributes = Object.entries(form.attributes).map(([name, kind]) => `\`${name}\` (${kind})`)
  return `${count}${regions}${attributes.length === 0 ? "" : `; attributes ${attributes.join(", ")}`}`
}

const primitiveEntry = (name: string, primitive: AnyPrimitive): string => {
  const { summary, equation, derivative, conventions } = primitive.document
  return [
    `${anchor(name)}`,
    "",
    `#### ${name}`,
    "",
    summary,
    "",
    `- \`${equation}\``,
    `- derivative: ${/^(none|zero)/.test(derivative) ? derivative : `\`${derivative}\``}`,
    `- ${conventions}`,
    `- class \`${primitive.reverse.tag}\`: ${classes[primitive.reverse.tag]}`,
    `- compiled as ${lowering(primitive)}`,
    `- ${operandsOf(primitive)}`
  ].join("\n")
}

const operationEntry = ({ name, parameters, prose }: Declaration): string =>
  [`${anchor(`T.${name}`)}`, "", `#### \`T.${name}(${parameters.join(", ")})\``, "", prose.join("\n\n")].join("\n")

/** The files that `ops/index.ts` passes on, in its order. */
const filesOf = (sources: ReadonlyArray<Source>): ReadonlyArray<Source> => {
  const index = sources.find(({ file }) => file.endsWith("/ops/index.ts"))
  return [...(index?.text ?? "").matchAll(/^export \* from "\.\/([\w-]+\.ts)"/gm)].flatMap(
    ([, file = ""]) => sources.find((source) => source.file.endsWith(`/ops/${file}`)) ?? []
  )
}

const sectionOf = (source: Source, library: Library, operations: ReadonlySet<string>): ReadonlyArray<string> => {
  const entries = declarationsOf(library, source).filter(({ name }) => operations.has(name))
  if (entries.length === 0) return []
  const title = (source.file.split("/").at(-1) ?? "").replace(/\.ts$/, "").replaceAll("-", " ")
  const listed = entries.map(({ name }) => `[\`${name}\`](#T.${name})`).join(", ")
  return [
    `### ${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    `${headOf(source).join(" ")} [Source](../${source.file}). ${listed}.`,
    ...entries.map(operationEntry)
  ]
}

const indexOf = (library: string, names: Readonly<Record<string, string>>, operations: ReadonlySet<string>): string => {
  const rows = Object.entries(names).toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  return [
    `### By the names of ${library}`,
    "",
    `| ${library} | here |`,
    "| --- | --- |",
    ...rows.map(([name, ours]) => `| \`${name.replace(/^jax\.numpy\./, "jnp.")}\` | ${linked(ours, operations)} |`)
  ].join("\n")
}

const classTable = (): string => {
  const counts = Object.keys(classes).map((tag) => {
    const members = primitiveNames.filter((name) => primitives[name].reverse.tag === tag)
    return `| \`${tag}\` | ${members.length} | ${members.map((name) => `[\`${name}\`](#${name})`).join(" ")} |`
  })
  return ["| class | | primitives |", "| --- | --- | --- |", ...counts].join("\n")
}

/** The page. */
export const operationsPage = ({ sources, operations, names }: PageParts): string => {
  const library = libraryOf(sources)
  const sections = filesOf(sources).flatMap((source) => sectionOf(source, library, operations))
  return [
    "# Operations",
    "This page is generated from the records of the primitives and from the doc comments in the sources: `npm run docs:operations` writes it, and a test compares it with what they say now.",
    "Two layers: **operations** are the functions in the namespace `T` that programs are written with; their shapes and element types are checked by the compiler. They are made of **primitives**, whose records hold every rule: shapes, values, both derivatives, batching, code. Operations of two tensors can be called with the data last, `T.add(1)`, for use in a pipe; the signatures below show the data first. A bar marks a cotangent: `x_bar` is the derivative of the result with respect to x.",
    "- [Find an operation](#find-an-operation): PyTorch, JAX and numpy names\n- [Operations](#operations-in-t)\n- [Primitives](#primitives)",
    "## Find an operation",
    ...Object.entries(names).map(([of, list]) => indexOf(of, list, operations)),
    "## Operations in T",
    ...sections,
    "## Primitives",
    `Every primitive is in exactly one class:\n\n${classTable()}`,
    ...primitiveNames.map((name) => primitiveEntry(name, primitives[name]))
  ]
    .join("\n\n")
    .concat("\n")
}
