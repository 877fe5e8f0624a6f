/** The programs that are measured beside each other, each in a process of its own. */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type WorkloadName, workloadNames } from "./workloads.ts"

/** A program to run, or why it cannot be. */
export interface Contender {
  readonly name: string
  readonly command: (workload: WorkloadName) => ReadonlyArray<string>
  /** `undefined` when it can run here. */
  readonly missing?: string
  readonly workloads: ReadonlyArray<WorkloadName>
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const without = (...names: ReadonlyArray<WorkloadName>): ReadonlyArray<WorkloadName> =>
  workloadNames.filter((name) => !names.includes(name))

const own = (mode: string): Contender => ({
  name: `cotangent-${mode}`,
  command: (workload) => [process.execPath, "--conditions=@cotangent/source", here("./measure.ts"), workload, mode],
  workloads: workloadNames
})

const python = "/usr/bin/python3"
const pythonPeer = (name: string, module: string, can: ReadonlyArray<WorkloadName>): Contender => ({
  name,
  command: (workload) => [python, here(`../peers/${name}_peer.py`), workload],
  ...(existsSync(python) && existsSync(`/usr/lib/python3/dist-packages/${module}`)
    ? {}
    : { missing: `Debian's python3-${name} is not installed` }),
  workloads: can
})

const javascriptPeer = (name: string, packageName: string, can: ReadonlyArray<WorkloadName>): Contender => ({
  name,
  command: (workload) => [process.execPath, here(`../peers/${name}_peer.mjs`), workload],
  ...(existsSync(here(`../peers/node_modules/${packageName}`))
    ? {}
    : { missing: "not installed; run npm run bench:peers" }),
  workloads: can
})

/** Cotangent in its modes, then what a user would pick instead. */
export const contenders: ReadonlyArray<Contender> = [
  own("wide"),
  own("narrow"),
  pythonPeer("numpy", "numpy", without("W4", "W5")),
  pythonPeer("torch", "torch", workloadNames),
  javascriptPeer("jaxjs", "@jax-js/jax", workloadNames),
  javascriptPeer("tfjs", "@tensorflow/tfjs", without("W4"))
]
