/** One kernel as a JavaScript function: loops over typed arrays, one local for every active lane of a vector. */
import {
  bytesOf,
  type DType,
  type Index,
  type Instruction,
  type Kernel,
  type Layout,
  type Loop,
  loopsAround,
  type Register
} from "@cotangent/kernel"
import { binaries, casts, comparisons, literal, unaries } from "./operations.ts"

/** The typed array a dtype lies in. */
const viewOf: Readonly<Record<DType, string>> = { f32: "F32", f64: "F64", i32: "I32", u32: "U32", bool: "I32" }

/** The lines of one block and the sums of loop indices named in it. */
interface Scope {
  readonly lines: Array<string>
  readonly positions: Map<string, string>
}

interface Frame {
  readonly kernel: string
  readonly layout: Layout
  /** One scope for the function and one for every loop around the current line. */
  readonly scopes: Array<Scope>
  readonly nest: Array<Loop>
  /** The atom of every lane of a register. */
  readonly values: Map<number, ReadonlyArray<string>>
  readonly variables: Set<number>
  /** The name of a loop's index; "0" where a loop of one iteration was left out. */
  readonly indices: Map<number, string>
  positions: number
}

const unsupported = (frame: Frame, what: string): Error =>
  new Error(`The kernel ${frame.kernel} asks for ${what}, which the kernel IR does not define.`)

const write = (frame: Frame, line: string): void => {
  frame.scopes[frame.scopes.length - 1]?.lines.push(line)
}

const lanesOf = (frame: Frame, register: Register): ReadonlyArray<string> => {
  const lanes = frame.values.get(register.id)
  if (lanes === undefined) {
    throw new Error(`The kernel ${frame.kernel} reads register ${register.id} before it is defined.`)
  }
  return lanes
}

const laneOf = (frame: Frame, register: Register, lane: number): string => {
  const atom = lanesOf(frame, register)[lane]
  if (atom === undefined) throw unsupported(frame, `lane ${lane} of a register of ${register.type.lanes} lanes`)
  return atom
}

const nameOf = (register: Register, lane: number): string =>
  register.type.lanes === 1 ? `r${register.id}` : `r${register.id}_${lane}`

/** An atom is a name or a literal: an expression that needs no name of its own. */
const isAtom = (expression: string): boolean => /^(?:[\w.]+|\(-[\w.+-]+\))$/.test(expression)

/** Whether lane after lane reads the same atoms: then all lanes are one value. */
const isUniform = (parts: ReadonlyArray<ReadonlyArray<string>>): boolean =>
  parts.length > 0 && parts.every((part) => part.every((atom) => atom === part[0]))

/** Names the lanes of a register; lanes computed from the same atoms share a name. */
const define = (
  frame: Frame,
  out: Register,
  operands: ReadonlyArray<Register>,
  expression: (lane: number) => string
): void => {
  const { lanes } = out.type
  const changing = operands.some(({ id }) => frame.variables.has(id))
  const assign = (name: string, value: string): string => {
    if (isAtom(value) && !changing) return value
    write(frame, `const ${name} = ${value}`)
    return name
  }
  if (lanes > 1 && isUniform(operands.map((operand) => lanesOf(frame, operand)))) {
    const name = assign(`r${out.id}`, expression(0))
    frame.values.set(
      out.id,
      Array.from({ length: lanes }, () => name)
    )
    return
  }
  frame.values.set(
    out.id,
    Array.from({ length: lanes }, (_, lane) => assign(nameOf(out, lane), expression(lane)))
  )
}

/** `a + b`, with the minus sign of a negative number in the place of the plus. */
const sum = (terms: ReadonlyArray<string>): string =>
  terms.reduce((total, term) => (term.startsWith("-") ? `${total} - ${term.slice(1)}` : `${total} + ${term}`))

const product = (atom: string, factor: number): string =>
  factor === 1 ? atom : factor === -1 ? `-${atom}` : `${atom} * ${factor}`

/**
 * The part of an index that depends on loops, as an atom: partial sums are named in the body of their last loop, so
 * that an inner loop adds only its own term.
 */
const positionOf = (frame: Frame, index: Index): string | undefined => {
  let position: string | undefined = undefined
  let key = ""
  for (const [depth, loop] of frame.nest.entries()) {
    const stride = index.terms.reduce((total, term) => (term.loop.id === loop.id ? total + term.stride : total), 0)
    const name = frame.indices.get(loop.id)
    if (stride === 0 || name === undefined || name === "0") continue
    key += `${loop.id}:${stride} `
    const scope: Scope | undefined = frame.scopes[depth + 1]
    const known: string | undefined = scope?.positions.get(key)
    if (known !== undefined) {
      position = known
      continue
    }
    const expression: string = position === undefined ? product(name, stride) : sum([position, product(name, stride)])
    if (isAtom(expression)) {
      position = expression
      continue
    }
    position = `p${frame.positions++}`
    scope?.lines.push(`const ${position} = ${expression}`)
    scope?.positions.set(key, position)
  }
  return position
}

