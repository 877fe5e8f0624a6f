/** Where golden cases are computed: the float64 reference interpreter, and programs compiled for each target. */
import {
  type AnyTensor,
  evaluateAll,
  type Shape,
  T,
  type Tensor,
  Tree,
  type Value,
  type ValuesOf
} from "@cotangent/graph"
import { type Engine, makeEngine, openSession, specOf } from "@cotangent/runtime"

/** The names of the targets. */
export const targetNames = ["interpreter", "wasm", "js"] as const

/** The name of a target. */
export type TargetName = (typeof targetNames)[number]

/** A state that advances step by step, its inputs and outputs on the host. */
export interface Machine<I, O> {
  readonly step: (input: ValuesOf<I>) => ValuesOf<O>
  readonly close: () => void
}

/** What a machine is made of: a first state, data that stays, an input of each step by example, and the step. */
export interface MachineDefinition<S, D, I, O> {
  readonly state: S
  readonly data: D
  readonly input: ValuesOf<I>
  readonly step: (state: S, data: D, input: I) => readonly [S, O]
}

/** Somewhere to compute. */
export interface Target {
  readonly name: string
  /** The values of a function at values. */
  readonly evaluate: (
    f: (inputs: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>,
    inputs: ReadonlyArray<Value>
  ) => ReadonlyArray<Value>
  readonly machine: <S, D, I, O>(definition: MachineDefinition<S, D, I, O>) => Machine<I, O>
}

/** A tree of constants of the structure of a tree of values. */
const constants = (values: unknown): unknown =>
  Tree.rebuildWith(
    values,
    Tree.leaves<Value>(values).map((value) => T.fromValue<Shape, Value["dtype"]>(value))
  )

const interpreter: Target = {
  name: "interpreter",
  evaluate: (f, inputs) => evaluateAll(f(inputs.map((value): AnyTensor => T.fromValue(value)))),
  machine: <S, D, I, O>({ state, data, step }: MachineDefinition<S, D, I, O>): Machine<I, O> => {
    let current = state
    return {
      step: (input) => {
        // Constants have the structure of the values they are made of.
        const [next, output] = step(current, data, constants(input) as I)
        const [nextLeaves, outputLeaves] = [Tree.leaves(next), Tree.leaves(output)]
        const values = evaluateAll([...nextLeaves, ...outputLeaves])
        current = Tree.rebuild(
          next,
          values.slice(0, nextLeaves.length).map((value): AnyTensor => T.fromValue(value))
        )
        return Tree.rebuildWith(output, values.slice(nextLeaves.length)) as ValuesOf<O>
      },
      close: () => undefined
    }
  }
}

/** An engine as a target: every function is compiled for it, with its inputs as parameters. */
export const compiledOn = (name: string, engine: Engine): Target => {
  const machine = <S, D, I, O>({ state, data, input, step }: MachineDefinition<S, D, I, O>): Machine<I, O> => {
    const program = { step: (s: never, d: never, i: never): readonly [S, O] => step(s, d, i), input: specOf(input) }
    const session = openSession(engine, state, data, { program })
    // The session rebuilds the structure of what `step` returned.
    return { step: (values) => session.step("program", values) as ValuesOf<O>, close: session.close }
  }
  return {
    name,
    machine,
    evaluate: (f, inputs) => {
      const { step, close } = machine<{}, {}, ReadonlyArray<AnyTensor>, ReadonlyArray<AnyTensor>>({
        state: {},
        data: {},
        input: inputs,
        step: (state, _, xs) => [state, f(xs)]
      })
      try {
        return Tree.leaves<Value>(step(inputs))
      } finally {
        close()
      }
    }
  }
}

/** Every target by name; engines are made when first asked for. */
export const targetOf: (name: TargetName) => Target = (() => {
  const known = new Map<TargetName, Target>([["interpreter", interpreter]])
  return (name) => {
    const target =
      known.get(name) ?? compiledOn(name, makeEngine({ target: name === "js" ? "js" : "wasm", mode: "narrow" }))
    known.set(name, target)
    return target
  }
})()

/** A tensor of unknown shape in float64: what golden cases compute with. */
export type F64 = Tensor<Shape, "f64">
