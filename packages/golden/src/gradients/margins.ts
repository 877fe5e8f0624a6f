/** torch's losses of margins, distances and directions. */
import { T } from "@cotangent/graph"
import { Loss } from "@cotangent/nn"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"
import { classWeights, elements, old, reducing } from "./losses.ts"

const plain = ["input", "target", "size_average", "reduce", "reduction"]
const marginOf = (call: Call, otherwise: number) => ({ margin: call.number("margin", otherwise) })

/** Targets -1 and 1, which torch takes as integers too. */
const signs = (call: Call): F64 =>
  call.isFloat("target") ? call.float("target") : T.cast(call.indices("target"), "f64")

const squareOrPlain = (call: Call): 1 | 2 => (call.number("p", 1) === 2 ? 2 : 1)

/** Losses of margins by torch's names. */
export const margins: { readonly [op: string]: Adapter } = {
  "torch.nn.functional.soft_margin_loss": elements("Loss.softMargin", plain, () => Loss.softMargin),
  "torch.nn.functional.hinge_embedding_loss": {
    parameters: ["input", "target", "margin", "size_average", "reduce", "reduction"],
    only: old,
    operation: "Loss.hingeEmbedding",
    apply: (call) => Loss.hingeEmbedding(marginOf(call, 1))(call.float("input"), signs(call), reducing(call))
  },
  "torch.nn.functional.margin_ranking_loss": {
    parameters: ["input1", "input2", "target", "margin", "size_average", "reduce", "reduction"],
    only: old,
    operation: "Loss.marginRanking",
    apply: (call) =>
      Loss.marginRanking(marginOf(call, 0))(call.float("input1"), call.float("input2"), signs(call), reducing(call))
  },
  "torch.nn.functional.cosine_embedding_loss": {
    parameters: ["input1", "input2", "target", "margin", "size_average", "reduce", "reduction"],
    only: old,
    operation: "Loss.cosineEmbedding",
    apply: (call) =>
      Loss.cosineEmbedding(marginOf(call, 0))(call.float("input1"), call.float("input2"), signs(call), reducing(call))
  },
  "torch.nn.functional.triplet_margin_loss": {
    parameters: ["anchor", "positive", "negative", "margin", "p", "eps", "swap", "size_average", "reduce", "reduction"],
    only: old,
    operation: "Loss.tripletMargin",
    apply: (call) => {
      const loss = Loss.tripletMargin({
        margin: call.number("margin", 1),
        p: call.number("p", 2),
        epsilon: call.number("eps", 1e-6),
        swap: call.boolean("swap", false)
      })
      return loss(call.float("anchor"), call.float("positive"), call.float("negative"), reducing(call))
    }
  },
  "torch.nn.functional.multi_margin_loss": {
    parameters: ["input", "target", "p", "margin", "weight", "size_average", "reduce", "reduction"],
    only: old,
    operation: "Loss.multiMargin",
    apply: (call) =>
      Loss.multiMargin({ ...marginOf(call, 1), p: squareOrPlain(call), ...classWeights(call) })(
        call.float("input"),
        call.indices("target"),
        reducing(call)
      )
  },
  "torch.nn.functional.multilabel_margin_loss": {
    parameters: plain,
    only: old,
    operation: "Loss.multiLabelMargin",
    apply: (call) => Loss.multiLabelMargin(call.float("input"), call.indices("target"), reducing(call))
  },
  "torch.nn.functional.multilabel_soft_margin_loss": {
    parameters: ["input", "target", "weight", "size_average", "reduce", "reduction"],
    only: old,
    operation: "Loss.multiLabelSoftMargin",
    apply: (call) =>
      Loss.multiLabelSoftMargin(classWeights(call))(call.float("input"), call.float("target"), reducing(call))
  },
  "torch.nn.functional.cosine_similarity": {
    parameters: ["x1", "x2", "dim", "eps"],
    operation: "T.cosineSimilarity",
    apply: (call) =>
      T.cosineSimilarity(call.float("x1"), call.float("x2"), {
        axis: call.number("dim", 1),
        epsilon: call.number("eps", 1e-8)
      })
  },
  "torch.nn.functional.pairwise_distance": {
    parameters: ["x1", "x2", "p", "eps", "keepdim"],
    operation: "T.pairwiseDistance",
    apply: (call) =>
      T.pairwiseDistance(call.float("x1"), call.float("x2"), {
        p: call.number("p", 2),
        epsilon: call.number("eps", 1e-6),
        keepDims: call.boolean("keepdim", false)
      })
  }
}
