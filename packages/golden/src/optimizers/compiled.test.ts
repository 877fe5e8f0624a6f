/** Every optimizer of the table, compiled: one program for all steps, the same bits from every target. */
import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor, Tree, type Value } from "@cotangent/graph"
import { adam, type Optimizer, optimizers, type Rule, sam } from "@cotangent/optim"
import { type Engine, makeEngine, openSession, specOf } from "@cotangent/runtime"

interface Params {
  readonly w: Tensor<[4, 3]>
  readonly b: Tensor<[3], "f64">
}

const numbers = (count: number, seed: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i + 0.1 * i * i))

const start: Params = {
  w: T.fromArray(Float32Array.from(numbers(12, 1)), [4, 3]),
  b: T.fromArray(Float64Array.from(numbers(3, 2)), [3], "f64")
}
/** Gradients on the host; those of some rows of w are zero. */
const gradients = [1, 2, 3, 4, 5, 6, 7].map((k) =>
  T.evaluate<Params>({
    w: T.fromArray(
      Float32Array.from(numbers(12, 3 + k), (x, i) => ((i / 3) % 4 < 1 && k % 2 === 0 ? 0 : x)),
      [4, 3]
    ),
    b: T.fromArray(Float64Array.from(numbers(3, 5 + k)), [3], "f64")
  })
)

const engines: { readonly [target: string]: Engine } = {
  wasm: makeEngine({ target: "wasm", mode: "narrow" }),
  js: makeEngine({ target: "js", mode: "narrow" })
}

/** The state after some steps of a compiled program. */
const stepped = <F extends Rule>(
  engine: Engine,
  optimizer: Optimizer<F>,
  state: unknown,
  along: ReadonlyArray<unknown>
): ReadonlyArray<Value> => {
  const program = {
    step: (s: never, _: never, gradient: never): readonly [unknown, unknown] => [optimizer.step(s, gradient), {}],
    input: specOf(along[0])
  }
  const session = openSession(engine, state, {}, { program })
  try {
    for (const gradient of along) session.step("program", gradient)
    return Tree.leaves<Value>(session.read((s) => s))
  } finally {
    session.close()
  }
}

const bytesOf = (values: ReadonlyArray<Value>): ReadonlyArray<ReadonlyArray<number>> =>
  values.map(({ data }) => Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)))

describe("compiled optimizers", () => {
  for (const { name, use } of optimizers)
    it(name, () =>
      use((optimizer) => {
        const first = optimizer.init(start)
        const [wasm, js] = [engines["wasm"], engines["js"]].map((engine = assert.fail("an engine")) => {
          const result = stepped(engine, optimizer, first, gradients)
          // A state that has gone some steps needs no other program.
          const { compiled } = engine.statistics()
          const half = stepped(engine, optimizer, first, gradients.slice(0, 4))
          const resumed = stepped(
            engine,
            optimizer,
            Tree.rebuildWith(
              first,
              half.map((value) => T.fromValue(value))
            ),
            gradients.slice(4)
          )
          assert.strictEqual(engine.statistics().compiled, compiled)
          assert.deepStrictEqual(bytesOf(resumed), bytesOf(result))
          return result
        })
        assert.deepStrictEqual(bytesOf(wasm ?? []), bytesOf(js ?? []))
        // And it is what the float64 interpreter computes, as far as f32 goes.
        let state = first
        for (const gradient of gradients) state = T.realize(optimizer.step<Params>(state, T.fromValues(gradient)))
        const exact = T.evaluate<ReadonlyArray<Tensor<ReadonlyArray<number>>>>(Tree.leaves(state) as never)
        exact.forEach(({ data }, i) =>
          data.forEach((x, j) =>
            assert.approximately(Number(wasm?.[i]?.data[j]), x, 1e-4 * (1 + Math.abs(x)), `leaf ${i}`)
          )
        )
      })
    )

  it("sam, which calls its objective twice", () => {
    const solver = sam(adam({ learningRate: 0.05 }), { rho: 0.1 })
    const loss = ({ w, b }: Params): Tensor<[], "f64"> =>
      T.add(T.cast(T.sum(T.cos(T.mul(w, 3))), "f64"), T.sum(T.square(T.square(b))))
    const step = (s: never): readonly [unknown, unknown] => [solver.step<Params>(s, loss), {}]
    const first = solver.init(start)
    const found = Object.values(engines).map((engine) => {
      const session = openSession(engine, first, {}, { program: { step, input: {} } })
      session.run("program", 6)
      const values = Tree.leaves<Value>(session.read((s) => s))
      session.close()
      return bytesOf(values)
    })
    assert.deepStrictEqual(found[0], found[1])
  })
})
