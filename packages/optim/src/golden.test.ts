/** Numbers that others computed: PyTorch 1.13 in float64, a table of conventions, and the values in Keras's own tests. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { T, type Tensor } from "@cotangent/graph"
import {
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamAsPrinted,
  adamax,
  adamw,
  asgd,
  chain,
  clipByGlobalNorm,
  clipByValue,
  fromTransform,
  globalNorm,
  grouped,
  identity,
  lamb,
  lion,
  nadam,
  presets,
  radam,
  rmsprop,
  rprop,
  scaleByAdam,
  sgd,
  trace,
  trajectory
} from "./index.ts"

type Vectors = ReadonlyArray<ReadonlyArray<number>>
type F64 = Tensor<ReadonlyArray<number>, "f64">
type Follow = (
  params: ReadonlyArray<F64>,
  gradients: ReadonlyArray<ReadonlyArray<F64>>
) => ReadonlyArray<ReadonlyArray<F64>>

interface Case {
  readonly name: string
  readonly optimizer: string
  readonly options: { readonly [name: string]: unknown }
  readonly steps: ReadonlyArray<Vectors>
  readonly groups?: ReadonlyArray<{ readonly params: ReadonlyArray<number>; readonly [option: string]: unknown }>
  readonly averaged_ax_final?: Vectors
  readonly clip?: { readonly kind: "norm" | "value"; readonly value: number; readonly norms?: ReadonlyArray<number> }
}

interface Golden {
  readonly shapes: Vectors
  readonly initial: Vectors
  readonly gradients: ReadonlyArray<Vectors>
  readonly cases: ReadonlyArray<Case>
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("../../golden/fixtures/optimizers.json", import.meta.url), "utf8")
)

const tensors = (vectors: Vectors): ReadonlyArray<F64> =>
  vectors.map((data, i) => T.fromArray(Float64Array.from(data), golden.shapes[i] ?? [], "f64"))
const initial = tensors(golden.initial)
const gradients = golden.gradients.map(tensors)

/** PyTorch's options by our names; a name that is not here is an error, so that no option is ever ignored. */
const optionNames: { readonly [name: string]: (value: unknown) => object } = {
  lr: (learningRate) => ({ learningRate }),
  betas: (betas) => (Array.isArray(betas) ? { beta1: betas[0], beta2: betas[1] } : {}),
  eps: (epsilon) => ({ epsilon }),
  alpha: (rho) => ({ rho }),
  rho: (rho) => ({ rho }),
  lr_decay: (learningRateDecay) => ({ learningRateDecay }),
  initial_accumulator_value: (initialSum) => ({ initialSum }),
  momentum_decay: (momentumDecay) => ({ momentumDecay }),
  etas: (etas) => (Array.isArray(etas) ? { shrink: etas[0], grow: etas[1] } : {}),
  step_sizes: (sizes) => (Array.isArray(sizes) ? { smallest: sizes[0], largest: sizes[1] } : {}),
  lambd: (lambda) => ({ lambda }),
  t0: (averageAfter) => ({ averageAfter }),
  amsgrad: (on) => ({ amsgrad: on === true ? "raw" : false }),
  weight_decay: (weightDecay) => ({ weightDecay }),
  momentum: (momentum) => ({ momentum }),
  dampening: (dampening) => ({ dampening }),
  nesterov: (nesterov) => ({ nesterov }),
  centered: (centered) => ({ centered }),
  maximize: (maximize) => ({ maximize })
}

const translated = ({ optimizer, options }: Case): object =>
  Object.assign(
    {},
    ...Object.entries(options).map(([name, value]) =>
      // ASGD's alpha is a power, RMSprop's a smoothing constant.
      optimizer === "ASGD" && name === "alpha"
        ? { power: value }
        : (optionNames[name]?.(value) ?? assert.fail(`option ${name}`))
    )
  )

