import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Viz } from "./index.ts"
import { followed } from "./path-panel.ts"
import { levels, sample, type Surface } from "./surface.ts"

const bowl: Surface = { name: "Bowl", f: (x, y) => x * x + y * y, x: [-2, 2], y: [-1, 1], minimum: [0, 0] }
const valley: Surface = {
  name: "Rosenbrock",
  f: (x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
  x: [-2, 2],
  y: [-1, 3]
}

const spiral = Array.from(
  { length: 20 },
  (_, i) => [1.5 * 0.8 ** i * Math.cos(i), 0.8 * 0.8 ** i * Math.sin(i)] as const
)
const traces = [
  { label: "SGD", surface: "Bowl", points: spiral },
  { label: "Adam", surface: "Bowl", points: spiral.map(([x, y]) => [-x, y] as const) },
  {
    label: "Adam",
    surface: "Rosenbrock",
    points: [
      [-1.5, 2],
      [-1, 1],
      [0, 0]
    ]
  }
] as const

const texts = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? "")
const message = (options: Parameters<typeof Viz.paths>[0]) =>
  Effect.map(Effect.flip(Viz.paths(options).svg), (error) => error.message)

describe("Viz.paths", () => {
  it.effect("shows every surface with its contours and every label once", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.paths({ title: "Paths", surfaces: [bowl, valley], traces }).svg
      const shown = texts(svg)
      for (const text of ["Paths", "Bowl", "Rosenbrock", "SGD", "Adam", "start", "minimum", "x", "y"])
        assert.include(shown, text)
      assert.strictEqual(shown.filter((text) => text === "Adam").length, 1)
      assert.strictEqual([...svg.matchAll(/stroke="#7f96b2"/g)].length, 24)
      assert.strictEqual([...svg.matchAll(/stroke-width="2.2"/g)].length, 3)
      // The clip paths of the two panels must not be mixed up.
      const ids = [...svg.matchAll(/id="([^"]+)"/g)].map((match) => match[1])
      assert.strictEqual(new Set(ids).size, ids.length)
      assert.isTrue([...svg.matchAll(/url\(#([^)]+)\)/g)].every((match) => ids.includes(match[1])))
    })
  )

  it.effect("gives the same bytes each time", () =>
    Effect.gen(function* () {
      const chart = Viz.paths({ title: "Paths", surfaces: [bowl], traces: traces.slice(0, 2) })
      assert.strictEqual(yield* chart.svg, yield* chart.svg)
    })
  )

  it.effect("puts contours, points and marks where the numbers say", () =>
    Effect.gen(function* () {
      // One point in the middle of the right half: three quarters across, half down.
      const svg = yield* Viz.paths({
        title: "t",
        surfaces: [{ ...bowl, f: (x) => x }],
        traces: [{ label: "a", surface: "Bowl", points: [[1, 0]] }]
      }).svg
      const [, width, height] = /<clipPath id="d0"><rect x="0" y="0" width="(\d+)" height="(\d+)"/.exec(svg) ?? []
      const place = /translate\(([\d.]+),([\d.]+)\)" d="M[^"]*" fill="#0072b2"/.exec(svg)
      assert.closeTo(Number(place?.[1]), 0.75 * Number(width), 0.1)
      assert.closeTo(Number(place?.[2]), 0.5 * Number(height), 0.1)
      // The region f = x >= level is a rectangle that begins where x is the level.
      const grid = sample({ ...bowl, f: (x) => x }, 160, 100)
      const first = levels(grid, 13)[0] ?? NaN
      const region = /d="(M[^"]*)" fill="[^"]*" stroke="#7f96b2"/.exec(svg)?.[1] ?? ""
      const xs = [...region.matchAll(/[ML](-?[\d.]+),/g)].map((match) => Number(match[1]))
      assert.closeTo(Math.min(...xs), ((first + 2) / 4) * Number(width), 0.1)
    })
  )

  it.effect("cuts a path that diverges and says where", () =>
    Effect.gen(function* () {
      const points = Array.from({ length: 400 }, (_, i) => [(-3) ** i, 0] as const)
      const svg = yield* Viz.paths({ title: "t", surfaces: [bowl], traces: [{ label: "GD", surface: "Bowl", points }] })
        .svg
      assert.include(texts(svg), "Bowl, GD: diverges, drawn up to point 3 of 400")
      assert.notMatch(svg, /\d{6}\.|e\+|Infinity|NaN/)
      assert.strictEqual(
        followed(
          [
            [0, 0],
            [NaN, 0],
            [0, 0]
          ],
          bowl
        ).length,
        1
      )
    })
  )

  it.effect("takes a surface that is not finite everywhere, or flat", () =>
    Effect.gen(function* () {
      for (const f of [(x: number) => Math.log(x), () => 1, () => NaN]) {
        const svg = yield* Viz.paths({ title: "t", surfaces: [{ ...bowl, f }], traces: [] }).svg
        assert.notInclude(svg, "NaN")
      }
    })
  )

  it.effect("refuses what cannot be drawn, with sentences", () =>
    Effect.gen(function* () {
      const base = { title: "t", surfaces: [bowl], traces: [] }
      assert.include(yield* message({ ...base, surfaces: [] }), "there are no surfaces")
      assert.include(yield* message({ ...base, surfaces: [bowl, bowl] }), `two surfaces are called "Bowl"`)
      assert.include(
        yield* message({ ...base, surfaces: [{ ...bowl, x: [1, 1] }] }),
        `the surface "Bowl" spans x 1 to 1`
      )
      assert.include(
        yield* message({ ...base, traces: [{ label: "a", surface: "Dish", points: [[0, 0]] }] }),
        `the trace "a" is on the surface "Dish"; the surfaces are "Bowl"`
      )
      assert.include(
        yield* message({ ...base, traces: [{ label: "a", surface: "Bowl", points: [] }] }),
        "has no points"
      )
      const throws = () => {
        throw new Error("no value here")
      }
      assert.include(
        yield* message({ ...base, surfaces: [{ ...bowl, f: throws }] }),
        `the surface "Bowl" cannot be computed: no value here`
      )
    })
  )
})

describe("levels", () => {
  it("enclose shares that grow as squares", () => {
    const grid = sample(bowl, 100, 100)
    const chosen = levels(grid, 10)
    assert.strictEqual(chosen.length, 9)
    chosen.forEach((level, k) => {
      const share = grid.values.filter((value) => value < level).length / grid.values.length
      assert.closeTo(share, ((k + 2) / 11) ** 2, 0.01)
    })
  })

  it("are none for a flat surface", () =>
    assert.deepStrictEqual(levels(sample({ ...bowl, f: () => 3 }, 10, 10), 10), []))
})
