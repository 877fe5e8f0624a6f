/** What is open while one function is written: its code, its locals, its constants and the scopes of its loops. */
import type { Layout, Loop, Register, Type } from "@cotangent/kernel"
import { type Code, type Locals, makeCode, makeLocals, type ValueType } from "./assembler.ts"
import { type Constants, makeConstants } from "./constants.ts"
import type { LoopPlan, Places } from "./pointers.ts"
import type { Tools } from "./recipe.ts"

/** A value that is computed where it is used. */
export interface Deferred {
  /** Computes one half on the operand stack. */
  readonly push: (half: number) => void
  /** The variables it reads: it must be computed before they change. */
  readonly variables: ReadonlySet<number>
  /** How deep the expression is nested. */
  readonly depth: number
  /** The two factors, if it is a product of floats in vectors: what a fused multiply-add takes. */
  readonly factors?: readonly [(half: number) => void, (half: number) => void]
}

/** The locals that live as long as one loop body, and the addresses computed in it. */
export interface Scope {
  readonly owned: Array<number>
  readonly addresses: Map<string, number>
}

export interface Frame {
  readonly kernel: string
  readonly code: Code
  readonly locals: Locals
  /** The constants of scalars and of vectors that are not paired. */
  readonly constants: Constants
  /** The tools of paired vectors: the same but for the constants, see `pairing.ts`. */
  readonly paired: Tools
  readonly layout: Layout
  /** Whether instructions are chosen so that V8 can pair them into 256-bit ones. */
  readonly wide: boolean
  /** Whether products are added to variables without being rounded first. */
  readonly fused: boolean
  /** Whether constants are made of scalars, which takes fewer bytes. */
  readonly compact: boolean
  /** The buffers whose places the function is given. */
  readonly places: Places
  readonly plans: ReadonlyMap<number, LoopPlan>
  /** The enclosing loops, outermost first. */
  readonly nest: Array<Loop>
  readonly scopes: Array<Scope>
  /** The locals that hold the halves of every register, by register id. */
  readonly values: Map<number, ReadonlyArray<number>>
  /** Registers used once, by id. */
  readonly deferrable: ReadonlySet<number>
  /** Registers whose computation is put off. */
  readonly deferred: Map<number, { readonly register: Register; readonly value: Deferred }>
  /** Registers declared by `variable`: their locals change. */
  readonly variables: Set<number>
  /** Registers defined by `const`, for operands that can be immediates. */
  readonly literals: Map<number, number>
  /** The scalar in all lanes of a register defined by `splat`. */
  readonly splats: Map<number, number>
  /** Where paired stores of the current straight-line code went, by the local of the address. */
  readonly written: Map<number, Array<number>>
  /** The local of a pointer, by key. */
  readonly pointers: Map<string, number>
  /** The local of a loop's index, by loop id. */
  readonly indices: Map<number, number>
}

export const makeFrame = (
  kernel: string,
  layout: Layout,
  { wide, fused, compact, places }: Pick<Frame, "wide" | "fused" | "compact" | "places">,
  plans: ReadonlyMap<number, LoopPlan>,
  deferrable: ReadonlySet<number>,
  parameters = 0
): Frame => {
  const locals = makeLocals(parameters)
  const code = makeCode()
  const constants = makeConstants(locals, compact)
  return {
    kernel,
    code,
    locals,
    constants,
    paired: { code, constants: wide ? makeConstants(locals, compact) : constants },
    layout,
    wide,
    fused,
    compact,
    places,
    plans,
    nest: [],
    scopes: [{ owned: [], addresses: new Map() }],
    values: new Map(),
    deferrable,
    deferred: new Map(),
    variables: new Set(),
    literals: new Map(),
    splats: new Map(),
    written: new Map(),
    pointers: new Map(),
    indices: new Map()
  }
}

/** Bytes of one lane in a vector: `bool` lanes are as wide as the lanes they were compared from. */
export const laneBytes = (type: Type): 4 | 8 => (type.dtype === "f64" || type.mask === 64 ? 8 : 4)

