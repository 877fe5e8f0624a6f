import { type StatelessRule, type Transform, transform } from "../transform.ts"

/** The rule of the identity. */
export interface IdentityRule extends StatelessRule<{}> {}

/** The transform that changes nothing: `g' = g`. The identity of `chain`. */
export const identity: Transform<IdentityRule> = transform({
  name: "identity",
  options: {},
  slots: [],
  scalars: () => ({}),
  update: ({ grad }) => ({ grad })
})
