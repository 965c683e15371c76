/**
 * A redemption or a credit as one source of a reconciliation has it: our own streams, Mastercard's listing, a statement.
 *
 * @see semantics, section 9
 */
import { compare } from "../identity/Ids.ts"
import type * as Instant from "../time/Instant.ts"
import type * as Points from "../points/Points.ts"

/**
 * What a source holds for true of a record. `settled`: it happened. Of credits also: `pending`, asked for and not
 * answered yet; `unknown`, the answer was lost; `declined`, it certainly did not happen.
 */
export type RecordStatus = "settled" | "pending" | "unknown" | "declined"

/** Points of one lot that a record took or gave back. */
export interface RecordLot {
  readonly lot: string
  readonly points: Points.Points
  /** Null where the lot never expires; undefined where the source does not say. */
  readonly expiresAt: Instant.Instant | null | undefined
}

/** One record. Both sides of a reconciliation have the same form, so that neither is looked at differently. */
export interface SourceRecord {
  readonly kind: "redemption" | "credit"
  /** The redemption's id, which both sides know. Null of a credit that does not say which redemption it gives back. */
  readonly redemption: string | null
  /** Our id of the credit, where the source has it. */
  readonly credit: string | null
  readonly points: Points.Points
  readonly at: Instant.Instant
  /** The other side's own name of the record, where the source has it. */
  readonly reference: string | null
  readonly status: RecordStatus
  /** Points of the redemption that were still to be credited after the record, where the source says it. */
  readonly remaining: Points.Points | null
  /** Which lots the points were of, where the source knows lots. */
  readonly lots: ReadonlyArray<RecordLot> | null
  /** Our event that says so; null of the other side. Records are the same whatever it is. */
  readonly eventId: string | null
}

const compareInstants = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

const compareTexts = (a: string | null, b: string | null): number => compare(a ?? "", b ?? "")

/** A total order over records that differ in anything that matters, so that no input order shows in a result. */
export const order = (a: SourceRecord, b: SourceRecord): number =>
  compareTexts(a.redemption, b.redemption) ||
  -compare(a.kind, b.kind) ||
  compareInstants(a.at, b.at) ||
  compareTexts(a.reference, b.reference) ||
  compareTexts(a.credit, b.credit) ||
  compareInstants(a.points, b.points) ||
  compareTexts(a.status, b.status) ||
  compareInstants(a.remaining ?? -1n, b.remaining ?? -1n) ||
  compareTexts(lotsText(a.lots), lotsText(b.lots))

/** Whether two records of one side say the very same, so that the second adds nothing but itself. */
export const isSame = (a: SourceRecord, b: SourceRecord): boolean => order(a, b) === 0

const lotsText = (lots: SourceRecord["lots"]): string =>
  lots === null
    ? ""
    : lots
        .map(({ expiresAt, lot, points }) => `${lot}:${points}:${expiresAt === undefined ? "?" : expiresAt}`)
        .join(";")

/** How far apart two instants are, in microseconds. */
export const distance = (a: SourceRecord, b: SourceRecord): bigint => (a.at > b.at ? a.at - b.at : b.at - a.at)

/** How far apart the points of two records are. */
export const difference = (a: SourceRecord, b: SourceRecord): Points.Points =>
  a.points > b.points ? a.points - b.points : b.points - a.points
