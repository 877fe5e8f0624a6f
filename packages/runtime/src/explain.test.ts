import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { checkpoint, grad } from "@cotangent/autodiff"
import { T, type Tensor } from "@cotangent/graph"
import { Compute, printExplanation, spec, step } from "./index.ts"

const run = <A, E>(effect: Effect.Effect<A, E, Compute>) => Effect.runPromise(Effect.provide(effect, Compute.layer))

describe("explanations", () => {
  const product = (x: Tensor<[8, 16]>, w: Tensor<[16, 4]>) => T.tanh(T.matmul(x, w))

  it("of a function have the cost of its program", async () => {
    const specs = [spec([8, 16]), spec([16, 4])] as const
    const [account, program] = await run(Effect.all([Compute.explain(product, specs), Compute.compile(product, specs)]))
    assert.deepStrictEqual(account.cost, program.cost)
    assert.deepStrictEqual(
      account.kernels.map((k) => k.operations.map((o) => o.primitive)),
      [["dot", "tanh"]]
    )
    assert.strictEqual(account.kernels[0]?.estimate, undefined)
    assert.match(printExplanation(account), /tanh: built at .*explain\.test\.ts:\d+:\d+/)
  })

  it("of a session tell the state from the data, and what limits each kernel", async () => {
    const state = { w: T.ones([64, 64]) }
    const data = { x: T.ones([8, 64]) }
    const descend = step((s: typeof state, d: typeof data) => {
      const loss = (w: Tensor<[64, 64]>) => T.mean(T.square(T.matmul(d.x, w)))
      return [{ w: T.sub(s.w, T.mul(grad(loss)(s.w), 0.1)) }, { loss: loss(s.w) }]
    })
    const account = await run(
      Effect.scoped(
        Effect.map(Compute.session({ state, data, programs: { descend } }), (session) => {
          assert.deepStrictEqual(session.explain("descend").cost, session.cost("descend"))
          return session.explain("descend", { gigaflops: 100, gigabytes: 10 })
        })
      )
    )
    assert.strictEqual(account.memory.stateBytes, 4 * 64 * 64)
    assert.strictEqual(account.memory.inputBytes, 4 * 8 * 64)
    assert.strictEqual(account.memory.outputBytes, 4)
    assert.isTrue(account.kernels.every((k) => k.estimate !== undefined))
  })
})

describe("stable rewrites", () => {
  const x = T.constant([
    [0, -200, 3],
    [1, 2, 90]
  ])
  const logs = (tap: (p: Tensor<[2, 3]>) => Tensor<[2, 3]>) => (logits: Tensor<[2, 3]>) =>
    T.log(tap(T.softmax(logits) as Tensor<[2, 3]>))
  const untouched = (p: Tensor<[2, 3]>) => p
  const numbers = (tree: { readonly data: ArrayLike<number> }): ReadonlyArray<number> => Array.from(tree.data)

  it("keep the logarithm of a softmax finite, and debug mode finds nothing", async () => {
    const value = await run(Compute.eval(logs(untouched)(x)))
    const direct = await run(Compute.eval(T.logSoftmax(x)))
    assert.deepStrictEqual(numbers(value), numbers(direct))
    assert.isTrue(numbers(value).every(Number.isFinite))
    assert.strictEqual(await run(Compute.firstNonFinite(logs(untouched))(x)), undefined)
    assert.strictEqual(await run(Compute.firstNonFinite(logs(untouched), { everywhere: true })(x)), undefined)
  })

  it("are what is run again where something else is wrong: the right operation is blamed", async () => {
    const broken = (logits: Tensor<[2, 3]>) => T.add(logs(untouched)(logits), T.sqrt(T.sub(T.sum(logits), 1000)))
    const found = await run(Compute.firstNonFinite(broken)(x))
    assert.strictEqual(found?.operation?.primitive, "sqrt")
  })

  it("are the same whether somebody looks or not, and in a checkpoint", async () => {
    const seen: Array<string> = []
    const tapped = logs((p) => T.tap(p, "p") as Tensor<[2, 3]>)
    const taps = { taps: ({ label }: { readonly label: string }) => Effect.sync(() => void seen.push(label)) }
    const plain = numbers(await run(Compute.eval(logs(untouched)(x))))
    assert.deepStrictEqual(numbers(await run(Compute.eval(tapped(x)))), plain)
    assert.deepStrictEqual(numbers(await run(Compute.eval(tapped(x), taps))), plain)
    assert.deepStrictEqual(seen, ["p"])
    const size = (p: Tensor<[2, 3]>) => T.sum(T.sqrt(T.add(T.square(T.log(p) as Tensor<[2, 3]>), 1)))
    const loss = (f: typeof size) => (logits: Tensor<[2, 3]>) => f(T.softmax(logits) as Tensor<[2, 3]>)
    const [direct, again] = [loss(size), loss(checkpoint(size))].map((f) => grad(f)(x))
    if (direct === undefined || again === undefined) return assert.fail("there are two gradients")
    assert.deepStrictEqual(numbers(await run(Compute.eval(again))), numbers(await run(Compute.eval(direct))))
  })
})
