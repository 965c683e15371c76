/**
 * An account's statement over a period: what it held before, each event with the balance after it, what it holds then.
 *
 * @see semantics, section 8
 */
import type { LotId } from "../identity/Ids.ts"
import { compare } from "../identity/Ids.ts"
import * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"
import type { Entry, EventReference } from "./Entry.ts"
import { SIGN } from "./Entry.ts"

/** What happened. A credit that gave back points of expired lots alone has no points: they expired with it. */
export type LineKind = "earned" | "adjusted" | "redeemed" | "credited" | "expired"

/** What a line did to one lot. */
export interface LineLot {
  readonly lotId: LotId
  /** What the lot gained (positive) or lost. */
  readonly points: Points.Points
  /** What came back to it and expired in the same event. */
  readonly expired: Points.Points
}

/** One line. */
export interface StatementLine {
  readonly at: Instant.Instant
  readonly kind: LineKind
  /** What the balance gained (positive) or lost. */
  readonly points: Points.Points
  /** Points that a credit gave back to expired lots: they are none of `points`. */
  readonly expired: Points.Points
  /** The live points after the line. */
  readonly balance: Points.Points
  /** In the order of the event's own draws or restorations. */
  readonly lots: ReadonlyArray<LineLot>
  /** Null for points that expired and that the sweep has not booked as they are. */
  readonly event: EventReference | null
}

/** What an account held live just before a period, what happened in it, and what it holds just before its end. */
export interface Statement {
  readonly opening: Points.Points
  readonly lines: ReadonlyArray<StatementLine>
  readonly closing: Points.Points
}

/**
 * A statement from what the account held live just before the period and its lines of the period. Lines stand in order
 * of time; at the same instant what expired stands first, since it is not live from that instant on, then the rest in
 * the order of the log.
 */
export const statement = (opening: Points.Points, entries: Iterable<Entry>): Statement => {
  let balance = opening
  const lines = Array.from(grouped(entries), lineOf)
    .filter(({ kind, points }) => kind !== "expired" || points !== 0n)
    .sort(compareLines)
    .map((line): StatementLine => {
      balance += line.points
      return { ...line, balance }
    })
  return { opening, lines, closing: balance }
}

/** The entries of each line: of an event, or of the expiry of a lot, which the sweep may have booked in several events. */
const grouped = (entries: Iterable<Entry>): Iterable<ReadonlyArray<Entry>> => {
  const groups = new Map<string, Array<Entry>>()
  for (const entry of entries) {
    const name = entry.column === "expiredByTime" ? `lot ${entry.lotId}` : `event ${entry.event?.eventId}`
    const group = groups.get(name) ?? []
    group.push(entry)
    groups.set(name, group)
  }
  return groups.values()
}

const KINDS: Readonly<Record<Entry["column"], LineKind>> = {
  earned: "earned",
  adjusted: "adjusted",
  redeemed: "redeemed",
  creditedLive: "credited",
  creditedExpired: "credited",
  expiredOnReversal: "credited",
  expiredByTime: "expired"
}

const lineOf = (entries: ReadonlyArray<Entry>): Omit<StatementLine, "balance"> => {
  const { at, column } = entries[0] as Entry
  const lots = new Map<LotId, LineLot>()
  for (const { column, lotId, points } of entries) {
    const lot = lots.get(lotId) ?? { lotId, points: 0n, expired: 0n }
    lots.set(lotId, {
      lotId,
      points: lot.points + SIGN[column] * points,
      expired: lot.expired + (column === "expiredOnReversal" ? points : 0n)
    })
  }
  const ofLots = Array.from(lots.values())
  return {
    at,
    kind: KINDS[column],
    points: Points.sum(ofLots.map(({ points }) => points)),
    expired: Points.sum(ofLots.map(({ expired }) => expired)),
    lots: ofLots,
    event: lastEvent(entries)
  }
}

// What is not booked yet has no event, and then the line has none either.
const lastEvent = (entries: ReadonlyArray<Entry>): EventReference | null => {
  if (entries.some(({ event }) => event === null)) return null
  return entries
    .map(({ event }) => event as EventReference)
    .reduce((last, event) => (event.recordedAt > last.recordedAt ? event : last))
}

type Unbalanced = Omit<StatementLine, "balance">

const compareLines = (a: Unbalanced, b: Unbalanced): number => {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1
  if (a.kind === "expired" || b.kind === "expired") {
    if (a.kind !== b.kind) return a.kind === "expired" ? -1 : 1
    return compare(firstLot(a), firstLot(b))
  }
  return (a.event as EventReference).recordedAt < (b.event as EventReference).recordedAt ? -1 : 1
}

const firstLot = ({ lots }: Unbalanced): string => (lots[0] as LineLot).lotId