/** Lanes in one v128. */
export const lanesPerHalf = (type: Type): 2 | 4 => (laneBytes(type) === 8 ? 2 : 4)

/** How many machine values a register needs: one for a scalar, one v128 per 16 bytes of a vector. */
export const halvesOf = (type: Type): number => (type.lanes === 1 ? 1 : Math.ceil(type.lanes / lanesPerHalf(type)))

/** The machine type of (each half of) a register. */
export const valueTypeOf = (type: Type): ValueType =>
  type.lanes > 1 ? "v128" : type.dtype === "f32" ? "f32" : type.dtype === "f64" ? "f64" : "i32"

/** The active lanes of half `half`. */
export const activeLanes = (type: Type, half: number): number =>
  Math.min(lanesPerHalf(type), type.lanes - half * lanesPerHalf(type))

/** A new local that lives to the end of the current loop body. */
export const own = (frame: Frame, type: ValueType): number => {
  const local = frame.locals.take(type)
  frame.scopes[frame.scopes.length - 1]?.owned.push(local)
  return local
}

/** Runs `body` with a local that is free again afterwards. */
export const withTemporary = (frame: Frame, type: ValueType, body: (local: number) => void): void => {
  const local = frame.locals.take(type)
  body(local)
  frame.locals.release(local)
}

/** Computes a value that was put off and gives it locals. */
const settle = (frame: Frame, register: Register, value: Deferred): ReadonlyArray<number> => {
  frame.deferred.delete(register.id)
  const halves = Array.from({ length: halvesOf(register.type) }, (_, half) => {
    value.push(half)
    const local = own(frame, valueTypeOf(register.type))
    frame.code.set(local)
    return local
  })
  frame.values.set(register.id, halves)
  return halves
}

/** Computes what was put off and reads variables that are about to change. */
export const settleReaders = (frame: Frame, changes: (variables: ReadonlySet<number>) => boolean): void => {
  // Settling removes the entry it is at, which the iteration of a map allows.
  for (const { register, value } of frame.deferred.values()) {
    if (changes(value.variables)) settle(frame, register, value)
  }
}

/** The locals of a register. */
export const valueOf = (frame: Frame, register: Register): ReadonlyArray<number> => {
  const deferred = frame.deferred.get(register.id)
  if (deferred !== undefined) return settle(frame, register, deferred.value)
  const halves = frame.values.get(register.id)
  if (halves === undefined) {
    throw new Error(`The kernel ${frame.kernel} reads register ${register.id} before it is defined.`)
  }
  return halves
}

/** The local of a scalar register or of one half of a vector. */
export const halfOf = (frame: Frame, register: Register, half: number): number => {
  const halves = valueOf(frame, register)
  const local = halves[half]
  if (local === undefined) {
    throw new Error(
      `The kernel ${frame.kernel} reads part ${half} of register ${register.id}, which has ${halves.length}: operands of one instruction must have the same lanes.`
    )
  }
  return local
}

const noVariables: ReadonlySet<number> = new Set()

/** A register for its use by one instruction, which pushes every half once. */
export const take = (frame: Frame, register: Register): Deferred => {
  const deferred = frame.deferred.get(register.id)
  if (deferred !== undefined) {
    frame.deferred.delete(register.id)
    return deferred.value
  }
  return {
    push: (half) => frame.code.get(halfOf(frame, register, half)),
    variables: frame.variables.has(register.id) ? new Set([register.id]) : noVariables,
    depth: 0
  }
}

/** The locals of a register as a value that later assignments do not change. */
export const stable = (frame: Frame, register: Register): ReadonlyArray<number> =>
  frame.variables.has(register.id)
    ? valueOf(frame, register).map((local) => {
        const copy = own(frame, valueTypeOf(register.type))
        frame.code.get(local)
        frame.code.set(copy)
        return copy
      })
    : valueOf(frame, register)

/** The sentence for an instruction no target gives a meaning to. */
export const unsupported = (frame: Frame, what: string): Error =>
  new Error(`The kernel ${frame.kernel} asks for ${what}, which the kernel IR does not define.`)
