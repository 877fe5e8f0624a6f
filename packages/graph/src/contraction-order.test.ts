import { assert, describe, it } from "@effect/vitest"
import { type Contraction, contractionOrder, comparedOperands } from "./contraction-order.ts"

const sizes = new Map([..."ijklmnopqr"].map((letter, i) => [letter, [10, 100, 5, 50, 2, 30, 7, 20, 4, 60][i] ?? 1]))

/** How many multiplications an order takes. */
const costOf = (operands: ReadonlyArray<string>, output: string, order: Contraction): number => {
  let cost = 0
  const leaves = (part: Contraction): ReadonlyArray<number> =>
    typeof part === "number" ? [part] : [...leaves(part[0]), ...leaves(part[1])]
  const letters = (part: Contraction): ReadonlyArray<string> => {
    if (typeof part === "number") return [...(operands[part] ?? "")]
    const all = [...new Set([...letters(part[0]), ...letters(part[1])])]
    cost += all.reduce((product, letter) => product * (sizes.get(letter) ?? 1), 1)
    const outside = output + operands.filter((_, i) => !leaves(part).includes(i)).join("")
    return all.filter((letter) => outside.includes(letter))
  }
  letters(order)
  return cost
}

/** Every order in which operands can be joined. */
const everyOrder = (parts: ReadonlyArray<Contraction>): ReadonlyArray<Contraction> =>
  parts.length === 1
    ? parts
    : parts.flatMap((a, i) =>
        parts.slice(i + 1).flatMap((b) => everyOrder([...parts.filter((part) => part !== a && part !== b), [a, b]]))
      )

const orderOf = (operands: ReadonlyArray<string>, output: string): Contraction =>
  contractionOrder({ operands: operands.map((letters) => [...letters]), sizes, output: [...output] })

describe("contractionOrder", () => {
  it("takes the fewest multiplications of all orders", () => {
    for (const [operands, output] of [
      [["ij", "jk", "kl"], "il"],
      [["ij", "jk", "kl", "lm"], "im"],
      [["i", "j", "ij", "jk"], "k"],
      [["ijk", "kl", "jl", "im"], "m"],
      [["ij", "ij", "k"], "ijk"],
      [["ij", "kl", "jk"], ""]
    ] as const) {
      const best = Math.min(...everyOrder(operands.map((_, i) => i)).map((order) => costOf(operands, output, order)))
      assert.strictEqual(costOf(operands, output, orderOf(operands, output)), best, operands.join())
    }
  })

  it("of a chain is that of the textbook", () => {
    // 10 x 100 by 100 x 5 by 5 x 50: the first two first, 7500 multiplications instead of 75000.
    assert.deepStrictEqual(orderOf(["ij", "jk", "kl"], "il"), [[0, 1], 2])
    assert.deepStrictEqual(orderOf(["ij"], "i"), 0)
  })

  it("of many operands is greedy", () => {
    const many = [..."ijklmnopq"].map((letter, i) => letter + "jklmnopqr"[i])
    assert.isAbove(many.length, comparedOperands)
    const order = orderOf(many, "ir")
    const leaves = (part: Contraction): ReadonlyArray<number> =>
      typeof part === "number" ? [part] : [...leaves(part[0]), ...leaves(part[1])]
    assert.deepStrictEqual(
      leaves(order).toSorted((a, b) => a - b),
      many.map((_, i) => i)
    )
    const fromTheLeft = many.slice(1).reduce<Contraction>((part, _, i) => [part, i + 1], 0)
    assert.isAtMost(costOf(many, "ir", order), costOf(many, "ir", fromTheLeft))
  })
})
