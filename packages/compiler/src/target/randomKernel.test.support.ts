/** Random valid kernels for comparing targets: every instruction, dtype and number of lanes, loops up to three deep. */
import {
  type BinaryOp,
  type Buffer,
  Builder,
  type CompareOp,
  type DType,
  type Kernel,
  type Loop,
  maxLanes,
  type Register,
  type Type,
  type UnaryOp
} from "@cotangent/kernel"

/** A small random generator (mulberry32): integers below n. */
export const randomIntegers = (seed: number): ((n: number) => number) => {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) % n
  }
}

const dtypes: ReadonlyArray<DType> = ["f32", "f64", "i32", "u32", "bool"]

/** Values at which operations differ. */
const special: Readonly<Record<DType, ReadonlyArray<number>>> = {
  f32: [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    1e-45,
    -1e-40,
    3e38,
    -3e38,
    Infinity,
    -Infinity,
    NaN,
    8388609,
    0.49999997,
    4294967040,
    2147483520,
    -2147483648
  ].map(Math.fround),
  f64: [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    5e-324,
    1e300,
    -1e300,
    Infinity,
    -Infinity,
    NaN,
    4503599627370497,
    0.49999999999999994,
    4294967295.5,
    2147483647.5,
    -2147483648.9
  ],
  i32: [0, 1, -1, 2, 31, 33, 2147483647, -2147483648, 16777217, -16777219],
  u32: [0, 1, 2, 31, 33, 2147483648, 4294967295, 4294967294, 16777217, 4294967041],
  bool: [0, 1]
}

/** A value of a dtype, often a special one. */
export const randomValue = (dtype: DType, below: (n: number) => number): number => {
  const values = special[dtype]
  if (dtype === "bool" || below(3) === 0) return values[below(values.length)] ?? 0
  const unit = (below(2 ** 24) - 2 ** 23) / 2 ** 23
  switch (dtype) {
    case "f32":
      return Math.fround(unit * 2 ** (below(20) - 10))
    case "f64":
      return (unit + below(2 ** 24) / 2 ** 48) * 2 ** (below(20) - 10)
    case "i32":
      return below(4) === 0 ? (below(2 ** 32) - 2 ** 31) | 0 : below(40) - 20
    case "u32":
      return below(4) === 0 ? below(2 ** 32) : below(40)
  }
}

/** What a buffer is filled with before a run. */
export type Filling = "any" | "positive" | "exponents" | "indices"

export interface RandomKernel {
  readonly kernel: Kernel
  readonly buffers: ReadonlyArray<{ readonly buffer: Buffer; readonly filling: Filling }>
}

const length = 96
/** Indices loaded from memory lie below this. */
export const indexRange = 24

const unaryOps: Readonly<Record<DType, ReadonlyArray<UnaryOp>>> = {
  f32: ["neg", "abs", "sqrt", "floor", "ceil", "trunc", "nearest"],
  f64: ["neg", "abs", "sqrt", "floor", "ceil", "trunc", "nearest"],
  i32: ["neg", "abs", "not"],
  u32: ["not"],
  bool: ["not"]
}
const floatOps: ReadonlyArray<BinaryOp> = ["add", "sub", "mul", "div", "min", "max", "pmin", "pmax"]
const integerOps: ReadonlyArray<BinaryOp> = ["add", "sub", "mul", "min", "max", "and", "or", "xor"]
const binaryOps: Readonly<Record<DType, ReadonlyArray<BinaryOp>>> = {
  f32: floatOps,
  f64: floatOps,
  i32: integerOps,
  u32: integerOps,
  bool: ["and", "or", "xor"]
}
const compareOps = (dtype: DType): ReadonlyArray<CompareOp> =>
  dtype === "bool" ? ["eq", "ne"] : ["eq", "ne", "lt", "le", "gt", "ge"]

