import { graphOf } from "/work/main/packages/compiler/src/planned.test.support.ts"
import { canonical, plan } from "/work/main/packages/compiler/src/program.ts"
import { randomProgram } from "/work/main/packages/compiler/src/randomGraph.test.support.ts"
import { print } from "@cotangent/graph"
import { Printer } from "@cotangent/kernel"
const [family, seed] = [JSON.parse(process.argv[2]), Number(process.argv[3])]
const { parameters, body } = randomProgram(seed, family)
const g = canonical(graphOf(parameters, body))
console.log(print(g))
for (const k of plan(g).kernels) console.log(Printer.print(k))
