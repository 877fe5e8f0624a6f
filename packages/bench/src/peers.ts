/** The programs that are measured beside each other, each in a process of its own. */
import { cpSync, existsSync, globSync, mkdirSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { type Mode, nameOf } from "./mode.ts"
import { type BenchError, own, prepare } from "./processes.ts"
import { type WorkloadName, workloadNames } from "./workloads.ts"

/** A program to run, or why it cannot be. */
export interface Contender {
  readonly name: string
  readonly command: (workload: WorkloadName) => ReadonlyArray<string>
  /** `undefined` when it can run here. */
  readonly missing?: string
  /** How many processors it may use: one, unless it says otherwise. */
  readonly cores?: number
  readonly workloads: ReadonlyArray<WorkloadName>
}

/** Cotangent in one of its modes. */
export const cotangent = (mode: Mode, threads = 1): Contender => ({
  name: nameOf(mode, threads),
  command: (workload) => own("measure", workload, mode, String(threads)),
  cores: threads,
  workloads: workloadNames
})

/** The peers' programs, and where their packages go unless another folder is named. */
export const sources = fileURLToPath(new URL("../peers", import.meta.url))
const python = "/usr/bin/python3"

const without = (...names: ReadonlyArray<WorkloadName>): ReadonlyArray<WorkloadName> =>
  workloadNames.filter((name) => !names.includes(name))

const pythonPeer = (name: string, folder: string, can: ReadonlyArray<WorkloadName>): Contender => ({
  name,
  command: (workload) => [python, join(folder, `${name}_peer.py`), workload],
  ...(existsSync(python) && existsSync(`/usr/lib/python3/dist-packages/${name}`)
    ? {}
    : { missing: `Debian's python3-${name} is not installed` }),
  workloads: can
})

const javascriptPeer = (
  name: string,
  packageName: string,
  folder: string,
  can: ReadonlyArray<WorkloadName>
): Contender => ({
  name,
  command: (workload) => [process.execPath, join(folder, `${name}_peer.mjs`), workload],
  ...(existsSync(join(folder, "node_modules", packageName)) ? {} : { missing: `${packageName} is not in ${folder}` }),
  workloads: can
})

/** What a user would pick instead, installed in a folder. */
export const peersIn = (folder: string): ReadonlyArray<Contender> => [
  pythonPeer("numpy", folder, without("W4", "W5")),
  pythonPeer("torch", folder, workloadNames),
  javascriptPeer("jaxjs", "@jax-js/jax", folder, workloadNames),
  javascriptPeer("tfjs", "@tensorflow/tfjs", folder, without("W4"))
]

/** Copies the peers' programs into a folder, and installs what they need there, once. */
export const installPeers = (folder: string): Effect.Effect<void, BenchError> =>
  Effect.suspend(() => {
    if (folder !== sources) {
      mkdirSync(folder, { recursive: true })
      for (const file of globSync(join(sources, "*.{mjs,py,json}"))) cpSync(file, join(folder, basename(file)))
    }
    return existsSync(join(folder, "node_modules", "@jax-js", "jax"))
      ? Effect.void
      : prepare("npm", "install", "--prefix", folder, "--no-audit", "--no-fund")
  })
