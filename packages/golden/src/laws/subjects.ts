/** What laws are checked on: a function of tensors with sample operands. */
import {
  allocate,
  type AnyTensor,
  applySample,
  type Attributes,
  type DType,
  type Float,
  isFloat,
  type PrimitiveName,
  primitives,
  roundTo,
  type Sample,
  type SampleOperand,
  sizeOf,
  T,
  type Value,
  Values
} from "@cotangent/graph"
import { type RandomNumbers, randomNumbers } from "../randomNumbers.ts"
import type { LawName } from "./statements.ts"

/** A function of tensors with sample operands for it. */
export interface Subject {
  /** The operation and its sample: `gather/1`, `T.where/scalar`. */
  readonly name: string
  readonly operands: ReadonlyArray<SampleOperand>
  readonly apply: (operands: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
  /** The laws that are checked; all that apply unless given. */
  readonly only?: ReadonlyArray<LawName>
  /** Laws that do not hold, each with the reason beside it. */
  readonly except?: ReadonlyArray<LawName>
  /** The float types that are checked; both unless given. */
  readonly floats?: ReadonlyArray<Float>
  /** An element type that results have beside those of the operands, bool and i32. */
  readonly result?: DType
}

/** The element type that attributes ask for. */
const resultOf = (attributes: Attributes): Pick<Subject, "result"> => {
  const { dtype, value } = attributes
  const stated = Values.isValue(value) ? value.dtype : dtype
  // Attributes called dtype are element types.
  return typeof stated === "string" ? { result: stated as DType } : {}
}

/** A sample of a primitive as a subject. */
export const subjectOf = (primitive: PrimitiveName, name: string, sample: Sample<unknown>): Subject => ({
  name: `${primitive}/${name}`,
  operands: sample.operands,
  apply: (xs) => applySample(primitive, xs, sample),
  // A sample's attributes are those of its primitive, whose `infer` checks them again.
  ...resultOf(sample.attributes as Attributes)
})

/** The subjects of a primitive's own samples. */
export const subjectsOf = (primitive: PrimitiveName): ReadonlyArray<Subject> =>
  primitives[primitive].samples.map((sample, i) => subjectOf(primitive, String(i), sample))

/** Whether some operand is drawn: a float to differentiate with respect to. */
export const isDrawn = ({ operands }: Subject): boolean => operands.some((operand) => !Values.isValue(operand))

/** The element types a subject is checked in: one if all its operands are given, else every float. */
export const dtypesOf = (subject: Subject): ReadonlyArray<Float> =>
  isDrawn(subject) ? (subject.floats ?? ["f32", "f64"]) : ["f64"]

const draw = (operand: SampleOperand, dtype: Float, random: RandomNumbers): Value => {
  if (Values.isValue(operand)) return operand
  const { shape, low, high, around } = operand
  const data = allocate(dtype, sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = roundTo[dtype](random.uniform(low, high) + (around?.[i] ?? 0))
  return { shape, dtype, data }
}

/** Values for the operands of a subject: given ones as they are, the others drawn. */
export const valuesOf = ({ operands }: Subject, dtype: Float, seed: number): ReadonlyArray<Value> => {
  const random = randomNumbers(seed)
  return operands.map((operand, i) => draw(operand, dtype, random.fork(i)))
}

/** Values of several examples: drawn anew for each, given ones turned round, so that examples differ. */
export const examplesOf = (
  subject: Subject,
  dtype: Float,
  seed: number,
  count: number
): ReadonlyArray<ReadonlyArray<Value>> =>
  Array.from({ length: count }, (_, example) =>
    valuesOf(subject, dtype, seed * 64 + example).map((value, i) =>
      Values.isValue(subject.operands[i]) ? turned(value, example) : value
    )
  )

const turned = (value: Value, by: number): Value => {
  const n = value.data.length
  const data = allocate(value.dtype, n)
  for (let i = 0; i < n; i++) data[i] = value.data[(i + by) % n] ?? 0
  return { ...value, data }
}

/** Values of one shape as one value with a leading batch axis. */
export const stacked = (values: ReadonlyArray<Value>): Value => {
  const [first] = values
  if (first === undefined) throw new RangeError("stacked: no value was given")
  const data = allocate(first.dtype, first.data.length * values.length)
  values.forEach((value, i) => data.set(value.data, i * first.data.length))
  return { shape: [values.length, ...first.shape], dtype: first.dtype, data }
}

/** Values as constants. */
export const constants = (values: ReadonlyArray<Value>): ReadonlyArray<AnyTensor> =>
  values.map((value): AnyTensor => T.fromValue(value))

/** A random tensor like another: a direction or a cotangent; zeros where it is no float. */
export const randomLike = (x: AnyTensor, random: RandomNumbers): Value => {
  const data = allocate(x.dtype, sizeOf(x.shape))
  if (isFloat(x.dtype)) for (let i = 0; i < data.length; i++) data[i] = roundTo[x.dtype](random.uniform(-1, 1))
  return { shape: x.shape, dtype: x.dtype, data }
}
