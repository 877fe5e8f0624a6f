/** Every mode of differentiation nested in every other, on functions with known derivatives. */
import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, evaluateAll, type Shape, T, type Tensor } from "@cotangent/graph"
import {
  argmin,
  checkpoint,
  customJvp,
  customVjp,
  fixedPoint,
  grad,
  hvp,
  jacobian,
  jvp,
  linearize,
  vjp,
  vmap
} from "./index.ts"

type F64 = Tensor<Shape, "f64">
type Scalar = Tensor<[], "f64">
type Function = (x: Scalar) => Scalar

const scalar = (x: number): Scalar => T.constant(x, "f64")
const one = T.ones([1], "f64")
const first = (x: AnyTensor): Scalar => T.reshape(x as F64, []) as Scalar
const batchOf = (x: Scalar): Tensor<[1], "f64"> => T.reshape(x, [1]) as Tensor<[1], "f64">

/** Ways to take the derivative of a function of a scalar: each gives the function of its derivative. */
const ways: Readonly<Record<string, (f: Function) => Function>> = {
  grad: (f) => grad(f),
  vjp: (f) => (x) => vjp(f, x)[1](scalar(1)),
  jvp: (f) => (x) => jvp(f, x, scalar(1))[1],
  linearize: (f) => (x) => linearize(f, x)[1](scalar(1)),
  "linearize, transposed": (f) => (x) => linearize(f, x)[2](scalar(1)),
  "jacobian, forward": (f) => (x) => first(jacobian(f, { mode: "forward" })(x)),
  "jacobian, reverse": (f) => (x) => first(jacobian(f, { mode: "reverse" })(x)),
  "vmap of grad": (f) => (x) => first(vmap(grad(f))(batchOf(x))),
  "grad of vmap": (f) => (x) => grad((z: Scalar) => first(T.sum(vmap(f)(batchOf(z)))))(x),
  "jvp of vmap": (f) => (x) => first(jvp((z: Tensor<[1], "f64">) => vmap(f)(z), batchOf(x), one)[1]),
  "grad through a checkpoint": (f) => (x) => grad((z: Scalar) => checkpoint(f)(z))(x)
}
/** Those that need no forward rule. */
const reverseWays = [
  "grad",
  "vjp",
  "linearize, transposed",
  "jacobian, reverse",
  "vmap of grad",
  "grad of vmap",
  "grad through a checkpoint"
]

const sine = customJvp(
  (x: Scalar): Scalar => T.sin(x),
  ({ args: [x] }, [t]): Scalar => T.mul(T.cos(x), t)
)
const cube = customVjp(
  (x: Scalar): Scalar => T.pow(x, 3),
  ({ args: [x] }, g): readonly [Scalar] => [T.mul(T.mul(T.square(x), 3), g)]
)

interface Known {
  readonly f: Function
  /** Its first, second and third derivative. */
  readonly derivatives: (x: number) => readonly [number, number, number]
  readonly modes?: ReadonlyArray<string>
  /** How exact derivatives are: those of solutions as exact as these. */
  readonly tolerance?: number
}

const fourthPower = (x: number): readonly [number, number, number] => [4 * x ** 3, 12 * x ** 2, 24 * x]
const exponentialOfSine = (x: number): readonly [number, number, number] => {
  const [s, c] = [Math.sin(x), Math.cos(x)]
  return [c, c * c - s, c ** 3 - 3 * s * c - c].map((y) => y * Math.exp(s)) as [number, number, number]
}

const functions: Readonly<Record<string, Known>> = {
  "exp x sin x": {
    f: (x) => T.mul(T.exp(x), T.sin(x)),
    derivatives: (x) => {
      const [e, s, c] = [Math.exp(x), Math.sin(x), Math.cos(x)]
      return [e * (s + c), 2 * e * c, 2 * e * (c - s)]
    }
  },
  "a power": {
    f: (x) => T.pow(x, 2.5),
    derivatives: (x) => [2.5 * x ** 1.5, 3.75 * x ** 0.5, 1.875 * x ** -0.5]
  },
  "a reduction": {
    f: (x) => {
      const multiples = T.mul(T.constant([1, 2], "f64"), x)
      return T.logsumexp(multiples, { axis: 0 })
    },
    derivatives: (x) => {
      const s = 1 / (1 + Math.exp(-x))
      return [1 + s, s * (1 - s), s * (1 - s) * (1 - 2 * s)]
    }
  },
  "a choice": {
    f: (x) => T.where(T.greater(x, 0), T.pow(x, 4), T.neg(x)) as Scalar,
    derivatives: fourthPower
  },
  "a loop": { f: (x) => T.iterate((c: Scalar) => T.mul(c, x), x, 3), derivatives: fourthPower },
  "a loop until": {
    f: (x) =>
      T.whileLoop(
        ({ k }: { c: Scalar; k: Tensor<[], "i32"> }) => T.less(k, 3),
        ({ c, k }) => ({ c: T.mul(c, x), k: T.add(k, 1) }),
        { c: x, k: T.constant(0, "i32") },
        { limit: 5 }
      ).c,
    derivatives: fourthPower
  },
  "a branch": {
    f: (x) =>
      T.cond(
        T.greater(x, 0),
        () => T.pow(x, 4),
        () => T.neg(x)
      ),
    derivatives: fourthPower
  },
  "a rule for tangents": { f: (x) => T.exp(sine(x)), derivatives: exponentialOfSine },
  "a rule for cotangents": {
    f: (x) => T.mul(cube(x), x),
    derivatives: fourthPower,
    modes: reverseWays
  },
  "a checkpoint": { f: checkpoint((x: Scalar) => T.exp(T.sin(x))), derivatives: exponentialOfSine },
  "a fixed point": {
    f: (p) => fixedPoint((x: Scalar, p: Scalar) => T.mul(T.add(x, T.div(p, x)), 0.5), scalar(1), p).x,
    derivatives: (p) => [0.5 * p ** -0.5, -0.25 * p ** -1.5, 0.375 * p ** -2.5],
    tolerance: 1e-9
  },
  "a minimum over what it captures": {
    f: (p) => argmin((x: Scalar) => T.sub(T.exp(x), T.mul(p, x)), scalar(0), {}).x,
    derivatives: (p) => [1 / p, -1 / p ** 2, 2 / p ** 3],
    tolerance: 1e-8
  }
}

