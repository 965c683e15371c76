/**
 * What a simulated history is made of, chosen by dice: accounts with their lots and redemptions, what is asked of which
 * process in which order, and how bad a day it is.
 */
import { SandboxFaults } from "@pointback/adapters"
import { type Draw, Ids, Instant, Points, type Policy } from "@pointback/domain"
import { Duration } from "effect"
import * as Amounts from "../generate/Amounts.ts"
import type { Dice, Weighted } from "../generate/Dice.ts"
import { LIMITS } from "./Wiring.ts"

/** A lot to be earned before the history begins. */
export interface PlannedLot {
  readonly lotId: Ids.LotId
  readonly points: Points.Points
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
}

/** A redemption to be recorded on both sides before the history begins. */
export interface PlannedRedemption {
  readonly redemptionId: Ids.RedemptionId
  readonly points: Points.Points
  readonly redemptionType: "MERCHANDISE" | "TRAVEL"
  readonly at: Instant.Instant
}

/** An account as it is when the history begins. */
export interface PlannedAccount {
  readonly account: Ids.AccountNumber
  readonly lots: ReadonlyArray<PlannedLot>
  readonly redemptions: ReadonlyArray<PlannedRedemption>
}

/** A redemption with its draws, which were chosen when it was recorded. */
export interface RecordedRedemption extends PlannedRedemption {
  readonly account: Ids.AccountNumber
  readonly draws: ReadonlyArray<Draw.Draw>
}

/** A credit that somebody asks for. */
export interface PlannedCredit {
  readonly redemption: RecordedRedemption
  readonly creditId: Ids.CreditId
  readonly points: Points.Points | undefined
  readonly lots: ReadonlyArray<Draw.LotPoints> | undefined
  /** Days before the present that it is dated at; undefined for the present, and then no part of its content. */
  readonly daysAgo: number | undefined
}

/** What happens in a history, in the order in which it begins; what was begun before may still be under way. */
export type Step =
  | { readonly _tag: "Credit"; readonly process: number; readonly credit: PlannedCredit }
  /** Somebody else at Mastercard credits, and nobody tells us. */
  | {
      readonly _tag: "CreditElsewhere"
      readonly redemption: RecordedRedemption
      readonly points: Points.Points | undefined
    }
  | { readonly _tag: "Settle"; readonly process: number; readonly absent: "release" | "repeat" }
  | { readonly _tag: "SweepExpired"; readonly process: number }
  | { readonly _tag: "PassTime"; readonly millis: number }

/** How much goes wrong. */
export interface Hazards {
  /** Processes beside each other. */
  readonly processes: number
  /** Requests under way at a time at most. */
  readonly together: number
  /** Times in a hundred that a process dies where one is let through a gate. */
  readonly deathPercent: number
  /** Times in a hundred that somebody who asked gives up waiting. */
  readonly givingUpPercent: number
  readonly faults: SandboxFaults.SpecificationInput
}

const LONGEST_LAG_MILLIS = Duration.toMillis(LIMITS.longestLag)
const LONGEST_PROCESSING_MILLIS = Duration.toMillis(LIMITS.longestProcessing)

/** How long after a request a listing without its credit proves that there is none. */
export const CERTAIN_AFTER_MILLIS = LONGEST_PROCESSING_MILLIS + LONGEST_LAG_MILLIS + Duration.toMillis(LIMITS.clockSkew)

/** How long a call of Mastercard may take as a whole. */
export const ANSWER_LIMIT_MILLIS = 30_000

const HOUR = 3_600_000
const DAY = 24 * HOUR
const MICROS_PER_HOUR = BigInt(HOUR) * Instant.MICROS_PER_MILLI

/** 2026-03-02T00:00:00Z; a history begins within the weeks after it. */
const EPOCH = 1_772_409_600_000

/** When a history begins, in milliseconds since 1970. */
export const beginning = (dice: Dice): number => EPOCH + dice.between(0, 27 * 24) * HOUR + dice.between(0, HOUR)

/** Milliseconds that a clock shows too much: so few that any two of them differ by less than the limits say. */
export const skew = (dice: Dice): number => {
  const most = Duration.toMillis(LIMITS.clockSkew) / 2
  return dice.chance(50) ? 0 : dice.between(-most, most)
}

