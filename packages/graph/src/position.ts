/** Source positions: captured with every node, formatted only when somebody asks. */

/** Where in the user's code a node was built: an object whose stack is formatted only when it is read. */
export interface Position {
  readonly stack?: string | undefined
  /** The layer that was being applied, such as `hidden`; blocks in front, `block/hidden`. */
  readonly label?: string
  /** What a derivative rule builds stands where the operation stands that it differentiates. */
  readonly derivative?: Derivative
}

/** What a node is the derivative of. */
export interface Derivative {
  /** `backward`: of the reverse pass, a cotangent; `tangent`: of the forward pass. */
  readonly phase: "backward" | "tangent"
  /** The primitive whose rule built it. */
  readonly of: string
  /** The position of the application of that primitive. */
  readonly at: Position
}

/** V8's stack capture; other engines have none and nodes carry no position there. */
interface Capture {
  readonly captureStackTrace?: (target: object, below: unknown) => void
}
const { captureStackTrace }: Capture = Error as Capture

let current: string | undefined

/** Calls a function; what it builds bears the label. Labels nest. */
export const labelled = <A>(label: string, f: () => A): A => {
  const around = current
  current = around === undefined ? label : `${around}/${label}`
  try {
    return f()
  } finally {
    current = around
  }
}

/** Captures the current position cheaply: the stack is recorded, not formatted. */
export const capturePosition = (): Position => {
  const position: Position = current === undefined ? {} : { label: current }
  captureStackTrace?.(position, capturePosition)
  return position
}

/** The position of what the derivative rule of a node builds. */
export const derivativeOf = (
  phase: Derivative["phase"],
  { primitive, position }: { readonly primitive: string; readonly position: Position }
): Position => ({ derivative: { phase, of: primitive, at: position } })

/** The position in the user's code: of a derivative, that of the operation it is the derivative of. */
export const originOf = (position: Position): Position => {
  let at = position
  while (at.derivative !== undefined) at = at.derivative.at
  return at
}

const path = (location: string): string => location.replace(/^file:\/\//, "")

/** The directory the packages lie in: `packages/` of this repository, or `node_modules/@cotangent/`. */
const { url = "" }: { readonly url?: string } = import.meta
const home = path(url).replace(/[^/]+\/(src|dist)\/position\.[jt]s$/, "")
const libraries = /^(kernel|graph|autodiff|optim|nn|compiler|runtime|data|train|viz|cotangent)\/(src|dist)\//

const isLibrary = (file: string): boolean =>
  (file.startsWith(home) && libraries.test(file.slice(home.length)) && !file.includes(".test.")) ||
  file.startsWith("node:") ||
  /[\\/]node_modules[\\/]effect[\\/]/.test(file)

/** The first line of the user's own code in a captured position, as `file:line:column`, if it is known. */
export const showPosition = (position: Position): string | undefined => {
  for (const line of (originOf(position).stack ?? "").split("\n").slice(1)) {
    const location = /([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1]
    if (location !== undefined && !isLibrary(path(location))) return path(location)
  }
  return undefined
}
