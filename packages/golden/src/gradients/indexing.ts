/** torch's functions that index, sort, cut, join and repeat. */
import { type AnyTensor, type Index, isTensor, type Shape, T, type Tensor } from "@cotangent/graph"
import { Missing } from "../outcome.ts"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

/** A list of numbers, or one number as it is: torch's functions mean the same by both, ours do not always. */
const numberOrList = (call: Call, name: string): number | ReadonlyArray<number> => {
  const given = call.given.get(name)
  return typeof given === "number" ? given : call.numbers(name)
}

/** The axis of an argument that may be left out. */
const axisOption = (call: Call, x: AnyTensor, name = "dim"): { readonly axis?: number } =>
  call.has(name) ? { axis: call.axis(name, x) } : {}

/** One entry of torch's index: a number, None, an ellipsis (written as an object) or a tensor of whole numbers. */
const entryOf = (call: Call, entry: unknown): Index | Missing => {
  if (typeof entry === "number" || entry === null) return entry
  if (typeof entry === "string" && entry.includes("ellipsis")) return "..."
  if (isTensor(entry)) return entry.dtype === "bool" ? call.missing("with a mask") : entry
  if (Array.isArray(entry) && entry.every((place) => typeof place === "number")) return entry
  return call.missing(`with ${JSON.stringify(entry)}`)
}

const getItem = (call: Call): AnyTensor | Missing => {
  const given: unknown = call.given.get("index")
  const list: ReadonlyArray<unknown> = Array.isArray(given) ? given : [given ?? null]
  const entries: Array<Index> = []
  for (const entry of list) {
    const read = entryOf(call, entry)
    if (read instanceof Missing) return read
    entries.push(read)
  }
  const some = (kind: (entry: Index) => boolean): boolean => entries.some(kind)
  // torch takes whole numbers first, numpy counts them among the tensors: they differ when something stands between.
  return some((e) => typeof e === "number") && some((e) => isTensor(e)) && some((e) => e === null || e === "...")
    ? call.missing("with whole numbers beside tensors and new axes or an ellipsis")
    : T.at(call.float("self"), entries)
}

/** The index that names places along one axis and leaves the others whole. */
const alongAxis = (x: F64, axis: number, entry: Index): ReadonlyArray<Index> =>
  x.shape.map((_, d) => (d === axis ? entry : {}))

const scatter = (operation: "T.scatter" | "T.scatterAdd"): Adapter => ({
  parameters: ["input", "dim", "index", "src", "reduce"],
  operation,
  apply: (call) => {
    const x = call.float("input")
    const axis = { axis: call.axis("dim", x) }
    const updates = call.operand("src")
    if (!call.has("reduce"))
      return operation === "T.scatter"
        ? T.scatter(x, call.indices("index"), updates, axis)
        : T.scatterAdd(x, call.indices("index"), updates, axis)
    const reduce = call.text("reduce", "")
    return reduce === "add"
      ? T.scatterAdd(x, call.indices("index"), updates, axis)
      : call.missing(`with reduce=${reduce}`)
  }
})

const extremum = (operation: "T.argmax" | "T.argmin"): Adapter => ({
  parameters: ["input", "dim", "keepdim"],
  operation,
  apply: (call) => {
    const x = call.float("input")
    const options = {
      axis: call.has("dim") ? call.axis("dim", x) : "all",
      keepDims: call.boolean("keepdim", false)
    } as const
    return operation === "T.argmax" ? T.argmax(x, options) : T.argmin(x, options)
  }
})

const triangle = (operation: "T.tril" | "T.triu"): Adapter => ({
  parameters: ["input", "diagonal"],
  operation,
  apply: (call) => {
    const offset = { offset: call.number("diagonal", 0) }
    return operation === "T.tril" ? T.tril(call.float("input"), offset) : T.triu(call.float("input"), offset)
  }
})

