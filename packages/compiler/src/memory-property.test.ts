/**
 * The property a memory plan must have: sharing memory changes nothing. Random programs, with loops, branches and a state that
 * is overwritten in place, run twice: once with every intermediate in memory of its own, and once as planned, with every byte
 * of scratch that no live buffer owns made NaN (as an integer, -1) before each call of a kernel.
 */
import { assert, describe, it } from "@effect/vitest"
import { type Buffer, bytesOf, Interpreter, type Layout, type Step } from "@cotangent/kernel"
import type { Aval } from "@cotangent/graph"
import { countOf } from "./exhaustive.test.support.ts"
import {
  addressesOf,
  differenceOf,
  graphOf,
  type Numbers,
  randomNumbers,
  randomSource
} from "./planned.test.support.ts"
import { layoutOf, plan, type Planned } from "./program.ts"
import { type LoopForm, loopForms, randomLoop } from "./randomLoop.test.support.ts"
import { readBuffer, writeBuffer } from "./target/targets.test.support.ts"

interface Memory {
  readonly layout: Layout
  readonly image: ArrayBuffer
}

/** Follows the steps of a program; `before` is told of each call, by its place in the text of the program. */
const follow = (planned: Planned, { image, layout }: Memory, before: (call: number) => void): void => {
  const loops = new Map<number, number>()
  const view = new DataView(image)
  const isSet = (buffer: Buffer, offset: number): boolean =>
    view.getInt32((layout.get(buffer.id) ?? 0) + offset * bytesOf[buffer.dtype], true) !== 0
  const flagged = ({ flag: { buffer, index } }: Extract<Step, { tag: "while" | "branch" }>): boolean =>
    isSet(
      buffer,
      index.terms.reduce((sum, { loop, stride }) => sum + stride * (loops.get(loop.id) ?? 0), index.offset)
    )
  /** How many calls stand in a body: lifetimes are counted in these. */
  const length = (body: ReadonlyArray<Step>): number =>
    body.reduce((n, step) => {
      if (step.tag === "call") return n + 1
      if (step.tag === "repeat") return n + length(step.body)
      return step.tag === "while"
        ? n + length(step.test) + length(step.body)
        : n + length(step.whenSet) + length(step.whenNot)
    }, 0)
  const run = (body: ReadonlyArray<Step>, start: number): void => {
    let at = start
    for (const step of body) {
      switch (step.tag) {
        case "call": {
          const kernel = planned.kernels[step.kernel]
          before(at)
          if (kernel !== undefined) Interpreter.run(kernel, layout, image, loops)
          break
        }
        case "repeat":
          for (let i = 0; i < step.loop.extent; i += step.loop.step) {
            loops.set(step.loop.id, i)
            run(step.body, at)
          }
          loops.delete(step.loop.id)
          break
        case "while":
          for (run(step.test, at); flagged(step); run(step.test, at)) run(step.body, at + length(step.test))
          break
        case "branch":
          if (flagged(step)) run(step.whenSet, at)
          else run(step.whenNot, at + length(step.whenSet))
      }
      at += length([step])
    }
  }
  run(planned.steps, 0)
}

const startOf = (planned: Planned, inputs: ReadonlyArray<Numbers>, layout: Layout, end: number): Memory => {
  const image = new Uint8Array(Math.ceil((end + 64) / 65536) * 65536).fill(0xff).buffer
  const places = { layout, pages: 1 }
  planned.parameters.forEach((buffer, i) => writeBuffer(image, places, buffer, inputs[i] ?? []))
  for (const { buffer, data } of planned.constants) writeBuffer(image, places, buffer, Array.from(data))
  return { layout, image }
}

type Replaces = ReadonlyArray<number | undefined>

/** Every intermediate in memory of its own. */
const runApart = (planned: Planned, inputs: ReadonlyArray<Numbers>, replaces: Replaces, steps: number) => {
  const { addresses, end } = addressesOf(planned, replaces)
  const layout = new Map(layoutOf(planned, addresses))
  let free = Math.ceil(end / 64) * 64
  for (const { bytes, id } of planned.lifetimes) {
    layout.set(id, free)
    free += Math.ceil(bytes / 64) * 64
  }
  const memory = startOf(planned, inputs, layout, free)
  for (let step = 0; step < steps; step++) follow(planned, memory, () => undefined)
  return planned.results.map((buffer) => readBuffer(memory.image, { layout, pages: 1 }, buffer))
}

