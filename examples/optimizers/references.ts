/** Held-out losses of the same comparison in PyTorch, from reference.py: mean and deviation over five seeds, best rate. */
interface Reference {
  readonly mean: number
  readonly deviation: number
  readonly rate: number
}

/** By task and optimizer. */
export const references: Readonly<Record<string, Readonly<Record<string, Reference>>>> = {
  digits: {
    SGD: { mean: 0.1187, deviation: 0.0322, rate: 0.1 },
    "momentum 0.9": { mean: 0.1167, deviation: 0.0231, rate: 0.01 },
    Adam: { mean: 0.1064, deviation: 0.0215, rate: 0.003 },
    AdamW: { mean: 0.1066, deviation: 0.0203, rate: 0.003 }
  },
  iris: {
    SGD: { mean: 0.1215, deviation: 0.0444, rate: 0.3 },
    "momentum 0.9": { mean: 0.0925, deviation: 0.0495, rate: 0.1 },
    Adam: { mean: 0.1148, deviation: 0.0589, rate: 0.03 },
    AdamW: { mean: 0.0729, deviation: 0.0398, rate: 0.3 }
  },
  wine: {
    SGD: { mean: 0.052, deviation: 0.0118, rate: 0.1 },
    "momentum 0.9": { mean: 0.0507, deviation: 0.0123, rate: 0.01 },
    Adam: { mean: 0.055, deviation: 0.0153, rate: 0.003 },
    AdamW: { mean: 0.0552, deviation: 0.0153, rate: 0.003 }
  },
  "breast cancer": {
    SGD: { mean: 0.0099, deviation: 0.0039, rate: 1 },
    "momentum 0.9": { mean: 0.0128, deviation: 0.0063, rate: 0.1 },
    Adam: { mean: 0.0085, deviation: 0.0024, rate: 0.01 },
    AdamW: { mean: 0.0091, deviation: 0.0037, rate: 0.01 }
  },
  diabetes: {
    SGD: { mean: 0.5739, deviation: 0.0421, rate: 0.01 },
    "momentum 0.9": { mean: 0.5682, deviation: 0.0316, rate: 0.003 },
    Adam: { mean: 0.5674, deviation: 0.0299, rate: 0.003 },
    AdamW: { mean: 0.5663, deviation: 0.0295, rate: 0.003 }
  }
}
