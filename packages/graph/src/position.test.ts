import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as T from "./ops/index.ts"
import { derivativeOf, labelled, originOf, showPosition } from "./position.ts"
import type { AnyTensor } from "./tensor.ts"

/** The line this is called from. */
const here = (): number => {
  const frame = new Error("position").stack?.split("\n")[2] ?? ""
  return Number(/:(\d+):\d+\)?$/.exec(frame)?.[1])
}

const lineOf = (x: AnyTensor): number | undefined => {
  const shown = showPosition(x.node.position)
  const match = /position\.test\.ts:(\d+):\d+$/.exec(shown ?? "")
  return match === null ? undefined : Number(match[1])
}

describe("positions", () => {
  const x = T.constant([1, 2, 3])

  it("are the line of the user's code that built the node", () => {
    const [y, line] = [T.exp(x), here()]
    assert.strictEqual(lineOf(y), line)
    const [z, line2] = [pipe(x, T.add(1)), here()]
    assert.strictEqual(lineOf(z), line2)
  })

  it("of compositions are the user's line, not the library's", () => {
    const [y, line] = [T.softmax(x), here()]
    assert.strictEqual(lineOf(y), line)
    const [z, line2] = [pipe(x, T.mul(2), T.logsumexp()), here()]
    assert.strictEqual(lineOf(z), line2)
  })

  it("of derivatives are those of the operations they are the derivatives of", () => {
    const [y, line] = [T.exp(x), here()]
    const first = derivativeOf("backward", y.node)
    const second = derivativeOf("tangent", { primitive: "mul", position: first })
    assert.strictEqual(originOf(second), y.node.position)
    assert.match(showPosition(second) ?? "", new RegExp(`position\\.test\\.ts:${line}:`))
    assert.deepStrictEqual([second.derivative?.phase, second.derivative?.of], ["tangent", "mul"])
    assert.deepStrictEqual([first.derivative?.phase, first.derivative?.of], ["backward", "exp"])
  })

  it("bear the labels they were built under", () => {
    const inner = labelled("block", () => labelled("dense", () => T.exp(x)))
    assert.strictEqual(inner.node.position.label, "block/dense")
    assert.throws(() => labelled("block", () => assert.fail("stop")), /stop/)
    assert.isUndefined(T.exp(x).node.position.label)
  })

  it("show no line of the library", () => {
    const stack = (...lines: ReadonlyArray<string>) => ({ stack: ["Error", ...lines].join("\n") })
    const home = import.meta.url.replace(/graph\/src\/.*$/, "")
    assert.isUndefined(showPosition(stack(`    at one (${home}graph/src/operations.ts:1:2)`)))
    assert.strictEqual(
      showPosition(
        stack(
          `    at add (${home}graph/src/ops/arithmetic.ts:1:2)`,
          `    at apply (${home}nn/dist/model/dense.js:1:2)`,
          "    at pipe (file:///app/node_modules/effect/dist/Function.js:3:4)",
          "    at node:internal/process:5:6",
          "    at loss (file:///app/packages/graph/src/model.ts:7:8)"
        )
      ),
      "/app/packages/graph/src/model.ts:7:8"
    )
    assert.strictEqual(showPosition(stack("    at https://example.org/app.js:9:10")), "https://example.org/app.js:9:10")
    assert.isUndefined(showPosition({}))
  })
})
