/** What a type checker cannot keep away from JavaScript: every mode answers it with a typed error that says what to do. */
import { assert, describe, it } from "@effect/vitest"
import { DifferentiationError, OptionError, T, type Tensor, TreeError, Values } from "@cotangent/graph"
import * as Autodiff from "./index.ts"

// Calls that do not compile are the subject here: this is the one cast that lets them.
const untyped = (f: unknown) => f as (...xs: ReadonlyArray<unknown>) => (...xs: ReadonlyArray<unknown>) => unknown
const apply = (f: unknown, ...xs: ReadonlyArray<unknown>): unknown =>
  (f as (...xs: ReadonlyArray<unknown>) => unknown)(...xs)

type Scalar = Tensor<[], "f64">
const s: Scalar = T.constant(2, "f64")
const x = T.constant([1, 2, 3], "f64")
const identity = (p: unknown) => p

const itself: { [key: string]: unknown } = { a: s }
itself["again"] = itself

/** Every mode as a function of a function of one argument, and its argument. */
const modes: Readonly<Record<string, (f: unknown, p: unknown) => unknown>> = {
  grad: (f, p) => untyped(Autodiff.grad)(f)(p),
  valueAndGrad: (f, p) => untyped(Autodiff.valueAndGrad)(f)(p),
  vjp: (f, p) => apply(Autodiff.vjp, f, p),
  jvp: (f, p) => apply(Autodiff.jvp, f, p, p),
  linearize: (f, p) => apply(Autodiff.linearize, f, p),
  jacobian: (f, p) => untyped(Autodiff.jacobian)(f)(p),
  hessian: (f, p) => untyped(Autodiff.hessian)(f)(p),
  hvp: (f, p) => apply(Autodiff.hvp, f, p, p),
  vmap: (f, p) => untyped(Autodiff.vmap)(f)(p),
  checkpoint: (f, p) => untyped(Autodiff.checkpoint)(f)(p),
  customVjp: (f, p) => untyped(Autodiff.customVjp)(f, identity)(p),
  customJvp: (f, p) => untyped(Autodiff.customJvp)(f, identity)(p),
  fixedPoint: (f, p) => apply(Autodiff.fixedPoint, f, p, p),
  root: (f, p) => apply(Autodiff.root, f, p, p),
  argmin: (f, p) => apply(Autodiff.argmin, f, p, p),
  unusedParameters: (f, p) => untyped(Autodiff.unusedParameters)(f)(p)
}
const refused = (f: () => unknown, sentence: RegExp): void => {
  try {
    f()
  } catch (error) {
    assert.isTrue(error instanceof DifferentiationError || error instanceof TreeError, String(error))
    assert.match(String(error), sentence)
    return
  }
  assert.fail("nothing was refused")
}

describe("every mode", () => {
  for (const [name, mode] of Object.entries(modes)) {
    it(`${name} refuses functions of another kind, and functions that return no tensors`, () => {
      refused(() => mode(3, x), /takes a function of tensors, it is given the number 3/)
      refused(() => mode(class {}, x), /takes a function of tensors, it is given a class; pass a function that uses it/)
      refused(() => mode(async () => s, x), /Promise.*; a function of tensors must not be async/)
      refused(() => mode(() => null, x), /null/)
      refused(() => mode(() => 3, x), /the number 3.*; use T.constant/)
      refused(() => mode(() => ({ y: s, f: identity }), x), /f is a function|returns a record|is a record/)
    })
    it(`${name} refuses a tree that holds itself`, () => {
      refused(() => mode(() => s, itself), /nested more than 1000 levels deep; a tree must not contain itself/)
    })
    // These two pass on what is no tensor.
    if (name === "checkpoint" || name.startsWith("custom")) continue
    it(`${name} refuses arguments that are no trees of tensors`, () => {
      for (const [p, sentence] of [
        [{ a: { b: null } }, /: a\.b is null, not a tensor/],
        [{ a: s, f: identity }, /: f is a function, not a tensor/],
        [
          new Map([["a", s]]),
          /is an instance of Map, not a tensor; a tree is a tensor, or a record or a list of trees/
        ],
        [Promise.resolve(s), /is a Promise/],
        [new Date(0), /an instance of Date/],
        [[s, [3]], /: 1\.0 is the number 3, not a tensor; use T.constant/],
        [{ v: Values.of(Float64Array.of(1), [1], "f64") }, /: v is a value on the host, not a tensor; use T.fromValue/]
      ] as const)
        refused(() => mode(() => s, p), sentence)
    })
  }
})