/** What sorting needs of torch's arguments. */
const sorting = (call: Call, x: F64) => ({
  axis: call.axis("dim", x, -1),
  descending: call.boolean("descending", false)
})

const swap: Adapter = {
  parameters: ["input", "dim0", "dim1"],
  operation: "T.swapAxes",
  apply: (call) => {
    const x = call.float("input")
    return T.swapAxes(x, call.axis("dim0", x), call.axis("dim1", x))
  }
}

const move: Adapter = {
  parameters: ["input", "source", "destination"],
  operation: "T.moveAxis",
  apply: (call) => T.moveAxis(call.float("input"), numberOrList(call, "source"), numberOrList(call, "destination"))
}

const join: Adapter = {
  parameters: ["tensors", "dim"],
  operation: "T.concatAll",
  apply: (call) => T.concatAll(call.floats("tensors"), call.number("dim", 0))
}

/** Functions of which torch has a method of the same name and arguments. */
const functions: { readonly [name: string]: Adapter } = {
  argmax: extremum("T.argmax"),
  argmin: extremum("T.argmin"),
  argsort: {
    parameters: ["input", "dim", "descending", "stable"],
    operation: "T.argsort",
    apply: (call) => T.argsort(call.float("input"), sorting(call, call.float("input")))
  },
  chunk: {
    parameters: ["input", "chunks", "dim"],
    operation: "T.chunk",
    apply: (call) => {
      const x = call.float("input")
      return T.chunk(x, call.number("chunks"), { axis: call.axis("dim", x, 0) })
    }
  },
  diag: {
    parameters: ["input", "diagonal"],
    operation: "T.diag",
    apply: (call) => T.diag(call.float("input"), { offset: call.number("diagonal", 0) })
  },
  diagonal: {
    parameters: ["input", "offset", "dim1", "dim2"],
    operation: "T.diagonal",
    apply: (call) => {
      const x = call.float("input")
      return T.diagonal(x, {
        offset: call.number("offset", 0),
        rows: call.axis("dim1", x, 0),
        columns: call.axis("dim2", x, 1)
      })
    }
  },
  flatten: {
    parameters: ["input", "start_dim", "end_dim"],
    operation: "T.flatten",
    apply: (call) =>
      T.flatten(call.float("input"), { from: call.number("start_dim", 0), to: call.number("end_dim", -1) })
  },
  gather: {
    parameters: ["input", "dim", "index", "sparse_grad"],
    operation: "T.gather",
    apply: (call) => {
      const x = call.float("input")
      return T.gather(x, call.indices("index"), { axis: call.axis("dim", x) })
    }
  },
  index_add: {
    parameters: ["input", "dim", "index", "source", "alpha"],
    operation: "T.indexAdd",
    apply: (call) => {
      const x = call.float("input")
      const options = { axis: call.axis("dim", x), alpha: call.number("alpha", 1) }
      return T.indexAdd(x, call.indices("index"), call.float("source"), options)
    }
  },
  index_copy: {
    parameters: ["input", "dim", "index", "source"],
    operation: "T.set",
    apply: (call) => {
      const x = call.float("input")
      return T.set(x, alongAxis(x, call.axis("dim", x), call.indices("index")), call.float("source"))
    }
  },
  index_fill: {
    parameters: ["input", "dim", "index", "value"],
    operation: "T.set",
    apply: (call) => {
      const x = call.float("input")
      return T.set(x, alongAxis(x, call.axis("dim", x), call.indices("index")), call.operand("value"))
    }
  },
  index_select: {
    parameters: ["input", "dim", "index"],
    operation: "T.take",
    apply: (call) => {
      const x = call.float("input")
      return T.take(x, call.indices("index"), { axis: call.axis("dim", x) })
    }
  },
  moveaxis: move,
  movedim: move,
  median: {
    parameters: ["input"],
    operation: "T.median",
    apply: (call) => T.median(call.float("input"), { interpolation: "lower" })
  },
  narrow: {
    parameters: ["input", "dim", "start", "length"],
    operation: "T.slice",
    apply: (call) => {
      const x = call.float("input")
      const [axis, start] = [call.axis("dim", x), call.number("start")]
      const from = start < 0 ? start + (x.shape[axis] ?? 0) : start
      return T.slice(
        x,
        x.shape.map((_, d) => (d === axis ? { start: from, end: from + call.number("length") } : {}))
      )
    }
  },
  quantile: {
    parameters: ["input", "q", "dim", "keepdim", "interpolation"],
    operation: "T.quantile",
    apply: (call) => {
      const x = call.float("input")
      const interpolation = call.text("interpolation", "linear")
      const known = ["linear", "lower", "higher", "nearest", "midpoint"] as const
      const named = known.find((name) => name === interpolation)
      if (named === undefined || !("number" === typeof call.given.get("q")))
        return call.missing("with a tensor of parts")
      return T.quantile(x, call.number("q"), {
        ...axisOption(call, x),
        keepDims: call.boolean("keepdim", false),
        interpolation: named
      })
    }
  },
  repeat_interleave: {
    parameters: ["input", "repeats", "dim", "output_size"],
    operation: "T.repeatInterleave",
    apply: (call) => {
      const x = call.float("input")
      return typeof call.given.get("repeats") === "number"
        ? T.repeatInterleave(x, call.number("repeats"), axisOption(call, x))
        : call.missing("with a tensor of counts")
    }
  },
  roll: {
    parameters: ["input", "shifts", "dims"],
    operation: "T.roll",
    apply: (call) =>
      T.roll(call.float("input"), call.numbers("shifts"), call.has("dims") ? { axis: call.numbers("dims") } : {})
  },
  rot90: {
    parameters: ["input", "k", "dims"],
    operation: "T.rot90",
    apply: (call) => {
      const [a = 0, b = 1] = call.has("dims") ? call.numbers("dims") : []
      return T.rot90(call.float("input"), { times: call.number("k", 1), axes: [a, b] })
    }
  },
  scatter: scatter("T.scatter"),
  scatter_add: scatter("T.scatterAdd"),
  select: {
    parameters: ["input", "dim", "index"],
    operation: "T.at",
    apply: (call) => {
      const x = call.float("input")
      return T.at(x, alongAxis(x, call.axis("dim", x), call.number("index")))
    }
  },
  sort: {
    parameters: ["input", "dim", "descending", "stable"],
    operation: "T.sort, T.argsort",
    apply: (call) => {
      const x = call.float("input")
      return [T.sort(x, sorting(call, x)), T.argsort(x, sorting(call, x))]
    }
  },
  split: {
    parameters: ["tensor", "split_size_or_sections", "dim"],
    operation: "T.split",
    apply: (call) => {
      const x = call.float("tensor")
      return T.split(x, numberOrList(call, "split_size_or_sections"), { axis: call.axis("dim", x, 0) })
    }
  },
  squeeze: {
    parameters: ["input", "dim"],
    operation: "T.squeeze",
    apply: (call) => {
      const x = call.float("input")
      if (!call.has("dim")) return T.squeeze(x)
      // torch lets an axis of another size be.
      const axes = call.numbers("dim").filter((axis) => x.shape.at(axis) === 1)
      return T.squeeze(x, { axis: axes })
    }
  },
  swapaxes: swap,
  swapdims: swap,
  take_along_dim: {
    parameters: ["input", "indices", "dim"],
    operation: "T.takeAlongAxis",
    apply: (call) => {
      const x = call.float("input")
      return call.has("dim")
        ? T.takeAlongAxis(x, call.indices("indices"), { axis: call.axis("dim", x) })
        : call.missing("without an axis")
    }
  },
  tile: {
    parameters: ["input", "dims"],
    operation: "T.tile",
    apply: (call) => T.tile(call.float("input"), call.numbers("dims"))
  },
  topk: {
    parameters: ["input", "k", "dim", "largest", "sorted"],
    operation: "T.topK",
    apply: (call) => {
      const x = call.float("input")
      const { values, indices } = T.topK(x, call.number("k"), {
        axis: call.axis("dim", x, -1),
        largest: call.boolean("largest", true)
      })
      return [values, indices]
    }
  },
  trace: { parameters: ["input"], operation: "T.trace", apply: (call) => T.trace(call.float("input")) },
  tril: triangle("T.tril"),
  triu: triangle("T.triu"),
  unbind: {
    parameters: ["input", "dim"],
    operation: "T.unstack",
    apply: (call) => {
      const x = call.float("input")
      return T.unstack(x, { axis: call.axis("dim", x, 0) })
    }
  },
  unsqueeze: {
    parameters: ["input", "dim"],
    operation: "T.expand",
    apply: (call) => T.expand(call.float("input"), call.number("dim"))
  }
}