/** The parameters themselves, where `evalParams` gives their average. */
const asgdParams =
  (options: object): Follow =>
  (params, along) => {
    const optimizer = asgd({ ...presets.torch.asgd, ...options })
    let state = optimizer.init(params)
    return along.map((gradient) => (state = optimizer.step(state, gradient)).params)
  }

const follow: { readonly [optimizer: string]: (options: object) => Follow } = {
  SGD: (options) => trajectory(sgd<number | undefined>({ ...presets.torch.sgd, ...options })),
  Adam: (options) => trajectory(adam({ ...presets.torch.adam, ...options })),
  AdamW: (options) => trajectory(adamw({ ...presets.torch.adamw, ...options })),
  Adamax: (options) => trajectory(adamax({ ...presets.torch.adamax, ...options })),
  NAdam: (options) => trajectory(nadam({ ...presets.torch.nadam, ...options })),
  RAdam: (options) => trajectory(radam({ ...presets.torch.radam, ...options })),
  Adagrad: (options) => trajectory(adagrad({ ...presets.torch.adagrad, ...options })),
  Adadelta: (options) => trajectory(adadelta({ ...presets.torch.adadelta, ...options })),
  Rprop: (options) => trajectory(rprop({ ...presets.torch.rprop, ...options })),
  ASGD: asgdParams,
  RMSprop: (options) => trajectory(rmsprop<boolean, number | undefined>({ ...presets.torch.rmsprop, ...options }))
}

const clipped = ({ optimizer, options, clip }: Case): Follow | undefined => {
  if (clip === undefined || optimizer !== "SGD") return undefined
  const { lr, momentum } = options
  const learningRate = { learningRate: Number(lr) }
  const last = momentum === undefined ? identity : undefined
  const clipping = clip.kind === "norm" ? clipByGlobalNorm(clip.value, presets.torch.clipByGlobalNorm) : undefined
  if (clipping !== undefined)
    return trajectory(fromTransform(chain({ clipping, momentum: trace(Number(momentum)) }), learningRate))
  return last === undefined
    ? undefined
    : trajectory(fromTransform(chain({ clipping: clipByValue(clip.value), last }), learningRate))
}

const grouping: {
  readonly [optimizer: string]: (groups: ReadonlyArray<object>, groupOf: (path: string) => string) => Follow
} = {
  Adam: (groups, groupOf) =>
    trajectory(
      grouped(
        Object.fromEntries(groups.map((options, i) => [String(i), adam({ ...presets.torch.adam, ...options })])),
        groupOf
      )
    ),
  AdamW: (groups, groupOf) =>
    trajectory(
      grouped(
        Object.fromEntries(groups.map((options, i) => [String(i), adamw({ ...presets.torch.adamw, ...options })])),
        groupOf
      )
    )
}

/** Parameter groups: `params` lists the tensors of a group, its other entries are options. */
const inGroups = (c: Case): Follow | undefined => {
  const groups = (c.groups ?? []).map((group) => {
    const own = Object.entries(group).filter(([name]) => name !== "params")
    return translated({ ...c, options: { ...c.options, ...Object.fromEntries(own) } })
  })
  return grouping[c.optimizer]?.(groups, (path) =>
    String(c.groups?.findIndex(({ params }) => params.includes(Number(path))))
  )
}

const followed = (c: Case): Follow | undefined =>
  c.groups !== undefined ? inGroups(c) : c.clip !== undefined ? clipped(c) : follow[c.optimizer]?.(translated(c))

const worst = (actual: ReadonlyArray<ReadonlyArray<F64>>, expected: ReadonlyArray<Vectors>): number => {
  let error = 0
  T.evaluate(actual).forEach((step, k) =>
    step.forEach(({ data }, i) =>
      data.forEach((x, j) => {
        const y = expected[k]?.[i]?.[j] ?? Number.NaN
        const difference = Math.abs(x - y) / Math.abs(y)
        if (!(difference <= error)) error = difference
      })
    )
  )
  return error
}

