/** What dividing a kernel among threads must leave whole. */
import { assert, describe, it } from "@effect/vitest"
import { at, type Builder, kernel, typeOf } from "./builder.ts"
import { divide } from "./divide.ts"
import type { Buffer, Kernel } from "./ir.ts"

const length = 64
const array = (id: number, name: string): Buffer => ({ id, name, dtype: "i32", length })
const [x, doubled, centred] = [array(0, "x"), array(1, "doubled"), array(2, "centred")]

const shared = (code: Kernel): ReadonlyArray<boolean> =>
  divide(code, {
    threads: { id: -1, extent: 2, step: 1 },
    rootOf: ({ id }) => id,
    multiply: (buffer) => buffer
  }).map(({ threads }) => threads !== undefined)

/** The sum of what `each` gives for every element of x. */
const sumOf = (b: Builder, each: (i: Parameters<Parameters<Builder["loop"]>[2]>[0]) => ReturnType<Builder["load"]>) => {
  const sum = b.variable(b.constant(0, typeOf("i32")))
  b.loop(length, 1, (i) => b.assign(sum, b.binary("add", sum, each(i))))
  return sum
}

const storeDoubled = (b: Builder): void =>
  b.loop(length, 1, (i) => {
    const value = b.load(x, at(0, [[i, 1]]))
    b.store(doubled, at(0, [[i, 1]]), b.binary("add", value, value))
  })

describe("divide", () => {
  it("repeats for every thread a sum that is made while nothing is stored", () => {
    const code = kernel("apart", (b) => {
      const sum = sumOf(b, (i) => b.load(x, at(0, [[i, 1]])))
      storeDoubled(b)
      b.loop(length, 1, (i) =>
        b.store(centred, at(0, [[i, 1]]), b.binary("sub", b.load(doubled, at(0, [[i, 1]])), sum))
      )
    })
    assert.deepStrictEqual(shared(code), [true, true])
  })

  it("leaves a kernel whole whose sum is made in a loop that also stores", () => {
    const code = kernel("together", (b) => {
      const sum = sumOf(b, (i) => {
        const value = b.load(x, at(0, [[i, 1]]))
        b.store(doubled, at(0, [[i, 1]]), value)
        return value
      })
      b.loop(length, 1, (i) =>
        b.store(centred, at(0, [[i, 1]]), b.binary("sub", b.load(doubled, at(0, [[i, 1]])), sum))
      )
    })
    assert.deepStrictEqual(shared(code), [false])
  })

  it("divides what comes before such a loop", () => {
    const code = kernel("before", (b) => {
      storeDoubled(b)
      const sum = sumOf(b, (i) => {
        const value = b.load(doubled, at(0, [[i, 1]]))
        b.store(centred, at(0, [[i, 1]]), value)
        return value
      })
      b.store(x, at(0), sum)
    })
    // The last store needs the sum, so the loop that makes it and the store stay together.
    assert.deepStrictEqual(shared(code), [true, false])
  })

  /** Rows of `width` columns, written two at a time by a loop over columns inside which the other pairs of rows are gone through. */
  const twoRows = (width: number, distance: number): Kernel =>
    kernel("rows", (b) => {
      b.loop(width, 4, (column) =>
        b.loop(length / (2 * distance), 1, (pair) => {
          const place: ReadonlyArray<readonly [typeof pair, number]> = [
            [pair, 2 * distance],
            [column, 1]
          ]
          for (const offset of [0, distance]) b.store(doubled, at(offset, place), b.load(x, at(offset, place), 4))
        })
      )
    })

  it("shares columns whose rows lie further apart than all columns together", () => {
    assert.deepStrictEqual(shared(twoRows(8, 8)), [true])
    assert.deepStrictEqual(shared(twoRows(8, 16)), [true])
  })

  it("leaves whole what writes to the columns of another iteration", () => {
    assert.deepStrictEqual(shared(twoRows(8, 4)), [false])
    assert.deepStrictEqual(shared(twoRows(16, 8)), [false])
  })
})
