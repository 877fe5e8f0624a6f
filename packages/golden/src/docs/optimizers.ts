/** The reference page of optimizers, made of their documents, their options, the table of rules and doc comments. */
import { T } from "@cotangent/graph"
import {
  memoryOf,
  type OptimizerDocument,
  OptimizerError,
  optimizerFamilies,
  type OptimizerFamily,
  type Optimizer,
  optimizers,
  type OptimizerSample,
  presets,
  type Rule,
  type Traits
} from "@cotangent/optim"
import * as optim from "@cotangent/optim"
import type { Source } from "./comments.ts"
import { type Declaration, declarationsOf, libraryOf, proseOf } from "./declarations.ts"

/** A table of the page that lists exported functions: the files they are in, in the order of the page. */
interface Listing {
  readonly title: string
  readonly text: string
  readonly files: ReadonlyArray<string>
}

const under = (folder: string, ...names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.map((name) => `packages/optim/src/${folder}${name}.ts`)

const listings: ReadonlyArray<Listing> = [
  {
    title: "Transforms",
    text: "A transform makes another gradient of a gradient and remembers a typed state; `chain` puts several one after another, `fromTransform` makes an optimizer of them. Wrappers of whole optimizers stand below them.",
    files: [
      ...under("", "chain"),
      ...under(
        "transforms/",
        "identity",
        "scale",
        "trace",
        "ema",
        "scaleByAdam",
        "addDecayedWeights",
        "clipByValue",
        "clipByGlobalNorm",
        "clipByNorm",
        "centralize",
        "addNoise",
        "flushTiny",
        "skipNonFinite",
        "accumulate",
        "masked",
        "partition",
        "freeze"
      ),
      ...under("", "grouped", "averaged", "projection", "unroll")
    ]
  },
  {
    title: "Schedules",
    text: "A schedule is a function of the step, counted from 0, in the namespace `Schedule`: the learning rate of every rule takes one, and so does every hyper-parameter of a transform. Changing it compiles nothing again.",
    files: under("schedule/", "decay", "training", "piecewise", "cycles", "multiplicative", "combine", "plateau")
  },
  {
    title: "Solvers",
    text: "A solver is given the function itself, and calls it as often as it needs: `minimize` and `leastSquares` run to the end, `lbfgs` is a state machine of steps.",
    files: under("solver/", "minimize", "leastSquares", "lbfgs")
  }
]

const bytesPerNumber = 4
/** What memory is counted on. */
const sample = { kernel: T.zeros([1024, 1024]) }
const bytesOf = (use: OptimizerSample["use"]): number =>
  Number((use((optimizer) => memoryOf(optimizer, sample).perParameter) * bytesPerNumber).toFixed(2))

const symmetries = {
  elements: "permutations and changes of sign of elements",
  axes: "permutations and changes of sign of rows and columns",
  sign: "a change of all signs"
} as const

const firstSteps = {
  elementwise: "its first step moves every element against its gradient",
  descends: "its first step goes down along the gradient as a whole",
  waits: "its first step waits: what is evaluated does not move"
} as const

const lawsOf = ({ firstStep, rests, scaleInvariant, symmetry }: Traits): string =>
  [
    rests ? "rests at a zero gradient" : "shrinks parameters at a zero gradient",
    `commutes with ${symmetries[symmetry]}`,
    ...(scaleInvariant ? ["does not depend on the scale of gradients"] : []),
    firstSteps[firstStep]
  ].join("; ")

/** An optimizer of a constructor that takes only options, with those that it needs. */
const constructed = (name: string): Constructed | undefined => {
  const make: unknown = Object.entries(optim).find(([key]) => key === name)?.[1]
  if (typeof make !== "function") return undefined
  for (const given of [{}, { learningRate: 1 }]) {
    try {
      // The constructor of a rule that takes one argument takes its options.
      const optimizer = (make as (options: object) => Optimizer<Rule>)(given)
      const defaults = { ...optimizer.options, ...("learningRate" in given ? { learningRate: "given" } : {}) }
      return { optimizer, defaults }
    } catch (error) {
      if (!(error instanceof OptimizerError)) return undefined
    }
  }
  return undefined
}

interface Constructed {
  readonly optimizer: Optimizer<Rule>
  readonly defaults: Readonly<Record<string, unknown>>
}

/** `0 bytes; 4 (momentum, nesterov)`: of the plain form, and of the others where they differ. */
const memoryText = (document: OptimizerDocument, plain: Constructed | undefined): string | undefined => {
  const forms = new Map<number, Array<string>>()
  if (plain !== undefined)
    forms.set(
      bytesOf((law) => law(plain.optimizer)),
      [""]
    )
  for (const { name, use } of optimizers.filter((row) => row.document === document)) {
    const form = name === document.name ? "" : name.slice(document.name.length + 2)
    forms.set(bytesOf(use), [...(forms.get(bytesOf(use)) ?? []), form])
  }
  const [first, ...others] = [...forms]
  if (first === undefined) return undefined
  const ofOthers = others.map(([bytes, names]) => `${bytes} (${names.filter((name) => name !== "").join("; ")})`)
  return [`${first[0]} bytes`, ...ofOthers].join(", ")
}

const shown = (value: unknown): string => {
  if (value === undefined) return "none"
  if (value === "given") return "given"
  if (typeof value === "function") return "a schedule"
  return `\`${typeof value === "number" && Math.abs(value) < 1e-3 && value !== 0 ? value.toExponential() : String(value)}\``
}

const frameworks = { PyTorch: presets.torch, Keras: presets.keras, Optax: presets.optax } as const

/** Doc comments of the fields of a source. */
const fieldComments = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\n\s+readonly (\w+)\??:/g)].map(([, comment = "", name = ""]) => [
      name,
      proseOf(comment).join(" ")
    ])
  )

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ")

