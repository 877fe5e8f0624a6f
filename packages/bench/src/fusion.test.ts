/** Which rules compile to one loop over the parameters. Nothing is timed. */
import { plan } from "@cotangent/compiler"
import { assert, describe, it } from "@effect/vitest"
import { optimizers } from "@cotangent/optim"
import { type Fusion, fusionOf } from "./fusion.ts"
import { stepGraph } from "./replay/models.ts"
import { updateTable } from "./update-table.ts"
import { matrices, update } from "./workload/update.ts"

const shape = [128, 64] as const
const [params, gradients] = [matrices(1, 2, shape), matrices(3, 2, shape)]

const fusions = new Map<string, Fusion>(
  optimizers.map((row) => {
    const { graph, replaces } = stepGraph(update(row, params, gradients).parts())
    return [row.name, fusionOf(plan(graph, { replaces }), params.length, shape[0] * shape[1])]
  })
)

describe("the update of a rule", () => {
  it("is one loop over each tensor that moves every number once, but for these", () => {
    const several = [...fusions].filter(([, { loops }]) => loops !== 1).map(([name, { why }]) => [name, why])
    const sums = "sums over a tensor come first"
    const eigenvectors = "eigenvectors of sums of products"
    assert.deepStrictEqual(several, [
      ["fromTransform, clipped adam", sums],
      ["lamb", sums],
      ["lamb, decay", sums],
      ["lars", sums],
      ["lars, nesterov, gradients", sums],
      ["adafactor", sums],
      ["adafactor, not factored", sums],
      ["partitioned, muon for matrices, adamw for others", "products of matrices"],
      ["shampoo", eigenvectors],
      ["shampoo, every third step", eigenvectors],
      ["soap", eigenvectors],
      ["soap, no decay", eigenvectors]
    ])
    for (const [name, { bytes, least, loops }] of fusions)
      if (loops === 1) assert.isAtMost(bytes - least, 0.5, `${name} reads or writes something twice`)
  })

  it("reads an array again only where a sum over it comes first, and stores nothing that is cheap to compute", () => {
    const moved = ["lion", "adan", "fromTransform, clipped adam", "lamb", "lamb, decay", "lars", "prodigy"].map(
      (name) => {
        const { bytes = Number.NaN, loops } = fusions.get(name) ?? {}
        return [name, { loops, bytes: Math.round(bytes) }]
      }
    )
    assert.deepStrictEqual(moved, [
      ["lion", { loops: 1, bytes: 20 }],
      ["adan", { loops: 1, bytes: 44 }],
      // The gradient for its norm, then Adam.
      ["fromTransform, clipped adam", { loops: 2, bytes: 32 }],
      // Moments and the direction, with its norm; the norm of the parameters, unless the direction needs them; the step.
      ["lamb", { loops: 3, bytes: 40 }],
      ["lamb, decay", { loops: 2, bytes: 40 }],
      ["lars", { loops: 3, bytes: 28 }],
      ["prodigy", { loops: 1, bytes: 40 }]
    ])
  })

  it("of Adam reads four numbers per parameter and writes three, and computes its scalars once", () =>
    assert.deepInclude(fusions.get("adam"), { loops: 1, small: 1, why: "" }))
})

describe("the table of updates", () => {
  it("shows the fastest of all rounds, C beside it, and what could be moved less", () => {
    const time = { rule: "lion", parameters: 1, median_ns: 9, loops: 2, small: 2, bytes: 28, least: 20, why: "because" }
    const size = (ns: number) => ({ rounds: [[{ ...time, ns }], [{ ...time, ns: ns + 1 }]], byHand: [[]] })
    const [, , row = ""] = updateTable([size(2), { ...size(7), byHand: [[{ rule: "lion", ns: 0.5 }]] }]).split("\n")
    assert.deepStrictEqual(
      row.split("|").map((cell) => cell.trim()),
      ["", "lion", "2.000", "", "7.000", "0.500", "4.0", "28 (20)", "2", "2", "because", ""]
    )
  })
})
