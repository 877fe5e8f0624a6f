/** States that an optimizer did not make: refused with everything that differs. */
import { TreeError } from "@cotangent/graph"
import { differencesFrom, refuse, type Trees } from "./leafwise.ts"
import type { Stepped } from "./stepped.ts"
import { show } from "./validation.ts"

/** Throws a TreeError unless a value is a record, with parts of the given names under `parts` where there are any. */
export const assertIsState = (what: string, state: unknown, parts: ReadonlyArray<string> = []): void => {
  if (typeof state !== "object" || state === null)
    throw new TreeError(`${what} must be what the same optimizer's init gives, it is ${show(state)}`)
  const given: unknown = new Map<string, unknown>(Object.entries(state)).get("parts")
  const known = typeof given === "object" && given !== null ? Object.keys(given) : []
  const missing = parts.filter((part) => !known.includes(part))
  refuse(
    missing.length === 0
      ? []
      : [`${what}: parts has no ${missing.join(" and no ")}; it must be made by the same optimizer's init`]
  )
}

/** Throws a TreeError that tells every part that a state lacks, and every path where it differs from what `init` makes. */
export const assertState = (what: string, expected: Trees, state: Trees): void => {
  const names = Object.keys(expected)
  const missing = names.filter((name) => state[name] === undefined)
  const foreign = Object.keys(state).filter((name) => !names.includes(name))
  const others = foreign.length === 0 ? "" : `, and this one has ${foreign.join(" and ")}`
  refuse([
    ...(missing.length === 0
      ? []
      : [`${what} has no ${missing.join(" and no ")}; it must be made by the same optimizer's init${others}`]),
    ...names.flatMap((name) =>
      state[name] === undefined ? [] : differencesFrom(`${what}: ${name}`, expected[name], state[name])
    )
  ])
}

/** A step that looks at its state first: whether it has what `init` makes of its parameters. */
export const checkedStep =
  <S extends Stepped<unknown> & Trees>(
    name: string,
    init: (params: unknown) => Stepped<unknown>,
    step: (state: S, grad: unknown) => Stepped<unknown>
  ) =>
  (state: S, grad: unknown): Stepped<unknown> => {
    assertIsState(`${name}.step: the state`, state)
    assertState(`${name}.step: the state`, { ...init(state.params) }, state)
    return step(state, grad)
  }
