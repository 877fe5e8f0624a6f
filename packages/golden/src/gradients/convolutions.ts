/** torch's convolutions, pools, windows and resizing: its layout is channels first. */
import { type AnyTensor, type SpatialRank, T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

const channelsFirst = { layout: "channelsFirst" } as const

/** A number or a list of them, if the argument was given. */
const perAxis = (call: Call, name: string): number | ReadonlyArray<number> | undefined => {
  if (!call.has(name)) return undefined
  const list = call.numbers(name)
  return list.length === 1 ? list[0] : list
}

/** The options of a call that were given, by our names. */
const given = <O extends object>(options: O): { readonly [K in keyof O]?: Exclude<O[K], undefined> } =>
  // What is left are the entries with a value.
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof O]?: Exclude<O[K], undefined>
  }

const paddingOf = (call: Call): "same" | "valid" | number | ReadonlyArray<number> | undefined => {
  const text = call.given.get("padding")
  return text === "same" || text === "valid" ? text : perAxis(call, "padding")
}

type Convolve = (x: F64, w: F64, options: object) => AnyTensor

const convolution = (n: SpatialRank, apply: Convolve): Adapter => ({
  parameters: ["input", "weight", "bias", "stride", "padding", "dilation", "groups"],
  operation: `T.conv${n}d`,
  apply: (call) =>
    apply(
      call.float("input"),
      call.float("weight"),
      given({
        ...channelsFirst,
        bias: call.has("bias") ? call.float("bias") : undefined,
        stride: perAxis(call, "stride"),
        padding: paddingOf(call),
        dilation: perAxis(call, "dilation"),
        groups: call.number("groups", 1)
      })
    )
})

const transposed = (n: SpatialRank, apply: Convolve): Adapter => ({
  parameters: ["input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"],
  operation: `T.convTranspose${n}d`,
  apply: (call) =>
    apply(
      call.float("input"),
      call.float("weight"),
      given({
        ...channelsFirst,
        bias: call.has("bias") ? call.float("bias") : undefined,
        stride: perAxis(call, "stride"),
        padding: perAxis(call, "padding"),
        outputPadding: perAxis(call, "output_padding"),
        dilation: perAxis(call, "dilation"),
        groups: call.number("groups", 1)
      })
    )
})

type PoolBy = (x: F64, size: number | ReadonlyArray<number>, options: object) => AnyTensor

type PoolWithIndicesBy = (
  x: F64,
  size: number | ReadonlyArray<number>,
  options: object
) => readonly [AnyTensor, AnyTensor]

const maxPool = (n: SpatialRank, values: PoolBy, both: PoolWithIndicesBy): Adapter => ({
  parameters: ["input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"],
  operation: `T.maxPool${n}d, T.maxPool${n}dWithIndices`,
  apply: (call) =>
    (call.boolean("return_indices", false) ? both : values)(
      call.float("input"),
      perAxis(call, "kernel_size") ?? call.number("kernel_size"),
      given({
        ...channelsFirst,
        stride: perAxis(call, "stride"),
        padding: perAxis(call, "padding"),
        dilation: perAxis(call, "dilation"),
        ceilMode: call.boolean("ceil_mode", false)
      })
    )
})

const avgPool = (n: SpatialRank, apply: PoolBy): Adapter => ({
  parameters: ["input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"],
  operation: `T.avgPool${n}d`,
  apply: (call) =>
    apply(
      call.float("input"),
      perAxis(call, "kernel_size") ?? call.number("kernel_size"),
      given({
        ...channelsFirst,
        stride: perAxis(call, "stride"),
        padding: perAxis(call, "padding"),
        ceilMode: call.boolean("ceil_mode", false),
        countIncludePad: call.boolean("count_include_pad", true),
        divisor: call.has("divisor_override") ? call.number("divisor_override") : undefined
      })
    )
})

/** A size to reach, in which None keeps what there is. */
const targetSize = (call: Call): number | ReadonlyArray<number | null> => {
  const size = call.given.get("output_size")
  if (!Array.isArray(size)) return call.number("output_size")
  return size.map((n) => (typeof n === "number" ? n : null))
}

const adaptive = (
  operation: string,
  apply: (x: F64, size: number | ReadonlyArray<number | null>, options: typeof channelsFirst) => AnyTensor
): Adapter => ({
  parameters: ["input", "output_size", "return_indices"],
  only: { return_indices: false },
  operation,
  apply: (call) => apply(call.float("input"), targetSize(call), channelsFirst)
})

const modes = {
  nearest: "nearest",
  "nearest-exact": "nearestExact",
  linear: "linear",
  bilinear: "linear",
  trilinear: "linear",
  bicubic: "cubic",
  area: "area"
} as const
const isMode = (name: string): name is keyof typeof modes => Object.hasOwn(modes, name)

const padModes = { constant: "constant", reflect: "reflect", replicate: "replicate", circular: "circular" } as const
const isPadMode = (name: string): name is keyof typeof padModes => Object.hasOwn(padModes, name)

/** torch's padding, last axis first, as pairs in the order of the axes. */
const widthsOf = (x: F64, padding: ReadonlyArray<number>): ReadonlyArray<readonly [number, number]> =>
  x.shape.map((_, d) => {
    const at = 2 * (x.shape.length - 1 - d)
    return [padding[at] ?? 0, padding[at + 1] ?? 0]
  })

