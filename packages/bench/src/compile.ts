/**
 * Compile time over the size of a graph: `node compile.ts`, a line of JSON per size. A training step of a
 * perceptron with 10, 100, 1000 layers is built, planned and emitted, once to warm the compiler's own code up and then
 * measured three times; what is shown is the least of each phase.
 */
import { passes, plan } from "@cotangent/compiler"
import { Hash } from "@cotangent/graph"
import { codeOf } from "./alone.ts"
import { type Model, stepGraph } from "./replay/models.ts"
import { perceptron } from "./workload/perceptron.ts"

/** Milliseconds of the phases of one compilation. */
export interface CompileTimes {
  readonly layers: number
  readonly nodes: number
  readonly kernels: number
  readonly code_bytes: number
  /** Building the expressions, differentiating them and collecting the graph. */
  readonly build_ms: number
  readonly passes_ms: number
  /** Scheduling, lowering and planning memory. */
  readonly plan_ms: number
  readonly emit_ms: number
  readonly hash_ms: number
}

const perceptronOf = (layers: number): Model =>
  stepGraph(perceptron([32, ...Array.from({ length: layers - 1 }, () => 32), 10], 8, 1).parts())

const timed = <A>(body: () => A): readonly [A, number] => {
  const before = performance.now()
  const value = body()
  return [value, performance.now() - before]
}

const once = (layers: number): CompileTimes => {
  const [{ graph, replaces }, build] = timed(() => perceptronOf(layers))
  const [, passesTime] = timed(() => passes.reduce((g, { run }) => run(g), graph))
  const [planned, all] = timed(() => plan(graph, { replaces }))
  const [bytes, emit] = timed(() => codeOf(planned))
  const [, hash] = timed(() => Hash.hash(planned.graph))
  return {
    layers,
    nodes: graph.nodes.length,
    kernels: planned.kernels.length,
    code_bytes: bytes.length,
    build_ms: build,
    passes_ms: passesTime,
    plan_ms: Math.max(0, all - passesTime),
    emit_ms: emit,
    hash_ms: hash
  }
}

const phases = ["build_ms", "passes_ms", "plan_ms", "emit_ms", "hash_ms"] as const

/** The least time of each phase over some compilations. */
export const measureCompilation = (layers: number, rounds = 3): CompileTimes => {
  const first = once(layers)
  const runs = [first, ...Array.from({ length: rounds - 1 }, () => once(layers))]
  const least = phases.map((phase) => [phase, Number(Math.min(...runs.map((run) => run[phase])).toFixed(2))] as const)
  return { ...first, ...Object.fromEntries(least) }
}

if (import.meta.main) {
  once(10)
  for (const layers of [10, 100, 1000]) console.log(JSON.stringify(measureCompilation(layers)))
}
