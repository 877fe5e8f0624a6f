/**
 * Code that V8 can run on 256-bit registers (`--experimental-wasm-revectorize`), with the same bits.
 *
 * V8 starts from two neighbouring 128-bit stores, or from the two operands of an `i32x4.add`, and pairs operations
 * upwards from there. A paired value that is also used by halves is not safe in V8 14: taking its lower half gives the
 * whole register the width of 128 bits, and if it is then kept in memory for a while, the upper half is lost (found by
 * comparing random kernels). In wide code therefore
 * - only full vectors (two v128) are stored by `v128.store`, and only where no other one overlaps, so only their halves
 *   are paired;
 * - full vectors have constants of their own, which nothing else uses;
 * - a full vector is taken apart only by way of a short-lived copy, which is paired too (`apart`);
 * - a full vector is put together from parts by an instruction where V8 stops pairing (`together`).
 *
 * Without `wide` all of this does nothing.
 */
import type { Register, Type } from "@cotangent/kernel"
import { splat32 } from "./constants.ts"
import { type Frame, halvesOf, laneBytes, lanesPerHalf, own, valueOf } from "./frame.ts"
import type { Tools } from "./recipe.ts"

/** Whether the halves of a vector are paired. */
export const isPaired = (frame: Frame, type: Type): boolean =>
  frame.wide && halvesOf(type) === 2 && type.lanes === 2 * lanesPerHalf(type)

/** What computes vectors of a type. */
export const toolsOf = (frame: Frame, type: Type): Tools => (isPaired(frame, type) ? frame.paired : frame)

/** The halves of a register for uses that are not the same for both halves. */
export const apart = (frame: Frame, register: Register): ReadonlyArray<number> => {
  const halves = valueOf(frame, register)
  if (!isPaired(frame, register.type)) return halves
  const { code } = frame
  const copies = halves.map((half) => {
    const copy = own(frame, "v128")
    code.get(half)
    code.get(frame.paired.constants.words(splat32(0)))
    code.op("v128.or")
    code.set(copy)
    return copy
  })
  // Unused, but the place where V8 starts to pair: it pairs what meets in an `i32x4.add`.
  for (const copy of copies) code.get(copy)
  code.op("i32x4.add")
  code.op("drop")
  return copies
}

/** Makes the halves of a full vector from parts: rewrites one lane of each with itself. */
export const together = (frame: Frame, type: Type, halves: ReadonlyArray<number>): ReadonlyArray<number> => {
  if (!isPaired(frame, type)) return halves
  const { code } = frame
  return halves.map((half) => {
    const local = own(frame, "v128")
    const shape = laneBytes(type) === 8 ? "f64x2" : "f32x4"
    code.get(half)
    code.get(half)
    code.lane(`${shape}.extract_lane`, 0)
    code.lane(`${shape}.replace_lane`, 0)
    code.set(local)
    return local
  })
}

/** Whether a full vector may be written by two stores side by side at `offset` from a local; then notes that it is. */
export const claimPair = (frame: Frame, type: Type, local: number | undefined, offset: number): boolean => {
  if (!isPaired(frame, type)) return false
  const key = local ?? -1
  const offsets = frame.written.get(key) ?? []
  if (offsets.some((other) => Math.abs(other - offset) < 32)) return false
  frame.written.set(key, [...offsets, offset])
  return true
}
