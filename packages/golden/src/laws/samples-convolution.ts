/** Samples of convolutions, pooling, windows, padding and resizing. */
import { T } from "@cotangent/graph"
import { type F, type OperationSample, sample } from "./operation-sample.ts"
import { floats } from "./operands.ts"

const x2 = floats(-1, 1, 2, 5, 6, 4)
const convolutions: ReadonlyArray<OperationSample> = [
  sample("conv1d", "stride", [floats(-1, 1, 2, 9, 3), floats(-1, 1, 3, 3, 4)], (x: F, w: F) =>
    T.conv1d(x, w, { stride: 2, padding: 1 })
  ),
  sample("conv1d", "channels first", [floats(-1, 1, 4, 9), floats(-1, 1, 6, 2, 3)], (x: F, w: F) =>
    T.conv1d(x, w, { groups: 2, dilation: 2, layout: "channelsFirst" })
  ),
  sample("conv2d", "bias", [x2, floats(-1, 1, 3, 2, 4, 5), floats(-1, 1, 5)], (x: F, w: F, bias: F) =>
    T.conv2d(x, w, { bias, padding: "same", stride: [1, 2] })
  ),
  sample("conv3d", "groups", [floats(-1, 1, 1, 3, 4, 3, 4), floats(-1, 1, 2, 2, 2, 2, 4)], (x: F, w: F) =>
    T.conv3d(x, w, { groups: 2, padding: [[1, 0], 0, [0, 1]] })
  ),
  sample("convTranspose1d", "stride", [floats(-1, 1, 2, 4, 3), floats(-1, 1, 3, 2, 3)], (x: F, w: F) =>
    T.convTranspose1d(x, w, { stride: 2, padding: 1, outputPadding: 1 })
  ),
  sample(
    "convTranspose2d",
    "groups",
    [floats(-1, 1, 1, 3, 2, 4), floats(-1, 1, 2, 3, 3, 4), floats(-1, 1, 6)],
    (x: F, w: F, bias: F) => T.convTranspose2d(x, w, { groups: 2, stride: [2, 1], dilation: [1, 2], bias })
  ),
  sample("convTranspose3d", "same", [floats(-1, 1, 1, 2, 2, 3, 2), floats(-1, 1, 2, 3, 2, 1, 2)], (x: F, w: F) =>
    T.convTranspose3d(x, w, { stride: 2, padding: "same" })
  ),
  sample("depthwiseConv1d", "multiplier", [floats(-1, 1, 2, 6, 3), floats(-1, 1, 2, 3, 2)], (x: F, w: F) =>
    T.depthwiseConv1d(x, w)
  ),
  sample("depthwiseConv2d", "stride", [floats(-1, 1, 1, 6, 5, 9), floats(-1, 1, 3, 2, 9, 1)], (x: F, w: F) =>
    T.depthwiseConv2d(x, w, { stride: 2, padding: 1 })
  ),
  sample("depthwiseConv3d", "channels first", [floats(-1, 1, 2, 3, 3, 4), floats(-1, 1, 2, 2, 2, 2, 2)], (x: F, w: F) =>
    T.depthwiseConv3d(x, w, { layout: "channelsFirst" })
  )
]