/** Makes the kernel of a seed; `size` times as many instructions in every body. */
export const randomKernel = (seed: number, size = 1): RandomKernel => {
  const below = randomIntegers(seed)
  const pick = <A>(from: ReadonlyArray<A>): A => {
    const chosen = from[below(from.length)]
    if (chosen === undefined) throw new Error("nothing to choose from")
    return chosen
  }
  let ids = 0
  const make = (name: string, dtype: DType, filling: Filling) => ({
    buffer: { id: ids++, name, dtype, length },
    filling
  })
  const data = dtypes.flatMap((dtype) => [make(`${dtype} a`, dtype, "any"), make(`${dtype} b`, dtype, "any")])
  const positive = [make("positive f32", "f32", "positive"), make("positive f64", "f64", "positive")]
  const exponents = [make("exponents f32", "f32", "exponents"), make("exponents f64", "f64", "exponents")]
  const indices = make("indices", "i32", "indices")
  const buffers = [...data, ...positive, ...exponents, indices]

  const kernel = Builder.kernel(`random ${seed}`, (b) => {
    const nest: Array<Loop> = []
    const scopes: Array<Array<Register>> = [[]]
    const variables: Array<Register> = []

    const keep = (register: Register): Register => {
      scopes[scopes.length - 1]?.push(register)
      return register
    }
    const randomType = (dtype = pick(dtypes)): Type => {
      const lanes = below(3) === 0 ? 1 : below(2) === 0 ? maxLanes[dtype] : 1 + below(maxLanes[dtype])
      return dtype === "bool" && lanes > 1 ? { dtype, lanes, mask: 32 } : { dtype, lanes }
    }
    /** An index whose positions, those of all lanes included, lie inside a buffer. */
    const randomIndex = (lanes: number, laneStride: number) => {
      const span = laneStride * (lanes - 1)
      let low = Math.min(0, span)
      let high = Math.max(0, span)
      const terms: Array<readonly [Loop, number]> = []
      for (const loop of nest) {
        const last = loop.step * (Math.ceil(loop.extent / loop.step) - 1)
        const stride = below(4) === 0 ? 0 : below(9) - 3
        const reach = stride * last
        if (stride === 0 || high - low + Math.abs(reach) >= length - indexRange - 2) continue
        terms.push([loop, stride])
        if (reach < 0) low += reach
        else high += reach
      }
      if (below(5) === 0) terms.reverse()
      if (below(6) !== 0) return Builder.at(-low + below(length - high + low), terms)
      const loaded = b.load(indices.buffer, Builder.at(below(length)))
      const shifted =
        below(2) === 0 ? b.binary("sub", loaded, b.constant(indexRange, { dtype: "i32", lanes: 1 })) : loaded
      const start = shifted === loaded ? 0 : indexRange
      return Builder.at(-low + start + below(length - high + low - indexRange), terms, shifted)
    }
    const randomLoad = (
      dtype: DType,
      lanes: number,
      from: ReadonlyArray<{ readonly buffer: Buffer }> = data
    ): Register => {
      const { buffer } = pick(from.filter((candidate) => candidate.buffer.dtype === dtype))
      const laneStride = lanes === 1 ? 0 : pick([1, 1, 1, 0, 2, -1, -3, 5])
      return b.load(buffer, randomIndex(lanes, laneStride), lanes, laneStride)
    }
    const same = (a: Type, c: Type): boolean =>
      a.dtype === c.dtype && a.lanes === c.lanes && (a.mask ?? 32) === (c.mask ?? 32)
    const all = (): ReadonlyArray<Register> => scopes.flat()
    /** A register of a type: an old one if there is, or a new one. */
    const valueOfType = (type: Type): Register => {
      const candidates = all().filter((register) => same(register.type, type))
      if (candidates.length > 0 && below(4) !== 0) return pick(candidates)
      if (type.mask === 64) {
        const floats: Type = { dtype: "f64", lanes: type.lanes }
        return keep(b.compare(pick(compareOps("f64")), valueOfType(floats), valueOfType(floats)))
      }
      if (below(3) === 0) return keep(b.constant(randomValue(type.dtype, below), type))
      if (type.lanes > 1 && below(4) === 0)
        return keep(b.splat(valueOfType({ dtype: type.dtype, lanes: 1 }), type.lanes))
      return keep(randomLoad(type.dtype, type.lanes))
    }
    const maskOf = (type: Type): Type =>
      type.lanes === 1
        ? { dtype: "bool", lanes: 1 }
        : { dtype: "bool", lanes: type.lanes, mask: type.dtype === "f64" ? 64 : (type.mask ?? 32) }
    const widthOf = (type: Type): number => maxLanes[type.mask === 64 ? "f64" : type.dtype]
    const anyValue = (): Register => (all().length > 0 && below(3) !== 0 ? pick(all()) : valueOfType(randomType()))

    const arithmetic: ReadonlyArray<() => void> = [
      () => {
        const a = anyValue()
        keep(b.unary(pick(unaryOps[a.type.dtype]), a))
      },
      () => {
        const a = anyValue()
        keep(b.binary(pick(binaryOps[a.type.dtype]), a, valueOfType(a.type)))
      },
      () => {
        const a = valueOfType(randomType(pick(["f32", "f64"] as const)))
        keep(b.binary(pick(floatOps), a, valueOfType(a.type)))
      }
    ]
    const instructions: ReadonlyArray<() => void> = [
      ...arithmetic,
      ...arithmetic,
      ...arithmetic,
      () => keep(valueOfType(randomType())),
      () => {
        const dtype = pick(["f32", "f64"] as const)
        const lanes = 1 + below(maxLanes[dtype])
        keep(b.unary(pick(["exponent", "mantissa"] as const), randomLoad(dtype, lanes, positive)))
      },
      () => {
        const dtype = pick(["f32", "f64"] as const)
        keep(b.unary("pow2", randomLoad(dtype, 1 + below(maxLanes[dtype]), exponents)))
      },
      () => {
        const type: Type = { dtype: pick(["i32", "u32"] as const), lanes: 1 }
        keep(b.binary(pick(["div", "rem"] as const), valueOfType(type), valueOfType(type)))
      },
      () => {
        const dtype = pick(["i32", "u32"] as const)
        const a = valueOfType(randomType(dtype))
        const by =
          below(2) === 0 ? b.constant(below(40), a.type) : b.splat(valueOfType({ dtype, lanes: 1 }), a.type.lanes)
        keep(b.binary(pick(["shl", "shr"] as const), a, by))
      },
      () => {
        const a = anyValue()
        keep(b.compare(pick(compareOps(a.type.dtype)), a, valueOfType(a.type)))
      },
      () => {
        const a = anyValue()
        keep(b.select(valueOfType(maskOf(a.type)), a, valueOfType(a.type)))
      },
      () => {
        const a = anyValue()
        if (a.type.mask === 64) return
        const vector = a.type.lanes > 1
        if (vector && a.type.dtype === "f64") return
        keep(b.cast(a, pick(vector ? dtypes.filter((dtype) => dtype !== "f64") : dtypes)))
      },
      () => {
        const dtype = pick(dtypes)
        const lanes = 2 + below(maxLanes[dtype] - 1)
        keep(b.splat(valueOfType({ dtype, lanes: 1 }), lanes))
      },
      () => {
        const a = anyValue()
        if (a.type.lanes > 1) keep(b.extract(a, below(a.type.lanes)))
      },
      () => {
        const a = anyValue()
        if (a.type.lanes === 1 || a.type.lanes === widthOf(a.type)) return
        const lanes = a.type.lanes + 1 + below(widthOf(a.type) - a.type.lanes)
        keep(b.extend(a, lanes, below(2) === 0 ? 0 : randomValue(a.type.dtype, below)))
      },
      () => {
        const dtype = pick(dtypes)
        const a = valueOfType(
          dtype === "bool"
            ? below(2) === 0
              ? { dtype, lanes: 8, mask: 32 }
              : { dtype, lanes: 4, mask: 64 }
            : { dtype, lanes: maxLanes[dtype] }
        )
        keep(
          b.combine(dtype === "bool" ? pick(["and", "or"] as const) : pick(["add", "mul", "min", "max"] as const), a)
        )
      },
      () => {
        if (nest.length > 0) keep(b.loopIndex(pick(nest), 1 + below(8)))
      },
      () => {
        const variable = b.variable(anyValue())
        variables.push(variable)
        keep(variable)
      },
      () => {
        const live = variables.filter((variable) => all().includes(variable))
        if (live.length === 0) return
        const variable = pick(live)
        b.assign(variable, valueOfType(variable.type))
      },
      () => {
        const value = anyValue()
        if (value.type.mask === 64) return
        const { buffer } = pick(data.filter((candidate) => candidate.buffer.dtype === value.type.dtype))
        const { lanes } = value.type
        const laneStride = lanes === 1 ? 0 : pick([1, 1, 1, 2, -1, -3, 5])
        b.store(buffer, randomIndex(lanes, laneStride), value, laneStride)
      }
    ]
    const block = (instructionCount: number): void => {
      for (let i = 0; i < instructionCount * size; i++) {
        if (nest.length < 3 && below(9) === 0) {
          const step = 1 + below(4)
          b.loop(1 + below(9), step, (loop) => {
            nest.push(loop)
            scopes.push([])
            block(3 + below(8))
            scopes.pop()
            nest.pop()
          })
        } else pick(instructions)()
      }
      // What a block computed is written, so that nothing is dead.
      for (const value of scopes[scopes.length - 1] ?? []) {
        if (value.type.mask === 64 || below(2) === 0) continue
        const { buffer } = pick(data.filter((candidate) => candidate.buffer.dtype === value.type.dtype))
        b.store(buffer, randomIndex(value.type.lanes, 1), value)
      }
    }
    block(12 + below(20))
  })
  return { kernel, buffers }
}
