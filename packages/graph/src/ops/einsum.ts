/** Sums of products named by letters. */
import { broadcastShapes } from "../axes.ts"
import { type Contraction, contractionOrder } from "../contraction-order.ts"
import { checkSameDType } from "../dtype.ts"
import type { EinsumDType, EinsumOperand, EinsumRule } from "../einsum-rules.ts"
import { ShapeError, showShape } from "../errors.ts"
import { checkOperand, face } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor, TensorOf } from "../tensor.ts"

/** An operand, and the letter of each of its axes. */
interface Term {
  readonly letters: ReadonlyArray<string>
  readonly x: AnyTensor
}

/** Stands for axis i of an ellipsis, counted from its last. */
const hidden = (i: number): string => `.${i}`
const isHidden = (letter: string): boolean => letter.startsWith(".")

const lettersOf = (equation: string, text: string): ReadonlyArray<string> => {
  const [before = "", after, ...more] = text.split("...")
  if (more.length > 0 || [before, after ?? ""].some((part) => !/^[A-Za-z]*$/.test(part)))
    throw new ShapeError(`einsum ${equation}: ${text} may have letters and one ellipsis (...)`)
  return after === undefined ? [...before] : [...before, "...", ...after]
}

/** The letters of an operand, its ellipsis spelled out. */
const spelled = (equation: string, text: string, { shape }: AnyTensor): ReadonlyArray<string> => {
  const letters = lettersOf(equation, text)
  const at = letters.indexOf("...")
  const named = letters.length - (at < 0 ? 0 : 1)
  if (at < 0 ? named !== shape.length : named > shape.length)
    throw new ShapeError(`einsum ${equation}: ${showShape(shape)} does not have the ${named} dimensions of ${text}`)
  if (at < 0) return letters
  const count = shape.length - named
  return [
    ...letters.slice(0, at),
    ...Array.from({ length: count }, (_, i) => hidden(count - 1 - i)),
    ...letters.slice(at + 1)
  ]
}

/** The size of every letter; where operands have 1 and another size, it is that other one. */
const sizesOf = (
  equation: string,
  inputs: ReadonlyArray<ReadonlyArray<string>>,
  operands: ReadonlyArray<AnyTensor>
): ReadonlyMap<string, number> => {
  const sizes = new Map<string, number>()
  let rest: ReadonlyArray<number> = []
  inputs.forEach((letters, i) => {
    const shape = operands[i]?.shape ?? []
    rest = broadcastShapes(
      "einsum",
      rest,
      shape.filter((_, d) => isHidden(letters[d] ?? ""))
    )
    letters.forEach((letter, d) => {
      if (isHidden(letter)) return
      const size = shape[d] ?? 1
      const known = sizes.get(letter) ?? size
      const isAgain = letters.indexOf(letter) < d
      if (known !== size && (isAgain || (known !== 1 && size !== 1)))
        throw new ShapeError(`einsum ${equation}: ${letter} is ${known} and ${size}`)
      sizes.set(letter, size === 1 ? known : size)
    })
  })
  rest.forEach((size, d) => sizes.set(hidden(rest.length - 1 - d), size))
  return sizes
}

