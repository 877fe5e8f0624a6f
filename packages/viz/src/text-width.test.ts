import { assert, describe, it } from "@effect/vitest"
import { escapeXml } from "./page.ts"
import { stroke } from "./style.ts"
import { breakLines, textWidth } from "./text-width.ts"

describe("text", () => {
  it("is measured a little generously", () => {
    // Advance widths of DejaVu Sans Book in units of 1/2048: e 1260, p 1300, o 1253, c 1126, h 1298.
    const epoch = ((1260 + 1300 + 1253 + 1126 + 1298) / 2048) * 16
    assert.isAtLeast(textWidth("epoch", 16), epoch * 0.98)
    assert.isAtMost(textWidth("epoch", 16), epoch * 1.15)
    assert.strictEqual(textWidth("", 16), 0)
  })

  it("is broken between words only", () => {
    assert.deepStrictEqual(breakLines("one two three", 10, 50), ["one two", "three"])
    assert.deepStrictEqual(breakLines("extraordinarily", 10, 5), ["extraordinarily"])
  })

  it("is escaped for XML", () => {
    assert.strictEqual(escapeXml(`<a href="x">&</a>`), "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;")
  })
})

describe("stroke", () => {
  it("tells 36 series apart by colour and dashes together", () => {
    const all = Array.from({ length: 36 }, (_, i) => `${stroke(i).color} ${stroke(i).dash.join()}`)
    assert.strictEqual(new Set(all).size, 36)
  })

  it("tells the first six apart by dashes alone, and by points alone", () => {
    const six = Array.from({ length: 6 }, (_, i) => stroke(i))
    assert.strictEqual(new Set(six.map(({ dash }) => dash.join())).size, 6)
    assert.strictEqual(new Set(six.map(({ shape }) => shape)).size, 6)
  })
})