describe("single modes", () => {
  it("with auxiliary outputs need a pair", () => {
    const pair = /the function must return a pair \[\w+, aux\], it returns a tensor f64\[\]/
    refused(() => untyped(Autodiff.valueAndGradAux)(() => s)(x), pair)
    refused(() => apply(Autodiff.vjpAux, () => s, x), pair)
    refused(() => apply(Autodiff.jvpAux, () => s, x, x), pair)
  })

  it("know their options", () => {
    assert.throws(
      () => untyped(Autodiff.jacobian)(identity, { mode: "fwd" })(x),
      OptionError,
      "jacobian: mode must be forward, reverse or auto, got fwd"
    )
    assert.throws(
      () => untyped(Autodiff.checkpoint)(identity, { policy: "dots" })(x),
      OptionError,
      "checkpoint: policy must be nothing, products, or a function of a primitive's name, got dots"
    )
    refused(() => untyped(Autodiff.vmap)(identity, { in: 0 })(x), /`in` must be a list/)
    refused(() => untyped(Autodiff.vmap)(identity, { in: ["0"] })(x), /the axis of argument 0 must be a whole number/)
  })

  it("say all that is wrong with their options at once", () => {
    const optionError = (f: () => unknown, sentence: string) => assert.throws(f, OptionError, sentence)
    const step = (p: Scalar): Scalar => T.mul(p, 0.5)
    for (const [name, mode] of Object.entries({
      jacobian: (options: unknown) => apply(untyped(Autodiff.jacobian)(identity, options), x),
      checkpoint: (options: unknown) => apply(untyped(Autodiff.checkpoint)(identity, options), x),
      vmap: (options: unknown) => apply(untyped(Autodiff.vmap)(identity, options), x),
      fixedPoint: (options: unknown) => apply(Autodiff.fixedPoint, step, s, {}, options),
      root: (options: unknown) => apply(Autodiff.root, step, s, {}, options),
      argmin: (options: unknown) => apply(Autodiff.argmin, T.square, s, {}, options)
    })) {
      optionError(() => mode(null), `${name}: the options must be a record with `)
      optionError(() => mode(3), `${name}: the options must be a record with `)
      optionError(() => mode({ moed: 3, mode2: 3 }), `${name}: there is no option moed, there is `)
      optionError(() => mode({ moed: 3, mode2: 3 }), "; there is no option mode2, ")
    }
    optionError(
      () => apply(Autodiff.fixedPoint, step, s, {}, { tolerance: "1", maxSteps: 2 ** 40 }),
      "fixedPoint: tolerance must be a positive number, got 1; maxSteps must be a whole number from 1 to 2147483647, got 1099511627776"
    )
    optionError(
      () => apply(untyped(Autodiff.checkpoint)(identity, { policy: Object.create(null) }), x),
      "checkpoint: policy must be nothing, products, or a function of a primitive's name, got a record"
    )
  })

  it("know rules", () => {
    const derivative = (rules: unknown) => apply(Autodiff.customDerivative, identity, rules)
    refused(
      () => derivative(undefined),
      /customDerivative: the rules must be a record \{ vjp, jvp \}, they are undefined/
    )
    refused(
      () => derivative({ vjp: 3 }),
      /customDerivative: vjp must be a function, it is the number 3; jvp must be a function, it is undefined; with one rule alone use/
    )
    refused(() => apply(Autodiff.customVjp, identity), /customVjp: the rule must be a function, it is undefined/)
    refused(() => apply(Autodiff.customJvp, identity, null), /customJvp: the rule must be a function, it is null/)
  })

  it("take tensors from values and from trees, not in their place", () => {
    const value = Values.of(Float64Array.of(1), [], "f64")
    const remedy = /the cotangent: the leaf is a value on the host, not a tensor; use T.fromValue/
    refused(() => Autodiff.vjp((p: Scalar) => T.square(p), s)[1](value as never), remedy)
    refused(() => Autodiff.linearize((p: Scalar) => T.square(p), s)[2](value as never), remedy)
    assert.throws(() => untyped(T.stopGradient)({ a: s }), "stopGradient: needs a tensor, got object")
  })

  it("name themselves", () => {
    refused(() => apply(Autodiff.hvp, T.sum, x, s), /hvp: the tangent/)
    refused(() => apply(Autodiff.fixedPoint, identity, s), /fixedPoint: p is undefined, not a tensor/)
    refused(
      () => apply(Autodiff.root, () => x, s, {}),
      /root: what the function returns: the leaf must be f64\[\], it is f64\[3\]/
    )
    refused(
      () => apply(Autodiff.argmin, () => T.constant(1), s, {}),
      /argmin: the unknowns are f64, the function must return f64/
    )
    refused(
      () => untyped(Autodiff.valueAndGradAux)(() => [{ a: s }, 1])(x),
      /must return a scalar tensor, it returns a record; valueAndGradAux takes a pair \[loss, aux\]/
    )
  })

  it("argmin needs a scalar", () =>
    refused(() => apply(Autodiff.argmin, () => x, s, s), /argmin: the function must return a scalar, it returns \[3\]/))
})

