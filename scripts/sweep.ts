/**
 * The comparison of a float32 kernel with its float64 definition on blocks of bit patterns, as one compiled program: the
 * function is run by the vectors that WebAssembly emits for every user, and so are the reference and the error.
 */
import { emitWasm } from "@cotangent/compiler"
import { type Buffer, Builder, bytesOf, type DType, Mathematics, type Register, straight } from "@cotangent/kernel"

/** Operands of one block. */
export const blockLength = 2 ** 13

/** A function of one operand, or of two. */
export type Definition = Mathematics.UnaryDefinition | Mathematics.BinaryDefinition

/** What is compared. */
export interface Sweep {
  readonly name: string
  readonly single: Definition
  readonly double: Definition
  /** Whether errors are told in units of the largest of |f(x)|, |f(-x)| and 1. */
  readonly isAbsolute?: boolean
}

/** The largest error, and where it was found. */
export interface Found {
  readonly error: number
  readonly at: number
  readonly second: number
  readonly value: number
  readonly expected: number
}

/** Writes the operands of a block; the bit patterns of the first ones can be written instead. */
export type Fill = (operands: {
  readonly first: Float32Array
  readonly patterns: Uint32Array
  readonly second: Float32Array
  readonly block: number
}) => void

/** A comparison that is ready to run on a number of blocks. */
export type Run = (blocks: number, fill: Fill) => Found

type Block = Readonly<
  Record<"x" | "second" | "y" | "wideX" | "wideSecond" | "wideY" | "expected" | "error" | "worst", Buffer>
>

const block: Block = (() => {
  const buffer = (id: number, name: string, dtype: DType, length = blockLength): Buffer => ({ id, name, dtype, length })
  return {
    x: buffer(0, "x", "f32"),
    y: buffer(1, "y", "f32"),
    wideX: buffer(2, "wide x", "f64"),
    wideY: buffer(3, "wide y", "f64"),
    expected: buffer(4, "expected", "f64"),
    error: buffer(5, "error", "f64"),
    worst: buffer(6, "worst", "f64", 4),
    second: buffer(7, "second", "f32"),
    wideSecond: buffer(8, "wide second", "f64")
  }
})()

/** |y - expected| in units of the last place of f32, Infinity where one of them alone is NaN, or a zero has the wrong sign. */
const errorOf = (
  b: Builder.Builder,
  y: Register,
  expected: Register,
  size: Register,
  areZerosSigned: boolean
): Register => {
  const type = y.type
  const constant = (value: number): Register => b.constant(value, type)
  const two = (op: "add" | "sub" | "mul" | "div" | "pmin" | "pmax", a: Register, c: Register | number): Register =>
    b.binary(op, a, typeof c === "number" ? constant(c) : c)
  // Overflow is an error of as many units as there are from the result to 2^128.
  const bounded = (a: Register): Register => two("pmin", two("pmax", a, -(2 ** 128)), 2 ** 128)
  const unit = b.unary("exponent", two("pmin", two("pmax", size, 2 ** -126), 2 ** 127.5))
  const difference = b.unary("abs", two("sub", bounded(y), bounded(expected)))
  const error = two("mul", difference, b.unary("pow2", two("sub", constant(23), unit)))
  const isNumber = (a: Register): Register => b.compare("eq", a, a)
  const isNegative = (a: Register): Register => b.compare("lt", b.binary("div", constant(1), a), constant(0))
  const haveOneSign = b.compare("eq", isNegative(y), isNegative(expected))
  const isZero = b.compare("eq", y, constant(0))
  const signed = areZerosSigned ? b.select(isZero, b.select(haveOneSign, error, constant(Infinity)), error) : error
  const isOneNaN = b.binary("xor", isNumber(y), isNumber(expected))
  return b.select(isOneNaN, constant(Infinity), b.select(isNumber(y), signed, constant(0)))
}

