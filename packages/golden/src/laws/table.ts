/** The table of laws: every primitive, what kind of derivative it has, and which laws hold for it. */
import { type DType, type PrimitiveName, primitiveNames } from "@cotangent/graph"
import { type LawName, laws } from "./laws.ts"
import { type ExtraSample, extraSamples } from "./samples.ts"
import { subjectsOf } from "./subjects.ts"

/** A row of the table. */
export interface Row {
  /** How the primitive differentiates, in both modes: by a rule, as a constant, or not at all. */
  readonly derivative: "rule" | "zero" | "refuses"
  readonly laws: ReadonlyArray<LawName>
  /** The element type of the result, where it is not that of the operands. */
  readonly result?: DType
  /** The step of differences, where corners lie close. */
  readonly step?: number
}

/** What holds for everything that is computed from operands. */
const common: ReadonlyArray<LawName> = ["vmap", "targets", "dtypes", "shapes"]

/** Differentiable everywhere around its samples. */
const smooth: Row = { derivative: "rule", laws: ["differences", "adjoint", "secondOrder", ...common] }
/** Differentiable between corners, which random samples may come close to. */
const cornered: Row = { ...smooth, step: 2 ** -15 }
/** Constant between jumps. */
const flat: Row = { derivative: "zero", laws: ["zero", ...common], step: 2 ** -15 }
const flag: Row = { ...flat, result: "bool" }
/** Of integers and booleans only: there is nothing to differentiate. */
const discrete: Row = { derivative: "zero", laws: common }
/** Not computed from operands. */
const source: Row = { derivative: "zero", laws: ["targets", "dtypes", "shapes"] }

/** Every primitive. Its rules must be of the stated kind, and the laws are checked on all its samples. */
export const rows: Readonly<Record<PrimitiveName, Row>> = {
  abs: smooth,
  add: smooth,
  alias: smooth,
  and: discrete,
  argmax: { ...flat, result: "i32" },
  broadcast: smooth,
  cast: { ...smooth, result: "f64" },
  concat: smooth,
  constant: source,
  cos: smooth,
  div: smooth,
  dot: smooth,
  eq: flag,
  erf: smooth,
  exp: smooth,
  expm1: smooth,
  floor: flat,
  gather: smooth,
  iota: source,
  le: flag,
  log: smooth,
  log1p: smooth,
  lt: flag,
  max: cornered,
  min: cornered,
  mul: smooth,
  neg: smooth,
  not: discrete,
  or: discrete,
  pad: smooth,
  // A parameter is what every compiled law computes from; alone it has no value.
  parameter: { derivative: "zero", laws: [] },
  pow: smooth,
  reduceMax: cornered,
  reduceMin: cornered,
  reduceSum: smooth,
  reshape: smooth,
  scan: smooth,
  scatterAdd: smooth,
  select: smooth,
  shiftLeft: discrete,
  shiftRight: discrete,
  sigmoid: smooth,
  sign: flat,
  sin: smooth,
  slice: smooth,
  sqrt: smooth,
  // The identity, whose derivative is said to be zero.
  stopGradient: { derivative: "zero", laws: ["stopped", ...common] },
  sub: smooth,
  tanh: smooth,
  threefry: discrete,
  transpose: smooth,
  xor: discrete
}

/** Laws about derivatives need a float operand. */
const ofDerivatives: ReadonlySet<LawName> = new Set(["differences", "adjoint", "secondOrder", "zero"])

const lawsOf = ({ only, operands }: ExtraSample, row: Row): ReadonlyArray<LawName> => {
  const differentiable = operands.some((operand) => "low" in operand)
  return (only ?? row.laws).filter((law) => differentiable || !ofDerivatives.has(law))
}

/** One law for one sample. */
export interface Check {
  readonly primitive: PrimitiveName
  readonly sample: string
  readonly law: LawName
  /** The sentence of a violation, or nothing. */
  readonly run: (seed: number) => string | undefined
}

/** Every law of every sample of every primitive. */
export const checks: ReadonlyArray<Check> = primitiveNames.flatMap((primitive) => {
  const row = rows[primitive]
  const samples: ReadonlyArray<ExtraSample> = [...subjectsOf(primitive), ...(extraSamples[primitive] ?? [])]
  return samples.flatMap((sample) =>
    lawsOf(sample, row).map((law): Check => ({
      primitive,
      sample: sample.name,
      law,
      run: (seed) => laws[law](sample, { seed, step: row.step ?? 2 ** -10, result: sample.result ?? row.result })
    }))
  )
})
