import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Viz } from "./index.ts"

const image = (caption: string, pixels: ReadonlyArray<number>): Viz.Image => ({ caption, pixels, width: 2, height: 2 })

describe("Viz.images", () => {
  it.effect("draws a rectangle for each run of equal pixels, black for 1, and the captions", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.images({
        title: "Two",
        images: [image("a < b", [1, 1, 0, 0.5]), image("c", [0, 0, 0, 0])]
      }).svg
      const drawn = [...svg.matchAll(/<rect x="(\d)" y="(\d)" width="(\d)" height="1" fill="rgb\((\d+),/g)]
      assert.deepStrictEqual(
        drawn.map((match) => match.slice(1).map(Number)),
        [
          [0, 0, 2, 0],
          [1, 1, 1, 128]
        ]
      )
      for (const text of ["Two", "a &lt; b", "c"]) assert.include(svg, `>${text}</text>`)
    })
  )

  it.effect("refuses no images, pixels that do not fill one, and a page without room", () =>
    Effect.gen(function* () {
      const refuse = (images: ReadonlyArray<Viz.Image>, width = 1200) =>
        Effect.map(Effect.flip(Viz.images({ title: "t", images, width }).svg), ({ message }) => message)
      assert.include(yield* refuse([]), `"t" has no images`)
      assert.include(yield* refuse([image("a", [1])]), `the image "a" has 1 pixels; 2 rows of 2 are needed`)
      assert.include(yield* refuse(Array(10).fill(image("a", [1, 1, 1, 1])), 100), "10 images do not fit on 100 x")
    })
  )
})
