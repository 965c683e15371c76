/** A break as it is kept, and the forms in which it goes into the database and comes out of it. */
import { Instant, Points, type ReconciliationBreak, type SourceRecord } from "@pointback/domain"
import { createHash } from "node:crypto"
import type { OwnAccount } from "./OwnRecords.ts"

/** Characters of a break's id: sixty bits more than a program will ever have breaks. */
const ID_LENGTH = 24

/**
 * What a break is known by over all runs. It has our key of the account in it, which stays when its number is replaced; the
 * number of an account that we do not know cannot be read from it.
 */
export const idOf = (program: string, { identity }: ReconciliationBreak.Break): string =>
  createHash("sha256").update(program).update("\0").update(identity).digest("hex").slice(0, ID_LENGTH)

/** A break with whose it is: an account that we know, or the number of one that we do not. */
export interface FoundBreak {
  readonly id: string
  readonly found: ReconciliationBreak.Break
  readonly account: OwnAccount | null
  /** The account's present number. */
  readonly number: string
}

/** A record as evidence: the same form on both sides, without what a source does not say. */
export interface Evidence {
  readonly kind: "redemption" | "credit"
  readonly redemption: string | null
  readonly credit: string | null
  readonly points: string
  readonly at: string
  readonly reference: string | null
  readonly status: string
  readonly remaining: string | null
  readonly lots: ReadonlyArray<{
    readonly lot: string
    readonly points: string
    readonly expiresAt?: string | null
  }> | null
  readonly event: string | null
}

/** What is stored of a record as evidence: amounts and instants as text, no account number. */
export const evidenceOf = (record: SourceRecord.SourceRecord): Evidence => ({
  kind: record.kind,
  redemption: record.redemption,
  credit: record.credit,
  points: Points.toString(record.points),
  at: Instant.toString(record.at),
  reference: record.reference,
  status: record.status,
  remaining: record.remaining === null ? null : Points.toString(record.remaining),
  lots: record.lots === null ? null : record.lots.map(lotOf),
  event: record.eventId
})

const lotOf = ({ expiresAt, lot, points }: SourceRecord.RecordLot) => ({
  lot,
  points: Points.toString(points),
  ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : Instant.toString(expiresAt) })
})

/** A break as it is read back. */
export interface StoredBreak {
  readonly id: string
  readonly type: ReconciliationBreak.BreakType
  /** The account's number; its key where the number was erased. */
  readonly account: string
  readonly redemption: string | null
  readonly credit: string | null
  readonly points: string | null
  readonly here: ReadonlyArray<Evidence>
  readonly there: ReadonlyArray<Evidence>
  readonly since: Instant.Instant
  readonly remedy: ReconciliationBreak.Remedy
  readonly reason: string
  readonly state: "open" | "closed" | "accepted"
  readonly firstSeen: Instant.Instant
  readonly lastSeen: Instant.Instant
  readonly lastRun: string
}

/** Whole days of 24 hours since a break happened, at an instant. */
export const ageOf = (since: Instant.Instant, at: Instant.Instant): number =>
  at <= since ? 0 : Number((at - since) / Instant.MICROS_PER_DAY)
