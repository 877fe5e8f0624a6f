/** The validator of schedules. */
import { primitives, rulesOf } from "@cotangent/graph"
import { valueOf } from "../resolve.ts"
import type { Group, Schedule } from "../schedule.ts"

/** Whether dependencies of groups have no cycle. */
const hasCycle = (groups: ReadonlyArray<Group>): boolean => {
  const waiting = groups.map(({ dependencies }) => dependencies.size)
  const users = groups.map(() => new Array<number>())
  for (const { dependencies, id } of groups) for (const d of dependencies) users[d]?.push(id)
  const ready = groups.flatMap(({ id }) => (waiting[id] === 0 ? [id] : []))
  let done = 0
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    done++
    for (const user of users[id] ?? []) {
      const left = (waiting[user] ?? 0) - 1
      waiting[user] = left
      if (left === 0) ready.push(user)
    }
  }
  return done < groups.length
}

/**
 * Whether a schedule is one: groups numbered as they stand, no cycle, every value that is read computed before in the same
 * group, or by a group that is depended on, or there before the program runs.
 */
export const validateSchedule = ({ groupOf, groups, values }: Schedule): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const outputsOf = (node: number): ReadonlyArray<number> =>
    (values.graph.nodes[node]?.outputs ?? []).map((_, i) => (values.start[node] ?? -1) + i)
  const defined = groups.map(({ members }) => new Set(members.flatMap(({ node }) => outputsOf(node))))
  const isSource = (base: number): boolean => {
    const node = values.graph.nodes[values.owner[base] ?? -1]
    return node !== undefined && rulesOf(primitives[node.primitive]).lower.tag === "source"
  }
  groups.forEach((group, i) => {
    const { dependencies, id, kind, members } = group
    const report = (problem: string): void => void problems.push(`group ${id}, ${kind}: ${problem}`)
    if (id !== i) report(`it stands at ${i}`)
    for (const d of dependencies) if (groups[d] === undefined || d === id) report(`it depends on group ${d}`)
    const before = new Set<number>()
    members.forEach(({ node, operands }, k) => {
      const { primitive } = values.graph.nodes[node] ?? {}
      if (primitive === undefined) report(`it computes node ${node}, which does not exist`)
      for (const { base } of operands) {
        const root = k === 0 && kind !== "row"
        if (isSource(base) || (before.has(base) && !root)) continue
        const owner = groupOf[base]
        if (owner === undefined || owner === id || defined[owner]?.has(base) !== true)
          report(`${String(primitive)} reads value ${base}, which no other group computes`)
        else if (!dependencies.has(owner))
          report(`${String(primitive)} reads value ${base} of group ${owner}, which it does not depend on`)
      }
      for (const base of outputsOf(node)) before.add(base)
    })
  })
  for (const reference of values.graph.results) {
    const base = values.access[valueOf(values, reference)]?.base ?? -1
    const owner = groupOf[base]
    if (!isSource(base) && (owner === undefined || defined[owner]?.has(base) !== true))
      problems.push(`value ${base} is a result and no group computes it`)
  }
  if (hasCycle(groups)) problems.push("the groups depend on each other in a cycle")
  return problems
}
