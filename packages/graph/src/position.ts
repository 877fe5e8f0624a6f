/** Source positions: captured with every node, formatted only when somebody asks. */

/** Where in the user's code a node was built: an object whose stack is formatted only when it is read. */
export interface Position {
  readonly stack?: string | undefined
}

/** V8's stack capture; other engines have none and nodes carry no position there. */
interface Capture {
  readonly captureStackTrace?: (target: object, below: unknown) => void
}
const { captureStackTrace }: Capture = Error as Capture

/** Captures the current position cheaply: the stack is recorded, not formatted. */
export const capturePosition = (): Position => {
  const position: Position = {}
  captureStackTrace?.(position, capturePosition)
  return position
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
  for (const line of (position.stack ?? "").split("\n").slice(1)) {
    const location = /([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1]
    if (location !== undefined && !isLibrary(path(location))) return path(location)
  }
  return undefined
}
