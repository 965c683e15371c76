/**
 * A program's whole ledger, as known at an instant, in an order in which every lot stays within its bounds: account by
 * account, and of each in the order in which its entries were true.
 */
import { Ids, Instant, type Journal, Points } from "@pointback/domain"
import { Effect } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import * as Cursor from "../database/Cursor.ts"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import { moment } from "../database/Moment.ts"
import * as Rows from "../database/Rows.ts"
import type { EventRow } from "../eventStore/EventRow.ts"
import { COLUMNS, toStoredEvent } from "../eventStore/EventRow.ts"
import type { StoredEvent } from "../eventStore/EventStore.ts"

/** Which ledger. */
export interface LedgerQuestion {
  readonly program: Ids.ProgramId
  /** What was recorded by then. Must be safe (law L11), or what is read may change while it is read. */
  readonly knownAt: Instant.Instant
}

/** A posting with the aging status of its lot. */
export interface LedgerPosting extends Journal.Posting {
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
}

/** An entry: all postings of one event. */
export interface LedgerEntry {
  readonly account: Ids.AccountKey
  readonly partition: number
  /** Position in the log partition. */
  readonly position: number
  readonly eventId: string
  readonly type: string
  readonly occurredAt: Instant.Instant
  readonly recordedAt: Instant.Instant
  readonly actor: string | null
  readonly policyVersion: number | null
  readonly creditId: string | null
  readonly postings: ReadonlyArray<LedgerPosting>
}

interface PostingRow {
  readonly account_key: string
  readonly partition: number
  readonly position: number
  readonly event_id: string
  readonly type: string
  readonly occurred_at: string
  readonly recorded_at: string
  readonly actor: string | null
  readonly policy_version: number | null
  readonly credit_id: string | null
  readonly debit: Journal.LedgerAccount
  readonly credit: Journal.LedgerAccount
  readonly lot_id: string
  readonly redemption_id: string | null
  readonly points: string
  readonly earned_at: string
  readonly expires_at: string | null
}

const knownBy = (column: string, { knownAt, program }: LedgerQuestion, table: string): RawBuilder<unknown> =>
  sql`${sql.ref(`${table}.program`)} = ${program} and ${sql.ref(`${table}.${column}`)} <= ${moment(knownAt)}::timestamptz`

// A sweep that booked too much gives back before it, or a later one, takes: all of it is true at the lot's end.
const postings = (question: LedgerQuestion) => (schema: string) =>
  sql`
  select p.account_key, p.partition, p.position, e.event_id, e.type, ${Rows.utc("p.occurred_at")} as occurred_at,
    ${Rows.utc("p.recorded_at")} as recorded_at, e.actor, (e.payload->>'policyVersion')::int as policy_version,
    e.payload->>'creditId' as credit_id, p.debit, p.credit, p.lot_id, p.redemption_id, p.points::text as points,
    ${Rows.utc("l.earned_at")} as earned_at, ${Rows.utc("l.expires_at")} as expires_at
  from ${sql.id(schema, "postings")} p
  join ${sql.id(schema, "events")} e on (e.position, e.partition) = (p.position, p.partition)
  join ${sql.id(schema, "lots")} l on (l.account_key, l.lot_id, l.program, l.partition)
    = (p.account_key, p.lot_id, p.program, p.partition)
  where ${knownBy("recorded_at", question, "p")}
  order by p.account_key, p.occurred_at, (p.debit = 'expiredByTime') desc, p.position, p.line`

const toPosting = (row: PostingRow): LedgerPosting => ({
  debit: row.debit,
  credit: row.credit,
  lotId: Ids.LotId.make(row.lot_id),
  redemptionId: row.redemption_id === null ? null : Ids.RedemptionId.make(row.redemption_id),
  points: Points.fromStringUnsafe(row.points),
  earnedAt: Instant.fromStringUnsafe(row.earned_at),
  expiresAt: row.expires_at === null ? null : Instant.fromStringUnsafe(row.expires_at)
})

