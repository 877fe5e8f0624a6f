/** Loads and stores: addresses from pointers and constants, partial vectors, lanes apart in memory. */
import { type Buffer, bytesOf, type Index, type Instruction } from "@cotangent/kernel"
import { splat32 } from "./constants.ts"
import {
  activeLanes,
  type Frame,
  halfOf,
  halvesOf,
  lanesPerHalf,
  own,
  take,
  unsupported,
  valueTypeOf
} from "./frame.ts"
import type { Opcode } from "./opcodes.ts"
import { apart, claimPair, toolsOf } from "./pairing.ts"
import { linearOf } from "./pointers.ts"

/** A position in memory: a local holding the changing part (if any) and the constant that belongs to lane 0. */
interface Address {
  readonly local: number | undefined
  readonly constant: number
}

/** Pushes the base of an access. */
const pushBase = ({ code }: Frame, address: Address): void => {
  if (address.local === undefined) code.i32(0)
  else code.get(address.local)
}

const baseOf = (frame: Frame, buffer: Buffer): number => {
  const base = frame.layout.get(buffer.id)
  if (base === undefined) {
    throw new Error(
      `The buffer ${buffer.name} of the kernel ${frame.kernel} has no address: the layout must place every buffer a kernel touches.`
    )
  }
  const bytes = bytesOf[buffer.dtype]
  if (base % bytes !== 0) {
    throw new Error(
      `The buffer ${buffer.name} lies at byte ${base}, which is no multiple of the ${bytes} bytes of ${buffer.dtype}: align it.`
    )
  }
  return base
}

/**
 * The address of lane 0. With a computed index, the whole position is added up in a local, since parts of it may be
 * negative; the same sum is computed once in a loop body.
 */
const addressOf = (frame: Frame, buffer: Buffer, index: Index): Address => {
  const bytes = bytesOf[buffer.dtype]
  const place = frame.places.get(buffer.id)
  const { pointers, start } = linearOf(index, bytes, frame.nest, place)
  const last = pointers[pointers.length - 1]
  const pointer = last === undefined ? place : frame.pointers.get(last.key)
  const base = place === undefined ? baseOf(frame, buffer) : 0
  const position = index.offset * bytes - start
  if (index.dynamic === undefined) return { local: pointer, constant: base + position }
  const { dynamic } = index
  const key = `${last?.key ?? `@${place}`} + ${dynamic.id} * ${bytes} + ${position}`
  const known = frame.variables.has(dynamic.id)
    ? undefined
    : frame.scopes.findLast(({ addresses }) => addresses.has(key))?.addresses.get(key)
  if (known !== undefined) return { local: known, constant: base }
  const { code } = frame
  const local = own(frame, "i32")
  code.get(halfOf(frame, dynamic, 0))
  code.i32(bytes === 8 ? 3 : 2)
  code.op("i32.shl")
  if (pointer !== undefined) {
    code.get(pointer)
    code.op("i32.add")
  }
  if (position !== 0) {
    code.i32(position)
    code.op("i32.add")
  }
  code.set(local)
  if (!frame.variables.has(dynamic.id)) frame.scopes[frame.scopes.length - 1]?.addresses.set(key, local)
  return { local, constant: base }
}

/** Moves negative constants (lanes that go backwards from the start of memory) into the local. */
const reaching = (frame: Frame, address: Address, lowest: number): Address => {
  const least = address.constant + lowest
  if (least >= 0) return address
  const { code } = frame
  const local = own(frame, "i32")
  pushBase(frame, address)
  code.i32(least)
  code.op("i32.add")
  code.set(local)
  return { local, constant: address.constant - least }
}

const scalarLoads: Readonly<Record<"f32" | "f64" | "i32" | "v128", Opcode>> = {
  f32: "f32.load",
  f64: "f64.load",
  i32: "i32.load",
  v128: "v128.load"
}
const scalarStores: Readonly<Record<"f32" | "f64" | "i32" | "v128", Opcode>> = {
  f32: "f32.store",
  f64: "f64.store",
  i32: "i32.store",
  v128: "v128.store"
}

type Load = Extract<Instruction, { readonly tag: "load" }>
type Store = Extract<Instruction, { readonly tag: "store" }>

/** Vectors of `bool` are numbers in memory and masks in registers. */
const maskLoaded = (frame: Frame, load: Load): void => {
  const { type } = load.out
  if (type.dtype !== "bool") return
  frame.code.get(toolsOf(frame, type).constants.words(splat32(0)))
  frame.code.op("i32x4.ne")
}