/** The result's letters: as written, or in alphabetical order those that stand once, behind the ellipsis. */
const outputOf = (
  equation: string,
  right: string | undefined,
  inputs: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => {
  const all = inputs.flat()
  const rest = [...new Set(all.filter(isHidden))].toSorted((a, b) => Number(b.slice(1)) - Number(a.slice(1)))
  if (right === undefined) {
    const once = all.filter((letter) => !isHidden(letter) && all.indexOf(letter) === all.lastIndexOf(letter))
    return [...rest, ...once.toSorted((a, b) => (a < b ? -1 : 1))]
  }
  const letters = lettersOf(equation, right).flatMap((letter) => (letter === "..." ? rest : [letter]))
  letters.forEach((letter, i) => {
    if (letters.indexOf(letter) < i) throw new ShapeError(`einsum ${equation}: ${letter} stands twice in the result`)
    if (!all.includes(letter)) throw new ShapeError(`einsum ${equation}: ${letter} of the result is in no operand`)
  })
  return letters
}

/** Each letter once: axes that share one become their diagonal. */
const withoutRepeats = ({ letters, x }: Term): Term => {
  const rows = letters.findIndex((letter, i) => letters.indexOf(letter, i + 1) > i)
  const repeated = letters[rows]
  if (repeated === undefined) return { letters, x }
  const columns = letters.indexOf(repeated, rows + 1)
  const [y = x] = ops.diagonal([x], { offset: 0, rows, columns })
  return withoutRepeats({ letters: [...letters.filter((_, d) => d !== rows && d !== columns), repeated], x: y })
}

/** The axes whose letters are kept. */
const sizesKept = ({ letters, x }: Term, isKept: (letter: string, size: number) => boolean): Term => {
  const kept = letters.map((letter, d) => isKept(letter, x.shape[d] ?? 1))
  return {
    letters: letters.filter((_, d) => kept[d]),
    x: ops.reshape(
      x,
      x.shape.filter((_, d) => kept[d])
    )
  }
}

const sumOut = ({ letters, x }: Term, isNeeded: (letter: string) => boolean): Term => ({
  letters: letters.filter(isNeeded),
  x: ops.reduceSum(
    x,
    letters.flatMap((letter, d) => (isNeeded(letter) ? [] : [d]))
  )
})

/** The axes of a term in the order of some letters; a letter it does not have becomes an axis of size 1. */
const arranged = ({ letters, x }: Term, order: ReadonlyArray<string>): AnyTensor => {
  const places = order.map((letter) => letters.indexOf(letter))
  const turned = ops.transpose(
    x,
    places.filter((d) => d >= 0)
  )
  return ops.reshape(
    turned,
    places.map((d) => (d < 0 ? 1 : (x.shape[d] ?? 1)))
  )
}

/** Two terms as one: letters that nothing else needs are summed over. */
const contract = (a: Term, b: Term, isNeeded: (letter: string) => boolean): Term => {
  const [p, q] = [
    sumOut(a, (letter) => isNeeded(letter) || b.letters.includes(letter)),
    sumOut(b, (letter) => isNeeded(letter) || a.letters.includes(letter))
  ]
  const shared = p.letters.filter((letter) => q.letters.includes(letter))
  const summed = shared.filter((letter) => !isNeeded(letter))
  const free = ({ letters }: Term) => letters.filter((letter) => !shared.includes(letter))
  const [left, right] = [free(p), free(q)]
  if (summed.length === 0 || (left.length === 0 && right.length === 0)) {
    // Element by element: the sums fuse with the products.
    const order = [...p.letters, ...right]
    return sumOut({ letters: order, x: ops.mul(arranged(p, order), arranged(q, order)) }, isNeeded)
  }
  const batch = shared.filter(isNeeded)
  const places = (term: Term, list: ReadonlyArray<string>) => list.map((letter) => term.letters.indexOf(letter))
  return {
    letters: [...batch, ...left, ...right],
    x: ops.dot(p.x, q.x, {
      batch: [places(p, batch), places(q, batch)],
      contract: [places(p, summed), places(q, summed)]
    })
  }
}

/** Multiplies terms in an order. */
const multiplied = (terms: ReadonlyArray<Term>, order: Contraction, output: ReadonlyArray<string>): Term => {
  const leaves = (part: Contraction): ReadonlyArray<number> =>
    typeof part === "number" ? [part] : [...leaves(part[0]), ...leaves(part[1])]
  const descend = (part: Contraction): Term => {
    if (typeof part === "number") {
      const term = terms[part]
      if (term === undefined) throw new RangeError(`einsum: there is no operand ${part}`)
      return term
    }
    const inside = leaves(part)
    const outside = new Set([...output, ...terms.flatMap(({ letters }, i) => (inside.includes(i) ? [] : letters))])
    return contract(descend(part[0]), descend(part[1]), (letter) => outside.has(letter))
  }
  return descend(order)
}

/** Sums of products named by letters. */
export interface Einsum {
  <const Eq extends string, const Ts extends ReadonlyArray<AnyTensor>>(
    equation: Eq,
    ...operands: { readonly [K in keyof Ts]: Ts[K] & EinsumOperand<Eq, Ts, K> }
  ): TensorOf<EinsumRule<Eq, Ts>, EinsumDType<Ts>>
}

/**
 * Sums of products in Einstein's notation: `T.einsum("ij,jk->ik", a, b)` is `sum_j a[i, j] b[j, k]`. A letter names an axis and has
 * one size everywhere, or 1, which broadcasts; letters that are not in the result are summed over; a letter twice in one operand
 * takes its diagonal; `...` stands for further axes, which broadcast; without `->` the result has the letters that stand once,
 * in alphabetical order, behind those of an ellipsis.
 *
 * ```ts
 * const product = T.einsum("bij,bjk->bik", T.ones([2, 3, 4]), T.ones([2, 4, 5]))   // Tensor<[2, 3, 5]>
 * const trace = T.einsum("ii", T.ones([3, 3]))
 * const form = T.einsum("i,ij,j->", T.ones([2]), T.ones([2, 3]), T.ones([3]))
 * ```
 *
 * Several operands are multiplied in pairs in the order that takes the fewest multiplications; of more than eight the cheapest
 * pair always comes next. Throws a ShapeError for operands that do not have the axes of their letters, and for two sizes of one
 * letter. numpy's and PyTorch's `einsum`.
 */
export const einsum: Einsum = face(1, (equation: string, ...list: ReadonlyArray<AnyTensor>): AnyTensor => {
  const [first] = list
  const [left = "", right, ...more] = equation.replaceAll(" ", "").split("->")
  if (first === undefined) throw new ShapeError(`einsum ${equation}: there are fewer operands than terms`)
  if (more.length > 0) throw new ShapeError(`einsum ${equation}: there is more than one arrow`)
  const texts = left.split(",")
  if (texts.length !== list.length)
    throw new ShapeError(
      `einsum ${equation}: there are ${list.length < texts.length ? "fewer" : "more"} operands than terms`
    )
  const inputs = list.map((x, i) => spelled(equation, texts[i] ?? "", x))
  const sizes = sizesOf(equation, inputs, list)
  const output = outputOf(equation, right, inputs)
  for (const x of list) {
    checkSameDType("einsum", first.dtype, x.dtype)
    checkOperand("einsum", "float", x)
  }
  // An axis of size 1 that another operand repeats is none.
  const terms = list.map((x, i) =>
    sizesKept(withoutRepeats({ letters: inputs[i] ?? [], x }), (letter, size) => size === sizes.get(letter))
  )
  const order = contractionOrder({ operands: terms.map(({ letters }) => letters), sizes, output })
  const whole = sumOut(multiplied(terms, order, output), (letter) => output.includes(letter))
  return arranged(whole, output)
})
