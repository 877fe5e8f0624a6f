/** Results of operations with a derivative of their own. */
import type { RuleOperations } from "../operations-interface.ts"
import { operations } from "../operations.ts"
import type { Maybe } from "../primitive.ts"
import { type CustomApplication, type CustomRule, withRule } from "../primitives/custom.ts"
import type { AnyTensor } from "../tensor.ts"

/** Results as they were computed from arguments, with derivatives given by a rule. */
export const withDerivativeRule = (
  name: string,
  results: ReadonlyArray<AnyTensor>,
  args: ReadonlyArray<AnyTensor>,
  rule: CustomRule,
  ops: Pick<RuleOperations, "custom"> = operations
): ReadonlyArray<AnyTensor> =>
  ops.custom([...results, ...args], withRule({ name, results: results.length, captured: 0 }, rule))

/** Results with a rule for forward mode, which is linear in the tangents; reverse mode transposes it. */
export const withForwardRule = (
  name: string,
  results: ReadonlyArray<AnyTensor>,
  args: ReadonlyArray<AnyTensor>,
  pushforward: (ops: RuleOperations, at: CustomApplication, tangents: ReadonlyArray<Maybe>) => ReadonlyArray<Maybe>
): ReadonlyArray<AnyTensor> => withDerivativeRule(name, results, args, { pushforward })
