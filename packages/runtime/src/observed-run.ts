/** Programs without a state, run under observation. */
import type { Cost } from "@cotangent/compiler"
import { isTensor, Tree, type Value } from "@cotangent/graph"
import type { Engine } from "./engine.ts"
import type { Instruments, TapEvent } from "./instruments.ts"
import { makeInspector, needsTaps } from "./inspector.ts"
import type { LeafSpec } from "./layout.ts"
import { trace } from "./program.ts"
import { evaluateTree, makeRunner } from "./run-once.ts"

/** What a run gives: its results, and what the taps have shown. */
export interface ObservedRun {
  readonly values: ReadonlyArray<Value>
  readonly events: ReadonlyArray<TapEvent>
}

/** A function ready to run on host values. */
export interface ObservedRunner {
  readonly cost: Cost
  readonly parameters: ReadonlyArray<LeafSpec>
  /** The tree of the results. */
  readonly output: unknown
  /** Runs on values that fit the parameters. Throws an IndexError or a NonFiniteError where an instrument finds one. */
  readonly run: (inputs: ReadonlyArray<Value>) => ObservedRun
}

const resultName = (path: string): string => (path === "" ? "the result" : `result ${path}`)

/** Traces and plans a function with its instruments. */
export const makeObservedRunner = (
  engine: Engine,
  program: string,
  f: (...args: ReadonlyArray<never>) => unknown,
  specs: ReadonlyArray<unknown>,
  instruments: Instruments
): ObservedRunner => {
  const traced = trace(f, specs, { taps: needsTaps(instruments) })
  const { output, parameters, results } = traced
  const naming = {
    program,
    inputNames: parameters.map(({ path }) => `argument ${path}`),
    resultNames: results.map(({ path }) => resultName(path))
  }
  const inspector = makeInspector(engine, traced, naming, instruments)
  const runner = makeRunner(engine, {
    graph: inspector.graph,
    parameters,
    results: [...results, ...inspector.extras]
  })
  let step = 0
  return {
    cost: runner.cost,
    parameters,
    output,
    run: (inputs) => {
      const all = runner.run(inputs)
      const valueOf = (i: number): Value => {
        const value = all[i]
        if (value === undefined) throw new RangeError(`${program}: there is no result ${i}`)
        return value
      }
      const events = inspector.inspect({
        step: ++step,
        resultOf: valueOf,
        extraOf: (i) => valueOf(results.length + i),
        inputs: () => inputs,
        before: () => undefined
      })
      return { values: all.slice(0, results.length), events }
    }
  }
}

/** Values of a tree of tensors; without instruments constants are taken as they are. */
export const evaluateObserved = (engine: Engine, tree: unknown, instruments: Instruments): ObservedRun =>
  Object.keys(instruments).length === 0
    ? { values: evaluateTree(engine, tree), events: [] }
    : makeObservedRunner(engine, "eval", () => Tree.leaves(tree), [], instruments).run([])

/** The values of a tree whose leaves are values or tensors. */
export const hostValues = (engine: Engine, tree: unknown): ReadonlyArray<Value> => {
  const leaves = Tree.leaves<Value>(tree)
  const computed = evaluateTree(engine, leaves.filter(isTensor))
  let next = 0
  return leaves.map((leaf) => (isTensor(leaf) ? (computed[next++] ?? leaf) : leaf))
}
