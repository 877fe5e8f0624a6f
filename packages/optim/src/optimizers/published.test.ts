/** Every rule against the pseudo-code of its paper, written over plain arrays, for 12 steps in float64. */
import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor } from "@cotangent/graph"
import { trajectory } from "../trajectory.ts"
import { adabelief } from "./adabelief.ts"
import { adafactor } from "./adafactor.ts"
import { adam } from "./adam.ts"
import { adamw } from "./adamw.ts"
import { adan } from "./adan.ts"
import { lamb } from "./lamb.ts"
import { lars } from "./lars.ts"
import { lion } from "./lion.ts"
import { lookahead } from "./lookahead.ts"
import { prodigy } from "./prodigy.ts"
import { sam } from "./sam.ts"
import { scheduleFree } from "./scheduleFree.ts"
import { sgd } from "./sgd.ts"
import { sparseRows } from "./sparseRows.ts"
import { matrixOf, mix, norm, rms, sum, transpose, zeros, zip, type Vec } from "./plain.test.support.ts"
import { adamPlain, agree, each, eta, gradients, shapes, start, tensors, type Plain } from "./published.test.support.ts"

describe("the pseudo-code of the papers", () => {
  it("Lion", () => {
    const [beta1, beta2, lambda] = [0.9, 0.98, 0.1]
    const plain: Plain = (theta, along) => {
      let [x, m] = [theta, zeros(theta)]
      return along.map((g) => {
        const c = mix(beta1, m, 1 - beta1, g)
        x = zip(x, c, (a, b) => a - eta * (Math.sign(b) + lambda * a))
        m = mix(beta2, m, 1 - beta2, g)
        return x
      })
    }
    agree(trajectory(lion({ learningRate: eta, beta1, beta2, weightDecay: lambda })), each(plain), 1e-13)
  })

  it("AdaBelief, and Optax's, which measures from the moment before", () => {
    const [beta1, beta2, epsilon] = [0.9, 0.99, 1e-8]
    const plain =
      (isNew: boolean): Plain =>
      (theta, along) => {
        let [x, m, s] = [theta, zeros(theta), zeros(theta)]
        return along.map((g, k) => {
          const before = m
          m = mix(beta1, m, 1 - beta1, g)
          const spread = zip(g, isNew ? m : before, (a, b) => (a - b) ** 2)
          s = mix(beta2, s, 1 - beta2, spread).map((a) => a + epsilon)
          const [c1, c2] = [1 - beta1 ** (k + 1), 1 - beta2 ** (k + 1)]
          const step = zip(m, s, (a, b) => a / c1 / (Math.sqrt(b / c2) + epsilon))
          x = mix(1, x, -eta, step)
          return x
        })
      }
    const o = { learningRate: eta, beta1, beta2, epsilon, epsilonRoot: epsilon }
    agree(trajectory(adabelief(o)), each(plain(true)), 1e-12)
    agree(trajectory(adabelief({ ...o, centre: "previous" })), each(plain(false)), 1e-12)
  })

  it("Adan", () => {
    // The paper's betas are what is new; its averages are corrected as in the authors' code.
    const [b1, b2, b3, epsilon, lambda] = [0.02, 0.08, 0.01, 1e-8, 0.3]
    const plain: Plain = (theta, along) => {
      let [x, m, v, n, last] = [theta, zeros(theta), zeros(theta), zeros(theta), along[0] ?? []]
      return along.map((g, k) => {
        const d = mix(1, g, -1, last)
        m = mix(1 - b1, m, b1, g)
        v = mix(1 - b2, v, b2, d)
        n = zip(n, mix(1, g, 1 - b2, d), (a, b) => (1 - b3) * a + b3 * b * b)
        const [c1, c2, c3] = [1 - (1 - b1) ** (k + 1), 1 - (1 - b2) ** (k + 1), 1 - (1 - b3) ** (k + 1)]
        x = x.map((a, i) => {
          const size = eta / (Math.sqrt((n[i] ?? NaN) / c3) + epsilon)
          return (a - size * ((m[i] ?? NaN) / c1 + ((1 - b2) * (v[i] ?? NaN)) / c2)) / (1 + lambda * eta)
        })
        last = g
        return x
      })
    }
    agree(trajectory(adan({ learningRate: eta, epsilon, weightDecay: lambda })), each(plain), 1e-12)
  })

  it("LAMB", () => {
    const o = { beta1: 0.9, beta2: 0.99, epsilon: 1e-6 }
    const lambda = 0.05
    const plain = adamPlain(o, (x, direction) => {
      const r = mix(1, direction, lambda, x)
      return mix(1, x, (-eta * norm(x)) / norm(r), r)
    })
    agree(trajectory(lamb({ learningRate: eta, ...o, weightDecay: lambda })), each(plain), 1e-12)
  })

  it("LARS", () => {
    const [mu, beta, trust] = [0.9, 0.02, 0.01]
    const plain: Plain = (theta, along) => {
      let [x, v] = [theta, zeros(theta)]
      return along.map((g) => {
        const local = (trust * norm(x)) / (norm(g) + beta * norm(x))
        v = mix(mu, v, eta * local, mix(1, g, beta, x))
        x = mix(1, x, -1, v)
        return x
      })
    }
    agree(
      trajectory(lars({ learningRate: eta, momentum: mu, weightDecay: beta, trustCoefficient: trust })),
      each(plain),
      1e-13
    )
  })

  it("schedule-free AdamW, with a warm-up", () => {
    const [beta1, beta2, epsilon, lambda, warmup] = [0.9, 0.99, 1e-8, 0.1, 4]
    const plain: Plain = (theta, along) => {
      let [x, z, v, total] = [theta, theta, zeros(theta), 0]
      return along.map((g, k) => {
        const y = mix(1 - beta1, z, beta1, x)
        v = zip(v, g, (a, b) => beta2 * a + (1 - beta2) * b * b)
        const rate = eta * Math.min(1, (k + 1) / warmup)
        total += rate * rate
        const c2 = 1 - beta2 ** (k + 1)
        z = z.map(
          (a, i) =>
            a - rate * ((g[i] ?? NaN) / (Math.sqrt((v[i] ?? NaN) / c2) + epsilon)) - rate * lambda * (y[i] ?? NaN)
        )
        const c = (rate * rate) / total
        x = mix(1 - c, x, c, z)
        return x
      })
    }
    const learningRate = (k: Tensor<[], "f64">): Tensor<[], "f64"> =>
      T.mul(T.minimum(T.div(T.add(k, 1), warmup), 1), eta)
    agree(trajectory(scheduleFree({ learningRate, beta1, beta2, epsilon, weightDecay: lambda })), each(plain), 1e-11)
  })

  it("Adafactor, with its relative step", () => {
    const plain: Plain = (theta, along, columns) => {
      const isMatrix = theta.length > 5
      const rows = theta.length / columns
      let [x, v, r, c]: [Vec, Vec, Vec, Vec] = [
        theta,
        zeros(theta),
        Array.from<number>({ length: rows }).fill(0),
        zeros(theta.slice(0, columns))
      ]
      return along.map((g, k) => {
        const t = k + 1
        const b = 1 - t ** -0.8
        const square = g.map((a) => a * a + 1e-30)
        v = mix(b, v, 1 - b, square)
        r = mix(b, r, 1 - b, matrixOf(square, columns).map(sum))
        c = mix(b, c, 1 - b, transpose(matrixOf(square, columns)).map(sum))
        const estimate = isMatrix ? r.flatMap((a) => c.map((d) => (a * d) / sum(r))) : v
        const u = zip(g, estimate, (a, d) => a / Math.sqrt(d))
        const size = Math.max(1e-3, rms(x)) * Math.min(1e-2, 1 / Math.sqrt(t))
        x = mix(1, x, -size / Math.max(1, rms(u)), u)
        return x
      })
    }
    agree(trajectory(adafactor()), each(plain), 1e-12)
  })

  it("Prodigy, whose sums go over all tensors", () => {
    const [beta1, beta2, epsilon] = [0.9, 0.99, 1e-8]
    const theta = start.flat()
    let [x, m, v, s, r, d] = [theta, zeros(theta), zeros(theta), zeros(theta), 0, 1e-3]
    const q = Math.sqrt(beta2)
    // Gradients that agree with each other: the distance is found to be larger.
    const steady = gradients.map((leaves) => leaves.map((g) => g.map((e) => e + 2)))
    const visited = steady.map((leaves) => {
      const g = leaves.flat()
      m = mix(beta1, m, (1 - beta1) * d, g)
      v = zip(v, g, (a, b) => beta2 * a + (1 - beta2) * d * d * b * b)
      const along = sum(zip(g, mix(1, theta, -1, x), (a, b) => a * b))
      r = q * r + (1 - q) * d * d * along
      s = mix(q, s, (1 - q) * d * d, g)
      x = x.map((a, i) => a - (d * (m[i] ?? NaN)) / (Math.sqrt(v[i] ?? NaN) + d * epsilon))
      d = Math.max(d, r / sum(s.map(Math.abs)))
      let from = 0
      return start.map((leaf) => x.slice(from, (from += leaf.length)))
    })
    assert.isAbove(d, 1.01e-3)
    agree(trajectory(prodigy({ beta1, beta2, epsilon, initialDistance: 1e-3 })), visited, 1e-12, steady)
  })

  it("Lookahead, around Adam", () => {
    const o = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    let slow: Vec = []
    let k = 0
    const inner = adamPlain(o, (x, direction) => {
      const fast = mix(1, x, -eta, direction)
      k++
      if (k % 4 !== 0) return fast
      slow = mix(0.7, slow, 0.3, fast)
      return slow
    })
    const plain: Plain = (theta, along, columns) => {
      slow = theta
      k = 0
      return inner(theta, along, columns)
    }
    const optimizer = lookahead(adam({ learningRate: eta, ...o }), { period: 4, follow: 0.3, evaluate: "fast" })
    agree(trajectory(optimizer), each(plain), 1e-12)
  })

  it("sparse rows, around AdamW", () => {
    const sparse = gradients.map((leaves, k) =>
      leaves.map((g, i) => g.map((x, j) => (i < 2 && (Math.floor(j / (shapes[i]?.[1] ?? 1)) + k) % 3 === 0 ? 0 : x)))
    )
    const [beta1, beta2, epsilon, lambda] = [0.9, 0.999, 1e-8, 0.1]
    const plain: Plain = (theta, along, columns) => {
      let [x, m, v] = [theta, zeros(theta), zeros(theta)]
      return along.map((g, k) => {
        const isMet = g.map((_, j) => {
          const row = Math.floor(j / columns)
          return theta.length === columns || g.slice(row * columns, (row + 1) * columns).some((e) => e !== 0)
        })
        const keep = (next: Vec, old: Vec): Vec => next.map((e, j) => (isMet[j] === true ? e : (old[j] ?? NaN)))
        m = keep(mix(beta1, m, 1 - beta1, g), m)
        v = keep(
          zip(v, g, (a, b) => beta2 * a + (1 - beta2) * b * b),
          v
        )
        const [c1, c2] = [1 - beta1 ** (k + 1), 1 - beta2 ** (k + 1)]
        const step = zip(m, v, (a, b) => a / c1 / (Math.sqrt(b / c2) + epsilon))
        x = keep(mix(1 - eta * lambda, x, -eta, step), x)
        return x
      })
    }
    const visited = T.evaluate(
      trajectory(sparseRows(adamw({ learningRate: eta, weightDecay: lambda })))(tensors(start), sparse.map(tensors))
    )
    start.forEach((theta, i) => {
      const path = plain(
        theta,
        sparse.map((g) => g[i] ?? []),
        shapes[i]?.at(-1) ?? 1
      )
      path.forEach((x, k) =>
        x.forEach((e, j) => assert.approximately(visited[k]?.[i]?.data[j] ?? NaN, e, 1e-13, `step ${k + 1}`))
      )
    })
  })

  it("SAM, around momentum, on a function with two valleys", () => {
    const [rho, mu] = [0.1, 0.9]
    // f = sum of sin(2 x) + x^2 / 2 over both tensors, each coupled to the next element.
    const slope = (x: Vec): Vec => x.map((a, i) => 2 * Math.cos(2 * a) + a + 0.1 * ((x[i - 1] ?? 0) + (x[i + 1] ?? 0)))
    let [x, u]: [Vec, Vec] = [
      [0.3, -1.1, 2, 0.7],
      [0, 0, 0, 0]
    ]
    const visited = Array.from({ length: 12 }, () => {
      const g = slope(x)
      const raised = mix(1, x, rho / norm(g), g)
      u = mix(mu, u, 1, slope(raised))
      x = mix(1, x, -eta, u)
      return x
    })
    const solver = sam(sgd({ learningRate: eta, momentum: mu }), { rho })
    interface Two {
      readonly a: Tensor<[2], "f64">
      readonly b: Tensor<[2], "f64">
    }
    const f = ({ a, b }: Two): Tensor<[], "f64"> => {
      const all = T.concat(a, b)
      const coupled = T.mul(T.sum(T.mul(T.slice(all, [{ end: 3 }]), T.slice(all, [{ start: 1 }]))), 0.1)
      return T.add(T.sum(T.add(T.sin(T.mul(all, 2)), T.mul(T.square(all), 0.5))), coupled)
    }
    let state = solver.init<Two>({ a: T.constant([0.3, -1.1], "f64"), b: T.constant([2, 0.7], "f64") })
    for (const expected of visited) {
      state = T.realize(solver.step<Two>(state, f))
      const now = [...T.evaluate(state.params.a).data, ...T.evaluate(state.params.b).data]
      now.forEach((e, j) => assert.approximately(e, expected[j] ?? NaN, 1e-12))
    }
    assert.deepStrictEqual([...T.evaluate(state.evaluations).data], [24])
  })
})
