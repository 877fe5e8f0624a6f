/** Vectors made of scalars, scalars taken out of vectors, vectors made longer, and the indices of loops. */
import type { DType, Instruction, Loop, Register, Type } from "@cotangent/kernel"
import type { Words } from "./assembler.ts"
import { splatOf } from "./constants.ts"
import {
  activeLanes,
  type Frame,
  halfOf,
  halvesOf,
  lanesPerHalf,
  own,
  stable,
  unsupported,
  valueTypeOf,
  withTemporary
} from "./frame.ts"
import { apart, together, toolsOf } from "./pairing.ts"
import * as vector from "./vector.ts"

/** Pushes one lane of a vector as a scalar; `bool` lanes become 0 or 1. */
export const pushLane = (frame: Frame, type: Type, halves: ReadonlyArray<number>, lane: number): void => {
  const { code } = frame
  const perOne = lanesPerHalf(type)
  const half = halves[Math.floor(lane / perOne)]
  if (half === undefined) throw unsupported(frame, `lane ${lane} of a vector of ${type.lanes} lanes`)
  code.get(half)
  const within = lane % perOne
  code.lane(vector.extracts[type.dtype], type.dtype === "bool" ? within * (4 / perOne) : within)
  if (type.dtype === "bool") {
    code.i32(1)
    code.op("i32.and")
  }
}

/** Pushes a scalar in all lanes; `bool` becomes a mask. */
const pushSplat = ({ code }: Frame, dtype: DType, local: number): void => {
  if (dtype === "bool") code.i32(0)
  code.get(local)
  if (dtype === "bool") code.op("i32.sub")
  code.op(vector.splats[dtype])
}

export const emitSplat = (frame: Frame, out: Register, a: Register): ReadonlyArray<number> => {
  const scalar = halfOf(frame, a, 0)
  const local = own(frame, "v128")
  pushSplat(frame, a.type.dtype, scalar)
  frame.code.set(local)
  if (!frame.variables.has(a.id)) frame.splats.set(out.id, scalar)
  return Array.from({ length: halvesOf(out.type) }, () => local)
}

export const emitExtract = (frame: Frame, out: Register, a: Register, lane: number): ReadonlyArray<number> => {
  pushLane(frame, a.type, apart(frame, a), lane)
  const local = own(frame, valueTypeOf(out.type))
  frame.code.set(local)
  return [local]
}

/** All ones in the first lanes, zeros in the others. */
const laneMask = (type: Type, active: number): Words => {
  const words = (active * 4) / lanesPerHalf(type)
  const word = (index: number): number => (index < words ? 0xffffffff : 0)
  return [word(0), word(1), word(2), word(3)]
}

export const emitExtend = (frame: Frame, out: Register, a: Register, fill: number): ReadonlyArray<number> => {
  const { code, constants } = frame
  const from = stable(frame, a)
  const filled = splatOf(out.type.dtype, fill)
  const halves = Array.from({ length: halvesOf(out.type) }, (_, half) => {
    const local = from[half]
    if (local === undefined) return constants.words(filled)
    const active = a.type.lanes === 1 ? 1 : activeLanes(a.type, half)
    if (active === lanesPerHalf(out.type)) return local
    const result = own(frame, "v128")
    if (a.type.lanes === 1) pushSplat(frame, a.type.dtype, local)
    else code.get(local)
    if (filled.every((word) => word === 0)) {
      code.get(constants.words(laneMask(out.type, active)))
      code.op("v128.and")
    } else {
      code.get(constants.words(filled))
      code.get(constants.words(laneMask(out.type, active)))
      code.op("v128.bitselect")
    }
    code.set(result)
    return result
  })
  return together(frame, out.type, halves)
}

/** The bytes 8..15, and 4..7, moved to the front: the second half of what is left to fold. */
const upperPair = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]
const secondLane = [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7]

export const emitCombine = (
  frame: Frame,
  { op, out, a }: Extract<Instruction, { readonly tag: "combine" }>
): ReadonlyArray<number> => {
  const { code } = frame
  const recipe = vector.find(frame, vector.binaries, a.type.dtype, op)
  const [lower, upper] = apart(frame, a)
  if (lower === undefined || upper === undefined || a.type.lanes !== 2 * lanesPerHalf(a.type)) {
    throw unsupported(frame, `combine of a vector of ${a.type.lanes} lanes of ${a.type.dtype}`)
  }
  const result = own(frame, valueTypeOf(out.type))
  withTemporary(frame, "v128", (folded) =>
    withTemporary(frame, "v128", (shifted) => {
      recipe(
        frame,
        () => code.get(lower),
        () => code.get(upper)
      )
      code.set(folded)
      for (const lanes of lanesPerHalf(a.type) === 4 ? [upperPair, secondLane] : [upperPair]) {
        code.get(folded)
        code.get(folded)
        code.shuffle(lanes)
        code.set(shifted)
        recipe(
          frame,
          () => code.get(folded),
          () => code.get(shifted)
        )
        code.set(folded)
      }
      pushLane(frame, a.type, [folded], 0)
      code.set(result)
    })
  )
  return [result]
}

export const emitLoopIndex = (frame: Frame, out: Register, loop: Loop): ReadonlyArray<number> => {
  const { code } = frame
  const index = frame.indices.get(loop.id)
  if (index === undefined) throw unsupported(frame, `the index of the loop ${loop.id} outside of its body`)
  if (out.type.lanes === 1) return [index]
  return Array.from({ length: halvesOf(out.type) }, (_, half) => {
    const local = own(frame, "v128")
    code.get(index)
    code.op("i32x4.splat")
    code.get(toolsOf(frame, out.type).constants.words([half * 4, half * 4 + 1, half * 4 + 2, half * 4 + 3]))
    code.op("i32x4.add")
    code.set(local)
    return local
  })
}
