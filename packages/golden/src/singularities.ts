/**
 * Where functions of matrices are not determined by their arguments, or have no derivative: the eigenvectors of equal
 * eigenvalues, the orthonormal columns of a matrix of lower rank, the factors and solutions of a singular one. It is seen
 * from the values of operands and results; numbers count as equal, or as 0, if they are to half of their digits, since
 * rounding decides the other half.
 */
import { type AnyTensor, type HostArray, type Node, type Observer, reachable, sizeOf } from "@cotangent/graph"

/** Half of the digits of a float64. */
const little = 2 ** -26

/** What is wrong with the results of a node: which are not determined, and whether any has no derivative. */
interface Finding {
  readonly undetermined: ReadonlyArray<number>
  readonly isSingular: boolean
}

type Find = (inputs: ReadonlyArray<HostArray>, outputs: ReadonlyArray<HostArray>, node: Node) => Finding

const fine: Finding = { undetermined: [], isSingular: false }

/** The last `rank` dimensions of an array, one block after the other. */
const blocksOf = ({ shape, data }: HostArray, rank: 1 | 2): ReadonlyArray<Float64Array> => {
  const size = sizeOf(shape.slice(-rank))
  return Array.from({ length: size === 0 ? 0 : data.length / size }, (_, k) => data.subarray(k * size, (k + 1) * size))
}

const largestOf = (data: Float64Array): number => data.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/** Whether two of the numbers, in ascending order, are equal compared with the largest. */
const hasEqual = (ascending: Float64Array): boolean => {
  const scale = largestOf(ascending)
  return ascending.some((x, i) => i > 0 && x - (ascending[i - 1] ?? 0) <= little * scale)
}

/** The triangle of matrices from the diagonal on: above it, or below. */
const triangleOf = (matrix: Float64Array, columns: number, below: boolean): Float64Array =>
  matrix.filter((_, e) => {
    const [i, j] = [Math.floor(e / columns), e % columns]
    return below ? j <= i : j >= i
  })

/** The first place of a 0 on the diagonals of triangles, compared with their largest elements; none is Infinity. */
const zeroPivot = (x: HostArray | undefined, below: boolean, relative = little): number => {
  if (x === undefined) return Infinity
  const columns = x.shape.at(-1) ?? 1
  const places = blocksOf(x, 2).map((matrix) => {
    const scale = largestOf(triangleOf(matrix, columns, below))
    const at = matrix.findIndex((y, e) => e % (columns + 1) === 0 && Math.abs(y) <= relative * scale)
    return at < 0 ? Infinity : at / (columns + 1)
  })
  return Math.min(Infinity, ...places)
}

const isLast = (place: number, x: HostArray | undefined): boolean => place === (x?.shape.at(-1) ?? 0) - 1

const singular: Readonly<Record<string, Find>> = {
  cholesky: (_, [l]) =>
    // The diagonal of L has roots.
    zeroPivot(l, true, Math.sqrt(little)) === Infinity ? fine : { undetermined: [0], isSingular: true },
  eigh: (_, [w]) => (w !== undefined && blocksOf(w, 1).some(hasEqual) ? { undetermined: [1], isSingular: true } : fine),
  lu: (_, [f]) => {
    const place = zeroPivot(f, false)
    if (place === Infinity) return fine
    // Multiples of the last row are taken from none.
    return { undetermined: isLast(place, f) ? [] : [0, 1, 2, 3], isSingular: true }
  },
  qr: (_, [, r]) => {
    const place = zeroPivot(r, false)
    if (place === Infinity) return fine
    // Of R only what stands right of such a place depends on the choice of that column of Q.
    return { undetermined: isLast(place, r) ? [0] : [0, 1], isSingular: true }
  },
  triangularSolve: ([a], _, { attributes }) =>
    attributes["unit"] === true || zeroPivot(a, attributes["lower"] === true) === Infinity
      ? fine
      : { undetermined: [0], isSingular: true }
}

/** The results of nodes that tensors are computed from, by node; those in regions included. */
const usedBy = (results: ReadonlyArray<AnyTensor>): ReadonlyMap<Node, ReadonlySet<number>> => {
  const used = new Map<Node, Set<number>>()
  const seen = new Set<Node>()
  const use = ({ node, output }: AnyTensor): void =>
    void used.set(node, (used.get(node) ?? new Set<number>()).add(output))
  const follow = (tensors: ReadonlyArray<AnyTensor>): void => {
    tensors.forEach(use)
    for (const node of reachable(tensors, (n) => seen.has(n))) {
      if (seen.has(node)) continue
      seen.add(node)
      node.inputs.forEach(use)
      for (const region of node.regions) follow(region.results)
    }
  }
  follow(results)
  return used
}

/** Watches tensors while they are computed: whether their values are determined, and whether they have derivatives. */
export const watchSingularities = (
  results: ReadonlyArray<AnyTensor>
): { readonly observe: Observer; readonly isDetermined: () => boolean; readonly isDifferentiable: () => boolean } => {
  const used = usedBy(results)
  let isDetermined = true
  let isDifferentiable = true
  return {
    observe: (node, inputs, outputs) => {
      const { undetermined, isSingular } = singular[node.primitive]?.(inputs, outputs, node) ?? fine
      if (isSingular) isDifferentiable = false
      if (undetermined.some((output) => used.get(node)?.has(output) === true)) isDetermined = false
    },
    isDetermined: () => isDetermined,
    isDifferentiable: () => isDifferentiable
  }
}
