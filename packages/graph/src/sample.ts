/** The sample of a primitive as an expression. */
import { isFloat } from "./dtype.ts"
import { apply, operations } from "./operations.ts"
import type { Sample } from "./primitive.ts"
import type { PrimitiveName } from "./primitives/table.ts"
import type { AnyTensor, Attributes } from "./tensor.ts"

/** Applies a primitive to operands with the attributes and the regions of a sample; regions compute in the operands' float type. */
export const applySample = (
  primitive: PrimitiveName,
  operands: ReadonlyArray<AnyTensor>,
  { attributes, bodies }: Pick<Sample<unknown>, "attributes" | "bodies">
): ReadonlyArray<AnyTensor> => {
  const float = operands.find(({ dtype }) => isFloat(dtype))?.dtype === "f64" ? "f64" : "f32"
  const regions = (bodies?.(float) ?? []).flatMap(
    ({ parameters, f }) =>
      operations.regions("traced", [{ avals: parameters, f: (...xs) => f(operations, xs) }]).regions
  )
  // Samples stand in the record of their primitive, whose type says what its attributes are.
  return apply(primitive, operands, attributes as Attributes, regions)
}
