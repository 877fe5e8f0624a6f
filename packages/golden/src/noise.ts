/** How much of a computation is rounding: what comes out when every number on the way is moved by a few last digits. */
import { type AnyTensor, evaluateExact, type HostArray, isFloat, type Observer } from "@cotangent/graph"
import { type RandomNumbers, randomNumbers } from "./randomNumbers.ts"

/** Two last digits of a float64. */
const little = 2 ** -51

/** Moves every float that is computed, so that what follows is computed from the moved one. */
const disturbing =
  (random: RandomNumbers): Observer =>
  (_, __, outputs) => {
    for (const { data, dtype } of outputs)
      if (isFloat(dtype))
        for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) * (1 + random.uniform(-1, 1) * little)
  }

/** How far each number of exact results moves when all numbers on the way are moved: the worst of three attempts. */
export const noiseOf = (
  tensors: ReadonlyArray<AnyTensor>,
  exact: ReadonlyArray<HostArray>
): ReadonlyArray<Float64Array> => {
  const worst = exact.map(({ data }) => new Float64Array(data.length))
  for (const seed of [1, 2, 3]) {
    const moved = evaluateExact(tensors, disturbing(randomNumbers(seed, 5)))
    moved.forEach(({ data }, k) => {
      const own = worst[k] ?? new Float64Array(0)
      for (let i = 0; i < own.length; i++)
        own[i] = Math.max(own[i] ?? 0, Math.abs((data[i] ?? 0) - (exact[k]?.data[i] ?? 0)))
    })
  }
  return worst
}
