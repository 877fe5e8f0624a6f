import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, isTensor, T } from "@cotangent/graph"
import type { GradientCase } from "../forms/gradients.ts"
import { Missing } from "../outcome.ts"
import { targetOf } from "../targets.ts"
import { adapters } from "./adapters.ts"
import { type Adapter, applyAdapter, type Built, type Inputs } from "./call.ts"
import { checkGradientCase } from "./check.ts"

const inputs: Inputs = new Map<string, AnyTensor>([
  ["t", T.constant([0, -100], "i32")],
  [
    "a",
    T.constant(
      [
        [1, 2],
        [3, 4]
      ],
      "f64"
    )
  ],
  ["i", T.constant([1, 0], "i32")]
])
const a = { input: "a" }

const call = (
  op: string,
  args: Parameters<typeof applyAdapter>[2],
  kwargs: Parameters<typeof applyAdapter>[3] = {}
): Built => applyAdapter(adapters.get(op) as Adapter, op, args, kwargs, inputs)
const missing = (built: Built): string => (built instanceof Missing ? built.operation : "nothing")
const numbers = (built: Built): ReadonlyArray<number> => (isTensor(built) ? Array.from(T.evaluate(built).data) : [])

const golden = (parts: Partial<GradientCase>): GradientCase => ({
  id: "case",
  torch: "",
  op: "torch.square",
  args: [a],
  inputs: { a: { shape: [2], data: [3, -1] } },
  outputs: [{ shape: [2], data: [9, 1] }],
  cotangents: [[1, 2]],
  grads: { a: [6, -4] },
  tangents: { a: [0.5, 1] },
  jvp: [[3, -2]],
  ...parts
})
const outcome = (parts: Partial<GradientCase>) =>
  checkGradientCase(golden(parts), [targetOf("interpreter"), targetOf("js")])

describe("applyAdapter", () => {
  it("takes arguments by position and by name", () => {
    assert.deepStrictEqual(numbers(call("torch.sum", [a, 0])), [4, 6])
    assert.deepStrictEqual(numbers(call("torch.sum", [a], { dim: [-1] })), [3, 7])
    assert.deepStrictEqual(numbers(call("Tensor.permute", [a, 1, 0])), [1, 3, 2, 4])
    assert.deepStrictEqual(numbers(call("Tensor.permute", [a, [1, 0]])), [1, 3, 2, 4])
    assert.deepStrictEqual(numbers(call("torch.pow", [2, a])), [2, 4, 8, 16])
  })

  it("names what has no counterpart", () => {
    assert.strictEqual(missing(call("torch.div", [a, a], { rounding_mode: "up" })), "torch.div with rounding_mode=up")
    assert.strictEqual(missing(call("torch.sum", [a], { dtype: { name: "torch.float32" } })), "torch.sum with dtype")
    assert.strictEqual(
      missing(call("torch.nn.functional.pad", [a, [1, 1]], { mode: "mirror" })),
      "torch.nn.functional.pad with mode=mirror"
    )
    assert.strictEqual(
      missing(call("torch.nn.functional.embedding", [{ input: "i" }, a], { max_norm: 1 })),
      "torch.nn.functional.embedding with max_norm=1"
    )
    assert.strictEqual(missing(call("torch.neg", [a, a])), "torch.neg with 2 arguments")
    assert.strictEqual(missing(call("torch.add", [a, a], { alpha: 1 })), "nothing")
    assert.deepStrictEqual(numbers(call("torch.add", [a, a], { alpha: 2 })), [3, 6, 9, 12])
  })

  it("refuses arguments that are not what the function takes, with a sentence", () => {
    assert.throws(() => call("torch.neg", [{ input: "b" }]), "torch.neg: there is no input b; there are t, a, i")
    assert.throws(() => call("torch.neg", [{ input: "i" }]), "torch.neg: input must be a float tensor, it is i32[2]")
    assert.throws(() => call("torch.sum", [a], { dim: "x" }), 'torch.sum: dim must be numbers, it is "x"')
    assert.throws(() => call("torch.transpose", [a, 0, 2]), "axis 2 does not exist in [2, 2]")
  })

  it("names one public operation in every adapter", () => {
    for (const [op, { operation }] of adapters)
      assert.match(operation, /^(T|Loss|Recurrent)\.\w+(, (T|Loss)\.\w+)*$/, op)
  })
})

describe("checkGradientCase", () => {
  it("passes what is right", () => assert.strictEqual(outcome({}).tag, "passed"))

  it("fails on every kind of number, naming it", () => {
    const failing: ReadonlyArray<readonly [Partial<GradientCase>, string, number]> = [
      [{ outputs: [{ shape: [2], data: [9, 1.0001] }] }, "outputs[0]", 1],
      [{ grads: { a: [6.0001, -4] } }, "grads.a", 0],
      [{ cotangents: [[1, 3]] }, "grads.a", 1],
      [{ jvp: [[3, -2.1]] }, "jvp[0]", 1],
      [{ tangents: { a: [0.6, 1] } }, "jvp[0]", 0]
    ]
    for (const [parts, path, index] of failing) {
      const result = outcome(parts)
      assert.strictEqual(result.tag, "failed", path)
      if (result.tag !== "failed") continue
      assert.deepStrictEqual(
        result.faults.map((fault) => [fault.target, fault.path, fault.tag === "number" ? fault.index : -1]),
        [
          ["interpreter", path, index],
          ["js", path, index]
        ]
      )
    }
  })

  it("fails on shapes, element types, counts and broken calls, with a sentence", () => {
    const sentence = (parts: Partial<GradientCase>): string => {
      const result = outcome(parts)
      const [fault] = result.tag === "failed" ? result.faults : []
      return fault?.tag === "sentence" ? fault.sentence : result.tag
    }
    assert.strictEqual(
      sentence({ outputs: [{ shape: [2, 1], data: [9, 1] }] }),
      "expected floats of shape [2, 1], got floats of shape [2]"
    )
    assert.strictEqual(
      sentence({ outputs: [{ shape: [2], data: [9, 1], dtype: "int64" }] }),
      "expected integers of shape [2], got floats of shape [2]"
    )
    assert.strictEqual(sentence({ outputs: [] }), "expected 0 tensors, got 1")
    assert.strictEqual(sentence({ grads: { b: [1] } }), "there are gradients for b, which is no input tensor")
    assert.strictEqual(sentence({ args: [{ input: "z" }] }), "torch.square: there is no input z; there are a")
  })

  it("skips by name what does not exist here", () => {
    assert.deepStrictEqual(outcome({ op: "torch.made_up" }), { tag: "skipped", id: "case", missing: "torch.made_up" })
    const { op: _, args: __, ...program } = golden({ torch: "a.made().up()" })
    assert.deepStrictEqual(checkGradientCase(program, [targetOf("js")]), {
      tag: "skipped",
      id: "case",
      missing: 'the program "a.made().up()"'
    })
  })
})