describe("trees", () => {
  it("have keys with dots, and keys of prototypes", () => {
    const p = { "a.b": s, a: { b: T.constant(5, "f64") } }
    const [, moved] = Autodiff.jvp((q: typeof p): Scalar => T.mul(q["a.b"], q.a.b), p, p)
    assert.strictEqual(T.evaluate(moved).data[0], 20)
    const odd = Object.fromEntries(["__proto__", "constructor"].map((key) => [key, s]))
    const g = Autodiff.grad((q: typeof odd): Scalar =>
      T.sum(T.stack(Object.values(odd).length === 2 ? Object.values(q) : []))
    )
    assert.deepStrictEqual(Object.keys(g(odd)), ["__proto__", "constructor"])
  })

  it("may name one tensor twice: the places have gradients of their own", () => {
    const g = Autodiff.grad((q: { a: Scalar; b: Scalar }): Scalar => T.mul(T.square(q.a), q.b))({ a: s, b: s })
    assert.deepStrictEqual(
      [g.a, g.b].map((y) => T.evaluate(y).data[0]),
      [8, 4]
    )
  })
})

describe("what is no tensor in an argument", () => {
  interface Scaled {
    readonly by: number
    readonly x: Scalar
  }
  const scale = (p: Scaled): Scalar => T.mul(T.square(p.x), p.by)
  const at = (f: (p: Scaled) => Scalar) => T.evaluate(Autodiff.grad((y: Scalar) => f({ by: 3, x: y }))(s)).data[0]

  it("stays what it is in checkpoints and in functions with rules", () => {
    assert.strictEqual(at(Autodiff.checkpoint(scale)), 12)
    assert.strictEqual(at(Autodiff.customVjp(scale, ({ args: [p] }, g) => [{ by: p.by, x: T.mul(g, p.by * 10) }])), 30)
    assert.strictEqual(at(Autodiff.customJvp(scale, ({ args: [p] }, [t]) => T.mul(t.x, p.by * 100))), 300)
  })

  it("is shared by the examples of a batch", () => {
    const power = (y: Scalar, n: number): Scalar => T.mul(y, n)
    assert.deepStrictEqual(Array.from(T.evaluate(Autodiff.vmap(power, { in: [0, undefined] })(x, 4)).data), [4, 8, 12])
  })
})
