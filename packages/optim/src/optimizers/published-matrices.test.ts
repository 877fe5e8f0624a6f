/** Muon, Shampoo and SOAP against the pseudo-code of their papers, with plain matrices, for 12 steps in float64. */
import { describe, it } from "@effect/vitest"
import { trajectory } from "../trajectory.ts"
import { adamw } from "./adamw.ts"
import { muon } from "./muon.ts"
import { byRank, partitioned } from "./partitioned.ts"
import { shampoo } from "./shampoo.ts"
import { soap } from "./soap.ts"
import {
  added,
  eigen,
  identity,
  matrixOf,
  matrixPower,
  mix,
  norm,
  orthonormal,
  times,
  transpose,
  zeros,
  zip,
  type Mat,
  type Vec
} from "./plain.test.support.ts"
import { adamPlain, agree, each, eta, type Plain } from "./published.test.support.ts"

describe("the pseudo-code of the papers, of matrices", () => {
  it("Muon, with AdamW for what is no matrix", () => {
    const [mu, a, b, c] = [0.95, 3.4445, -4.775, 2.0315]
    const orthogonal = (g: Mat): Mat => {
      const isTall = g.length > (g[0]?.length ?? 0)
      const length = norm(g.flat()) + 1e-7
      let x: Mat = (isTall ? transpose(g) : g).map((row) => row.map((e) => e / length))
      for (let k = 0; k < 5; k++) {
        const square = times(x, transpose(x))
        x = added(a, x, 1, times(added(b, square, c, times(square, square)), x))
      }
      return isTall ? transpose(x) : x
    }
    const matrices: Plain = (theta, along, columns) => {
      let [x, u] = [theta, zeros(theta)]
      const factor = Math.sqrt(Math.max(1, columns / (theta.length / columns)))
      return along.map((g) => {
        u = mix(mu, u, 1, g)
        x = mix(1, x, -eta * factor, orthogonal(matrixOf(mix(1, g, mu, u), columns)).flat())
        return x
      })
    }
    const others = adamPlain({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, (x, direction) =>
      mix(1 - 0.02 * 0.01, x, -0.02, direction)
    )
    const plain: Plain = (theta, along, columns) =>
      theta.length === columns ? others(theta, along, columns) : matrices(theta, along, columns)
    const optimizer = partitioned(
      { matrices: muon({ learningRate: eta }), others: adamw({ learningRate: 0.02 }) },
      byRank
    )
    agree(trajectory(optimizer), each(plain), 1e-12)
  })

  it("Shampoo, its roots every second step", () => {
    const epsilon = 1e-2
    const plain: Plain = (theta, along, columns) => {
      const isVector = theta.length === columns
      const rows = theta.length / columns
      let [x, l, r]: [Vec, Mat, Mat] = [theta, identity(rows, epsilon), identity(columns, epsilon)]
      let [rootL, rootR]: [Mat, Mat] = [l, r]
      return along.map((g, k) => {
        const G = matrixOf(g, columns)
        l = added(1, l, 1, times(G, transpose(G)))
        r = added(1, r, 1, times(transpose(G), G))
        if (k % 2 === 0) {
          rootL = isVector ? identity(1) : matrixPower(l, -1 / 4)
          rootR = matrixPower(r, isVector ? -1 / 2 : -1 / 4)
        }
        x = mix(1, x, -eta, times(times(rootL, G), rootR).flat())
        return x
      })
    }
    agree(trajectory(shampoo({ learningRate: eta, epsilon, refreshEvery: 2 })), each(plain), 1e-10)
  })

  it("SOAP, its bases every third step", () => {
    const [beta1, beta2, epsilon, lambda] = [0.9, 0.95, 1e-8, 0.01]
    const plain: Plain = (theta, along, columns) => {
      const isVector = theta.length === columns
      const rows = theta.length / columns
      let [x, m, v] = [theta, zeros(theta), zeros(theta)]
      let [l, r, ql, qr]: [Mat, Mat, Mat, Mat] = [
        identity(rows, 0),
        identity(columns, 0),
        identity(rows),
        identity(columns)
      ]
      return along.map((g, k) => {
        const t = k + 1
        const G = matrixOf(g, columns)
        const seen = times(times(transpose(ql), G), qr).flat()
        m = mix(beta1, m, 1 - beta1, g)
        v = zip(v, seen, (a, b) => beta2 * a + (1 - beta2) * b * b)
        const turned = times(times(transpose(ql), matrixOf(m, columns)), qr).flat()
        const size = (eta * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t)
        const n = zip(turned, v, (a, b) => (size * a) / (Math.sqrt(b) + epsilon))
        const back = times(times(ql, matrixOf(n, columns)), transpose(qr)).flat()
        x = mix(1 - eta * lambda, x, -1, back)
        l = added(beta2, l, 1 - beta2, times(G, transpose(G)))
        r = added(beta2, r, 1 - beta2, times(transpose(G), G))
        if (!isVector && t % 3 === 0) {
          ql = t === 3 ? eigen(l).vectors : orthonormal(times(l, ql))
          qr = t === 3 ? eigen(r).vectors : orthonormal(times(r, qr))
        }
        return x
      })
    }
    agree(
      trajectory(soap({ learningRate: eta, beta1, beta2, epsilon, weightDecay: lambda, refreshEvery: 3 })),
      each(plain),
      1e-8
    )
  })
})