/** Contiguous lanes: as few bytes as one instruction can take, never fewer than the active lanes. */
const loadContiguous = (frame: Frame, load: Load, address: Address): ReadonlyArray<number> => {
  const { type } = load.out
  const { code } = frame
  const bytes = bytesOf[type.dtype]
  const alignment = bytes === 8 ? 3 : 2
  const halves = Array.from({ length: halvesOf(type) }, () => own(frame, "v128"))
  halves.forEach((local, half) => {
    const active = activeLanes(type, half) * bytes
    pushBase(frame, address)
    code.memory(
      active === 4 ? "v128.load32_zero" : active === 8 ? "v128.load64_zero" : "v128.load",
      alignment,
      address.constant + half * 16
    )
    maskLoaded(frame, load)
    code.set(local)
  })
  return halves
}

/** One element in all lanes: one machine value serves all halves. */
const loadSplat = (frame: Frame, load: Load, address: Address): ReadonlyArray<number> => {
  const { type } = load.out
  const local = own(frame, "v128")
  pushBase(frame, address)
  if (bytesOf[type.dtype] === 8) frame.code.memory("v128.load64_splat", 3, address.constant)
  else frame.code.memory("v128.load32_splat", 2, address.constant)
  maskLoaded(frame, load)
  frame.code.set(local)
  return Array.from({ length: halvesOf(type) }, () => local)
}

/** Lanes apart in memory: one load per active lane. */
const loadStrided = (frame: Frame, load: Load, from: Address): ReadonlyArray<number> => {
  const { type } = load.out
  const { code } = frame
  const bytes = bytesOf[type.dtype]
  const stride = load.laneStride * bytes
  const address = reaching(frame, from, Math.min(0, stride * (type.lanes - 1)))
  const alignment = bytes === 8 ? 3 : 2
  const halves: Array<number> = []
  for (let half = 0; half < halvesOf(type); half++) {
    const first = half * lanesPerHalf(type)
    const local = own(frame, "v128")
    pushBase(frame, address)
    code.memory(bytes === 8 ? "v128.load64_zero" : "v128.load32_zero", alignment, address.constant + first * stride)
    code.set(local)
    for (let lane = 1; lane < activeLanes(type, half); lane++) {
      const offset = address.constant + (first + lane) * stride
      pushBase(frame, address)
      code.get(local)
      code.memory(bytes === 8 ? "v128.load64_lane" : "v128.load32_lane", alignment, offset, lane)
      code.set(local)
    }
    if (type.dtype === "bool") {
      code.get(local)
      maskLoaded(frame, load)
      code.set(local)
    }
    halves.push(local)
  }
  return halves
}

/** The bytes of elements of 4 or 8 bytes in reverse order of the elements. */
const reversedBytes = (bytes: number): ReadonlyArray<number> =>
  Array.from({ length: 16 }, (_, i) => 16 - bytes - Math.floor(i / bytes) * bytes + (i % bytes))

/** Whole halves of adjacent elements from the back to the front: loaded as they lie, and turned round. */
const loadReversed = (frame: Frame, load: Load, from: Address): ReadonlyArray<number> => {
  const { type } = load.out
  const { code } = frame
  const bytes = bytesOf[type.dtype]
  const address = reaching(frame, from, -bytes * (type.lanes - 1))
  return Array.from({ length: halvesOf(type) }, (_, half) => {
    const local = own(frame, "v128")
    pushBase(frame, address)
    code.memory("v128.load", bytes === 8 ? 3 : 2, address.constant - ((half + 1) * lanesPerHalf(type) - 1) * bytes)
    maskLoaded(frame, load)
    code.set(local)
    code.get(local)
    code.get(local)
    code.shuffle(reversedBytes(bytes))
    code.set(local)
    return local
  })
}

/** Writes a load and returns the locals of its halves. */
export const emitLoad = (frame: Frame, load: Load): ReadonlyArray<number> => {
  const { type } = load.out
  const address = reaching(frame, addressOf(frame, load.buffer, load.index), 0)
  if (type.mask === 64) throw unsupported(frame, "a load of a mask of 64 bits")
  if (type.lanes > 1) {
    if (load.laneStride === 0) return loadSplat(frame, load, address)
    if (load.laneStride === 1) return loadContiguous(frame, load, address)
    // In wide code V8 would pair these loads, whose order in memory is not that of the halves.
    const reversed = load.laneStride === -1 && !frame.wide && type.lanes % lanesPerHalf(type) === 0
    return reversed ? loadReversed(frame, load, address) : loadStrided(frame, load, address)
  }
  const valueType = valueTypeOf(type)
  const local = own(frame, valueType)
  pushBase(frame, address)
  frame.code.memory(
    scalarLoads[valueType as keyof typeof scalarLoads],
    bytesOf[type.dtype] === 8 ? 3 : 2,
    address.constant
  )
  frame.code.set(local)
  return [local]
}

