/** Interning: equal keys get equal numbers, so that equal computations are found without comparing them. */

/** References are below this, so that a pair of numbers fits into one. */
const limit = 2 ** 26

/** A key is a text and a list of numbers below 2^26; its number is the one it was first given. */
export type Interner = (text: string, numbers: ReadonlyArray<number>) => number

/** An empty interner. */
export const makeInterner = (): Interner => {
  const texts = new Map<string, number>()
  const pairs = new Map<number, number>()
  let last = 0
  const intern = <K>(known: Map<K, number>, key: K): number => {
    const found = known.get(key)
    if (found !== undefined) return found
    known.set(key, ++last)
    return last
  }
  return (text, numbers) => {
    let id = intern(texts, text)
    for (const x of numbers) id = intern(pairs, id * limit + x)
    return id
  }
}