const pools: ReadonlyArray<OperationSample> = [
  sample("maxPool1d", "overlap", [floats(-1, 1, 2, 9, 3)], (x: F) => T.maxPool1d(x, 3, { stride: 2, padding: 1 })),
  sample("maxPool2d", "blocks", [floats(-1, 1, 2, 5, 6, 3)], (x: F) => T.maxPool2d(x, 2)),
  sample("maxPool2d", "dilation", [floats(-1, 1, 2, 6, 7)], (x: F) =>
    T.maxPool2d(x, [2, 3], { stride: 1, dilation: 2, layout: "channelsFirst" })
  ),
  sample("maxPool1dWithIndices", "first", [floats(-1, 1, 1, 9, 3)], (x: F) => T.maxPool1dWithIndices(x, 3)[0]),
  sample("maxPool2dWithIndices", "both", [floats(-1, 1, 2, 5, 6, 3)], (x: F) => T.maxPool2dWithIndices(x, 2), {
    except: ["dtypes"]
  }),
  sample("maxPool3dWithIndices", "second", [floats(-1, 1, 1, 3, 4, 3, 2)], (x: F) => T.maxPool3dWithIndices(x, 2)[1], {
    result: "i32"
  }),
  sample("maxPool3d", "ceil", [floats(-1, 1, 1, 5, 4, 3, 2)], (x: F) => T.maxPool3d(x, 2, { ceilMode: true })),
  sample("avgPool1d", "divisor", [floats(-1, 1, 2, 9, 3)], (x: F) => T.avgPool1d(x, 4, { stride: 3, divisor: 3 })),
  sample("avgPool2d", "same", [x2], (x: F) => T.avgPool2d(x, 3, { padding: "same", stride: 2 })),
  sample("avgPool2d", "blocks", [floats(-1, 1, 2, 5, 6, 3)], (x: F) => T.avgPool2d(x, [2, 3])),
  sample("avgPool3d", "padding", [floats(-1, 1, 1, 2, 4, 3, 4)], (x: F) =>
    T.avgPool3d(x, 2, { padding: [[0, 1], 1, 0], countIncludePad: false, layout: "channelsFirst" })
  ),
  sample("adaptiveAvgPool1d", "uneven", [floats(-1, 1, 2, 7, 3)], (x: F) => T.adaptiveAvgPool1d(x, 3)),
  sample("adaptiveAvgPool2d", "one", [x2], (x: F) => T.adaptiveAvgPool2d(x, 1)),
  sample("adaptiveAvgPool3d", "kept", [floats(-1, 1, 1, 3, 4, 5, 2)], (x: F) => T.adaptiveAvgPool3d(x, [null, 2, 3])),
  sample("adaptiveMaxPool1d", "more", [floats(-1, 1, 2, 3, 2)], (x: F) => T.adaptiveMaxPool1d(x, 5)),
  sample("adaptiveMaxPool2d", "uneven", [x2], (x: F) => T.adaptiveMaxPool2d(x, [2, 4])),
  sample("adaptiveMaxPool3d", "channels first", [floats(-1, 1, 2, 3, 4, 5)], (x: F) =>
    T.adaptiveMaxPool3d(x, [2, 2, 3], { layout: "channelsFirst" })
  )
]

const windows: ReadonlyArray<OperationSample> = [
  sample("windows", "overlap", [floats(-1, 1, 2, 7, 3)], (x: F) => T.windows(x, 3, { axis: 1, stride: 2 })),
  sample("windows", "blocks", [floats(-1, 1, 2, 7)], (x: F) => T.windows(x, 2, { stride: 2 })),
  sample("overlapAdd", "overlap", [floats(-1, 1, 3, 2, 4)], (x: F) =>
    T.overlapAdd(x, { axis: 0, stride: 2, dilation: 2, length: 12 })
  ),
  sample("unfold", "channels last", [x2], (x: F) => T.unfold(x, [2, 3], { padding: 1, stride: 2 })),
  sample("fold", "channels first", [floats(-1, 1, 2, 12, 9)], (x: F) =>
    T.fold(x, 5, 2, { stride: 2, padding: 1, layout: "channelsFirst" })
  ),
  sample("pixelShuffle", "channels last", [floats(-1, 1, 1, 2, 3, 8)], (x: F) => T.pixelShuffle(x, 2)),
  sample("pixelUnshuffle", "channels first", [floats(-1, 1, 1, 2, 4, 6)], (x: F) =>
    T.pixelUnshuffle(x, 2, { layout: "channelsFirst" })
  )
]

const resizing: ReadonlyArray<OperationSample> = [
  ...(["nearest", "nearestExact", "linear", "cubic", "area"] as const).map((mode) =>
    sample("interpolate", mode, [floats(-1, 1, 1, 4, 3, 2)], (x: F) => T.interpolate(x, { size: [3, 7], mode }))
  ),
  sample("interpolate", "scale", [floats(-1, 1, 1, 4, 2)], (x: F) => T.interpolate(x, { scale: 2 })),
  sample("interpolate", "corners", [floats(-1, 1, 1, 2, 3, 2, 2)], (x: F) =>
    T.interpolate(x, { scale: 1.5, mode: "linear", alignCorners: true, layout: "channelsFirst" })
  ),
  sample("interpolate", "antialias", [floats(-1, 1, 1, 7, 6, 2)], (x: F) =>
    T.interpolate(x, { size: [3, 4], mode: "cubic", antialias: true })
  ),
  ...(["reflect", "symmetric", "replicate", "circular"] as const).map((mode) =>
    sample("pad", mode, [floats(-1, 1, 3, 4)], (x: F) =>
      T.pad(
        x,
        [
          [2, 1],
          [-1, 3]
        ],
        { mode }
      )
    )
  ),
  sample("pad", "negative", [floats(-1, 1, 3, 4)], (x: F) =>
    T.pad(
      x,
      [
        [-1, 2],
        [1, -2]
      ],
      0.5
    )
  )
]

/** The samples. */
export const convolutionSamples: ReadonlyArray<OperationSample> = [...convolutions, ...pools, ...windows, ...resizing]
