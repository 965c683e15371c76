/**
 * Choices that follow from a seed. The same seed gives the same choices on every machine: nothing here and nothing that
 * uses it takes a logarithm, a power or a root, whose last digit machines may differ in.
 */
import { Effect, Random } from "effect"

/** Alternatives, each with a weight: how often it comes, compared with the others. */
export type Weighted<A> = ReadonlyArray<readonly [weight: number, item: A]>

/** A sequence of choices. Two of different seeds know nothing of each other. */
export class Dice {
  private readonly random: Random.Random

  constructor(random: Random.Random) {
    this.random = random
  }

  /** From 0 to 1, without 1. */
  fraction(): number {
    return this.random.nextDoubleUnsafe()
  }

  /** True so many times in a hundred. */
  chance(percent: number): boolean {
    return this.fraction() * 100 < percent
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1))
  }

  /** One of the items; there must be one. */
  pick<A>(items: ReadonlyArray<A>): A {
    return items[this.between(0, items.length - 1)] as A
  }

  /** One of the items, the heavier the more often; there must be one. */
  weighted<A>(items: Weighted<A>): A {
    let left = this.fraction() * items.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, item] of items) {
      if (left < weight) return item
      left -= weight
    }
    return (items.at(-1) as readonly [number, A])[1]
  }

  /** So many of the items at most, each once, in any order. */
  some<A>(items: ReadonlyArray<A>, most: number): ReadonlyArray<A> {
    const left = items.slice()
    return Array.from(
      { length: Math.min(most, left.length) },
      () => left.splice(this.between(0, left.length - 1), 1)[0] as A
    )
  }
}

/** The sequence of a seed. */
export const seeded = (seed: string): Effect.Effect<Dice> =>
  Random.withSeed(
    Effect.map(Random.Random, (random) => new Dice(random)),
    seed
  )
