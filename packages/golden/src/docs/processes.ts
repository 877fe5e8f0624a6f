/** Runs the compiler and programs, and reads what they say. */
import { execFile } from "node:child_process"
import { join, relative } from "node:path"

/** What a process left. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a file to its end. A process that was killed, or never started, has a code that is not 0 as well. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> }
): Promise<Finished> =>
  new Promise((resolve) => {
    execFile(
      command,
      args,
      { cwd: options.cwd, env: { ...process.env, ...options.env }, maxBuffer: 2 ** 26, timeout: 50_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1
        resolve({ code, stdout, stderr: stderr === "" && error !== null ? error.message : stderr })
      }
    )
  })

/** Runs a TypeScript program on the sources of the workspace. */
export const runProgram = (
  file: string,
  options: {
    readonly cwd: string
    readonly env?: Readonly<Record<string, string>>
    readonly args?: ReadonlyArray<string>
  }
): Promise<Finished> =>
  run(process.execPath, ["--conditions=@cotangent/source", "--no-warnings", file, ...(options.args ?? [])], options)

/** What the compiler says about a place. */
export interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly message: string
}

const diagnostic = /^(\S.*)\((\d+),\d+\): error TS\d+: (.*)$/

/** Type-checks a project; files are relative to its folder. */
export const check = async (root: string, folder: string): Promise<ReadonlyArray<Diagnostic>> => {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  const { code, stderr, stdout } = await run(process.execPath, [tsc, "-p", folder, "--pretty", "false"], {
    cwd: folder
  })
  const found: Array<Diagnostic> = []
  for (const line of stdout.split("\n")) {
    const [, file, at, message = ""] = diagnostic.exec(line) ?? []
    const previous = found.at(-1)
    if (file !== undefined) found.push({ file: relative(folder, join(folder, file)), line: Number(at), message })
    else if (previous !== undefined && line.startsWith(" "))
      found[found.length - 1] = { ...previous, message: `${previous.message}\n${line}` }
  }
  if (code !== 0 && found.length === 0) throw new Error(`tsc failed: ${stdout}${stderr}`)
  return found
}
