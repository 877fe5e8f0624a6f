/** Updates of every rule in two sizes, beside loops written by hand in C: what `npm run bench -- optimizers` prints. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { table } from "./table.ts"
import type { UpdateTime } from "./optimizers.ts"
import { sources } from "./peers.ts"

/** How many tensors of 2^20 parameters: the first size stays in the processor's caches if they are large, the second does not. */
export const sizes = [1, 10] as const

/** What a C program says of one rule. */
export interface HandTime {
  readonly rule: string
  readonly ns: number
}

/** The times of one size, of some rounds. */
export interface SizeTimes {
  readonly rounds: ReadonlyArray<ReadonlyArray<UpdateTime>>
  readonly byHand: ReadonlyArray<ReadonlyArray<HandTime>>
}

const flags = ["-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math"]

/** The loops in C, compiled; or why they cannot be. */
export const compileLoops = (): { readonly program: string } | { readonly missing: string } => {
  const compiler = ["/usr/bin/gcc", "/usr/bin/cc", "/usr/bin/clang"].find((path) => existsSync(path))
  if (compiler === undefined) return { missing: "there is no C compiler in /usr/bin, so no loops in C to compare with" }
  const program = join(mkdtempSync(join(tmpdir(), "cotangent-bench-")), "optimizers")
  const { stderr, status } = spawnSync(compiler, [...flags, join(sources, "optimizers.c"), "-o", program, "-lm"], {
    encoding: "utf8"
  })
  return status === 0
    ? { program }
    : { missing: `${compiler} ${flags.join(" ")} optimizers.c failed: ${stderr.trim()}` }
}

const least = (rule: string, rounds: ReadonlyArray<ReadonlyArray<HandTime>>): number =>
  Math.min(...rounds.flatMap((round) => round.filter((time) => time.rule === rule).map(({ ns }) => ns)))

const shown = (x: number, digits: number): string => (Number.isFinite(x) ? x.toFixed(digits) : "")

/** The fastest step of all rounds of each rule and size, its traffic, and C's time beside it. */
export const updateTable = (times: ReadonlyArray<SizeTimes>): string => {
  const million = (i: number): string => `${sizes[i]}M`
  const head = [
    "rule",
    ...times.flatMap((_, i) => [`ns, ${million(i)}`, `C, ${million(i)}`]),
    `GB/s, ${million(times.length - 1)}`,
    "bytes",
    "loops",
    "small",
    "why not one loop"
  ]
  const rows = (times.at(-1)?.rounds[0] ?? []).map(({ bytes, least: fewest, loops, rule, small, why }) => {
    const own = times.map(({ rounds }) => least(rule, rounds))
    const hand = times.map(({ byHand }) => least(rule, byHand))
    return [
      rule,
      ...own.flatMap((ns, i) => [shown(ns, 3), shown(hand[i] ?? Infinity, 3)]),
      shown(bytes / (own.at(-1) ?? Number.NaN), 1),
      bytes === fewest ? String(bytes) : `${bytes} (${fewest})`,
      String(loops),
      String(small),
      why
    ]
  })
  return table(head, rows)
}
