/**
 * Measures how long fitted preprocessing takes for one row, as a server needs it, and for a table: microseconds per row.
 *
 *     node --conditions=@cotangent/source scripts/measure-row.ts
 *
 * The rows are those of the penguins, 6 columns that become 11 numbers (impute, standardise, one-hot). Best of 20 rounds.
 */
import { NodeServices } from "@effect/platform-node"
import { Preprocess, Table } from "cotangent"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

const penguins = await Effect.runPromise(Effect.provide(Table.penguins, NodeServices.layer))
const number = Preprocess.steps(Preprocess.impute("median", { indicator: false }), Preprocess.standardise)
const recipe = Preprocess.make({
  bill_length_mm: number,
  bill_depth_mm: number,
  flipper_length_mm: number,
  body_mass_g: Preprocess.steps(Preprocess.impute("mean", { indicator: true }), Preprocess.standardise),
  island: Preprocess.oneHot({ unknown: "other" }),
  sex: Preprocess.steps(Preprocess.impute<"MALE" | "FEMALE">("mostFrequent"), Preprocess.oneHot())
})
const fitted = Result.getOrThrow(Preprocess.fit(recipe, penguins))
const rows = Table.rows(penguins)

const best = (body: () => void): number => {
  let least = Infinity
  for (let round = 0; round < 20; round++) {
    const start = performance.now()
    for (let i = 0; i < 100; i++) body()
    least = Math.min(least, performance.now() - start)
  }
  return (least * 1000) / (100 * rows.length)
}

let sum = 0
const single = best(() => {
  for (const row of rows) sum += Result.getOrThrow(Preprocess.row(fitted, row))[0] ?? 0
})
const whole = best(() => {
  sum += Result.getOrThrow(Preprocess.inputs(fitted, penguins)).data[0] ?? 0
})
console.log(
  `${Preprocess.width(fitted)} numbers a row: one by one ${single.toFixed(2)} us, as a table ${whole.toFixed(2)} us`
)
console.log(`(checksum ${sum.toFixed(3)})`)
