/** Tables: how to make, look at and cut them, and one that comes with this package. */
export { Penguin, penguins } from "../builtin.ts"
export * from "./table.ts"
