/**
 * How much is tested: `npm test` takes the usual sizes, COTANGENT_DEEP=1 (`npm run test:deep`) the exhaustive ones, and
 * COTANGENT_DEEP=10 ten times as many seeds as that. `npm run test:deep` runs the files that import this one.
 */
const depth = Number(process.env["COTANGENT_DEEP"] ?? 0)
if (!(depth >= 0 && depth < Infinity))
  throw new RangeError(`COTANGENT_DEEP is a factor of the exhaustive sizes, not ${process.env["COTANGENT_DEEP"]}`)

/** Whether the exhaustive form is asked for. */
export const isExhaustive = depth > 0

/** How many seeds: the usual number, or the exhaustive one times the factor. */
export const countOf = (usual: number, exhaustive: number): number =>
  isExhaustive ? Math.ceil(exhaustive * depth) : usual
