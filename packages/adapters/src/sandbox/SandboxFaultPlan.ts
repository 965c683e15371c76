/**
 * Decides which fault a call gets.
 *
 * The decision depends on the seed, the kind of the call, what it is about, and how many calls of that kind there were
 * about it before; not on the order in which calls about different things arrive. Histories that run beside each other
 * therefore meet the same faults in every run.
 */
import { createHash } from "node:crypto"
import type { Call, Fault, Settings, Specification } from "./SandboxFaults.ts"

/** A call as far as faults look at it. */
export interface CallSubject {
  readonly call: Call
  /** The redemption that the call names. */
  readonly redemption: string | undefined
  /** The account that it is for. */
  readonly account: string | undefined
}

/** A fault that was chosen, with its settings. */
export interface ChosenFault extends Settings {
  readonly fault: Fault
}

// Which calls a fault has a meaning for; the others have one for all.
const ONLY_FOR: Partial<Record<Fault, ReadonlyArray<Call>>> = {
  wrongRemaining: ["credit"],
  wrongBalance: ["credit", "redeem", "redeemer"],
  effectTwice: ["credit", "redeem"],
  lateEffect: ["credit", "redeem"]
}

/** Bytes of a hash that make a number from 0 up to 1, exact as a double. */
const FRACTION_BYTES = 6

/** The plan of one specification. Counting begins with it. */
export class FaultPlan {
  readonly specification: Specification
  readonly #counts = new Map<string, number>()

  constructor(specification: Specification) {
    this.specification = specification
  }

  /** Counts a call, and gives its fault; undefined where it is answered as it should be. */
  next(subject: CallSubject): ChosenFault | undefined {
    const { rates, script } = this.specification
    if (script.length === 0 && Object.keys(rates).length === 0) return undefined
    const key = `${subject.call}\0${subject.redemption ?? subject.account ?? ""}`
    const nth = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, nth)
    const chosen = this.#scripted(subject, nth) ?? this.#drawn(key, nth)
    return chosen === undefined || ONLY_FOR[chosen.fault]?.includes(subject.call) === false ? undefined : chosen
  }

  #scripted(subject: CallSubject, nth: number): ChosenFault | undefined {
    return this.specification.script.find(
      (line) =>
        (line.call === undefined || line.call === subject.call) &&
        (line.redemption === undefined || line.redemption === subject.redemption) &&
        (line.account === undefined || line.account === subject.account) &&
        (line.nth === undefined || line.nth === nth)
    )
  }

  /** Lays the rates side by side from 0 on and looks where the number of this call falls. */
  #drawn(key: string, nth: number): ChosenFault | undefined {
    const { rates, seed } = this.specification
    const hash = createHash("sha256").update(`${seed}\0${key}\0${nth}`).digest()
    const drawn = hash.readUIntBE(0, FRACTION_BYTES) / 2 ** (8 * FRACTION_BYTES)
    let upTo = 0
    for (const [fault, { rate, ...settings }] of Object.entries(rates) as ReadonlyArray<
      [Fault, { readonly rate: number } & Settings]
    >) {
      upTo += rate
      if (drawn < upTo) return { fault, ...settings }
    }
    return undefined
  }
}
