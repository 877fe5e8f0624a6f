/**
 * The scalar functions: one definition each, in kernel IR, from which every target (WebAssembly, JavaScript, the
 * interpreter, the host) takes its bits. They hold for f32 and f64, scalars and vectors.
 */
import type { BinaryDefinition, UnaryDefinition } from "./arithmetic.ts"
import { cos } from "./cos.ts"
import { erf } from "./erf.ts"
import { exp } from "./exp.ts"
import { expm1 } from "./expm1.ts"
import { log } from "./log.ts"
import { log1p } from "./log1p.ts"
import { pow } from "./pow.ts"
import { sigmoid } from "./sigmoid.ts"
import { sin } from "./sin.ts"
import { tanh } from "./tanh.ts"

export type { BinaryDefinition, Float, UnaryDefinition } from "./arithmetic.ts"

/** Names of the functions of one operand. */
export type UnaryFunction = "exp" | "expm1" | "log" | "log1p" | "tanh" | "sin" | "cos" | "sigmoid" | "erf"

/** Names of the functions of two operands. */
export type BinaryFunction = "pow"

/** The functions of one operand, by name. */
export const unaryFunctions: Readonly<Record<UnaryFunction, UnaryDefinition>> = {
  exp,
  expm1,
  log,
  log1p,
  tanh,
  sin,
  cos,
  sigmoid,
  erf
}

/** The functions of two operands, by name. */
export const binaryFunctions: Readonly<Record<BinaryFunction, BinaryDefinition>> = { pow }

export { pow }
