import { assert, describe, it } from "@effect/vitest"
import type { Kernel } from "@cotangent/kernel"
import { type Graph, operations as ops } from "@cotangent/graph"
import { watchPasses } from "../watch.ts"
import { graphOf } from "../planned.test.support.ts"
import { plan, type Planned } from "../program.ts"
import { resolve } from "../resolve.ts"
import { type Schedule, schedule } from "../schedule.ts"
import { problemsOf, validateGraph, validatePlan, validateSchedule, validateStage } from "./index.ts"

/** Two products with a sum over rows between them and a loop behind: three kinds of groups, a region, scratch. */
const graph = graphOf(
  [
    { shape: [8, 8], dtype: "f32" },
    { shape: [8, 8], dtype: "f32" }
  ],
  (x, w) => {
    if (x === undefined || w === undefined) return []
    const product = ops.dot(x, w, { batch: [[], []], contract: [[1], [0]] })
    const total = ops.reduceSum(ops.exp(product), [0])
    return [ops.dot(ops.tanh(product), w, { batch: [[], []], contract: [[1], [0]] }), ops.sqrt(total)]
  }
)

const changed = (node: number, change: (node: Graph.GraphNode) => Partial<Graph.GraphNode>): Graph.Graph => ({
  ...graph,
  nodes: graph.nodes.map((n, i) => (i === node ? { ...n, ...change(n) } : n))
})
const at = (primitive: string): number => graph.nodes.findIndex((node) => node.primitive === primitive)

const graphs: Readonly<Record<string, readonly [Graph.Graph, RegExp]>> = {
  "an operand that comes later": [
    changed(at("exp"), () => ({ inputs: [{ node: graph.nodes.length - 1, output: 0 }] })),
    /exp: operand 0 is output 0 of node \d+, which is not defined before/
  ],
  "an output that does not exist": [
    changed(at("exp"), ({ inputs: [x] }) => ({ inputs: [{ node: x?.node ?? 0, output: 1 }] })),
    /which is not defined before/
  ],
  "another shape than the rule gives": [
    changed(at("sqrt"), () => ({ outputs: [{ shape: [9], dtype: "f32" }] })),
    /sqrt: its outputs are f32\[9\]; its rule says f32\[8\]/
  ],
  "another dtype than the rule gives": [
    changed(at("sqrt"), () => ({ outputs: [{ shape: [8], dtype: "f64" }] })),
    /its outputs are f64\[8\]; its rule says f32\[8\]/
  ],
  "too few operands": [changed(at("dot"), ({ inputs }) => ({ inputs: inputs.slice(1) })), /1 operands and takes 2/],
  "a region too many": [changed(at("exp"), () => ({ regions: [graph] })), /1 regions and takes 0/],
  "what nothing needs": [{ ...graph, results: graph.results.slice(1) }, /nothing needs it/],
  "a result that does not exist": [{ ...graph, results: [{ node: 99, output: 0 }] }, /result 0 is output 0 of node 99/],
  "a parameter of another type": [
    { ...graph, parameters: graph.parameters.map((p) => ({ ...p, shape: [7] })) },
    /parameter 0, p0, is not node 0, a parameter of type f32\[7\]/
  ]
}

const scheduled = schedule(resolve(graph))
const group = (index: number, change: Partial<Schedule["groups"][number]>): Schedule => ({
  ...scheduled,
  groups: scheduled.groups.map((g, i) => (i === index ? { ...g, ...change } : g))
})

const schedules: Readonly<Record<string, readonly [Schedule, RegExp]>> = {
  "a dependency that is missing": [
    group(scheduled.groups.length - 1, { dependencies: new Set() }),
    /which it does not depend on/
  ],
  "a value that nobody computes": [group(0, { members: [] }), /which no other group computes/],
  "a cycle": [group(0, { dependencies: new Set([scheduled.groups.length - 1]) }), /in a cycle/]
}

const planned = plan(graph)
const [firstKernel] = planned.kernels
const kernels = (change: (kernel: Kernel) => Partial<Kernel>): Planned => ({
  ...planned,
  kernels: planned.kernels.map((k) => (k === firstKernel ? { ...k, ...change(k) } : k))
})

const plans: Readonly<Record<string, readonly [Planned, RegExp]>> = {
  "a kernel that is not called": [{ ...planned, steps: planned.steps.slice(0, -1) }, /is called at 0 places, not one/],
  "a kernel that is called twice": [{ ...planned, steps: [...planned.steps, ...planned.steps] }, /at 2 places/],
  "kernels in the wrong order": [{ ...planned, steps: planned.steps.toReversed() }, /before it is written/],
  "a buffer without a place": [{ ...planned, scratch: new Map() }, /has no place/],
  "a buffer of two lengths": [
    kernels(({ writes }) => ({ writes: writes.map((buffer) => ({ ...buffer, length: 1 })) })),
    /buffer \d+ is f32\[\d+\] and f32\[\d+\]/
  ],
  "buffers over each other": [
    { ...planned, scratch: new Map([...planned.scratch.keys()].map((id) => [id, 0])) },
    /are alive at once and overlap/
  ],
  "a kernel that is none": [kernels(({ body }) => ({ body: [...body, ...body] })), /is defined twice/],
  "a loop that is not there": [kernels(() => ({ around: [{ id: -9, extent: 3, step: 1 }] })), /not those it says/]
}

describe("validators", () => {
  const table = <A>(
    name: string,
    rows: Readonly<Record<string, readonly [A, RegExp]>>,
    sound: A,
    validate: (a: A) => ReadonlyArray<string>
  ): void => {
    it(`find nothing wrong in a ${name}`, () => assert.deepStrictEqual(validate(sound), []))
    for (const [what, [broken, expected]] of Object.entries(rows))
      it(`of ${name}s find ${what}`, () => assert.match(validate(broken).join("\n"), expected))
  }
  table("graph", graphs, graph, validateGraph)
  table("schedule", schedules, scheduled, validateSchedule)
  table("plan", plans, planned, validatePlan)

  it("look at what every pass makes, in this package's tests", () => {
    const seen: Array<string> = []
    const before = watchPasses((stage) => {
      seen.push(stage.pass)
      assert.deepStrictEqual(problemsOf(stage), [])
    })
    plan(graph)
    watchPasses(before)
    assert.strictEqual(before, validateStage)
    assert.includeMembers(seen, ["make", "exact rewrites", "schedule", "compute again", "plan memory"])
  })
})
