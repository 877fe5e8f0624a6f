/** The table of primitives: one line each. The set is closed; users compose. */
import type { AnyPrimitive } from "../primitive.ts"
import { abs } from "./abs.ts"
import { add } from "./add.ts"
import { alias } from "./alias.ts"
import { and } from "./and.ts"
import { argmax } from "./argmax.ts"
import { broadcast } from "./broadcast.ts"
import { cast } from "./cast.ts"
import { concat } from "./concat.ts"
import { cos } from "./cos.ts"
import { div } from "./div.ts"
import { dot } from "./dot.ts"
import { eq } from "./eq.ts"
import { erf } from "./erf.ts"
import { exp } from "./exp.ts"
import { expm1 } from "./expm1.ts"
import { floor } from "./floor.ts"
import { gather } from "./gather.ts"
import { le } from "./le.ts"
import { log } from "./log.ts"
import { log1p } from "./log1p.ts"
import { lt } from "./lt.ts"
import { max } from "./max.ts"
import { min } from "./min.ts"
import { mul } from "./mul.ts"
import { neg } from "./neg.ts"
import { not } from "./not.ts"
import { or } from "./or.ts"
import { pad } from "./pad.ts"
import { pow } from "./pow.ts"
import { reduceMax } from "./reduceMax.ts"
import { reduceMin } from "./reduceMin.ts"
import { reduceSum } from "./reduceSum.ts"
import { reshape } from "./reshape.ts"
import { scan } from "./scan.ts"
import { scatterAdd } from "./scatterAdd.ts"
import { select } from "./select.ts"
import { shiftLeft } from "./shiftLeft.ts"
import { shiftRight } from "./shiftRight.ts"
import { sigmoid } from "./sigmoid.ts"
import { sign } from "./sign.ts"
import { sin } from "./sin.ts"
import { slice } from "./slice.ts"
import { constant, iota, parameter } from "./sources.ts"
import { sqrt } from "./sqrt.ts"
import { stopGradient } from "./stopGradient.ts"
import { sub } from "./sub.ts"
import { tanh } from "./tanh.ts"
import { threefry } from "./threefry.ts"
import { transpose } from "./transpose.ts"
import { xor } from "./xor.ts"

const table = {
  abs,
  add,
  alias,
  and,
  argmax,
  broadcast,
  cast,
  concat,
  constant,
  cos,
  div,
  dot,
  eq,
  erf,
  exp,
  expm1,
  floor,
  gather,
  iota,
  le,
  log,
  log1p,
  lt,
  max,
  min,
  mul,
  neg,
  not,
  or,
  pad,
  parameter,
  pow,
  reduceMax,
  reduceMin,
  reduceSum,
  reshape,
  scan,
  scatterAdd,
  select,
  shiftLeft,
  shiftRight,
  sigmoid,
  sign,
  sin,
  slice,
  sqrt,
  stopGradient,
  sub,
  tanh,
  threefry,
  transpose,
  xor
}

/** The name of a primitive. */
export type PrimitiveName = keyof typeof table

/** Every primitive by name. */
export const primitives: Readonly<Record<PrimitiveName, AnyPrimitive>> = table

/** Every name, in alphabetical order. */
// Object.keys of the table above gives exactly its keys.
export const primitiveNames = Object.keys(table) as ReadonlyArray<PrimitiveName>
