import { assert, describe, it } from "@effect/vitest"
import { operations as ops } from "@cotangent/graph"
import { type LawName, laws } from "./laws.ts"
import { mutantsOf, withMutant } from "./mutations.ts"
import type { Subject } from "./subjects.ts"

describe("laws can fail", () => {
  const subject = (
    apply: Subject["apply"],
    operands: Subject["operands"] = [{ shape: [3], low: 0.5, high: 1.5 }]
  ): Subject => ({ name: "wrong", operands, apply })
  const sentence = (law: LawName, wrong: Subject): string => laws[law](wrong, 1) ?? "nothing"
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
    const sine = subject((xs) => [ops.sin(first(xs))])
    assert.match(sentence("zero", sine), /^forward of order 1|^derivative/)
    assert.strictEqual(sentence("stopped", sine), "derivative 0 is not zero")
  })

  it("refused: a function that has a derivative", () => {
    assert.strictEqual(
      sentence(
        "refused",
        subject((xs) => [ops.sin(first(xs))])
      ),
      "reverse mode gives a derivative"
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

  it("targets and bits: compiled values that are not those of the interpreter", () => {
    const mutant = mutantsOf("sin", 1).find(({ change }) => change.startsWith("value"))
    if (mutant === undefined) throw new RangeError("there is no mutant")
    const sine = subject((xs) => [ops.sin(first(xs))])
    withMutant("sin", mutant, () => {
      assert.match(sentence("bits", sine), /^result 0\[\d\] is .* on wasm and .* on the interpreter/)
      assert.match(sentence("targets", sine), /^f32: result 0/)
    })
  })

  it("what is noise on the way is none of it: the sum of a cancelled difference divided by it", () => {
    const far = subject((xs) => [ops.div(ops.sub(ops.add(first(xs), 1e9), 1e9), 1e-3)])
    assert.strictEqual(sentence("bits", far), "nothing")
  })

  it("dtypes: another element type than the operands'", () => {
    assert.strictEqual(
      sentence(
        "dtypes",
        subject((xs) => [ops.cast(first(xs), "f64")])
      ),
      "f32: the result is f64, of operands f32"
    )
  })

  it("graphs: a function that builds another graph each time", () => {
    let calls = 0
    assert.match(
      sentence(
        "graphs",
        subject((xs) => [ops.add(first(xs), calls++)])
      ),
      /^f32: built again, the graph is\n/
    )
  })
})
