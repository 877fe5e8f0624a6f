/**
 * A small WebAssembly assembler: bytes, function bodies and modules with one imported memory.
 *
 * It knows encodings, not meanings; nothing is checked here beyond V8's limits, the engine validates the module.
 */
import { type Opcode, opcodes } from "./opcodes.ts"

/** The types of locals. */
export type ValueType = "i32" | "f32" | "f64" | "v128"

const valueTypes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b }

/** V8 refuses functions with more locals or more bytes than these. */
const maximumLocals = 50_000
const maximumBodyBytes = 7_654_321

/** Four little-endian 32-bit words: the bits of a v128. */
export type Words = readonly [number, number, number, number]

/** A growing array of bytes with the number encodings of the binary format. */
export interface Bytes {
  readonly size: () => number
  readonly byte: (value: number) => void
  readonly unsigned: (value: number) => void
  readonly signed: (value: number) => void
  readonly signed64: (value: bigint) => void
  readonly f32: (value: number) => void
  readonly f64: (value: number) => void
  readonly word: (value: number) => void
  readonly append: (bytes: Uint8Array) => void
  /** A length in bytes, then the bytes. */
  readonly sized: (bytes: Uint8Array) => void
  readonly text: (value: string) => void
  /** Overwrites one byte written before. */
  readonly patch: (position: number, value: number) => void
  readonly take: () => Uint8Array
}

