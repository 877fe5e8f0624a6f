/** Merging neighbouring dimensions that every access walks through without a gap: fewer, longer loops. */

/** Dimensions and the strides of every access over them. */
export interface Nest {
  readonly sizes: ReadonlyArray<number>
  readonly strides: ReadonlyArray<ReadonlyArray<number>>
}

/** Drops dimensions of size 1 and merges each dimension with the next where all strides allow it. The result may have no dimension. */
export const collapse = ({ sizes, strides }: Nest): Nest => {
  const keep = sizes.flatMap((size, d) => (size === 1 ? [] : [d]))
  const outSizes: Array<number> = []
  const outStrides = strides.map(() => new Array<number>())
  for (const d of keep) {
    const last = outSizes.length - 1
    const size = sizes[d] ?? 1
    const mergeable = last >= 0 && strides.every((s, a) => outStrides[a]?.[last] === (s[d] ?? 0) * size)
    if (mergeable) {
      outSizes[last] = (outSizes[last] ?? 1) * size
      strides.forEach((s, a) => {
        const line = outStrides[a]
        if (line !== undefined) line[last] = s[d] ?? 0
      })
    } else {
      outSizes.push(size)
      strides.forEach((s, a) => outStrides[a]?.push(s[d] ?? 0))
    }
  }
  return { sizes: outSizes, strides: outStrides }
}
