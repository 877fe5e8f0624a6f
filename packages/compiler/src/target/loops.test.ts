import { describe, it } from "@effect/vitest"
import { Builder } from "@cotangent/kernel"
import { checkTargets } from "./targets.test.support.ts"

describe("loops and indices, on every target", () => {
  it("steps that do not divide, loop indices, negative strides", () => {
    checkTargets("loop index", [], ["i32", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]], (b, _, to) => {
      b.loop(9, 3, (i) => b.store(to, Builder.at(0, [[i, 1]]), b.loopIndex(i, 5)))
    })
    checkTargets("reversal", [["f32", [1, 2, 3, 4, 5]]], ["f32", [5, 4, 3, 2, 1]], (b, [from], to) => {
      b.loop(5, 1, (i) => b.store(to, Builder.at(4, [[i, -1]]), b.load(from!, Builder.at(0, [[i, 1]]))))
    })
    checkTargets("vector reversal", [["f32", [1, 2, 3, 4, 5]]], ["f32", [5, 4, 3, 2, 1]], (b, [from], to) => {
      b.store(to, Builder.at(0), b.load(from!, Builder.at(4), 5, -1))
    })
    checkTargets("a loop of one iteration", [["f64", [2]]], ["f64", [4]], (b, [from], to) => {
      b.loop(1, 4, (i) => {
        const x = b.load(from!, Builder.at(0, [[i, 5]]))
        b.store(to, Builder.at(0, [[i, -7]]), b.binary("add", x, x))
      })
    })
    checkTargets(
      "the same loop twice in an index",
      [["i32", [0, 1, 2, 3, 4, 5, 6]]],
      ["i32", [0, 3, 6]],
      (b, [from], to) => {
        b.loop(3, 1, (i) =>
          b.store(
            to,
            Builder.at(0, [[i, 1]]),
            b.load(
              from!,
              Builder.at(0, [
                [i, 1],
                [i, 2]
              ])
            )
          )
        )
      }
    )
  })

  it("computed indices", () => {
    const data = [10, 11, 12, 13, 14, 15]
    checkTargets(
      "gather",
      [
        ["f64", data],
        ["i32", [5, 0, 3]]
      ],
      ["f64", [15, 10, 13]],
      (b, [from, where], to) => {
        b.loop(3, 1, (i) => {
          const index = b.load(where!, Builder.at(0, [[i, 1]]))
          b.store(to, Builder.at(0, [[i, 1]]), b.load(from!, Builder.at(0, [], index)))
        })
      }
    )
    checkTargets(
      "gather with a negative computed part",
      [
        ["f32", data],
        ["i32", [-2, -3]]
      ],
      ["f32", [12, 13, 12, 13]],
      (b, [from, where], to) => {
        b.loop(2, 1, (i) => {
          const index = b.load(where!, Builder.at(0, [[i, 1]]))
          b.store(to, Builder.at(0, [[i, 2]]), b.load(from!, Builder.at(4, [[i, 1]], index), 2))
        })
      }
    )
  })

  it("variables are read when they are used", () => {
    checkTargets("swap", [["f32", [1, 2]]], ["f32", [2, 1, 2, 1]], (b, [from], to) => {
      const x = b.variable(b.load(from!, Builder.at(0)))
      const y = b.variable(b.load(from!, Builder.at(1)))
      const copy = b.splat(x, 2)
      const old = b.variable(x)
      b.assign(x, y)
      b.assign(y, old)
      b.store(to, Builder.at(0), x)
      b.store(to, Builder.at(1), y)
      b.store(to, Builder.at(2), b.binary("add", b.load(from!, Builder.at(1)), b.constant(0, y.type)))
      b.store(to, Builder.at(3), b.extract(copy, 1))
    })
    checkTargets(
      "a value from before the assignment",
      [["f32", [1, 2, 3, 4, 5, 6, 7, 8]]],
      ["f32", [2, 4, 6, 8, 10, 12, 14, 16]],
      (b, [from], to) => {
        const x = b.variable(b.load(from!, Builder.at(0), 8))
        const twice = b.binary("add", x, x)
        b.loop(3, 1, () => b.assign(x, b.constant(9, x.type)))
        b.store(to, Builder.at(0), twice)
      }
    )
  })
})
