/** Comparing types, for tests. */

/** Whether two types are the same. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Holds a comparison that must be true. */
export const same = <T extends true>(): T | undefined => undefined
