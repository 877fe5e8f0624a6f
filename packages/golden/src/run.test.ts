/** All four golden files, how many of their cases pass, and that altered files fail. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { parseDocument } from "./forms/document.ts"
import { closingLine, encodeReports, showReport } from "./render.ts"
import { type Report, runDocument } from "./run.ts"
import type { TargetName } from "./targets.ts"

/** JSON that can be changed. */
type Json = null | boolean | number | string | Array<Json> | { [key: string]: Json }

const read = (name: string): string => readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8")

const run = (name: string, text: string, targets?: ReadonlyArray<TargetName>): Report =>
  runDocument(name, Effect.runSync(parseDocument(name, text)), targets)

const at = (json: Json | undefined, ...path: ReadonlyArray<string | number>): Json => {
  let value = json
  for (const key of path)
    value = typeof value === "object" && value !== null ? (value as { [key: string | number]: Json })[key] : undefined
  return value ?? null
}

/** The file with the number at a path made a little larger. */
const altered = (
  name: string,
  keep: string,
  find: (entry: Json) => boolean,
  ...path: ReadonlyArray<string | number>
): string => {
  const document: Json = JSON.parse(read(name))
  const entry = at(document, keep)
  const chosen = Array.isArray(entry) ? entry.find(find) : undefined
  const parent = at(chosen, ...path.slice(0, -1)) as { [key: string | number]: Json }
  const last = path.at(-1) ?? ""
  parent[last] = Number(parent[last]) * (1 + 1e-5) + 1e-5
  return JSON.stringify({ ...(document as object), [keep]: [chosen ?? null] })
}

const named = (key: string, name: string) => (entry: Json) => at(entry, key) === name

describe("golden files", () => {
  it("gradients: every case", () => {
    const report = run("grads", read("grads"))
    assert.deepStrictEqual(
      report.outcomes.filter(({ tag }) => tag === "failed"),
      []
    )
    assert.strictEqual(closingLine(report), "339 passed, 0 failed, 0 skipped")
    assert.deepStrictEqual(
      report.outcomes.flatMap((outcome) => (outcome.tag === "passed" && outcome.notes.length > 0 ? [outcome.id] : [])),
      ["act.celu", "act.hardsigmoid", "second_order.layernorm_sq"]
    )
  })

  it("optimizers in float32, to 3 units in the last place", () => {
    assert.strictEqual(closingLine(run("optimizers", read("optimizers_f32"))), "8 passed, 0 failed, 0 skipped")
  })

  it("optimizers", () => {
    const report = run("optimizers", read("optimizers"))
    assert.deepStrictEqual(
      report.outcomes.filter(({ tag }) => tag === "failed"),
      []
    )
    assert.strictEqual(closingLine(report), "56 passed, 0 failed, 0 skipped")
  })

  it("schedules", () => {
    const report = run("schedules", read("schedules"))
    assert.deepStrictEqual(
      report.outcomes.filter(({ tag }) => tag === "failed"),
      []
    )
    assert.strictEqual(closingLine(report), "29 passed, 0 failed, 0 skipped")
  })

  it("training", () => {
    const report = run("training", read("training"))
    assert.deepStrictEqual(
      report.outcomes.filter(({ tag }) => tag === "failed"),
      []
    )
    assert.strictEqual(closingLine(report), "4 passed, 0 failed, 0 skipped")
  })
})

