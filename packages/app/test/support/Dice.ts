/** Randomness that a seed repeats. */
import fc from "fast-check"

/** Draws from one seeded sequence. */
export interface Dice {
  /** An integer from 0 to below the bound. */
  readonly below: (bound: number) => number
  /** An integer between both bounds, both included. */
  readonly between: (least: number, most: number) => number
  /** One of the values. */
  readonly pick: <A>(values: ReadonlyArray<A>) => A
  /** Whether something of this probability, from 0 to 1, happens. */
  readonly happens: (probability: number) => boolean
  /** The values in another order. */
  readonly shuffled: <A>(values: ReadonlyArray<A>) => ReadonlyArray<A>
}

/** The seed of this run, which every run prints and `POINTBACK_SEED` sets. */
export const runSeed = (): number => fc.readConfigureGlobal().seed ?? 0

/** Dice of a seed; further numbers, such as a round's, make further sequences of the same seed. */
export const dice = (...seeds: ReadonlyArray<number>): Dice => {
  // Mulberry32: 32 bits of state are plenty for tests, and every seed is as good as another.
  let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) + 0x7f4a7c15, 0)
  const unit = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number) => Math.floor(unit() * bound)
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    pick: (values) => values[below(values.length)]!,
    happens: (probability) => unit() < probability,
    shuffled: (values) => {
      const shuffled = [...values]
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = below(last + 1)
        ;[shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!]
      }
      return shuffled
    }
  }
}
