import { assert, describe, expect, it } from "vitest"
import { type Instruction, Printer, Validator } from "@cotangent/kernel"
import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { addressesOf, differenceOf, graphOf, planOf32, runPlanned } from "./planned.test.support.ts"
import { layoutOf, plan, type Planned, toJavaScript, toWasm } from "./program.ts"
import { wasm } from "./target/targets.test.support.ts"

type Body = (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

const matmul = (a: AnyTensor, b: AnyTensor, left = 1, right = 0): AnyTensor =>
  ops.dot(a, b, { batch: [[], []], contract: [[left], [right]] })

/** A body of exactly so many parameters. */
const body =
  <const N extends 1 | 2 | 3>(
    n: N,
    f: (
      ...x: { 1: [AnyTensor]; 2: [AnyTensor, AnyTensor]; 3: [AnyTensor, AnyTensor, AnyTensor] }[N]
    ) => ReadonlyArray<AnyTensor>
  ): Body =>
  (...x) => {
    assert.strictEqual(x.length, n)
    // The number of parameters was just checked.
    return f(...(x as Parameters<typeof f>))
  }

const printed = ({ kernels }: Planned): string => kernels.map(Printer.print).join("\n")

describe("kernels as text", () => {
  it("an elementwise chain with a tail", () => {
    expect(
      printed(
        planOf32(
          [[11], []],
          body(2, (x, c) => [ops.max(ops.mul(x, c), 0)])
        )
      )
    ).toMatchInlineSnapshot(`
      "kernel k0_mul_max
        reads p1 f32[1], p0 f32[11]
        writes result0 f32[11]
        r0 f32x8 = load p1[0 step 0]
        r1 f32x3 = load p1[0 step 0]
        r2 f32x8 = load p0[0]
        r3 f32x8 = mul r2 r0
        r4 f32x8 = const 0
        r5 f32x8 = max r3 r4
        store result0[0] = r5
        r6 f32x3 = load p0[8]
        r7 f32x3 = mul r6 r1
        r8 f32x3 = const 0
        r9 f32x3 = max r7 r8
        store result0[8] = r9"
    `)
  })

  it("rows of a softmax", () => {
    const softmax = body(1, (x) => {
      const e = ops.exp(ops.sub(x, ops.reshape(ops.reduceMax(x, [1]), [2, 1])))
      return [ops.reduceSum(e, [1])]
    })
    const text = printed(planOf32([[2, 4]], softmax))
    // The exponential is 20 instructions of its own; around it stands what this package emits.
    expect(
      text
        .split("\n")
        .filter((line) => /kernel|for|load|store|combine|extend|splat| sub /.test(line))
        .join("\n")
    ).toMatchInlineSnapshot(`
      "kernel k0_reduceMax_sub_exp_reduceSum
        for i0 in 0..2
          r1 f32x4 = load p0[4*i0]
          r2 f32x8 = extend r1 -Infinity
          r4 f32 = combine max r3
          r5 f32x4 = splat r4
          r6 f32x4 = sub r1 r5
          r16 f32x4 = sub r10 r15
          r19 f32x4 = sub r16 r18
          r35 f32x4 = sub r34 r18
          r45 f32x4 = sub r13 r42
          r49 f32x8 = extend r47 0
          r51 f32 = combine add r50
          store result0[i0] = r51"
    `)
  })

  it("a product with bias", () => {
    expect(
      printed(
        planOf32(
          [[2, 3], [3, 4], [4]],
          body(3, (x, w, b) => [ops.add(matmul(x, w), b)])
        )
      )
    ).toMatchInlineSnapshot(`
      "kernel k0_dot_add
        reads p1 f32[12], p0 f32[6], p2 f32[4]
        writes result0 f32[8]
        r0 f32x4 = const 0
        r1 f32x4 = variable r0
        r2 f32x4 = const 0
        r3 f32x4 = variable r2
        for i0 in 0..3
          r4 f32x4 = load p1[4*i0]
          r5 f32x4 = load p0[i0 step 0]
          r6 f32x4 = mul r5 r4
          r7 f32x4 = add r1 r6
          assign r1 = r7
          r8 f32x4 = load p0[i0 + 3 step 0]
          r9 f32x4 = mul r8 r4
          r10 f32x4 = add r3 r9
          assign r3 = r10
        r11 f32x4 = load p2[0]
        r12 f32x4 = add r1 r11
        store result0[0] = r12
        r13 f32x4 = load p2[0]
        r14 f32x4 = add r3 r13
        store result0[4] = r14"
    `)
  })
})

const instructions = (list: ReadonlyArray<Instruction>): number =>
  list.reduce((n, i) => n + 1 + (i.tag === "for" ? instructions(i.body) : 0), 0)

/** What compiling takes, counted: instructions emitted and bytes of WebAssembly. */
const workOf = (planned: Planned) => ({
  kernels: planned.kernels.length,
  instructions: planned.kernels.reduce((n, k) => n + instructions(k.body), 0),
  bytes: toWasm(planned, layoutOf(planned, addressesOf(planned).addresses), 1000).length
})

const layers = (n: number): Planned =>
  planOf32(
    [
      [4, 8],
      [8, 8]
    ],
    body(2, (x, w) => {
      const outputs: Array<AnyTensor> = []
      let y = x
      for (let i = 0; i < n; i++) {
        y = ops.max(matmul(y, w), 0)
        outputs.push(y)
      }
      let g = y
      for (const output of outputs.reverse()) g = matmul(ops.select(ops.le(output, 0), 0, g), w, 1, 1)
      return [g]
    })
  )

describe("size of programs", () => {
  it("grows linearly with the number of layers, forward and backward", () => {
    const [ten, hundred, thousand] = [10, 100, 1000].map((n) => workOf(layers(n)))
    for (const key of ["kernels", "instructions", "bytes"] as const) {
      assert.closeTo((hundred?.[key] ?? 0) / (ten?.[key] ?? 1), 10, 1, key)
      assert.closeTo((thousand?.[key] ?? 0) / (hundred?.[key] ?? 1), 10, 1, key)
    }
    assert.strictEqual(thousand?.kernels, 2000)
  })

  it("a chain of 10,000 elementwise operations is cut into kernels of 200", () => {
    const planned = planOf32(
      [[5]],
      body(1, (x) => {
        let y = x
        for (let i = 0; i < 10_000; i++) y = ops.add(y, 1)
        return [y]
      })
    )
    assert.strictEqual(planned.kernels.length, 50)
    const start = [0, 1, 2, 3, 4]
    assert.deepStrictEqual(runPlanned(planned, [start], { target: wasm() }), [start.map((x) => x + 10_000)])
    // What one kernel hands to the next takes two buffers in turn.
    assert.isAtMost(planned.cost.scratchBytes, 128)
  })
})

describe("results", () => {
  it("may be parameters, constants, indices, views of them, and each other", () => {
    const planned = planOf32(
      [[2, 3]],
      body(1, (x) => {
        const y = ops.exp(x)
        return [
          x,
          ops.transpose(x, [1, 0]),
          T.constant([1, 2]),
          ops.iota([2, 2], 1, "i32"),
          ops.full([2], 7, "f32"),
          y,
          y
        ]
      })
    )
    assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [])
    const e = [1, 1, 1, 1, 1, 1]
    const zeros = [0, 0, 0, 0, 0, 0]
    assert.deepStrictEqual(runPlanned(planned, [zeros]), [zeros, zeros, [1, 2], [0, 1, 0, 1], [7, 7], e, e])
  })

  it("a part of a computed value has a memory of its own", () => {
    const planned = planOf32(
      [[6]],
      body(1, (x) => {
        const y = ops.add(x, 1)
        return [ops.slice(y, { start: [0], limit: [2], step: [1] }), ops.reduceSum(y, [0])]
      })
    )
    assert.deepStrictEqual(planned.kernels.flatMap(Validator.validate), [])
    assert.deepStrictEqual(runPlanned(planned, [[1, 2, 3, 4, 5, 6]]), [[2, 3], [27]])
  })

  it("may be none", () => {
    const planned = plan(graphOf([{ shape: [2], dtype: "f32" }], () => []))
    assert.strictEqual(planned.kernels.length, 0)
    assert.strictEqual(differenceOf([], runPlanned(planned, [[1, 2]])), undefined)
  })

  it("of wide gathers: indices count from the back below 0, and are moved to the nearest row out of range", () => {
    const planned = planOf32(
      [[3, 2]],
      body(1, (x) => [
        ops.gather(
          x,
          ops.constant({ shape: [5], dtype: "i32", data: Int32Array.of(-1, 3, 1, -(2 ** 31), 2 ** 31 - 1) }),
          0
        )
      ])
    )
    assert.deepStrictEqual(runPlanned(planned, [[0, 1, 2, 3, 4, 5]], { target: wasm() }), [
      [4, 5, 4, 5, 2, 3, 0, 1, 4, 5]
    ])
  })
})

describe("cost", () => {
  it("is known before running: operations, bytes, kernels, memory", () => {
    const { cost } = planOf32(
      [
        [4, 8],
        [8, 16]
      ],
      body(2, (x, w) => [ops.add(matmul(x, w), 1)])
    )
    assert.strictEqual(cost.flops, 2 * 4 * 8 * 16 + 4 * 16)
    assert.strictEqual(cost.bytes, 4 * (4 * 8 + 8 * 16 + 4 * 16))
    assert.strictEqual(cost.kernels, 1)
    assert.strictEqual(cost.scratchBytes, 0)
    assert.strictEqual(cost.constantBytes, 0)
  })
})

describe("JavaScript source", () => {
  it("is a function of the memory that gives step and run", () => {
    const planned = planOf32(
      [[3]],
      body(1, (x) => [ops.mul(x, 2)])
    )
    const source = toJavaScript(planned, layoutOf(planned, addressesOf(planned).addresses))
    assert.match(source, /step/)
  })
})
