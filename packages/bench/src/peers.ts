/** The programs that are measured beside each other, each in a process of its own. */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { WorkloadName } from "./workloads.ts"

/** A program to run, or why it cannot be. */
export interface Contender {
  readonly name: string
  readonly command: (workload: WorkloadName) => ReadonlyArray<string>
  /** `undefined` when it can run here. */
  readonly missing?: string
  readonly workloads: ReadonlyArray<WorkloadName>
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const all: ReadonlyArray<WorkloadName> = ["W1", "W2", "W3"]

const own = (mode: string): Contender => ({
  name: `cotangent-${mode}`,
  command: (workload) => [process.execPath, "--conditions=@cotangent/source", here("./measure.ts"), workload, mode],
  workloads: all
})

const python = "/usr/bin/python3"
const pythonPeer = (name: string, module: string): Contender => ({
  name,
  command: (workload) => [python, here(`../peers/${name}_peer.py`), workload],
  ...(existsSync(python) && existsSync(`/usr/lib/python3/dist-packages/${module}`)
    ? {}
    : { missing: `Debian's python3-${name} is not installed` }),
  workloads: all
})

const javascriptPeer = (name: string, packageName: string): Contender => ({
  name,
  command: (workload) => [process.execPath, here(`../peers/${name}_peer.mjs`), workload],
  ...(existsSync(here(`../peers/node_modules/${packageName}`))
    ? {}
    : { missing: "not installed; run npm run bench:peers" }),
  workloads: all
})

/** Cotangent in its modes, then what a user would pick instead. */
export const contenders: ReadonlyArray<Contender> = [
  own("wide"),
  own("narrow"),
  pythonPeer("numpy", "numpy"),
  pythonPeer("torch", "torch"),
  javascriptPeer("jaxjs", "@jax-js/jax"),
  javascriptPeer("tfjs", "@tensorflow/tfjs")
]
