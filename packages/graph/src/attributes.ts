/** Attributes as text: one canonical form that merging and hashing compare. */
import { showShape } from "./errors.ts"
import type { Attributes } from "./tensor.ts"
import { isValue, type Value } from "./value.ts"

/** Constants up to this many bytes are compared by their contents, larger ones by reference. */
const contentLimit = 1024

const references = new WeakMap<ArrayBufferLike, number>()
let lastReference = 0

/** A number as text, every value apart: JSON knows neither -0 nor NaN nor the infinities. */
export const showNumber = (x: number): string => (Object.is(x, -0) ? "-0" : String(x))

/** Whether a constant is too large to be compared by its contents. */
export const isLarge = ({ data }: Value): boolean => data.byteLength > contentLimit

/** A text that is equal for equal constants; large ones are equal when they are the same memory. */
export const constantKey = (value: Value): string => {
  const { data, dtype, shape } = value
  const type = `${dtype}${showShape(shape)}`
  if (!isLarge(value)) return `${type}${Array.from(data, showNumber).join(",")}`
  const known = references.get(data.buffer) ?? ++lastReference
  references.set(data.buffer, known)
  return `${type}@${known}+${data.byteOffset}`
}

/** Plain data as text: JSON, but with every number. */
export const showPlain = (plain: unknown): string =>
  typeof plain === "number"
    ? showNumber(plain)
    : Array.isArray(plain)
      ? `[${plain.map(showPlain).join(",")}]`
      : JSON.stringify(plain)

/** A canonical text of attributes: equal for equal attributes. `showValue` writes constants. */
export const attributesKey = (attributes: Attributes, showValue: (value: Value) => string = constantKey): string => {
  let text = ""
  for (const name of Object.keys(attributes).sort()) {
    const value = attributes[name]
    text += `;${name}=${isValue(value) ? showValue(value) : showPlain(value)}`
  }
  return text
}