const kernelsOf = ({ name, single, double, isAbsolute = false }: Sweep) => {
  const { error, expected, second, wideSecond, wideX, wideY, worst, x, y } = block
  return [
    Builder.kernel(name, (b) =>
      b.loop(blockLength, 8, (loop) => {
        const at = Builder.at(0, [[loop, 1]])
        b.store(y, at, single(b, b.load(x, at, 8), b.load(second, at, 8)))
      })
    ),
    Builder.kernel("widen", (b) =>
      b.loop(blockLength, 4, (loop) => {
        for (let k = 0; k < 4; k++) {
          const at = Builder.at(k, [[loop, 1]])
          b.store(wideX, at, b.cast(b.load(x, at), "f64"))
          b.store(wideSecond, at, b.cast(b.load(second, at), "f64"))
          b.store(wideY, at, b.cast(b.load(y, at), "f64"))
        }
      })
    ),
    Builder.kernel("reference", (b) =>
      b.loop(blockLength, 4, (loop) => {
        const at = Builder.at(0, [[loop, 1]])
        b.store(expected, at, double(b, b.load(wideX, at, 4), b.load(wideSecond, at, 4)))
      })
    ),
    Builder.kernel("compare", (b) => {
      const type = Builder.typeOf("f64", 4)
      const largest = b.variable(b.constant(0, type))
      b.loop(blockLength, 4, (loop) => {
        const at = Builder.at(0, [[loop, 1]])
        const value = b.load(expected, at, 4)
        const own = b.unary("abs", value)
        const size = isAbsolute
          ? b.binary(
              "pmax",
              b.binary("pmax", b.constant(1, type), own),
              b.unary("abs", double(b, b.unary("neg", b.load(wideX, at, 4)), b.load(wideSecond, at, 4)))
            )
          : own
        const off = errorOf(b, b.load(wideY, at, 4), value, size, !isAbsolute)
        b.store(error, at, off)
        b.assign(largest, b.binary("pmax", largest, off))
      })
      b.store(worst, Builder.at(0), largest)
    })
  ]
}

/** Compiles a comparison; `wide` for a process in which V8 pairs vectors. */
export const compileSweep = (sweep: Sweep, wide = false): Run => {
  const layout = new Map<number, number>()
  let address = 0
  for (const { dtype, id, length } of Object.values(block)) {
    layout.set(id, address)
    address += length * bytesOf[dtype] + 64
  }
  const pages = Math.ceil((address + 64) / 65_536)
  const bytes = emitWasm(straight(kernelsOf(sweep)), { layout, memoryPages: pages, wide })
  const memory = new WebAssembly.Memory({ initial: pages })
  const { step } = new WebAssembly.Instance(new WebAssembly.Module(bytes.slice()), { env: { memory } }).exports
  if (typeof step !== "function") throw new Error("the module exports no step")
  const single = (buffer: Buffer) => new Float32Array(memory.buffer, layout.get(buffer.id), buffer.length)
  const double = (buffer: Buffer) => new Float64Array(memory.buffer, layout.get(buffer.id), buffer.length)
  const [x, second, y, error, worst, expected] = [
    single(block.x),
    single(block.second),
    single(block.y),
    double(block.error),
    double(block.worst),
    double(block.expected)
  ]
  const patterns = new Uint32Array(memory.buffer, layout.get(block.x.id), blockLength)
  return (blocks, fill) => {
    let found: Found = { error: -1, at: NaN, second: NaN, value: NaN, expected: NaN }
    for (let number = 0; number < blocks; number++) {
      fill({ first: x, patterns, second, block: number })
      step()
      if (!(Math.max(...worst) > found.error)) continue
      error.forEach((off, i) => {
        if (!(off > found.error)) return
        found = {
          error: off,
          at: x[i] ?? NaN,
          second: second[i] ?? NaN,
          value: y[i] ?? NaN,
          expected: expected[i] ?? NaN
        }
      })
    }
    return found
  }
}

/** Runs a comparison on every `stride`-th bit pattern from one up to, but without, another. */
export const runPatterns = (run: Run, from: number, to: number, stride = 1): Found =>
  run(Math.ceil((to - from) / stride / blockLength), ({ block: number, patterns }) => {
    const first = from + number * blockLength * stride
    for (let i = 0; i < blockLength; i++) patterns[i] = Math.min(first + i * stride, to - 1)
  })