/**
 * Vectors without inactive lanes: computed in place, one store per half, the higher first. V8 pairs two stores without
 * an extra one only in that order.
 */
const storeWhole = (frame: Frame, store: Store, address: Address): void => {
  const { type } = store.value
  const { code, constants } = toolsOf(frame, type)
  const value = take(frame, store.value)
  for (let half = halvesOf(type) - 1; half >= 0; half--) {
    pushBase(frame, address)
    value.push(half)
    if (type.dtype === "bool") {
      code.get(constants.words(splat32(1)))
      code.op("v128.and")
    }
    code.memory("v128.store", bytesOf[type.dtype] === 8 ? 3 : 2, address.constant + half * 16)
  }
}

/** The halves to be written: masks become 0 or 1. */
const storedHalves = (frame: Frame, store: Store): ReadonlyArray<number> => {
  const { type } = store.value
  const halves = apart(frame, store.value)
  if (type.dtype !== "bool") return halves
  const { code, constants } = frame
  return halves.map((half) => {
    const local = own(frame, "v128")
    code.get(half)
    code.get(constants.words(splat32(1)))
    code.op("v128.and")
    code.set(local)
    return local
  })
}

/** Writes exactly the active lanes of one half. */
const storeHalf = (frame: Frame, address: Address, local: number, active: number, bytes: number): void => {
  const { code } = frame
  const piece = (name: Opcode, alignment: number, offset: number, lane?: number): void => {
    pushBase(frame, address)
    code.get(local)
    code.memory(name, alignment, address.constant + offset, lane)
  }
  if (active * bytes === 16 && !frame.wide) return piece("v128.store", bytes === 8 ? 3 : 2, 0)
  const pairs = Math.floor((active * bytes) / 8)
  for (let pair = 0; pair < pairs; pair++) piece("v128.store64_lane", bytes === 8 ? 3 : 2, pair * 8, pair)
  if (active * bytes > pairs * 8) piece("v128.store32_lane", 2, pairs * 8, pairs * 2)
}

/** One store per lane. */
const storeStrided = (frame: Frame, store: Store, from: Address): void => {
  const { type } = store.value
  const { code } = frame
  const bytes = bytesOf[store.buffer.dtype]
  const stride = store.laneStride * bytes
  const halves = storedHalves(frame, store)
  const address = reaching(frame, from, Math.min(0, stride * (type.lanes - 1)))
  halves.forEach((local, half) => {
    for (let lane = 0; lane < activeLanes(type, half); lane++) {
      const offset = address.constant + (half * lanesPerHalf(type) + lane) * stride
      pushBase(frame, address)
      code.get(local)
      code.memory(bytes === 8 ? "v128.store64_lane" : "v128.store32_lane", bytes === 8 ? 3 : 2, offset, lane)
    }
  })
}

/** Writes a store. */
export const emitStore = (frame: Frame, store: Store): void => {
  const { type } = store.value
  const { code } = frame
  const bytes = bytesOf[store.buffer.dtype]
  if (type.mask === 64) throw unsupported(frame, "a store of a mask of 64 bits")
  const address = reaching(frame, addressOf(frame, store.buffer, store.index), 0)
  if (type.lanes === 1) {
    const valueType = valueTypeOf(type)
    pushBase(frame, address)
    code.get(halfOf(frame, store.value, 0))
    code.memory(scalarStores[valueType as keyof typeof scalarStores], bytes === 8 ? 3 : 2, address.constant)
    return
  }
  if (store.laneStride !== 1) return storeStrided(frame, store, address)
  const whole = type.lanes % lanesPerHalf(type) === 0
  if (frame.wide ? claimPair(frame, type, address.local, address.constant) : whole) {
    return storeWhole(frame, store, address)
  }
  storedHalves(frame, store).forEach((local, half) =>
    storeHalf(frame, { ...address, constant: address.constant + half * 16 }, local, activeLanes(type, half), bytes)
  )
}