/** The element of a typed array that lane `lane` of an access touches. */
const elementOf = (
  frame: Frame,
  { buffer, index, laneStride }: Pick<Extract<Instruction, { readonly tag: "load" }>, "buffer" | "index" | "laneStride">
): ((lane: number) => string) => {
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
  for (const { loop } of index.terms) {
    if (!frame.nest.some(({ id }) => id === loop.id)) {
      throw new Error(`An index uses the loop ${loop.id} outside of its body: only enclosing loops can be used.`)
    }
  }
  const position = positionOf(frame, index)
  const dynamic = index.dynamic === undefined ? undefined : laneOf(frame, index.dynamic, 0)
  const changing = [position, dynamic].filter((term) => term !== undefined)
  const first = base / bytes + index.offset
  return (lane) => {
    const constant = first + lane * laneStride
    const terms = constant === 0 && changing.length > 0 ? changing : [...changing, String(constant)]
    return `${viewOf[buffer.dtype]}[${sum(terms)}]`
  }
}

/** Folds halves onto each other until one lane is left. */
const combined = (lanes: ReadonlyArray<string>, fold: (a: string, b: string) => string): string => {
  let rest = lanes
  while (rest.length > 1) {
    const half = rest.length / 2
    const upper = rest.slice(half)
    rest = rest.slice(0, half).map((a, lane) => fold(a, upper[lane] ?? a))
  }
  return rest[0] ?? "0"
}

const find = <Expression>(frame: Frame, expression: Expression | undefined, op: string, dtype: DType): Expression => {
  if (expression === undefined) throw unsupported(frame, `${op} on ${dtype}`)
  return expression
}

const emitInstruction = (frame: Frame, instruction: Instruction): void => {
  const { values } = frame
  switch (instruction.tag) {
    case "const": {
      const { out, value } = instruction
      const atom = literal(out.type.dtype === "f32" ? Math.fround(value) : value)
      values.set(
        out.id,
        Array.from({ length: out.type.lanes }, () => atom)
      )
      return
    }
    case "load": {
      const { out } = instruction
      const element = elementOf(frame, instruction)
      if (out.type.lanes > 1 && instruction.laneStride === 0) {
        write(frame, `const r${out.id} = ${element(0)}`)
        values.set(
          out.id,
          Array.from({ length: out.type.lanes }, () => `r${out.id}`)
        )
        return
      }
      define(frame, out, [], element)
      return
    }
    case "store": {
      const { value } = instruction
      const element = elementOf(frame, instruction)
      lanesOf(frame, value).forEach((atom, lane) => write(frame, `${element(lane)} = ${atom}`))
      return
    }
    case "unary": {
      const { op, out, a } = instruction
      const expression = find(frame, unaries[a.type.dtype][op], op, a.type.dtype)
      define(frame, out, [a], (lane) => expression(laneOf(frame, a, lane)))
      return
    }
    case "binary": {
      const { op, out, a, b } = instruction
      const expression = find(frame, binaries[a.type.dtype][op], op, a.type.dtype)
      define(frame, out, [a, b], (lane) => expression(laneOf(frame, a, lane), laneOf(frame, b, lane)))
      return
    }
    case "compare": {
      const { op, out, a, b } = instruction
      const expression = find(frame, comparisons[a.type.dtype][op], op, a.type.dtype)
      define(frame, out, [a, b], (lane) => expression(laneOf(frame, a, lane), laneOf(frame, b, lane)))
      return
    }
    case "select": {
      const { out, condition, a, b } = instruction
      define(
        frame,
        out,
        [condition, a, b],
        (lane) => `${laneOf(frame, condition, lane)} ? ${laneOf(frame, a, lane)} : ${laneOf(frame, b, lane)}`
      )
      return
    }
    case "cast": {
      const { out, a } = instruction
      const expression = casts[a.type.dtype][out.type.dtype]
      define(frame, out, [a], (lane) => expression(laneOf(frame, a, lane)))
      return
    }
    case "splat": {
      const { out, a } = instruction
      const atom = laneOf(frame, a, 0)
      const name = frame.variables.has(a.id) ? `r${out.id}` : atom
      if (name !== atom) write(frame, `const ${name} = ${atom}`)
      values.set(
        out.id,
        Array.from({ length: out.type.lanes }, () => name)
      )
      return
    }
    case "extract": {
      const { out, a, lane } = instruction
      define(frame, out, [a], () => laneOf(frame, a, lane))
      return
    }
    case "extend": {
      const { out, a, fill } = instruction
      const filled = literal(out.type.dtype === "f32" ? Math.fround(fill) : fill)
      const kept = lanesOf(frame, a).map((atom, lane) => {
        if (!frame.variables.has(a.id)) return atom
        write(frame, `const ${nameOf(out, lane)} = ${atom}`)
        return nameOf(out, lane)
      })
      values.set(
        out.id,
        Array.from({ length: out.type.lanes }, (_, lane) => kept[lane] ?? filled)
      )
      return
    }
    case "combine": {
      const { op, out, a } = instruction
      const expression = find(frame, binaries[a.type.dtype][op], op, a.type.dtype)
      const fold = (x: string, y: string): string => {
        const folded = expression(x, y)
        return folded.startsWith("f(") || folded.startsWith("Math.") ? folded : `(${folded})`
      }
      write(frame, `const r${out.id} = ${combined(lanesOf(frame, a), fold)}`)
      values.set(out.id, [`r${out.id}`])
      return
    }
    case "loopIndex": {
      const { out, loop } = instruction
      const index = frame.indices.get(loop.id)
      if (index === undefined) throw unsupported(frame, `the index of the loop ${loop.id} outside of its body`)
      define(frame, out, [], (lane) => (lane === 0 ? index : index === "0" ? String(lane) : `${index} + ${lane}`))
      return
    }
    case "variable": {
      const { out, initial } = instruction
      frame.variables.add(out.id)
      values.set(
        out.id,
        Array.from({ length: out.type.lanes }, (_, lane) => {
          write(frame, `let ${nameOf(out, lane)} = ${laneOf(frame, initial, lane)}`)
          return nameOf(out, lane)
        })
      )
      return
    }
    case "assign": {
      const { variable, value } = instruction
      lanesOf(frame, variable).forEach((name, lane) => write(frame, `${name} = ${laneOf(frame, value, lane)}`))
      return
    }
    case "for":
      emitLoop(frame, instruction.loop, instruction.body, instruction.share)
      return
  }
}

