/** Random numbers: keys, and the distributions they are drawn from. */
export { bernoulli, categorical, type CategoricalOptions, poisson } from "./discrete.ts"
export { exponential, gumbel, laplace } from "./exponential.ts"
export { beta, dirichlet, gamma, logGamma, type Parameter } from "./gamma.ts"
export { bits, fold, key, type Key, type Keys, split } from "./key.ts"
export { normal, truncatedNormal } from "./normal.ts"
export { choice, type ChoiceOptions, permutation } from "./order.ts"
export { randint, uniform } from "./uniform.ts"
