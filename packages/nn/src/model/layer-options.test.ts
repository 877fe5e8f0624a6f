/** Layers say everything that is wrong with their options at once, when they are made. */
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "@cotangent/graph"
import * as Model from "./index.ts"

type Make = (...options: ReadonlyArray<unknown>) => unknown

/** What nothing has checked: the layers, as JavaScript sees them. */
const layers = Model as unknown as { readonly [name: string]: Make }

const count = "must be a whole number above 0, got"
const pair = "must be a whole number above 0, or 2 of them, got"
const padding = 'padding must be "valid" or "same", got full'

const table: ReadonlyArray<
  readonly [layer: string, options: ReadonlyArray<unknown>, sentences: ReadonlyArray<string>]
> = [
  [
    "conv2d",
    ["a", -4, 0, { strides: 0, groups: -1, dilationRate: [1, 0.5], padding: "full" }],
    [
      `the number of filters ${count} -4`,
      `the number of groups ${count} -1`,
      `kernelSize ${pair} 0`,
      `strides ${pair} 0`,
      padding,
      `dilationRate ${pair} [1, 0.5]`
    ]
  ],
  ["conv2d", ["a", 4], [`kernelSize ${pair} undefined`]],
  ["conv1d", ["a", 4, [3, 3]], [`kernelSize ${count} [3, 3]`]],
  [
    "conv2dTranspose",
    ["a", 0, "3", { outputPadding: -1 }],
    [
      `the number of filters ${count} 0`,
      `kernelSize ${pair} 3`,
      "outputPadding must be a whole number of 0 or more, or 2 of them, got -1"
    ]
  ],
  ["depthwiseConv2d", ["a", 0, { depthMultiplier: 0 }], [`depthMultiplier ${count} 0`, `kernelSize ${pair} 0`]],
  [
    "separableConv1d",
    ["a", 0, 3, { depthMultiplier: 1.5, strides: NaN }],
    [`the number of filters ${count} 0`, `depthMultiplier ${count} 1.5`, `strides ${count} NaN`]
  ],
  ["maxPool2d", [{ poolSize: 0 }], [`size ${pair} {"poolSize":0}`]],
  ["avgPool1d", [0, { strides: -1, padding: "full" }], [`size ${count} 0`, `strides ${count} -1`, padding]],
  [
    "multiHeadAttention",
    ["a", 0, -1, { valueDim: 0, outputDim: 0.5, dropout: 2 }],
    [
      `numHeads ${count} 0`,
      `keyDim ${count} -1`,
      `valueDim ${count} 0`,
      `outputDim ${count} 0.5`,
      "dropout must be 0 or more and below 1, got 2"
    ]
  ],
  [
    "transformerEncoder",
    ["a", { intermediateDim: 0, numHeads: 0, dropout: -1, layerNormEpsilon: 0 }],
    [
      `intermediateDim ${count} 0`,
      `numHeads ${count} 0`,
      "dropout must be 0 or more and below 1, got -1",
      "layerNormEpsilon must be a positive number, got 0"
    ]
  ],
  ["lstm", ["a", 0, { segments: 0 }], [`the number of units ${count} 0`, `segments ${count} 0`]],
  [
    "simpleRnn",
    ["a", -1, { activation: "gelu" }],
    [`the number of units ${count} -1`, 'activation must be "tanh" or "relu", got gelu']
  ],
  ["embedding", ["a", 0, -1, { paddingIndex: 9 }], [`inputDim ${count} 0`, `outputDim ${count} -1`]],
  ["embedding", ["a", 5, 3, { paddingIndex: -6 }], ["paddingIndex must be a whole number from -5 to 4, got -6"]],
  [
    "batchNorm",
    ["a", { epsilon: -1, momentum: 3, runningVariance: "none" }],
    [
      "epsilon must be a positive number, got -1",
      "momentum must be 0 or more and below 1, got 3",
      'runningVariance must be "biased" or "unbiased", got none'
    ]
  ],
  ["layerNorm", ["a", { epsilon: 0 }], ["epsilon must be a positive number, got 0"]],
  [
    "groupNorm",
    ["a", { groups: 0, epsilon: -1 }],
    [`the number of groups ${count} 0`, "epsilon must be a positive number, got -1"]
  ],
  ["gaussianNoise", [Number.POSITIVE_INFINITY], ["stddev must be a finite number, 0 or more, got Infinity"]],
  ["dropout", [1], ["the rate must be 0 or more and below 1, got 1"]]
]

const thrownBy = (f: () => unknown): unknown => {
  try {
    return f()
  } catch (thrown) {
    return thrown
  }
}

describe("wrong options of a layer, all in one OptionError", () => {
  for (const [layer, options, sentences] of table)
    it(`${layer} ${JSON.stringify(options)}`, () => {
      const thrown = thrownBy(() => layers[layer]?.(...options))
      assert.instanceOf(thrown, OptionError)
      assert.strictEqual(thrown.message, sentences.map((sentence) => `${layer}: ${sentence}`).join("\n"))
    })
})
