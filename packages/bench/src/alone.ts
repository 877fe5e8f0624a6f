/** A planned program alone in memory: what is measured and recorded without a session. */
import { type Addresses, layoutOf, type Planned, toWasm } from "@cotangent/compiler"
import { bytesOf } from "@cotangent/kernel"

/** Where everything lies, one after another, and how many pages that takes. */
export interface Alone {
  readonly addresses: Addresses
  readonly pages: number
}

/** Lays a program out. */
export const alone = (planned: Planned): Alone => {
  let end = 0
  const place = (bytes: number): number => {
    const at = end
    end = Math.ceil((end + bytes) / 64) * 64
    return at
  }
  const parameters = planned.parameters.map(({ dtype, length }) => place(bytesOf[dtype] * length))
  const results = planned.results.map(({ dtype, length }) => place(bytesOf[dtype] * length))
  const constants = place(planned.cost.constantBytes)
  const scratch = place(planned.cost.scratchBytes)
  return { addresses: { parameters, results, constants, scratch }, pages: Math.ceil((end + 64) / 65536) }
}

/** The WebAssembly of a program that is alone. */
export const codeOf = (planned: Planned, wide = false): Uint8Array => {
  const { addresses, pages } = alone(planned)
  return toWasm(planned, layoutOf(planned, addresses), pages, { wide })
}