export const makeBytes = (capacity = 256): Bytes => {
  let data = new Uint8Array(capacity)
  let view = new DataView(data.buffer)
  let length = 0
  const reserve = (count: number): void => {
    if (length + count <= data.length) return
    const larger = new Uint8Array(Math.max(data.length * 2, length + count))
    larger.set(data.subarray(0, length))
    data = larger
    view = new DataView(data.buffer)
  }
  const byte = (value: number): void => {
    if (length === data.length) reserve(1)
    data[length++] = value
  }
  // Unsigned 32-bit numbers exceed the range of bitwise operators only in their sign, which >>> ignores.
  const unsigned = (value: number): void => {
    let rest = value >>> 0
    while (rest >= 0x80) {
      byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    byte(rest)
  }
  const append = (bytes: Uint8Array): void => {
    reserve(bytes.length)
    data.set(bytes, length)
    length += bytes.length
  }
  const sized = (bytes: Uint8Array): void => {
    unsigned(bytes.length)
    append(bytes)
  }
  return {
    size: () => length,
    byte,
    unsigned,
    signed: (value) => {
      let rest = value | 0
      while (rest < -64 || rest > 63) {
        byte((rest & 0x7f) | 0x80)
        rest >>= 7
      }
      byte(rest & 0x7f)
    },
    signed64: (value) => {
      let rest = BigInt.asIntN(64, value)
      while (rest < -64n || rest > 63n) {
        byte(Number(rest & 0x7fn) | 0x80)
        rest >>= 7n
      }
      byte(Number(rest & 0x7fn))
    },
    f32: (value) => {
      reserve(4)
      view.setFloat32(length, value, true)
      length += 4
    },
    f64: (value) => {
      reserve(8)
      view.setFloat64(length, value, true)
      length += 8
    },
    word: (value) => {
      reserve(4)
      view.setUint32(length, value, true)
      length += 4
    },
    append,
    sized,
    text: (value) => sized(new TextEncoder().encode(value)),
    patch: (position, value) => {
      data[position] = value
    },
    take: () => data.slice(0, length)
  }
}

/** The locals of one function; a released local is handed out again. */
export interface Locals {
  readonly take: (type: ValueType) => number
  /** A local that no code written before has used: for values set at the entry of the function. */
  readonly fresh: (type: ValueType) => number
  readonly release: (local: number) => void
  readonly encode: (bytes: Bytes) => void
}

export const makeLocals = (parameters = 0): Locals => {
  // Parameters are the first locals; they are not declared and never free.
  const types: Array<ValueType> = Array.from({ length: parameters }, () => "i32")
  const free: Record<ValueType, Array<number>> = { i32: [], f32: [], f64: [], v128: [] }
  const fresh = (type: ValueType): number => {
    if (types.length === maximumLocals) {
      throw new Error(`A kernel needs more than ${maximumLocals} WebAssembly locals: split it into smaller kernels.`)
    }
    types.push(type)
    return types.length - 1
  }
  return {
    take: (type) => free[type].pop() ?? fresh(type),
    fresh,
    release: (local) => {
      const type = types[local]
      if (type !== undefined) free[type].push(local)
    },
    // Declarations are runs of one type.
    encode: (bytes) => {
      const runs: Array<{ type: ValueType; count: number }> = []
      for (const type of types.slice(parameters)) {
        const last = runs[runs.length - 1]
        if (last !== undefined && last.type === type) last.count++
        else runs.push({ type, count: 1 })
      }
      bytes.unsigned(runs.length)
      for (const { type, count } of runs) {
        bytes.unsigned(count)
        bytes.byte(valueTypes[type])
      }
    }
  }
}

/** Writes instructions; a `set` directly followed by a `get` of the same local becomes a `tee`. */
export interface Code {
  readonly op: (name: Opcode) => void
  readonly get: (local: number) => void
  readonly set: (local: number) => void
  readonly tee: (local: number) => void
  readonly i32: (value: number) => void
  readonly i64: (value: bigint) => void
  readonly f32: (value: number) => void
  readonly f64: (value: number) => void
  readonly v128: (words: Words) => void
  /** A load or store: `alignment` is the logarithm of bytes, `lane` for the one-lane forms. */
  readonly memory: (name: Opcode, alignment: number, offset: number, lane?: number) => void
  readonly lane: (name: Opcode, lane: number) => void
  readonly shuffle: (lanes: ReadonlyArray<number>) => void
  /** Opens a block without results: `loop` or `if`. */
  readonly open: (name: "loop" | "if") => void
  readonly branchIf: (depth: number) => void
  readonly branch: (depth: number) => void
  readonly call: (target: number) => void
  readonly end: () => void
  readonly take: () => Uint8Array
}

export const makeCode = (): Code => {
  const bytes = makeBytes(1024)
  /** Where the last `local.set` was written, if nothing followed it. */
  let lastSet = -1
  let lastLocal = -1
  const op = (name: Opcode): void => {
    const code = opcodes[name]
    lastSet = -1
    if (code < 0x100) bytes.byte(code)
    else {
      bytes.byte(code >> 16)
      bytes.unsigned(code & 0xffff)
    }
  }
  const indexed = (name: Opcode, index: number): void => {
    op(name)
    bytes.unsigned(index)
  }
  return {
    op,
    get: (local) => {
      if (lastSet >= 0 && lastLocal === local) {
        bytes.patch(lastSet, opcodes["local.tee"])
        lastSet = -1
      } else indexed("local.get", local)
    },
    set: (local) => {
      const position = bytes.size()
      indexed("local.set", local)
      lastSet = position
      lastLocal = local
    },
    tee: (local) => indexed("local.tee", local),
    i32: (value) => {
      op("i32.const")
      bytes.signed(value)
    },
    i64: (value) => {
      op("i64.const")
      bytes.signed64(value)
    },
    f32: (value) => {
      op("f32.const")
      bytes.f32(value)
    },
    f64: (value) => {
      op("f64.const")
      bytes.f64(value)
    },
    v128: (words) => {
      op("v128.const")
      for (const word of words) bytes.word(word)
    },
    memory: (name, alignment, offset, lane) => {
      op(name)
      bytes.unsigned(alignment)
      bytes.unsigned(offset)
      if (lane !== undefined) bytes.byte(lane)
    },
    lane: (name, lane) => {
      op(name)
      bytes.byte(lane)
    },
    shuffle: (lanes) => {
      op("i8x16.shuffle")
      for (const lane of lanes) bytes.byte(lane)
    },
    open: (name) => {
      op(name)
      bytes.byte(0x40)
    },
    branchIf: (depth) => indexed("br_if", depth),
    branch: (depth) => indexed("br", depth),
    call: (target) => indexed("call", target),
    end: () => op("end"),
    take: bytes.take
  }
}

/** A function of a module: all functions return nothing. */
export interface WasmFunction {
  readonly name: string
  /** Number of i32 parameters. */
  readonly parameters: number
  /** Local declarations and instructions with the final `end`. */
  readonly body: Uint8Array
  /** The name it is exported under, if any. */
  readonly exportedAs?: string
}

/** Bytes that stand at an address when a module starts. */
export interface Segment {
  readonly address: number
  readonly bytes: Uint8Array
}

/** The functions of a module and the memory it imports as `env.memory`, or has of its own. */
export interface WasmModule {
  readonly functions: ReadonlyArray<WasmFunction>
  readonly memoryPages: number
  readonly shared: boolean
  /** Where given, the memory is the module's own, exported as `memory`, and holds these bytes at the start. */
  readonly contents?: ReadonlyArray<Segment>
  /** Leaves the names of functions out. */
  readonly nameless?: boolean
  /** A custom section that only serves to make the bytes of this module differ from another's. */
  readonly salt?: string
}

const section = (out: Bytes, id: number, write: (bytes: Bytes) => void): void => {
  const bytes = makeBytes()
  write(bytes)
  out.byte(id)
  out.sized(bytes.take())
}

/** The most pages a 32-bit memory can have; a shared memory must state a maximum. */
const maximumPages = 65_536

/** Encodes a module; functions are numbered in the order given. */
export const assemble = (module: WasmModule): Uint8Array => {
  const { contents, functions } = module
  for (const { name, body } of functions) {
    if (body.length > maximumBodyBytes) {
      throw new Error(
        `The function ${name} has ${body.length} bytes of code and V8 takes at most ${maximumBodyBytes}: split the kernel.`
      )
    }
  }
  const out = makeBytes(1024)
  out.append(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00))
  section(out, 1, (bytes) => {
    // Type n takes n integers and gives nothing.
    const most = functions.reduce((n, { parameters }) => Math.max(n, parameters), 1)
    bytes.unsigned(most + 1)
    for (let n = 0; n <= most; n++) {
      bytes.byte(0x60)
      bytes.unsigned(n)
      for (let i = 0; i < n; i++) bytes.byte(valueTypes.i32)
      bytes.unsigned(0)
    }
  })
  if (contents === undefined)
    section(out, 2, (bytes) => {
      bytes.unsigned(1)
      bytes.text("env")
      bytes.text("memory")
      bytes.byte(2)
      bytes.byte(module.shared ? 3 : 0)
      bytes.unsigned(module.memoryPages)
      if (module.shared) bytes.unsigned(maximumPages)
    })
  section(out, 3, (bytes) => {
    bytes.unsigned(functions.length)
    for (const { parameters } of functions) bytes.unsigned(parameters)
  })
  if (contents !== undefined)
    section(out, 5, (bytes) => {
      bytes.unsigned(1)
      bytes.byte(1)
      bytes.unsigned(module.memoryPages)
      bytes.unsigned(module.memoryPages)
    })
  section(out, 7, (bytes) => {
    const exported = functions.flatMap(({ exportedAs }, index) =>
      exportedAs === undefined ? [] : [{ exportedAs, index }]
    )
    bytes.unsigned(exported.length + (contents === undefined ? 0 : 1))
    if (contents !== undefined) {
      bytes.text("memory")
      bytes.byte(2)
      bytes.unsigned(0)
    }
    for (const { exportedAs, index } of exported) {
      bytes.text(exportedAs)
      bytes.byte(0)
      bytes.unsigned(index)
    }
  })
  section(out, 10, (bytes) => {
    bytes.unsigned(functions.length)
    for (const { body } of functions) bytes.sized(body)
  })
  if (contents !== undefined)
    section(out, 11, (bytes) => {
      bytes.unsigned(contents.length)
      for (const segment of contents) {
        bytes.unsigned(0)
        bytes.byte(opcodes["i32.const"])
        bytes.signed(segment.address)
        bytes.byte(opcodes["end"])
        bytes.sized(segment.bytes)
      }
    })
  // Function names: profiles and stack traces show kernels by name.
  if (module.nameless !== true)
    section(out, 0, (bytes) => {
      bytes.text("name")
      section(bytes, 1, (names) => {
        names.unsigned(functions.length)
        functions.forEach(({ name }, index) => {
          names.unsigned(index)
          names.text(name)
        })
      })
    })
  if (module.salt !== undefined) {
    const { salt } = module
    section(out, 0, (bytes) => bytes.text(`cotangent ${salt}`))
  }
  return out.take()
}