const at = 0.7
const near = (names: ReadonlyArray<string>, actual: number | undefined, expected: number, tolerance: number): void =>
  assert.closeTo(actual ?? NaN, expected, tolerance * Math.max(1, Math.abs(expected)), names.join(", then "))

const way = (name: string): ((f: Function) => Function) => ways[name] ?? assert.fail(`there is no way ${name}`)
const nested = (names: ReadonlyArray<string>, f: Function): Function => names.reduce((g, name) => way(name)(g), f)

/** Checks nestings at once: they share one evaluation. */
const agree = (nestings: ReadonlyArray<ReadonlyArray<string>>, { f, derivatives, tolerance = 1e-11 }: Known): void => {
  const expected = derivatives(at)
  const actual = evaluateAll(nestings.map((names) => nested(names, f)(scalar(at))))
  nestings.forEach((names, i) => near(names, actual[i]?.data[0], expected[names.length - 1] ?? NaN, tolerance))
}

describe("any nesting of modes", () => {
  for (const [name, known] of Object.entries(functions)) {
    const names = known.modes ?? Object.keys(ways)

    it(`${name}: every mode, and every pair`, () => {
      agree(
        names.flatMap((a) => [[a], ...names.map((b) => [a, b])]),
        known
      )
    })

    it(`${name}: triples`, () => {
      // Solutions of equations inside each other are slow to build three deep: every mode at every depth once.
      const few = known.tolerance !== undefined
      const n = names.length
      const triples = few
        ? names.map((a, k) => [a, names[(k * 2 + 1) % n] ?? a, names[(k * 4 + 3) % n] ?? a])
        : names.flatMap((a, k) => names.map((b, l) => [a, b, names[(3 * k + 5 * l) % n] ?? a]))
      agree(triples, known)
    })
  }

  it("all triples of one function", () => {
    const names = Object.keys(ways)
    const known = functions["exp x sin x"] ?? assert.fail()
    for (const a of names)
      agree(
        names.flatMap((b) => names.map((c) => [a, b, c])),
        known
      )
  })
})

describe("perturbations", () => {
  const names = Object.keys(ways)

  it("are not confused: what is constant to the inner derivative is not to the outer", () => {
    for (const outer of names)
      for (const inner of names) {
        // d/dx (x d/dy (x + y)) = 1: one tag for both would make it 2.
        const g: Function = (x) => T.mul(x, way(inner)((y) => T.add(x, y))(scalar(1)))
        near([inner, outer], T.evaluate(way(outer)(g)(scalar(3))).data[0], 1, 1e-12)
        // d/dx (x d/dy (x y) at y = x) = 2 x.
        const h: Function = (x) => T.mul(x, way(inner)((y) => T.mul(x, y))(x))
        near([inner, outer], T.evaluate(way(outer)(h)(scalar(3))).data[0], 6, 1e-12)
      }
  })

  it("are not confused across three levels, with a batch between", () => {
    // x d/dy sum_i (y z_i d/dz (x z y)) = x d/dy (x y^2 (z_1 + z_2)) = 2 x^2 y (z_1 + z_2), so d/dx = 4 x y (z_1 + z_2).
    const zs = T.constant([2, 5], "f64")
    for (const outer of names)
      for (const inner of names) {
        const f: Function = (x) =>
          T.mul(
            x,
            grad((y: Scalar) => {
              const each = vmap((z: Scalar): Scalar => T.mul(T.mul(y, z), way(inner)((w) => T.mul(T.mul(x, w), y))(z)))
              return T.sum(each(zs))
            })(scalar(3))
          )
        near([inner, outer], T.evaluate(way(outer)(f)(scalar(2))).data[0], 4 * 2 * 3 * 7, 1e-12)
      }
  })

  it("are not confused in a curvature inside a loop", () => {
    // Each step multiplies by the second derivative of x w^2 at w: 2 x.
    const f: Function = (x) =>
      T.iterate(
        (c: Scalar) =>
          T.mul(
            c,
            hvp((w: Scalar) => T.mul(x, T.square(w)), c, scalar(1))
          ),
        scalar(1),
        3
      )
    for (const outer of names) near([outer], T.evaluate(way(outer)(f)(scalar(0.5))).data[0], 24 * 0.25, 1e-12)
  })
})
