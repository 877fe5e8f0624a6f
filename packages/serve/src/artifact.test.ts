import { Key, T, Values } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { assert, describe, it } from "@effect/vitest"
import { Preprocess, Table } from "@cotangent/data"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Result from "effect/Result"
import * as Safetensors from "@cotangent/train/safetensors"
import * as Artifact from "./artifact-module.ts"
import { ArtifactError } from "./errors.ts"
import { examples } from "./models.test.support.ts"

const model = pipe(Model.input([2]), Model.dense("layer", 3), Model.batchNorm("norm"))
const preprocessing = Result.getOrThrow(
  Preprocess.fit(
    Preprocess.make({ x: Preprocess.standardise, y: Preprocess.oneHot() }),
    Table.fromColumns({ x: [1, 2], y: ["a", "b"] })
  )
)
const { params, state } = T.evaluate(model.init(Key.key(0)))
const weights = { params, modelState: state }

describe("Artifact", () => {
  it("names everything that does not fit", () => {
    const kernel = Values.of(new Float32Array(8), [2, 4], "f32")
    const wrong = { params: { ...params, layer: { kernel, other: kernel } }, modelState: {} }
    try {
      // Weights that the types refuse.
      Artifact.make(model, wrong as never, {
        labels: ["a", "a"],
        threshold: Number.NaN,
        batchSize: 0,
        preprocessing
      })
      assert.fail("it was accepted")
    } catch (thrown) {
      assert.instanceOf(thrown, ArtifactError)
      assert.deepStrictEqual(thrown.problems, [
        "params: layer.kernel must be f32[2, 3], it is f32[2, 4]",
        "params has no layer.bias, f32[3] is needed",
        "params: the model has no layer.other",
        "modelState has no norm.mean, f32[3] is needed",
        "modelState has no norm.variance, f32[3] is needed",
        "2 labels were given, 3 outputs need 3",
        "a label is given twice",
        "the preprocessing makes 3 numbers of a row, the model takes 2",
        "the threshold is NaN; a finite number is needed",
        "batchSize is 0; a whole number from 1 to 65536 is needed"
      ])
    }
  })

  it("is a safetensors file that others can read, and equal bytes for equal artifacts", () => {
    const artifact = Artifact.make(model, weights, { labels: ["a", "b", "c"], metadata: { data: "none" } })
    const bytes = Artifact.encode(artifact)
    assert.deepStrictEqual(Artifact.encode(Artifact.decode(bytes)), bytes)
    assert.deepStrictEqual(Artifact.decode(bytes).metadata, { data: "none" })
    assert.strictEqual(Artifact.fingerprint(Artifact.decode(bytes)), Artifact.fingerprint(artifact))
    const { tensors, metadata } = Effect.runSync(Safetensors.decode(bytes))
    assert.deepStrictEqual(Object.keys(tensors), [
      "layer.kernel",
      "layer.bias",
      "norm.scale",
      "norm.offset",
      "norm.mean",
      "norm.variance"
    ])
    assert.strictEqual(metadata["data"], "none")
    assert.deepStrictEqual(Effect.runSync(Safetensors.load(bytes, params)), params)
  })

  it("refuses bytes that hold no model, or one that does not hang together", () => {
    const refused = (bytes: Uint8Array, sentence: string) =>
      assert.throws(() => Artifact.decode(bytes), ArtifactError, sentence)
    refused(new Uint8Array(3), "safetensors: the file has 3 bytes")
    refused(Safetensors.encode(params), "the file holds weights and no model; write it with Artifact.encode")
    refused(Safetensors.encode(params, { cotangent: "{" }), "artifact: ")
    refused(Safetensors.encode(params, { cotangent: "{}" }), "artifact: ")
    const bytes = Artifact.encode(Artifact.make(model, weights))
    const { tensors, metadata } = Effect.runSync(Safetensors.decode(bytes))
    const described = JSON.parse(metadata["cotangent"] ?? "") as { [name: string]: unknown }
    const changed = (change: { readonly [name: string]: unknown }, other: typeof tensors = tensors) =>
      Safetensors.encode(other, { cotangent: JSON.stringify({ ...described, ...change }) })
    refused(changed({ version: 2 }), "artifact: ")
    refused(changed({ labels: ["a"] }), "1 labels were given, 3 outputs need 3")
    refused(changed({ inputShape: [3] }), "the graph for 1 rows makes f32[1, 2] into f32[1, 3]")
    refused(
      changed({
        programs: [
          { rows: 1, graph: 3 },
          { rows: 2, graph: 3 }
        ]
      }),
      "artifact: graph: "
    )
    const { "norm.mean": mean, ...rest } = tensors
    refused(changed({}, rest), "there is no tensor norm.mean, f32[3] is needed")
    const short = Values.of(new Float32Array(2), [2], "f32")
    assert.isDefined(mean)
    refused(changed({}, { ...rest, "norm.mean": short }), "norm.mean is f32[2], f32[3] is needed")
  })

  it("answers damaged bytes with its error, or reads what they say", () => {
    const bytes = Artifact.encode(Artifact.make(model, weights, { labels: ["a", "b", "c"] }))
    let seed = 1
    const random = (below: number): number => {
      seed = Math.imul(seed, 1664525) + 1013904223
      return ((seed >>> 8) / 2 ** 24) * below
    }
    const rounds = process.env["COTANGENT_DEEP"] === undefined ? 150 : 10_000
    let read = 0
    for (let i = 0; i < rounds; i++) {
      const damaged = i % 3 === 0 ? bytes.slice(0, random(bytes.length)) : bytes.slice()
      if (i % 3 !== 0) damaged[Math.floor(random(damaged.length))] = Math.floor(random(256))
      try {
        Artifact.decode(damaged)
        read++
      } catch (thrown) {
        assert.instanceOf(thrown, ArtifactError, `round ${i}`)
      }
    }
    assert.isBelow(read, rounds)
  })

  it("keeps every example", () => {
    for (const { artifact } of Object.values(examples)) {
      const bytes = Artifact.encode(artifact)
      assert.deepStrictEqual(Artifact.encode(Artifact.decode(bytes)), bytes)
    }
  })
})
