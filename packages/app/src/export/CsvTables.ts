/** The ledger as CSV tables: postings, lots and events. */
import type { EventStore, ProgramLedger } from "@pointback/adapters"
import { EventCodec } from "@pointback/adapters"
import { Fact, Instant, Points } from "@pointback/domain"
import * as Csv from "../table/Csv.ts"

const instant = (at: Instant.Instant | null): string | null => (at === null ? null : Instant.toString(at))

export const JOURNAL_HEAD = Csv.line([
  "account",
  "event",
  "type",
  "partition",
  "position",
  "line",
  "occurredAt",
  "recordedAt",
  "debit",
  "credit",
  "lot",
  "redemption",
  "creditId",
  "points",
  "policyVersion",
  "actor"
])

/** A posting a line: so many points from the account that is debited to the one that is credited. */
export const journal = (entry: ProgramLedger.LedgerEntry): string =>
  entry.postings
    .map(({ credit, debit, lotId, points, redemptionId }, index) =>
      Csv.line([
        entry.account,
        entry.eventId,
        entry.type,
        entry.partition,
        entry.position,
        index + 1,
        instant(entry.occurredAt),
        instant(entry.recordedAt),
        debit,
        credit,
        lotId,
        redemptionId,
        entry.creditId,
        Points.toString(points),
        entry.policyVersion,
        entry.actor
      ])
    )
    .join("")

export const LOTS_HEAD = Csv.line([
  "account",
  "lot",
  "earnedAt",
  "expiresAt",
  "earned",
  "adjusted",
  "drawn",
  "restored",
  "expiredOnReversal",
  "expiredByTime",
  "balance"
])

export const lot = (one: ProgramLedger.LedgerLot): string =>
  Csv.line([
    one.account,
    one.lotId,
    instant(one.earnedAt),
    instant(one.expiresAt),
    ...[one.earned, one.adjusted, one.drawn, one.restored, one.expiredOnReversal, one.expiredByTime, one.balance].map(
      Points.toString
    )
  ])

export const EVENTS_HEAD = Csv.line([
  "account",
  "partition",
  "position",
  "event",
  "stream",
  "version",
  "accountVersion",
  "type",
  "occurredAt",
  "recordedAt",
  "correlationId",
  "causationId",
  "idempotencyKey",
  "actor",
  "payload"
])

export const event = (stored: EventStore.StoredEvent): string =>
  Csv.line([
    stored.account.key,
    stored.account.partition,
    stored.position,
    stored.eventId,
    Fact.streamName(stored.fact.stream),
    stored.version,
    stored.accountVersion,
    stored.fact.event._tag,
    instant(stored.fact.occurredAt),
    instant(stored.recordedAt),
    stored.correlationId,
    stored.causationId,
    stored.idempotencyKey,
    stored.actor,
    EventCodec.toPayload(stored.fact.event)
  ])

export const NUMBERS_HEAD = Csv.line(["account", "number"])

export const numbers = ({ account, numbers: known }: ProgramLedger.NumberedAccount): string =>
  known.map((number) => Csv.line([account, number])).join("")
