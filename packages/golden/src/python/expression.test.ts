import { assert, describe, it } from "@effect/vitest"
import { T } from "@cotangent/graph"
import { literal, parseCall, parseExpression } from "./expression.ts"
import { lambdaOf } from "./lambda.ts"

const value = (source: string, k: number): number | undefined => {
  const f = lambdaOf(parseExpression(source))
  return f === undefined ? undefined : T.evaluate(f(T.full([], k, "f64"))).data[0]
}

describe("parseCall", () => {
  it("reads positional and named arguments", () => {
    const call = parseCall(
      "torch.optim.Adam(params, lr=0.005, betas=(0.9, 0.999), eps=1e-7, amsgrad=True, x=None, name='a b')  # a comment"
    )
    assert.strictEqual(call.name, "torch.optim.Adam")
    assert.deepStrictEqual(call.args, [{ tag: "name", name: "params" }])
    assert.deepStrictEqual(
      [...call.kwargs].map(([name, argument]) => [name, literal(argument)]),
      [
        ["lr", 0.005],
        ["betas", [0.9, 0.999]],
        ["eps", 1e-7],
        ["amsgrad", true],
        ["x", null],
        ["name", "a b"]
      ]
    )
  })

  it("reads calls inside lists", () => {
    const call = parseCall("S(o, schedulers=[A(o, gamma=.5), B(o)], milestones=[10, -2])")
    const schedulers = call.kwargs.get("schedulers")
    assert.deepStrictEqual(
      schedulers?.tag === "list" ? schedulers.items.map((item) => (item.tag === "call" ? item.name : "")) : [],
      ["A", "B"]
    )
    assert.deepStrictEqual(literal(call.kwargs.get("milestones") ?? parseExpression("0")), [10, -2])
  })

  it("refuses what it does not understand, with a sentence", () => {
    assert.throws(() => parseCall("a @ b"), /Python: " @ b" in "a @ b" is not understood/)
    assert.throws(() => parseCall("f(1"), /expected \) before the end/)
    assert.throws(() => parseCall("f(1) 2"), /2 was not expected/)
    assert.throws(() => parseCall("3"), /"3" is not a call/)
    assert.throws(() => parseCall(""), /ends too early/)
  })
})

describe("lambdaOf", () => {
  it("computes Python's arithmetic", () => {
    assert.strictEqual(value("lambda k: 2 + 3 * k ** 2 - -k", 3), 32)
    assert.strictEqual(value("lambda k: (k + 1) // 2 % 3", 7), 1)
    assert.strictEqual(value("lambda k: -7 // 2", 0), -4)
    assert.strictEqual(value("lambda k: -7 % 3", 0), 2)
    assert.strictEqual(value("lambda k: 2 ** -1", 0), 0.5)
    assert.strictEqual(value("lambda k: -2 ** 2", 0), -4)
    assert.strictEqual(value("lambda k: 10 - 4 - 3", 0), 3)
    assert.approximately(value("lambda k: min(1.0, k / 10) * (1 + math.cos(math.pi * k))", 4) ?? 0, 0.8, 1e-12)
  })

  it("computes conditions", () => {
    assert.deepStrictEqual(
      [0, 1, 2].map((k) => value("lambda k: 0.97 if k % 2 else 0.99", k)),
      [0.99, 0.97, 0.99]
    )
    assert.deepStrictEqual(
      [1, 5].map((k) => value("lambda k: 1 if k < 3 else 2 if k < 5 else 3", k)),
      [1, 3]
    )
  })

  it("is nothing for what it does not understand", () => {
    assert.isUndefined(value("lambda k: f(k)", 0))
    assert.isUndefined(value("lambda k: other * k", 0))
    assert.isUndefined(value("3", 0))
  })
})