/** As planned; what nobody owns at a call is poisoned before it. */
const runPoisoned = (planned: Planned, inputs: ReadonlyArray<Numbers>, replaces: Replaces, steps: number) => {
  const { addresses, end } = addressesOf(planned, replaces)
  const memory = startOf(planned, inputs, layoutOf(planned, addresses), end)
  const scratch = new Uint8Array(memory.image, addresses.scratch, planned.cost.scratchBytes)
  const alive = (call: number) => {
    const owned = new Uint8Array(scratch.length)
    for (const { bytes, from, id, to } of planned.lifetimes) {
      // What begins here holds nothing yet, unless a loop around comes back to it: then it began at the loop's first call.
      if (from < call && call <= to) owned.fill(1, planned.scratch.get(id) ?? 0, (planned.scratch.get(id) ?? 0) + bytes)
    }
    return owned
  }
  const ownedAt = planned.kernels.map((_, call) => alive(call))
  const carried = carriedAround(planned)
  for (let step = 0; step < steps; step++) {
    follow(planned, memory, (call) => {
      const owned = ownedAt[call]
      if (owned === undefined || carried[call] === true) return
      for (let i = 0; i < scratch.length; i++) if (owned[i] === 0) scratch[i] = 0xff
    })
  }
  return planned.results.map((buffer) => readBuffer(memory.image, { layout: memory.layout, pages: 1 }, buffer))
}

/** Calls that are the first of a loop: what begins there may hold what the round before wrote. */
const carriedAround = (planned: Planned): ReadonlyArray<boolean> => {
  const first = planned.kernels.map(() => false)
  let at = 0
  const visit = (body: ReadonlyArray<Step>): void => {
    for (const step of body) {
      if (step.tag === "call") at++
      if (step.tag === "repeat" || step.tag === "while") first[at] = true
      if (step.tag === "repeat") visit(step.body)
      if (step.tag === "while") {
        visit(step.test)
        visit(step.body)
      }
      if (step.tag === "branch") {
        visit(step.whenSet)
        visit(step.whenNot)
      }
    }
  }
  visit(planned.steps)
  return first
}

/** Some results take the memory of parameters of their type. */
const donations = (
  parameters: ReadonlyArray<Aval>,
  results: ReadonlyArray<Aval>,
  below: (n: number) => number
): Replaces => {
  const free = new Set(parameters.keys())
  return results.map((aval) => {
    const fitting = [...free].filter(
      (p) => parameters[p]?.dtype === aval.dtype && parameters[p]?.shape.join() === aval.shape.join()
    )
    const chosen = below(4) === 0 ? undefined : fitting[below(Math.max(1, fitting.length))]
    if (chosen !== undefined) free.delete(chosen)
    return chosen
  })
}

const check = (seed: number, form: LoopForm): { readonly shares: boolean; readonly replaces: number } => {
  const { body, parameters } = randomLoop(seed, form, { nodes: 12, sizes: [1, 3, 8], dtypes: ["f32", "f64", "i32"] })
  const graph = graphOf(parameters, body)
  const below = randomSource(seed)
  const inputs = parameters.map((aval) => randomNumbers(aval, below))
  const results = graph.results.flatMap(({ node, output }) => graph.nodes[node]?.outputs[output] ?? [])
  const replaces = donations(parameters, results, below)
  const planned = plan(graph, { replaces })
  const expected = runApart(planned, inputs, replaces, 2)
  const found = differenceOf(expected, runPoisoned(planned, inputs, replaces, 2))
  assert.strictEqual(found, undefined, `${form}, seed ${seed}, replaces ${replaces.join()}`)
  const without = planned.lifetimes.reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    shares: planned.cost.scratchBytes < without,
    replaces: replaces.filter((p) => p !== undefined).length
  }
}

describe("a memory plan", () => {
  for (const form of loopForms) {
    it(`gives every read what was written, ${form}`, () => {
      const outcomes = Array.from({ length: countOf(50, 1000) }, (_, seed) => check(seed, form))
      // The property would say little of programs that share nothing and replace nothing.
      assert.isTrue(outcomes.some((o) => o.shares))
      assert.isTrue(outcomes.some((o) => o.replaces > 0))
    })
  }

  it("that is wrong is found out: two live buffers over each other", () => {
    const found = Array.from({ length: 40 }, (_, seed) => {
      const { body, parameters } = randomLoop(seed, "straight", { nodes: 16, sizes: [3, 8], dtypes: ["f32"] })
      const below = randomSource(seed)
      const inputs = parameters.map((aval) => randomNumbers(aval, below))
      const planned = plan(graphOf(parameters, body))
      const wrong: Planned = { ...planned, scratch: new Map([...planned.scratch.keys()].map((id) => [id, 0])) }
      return differenceOf(runApart(planned, inputs, [], 1), runPoisoned(wrong, inputs, [], 1)) !== undefined
    })
    assert.isAtLeast(found.filter(Boolean).length, 10)
  })

  it("that ends lives too early is found out", () => {
    const found = Array.from({ length: 40 }, (_, seed) => {
      const { body, parameters } = randomLoop(seed, "scan", { nodes: 16, sizes: [3, 8], dtypes: ["f32"] })
      const below = randomSource(seed)
      const inputs = parameters.map((aval) => randomNumbers(aval, below))
      const planned = plan(graphOf(parameters, body))
      const wrong: Planned = { ...planned, lifetimes: planned.lifetimes.map((l) => ({ ...l, to: l.from })) }
      return differenceOf(runApart(planned, inputs, [], 1), runPoisoned(wrong, inputs, [], 1)) !== undefined
    })
    assert.isAtLeast(found.filter(Boolean).length, 10)
  })
})