/** How a program treats lots that expired in the meantime. */
export const expiredLots = (dice: Dice): Policy.ExpiredLots =>
  dice.weighted<Policy.ExpiredLots>([
    [5, { _tag: "Expire" }],
    [3, { _tag: "Extend", days: dice.between(1, 60) }],
    [2, { _tag: "Refuse" }]
  ])

const ago = (begin: Instant.Instant, hours: number): Instant.Instant => begin - BigInt(hours) * MICROS_PER_HOUR

/** Lots and redemptions of some accounts. */
export const accounts = (dice: Dice, seed: number, beginMillis: number): ReadonlyArray<PlannedAccount> => {
  const begin = Instant.fromEpochMillis(beginMillis)
  return Array.from({ length: dice.chance(20) ? 2 : 1 }, (_, place) => account(dice, `${seed}${place}`, place, begin))
}

const account = (dice: Dice, name: string, place: number, begin: Instant.Instant): PlannedAccount => {
  const lots = Array.from({ length: dice.between(1, 4) }, (_, n) => lot(dice, `lot${n}`, begin))
  let left = Points.sum(lots.map(({ points }) => points))
  const redemptions = Array.from({ length: dice.between(1, 3) }, (_, n): PlannedRedemption => {
    const points = Amounts.share(left, dice.between(20, 80))
    left -= points
    return {
      redemptionId: Ids.RedemptionId.make(`R${place}${n}`),
      points,
      redemptionType: dice.chance(70) ? "MERCHANDISE" : "TRAVEL",
      at: ago(begin, dice.between(1, 25 * 24))
    }
  })
  return {
    account: Ids.AccountNumber.make(name.padStart(30, "2200941101786412880000000000000")),
    lots,
    // The later one draws on what the earlier ones left.
    redemptions: redemptions.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  }
}

/** Live during all redemptions of before; some expire within the history. */
const lot = (dice: Dice, name: string, begin: Instant.Instant): PlannedLot => ({
  lotId: Ids.LotId.make(name),
  points: Amounts.amount(dice, 20, 400),
  earnedAt: ago(begin, dice.between(30 * 24, 400 * 24)),
  expiresAt: dice.weighted<Instant.Instant | null>([
    [2, null],
    [4, begin + BigInt(dice.between(0, 48)) * MICROS_PER_HOUR],
    [3, begin + BigInt(dice.between(4 * 24, 60 * 24)) * MICROS_PER_HOUR]
  ])
})

/** How much goes wrong in a history. */
export const hazards = (dice: Dice, seed: number): Hazards => ({
  processes: dice.between(1, 3),
  together: dice.between(1, 5),
  deathPercent: dice.weighted([
    [4, 0],
    [3, 1],
    [3, 4]
  ]),
  givingUpPercent: dice.weighted([
    [7, 0],
    [3, 1]
  ]),
  faults: faults(dice, seed)
})

/** From the call to a late effect at most. With what happens before the call, it stays below the longest processing time. */
const LONGEST_LATENESS_MILLIS = LONGEST_PROCESSING_MILLIS - 4 * 60_000

/** Delays that a caller waits for, and delays that are beyond its limit. */
const DELAYS: Weighted<number> = [
  [1, 1000],
  [1, 15_000],
  [1, ANSWER_LIMIT_MILLIS + 5000],
  [1, 120_000]
]

/** Not longer than what the limits say. */
const LAGS: Weighted<number> = [
  [1, 0],
  [1, 30_000],
  [2, LONGEST_LAG_MILLIS]
]

const faults = (dice: Dice, seed: number): SandboxFaults.SpecificationInput => {
  if (dice.chance(10)) return {}
  const chosen = dice.some(SandboxFaults.FAULTS, dice.between(1, 5))
  const share = dice.between(20, 90) / 100 / chosen.length
  const rates = chosen.map((fault) => [fault, rate(dice, fault, share)] as const)
  return { seed, rates: Object.fromEntries(rates), historyLag: dice.weighted(LAGS) }
}

const rate = (dice: Dice, fault: SandboxFaults.Fault, share: number) => {
  if (fault === "delay") return { rate: share, after: dice.weighted(DELAYS) }
  if (fault === "lateEffect")
    return { rate: share, after: dice.chance(50) ? LONGEST_LATENESS_MILLIS : dice.between(1, LONGEST_LATENESS_MILLIS) }
  return share
}