const emitLoop = (frame: Frame, loop: Loop, body: ReadonlyArray<Instruction>, share?: Loop): void => {
  if (loop.extent <= 0) return
  const once = share === undefined && loop.extent <= loop.step
  const name = indexName(loop)
  frame.indices.set(loop.id, once ? "0" : name)
  frame.nest.push(loop)
  const scope: Scope = { lines: [], positions: new Map() }
  frame.scopes.push(scope)
  for (const instruction of body) emitInstruction(frame, instruction)
  frame.scopes.pop()
  frame.nest.pop()
  if (once) {
    for (const line of scope.lines) write(frame, line)
    return
  }
  const next = loop.step === 1 ? `${name}++` : `${name} += ${loop.step}`
  if (share === undefined) write(frame, `for (let ${name} = 0; ${name} < ${loop.extent}; ${next}) {`)
  else {
    const bound = (thread: string): string =>
      `Math.floor((${Math.ceil(loop.extent / loop.step)} * ${thread}) / ${share.extent}) * ${loop.step}`
    const thread = indexName(share)
    write(frame, `for (let ${name} = ${bound(thread)}; ${name} < ${bound(`(${thread} + 1)`)}; ${next}) {`)
  }
  for (const line of scope.lines) write(frame, `  ${line}`)
  write(frame, "}")
}

/** The name of a loop's index; loops around kernels have numbers below 0. */
export const indexName = ({ id }: Loop): string => (id < 0 ? `t${-id}` : `i${id}`)

/** A name that may stand in source: the kernel's number, and of its own name what can. */
export const functionName = (kernel: Kernel, index: number): string =>
  `k${index}_${kernel.name.replaceAll(/[^A-Za-z0-9_]+/g, "_")}`

/** The lines of the function of one kernel. */
export const emitKernel = (kernel: Kernel, name: string, layout: Layout): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const around = loopsAround(kernel)
  const frame: Frame = {
    kernel: kernel.name,
    layout,
    // What depends on the loops around the kernel is named at the start of the function.
    scopes: [lines, ...around.map(() => lines)].map((own) => ({ lines: own, positions: new Map() })),
    nest: [...around],
    values: new Map(),
    variables: new Set(),
    indices: new Map(around.map((loop) => [loop.id, indexName(loop)] as const)),
    positions: 0
  }
  for (const instruction of kernel.body) emitInstruction(frame, instruction)
  return [`function ${name}(${around.map(indexName).join(", ")}) {`, ...lines.map((line) => `  ${line}`), "}"]
}
