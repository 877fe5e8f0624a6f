export {
  type AnyAttention,
  type Attention,
  type AttentionOutput,
  type AttentionSizes,
  init,
  lengthMask,
  multiHead,
  type MultiHeadOptions,
  type Projection
} from "./multi-head.ts"
