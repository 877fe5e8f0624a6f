/**
 * The scalar functions: one definition each, in kernel IR, from which every target (WebAssembly, JavaScript, the
 * interpreter, the host) takes its bits. They hold for f32 and f64, scalars and vectors.
 */
import type { BinaryDefinition, UnaryDefinition } from "./arithmetic.ts"
import { atan } from "./atan.ts"
import { cos } from "./cos.ts"
import { digamma } from "./digamma.ts"
import { erf } from "./erf.ts"
import { erfc } from "./erfc.ts"
import { erfinv } from "./erfinv.ts"
import { exp } from "./exp.ts"
import { exp2 } from "./exp2.ts"
import { expm1 } from "./expm1.ts"
import { lgamma } from "./lgamma.ts"
import { log } from "./log.ts"
import { log10 } from "./log10.ts"
import { log1p } from "./log1p.ts"
import { log2 } from "./log2.ts"
import { largestOrder, polygamma } from "./polygamma.ts"
import { pow } from "./pow.ts"
import { remainder } from "./remainder.ts"
import { sigmoid } from "./sigmoid.ts"
import { sin } from "./sin.ts"
import { tanh } from "./tanh.ts"

export type { BinaryDefinition, Float, UnaryDefinition } from "./arithmetic.ts"

/** Names of the functions of one operand. */
export type UnaryFunction =
  | "exp"
  | "exp2"
  | "expm1"
  | "log"
  | "log2"
  | "log10"
  | "log1p"
  | "tanh"
  | "sin"
  | "cos"
  | "atan"
  | "sigmoid"
  | "erf"
  | "erfc"
  | "erfinv"
  | "lgamma"
  | "digamma"

/** Names of the functions of two operands. */
export type BinaryFunction = "pow"

/** The functions of one operand, by name. */
export const unaryFunctions: Readonly<Record<UnaryFunction, UnaryDefinition>> = {
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  tanh,
  sin,
  cos,
  atan,
  sigmoid,
  erf,
  erfc,
  erfinv,
  lgamma,
  digamma
}

/** The functions of two operands, by name. */
export const binaryFunctions: Readonly<Record<BinaryFunction, BinaryDefinition>> = { pow }

export { largestOrder, polygamma, pow, remainder }
