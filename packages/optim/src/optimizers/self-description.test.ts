/** What optimizers say about themselves: memory, and the sentences of mistakes. */
import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor, TreeError } from "@cotangent/graph"
import { memoryOf } from "../document.ts"
import { OptimizerError } from "../errors.ts"
import * as optim from "../index.ts"
import { optimizerFamilies } from "./families.ts"
import { optimizerDocuments, optimizers } from "./table.ts"
import { adabelief } from "./adabelief.ts"
import { adafactor } from "./adafactor.ts"
import { adam } from "./adam.ts"
import { adan } from "./adan.ts"
import { lamb } from "./lamb.ts"
import { lars } from "./lars.ts"
import { lion } from "./lion.ts"
import { lookahead } from "./lookahead.ts"
import { muon } from "./muon.ts"
import { partitioned } from "./partitioned.ts"
import { prodigy } from "./prodigy.ts"
import { sam } from "./sam.ts"
import { scheduleFree } from "./scheduleFree.ts"
import { sgd } from "./sgd.ts"
import { shampoo } from "./shampoo.ts"
import { soap } from "./soap.ts"

interface Params {
  readonly w: Tensor<[2, 3], "f64">
  readonly b: Tensor<[3], "f64">
}

const params: Params = { w: T.zeros([2, 3], "f64"), b: T.zeros([3], "f64") }

describe("documents", () => {
  const exported = new Map<string, unknown>(Object.entries(optim))
  it("stand beside constructors of their names", () => {
    assert.isAtLeast(optimizerDocuments.length, 28)
    for (const document of optimizerDocuments) {
      assert.isFunction(exported.get(document.name), document.name)
      assert.strictEqual(exported.get(`${document.name}Document`), document)
    }
    assert.strictEqual(new Set(optimizerDocuments.map(({ name }) => name)).size, optimizerDocuments.length)
  })
  it("are each in one family, whose pictures show rows of the table", () => {
    const listed = optimizerFamilies.flatMap(({ documents }) => documents.map(({ name }) => name))
    assert.deepStrictEqual(listed.toSorted(), optimizerDocuments.map(({ name }) => name).toSorted())
    const rows = new Set(optimizers.map(({ name }) => name))
    for (const { pictured } of optimizerFamilies)
      assert.deepStrictEqual(
        pictured.filter((name) => !rows.has(name)),
        []
      )
  })
  it("name no slot that no form of the rule has", () => {
    for (const document of optimizerDocuments) {
      const forms = optimizers.filter((row) => row.document === document)
      const found = new Set(forms.flatMap(({ use }) => use((optimizer) => Object.keys(optimizer.init(params)))))
      const missing = Object.keys(document.slots).filter((slot) => !found.has(slot))
      if (forms.length > 0) assert.deepStrictEqual(missing, [], document.name)
    }
  })
})

describe("memory", () => {
  const large = { w: T.zeros([30, 40]), b: T.zeros([40]) }
  it("is counted in the state", () => {
    assert.deepStrictEqual(memoryOf(adam(), large), { slots: { m: 1240, v: 1240 }, perParameter: 2 })
    assert.strictEqual(memoryOf(sgd({ learningRate: 1 }), large).perParameter, 0)
    assert.strictEqual(memoryOf(lion(), large).perParameter, 1)
    assert.strictEqual(memoryOf(scheduleFree(), large).perParameter, 2)
    assert.strictEqual(memoryOf(prodigy(), large).perParameter, 4)
    assert.deepStrictEqual(memoryOf(adafactor(), large).slots, { rows: 30 + 40, columns: 40 + 1 })
    assert.deepStrictEqual(memoryOf(soap(), large).slots["leftBasis"], 900 + 1)
    assert.deepStrictEqual(memoryOf(lookahead(sgd({ learningRate: 1 })), large).slots, { slow: 1240 })
  })
})

describe("mistakes", () => {
  const sentence = (f: () => unknown, kind: typeof TreeError | typeof OptimizerError, words: string): void => {
    assert.throws(f, kind, words)
  }
  it("are named: a vector for Muon", () =>
    sentence(
      () => muon().init(params),
      TreeError,
      "muon.init: b must be a matrix for Muon; give other parameters another rule with `partitioned`, it is f64[3]"
    ))
  it("are named: a parameter without a part", () =>
    sentence(
      () => partitioned({ all: adam() }, () => "none" as "all").init(params),
      OptimizerError,
      "partitioned: w belongs to none, the parts are all"
    ))
  it("are named: no parts", () =>
    sentence(
      () => partitioned({}, () => "all" as never),
      OptimizerError,
      "partitioned: there must be at least one part"
    ))
  it("are named: a lookahead of a lookahead", () =>
    sentence(() => lookahead(lookahead(adam())), OptimizerError, "looks ahead already"))
  it("are named: a state of another optimizer", () => {
    const state = adafactor().init(params)
    sentence(
      () => adafactor().step<Params>({ ...state, rows: state.columns }, params),
      TreeError,
      "adafactor.step: the state: rows: w must be f64[2], it is f64[3]"
    )
  })
  it("are all named at once", () => {
    const mistakes = (f: () => unknown): number => {
      try {
        f()
      } catch (error) {
        if (error instanceof OptimizerError) return error.mistakes.length
      }
      return 0
    }
    const bad = -1
    assert.strictEqual(
      mistakes(() => lion({ learningRate: bad, beta1: 1, weightDecay: bad })),
      3
    )
    assert.strictEqual(
      mistakes(() => adabelief({ epsilonRoot: bad, epsilon: bad })),
      2
    )
    assert.strictEqual(
      mistakes(() => adan({ beta3: 1, weightDecayMode: "l2" as never })),
      2
    )
    assert.strictEqual(
      mistakes(() => lamb({ trustRatio: "always" as never, epsilon: bad })),
      2
    )
    assert.strictEqual(
      mistakes(() => lars({ learningRate: 1, momentum: 0, nesterov: true, trustCoefficient: 0 })),
      2
    )
    assert.strictEqual(
      mistakes(() => scheduleFree({ beta1: 0, beta2: 1 })),
      2
    )
    assert.strictEqual(
      mistakes(() => adafactor({ decayPower: 0, clipThreshold: 0, leastScale: bad })),
      3
    )
    assert.strictEqual(
      mistakes(() => prodigy({ growth: 0.5, initialDistance: 0 })),
      2
    )
    assert.strictEqual(
      mistakes(() => muon({ iterations: 2.5, scale: "most" as never })),
      2
    )
    assert.strictEqual(
      mistakes(() => shampoo({ learningRate: 1, refreshEvery: 0, epsilon: 0 })),
      2
    )
    assert.strictEqual(
      mistakes(() => soap({ refreshEvery: 0, largestSide: bad })),
      2
    )
    assert.strictEqual(
      mistakes(() => lookahead(adam(), { period: 0, follow: 0 })),
      2
    )
    assert.strictEqual(
      mistakes(() => sam(adam(), { rho: bad })),
      1
    )
  })
})
