/** What is wrong with what nothing has checked: JavaScript, or TypeScript that runs without its types being looked at. */

/** Whether a value has properties. */
export const isRecord = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null

/** Whether something, that may be a function itself, has functions of these names. */
export const has = (value: unknown, ...names: ReadonlyArray<string>): boolean =>
  (isRecord(value) || typeof value === "function") &&
  // `Reflect.get` takes functions too, which have no index signature.
  names.every((name) => typeof Reflect.get(value, name) === "function")

/** Metrics that are none, as sentences; `name` is that of the option. */
export const metricProblems = (name: string, metrics: unknown): ReadonlyArray<string> =>
  isRecord(metrics) && !Array.isArray(metrics)
    ? Object.entries(metrics).flatMap(([own, metric]) =>
        has(metric, "init") ? [] : [`${name}.${own} is no metric; see Metrics`]
      )
    : [`${name} is no record of metrics`]

/** Whether a value has the parts that the trainer looks at in a data set. */
export const isDataset = (value: unknown): boolean =>
  isRecord(value) && isRecord(value["x"]) && isRecord(value["y"]) && typeof value["size"] === "number"

const isStream = (value: unknown): boolean =>
  isRecord(value) && isRecord(value["chunks"]) && Array.isArray(value["inputShape"])

const isModel = (value: unknown): boolean => has(value, "init", "apply")

/** What is given to measure: a model, a loss, metrics and data. */
export const measuringProblems = (
  model: unknown,
  { loss, metrics = {} }: { readonly loss?: unknown; readonly metrics?: unknown },
  data: unknown,
  isSource = isDataset(data)
): ReadonlyArray<string> => [
  ...(isModel(model) ? [] : ["the model is no model; make it with pipe(Model.input([...]), ...)"]),
  ...(has(loss, "validateTargets", "perSample") ? [] : ["loss is no loss; see Loss"]),
  ...metricProblems("metrics", metrics),
  ...(isSource ? [] : ["the data is no data set; make it with Dataset, or a stream to train on with DataStream"])
]

/** What is given to train. */
export const trainingProblems = (
  model: unknown,
  options: {
    readonly loss?: unknown
    readonly metrics?: unknown
    readonly optimizer?: unknown
    readonly epochs?: unknown
    readonly validationData?: unknown
  },
  data: unknown
): ReadonlyArray<string> => [
  ...measuringProblems(model, options, data, isDataset(data) || isStream(data)),
  ...(has(options.optimizer, "init", "step") ? [] : ["optimizer is no optimizer; see Optimizer"]),
  ...(typeof options.epochs === "number" ? [] : [`epochs is ${String(options.epochs)}; a number is needed`]),
  ...(options.validationData === undefined || isDataset(options.validationData)
    ? []
    : ["validationData is no data set"])
]

/** Weights of a model that are none; those of another model are found when it is applied. */
export const weightProblems = (weights: unknown): ReadonlyArray<string> =>
  isRecord(weights) && isRecord(weights["params"]) && isRecord(weights["modelState"])
    ? []
    : ["the weights have no params and modelState; give what fit gave, or a checkpoint's"]