const toEntry = (rows: ReadonlyArray<PostingRow>): LedgerEntry => {
  const first = rows[0] as PostingRow
  return {
    account: Ids.AccountKey.make(first.account_key),
    partition: first.partition,
    position: first.position,
    eventId: first.event_id,
    type: first.type,
    occurredAt: Instant.fromStringUnsafe(first.occurred_at),
    recordedAt: Instant.fromStringUnsafe(first.recorded_at),
    actor: first.actor,
    policyVersion: first.policy_version,
    creditId: first.credit_id,
    postings: rows.map(toPosting)
  }
}

/** Hands on the entries, page by page; the postings of an entry stand together. */
export const forEachEntry = <E, R>(
  question: LedgerQuestion,
  each: (entries: ReadonlyArray<LedgerEntry>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | DatabaseError, R | Database> =>
  Effect.suspend(() => {
    // An entry may go on in the next page.
    let open: Array<PostingRow> = []
    const take = (page: ReadonlyArray<PostingRow>): ReadonlyArray<LedgerEntry> => {
      const entries: Array<LedgerEntry> = []
      for (const row of page) {
        if (open.length > 0 && open[0]?.event_id !== row.event_id) {
          entries.push(toEntry(open))
          open = []
        }
        open.push(row)
      }
      return entries
    }
    return Cursor.forEachPage<PostingRow, E, R>(postings(question), (page) => each(take(page))).pipe(
      Effect.andThen(Effect.suspend(() => (open.length === 0 ? Effect.void : each([toEntry(open)]))))
    )
  })

/** A lot, and what its ledger account comes to. */
export interface LedgerLot {
  readonly account: Ids.AccountKey
  readonly lotId: Ids.LotId
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
  readonly earned: Points.Points
  /** Signed. */
  readonly adjusted: Points.Points
  readonly drawn: Points.Points
  /** By credits, what expired at once included. */
  readonly restored: Points.Points
  readonly expiredOnReversal: Points.Points
  /** Booked by the sweep. */
  readonly expiredByTime: Points.Points
  readonly balance: Points.Points
}

interface LotRow {
  readonly account_key: string
  readonly lot_id: string
  readonly earned_at: string
  readonly expires_at: string | null
  readonly earned: string
  readonly adjusted: string
  readonly drawn: string
  readonly restored: string
  readonly expired_on_reversal: string
  readonly expired_by_time: string
  readonly balance: string
}

/** What a lot gained from postings with the given account on their other side. */
const gained = (other: Journal.LedgerAccount): RawBuilder<unknown> =>
  sql`coalesce(sum(case when p.debit = ${other} then p.points when p.credit = ${other} then -p.points end), 0)`

const lost = (other: Journal.LedgerAccount): RawBuilder<unknown> => sql`-${gained(other)}`

const lots = (question: LedgerQuestion) => (schema: string) =>
  sql`
  select m.account_key, m.lot_id, ${Rows.utc("l.earned_at")} as earned_at, ${Rows.utc("l.expires_at")} as expires_at,
    m.earned, m.adjusted, m.drawn, m.restored, m.expired_on_reversal, m.expired_by_time, m.balance
  from (
    select p.account_key, p.lot_id, p.program, p.partition,
      (${gained("issued")})::text as earned, (${gained("adjustments")})::text as adjusted,
      coalesce(sum(p.points) filter (where p.credit = 'redeemed'), 0)::text as drawn,
      coalesce(sum(p.points) filter (where p.debit = 'redeemed'), 0)::text as restored,
      (${lost("expiredOnReversal")})::text as expired_on_reversal, (${lost("expiredByTime")})::text as expired_by_time,
      sum(case when p.credit = 'lot' then p.points else -p.points end)::text as balance
    from ${sql.id(schema, "postings")} p
    where ${knownBy("recorded_at", question, "p")}
    group by p.account_key, p.lot_id, p.program, p.partition
  ) m
  join ${sql.id(schema, "lots")} l on (l.account_key, l.lot_id, l.program, l.partition)
    = (m.account_key, m.lot_id, m.program, m.partition)
  order by m.account_key, m.lot_id`

const toLot = (row: LotRow): LedgerLot => ({
  account: Ids.AccountKey.make(row.account_key),
  lotId: Ids.LotId.make(row.lot_id),
  earnedAt: Instant.fromStringUnsafe(row.earned_at),
  expiresAt: row.expires_at === null ? null : Instant.fromStringUnsafe(row.expires_at),
  earned: Points.fromStringUnsafe(row.earned),
  adjusted: Points.fromStringUnsafe(row.adjusted),
  drawn: Points.fromStringUnsafe(row.drawn),
  restored: Points.fromStringUnsafe(row.restored),
  expiredOnReversal: Points.fromStringUnsafe(row.expired_on_reversal),
  expiredByTime: Points.fromStringUnsafe(row.expired_by_time),
  balance: Points.fromStringUnsafe(row.balance)
})

/** Hands on the lots, page by page, by account and lot. */
export const forEachLot = <E, R>(
  question: LedgerQuestion,
  each: (lots: ReadonlyArray<LedgerLot>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | DatabaseError, R | Database> =>
  Cursor.forEachPage<LotRow, E, R>(lots(question), (page) => each(page.map(toLot)))

const events = (question: LedgerQuestion) => (schema: string) =>
  sql`
  select ${COLUMNS} from ${sql.id(schema, "events")} e
  where ${knownBy("recorded_at", question, "e")} order by e.account_key, e.position`

/** Hands on the program's events, page by page, by account and in the order of the log. */
export const forEachEvent = <E, R>(
  question: LedgerQuestion,
  each: (events: ReadonlyArray<StoredEvent>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | DatabaseError, R | Database> =>
  Cursor.forEachPage<EventRow, E, R>(events(question), (page) => each(page.map(toStoredEvent)))

// Nothing orders all events by the instant at which they were true: one pass over the program's, and the latest are kept.
const latest = (question: LedgerQuestion, asOf: Instant.Instant, limit: number) => (schema: string) =>
  sql`
  select ${COLUMNS} from ${sql.id(schema, "events")} e
  where ${knownBy("recorded_at", question, "e")} and e.occurred_at <= ${moment(asOf)}::timestamptz
    and e.type in ('Redeemed', 'PartiallyCredited', 'FullyCredited')
  order by e.occurred_at desc, e.recorded_at desc limit ${limit}`

/** The latest redemptions and credits as of an instant, the last one first; `limit` of them at most, which is small. */
export const latestMoves = (
  question: LedgerQuestion,
  asOf: Instant.Instant,
  limit: number
): Effect.Effect<ReadonlyArray<StoredEvent>, DatabaseError, Database> =>
  Effect.flatMap(Database, (database) =>
    database.query(async (kysely, signal) =>
      (await Rows.ask<EventRow>(kysely, latest(question, asOf, limit)(database.schema), signal)).map(toStoredEvent)
    )
  )

/** The numbers of the program's accounts, page by page, by account; erased ones have none, replaced ones several. */
export interface NumberedAccount {
  readonly account: Ids.AccountKey
  readonly numbers: ReadonlyArray<string>
}

const numbers =
  ({ program }: LedgerQuestion) =>
  (schema: string) =>
    sql`
  select n.account_key, array_agg(n.account_number order by n.account_number collate "C") as numbers
  from ${sql.id(schema, "account_numbers")} n where n.program = ${program}
  group by n.account_key order by n.account_key collate "C"`

/** Hands on the account numbers, page by page. */
export const forEachNumber = <E, R>(
  question: LedgerQuestion,
  each: (accounts: ReadonlyArray<NumberedAccount>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | DatabaseError, R | Database> =>
  Cursor.forEachPage<{ account_key: string; numbers: ReadonlyArray<string> }, E, R>(numbers(question), (page) =>
    each(page.map((row) => ({ account: Ids.AccountKey.make(row.account_key), numbers: row.numbers })))
  )
