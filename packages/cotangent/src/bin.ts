#!/usr/bin/env node
// No static import: an old Node must be able to read this file far enough to print the sentence.
const needed: readonly [number, number] = [22, 19]
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `cotangent needs Node ${needed.join(".")} or newer, this is Node ${process.versions.node}; install a newer one, or run it by npx with the package "node"\n`
  )
  process.exitCode = 1
} else {
  await import("./run-main.ts")
}

export {}