describe("altered golden files", () => {
  const alterations: ReadonlyArray<
    readonly [
      file: string,
      keep: string,
      find: (entry: Json) => boolean,
      path: ReadonlyArray<string | number>,
      shown: RegExp
    ]
  > = [
    ["grads", "cases", named("id", "matmul.batched"), ["outputs", 0, "data", 7], /wasm outputs\[0\]\[7\]: expected /],
    ["grads", "cases", named("id", "matmul.batched"), ["grads", "b", 11], /wasm grads\.b\[11\]: expected /],
    ["grads", "cases", named("id", "softmax.dim0"), ["jvp", 0, 5], /wasm jvp\[0\]\[5\]: expected /],
    ["grads", "cases", named("id", "lstm_cell"), ["grads", "wh", 4], /wasm grads\.wh\[4\]: expected /],
    [
      "grads",
      "second_order",
      named("id", "rosenbrock"),
      ["hessian", 1, 1],
      /second_order\.rosenbrock: wasm hessian\[5\]: /
    ],
    ["grads", "second_order", named("id", "gelu_sum"), ["third_vv", 2], /wasm third_vv\[2\]: /],
    ["grads", "second_order", named("id", "norm"), ["directional"], /wasm directional\[0\]: /],
    ["grads", "jacobians", named("id", "softmax"), ["jacobian", 2, 0], /wasm jacobian\[8\]: /],
    ["optimizers", "cases", named("name", "AdamW lr=0.01"), ["steps", 8, 2, 3], /wasm steps\[8\]\[2\]\[3\]: /],
    [
      "optimizers",
      "cases",
      named("name", "Adam lr=0.01,eps=1e-07"),
      ["options", "eps"],
      /wasm steps\[\d+\]\[\d\]\[\d+\]: /
    ],
    [
      "optimizers",
      "cases",
      named("name", "SGD lr=0.1,momentum=0.9 [clip norm 1.0]"),
      ["clip", "norms", 3],
      /wasm clip\.norms\[3\]\[0\]: /
    ],
    [
      "optimizers",
      "cases",
      named("name", "Adam lr=0.01 [param groups]"),
      ["groups", 1, "lr"],
      /wasm steps\[\d+\]\[1\]\[\d\]: /
    ],
    [
      "schedules",
      "cases",
      named("call", "torch.optim.lr_scheduler.StepLR(o, step_size=10)"),
      ["lr", 33],
      /wasm lr\[33\]: /
    ],
    [
      "schedules",
      "cases",
      named("call", "torch.optim.lr_scheduler.StepLR(o, step_size=10)"),
      ["base_lr"],
      /wasm lr\[\d+\]: /
    ],
    ["training", "runs", named("name", "mlp_adam"), ["losses", 49], /wasm losses\[49\]: /],
    ["training", "runs", named("name", "mlp_adam"), ["initial", "W1", "data", 0], /wasm losses\[\d+\]: /],
    [
      "training",
      "runs",
      named("name", "lstm_rmsprop"),
      ["final_small_tensors", "bo", 1],
      /wasm final_small_tensors\.bo\[1\]: /
    ],
    ["training", "runs", named("name", "transformer_adamw"), ["grad_norms", 2], /wasm grad_norms\[2\]: /]
  ]
  for (const [file, keep, find, path, shown] of alterations) {
    it(`${file} ${keep} ${path.join(".")}`, () => {
      const only = file === "grads" ? { cases: [], second_order: [], jacobians: [] } : {}
      const text = JSON.stringify({
        ...JSON.parse(altered(file, keep, find, ...path)),
        ...Object.fromEntries(Object.entries(only).filter(([key]) => key !== keep))
      })
      const report = run(file, text, ["wasm"])
      assert.strictEqual(report.failed, 1)
      assert.match(showReport(report), shown)
    })
  }
})

describe("reports", () => {
  const document = JSON.parse(read("schedules")) as { readonly cases: ReadonlyArray<{ readonly call: string }> }
  const missing = { ...document.cases[0], call: "NoSuchLR(o, step_size=10)" }
  const report = run("one.json", JSON.stringify({ cases: [{ ...document.cases[0], lr: ["NaN"] }, missing] }), ["js"])

  it("name the case, the number and the missing operation", () => {
    const text = showReport(report)
    assert.match(
      text,
      /failed {3}StepLR\(o, step_size=10\): js lr\[0\]: expected NaN, got 0\.1, relative error Infinity/
    )
    assert.match(text, /skipped {2}NoSuchLR\(.*\): torch\.optim\.lr_scheduler\.NoSuchLR/)
    assert.match(text, /in this file: 0 passed, 1 failed, 1 skipped$/)
  })

  it("are JSON with the counts", () => {
    const json = JSON.parse(encodeReports([report, report]))
    assert.deepStrictEqual([json.passed, json.failed, json.skipped], [0, 2, 2])
    assert.strictEqual(json.files[0].outcomes[0].faults[0].expected, "NaN")
  })
})
