/**
 * The arithmetic of lots on the other side of the wire.
 *
 * Written on its own and not with the domain's: the sandbox is what the domain is held against. What Mastercard does
 * inside is not public; these are the simplest rules that agree with its page.
 */
import { Instant } from "@pointback/domain"

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

const isLive = (lot: SandboxLot, now: Instant.Instant): boolean => lot.expiresAt === undefined || lot.expiresAt > now

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

/** What a credit gives back: the draws from their end, after the `credited` points that came back before. */
export const restore = (draws: ReadonlyArray<Part>, credited: bigint, points: bigint): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  let skip = credited
  let wanted = points
  for (const part of draws.toReversed()) {
    const open = part.points > skip ? part.points - skip : 0n
    skip = part.points > skip ? 0n : skip - part.points
    const given = open < wanted ? open : wanted
    if (given > 0n) parts.push({ lotId: part.lotId, points: given })
    wanted -= given
  }
  return parts
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
