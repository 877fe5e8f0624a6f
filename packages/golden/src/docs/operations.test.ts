import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { primitiveNames, primitives } from "@cotangent/graph"
import { jaxNames } from "../gradients/names.ts"
import { declarationsOf, headOf, libraryOf } from "./declarations.ts"
import { currentPage, operationsOfT, pageFile, pytorchNames } from "./operations-page.ts"

const page = currentPage()

describe("docs/operations.md", () => {
  it("is what the sources say now", () =>
    assert.strictEqual(
      readFileSync(pageFile, "utf8"),
      page,
      "docs/operations.md is out of date: npm run docs:operations"
    ))

  it("has an entry for every operation and every primitive, and links to entries only", () => {
    const anchors = new Set([...page.matchAll(/<a id="([\w.]+)">/g)].map(([, id]) => id))
    assert.deepStrictEqual(
      [...[...operationsOfT].map((name) => `T.${name}`), ...primitiveNames].filter((name) => !anchors.has(name)),
      []
    )
    // Those of sections are made by the reader of the page.
    for (const section of ["primitives"]) anchors.add(section)
    const links = [...page.matchAll(/\]\(#([\w.]+)\)/g)].map(([, id]) => id)
    assert.deepStrictEqual(
      links.filter((id) => !anchors.has(id)),
      []
    )
  })

  it("says of every primitive how it differentiates and what holds at corners", () => {
    for (const name of primitiveNames)
      for (const [field, text] of Object.entries(primitives[name].document))
        assert.match(text, /\S/, `${name} has no ${field}`)
    assert.strictEqual(page.match(/^- derivative: \S/gm)?.length, primitiveNames.length)
  })

  it("names operations that exist", () => {
    const missing = [...Object.entries(jaxNames), ...Object.entries(pytorchNames)].flatMap(([name, ours]) =>
      ours.split(", ").flatMap((one) => {
        const [, own] = /^T\.(\w+)$/.exec(one) ?? []
        return own !== undefined && !operationsOfT.has(own) ? [`${name}: there is no ${one}`] : []
      })
    )
    assert.deepStrictEqual(missing, [])
  })

  it("shows how every operation is called", () => {
    assert.include(page, "#### `T.add(x, y)`\n")
    assert.include(page, "#### `T.softmax(x, { axis? })`\n")
    assert.include(page, "#### `T.scan(f, initial, sequences, { reverse?, length?, segments? })`\n")
    assert.include(page, "#### `T.where(condition, a, b)`\n")
    assert.deepStrictEqual(page.match(/^#### `T\.\w+\(\)`$/gm) ?? [], [])
    assert.deepStrictEqual(page.match(/^#### `T\.\w+\(.*\boptions.*\)`$/gm) ?? [], [])
  })
})

describe("declarationsOf", () => {
  const of = (text: string): ReadonlyArray<string> => {
    const source = { file: "packages/x/src/x.ts", text }
    return declarationsOf(libraryOf([source]), source).map(
      ({ name, parameters }) => `${name}(${parameters.join(", ")})`
    )
  }

  it("follows interfaces, aliases and factories to the signature that takes the data first", () => {
    assert.deepStrictEqual(
      of(`
interface Options<A extends number = 1> extends More { readonly axis?: A }
interface More { /** How. */ readonly how: "a, b" }
interface By<Op> { (that: number): (x: X) => X; <S>(self: X, that: number, options?: Options): X }
type Alias = By<"z">
const make = <Op extends string>(op: Op, f: (x: X) => X): By<Op> => face(2, f)
/** One. */
export const one = make("one", (x) => x)
/** Two. */
export const two: Alias = face(2)
/** Three. */
export const three = (x: X, count = 3, { a, b }: Options = {}): X => x
/** Four. */
export const four: { <S>(n: number): Y; (self: X, n: ReadonlyArray<[number, string]>): Y } = face(1)
export const undocumented = 1
`),
      ["one(x, y, { how, axis? })", "two(x, y, { how, axis? })", "three(x, count?, { a, b })", "four(x, n)"]
    )
  })

  it("reads prose without examples, and the head of a file", () => {
    const text =
      '/** Head. */\nimport "x"\n\n/**\n * One\n * sentence.\n *\n * ```ts\n * f(1)\n * ```\n *\n * Two:\n * - a\n * - b\n */\nexport const f = (x: X) => x\n'
    const source = { file: "x.ts", text }
    assert.deepStrictEqual(headOf(source), ["Head."])
    assert.deepStrictEqual(declarationsOf(libraryOf([source]), source)[0]?.prose, ["One sentence.", "Two:\n- a\n- b"])
  })
})
