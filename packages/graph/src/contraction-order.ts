/** In which order several operands of a sum of products are multiplied in pairs. */

/** Operand number, or two parts that are multiplied. */
export type Contraction = number | readonly [Contraction, Contraction]

/** What is multiplied: the letters of each operand, the size of each letter, and the letters of the result. */
export interface Contracted {
  readonly operands: ReadonlyArray<ReadonlyArray<string>>
  readonly sizes: ReadonlyMap<string, number>
  readonly output: ReadonlyArray<string>
}

/** Up to this many operands every order is compared. */
export const comparedOperands = 8

interface Part {
  readonly order: Contraction
  readonly cost: number
  readonly letters: ReadonlySet<string>
}

const sizeOf = (letters: Iterable<string>, sizes: ReadonlyMap<string, number>): number => {
  let size = 1
  for (const letter of letters) size *= sizes.get(letter) ?? 1
  return size
}

/** Two parts as one: the letters that something else needs stay, and every combination of the letters of both costs one. */
const joined = (a: Part, b: Part, isNeeded: (letter: string) => boolean, sizes: ReadonlyMap<string, number>): Part => {
  const all = new Set([...a.letters, ...b.letters])
  return {
    order: [a.order, b.order],
    cost: a.cost + b.cost + sizeOf(all, sizes),
    letters: new Set([...all].filter(isNeeded))
  }
}

/** The best order of every set of operands, from those of its parts; sets are bits of a number. */
const bestOfAll = (parts: ReadonlyArray<Part>, { sizes, output }: Contracted): Contraction => {
  const count = parts.length
  const best = new Map<number, Part>(parts.map((part, i) => [1 << i, part]))
  const letters = parts.map((part) => part.letters)
  for (let set = 1; set < 1 << count; set++) {
    if (best.has(set)) continue
    const outside = letters.filter((_, i) => (set & (1 << i)) === 0)
    const isNeeded = (letter: string): boolean => output.includes(letter) || outside.some((own) => own.has(letter))
    // The first operand of a set stays in the left part: of two mirrored orders one is looked at.
    const first = set & -set
    for (let left = (set - 1) & set; left > 0; left = (left - 1) & set) {
      if ((left & first) === 0) continue
      const [a, b] = [best.get(left), best.get(set ^ left)]
      if (a === undefined || b === undefined) continue
      const part = joined(a, b, isNeeded, sizes)
      const known = best.get(set)
      if (known === undefined || part.cost < known.cost) best.set(set, part)
    }
  }
  return best.get((1 << count) - 1)?.order ?? 0
}

/** Always the pair that costs least, the first of equal ones. */
const greedy = (parts: ReadonlyArray<Part>, { sizes, output }: Contracted): Contraction => {
  let left = parts
  while (left.length > 1) {
    let best: { readonly part: Part; readonly cost: number; readonly pair: ReadonlyArray<Part> } | undefined
    for (const [i, a] of left.entries())
      for (const b of left.slice(i + 1)) {
        const others = left.filter((part) => part !== a && part !== b)
        const isNeeded = (letter: string): boolean =>
          output.includes(letter) || others.some((part) => part.letters.has(letter))
        const part = joined(a, b, isNeeded, sizes)
        const cost = part.cost - a.cost - b.cost
        if (best === undefined || cost < best.cost) best = { part, cost, pair: [a, b] }
      }
    if (best === undefined) break
    const { part, pair } = best
    left = [...left.filter((other) => !pair.includes(other)), part]
  }
  return left[0]?.order ?? 0
}

/**
 * The order that takes the fewest multiplications, every product of two parts costing the sizes of all their letters; of equal
 * ones the first that is found. More than {@link comparedOperands} operands are joined greedily, always the cheapest pair.
 */
export const contractionOrder = (of: Contracted): Contraction => {
  const parts = of.operands.map((letters, order): Part => ({ order, cost: 0, letters: new Set(letters) }))
  return parts.length <= comparedOperands ? bestOfAll(parts, of) : greedy(parts, of)
}
