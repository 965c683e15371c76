/**
 * The arithmetic of lots on the other side of the wire.
 *
 * Written on its own and not with the domain's: the sandbox is what the domain is held against. What Mastercard does
 * inside is not public; these are the simplest rules that agree with its page.
 */
import { Instant } from "@pointback/domain"
import { Result } from "effect"

/** Points that were earned together. */
export interface SandboxLot {
  readonly lotId: string
  readonly earnedAt: Instant.Instant
  /** Undefined where the points never expire. */
  readonly expiresAt: Instant.Instant | undefined
  /** Points that the lot began with, in ten-thousandths. */
  readonly granted: bigint
  /** Points that it holds now. */
  readonly points: bigint
}

/** Points of one lot. */
export interface Part {
  readonly lotId: string
  readonly points: bigint
}

/** Points that a credit gave back to one lot. */
export interface Restoration extends Part {
  /** Whether the lot had expired, so that nobody can spend them. */
  readonly isExpired: boolean
  /** The expired lot that they had come from, where they became a new one. */
  readonly from: string | undefined
}

/** Whether points of a lot can be spent. */
export const isLive = (lot: SandboxLot, now: Instant.Instant): boolean =>
  lot.expiresAt === undefined || lot.expiresAt > now

/**
 * The lots that are new, which begin with what they hold. A known lot must have been put with the same content;
 * otherwise the failure names it.
 */
export const added = (
  known: ReadonlyArray<SandboxLot>,
  put: ReadonlyArray<Omit<SandboxLot, "granted">>
): Result.Result<ReadonlyArray<SandboxLot>, string> => {
  const lots = new Map(known.map((lot) => [lot.lotId, lot]))
  const fresh: Array<SandboxLot> = []
  for (const lot of put) {
    const old = lots.get(lot.lotId)
    if (old === undefined) {
      const whole = { ...lot, granted: lot.points }
      lots.set(lot.lotId, whole)
      fresh.push(whole)
    } else if (old.granted !== lot.points || old.earnedAt !== lot.earnedAt || old.expiresAt !== lot.expiresAt) {
      return Result.fail(lot.lotId)
    }
  }
  return Result.succeed(fresh)
}

/** The points that can be spent. */
export const balance = (lots: ReadonlyArray<SandboxLot>, now: Instant.Instant): bigint =>
  lots.reduce((total, lot) => (isLive(lot, now) ? total + lot.points : total), 0n)

const orderOf = <A>(a: A, b: A): number => (a < b ? -1 : a > b ? 1 : 0)

const bySoonestExpiry = (a: SandboxLot, b: SandboxLot): number =>
  orderOf(a.expiresAt ?? Instant.END, b.expiresAt ?? Instant.END) ||
  orderOf(a.earnedAt, b.earnedAt) ||
  orderOf(a.lotId, b.lotId)

/** What a redemption takes, soonest expiry first. Undefined where the lots do not hold that much. */
export const draw = (
  lots: ReadonlyArray<SandboxLot>,
  points: bigint,
  now: Instant.Instant
): ReadonlyArray<Part> | undefined => {
  const parts: Array<Part> = []
  let wanted = points
  for (const lot of lots.filter((lot) => isLive(lot, now) && lot.points > 0n).sort(bySoonestExpiry)) {
    const taken = lot.points < wanted ? lot.points : wanted
    if (taken > 0n) parts.push({ lotId: lot.lotId, points: taken })
    wanted -= taken
  }
  return wanted === 0n ? parts : undefined
}

/** In which order draws are filled again, as their indexes. */
export type FillingOrder = "reverse" | "draw" | "soonestExpiry"

const indexesIn = (
  order: FillingOrder,
  draws: ReadonlyArray<Part>,
  lots: ReadonlyArray<SandboxLot>
): ReadonlyArray<number> => {
  const indexes = draws.map((_, index) => index)
  if (order === "draw") return indexes
  if (order === "reverse") return indexes.toReversed()
  const expiries = new Map(lots.map((lot) => [lot.lotId, lot.expiresAt ?? Instant.END]))
  const expiryOf = (index: number): bigint => expiries.get(draws[index]?.lotId ?? "") ?? Instant.END
  return indexes.sort((a, b) => orderOf(expiryOf(a), expiryOf(b)))
}

/** What a credit of `points` gives back of each draw, as pairs of a draw's index and points. */
export const refill = (
  { draws, restored }: { readonly draws: ReadonlyArray<Part>; readonly restored: ReadonlyArray<bigint> },
  points: bigint,
  order: FillingOrder,
  lots: ReadonlyArray<SandboxLot>
): ReadonlyArray<readonly [number, bigint]> => {
  const given: Array<readonly [number, bigint]> = []
  let wanted = points
  for (const index of indexesIn(order, draws, lots)) {
    const open = (draws[index]?.points ?? 0n) - (restored[index] ?? 0n)
    const part = open < wanted ? open : wanted
    if (part > 0n) given.push([index, part])
    wanted -= part
  }
  return given
}

/** Adds parts to lots; takes them with a `sign` of -1. */
export const change = (
  lots: ReadonlyArray<SandboxLot>,
  parts: ReadonlyArray<Part>,
  sign: 1n | -1n
): ReadonlyArray<SandboxLot> =>
  lots.map((lot) => {
    const sum = parts.reduce((total, part) => (part.lotId === lot.lotId ? total + part.points : total), 0n)
    return sum === 0n ? lot : { ...lot, points: lot.points + sign * sum }
  })