describe("optimizers.json, PyTorch in float64", () => {
  for (const c of golden.cases) {
    const run = followed(c)
    if (run !== undefined) it(c.name, () => assert.isBelow(worst(run(initial, gradients), c.steps), 1e-12))
  }

  it("leaves out no case", () => {
    assert.deepStrictEqual(
      golden.cases.filter((c) => followed(c) === undefined).map(({ name }) => name),
      []
    )
    assert.strictEqual(golden.cases.length, 41)
  })

  it("gives ASGD's averages", () => {
    const averaged = golden.cases.filter(({ averaged_ax_final }) => averaged_ax_final !== undefined)
    assert.strictEqual(averaged.length, 2)
    for (const c of averaged) {
      const last = trajectory(asgd({ ...presets.torch.asgd, ...translated(c) }))(initial, gradients).slice(-1)
      assert.isBelow(worst(last, [c.averaged_ax_final ?? []]), 1e-12)
    }
  })

  it("gives the norms that clip_grad_norm_ returns", () => {
    const norms = golden.cases.flatMap((c) => c.clip?.norms ?? [])
    assert.strictEqual(norms.length, 12)
    T.evaluate(gradients.map(globalNorm)).forEach(({ data: [norm = Number.NaN] }, k) =>
      assert.approximately(norm / (norms[k] ?? Number.NaN), 1, 1e-13)
    )
  })
})

describe("four rules called Adam", () => {
  const gradient = [0.5, -0.1, 0.05, 0.3].map((g) => T.constant(g, "f64"))
  const common = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 0.1 }
  type Path = (
    params: Tensor<[], "f64">,
    gradients: ReadonlyArray<Tensor<[], "f64">>
  ) => ReadonlyArray<Tensor<[], "f64">>
  const table: ReadonlyArray<readonly [string, Path, ReadonlyArray<number>]> = [
    ["epsilon outside", trajectory(adam(common)), [0.9166666667, 0.8766619372, 0.8426213899, 0.7965586575]],
    [
      "epsilon-hat",
      trajectory(adam({ ...common, epsilonMode: "hat" })),
      [0.9863472941, 0.9792543599, 0.972908174, 0.9631823238]
    ],
    [
      "eps_root .01",
      trajectory(adam({ ...common, epsilon: 0, epsilonRoot: 0.01 })),
      [0.9019419324, 0.8526990399, 0.8095466209, 0.7511862366]
    ],
    [
      "epsilon inside",
      trajectory(adam({ ...common, epsilon: 0.01, epsilonMode: "inside" })),
      [0.9019419324, 0.8526990399, 0.8095466209, 0.7511862366]
    ],
    [
      "AMSGrad, raw",
      trajectory(adam({ ...common, amsgrad: "raw" })),
      [0.9166666667, 0.8766619372, 0.8426213899, 0.7965586575]
    ],
    [
      "AMSGrad, corrected",
      trajectory(adam({ ...common, amsgrad: "corrected" })),
      [0.9166666667, 0.8859649123, 0.8635171878, 0.8330577519]
    ],
    [
      "AdamW",
      trajectory(adamw({ ...common, weightDecay: 0.01 })),
      [0.9156666667, 0.8747462705, 0.839830977, 0.7929284136]
    ],
    [
      "Adam with L2",
      trajectory(adam({ ...common, weightDecay: 0.01 })),
      [0.9163934426, 0.8748308675, 0.8389211526, 0.7913088496]
    ],
    [
      "RMSprop",
      trajectory(rmsprop({ learningRate: 0.1, rho: 0.99, epsilon: 0.1 })),
      [0.6666666667, 0.7330040972, 0.6998337557, 0.5108264154]
    ],
    [
      "NAdam, Optax",
      trajectory(nadam({ ...common, momentumDecay: false })),
      [0.8771929825, 0.8633800685, 0.8345748179, 0.7777733569]
    ],
    ["NAdam, PyTorch", trajectory(nadam(common)), [0.9119623518, 0.9231718017, 0.9111950521, 0.860580939]],
    [
      "NAdam, Keras",
      trajectory(nadam({ ...common, momentumDecay: 1 })),
      [0.9114343497, 0.9215917173, 0.9094108257, 0.8619439867]
    ],
    ["Adamax, PyTorch", trajectory(adamax(common)), [0.9166666667, 0.8859341798, 0.8634414924, 0.8328904952]],
    [
      "as printed",
      trajectory(adamAsPrinted({ learningRate: 0.1 })),
      [0.9970272247, 0.9949963456, 0.9928947878, 0.989691369]
    ],
    [
      "scaleByAdam",
      trajectory(fromTransform(scaleByAdam({ epsilon: 0.1 }), { learningRate: 0.1 })),
      [0.9166666667, 0.8766619372, 0.8426213899, 0.7965586575]
    ],
    [
      "scaleByAdam, epsilon-hat",
      trajectory(fromTransform(scaleByAdam({ epsilon: 0.1, epsilonMode: "hat" }), { learningRate: 0.1 })),
      [0.9863472941, 0.9792543599, 0.972908174, 0.9631823238]
    ]
  ]
  for (const [name, path, expected] of table) {
    it(name, () => {
      const visited = T.evaluate(path(T.constant(1, "f64"), gradient)).map(({ data: [x = Number.NaN] }) =>
        x.toFixed(10)
      )
      assert.deepStrictEqual(
        visited,
        expected.map((x) => x.toFixed(10))
      )
    })
  }
})

