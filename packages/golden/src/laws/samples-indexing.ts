/** Samples of indexing, cutting, joining, repeating, sorting and searching. */
import { T } from "@cotangent/graph"
import { type B, type F, type I, type OperationSample, sample } from "./operation-sample.ts"
import { bool, floats, i32, shaped, value } from "./operands.ts"

/** Indices in and out of range, some twice, computed so that none is refused when the expression is built. */
const computed = (at: I): I => T.add(at, 0)

const specials = value("f64", Float64Array.of(2, Number.NaN, -0, 0, Infinity, -1, Number.NaN, 2))

/** The samples. */
export const indexingSamples: ReadonlyArray<OperationSample> = [
  sample("at", "one element and a cut", [floats(-1, 1, 3, 5, 2)], (x: F) => T.at(x, [-1, { start: 1, step: 2 }])),
  sample("at", "backwards, a new axis and an ellipsis", [floats(-1, 1, 4, 3, 2)], (x: F) =>
    T.at(x, [{ step: -2 }, null, "...", { start: -1, end: -3, step: -1 }])
  ),
  sample("at", "one tensor", [floats(-1, 1, 3, 4), shaped(i32(3, 0, -2, 9), 2, 2)], (x: F, at: I) =>
    T.at(x, [{}, computed(at)])
  ),
  sample("at", "two tensors", [floats(-1, 1, 3, 4, 2), shaped(i32(2, 0), 2, 1), i32(1, 3, -1)], (x: F, i: I, j: I) =>
    T.at(x, [i, j])
  ),
  sample("at", "tensors apart, and a number", [floats(-1, 1, 3, 4, 2, 3), i32(2, 0), i32(1, 1)], (x: F, i: I, j: I) =>
    T.at(x, [i, { start: 1, step: 2 }, 1, j])
  ),
  sample("at", "a list", [floats(-1, 1, 3, 4)], (x: F) => T.at(x, [[0, -1, 0]])),
  sample("set", "a cut", [floats(-1, 1, 3, 5), floats(-1, 1, 2, 1)], (x: F, v: F) =>
    T.set(x, [{ start: 1 }, { start: 4, step: -2 }], v)
  ),
  sample("set", "one element, a number", [floats(-1, 1, 3, 5)], (x: F) => T.set(x, [1, -2], 0.5)),
  sample("set", "repeated rows", [floats(-1, 1, 4, 3), i32(2, 0, 2), floats(-1, 1, 3, 2)], (x: F, at: I, v: F) =>
    T.set(x, [at, { end: 2 }], v)
  ),
  sample(
    "set",
    "pairs",
    [floats(-1, 1, 4, 3), i32(2, 0, 2), i32(1, 1, 1), floats(-1, 1, 3)],
    (x: F, i: I, j: I, v: F) => T.set(x, [i, j], v)
  ),
  sample("addAt", "a cut", [floats(-1, 1, 3, 5), floats(-1, 1, 2, 1)], (x: F, v: F) =>
    T.addAt(x, [{ step: 2 }, { step: -3 }], v)
  ),
  sample("addAt", "repeated rows", [floats(-1, 1, 4, 3), i32(2, 0, 9), floats(-1, 1, 3, 3)], (x: F, at: I, v: F) =>
    T.addAt(x, [computed(at)], v)
  ),
  sample("slice", "backwards", [floats(-1, 1, 5, 4)], (x: F) => T.slice(x, [{ step: -1 }, { start: -2, step: -2 }])),
  sample("take", "an axis", [floats(-1, 1, 2, 4, 3), shaped(i32(3, 0, 9, -2), 2, 2)], (x: F, at: I) =>
    T.take(x, computed(at), { axis: 1 })
  ),
  sample("takeAlongAxis", "broadcast", [floats(-1, 1, 3, 4), shaped(i32(3, 0, -1, 3, 1), 1, 5)], (x: F, at: I) =>
    T.takeAlongAxis(x, at)
  ),
  sample("takeAlongAxis", "axis 0", [floats(-1, 1, 3, 2), shaped(i32(2, 0, 9, -9), 2, 2)], (x: F, at: I) =>
    T.takeAlongAxis(x, computed(at), { axis: 0 })
  ),
  sample("gather", "a part", [floats(-1, 1, 3, 4), shaped(i32(3, 0, 1, 1), 2, 2)], (x: F, at: I) => T.gather(x, at)),
  sample(
    "scatter",
    "repeated",
    [floats(-1, 1, 3, 4), shaped(i32(2, 2, 0, 0, 1, 0), 3, 2), floats(-1, 1, 4, 2)],
    (x: F, at: I, v: F) => T.scatter(x, at, v, { axis: 0 })
  ),
  sample("scatter", "a number", [floats(-1, 1, 3, 4), shaped(i32(2, 7, 0), 3, 1)], (x: F, at: I) =>
    T.scatter(x, computed(at), 0.5)
  ),
  sample(
    "scatterAdd",
    "repeated",
    [floats(-1, 1, 3, 4), shaped(i32(2, 2, 0, 0, 1, -9), 2, 3), floats(-1, 1, 2, 3)],
    (x: F, at: I, v: F) => T.scatterAdd(x, computed(at), v)
  ),
  sample("indexAdd", "alpha", [floats(-1, 1, 2, 4), i32(3, 0, 3), floats(-1, 1, 2, 3)], (x: F, at: I, v: F) =>
    T.indexAdd(x, at, v, { axis: 1, alpha: -1.5 })
  ),
  sample("dynamicSlice", "two axes", [floats(-1, 1, 4, 5), i32(3, -2)], (x: F, starts: I) =>
    T.dynamicSlice(x, starts, [2, 3])
  ),
  sample("dynamicSlice", "a number and a tensor", [floats(-1, 1, 4, 5), shaped(i32(1))], (x: F, start: I) =>
    // A scalar.
    T.dynamicSlice(x, [-2, T.reshape(start, [])], [2, 3])
  ),
  sample(
    "dynamicUpdateSlice",
    "two axes",
    [floats(-1, 1, 4, 5), floats(-1, 1, 2, 3), i32(9, -4)],
    (x: F, v: F, at: I) => T.dynamicUpdateSlice(x, v, at)
  ),
  sample("maskedFill", "a row", [floats(-1, 1, 3, 2), bool(1, 0)], (x: F, mask: B) => T.maskedFill(x, mask, 2)),
  sample("flip", "all", [floats(-1, 1, 3, 2)], (x: F) => T.flip(x)),
  sample("flip", "one axis", [floats(-1, 1, 3, 5)], (x: F) => T.flip(x, { axis: -1 })),
  sample("roll", "flat", [floats(-1, 1, 3, 2)], (x: F) => T.roll(x, 4)),
  sample("roll", "axes", [floats(-1, 1, 3, 5)], (x: F) => T.roll(x, [1, -2], { axis: [0, 1] })),
  sample("rot90", "backwards", [floats(-1, 1, 2, 3, 4)], (x: F) => T.rot90(x, { times: -1, axes: [1, -1] })),
  sample("diagonal", "of matrices", [floats(-1, 1, 2, 3, 4)], (x: F) =>
    T.diagonal(x, { offset: -1, rows: 1, columns: 2 })
  ),
  sample("diag", "of a vector", [floats(-1, 1, 3)], (x: F) => T.diag(x, { offset: -2 })),
  sample("diag", "of a matrix", [floats(-1, 1, 3, 4)], (x: F) => T.diag(x, { offset: 1 })),
  sample("trace", "of a matrix", [floats(-1, 1, 3, 4)], (x: F) => T.trace(x)),
  sample("trace", "of matrices", [floats(-1, 1, 2, 3, 3)], (x: F) => T.trace(x, { offset: 1, rows: -1, columns: 1 })),
  sample("tril", "offset", [floats(-1, 1, 2, 3, 4)], (x: F) => T.tril(x, { offset: -1 })),
  sample("triu", "main", [floats(-1, 1, 4, 3)], (x: F) => T.triu(x)),
  sample("swapAxes", "first and last", [floats(-1, 1, 2, 3, 4)], (x: F) => T.swapAxes(x, 0, -1)),
  sample("moveAxis", "two", [floats(-1, 1, 2, 3, 4)], (x: F) => T.moveAxis(x, [0, 1], [2, 0])),
  sample("squeeze", "one", [floats(-1, 1, 2, 1, 1)], (x: F) => T.squeeze(x, { axis: 1 })),
  sample("meshgrid", "xy", [floats(-1, 1, 2), floats(-1, 1, 3)], (x: F, y: F) =>
    T.meshgrid([x, y], { indexing: "xy" })
  ),
  sample("tile", "further axes", [floats(-1, 1, 2, 3)], (x: F) => T.tile(x, [2, 1, 3])),
  sample("repeatInterleave", "one count", [floats(-1, 1, 2, 3)], (x: F) => T.repeatInterleave(x, 2, { axis: 1 })),
  sample("repeatInterleave", "counts, flat", [floats(-1, 1, 3)], (x: F) => T.repeatInterleave(x, [2, 0, 3])),
  sample("split", "sizes", [floats(-1, 1, 2, 6)], (x: F) => T.split(x, [1, 3, 2], { axis: 1 })),
  sample("split", "one size", [floats(-1, 1, 5, 2)], (x: F) => T.split(x, 2)),
  sample("chunk", "uneven", [floats(-1, 1, 7, 2)], (x: F) => T.chunk(x, 3)),
  sample("unstack", "axis 1", [floats(-1, 1, 2, 3)], (x: F) => T.unstack(x, { axis: 1 })),
  sample("stack", "last axis", [floats(-1, 1, 2, 3), floats(-1, 1, 2, 3)], (x: F, y: F) =>
    T.stack([x, y], { axis: -1 })
  ),
  sample("flatten", "some axes", [floats(-1, 1, 2, 3, 2)], (x: F) => T.flatten(x, { from: 0, to: 1 })),
  sample("argmax", "all", [floats(-2, 2, 3, 5)], (x: F) => T.argmax(x, { axis: "all" })),
  sample("argmin", "axis", [floats(-2, 2, 3, 5)], (x: F) => T.argmin(x, { axis: 0 })),
  sample("argmin", "integers", [i32(3, -2147483648, 0, 5)], (x: I) => T.argmin(x)),
  sample("argsort", "rows", [floats(-2, 2, 3, 5)], (x: F) => T.argsort(x, { descending: true })),
  sample("argsort", "special numbers", [specials], (x: F) => T.argsort(x), { only: ["bits"] }),
  sample("sort", "rows", [floats(-2, 2, 3, 5)], (x: F) => T.sort(x)),
  sample("sort", "columns, descending", [floats(-2, 2, 5, 3)], (x: F) => T.sort(x, { axis: 0, descending: true })),
  sample("sort", "special numbers", [specials], (x: F) => T.sort(x, { descending: true }), { only: ["bits"] }),
  sample("topK", "largest", [floats(-2, 2, 3, 5)], (x: F) => T.topK(x, 2)),
  sample("topK", "smallest", [floats(-2, 2, 5, 3)], (x: F) => T.topK(x, 3, { axis: 0, largest: false })),
  sample("quantile", "several", [floats(-2, 2, 3, 5)], (x: F) => T.quantile(x, [0.1, 0.5, 1], { axis: 1 })),
  sample("quantile", "all", [floats(-2, 2, 3, 2)], (x: F) => T.quantile(x, 0.3, { keepDims: true })),
  sample("median", "even", [floats(-2, 2, 4, 3)], (x: F) => T.median(x, { axis: 0 })),
  sample("median", "lower", [floats(-2, 2, 4)], (x: F) => T.median(x, { interpolation: "lower" })),
  sample("searchSorted", "a vector", [floats(-2, 2, 6), floats(-3, 3, 2, 3)], (x: F, v: F) =>
    T.searchSorted(T.sort(x), v)
  ),
  sample("searchSorted", "rows, right", [floats(-2, 2, 2, 5), floats(-3, 3, 2, 3)], (x: F, v: F) =>
    T.searchSorted(T.sort(x), v, { side: "right" })
  ),
  sample("bincount", "counts", [i32(0, 2, 5, -1, 2)], (at: I) => T.bincount(at, 4)),
  sample("bincount", "weights", [i32(0, 2, 5, -1, 2), floats(-1, 1, 5)], (at: I, weights: F) =>
    T.bincount(at, 4, { weights })
  ),
  sample("nonzero", "a mask", [shaped(bool(0, 1, 1, 0, 0, 1), 2, 3)], (x: B) => T.nonzero(x, 4, { fill: -1 })),
  sample("nonzero", "more than there are", [bool(0, 1, 1)], (x: B) => T.nonzero(x, 5))
]