const tableOf = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n")

const optionsTable = (
  { conventions, name }: OptimizerDocument,
  { defaults }: Constructed,
  comments: (option: string) => string | undefined
): string => {
  const columns = Object.entries(frameworks).flatMap(([framework, list]) => {
    const preset = Object.entries(list).find(([rule]) => rule === name)?.[1]
    const values = { ...defaults, learningRate: "given", ...preset }
    return preset === undefined ? [] : [[framework, new Map<string, unknown>(Object.entries(values))] as const]
  })
  return tableOf(
    ["option", "default", ...columns.map(([framework]) => framework), ""],
    Object.keys(defaults).map((option) => [
      `\`${option}\``,
      shown(defaults[option]),
      ...columns.map(([, values]) => shown(values.get(option))),
      comments(option) ?? conventions[option] ?? ""
    ])
  )
}

/** What the page is made of. */
export interface OptimizersPageParts {
  /** The sources of the package of optimizers. */
  readonly sources: ReadonlyArray<Source>
}

const named = (text: string): string => `<a id="${text}"></a>`

/** What is said of an option: beside it, else in the document of the rule, else where it is defined for many rules. */
const commentsFor = (own: Source, document: OptimizerDocument, sources: ReadonlyArray<Source>) => {
  const beside = fieldComments(own.text.replace(/^[\s\S]*?Options\b/, ""))
  const elsewhere = new Map(
    ["adam", "weightDecay"].flatMap((name) => {
      const text = sources.find(({ file }) => file.endsWith(`/${name}.ts`))?.text ?? ""
      return [...fieldComments(text.replace(/^[\s\S]*?Options\b/, ""))]
    })
  )
  return (option: string): string | undefined =>
    beside.get(option) ??
    document.conventions[option] ??
    (option === "learningRate" ? "The learning rate, or a schedule." : elsewhere.get(option))
}

const ruleEntry = (document: OptimizerDocument, sources: ReadonlyArray<Source>): string => {
  const { conventions, equation, name, slots, source, summary, traits } = document
  const own = sources.find(({ text }) => new RegExp(`^export const ${name}Document\\b`, "m").test(text))
  if (own === undefined) throw new RangeError(`there is no source of ${name}`)
  const declaration = declarationsOf(libraryOf(sources), own).find((one) => one.name === name)
  // What wraps others takes them first.
  const plain = declaration?.parameters.length === 1 ? constructed(name) : undefined
  const memory = memoryText(document, plain)
  const words = Object.entries(conventions).map(([option, text]) => `\`${option}\`: ${text}`)
  const parameters =
    plain === undefined
      ? (declaration?.parameters ?? []).join(", ")
      : `{ ${Object.entries(plain.defaults)
          .map(([option, value]) => (value === "given" ? option : `${option}?`))
          .join(", ")} }`
  return [
    `${named(name)}\n\n### \`${name}(${parameters})\``,
    summary,
    [
      `- \`${equation}\``,
      `- source: ${source}`,
      `- state: \`params\`, ${Object.entries(slots)
        .map(([slot, text]) => `\`${slot}\` (${text}), `)
        .join("")}\`step\`, \`learningRate\``,
      ...(memory === undefined ? [] : [`- memory per parameter, beside the parameters themselves: ${memory}`]),
      `- laws: ${lawsOf(traits)}`,
      ...(words.length === 0 ? [] : [`- conventions: ${words.join("; ")}`]),
      `- [source code](../${own.file})`
    ].join("\n"),
    ...(plain === undefined ? [] : [optionsTable(document, plain, commentsFor(own, document, sources))])
  ].join("\n\n")
}

const familySection = (
  { documents, name, pictured, summary, title }: OptimizerFamily,
  sources: ReadonlyArray<Source>
): ReadonlyArray<string> => [
  `${named(`family-${name}`)}\n\n## ${title}`,
  summary,
  `![paths of ${pictured.join("; ")}](pictures/paths-${name}.png)`,
  ...documents.map((document) => ruleEntry(document, sources))
]