/** The functions under a prefix. */
const named = (prefix: string): { readonly [op: string]: Adapter } =>
  Object.fromEntries(Object.entries(functions).map(([name, adapter]) => [`${prefix}.${name}`, adapter]))

const sizesOf = (x: F64, sizes: ReadonlyArray<number>): ReadonlyArray<number> =>
  sizes.map((size, d) => (size < 0 ? (x.shape[d - sizes.length + x.shape.length] ?? 1) : size))

/** Functions of indexing by torch's names. */
export const indexing: { readonly [op: string]: Adapter } = {
  ...named("torch"),
  ...named("Tensor"),
  "Tensor.__getitem__": { parameters: ["self", "index"], operation: "T.at", apply: getItem },
  "Tensor.repeat": {
    parameters: ["self", "...repeats"],
    operation: "T.tile",
    apply: (call) => T.tile(call.float("self"), call.numbers("repeats"))
  },
  "Tensor.expand": {
    parameters: ["self", "...sizes"],
    operation: "T.broadcastTo",
    apply: (call) => {
      const x = call.float("self")
      return T.broadcastTo(x, sizesOf(x, call.numbers("sizes")))
    }
  },
  "torch.flip": {
    parameters: ["input", "dims"],
    operation: "T.flip",
    apply: (call) => T.flip(call.float("input"), { axis: call.numbers("dims") })
  },
  "Tensor.flip": {
    parameters: ["self", "...dims"],
    operation: "T.flip",
    apply: (call) => T.flip(call.float("self"), { axis: call.numbers("dims") })
  },
  "torch.cat": join,
  "torch.concat": join,
  "torch.stack": {
    parameters: ["tensors", "dim"],
    operation: "T.stack",
    apply: (call) => T.stack(call.floats("tensors"), { axis: call.number("dim", 0) })
  },
  "torch.searchsorted": {
    parameters: ["sorted_sequence", "input", "out_int32", "right", "side"],
    operation: "T.searchSorted",
    apply: (call) =>
      T.searchSorted(call.float("sorted_sequence"), call.float("input"), {
        side: call.boolean("right", false) || call.text("side", "left") === "right" ? "right" : "left"
      })
  },
  "torch.bucketize": {
    parameters: ["input", "boundaries", "out_int32", "right"],
    operation: "T.searchSorted",
    apply: (call) =>
      T.searchSorted(call.float("boundaries"), call.float("input"), {
        side: call.boolean("right", false) ? "right" : "left"
      })
  },
  "torch.meshgrid": {
    parameters: ["...tensors"],
    only: { indexing: "ij" },
    operation: "T.meshgrid",
    apply: (call) => {
      // One dimension each, which meshgrid checks.
      const vectors = call.floats("tensors") as ReadonlyArray<Tensor<Shape, "f64">>
      return T.meshgrid(vectors)
    }
  }
}
