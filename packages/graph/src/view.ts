/** Views: an array seen through strides and an offset, so that reshaping, slicing and broadcasting move no data. */

/** Element `(i0, i1, ...)` lies at `offset + sum(strides[d] * i[d])`, in elements. */
export interface View {
  readonly shape: ReadonlyArray<number>
  readonly strides: ReadonlyArray<number>
  readonly offset: number
}

/** The strides of a row-major array. */
export const rowMajor = (shape: ReadonlyArray<number>): ReadonlyArray<number> => {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride
    stride *= shape[d] ?? 1
  }
  return strides
}

/** The view of a whole row-major array. */
export const contiguous = (shape: ReadonlyArray<number>): View => ({ shape, strides: rowMajor(shape), offset: 0 })

/** Whether a view visits `0, 1, 2, ...` in row-major order. */
export const isContiguous = (view: View): boolean => {
  const expected = rowMajor(view.shape)
  return view.offset === 0 && view.shape.every((size, d) => size === 1 || view.strides[d] === expected[d])
}

/** The same elements under another shape, or `undefined` when strides cannot express it (a copy is needed). */
export const reshapeView = (view: View, shape: ReadonlyArray<number>): View | undefined => {
  if (isContiguous(view)) return { ...contiguous(shape), offset: view.offset }
  // Group source dimensions (without ones) and target dimensions whose products agree, and split each group if it is dense.
  const from = view.shape.map((size, d) => ({ size, stride: view.strides[d] ?? 0 })).filter((dim) => dim.size !== 1)
  const strides = new Array<number>(shape.length).fill(0)
  let s = 0
  let t = 0
  while (t < shape.length) {
    if (shape[t] === 1) {
      t++
      continue
    }
    const first = from[s]
    if (first === undefined) return undefined
    let source = first.size
    let last = s
    let target = shape[t] ?? 1
    let end = t
    while (source !== target) {
      if (source < target) {
        const next = from[++last]
        const before = from[last - 1]
        if (next === undefined || before === undefined || before.stride !== next.stride * next.size) return undefined
        source *= next.size
      } else {
        end++
        if (end >= shape.length) return undefined
        target *= shape[end] ?? 1
      }
    }
    let stride = from[last]?.stride ?? 0
    for (let d = end; d >= t; d--) {
      strides[d] = stride
      stride *= shape[d] ?? 1
    }
    s = last + 1
    t = end + 1
  }
  return s === from.length ? { shape, strides, offset: view.offset } : undefined
}
