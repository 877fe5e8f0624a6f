import { assert, describe, it } from "@effect/vitest"
import { operations as ops, primitiveNames, primitives, type PrimitiveName } from "@cotangent/graph"
import { laws, type LawName } from "./laws.ts"
import type { Subject } from "./subjects.ts"
import { checks, rows } from "./table.ts"

/** More seeds with COTANGENT_DEEP=1. */
const seeds = process.env["COTANGENT_DEEP"] === "1" ? Array.from({ length: 25 }, (_, i) => i + 1) : [1]

const violations = (primitive: PrimitiveName): ReadonlyArray<string> =>
  checks.flatMap((check) => {
    if (check.primitive !== primitive) return []
    return seeds.flatMap((seed) => {
      const sentence = check.run(seed)
      return sentence === undefined ? [] : [`${check.law} of ${check.sample}, seed ${seed}: ${sentence}`]
    })
  })

describe("laws of primitives", () => {
  for (const primitive of primitiveNames) {
    const names = [...new Set(checks.flatMap((check) => (check.primitive === primitive ? [check.law] : [])))]
    it(`${primitive}: ${names.length === 0 ? "none" : names.join(", ")}`, () =>
      assert.deepStrictEqual(violations(primitive), []))
  }

  it("are checked on at least one sample of every primitive but parameter", () => {
    assert.deepStrictEqual(
      primitiveNames.filter((primitive) => !checks.some((check) => check.primitive === primitive)),
      ["parameter"]
    )
  })

  it("state the derivative that the rules have, in both modes", () => {
    for (const name of primitiveNames)
      assert.deepStrictEqual(
        [name, primitives[name].reverse.tag, primitives[name].forward.tag],
        [name, rows[name].derivative, rows[name].derivative]
      )
    assert.deepStrictEqual(
      primitiveNames.filter((name) => rows[name].derivative === "refuses"),
      []
    )
  })
})

describe("laws can fail", () => {
  const circumstances = { seed: 1, step: 2 ** -10, result: undefined }
  const subject = (
    apply: Subject["apply"],
    operands: Subject["operands"] = [{ shape: [3], low: 0.5, high: 1.5 }]
  ): Subject => ({ name: "wrong", operands, apply })
  const sentence = (law: LawName, wrong: Subject): string => laws[law](wrong, circumstances) ?? "nothing"
  const first = (xs: Parameters<Subject["apply"]>[0]) => xs[0] ?? ops.full([], 0, "f64")

  it("differences: a factor that derivatives do not see", () => {
    const wrong = subject((xs) => [ops.mul(ops.stopGradient(first(xs)), first(xs))])
    assert.match(sentence("differences", wrong), /^forward of order 1 at operand 0 is /)
    assert.strictEqual(sentence("adjoint", wrong), "nothing")
  })

  it("secondOrder: a gradient whose own derivative is wrong", () => {
    // Its gradient is right, x^2, but is computed of a constant.
    const wrong = subject((xs) => [
      ops.add(
        ops.mul(ops.stopGradient(ops.mul(first(xs), first(xs))), first(xs)),
        ops.stopGradient(ops.mul(ops.mul(ops.mul(first(xs), first(xs)), first(xs)), -2 / 3))
      )
    ])
    assert.strictEqual(sentence("differences", wrong), "nothing")
    assert.match(sentence("secondOrder", wrong), /of order 2/)
  })

  it("zero and stopped: a function that is not constant", () => {
    assert.match(
      sentence(
        "zero",
        subject((xs) => [ops.sin(first(xs))])
      ),
      /^forward of order 1|^derivative/
    )
    assert.strictEqual(
      sentence(
        "stopped",
        subject((xs) => [ops.sin(first(xs))])
      ),
      "derivative 0 is not zero"
    )
  })

  it("vmap: a function that is another one at each call", () => {
    let calls = 0
    assert.match(
      sentence(
        "vmap",
        subject((xs) => [ops.add(first(xs), calls++)])
      ),
      /with operands 0 batched, result 0\[\d\] is /
    )
  })

  it("targets and bits: a cosine beyond its range", () => {
    assert.match(
      sentence(
        "bits",
        subject((xs) => [ops.cos(ops.mul(first(xs), 1e30))])
      ),
      /on wasm and .* on the interpreter/
    )
    assert.match(
      sentence(
        "targets",
        subject((xs) => [ops.cos(ops.mul(first(xs), 1e30))])
      ),
      /^f32: result 0/
    )
  })

  it("dtypes: another element type than stated", () => {
    assert.strictEqual(
      sentence(
        "dtypes",
        subject((xs) => [ops.lt(first(xs), 1)])
      ),
      "f32: the result is bool, not f32"
    )
  })
})