/** What happens in a history. */
export const steps = (
  dice: Dice,
  redemptions: ReadonlyArray<RecordedRedemption>,
  processes: number
): ReadonlyArray<Step> => {
  const credits: Array<PlannedCredit> = []
  return Array.from({ length: dice.between(4, 18) }, (): Step => {
    const process = dice.between(0, processes - 1)
    const kind = dice.weighted<Step["_tag"]>([
      [10, "Credit"],
      [2, "CreditElsewhere"],
      [6, "Settle"],
      [3, "SweepExpired"],
      [5, "PassTime"]
    ])
    switch (kind) {
      case "Credit": {
        const credit = credits.length > 0 && dice.chance(30) ? again(dice, credits) : fresh(dice, redemptions, credits)
        return { _tag: kind, process, credit }
      }
      case "CreditElsewhere":
        return elsewhere(dice, redemptions)
      case "Settle":
        return { _tag: kind, process, absent: dice.chance(30) ? "repeat" : "release" }
      case "PassTime":
        return { _tag: kind, millis: pause(dice) }
      default:
        return { _tag: kind, process }
    }
  })
}

/** Often just before or after one of the limits of settling, where a mistake of a minute shows. */
const pause = (dice: Dice): number =>
  dice.chance(30)
    ? dice.pick(LIMITS_IN_MILLIS) + dice.between(-60_000, 60_000)
    : dice.between(1, dice.weighted(LONGEST_PAUSES))

const LIMITS_IN_MILLIS: ReadonlyArray<number> = [LONGEST_PROCESSING_MILLIS, LONGEST_LAG_MILLIS, CERTAIN_AFTER_MILLIS]

/** A moment, what settling has to wait for, hours, days in which lots expire. */
const LONGEST_PAUSES: Weighted<number> = [
  [2, 60_000],
  [4, CERTAIN_AFTER_MILLIS],
  [2, 8 * HOUR],
  [3, 2 * DAY]
]

const fresh = (
  dice: Dice,
  redemptions: ReadonlyArray<RecordedRedemption>,
  credits: Array<PlannedCredit>
): PlannedCredit => {
  const redemption = dice.pick(redemptions)
  const size = dice.weighted<"all" | "part" | "lots" | "tooMuch">([
    [5, "all"],
    [8, "part"],
    [2, "lots"],
    [1, "tooMuch"]
  ])
  const credit: PlannedCredit = {
    redemption,
    creditId: Ids.CreditId.make(`c${credits.length}`),
    points: pointsOf(dice, redemption, size, credits),
    lots: size === "lots" ? lotsOf(dice, redemption) : undefined,
    daysAgo: dice.chance(15) ? dice.between(0, 2) : undefined
  }
  credits.push(credit)
  return credit
}

const pointsOf = (
  dice: Dice,
  redemption: RecordedRedemption,
  size: "all" | "part" | "lots" | "tooMuch",
  credits: ReadonlyArray<PlannedCredit>
): Points.Points | undefined => {
  if (size === "tooMuch") return redemption.points + Points.UNITS_PER_POINT
  if (size !== "part") return undefined
  // Credits of the same amount are the ones that cannot be told apart afterwards.
  const like = credits.filter((credit) => credit.redemption === redemption && credit.points !== undefined)
  return like.length > 0 && dice.chance(40)
    ? dice.pick(like).points
    : Amounts.share(redemption.points, dice.between(10, 60))
}

const lotsOf = (dice: Dice, { draws }: RecordedRedemption): ReadonlyArray<Draw.LotPoints> =>
  dice
    .some(draws, dice.between(1, 2))
    .map(({ lotId, points }) => ({ lotId, points: Amounts.share(points, dice.between(10, 100)) }))

/** The same credit id once more, mostly with the same content. */
const again = (dice: Dice, credits: ReadonlyArray<PlannedCredit>): PlannedCredit => {
  const credit = dice.pick(credits)
  return dice.chance(85) ? credit : { ...credit, points: Points.UNITS_PER_POINT, lots: undefined }
}

const elsewhere = (dice: Dice, redemptions: ReadonlyArray<RecordedRedemption>): Step => {
  const redemption = dice.pick(redemptions)
  const points = dice.chance(20) ? undefined : Amounts.share(redemption.points, dice.between(10, 50))
  return { _tag: "CreditElsewhere", redemption, points }
}
