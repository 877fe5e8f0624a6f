import { assert, describe, it } from "@effect/vitest"
import { Values } from "@cotangent/graph"
import { Mathematics } from "@cotangent/kernel"
import { DataError } from "../data-error.ts"
import { Augment, Dataset } from "../index.ts"
import { normal } from "./normal.ts"

const images = (n: number, height: number, width: number, channels: number) =>
  Dataset.classification({
    inputShape: [height, width, channels],
    rows: Float32Array.from({ length: n * height * width * channels }, (_, i) => 1 + (i % 97)),
    labels: Array.from({ length: n }, () => 0),
    classes: 1
  })

const run = (change: Augment.Augmentation, data: ReturnType<typeof images>, epoch = 0, seed = 0) =>
  Augment.dataset(data, change, { seed, epoch })
const always = { probability: 1 }

describe("Augment", () => {
  const data = images(20, 4, 5, 2)
  const changes: Readonly<Record<string, Augment.Augmentation>> = {
    flipHorizontal: Augment.flipHorizontal(),
    flipVertical: Augment.flipVertical(),
    shift: Augment.shift(2),
    rotate: Augment.rotate(30),
    noise: Augment.noise(0.1),
    cutout: Augment.cutout(2),
    chain: Augment.chain(Augment.flipHorizontal(), Augment.shift(1), Augment.noise(0.01))
  }

  for (const [name, change] of Object.entries(changes))
    it(`${name}: the same for a seed, an epoch and a row, whatever is beside it; the data stays as it was`, () => {
      const before = data.x.data.slice()
      const once = run(change, data, 3, 1)
      assert.deepStrictEqual(run(change, data, 3, 1).x.data, once.x.data)
      assert.notDeepEqual(run(change, data, 4, 1).x.data, once.x.data)
      assert.notDeepEqual(run(change, data, 3, 2).x.data, once.x.data)
      const tail = Augment.dataset(Dataset.slice(data, 7, 20), change, { seed: 1, epoch: 3, first: 7 })
      assert.deepStrictEqual(tail.x.data, once.x.data.slice(7 * 40))
      assert.deepStrictEqual(data.x.data, before)
      assert.strictEqual(once.y, data.y)
    })

  it("flips are their own inverse, and as likely as asked", () => {
    for (const flip of [Augment.flipHorizontal, Augment.flipVertical]) {
      assert.deepStrictEqual(run(flip(always), run(flip(always), data)).x.data, data.x.data)
      assert.deepStrictEqual(run(flip({ probability: 0 }), data).x.data, data.x.data)
      const many = images(2000, 2, 2, 1)
      const flipped = run(flip({ probability: 0.25 }), many)
      const changed = Array.from({ length: 2000 }, (_, i) => flipped.x.data[4 * i] !== many.x.data[4 * i])
      assert.closeTo(changed.filter(Boolean).length / 2000, 0.25, 0.03)
    }
  })

  it("shifts move what stays and fill what comes in", () => {
    const one = Dataset.classification({
      inputShape: [3, 3],
      rows: [0, 0, 0, 0, 7, 0, 0, 0, 0],
      labels: [0],
      classes: 1
    })
    const places = new Set<number>()
    for (let epoch = 0; epoch < 100; epoch++) {
      const { data: moved } = Augment.dataset(one, Augment.shift(1), { seed: 0, epoch }).x
      assert.deepStrictEqual(
        [...moved].filter((x) => x !== 0),
        [7]
      )
      places.add(moved.indexOf(7))
    }
    assert.strictEqual(places.size, 9)
    const filled = Augment.values(Values.fromNested([[[1]]]), Augment.shift(5, { fill: -1 }), { seed: 0, epoch: 0 })
    assert.include([-1, 1], filled.data[0])
  })

  it("a rotation by nothing changes nothing, a quarter turn moves corners to corners", () => {
    assert.deepStrictEqual(run(Augment.rotate(0), data).x.data, data.x.data)
    const round = Float32Array.from({ length: 49 }, (_, i) =>
      Math.exp(-((Math.floor(i / 7) - 3) ** 2 + ((i % 7) - 3) ** 2))
    )
    const bump = Values.of(round, [1, 7, 7], "f32")
    const { data: turned } = Augment.values(bump, Augment.rotate(180), { seed: 3, epoch: 0 })
    // What is the same from all sides stays, up to what is lost between pixels.
    turned.forEach((x, i) => assert.closeTo(x, round[i] ?? 0, 0.12))
    assert.closeTo(turned[24] ?? 0, 1, 1e-6)
  })

  it("noise has the deviation that was asked for", () => {
    const zeros = Values.of(new Float32Array(40_001), [1, 40_001, 1], "f32")
    const { data: noisy } = Augment.values(zeros, Augment.noise(2), { seed: 0, epoch: 0 })
    const mean = noisy.reduce((a, b) => a + b, 0) / noisy.length
    const variance = noisy.reduce((a, b) => a + (b - mean) ** 2, 0) / noisy.length
    assert.closeTo(mean, 0, 0.05)
    assert.closeTo(Math.sqrt(variance), 2, 0.05)
    assert.deepStrictEqual(run(Augment.noise(0), data).x.data, data.x.data)
  })

  it("normal deviates have the probability they are made of", () => {
    const erfc = Mathematics.scalar("erfc", "f64")
    for (let i = 1; i < 2000; i++)
      for (const p of [i / 2000, i * 2 ** -33]) {
        assert.closeTo((0.5 * erfc(-normal(p) / Math.SQRT2)) / p, 1, 1e-12)
        assert.closeTo(normal(1 - p), -normal(p), 1e-5)
      }
  })

  it("cutout fills one square", () => {
    for (let epoch = 0; epoch < 20; epoch++) {
      const { data: cut } = run(Augment.cutout(3), images(1, 9, 9, 1), epoch).x
      const zeros = [...cut].flatMap((x, i) => (x === 0 ? [i] : []))
      const rows = new Set(zeros.map((i) => Math.floor(i / 9)))
      const columns = new Set(zeros.map((i) => i % 9))
      assert.strictEqual(zeros.length, rows.size * columns.size)
      assert.isAtMost(Math.max(rows.size, columns.size), 3)
      assert.isAtLeast(Math.min(rows.size, columns.size), 2)
    }
  })

  it("says what does not fit", () => {
    assert.throws(() => Augment.flipHorizontal({ probability: 2 }), DataError, /`probability` is 2/)
    assert.throws(() => Augment.shift(0.5), DataError, /`pixels` is 0.5/)
    assert.throws(() => Augment.cutout(0), DataError, /`pixels` is 0/)
    assert.throws(() => Augment.rotate(400), DataError, /`degrees` is 400/)
    const flat = Dataset.classification({ inputShape: [4], rows: [1, 2, 3, 4], labels: [0], classes: 1 })
    assert.throws(
      () => Augment.dataset(flat, Augment.noise(1), { seed: 0, epoch: 0 }),
      DataError,
      /shape \[4\]; images are/
    )
  })
})
