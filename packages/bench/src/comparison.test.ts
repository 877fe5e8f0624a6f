import { assert, describe, it } from "@effect/vitest"
import { ratioTable } from "./comparison.ts"
import { measureCompilation } from "./compile.ts"
import { table } from "./table.ts"
import { workloadsOf } from "./workloads.ts"

describe("tables", () => {
  it("are Markdown, numbers to the right", () => {
    assert.strictEqual(
      table(
        ["name", "us"],
        [
          ["a", "1.0"],
          ["longer", "100.0"]
        ]
      ),
      ["| name   |    us |", "| ------ | ----- |", "| a      |   1.0 |", "| longer | 100.0 |"].join("\n")
    )
  })

  it("show ratios to the fastest, and shares of what the machine can do", () => {
    const run = { workload: "W1", steps: 3, first_step_ms: 100, rss_mb: 50, loss_first: 2.5 }
    const text = ratioTable(
      "W1",
      [
        { peer: "a", runs: [{ ...run, peer: "a", us_per_step: 12, min_us: 10 }] },
        { peer: "b", runs: [{ ...run, peer: "b", us_per_step: 30, min_us: 20 }] }
      ],
      [
        { mode: "narrow", gigaflops: 50, gigabytes: 10 },
        { mode: "wide", gigaflops: 100, gigabytes: 10 }
      ],
      { flops: 250_000, bytes: 50_000 }
    )
    const cells = text.split("\n").map((line) => line.split("|").map((cell) => cell.trim()))
    assert.deepStrictEqual([cells[2]?.slice(1, -1).join(" ")], ["a 10.0 12.0 1.0 25.0 50% 25% 5.0 50% 100 50 2.5000"])
    assert.strictEqual(cells[3]?.[4], "2.0")
  })
})

describe("workloads", () => {
  it("are named alone, in groups, and all at once", () => {
    assert.deepStrictEqual(workloadsOf("W1"), ["W1"])
    assert.deepStrictEqual(workloadsOf("W6"), ["W6.mm512", "W6.mm1024", "W6.elt_fwd", "W6.elt_grad"])
    assert.deepStrictEqual(workloadsOf("all").length, 10)
  })
})

describe("compilation", () => {
  it("is a number of nodes and kernels that grows as the layers do", () => {
    const [few, many] = [measureCompilation(10, 1), measureCompilation(40, 1)]
    assert.strictEqual((many.nodes - few.nodes) % 30, 0)
    assert.isBelow(many.nodes / few.nodes, 4)
    assert.isBelow(many.kernels / few.kernels, 4)
    assert.isBelow(many.code_bytes / few.code_bytes, 4.2)
  })
})
