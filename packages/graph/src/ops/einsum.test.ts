import { assert, describe, it } from "@effect/vitest"
import type { AnyTensor } from "../tensor.ts"
import * as T from "./index.ts"

const einsum = T.einsum as (equation: string, ...operands: ReadonlyArray<AnyTensor>) => AnyTensor

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

/** Small whole numbers, the same in every run: sums of their products are exact. */
const integers = (shape: ReadonlyArray<number>, seed: number): AnyTensor => {
  const n = shape.reduce((a, b) => a * b, 1)
  return T.fromArray(
    Float64Array.from({ length: n }, (_, i) => ((i * 7 + seed * 13) % 11) - 5),
    [...shape],
    "f64"
  )
}

const sizes: Readonly<Record<string, number>> = { i: 2, j: 3, k: 4, l: 2, b: 3, A: 2 }

/** The definition: a sum over all letters, element by element. */
const defined = (inputs: ReadonlyArray<string>, output: string, operands: ReadonlyArray<AnyTensor>) => {
  const letters = [...new Set(inputs.join(""))]
  const shape = [...output].map((letter) => sizes[letter] ?? 1)
  const data = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0)
  const values = operands.map(numbers)
  const place = (text: string, at: Readonly<Record<string, number>>): number =>
    [...text].reduce((p, letter) => p * (sizes[letter] ?? 1) + (at[letter] ?? 0), 0)
  const walk = (d: number, at: Readonly<Record<string, number>>): void => {
    const letter = letters[d]
    if (letter === undefined) {
      const o = place(output, at)
      data[o] = (data[o] ?? 0) + inputs.reduce((p, text, i) => p * (values[i]?.[place(text, at)] ?? 0), 1)
      return
    }
    for (let i = 0; i < (sizes[letter] ?? 1); i++) walk(d + 1, { ...at, [letter]: i })
  }
  walk(0, {})
  return { shape, data }
}

describe("einsum", () => {
  for (const equation of [
    ..."i->i,i->,ij->ji,ij->,ij->j,ijk->kij,ii->i,ii->,iij->j,iji->ij,iijj->ij,iii->i".split(/,(?=[a-z]+->)/),
    ..."ij,jk->ik|ij,kj->ki|ij,jk->|ij,jk->ijk|i,i->|i,i->i|i,j->ij|i,j->|ij,ij->ij|ij,ij->j|ij,ij->".split("|"),
    ..."bij,bjk->bik|bij,jk->bik|bij,bij->b|bij,bkj->ikb|ij,j->i|ij,i->j|i,ij->j|ij,k->i|ii,ij->j|iij,jkk->ik".split(
      "|"
    ),
    ..."ij,jk,kl->il|i,ij,j->|i,j,k->kji|bi,lij,bj->bl|ij,ij,ij->ij|i,i,i->|ij,jk,ki->|ij,jk,kl,lA->iA".split("|"),
    "Ab,bA->A",
    ",->",
    "i,->i"
  ])
    it(equation, () => {
      const [left = "", output = ""] = equation.split("->")
      const inputs = left.split(",")
      const operands = inputs.map((text, i) =>
        integers(
          [...text].map((letter) => sizes[letter] ?? 1),
          i
        )
      )
      const y = einsum(equation, ...operands)
      const expected = defined(inputs, output, operands)
      assert.deepStrictEqual(y.shape, expected.shape)
      // Sums of nothing negative may be -0.
      assert.deepStrictEqual(
        numbers(y).map((x) => x + 0),
        expected.data.map((x) => x + 0)
      )
    })

  it("without an arrow has the letters that stand once, in alphabetical order", () => {
    const [a, c] = [integers([2, 3], 0), integers([3, 4], 1)]
    assert.deepStrictEqual(numbers(einsum("ij,jk", a, c)), numbers(einsum("ij,jk->ik", a, c)))
    assert.deepStrictEqual(numbers(einsum("ba", a)), numbers(T.transpose(a as never) as AnyTensor))
    assert.deepStrictEqual(einsum("bA", a).shape, [3, 2])
    assert.deepStrictEqual(einsum("ii", integers([3, 3], 2)).shape, [])
    assert.deepStrictEqual(einsum(" i j , j k ", a, c).shape, [2, 4])
  })

  it("broadcasts what ellipses stand for, and axes of size 1", () => {
    const y = T.einsum("...ij,...jk->...ik", T.ones([4, 1, 2, 3]), T.ones([5, 3, 2]))
    assert.deepStrictEqual(y.shape, [4, 5, 2, 2])
    assert.deepStrictEqual(new Set(numbers(y)), new Set([3]))
    assert.deepStrictEqual(einsum("i...,...j", T.ones([2, 7]), T.ones([7, 3])).shape, [7, 2, 3])
    assert.deepStrictEqual(numbers(einsum("...->", T.ones([2, 3]))), [6])
    const [one, many] = [integers([1, 3], 0), integers([4, 3], 1)]
    assert.deepStrictEqual(
      numbers(einsum("ij,ij->i", one, many)),
      numbers(einsum("ij,ij->i", T.broadcastTo(one, [4, 3]), many))
    )
    assert.deepStrictEqual(einsum("ij,jk->ik", T.ones([2, 1]), T.ones([3, 4])).shape, [2, 4])
  })

  it("has a sentence for every mistake", () => {
    const [a, b] = [T.ones([2, 3]), T.ones([4, 5])]
    const refuses = (equation: string, operands: ReadonlyArray<AnyTensor>, sentence: string) =>
      assert.throws(() => einsum(equation, ...operands), sentence)
    refuses("ij,jk->ik", [a, b], "einsum ij,jk->ik: j is 3 and 4")
    refuses("ii->i", [a], "einsum ii->i: i is 2 and 3")
    refuses("ij,jk->ik", [a], "einsum ij,jk->ik: there are fewer operands than terms")
    refuses("ij->ij", [a, a], "einsum ij->ij: there are more operands than terms")
    refuses("->", [], "einsum ->: there are fewer operands than terms")
    refuses("ij->ik", [a], "einsum ij->ik: k of the result is in no operand")
    refuses("ij->ii", [a], "einsum ij->ii: i stands twice in the result")
    refuses("ijk->i", [a], "einsum ijk->i: [2, 3] does not have the 3 dimensions of ijk")
    refuses("i1->i", [a], "einsum i1->i: i1 may have letters and one ellipsis (...)")
    refuses("i......->i", [a], "einsum i......->i: i...... may have letters and one ellipsis (...)")
    refuses("ij->i->j", [a], "einsum ij->i->j: there is more than one arrow")
    refuses("ij", [T.zeros([2, 3], "i32")], "einsum: defined for f32, f64, got i32; use T.cast")
  })
})
