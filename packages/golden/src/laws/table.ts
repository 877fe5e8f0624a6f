/**
 * The table of laws: every law for every sample of every primitive and of every public operation. Nothing is said per
 * primitive: which laws apply follows from its rules and from the operands of its samples.
 */
import { isFloat, type PrimitiveName, primitiveNames, primitives } from "@cotangent/graph"
import { type LawName, laws } from "./laws.ts"
import { operationSamples } from "./operation-samples.ts"
import { samplesBeside } from "./primitive-samples.ts"
import { constants, isDrawn, type Subject, subjectsOf, valuesOf } from "./subjects.ts"

/** How a primitive differentiates: by a rule, as a constant, or not at all. */
export type DerivativeClass = "rule" | "zero" | "refuses"

/** The class of a primitive in both modes, or the sentence that they differ. */
export const classOf = (primitive: PrimitiveName): DerivativeClass => {
  const { reverse, forward } = primitives[primitive]
  if (reverse.tag !== forward.tag)
    throw new TypeError(
      `${primitive}: its reverse rule is of class ${reverse.tag}, its forward rule of class ${forward.tag}`
    )
  return reverse.tag
}

/** What holds of everything. */
const common: ReadonlyArray<LawName> = ["vmap", "targets", "dtypes", "shapes", "graphs"]

const byClass: Readonly<Record<DerivativeClass, ReadonlyArray<LawName>>> = {
  rule: ["differences", "adjoint", "secondOrder"],
  zero: ["zero"],
  refuses: ["refused"]
}

/** Whether some result of a subject is a float, so that it has derivatives; what cannot be built says so in every law. */
const hasFloatResult = (subject: Subject): boolean => {
  try {
    return subject.apply(constants(valuesOf(subject, "f64", 1))).some(({ dtype }) => isFloat(dtype))
  } catch {
    return true
  }
}

/** Primitives whose derivatives are not those of their values: what is checked of them instead. */
const declared: { readonly [P in PrimitiveName]?: ReadonlyArray<LawName> } = {
  // Derivatives are what its user says; those of `T.customVjp` and its like are checked.
  custom: [],
  // The identity, whose derivative is said to be zero.
  stopGradient: ["stopped"]
}

/** Whether the derivatives of a primitive are those of its values. */
export const isDifferentiable = (primitive: PrimitiveName): boolean => declared[primitive] === undefined

/** The laws of derivatives that hold of a sample. */
const derivativeLaws = (subject: Subject, primitive: PrimitiveName | undefined): ReadonlyArray<LawName> => {
  const own = primitive === undefined ? undefined : declared[primitive]
  if (!isDrawn(subject)) return []
  if (own !== undefined) return own
  if (!hasFloatResult(subject)) return byClass.zero
  return byClass[primitive === undefined ? "rule" : classOf(primitive)]
}

const lawsOf = (subject: Subject, primitive?: PrimitiveName): ReadonlyArray<LawName> =>
  subject.only ??
  [...derivativeLaws(subject, primitive), ...common].filter(
    (law) =>
      subject.except?.includes(law) !== true &&
      // What has no operands has nothing to be batched.
      (law !== "vmap" || subject.operands.length > 0)
  )

/** One law for one sample of an operation. */
export interface Check {
  /** `sin` is a primitive, `T.sin` the public operation. */
  readonly operation: string
  readonly sample: string
  readonly law: LawName
  /** The sentence of a violation, or nothing. */
  readonly run: (seed: number) => string | undefined
}

/** A law as a sentence in every case: what throws violates it. */
const attempt = (law: LawName, subject: Subject, seed: number): string | undefined => {
  try {
    return laws[law](subject, seed)
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

/** The laws of a subject as checks. */
export const checksOf = (operation: string, subject: Subject, primitive?: PrimitiveName): ReadonlyArray<Check> =>
  lawsOf(subject, primitive).map((law) => ({
    operation,
    sample: subject.name,
    law,
    run: (seed) => attempt(law, subject, seed)
  }))

/** Every sample of a primitive, its own first. */
export const samplesOf = (primitive: PrimitiveName): ReadonlyArray<Subject> => [
  ...subjectsOf(primitive),
  ...samplesBeside(primitive)
]

/** Every law of every sample of every primitive. */
export const primitiveChecks: ReadonlyArray<Check> = primitiveNames.flatMap((primitive) =>
  samplesOf(primitive).flatMap((subject) => checksOf(primitive, subject, primitive))
)

/** Every law of every sample of every public operation. */
export const operationChecks: ReadonlyArray<Check> = operationSamples.flatMap((subject) =>
  checksOf(`T.${subject.operation}`, subject)
)

/**
 * The same in one float type each, the samples of an operation taking turns: operations are made of primitives, which are
 * checked in both.
 */
export const operationChecksInTurn: ReadonlyArray<Check> = operationSamples.flatMap((subject, i) =>
  checksOf(`T.${subject.operation}`, { ...subject, floats: i % 2 === 0 ? ["f32"] : ["f64"] })
)

/** Every law of every sample. */
export const checks: ReadonlyArray<Check> = [...primitiveChecks, ...operationChecks]
