/** A 128-bit structural hash of graphs: equal graphs have equal hashes, whatever their source positions. */
import { attributesKey, constantKey, isLarge } from "./attributes.ts"
import { showShape } from "./errors.ts"
import type { Graph } from "./graph.ts"
import type { Value } from "./value.ts"

const primes = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const

/** Four independent 32-bit streams, mixed per word and finalised as in MurmurHash3. */
const makeHasher = () => {
  const state = Uint32Array.of(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344)
  const word = (x: number): void => {
    for (let s = 0; s < 4; s++) {
      const h = Math.imul((state[s] ?? 0) ^ x, primes[s] ?? 1)
      state[s] = ((h << (11 + s)) | (h >>> (21 - s))) + Math.imul(x, primes[(s + 1) % 4] ?? 1)
    }
  }
  const text = (s: string): void => {
    word(s.length)
    for (let i = 0; i < s.length; i++) word(s.charCodeAt(i))
  }
  const digest = (): string =>
    Array.from(state, (x, s) => {
      let h = x ^ (state[(s + 1) % 4] ?? 0)
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
      return ((h ^ (h >>> 16)) >>> 0).toString(16).padStart(8, "0")
    }).join("")
  return { word, text, digest }
}

/** The hashes of large constants, which are long to compute and never change. */
const digests = new WeakMap<object, string>()

const digestOf = ({ data }: Value): string => {
  const known = digests.get(data)
  if (known !== undefined) return known
  const hasher = makeHasher()
  for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) hasher.word(byte)
  const digest = hasher.digest()
  digests.set(data, digest)
  return digest
}

/** Constants by their contents, so that the hash of a graph is the same in every process. */
const contentKey = (value: Value): string =>
  isLarge(value) ? `${value.dtype}${showShape(value.shape)}#${digestOf(value)}` : constantKey(value)

/** The hash as 32 hexadecimal digits. Names of parameters count, source positions do not. */
export const hash = (graph: Graph): string => {
  const hasher = makeHasher()
  const visit = ({ parameters, nodes, results }: Graph): void => {
    hasher.word(parameters.length)
    hasher.word(nodes.length)
    for (const { primitive, attributes, inputs, regions } of nodes) {
      hasher.text(primitive)
      hasher.text(attributesKey(attributes, contentKey))
      hasher.word(inputs.length)
      for (const { node, output } of inputs) {
        hasher.word(node)
        hasher.word(output)
      }
      hasher.word(regions.length)
      regions.forEach(visit)
    }
    hasher.word(results.length)
    for (const { node, output } of results) {
      hasher.word(node)
      hasher.word(output)
    }
  }
  visit(graph)
  return hasher.digest()
}

/** A 128-bit hash of any text, for cache keys. */
export const hashText = (text: string): string => {
  const hasher = makeHasher()
  hasher.text(text)
  return hasher.digest()
}
