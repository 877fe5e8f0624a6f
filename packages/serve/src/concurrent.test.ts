import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import type * as Artifact from "./artifact-module.ts"
import { PoolError, RowError } from "./errors.ts"
import { bitsOf, examples, split } from "./models.test.support.ts"
import * as Predictor from "./predictor-module.ts"

const { artifact, rows: rowsOf } = examples["perceptron"] ?? assert.fail()
const rows = split(rowsOf(40), 64)
const expected = Predictor.make(artifact).predictBatch(rows).map(bitsOf)

/** Asks a server of a predictor for all rows at once, several times over; the answers. */
const served = async (predict: (row: Artifact.Numbers) => Float32Array | Promise<Float32Array>) => {
  const server = createServer((request, response) => {
    const parts: Array<Uint8Array> = []
    request.on("data", (part: Uint8Array) => parts.push(part))
    request.on("end", async () => {
      const row = JSON.parse(Buffer.concat(parts).toString()) as ReadonlyArray<number>
      response.end(JSON.stringify(bitsOf(await predict(row))))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    // A server that listens has an address with a port.
    const { port } = server.address() as AddressInfo
    return await Promise.all(
      [...rows, ...rows, ...rows].map(async (row) => {
        const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: JSON.stringify([...row]) })
        return (await response.json()) as ReadonlyArray<number>
      })
    )
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe("concurrent requests", () => {
  it("to one predictor get the answers to their own rows", async () => {
    const { predict } = Predictor.make(artifact)
    assert.deepStrictEqual(await served(predict), [...expected, ...expected, ...expected])
  })

  it("to a pool as well, and batches divided among its threads", async () => {
    const { close, predict, predictBatch } = Predictor.pool(artifact, { threads: 2 })
    try {
      assert.deepStrictEqual(await served(predict), [...expected, ...expected, ...expected])
      assert.deepStrictEqual((await predictBatch(rows.slice(0, 33))).map(bitsOf), expected.slice(0, 33))
      assert.deepStrictEqual(await predictBatch([]), [])
    } finally {
      await close()
    }
  })
})

describe("Predictor.pool", () => {
  it("refuses rows, and requests after it was closed", async () => {
    const { classify, close, estimate, predict, predictBatch } = Predictor.pool(artifact, { threads: 1 })
    const failing = async (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)
    const [row = new Float32Array(64)] = rows
    const wrong = await failing(predict([1]))
    assert.instanceOf(wrong, RowError)
    assert.include(String(wrong), "a row has 64 numbers, this one has 1")
    assert.instanceOf(await failing(predictBatch([row, []])), RowError)
    assert.instanceOf(await failing(classify(row)), RowError)
    assert.include(String(await failing(estimate(row))), "estimate: the model puts out several numbers")
    const underWay = failing(predict(row))
    await close()
    assert.instanceOf(await underWay, PoolError)
    assert.include(String(await failing(predict(row))), "pool: it was closed")
    assert.throws(() => Predictor.pool(artifact, { threads: 0 }), PoolError, "pool: 0 threads were asked for")
  })
})