/** Convolutions and what moves over places by torch's names. */
export const convolutions: { readonly [op: string]: Adapter } = {
  "torch.nn.functional.conv1d": convolution(1, T.conv1d),
  "torch.nn.functional.conv2d": convolution(2, T.conv2d),
  "torch.nn.functional.conv3d": convolution(3, T.conv3d),
  "torch.nn.functional.conv_transpose1d": transposed(1, T.convTranspose1d),
  "torch.nn.functional.conv_transpose2d": transposed(2, T.convTranspose2d),
  "torch.nn.functional.conv_transpose3d": transposed(3, T.convTranspose3d),
  "torch.nn.functional.max_pool1d": maxPool(1, T.maxPool1d, T.maxPool1dWithIndices),
  "torch.nn.functional.max_pool2d": maxPool(2, T.maxPool2d, T.maxPool2dWithIndices),
  "torch.nn.functional.max_pool3d": maxPool(3, T.maxPool3d, T.maxPool3dWithIndices),
  "torch.nn.functional.avg_pool1d": avgPool(1, T.avgPool1d),
  "torch.nn.functional.avg_pool2d": avgPool(2, T.avgPool2d),
  "torch.nn.functional.avg_pool3d": avgPool(3, T.avgPool3d),
  "torch.nn.functional.adaptive_avg_pool1d": adaptive("T.adaptiveAvgPool1d", T.adaptiveAvgPool1d),
  "torch.nn.functional.adaptive_avg_pool2d": adaptive("T.adaptiveAvgPool2d", T.adaptiveAvgPool2d),
  "torch.nn.functional.adaptive_avg_pool3d": adaptive("T.adaptiveAvgPool3d", T.adaptiveAvgPool3d),
  "torch.nn.functional.adaptive_max_pool1d": adaptive("T.adaptiveMaxPool1d", T.adaptiveMaxPool1d),
  "torch.nn.functional.adaptive_max_pool2d": adaptive("T.adaptiveMaxPool2d", T.adaptiveMaxPool2d),
  "torch.nn.functional.adaptive_max_pool3d": adaptive("T.adaptiveMaxPool3d", T.adaptiveMaxPool3d),
  "torch.nn.functional.interpolate": {
    parameters: ["input", "size", "scale_factor", "mode", "align_corners", "recompute_scale_factor", "antialias"],
    operation: "T.interpolate",
    apply: (call) => {
      const x = call.float("input")
      const mode = call.text("mode", "nearest")
      if (!isMode(mode)) return call.missing(`with mode=${mode}`)
      const factors = perAxis(call, "scale_factor")
      const lengths = x.shape.slice(2)
      // With this the factor only says how many there are to be.
      const sizes =
        factors !== undefined && call.boolean("recompute_scale_factor", false)
          ? lengths.map((n, i) => Math.floor(n * (typeof factors === "number" ? factors : (factors[i] ?? 1))))
          : perAxis(call, "size")
      return T.interpolate(
        x,
        given({
          ...channelsFirst,
          size: sizes,
          scale: sizes === undefined ? factors : undefined,
          mode: modes[mode],
          alignCorners: call.boolean("align_corners", false),
          antialias: call.boolean("antialias", false)
        })
      )
    }
  },
  "torch.nn.functional.pixel_shuffle": {
    parameters: ["input", "upscale_factor"],
    operation: "T.pixelShuffle",
    apply: (call) => T.pixelShuffle(call.float("input"), call.number("upscale_factor"), channelsFirst)
  },
  "torch.nn.functional.pixel_unshuffle": {
    parameters: ["input", "downscale_factor"],
    operation: "T.pixelUnshuffle",
    apply: (call) => T.pixelUnshuffle(call.float("input"), call.number("downscale_factor"), channelsFirst)
  },
  "torch.nn.functional.unfold": {
    parameters: ["input", "kernel_size", "dilation", "padding", "stride"],
    operation: "T.unfold",
    apply: (call) =>
      T.unfold(
        call.float("input"),
        perAxis(call, "kernel_size") ?? call.number("kernel_size"),
        given({
          ...channelsFirst,
          stride: perAxis(call, "stride"),
          padding: perAxis(call, "padding"),
          dilation: perAxis(call, "dilation")
        })
      )
  },
  "torch.nn.functional.fold": {
    parameters: ["input", "output_size", "kernel_size", "dilation", "padding", "stride"],
    operation: "T.fold",
    apply: (call) =>
      T.fold(
        call.float("input"),
        perAxis(call, "output_size") ?? call.number("output_size"),
        perAxis(call, "kernel_size") ?? call.number("kernel_size"),
        given({
          ...channelsFirst,
          stride: perAxis(call, "stride"),
          padding: perAxis(call, "padding"),
          dilation: perAxis(call, "dilation")
        })
      )
  },
  "Tensor.unfold": {
    parameters: ["self", "dimension", "size", "step"],
    operation: "T.windows",
    apply: (call) => {
      const x = call.float("self")
      return T.windows(x, call.number("size"), { axis: call.axis("dimension", x), stride: call.number("step") })
    }
  },
  "torch.nn.functional.pad": {
    parameters: ["input", "pad", "mode", "value"],
    operation: "T.pad",
    apply: (call) => {
      const x = call.float("input")
      const mode = call.text("mode", "constant")
      if (!isPadMode(mode)) return call.missing(`with mode=${mode}`)
      return T.pad(x, widthsOf(x, call.numbers("pad")), { mode: padModes[mode], value: call.number("value", 0) })
    }
  }
}