const yes = (holds: boolean): string => (holds ? "yes" : "")

const lawMatrix = (): string =>
  tableOf(
    ["rule and options", "rests", "elements", "rows and columns", "scale-free", "first step", "bytes"],
    optimizers.map((row) => [
      row.ascends ? `${row.name} (ascends)` : row.name,
      yes(row.rests),
      yes(row.symmetry === "elements"),
      yes(row.symmetry !== "sign"),
      yes(row.scaleInvariant),
      row.firstStep,
      String(bytesOf(row.use))
    ])
  )

/** Transforms that take no parameters. */
const values: ReadonlyArray<string> = ["identity", "freeze", "centralize"]

const sentenceOf = ({ prose }: Declaration): string => {
  const first = (prose[0] ?? "").replace(/:$/, ".")
  return first.length <= 320 ? first : `${first.slice(0, first.indexOf(". ") + 1)}`
}

const listingSection = ({ files, text, title }: Listing, sources: ReadonlyArray<Source>): ReadonlyArray<string> => {
  const library = libraryOf(sources)
  const rows = files.flatMap((file) => {
    const source = sources.find((one) => one.file === file)
    if (source === undefined) throw new RangeError(`there is no ${file}`)
    return declarationsOf(library, source)
      .filter(({ name, parameters }) => !name.endsWith("Document") && (parameters.length > 0 || values.includes(name)))
      .map((one) => [
        `[\`${one.name}\`](../${file})`,
        one.parameters.length === 0 ? "" : `\`${one.parameters.join(", ")}\``,
        sentenceOf(one)
      ])
  })
  return [`## ${title}`, text, tableOf(["name", "parameters", ""], rows)]
}

const contents = (): string =>
  [
    ...optimizerFamilies.map(
      ({ documents, name, title }) =>
        `- [${title}](#family-${name}): ${documents.map((one) => `[\`${one.name}\`](#${one.name})`).join(", ")}`
    ),
    "- [Laws](#laws): which rule obeys which",
    "- [Transforms](#transforms), [schedules](#schedules), [solvers](#solvers)"
  ].join("\n")

/** The page. */
export const optimizersPage = ({ sources }: OptimizersPageParts): string =>
  [
    "# Optimizers",
    "This page is generated from the code: from the documents beside the rules, their options, and the table that the laws are checked on. `npm run docs:optimizers` writes it and draws its pictures, and a test compares it with what the code says now.",
    "To find the rule that another framework calls Adam, see [Which Adam is it?](guides/which-adam.md); for rules of your own, explanations of steps and learning rates, [the guide](guides/optimizers.md); for times, [performance](performance.md#the-update-of-every-rule).",
    contents(),
    "Letters: `theta` are the parameters, `g` is the gradient, `eta` or `alpha` the learning rate, `t` counts steps from 1; a prime marks the value after the step. Presets are `Optimizer.presets.torch.adam` and so on: spread one into the options. A column of a framework shows its own default where there is one, `given` where it must be given; an empty option of ours is `none`. Memory is that of the state in float32 for a matrix of 1024 rows and columns; matrices of moments depend on the shape. All pictures show each rule at the best of 14 rates from 1 down to 0.0005 at which it stays in the picture, by the mean height over the last quarter of its steps.",
    ...optimizerFamilies.flatMap((family) => familySection(family, sources)),
    "## Laws",
    "Checked for every row of this table by [a test](../packages/optim/src/optimizers/laws.test.ts): a step is pure, counts from 0 and keeps the structure of its state; it commutes with a change of all signs; a tree of one leaf is treated as the leaf; moments have the element type of their parameter, and integers pass through; no rate and no step is compiled in; 100 steps come close to the minimum of a parabola (or climb it, for those that ascend), 150 steps of the first form of a rule go down into Rosenbrock's valley. Compiled, every row gives [the same bits](../packages/golden/src/optimizers/compiled.test.ts) from WebAssembly and from JavaScript, and a state that was saved goes on to the same bits without compiling again.",
    "The columns are the laws that only some obey. They are traits in the table of rules, and the test checks each of them: `rests`: a zero gradient leaves fresh parameters where they are (no decay); `elements`: permutations and changes of sign of elements give the same path, permuted; `rows and columns`: the same of whole rows and columns; `scale-free`: gradients multiplied by 1024 lead the same way, up to epsilon; the first step from the origin moves every element against its gradient (`elementwise`), goes down along it as a whole (`descends`), or leaves what is evaluated where it is (`waits`). `bytes` are those of the state, per parameter.",
    lawMatrix(),
    ...listings.flatMap((listing) => listingSection(listing, sources))
  ]
    .join("\n\n")
    .concat("\n")