describe("Keras's own tests", () => {
  type Path = (params: F64, gradients: ReadonlyArray<F64>) => ReadonlyArray<F64>
  const first = T.full([10], 0.01, "f64")
  const later = T.constant([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1], "f64")
  const within = (path: Path, start: F64, gradients: ReadonlyArray<F64>, expected: Vectors, tolerance: number): void =>
    T.evaluate(path(start, gradients)).forEach(({ data }, k) =>
      data.forEach((x, j) => assert.approximately(x, expected[k]?.[j] ?? expected[k]?.[0] ?? Number.NaN, tolerance))
    )
  // Keras itself allows 5e-4 + 5e-4 |x|; its rows are closer than that to the rules they test.
  const five = (path: Path, expected: Vectors, tolerance = 1e-4): void =>
    within(path, T.ones([10], "f64"), [first, later, later, later, later], expected, tolerance)
  const one = (path: Path, expected: ReadonlyArray<number>, tolerance = 6e-5): void =>
    within(path, T.constant([1, 2, 3, 4], "f64"), [T.constant([1, 6, 7, 2], "f64")], [expected], tolerance)

  it("SGD, one step", () => one(trajectory(sgd({ ...presets.keras.sgd, learningRate: 0.5 })), [0.5, -1, -0.5, 3]))
  it("RMSprop, one step", () =>
    one(trajectory(rmsprop({ ...presets.keras.rmsprop, learningRate: 0.5 })), [-0.5811, 0.4189, 1.4189, 2.4189]))
  it("Adam, one step", () => one(trajectory(adam({ ...presets.keras.adam, learningRate: 0.5 })), [0.5, 1.5, 2.5, 3.5]))
  it("AdamW, one step", () =>
    one(trajectory(adamw({ ...presets.keras.adamw, learningRate: 0.5 })), [0.498, 1.496, 2.494, 3.492]))
  it("Adam, AMSGrad, five steps", () =>
    five(trajectory(adam(presets.keras.amsgrad)), [[0.999], [0.9982], [0.9974], [0.9965], [0.9955]], 2e-4))
  it("RMSprop, centered, five steps", () =>
    five(trajectory(rmsprop({ ...presets.keras.rmsprop, centered: true })), [
      [0.9967],
      [0.9933],
      [0.9908],
      [0.9885],
      [0.9864]
    ]))
  it("AdamW, five steps", () =>
    five(trajectory(adamw({ ...presets.keras.adamw, learningRate: 1, weightDecay: 0.5, epsilon: 2 })), [
      [0.4998],
      [0.2486, 0.2475, 0.2463, 0.2451, 0.244, 0.2428, 0.2417, 0.2405, 0.2394, 0.2382],
      [0.1223, 0.1198, 0.1174, 0.1149, 0.1124, 0.11, 0.1075, 0.1051, 0.1027, 0.1003],
      [0.0586, 0.0549, 0.0512, 0.0475, 0.0439, 0.0402, 0.0366, 0.033, 0.0294, 0.0258],
      [0.0263, 0.0215, 0.0167, 0.012, 0.0073, 0.0026, -0.0021, -0.0067, -0.0113, -0.0159]
    ]))
  it("Adagrad, Adamax and NAdam, one step", () => {
    one(trajectory(adagrad({ ...presets.keras.adagrad, learningRate: 0.5 })), [0.5233, 1.5007, 2.5005, 3.5061])
    one(trajectory(adamax({ ...presets.keras.adamax, learningRate: 0.5 })), [0.5, 1.5, 2.5, 3.5])
    one(trajectory(nadam({ ...presets.keras.nadam, learningRate: 0.5 })), [0.4686, 1.4686, 2.4686, 3.4686])
  })
  // Printed without rounding: -0.36931 and 0.63069.
  it("LAMB, one step", () =>
    one(trajectory(lamb({ ...presets.keras.lamb, learningRate: 0.5 })), [-0.3693, 0.6306, 1.6306, 2.6306], 1e-4))
  // Keras ignores nesterov without momentum, as this row does.
  it("SGD, five steps", () =>
    five(trajectory(sgd(presets.keras.sgd)), [
      [0.9999],
      [0.9989, 0.9979, 0.9969, 0.9959, 0.9949, 0.9939, 0.9929, 0.9919, 0.9909, 0.9899],
      [0.9979, 0.9959, 0.9939, 0.9919, 0.9899, 0.9879, 0.9859, 0.9839, 0.9819, 0.9799],
      [0.9969, 0.9939, 0.9909, 0.9879, 0.9849, 0.9819, 0.9789, 0.9759, 0.9729, 0.9699],
      [0.9959, 0.9919, 0.9879, 0.9839, 0.9799, 0.9759, 0.9719, 0.9679, 0.9639, 0.9599]
    ]))
  it("Adagrad, five steps", () =>
    five(trajectory(adagrad({ ...presets.keras.adagrad, learningRate: 0.2, initialSum: 0.3, epsilon: 1e-6 })), [
      [0.9963],
      [0.9604, 0.9278, 0.9003, 0.8784, 0.8615, 0.8487, 0.8388, 0.8313, 0.8255, 0.8209],
      [0.9251, 0.8629, 0.8137, 0.7768, 0.7497, 0.7298, 0.7151, 0.704, 0.6956, 0.6891],
      [0.8903, 0.8012, 0.7342, 0.6862, 0.6521, 0.6277, 0.6099, 0.5967, 0.5867, 0.579],
      [0.856, 0.7422, 0.6604, 0.6037, 0.5644, 0.5367, 0.5168, 0.5021, 0.491, 0.4825]
    ]))
  it("Adadelta, five steps", () =>
    five(trajectory(adadelta({ ...presets.keras.adadelta, learningRate: 1, rho: 0.8, epsilon: 1e-6 })), [
      [0.9978],
      [0.9947],
      [0.9915],
      [0.9882],
      [0.9849]
    ]))
  it("Adamax, five steps", () =>
    five(trajectory(adamax({ ...presets.keras.adamax, learningRate: 0.2, beta1: 0.85, beta2: 0.95, epsilon: 1e-6 })), [
      [0.8],
      [0.6827, 0.6873, 0.6888, 0.6896, 0.6901, 0.6904, 0.6906, 0.6908, 0.6909, 0.691],
      [0.5333, 0.5407, 0.5431, 0.5444, 0.5451, 0.5456, 0.546, 0.5462, 0.5464, 0.5466],
      [0.368, 0.3773, 0.3804, 0.382, 0.3829, 0.3835, 0.384, 0.3843, 0.3846, 0.3848],
      [0.1933, 0.204, 0.2076, 0.2094, 0.2105, 0.2112, 0.2117, 0.2121, 0.2124, 0.2126]
    ]))
  it("NAdam, five steps", () =>
    five(trajectory(nadam({ ...presets.keras.nadam, learningRate: 0.5, beta1: 0.5, beta2: 0.67, epsilon: 1e-5 })), [
      [0.4281],
      [-0.1738, -0.1731, -0.1726, -0.1723, -0.1721, -0.172, -0.1719, -0.1718, -0.1718, -0.1717],
      [-0.7115, -0.7103, -0.7096, -0.7092, -0.709, -0.7088, -0.7086, -0.7085, -0.7085, -0.7084],
      [-1.2335, -1.2322, -1.2313, -1.2309, -1.2306, -1.2304, -1.2302, -1.2301, -1.23, -1.2299],
      [-1.7492, -1.7478, -1.7469, -1.7464, -1.7461, -1.7459, -1.7457, -1.7456, -1.7455, -1.7454]
    ]))
  it("Lion, five steps", () =>
    five(trajectory(lion(presets.keras.lion)), [[0.999], [0.998], [0.997], [0.996], [0.995]]))
  // Keras's row is the one of Adam: LAMB is 6e-4 from it, within Keras's own tolerance of 5e-4 + 5e-4 |x|.
  it("LAMB, five steps", () =>
    five(trajectory(lamb(presets.keras.lamb)), [[0.999], [0.9982], [0.9974], [0.9965], [0.9955]], 9e-4))
  it("Adafactor, five steps", () => {
    const learningRate = (k: Tensor<[], "f64">) => T.minimum(T.rsqrt(T.add(k, 1)), 0.5)
    const options = { learningRate, decayPower: 0.65, epsilon: 1e-15, leastScale: 1e-4, clipThreshold: 0.9 }
    five(trajectory(adafactor({ ...presets.keras.adafactor, ...options })), [
      [0.55],
      [0.3031, 0.3026, 0.3025, 0.3024, 0.3024, 0.3024, 0.3024, 0.3024, 0.3024, 0.3024],
      [0.1671, 0.1665, 0.1663, 0.1663, 0.1663, 0.1663, 0.1663, 0.1663, 0.1663, 0.1663],
      [0.0923, 0.0916, 0.0915, 0.0914, 0.0914, 0.0914, 0.0914, 0.0914, 0.0914, 0.0914],
      [0.0554, 0.0548, 0.0546, 0.0546, 0.0546, 0.0546, 0.0546, 0.0545, 0.0545, 0.0545]
    ])
  })
  it("decoupled weight decay, three steps at zero gradient", () => {
    const zeros = [0, 0, 0].map((g) => T.constant(g, "f64"))
    const decay = { learningRate: 1, weightDecay: 0.004 }
    const paths = [
      trajectory(sgd({ ...presets.keras.sgd, ...decay })),
      trajectory(adam({ ...presets.keras.adam, ...decay })),
      trajectory(rmsprop({ ...presets.keras.rmsprop, ...decay })),
      trajectory(adagrad({ ...presets.keras.adagrad, ...decay })),
      trajectory(adadelta({ ...presets.keras.adadelta, ...decay })),
      trajectory(adamax({ ...presets.keras.adamax, ...decay })),
      trajectory(nadam({ ...presets.keras.nadam, ...decay })),
      trajectory(lion({ ...presets.keras.lion, ...decay })),
      trajectory(adafactor({ ...presets.keras.adafactor, ...decay }))
    ]
    for (const path of paths)
      assert.approximately(T.evaluate(path(T.constant(2, "f64"), zeros)).at(-1)?.data[0] ?? 0, 1.9760959, 1e-6)
  })
})
