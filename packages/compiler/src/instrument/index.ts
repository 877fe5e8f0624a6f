export { finiteObserver, type FiniteSight } from "./finite.ts"
export { type IndexRange, indexObserver, type IndexSight, isInRange, rangeOf } from "./indices.ts"
export { type Observation, observe, type Observed, type Observer, type Sight, withoutTaps } from "./observe.ts"
export { makeTapObserver, type TapSight } from "./taps.ts"
