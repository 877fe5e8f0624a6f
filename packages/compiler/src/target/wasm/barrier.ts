/**
 * The barrier of threads over one shared memory: nobody passes before all have arrived.
 *
 * A thread that waits spins first, for the others are rarely far behind; then it sleeps until it is woken. The first
 * thread does not wait for ever: if the others do not arrive it gives up and traps, and so does every thread that finds
 * that somebody gave up.
 */
import { functionBody } from "./steps.ts"

/** Bytes that threads meet in, a multiple of 64 long and aligned to 64: zero before the first step, but for the patience. */
export const controlBytes = 320

/** Where in the control block what stands; words that different threads write at once lie in lines of their own. */
const places = { arrived: 0, generation: 64, gaveUp: 128, sleepers: 192, patience: 256 } as const

/** Where in the control block the first thread reads how long it waits for the others, in naps of {@link napMillis}. */
export const patienceAt = places.patience

/** Where in the control block a thread that failed puts 1, for the others to see. */
export const gaveUpAt = places.gaveUp

/** Looks at the generation before a thread sleeps: some tens of microseconds. */
const spins = 20_000
/** How long a thread sleeps at most before it looks around. */
export const napMillis = 20
const napNanos = BigInt(napMillis) * 1_000_000n

/** The body of a function of the thread's number that returns when all `threads` have called it. */
export const barrierBody = (control: number, threads: number): Uint8Array =>
  functionBody(1, ({ code, locals }) => {
    const [generation, left, naps] = [locals.take("i32"), locals.take("i32"), locals.take("i32")]
    const at = (place: keyof typeof places): void => code.i32(control + places[place])
    const load = (place: keyof typeof places): void => {
      at(place)
      code.memory("i32.atomic.load", 2, 0)
    }
    const addTo = (place: keyof typeof places, amount: number): void => {
      at(place)
      code.i32(amount)
      code.memory("i32.atomic.rmw.add", 2, 0)
    }
    const giveUpIf = (): void => {
      code.open("if")
      at("gaveUp")
      code.i32(1)
      code.memory("i32.atomic.store", 2, 0)
      at("generation")
      code.i32(threads)
      code.memory("memory.atomic.notify", 2, 0)
      code.op("drop")
      code.op("unreachable")
      code.end()
    }
    load("generation")
    code.set(generation)
    addTo("arrived", 1)
    code.i32(threads - 1)
    code.op("i32.eq")
    code.open("if")
    // The last one opens the next round.
    at("arrived")
    code.i32(0)
    code.memory("i32.atomic.store", 2, 0)
    at("generation")
    code.get(generation)
    code.i32(1)
    code.op("i32.add")
    code.memory("i32.atomic.store", 2, 0)
    load("sleepers")
    code.open("if")
    at("generation")
    code.i32(threads)
    code.memory("memory.atomic.notify", 2, 0)
    code.op("drop")
    code.end()
    code.op("return")
    code.end()
    code.i32(spins)
    code.set(left)
    code.open("loop")
    load("generation")
    code.get(generation)
    code.op("i32.eq")
    code.open("if")
    code.get(left)
    code.open("if")
    code.get(left)
    code.i32(1)
    code.op("i32.sub")
    code.set(left)
    code.branch(2)
    code.end()
    load("gaveUp")
    giveUpIf()
    // Only the first thread has others to answer to; the rest wait as long as it computes.
    code.get(0)
    code.op("i32.eqz")
    code.get(naps)
    load("patience")
    code.op("i32.gt_s")
    code.op("i32.and")
    giveUpIf()
    code.get(naps)
    code.i32(1)
    code.op("i32.add")
    code.set(naps)
    addTo("sleepers", 1)
    code.op("drop")
    at("generation")
    code.get(generation)
    code.i64(napNanos)
    code.memory("memory.atomic.wait32", 2, 0)
    code.op("drop")
    addTo("sleepers", -1)
    code.op("drop")
    code.branch(1)
    code.end()
    code.end()
    load("gaveUp")
    giveUpIf()
  })
