/** What laws are checked on: an operation with sample operands. */
import {
  allocate,
  type AnyTensor,
  apply,
  type Attributes,
  type Float,
  isFloat,
  type PrimitiveName,
  primitives,
  roundTo,
  type SampleOperand,
  sizeOf,
  T,
  type Value,
  Values
} from "@cotangent/graph"
import { type RandomNumbers, randomNumbers } from "../randomNumbers.ts"

/** A function of tensors with sample operands for it. */
export interface Subject {
  /** The primitive and the number of the sample: `gather/1`. */
  readonly name: string
  readonly operands: ReadonlyArray<SampleOperand>
  readonly apply: (operands: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
}

/** The subjects of a primitive's own samples. */
export const subjectsOf = (primitive: PrimitiveName): ReadonlyArray<Subject> =>
  primitives[primitive].samples.map(({ operands, attributes }, i) => ({
    name: `${primitive}/${i}`,
    operands,
    // A sample's attributes are those of its primitive, whose `infer` checks them again.
    apply: (xs) => apply(primitive, xs, attributes as Attributes)
  }))

/** The element types a subject is checked in: one if all its operands are given, else every float. */
export const dtypesOf = ({ operands }: Subject): ReadonlyArray<Float> =>
  operands.every((operand) => Values.isValue(operand)) ? ["f64"] : ["f32", "f64"]

const draw = (operand: SampleOperand, dtype: Float, random: RandomNumbers): Value => {
  if (Values.isValue(operand)) return operand
  const { shape, low, high } = operand
  const data = allocate(dtype, sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = roundTo[dtype](random.uniform(low, high))
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
