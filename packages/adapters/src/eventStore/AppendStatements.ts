/**
 * Appends one account's facts inside the current transaction: heads, events, postings, read models, keys. Rows go in as
 * one JSON parameter per table, so that a statement's text, and its plan, do not depend on their number.
 */
import { Fact, Instant, Journal, Points } from "@pointback/domain"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Tables } from "../database/Tables.ts"
import { fromStoredEvent, place } from "./EventRow.ts"
import type { AccountRef, AppendRequest, KeyRecord, StoredEvent } from "./EventStore.ts"
import type { LotChange, RedemptionChange } from "./Projection.ts"
import { changes } from "./Projection.ts"
import { lotRow, redemptionRow } from "./ReadModelRow.ts"

/** Takes the account's next versions; false where somebody else has taken them. */
export const advanceAccount = async (
  kysely: Kysely<Tables>,
  account: AccountRef,
  version: number,
  count: number
): Promise<boolean> => {
  const updated = await sql`
    update accounts set version = version + ${count}
    where partition = ${account.partition} and program = ${account.program} and account_key = ${account.key}
      and version = ${version}`.execute(kysely)
  return updated.numAffectedRows === 1n
}

/** Creates an account with its first versions taken; false where the program's scale is no longer that of the policy. */
export const createAccount = async (
  kysely: Kysely<Tables>,
  account: AccountRef,
  { loaded, target }: AppendRequest,
  count: number
): Promise<boolean> => {
  const { key, partition, program } = account
  await sql`
    insert into programs (program, scale) values (${program}, ${loaded.policy.scale})
    on conflict (program) do nothing`.execute(kysely)
  // Whoever changes the scale locks this row and looks for accounts; we lock it and look at the scale.
  const held = await sql<{ scale: number }>`select scale from programs where program = ${program} for share`.execute(
    kysely
  )
  if (held.rows[0]?.scale !== loaded.policy.scale) return false
  await sql`
    insert into account_numbers (program, account_number, partition, account_key)
    values (${program}, ${target.account}, ${partition}, ${key})`.execute(kysely)
  await sql`
    insert into accounts (partition, program, account_key, version)
    values (${partition}, ${program}, ${key}, ${count})`.execute(kysely)
  return true
}

interface Head {
  /** The position before the first of the new events. */
  readonly position: number
  /** The instant at which the last of the new events is recorded. */
  readonly recordedAt: Instant.Instant
}

// Taking the head serialises the partition until we commit: positions have no gaps, and recordedAt increases with them
// whatever the clock does (semantics, section 3).
const takeHead = async (kysely: Kysely<Tables>, partition: number, count: number): Promise<Head> => {
  const taken = await sql<{ position: number; recorded_at: string }>`
    update log_heads set position = position + ${count},
      recorded_at = greatest(current_instant(), recorded_at + interval '1 microsecond')
        + ${count - 1} * interval '1 microsecond'
    where partition = ${partition} returning position, recorded_at`.execute(kysely)
  const row = taken.rows[0]
  if (row === undefined) throw new Error(`the log has no partition ${partition}`)
  return { position: row.position - count, recordedAt: Instant.fromStringUnsafe(row.recorded_at) }
}

/** Writes the events and everything that is derived from them; the account's versions have been taken. */
export const write = async (
  kysely: Kysely<Tables>,
  account: AccountRef,
  request: AppendRequest,
  eventIds: ReadonlyArray<string>
): Promise<ReadonlyArray<StoredEvent>> => {
  const { facts, keys, loaded } = request
  if (facts.length === 0) {
    await insertKeys(kysely, account, keys)
    return []
  }
  const streamVersion = await streamVersions(kysely, account, request)
  const head = await takeHead(kysely, account.partition, facts.length)
  const stored = facts.map(({ fact, origin }, index) =>
    place(fact, origin, {
      account,
      position: head.position + index + 1,
      eventId: eventIds[index] as string,
      version: streamVersion(fact.stream),
      accountVersion: loaded.version + index + 1,
      recordedAt: head.recordedAt - BigInt(facts.length - 1 - index)
    })
  )
  await insertEvents(kysely, stored)
  await insertPostings(kysely, stored)
  const { lots, redemptions } = changes(facts.map(({ fact }) => fact))
  await insertLots(
    kysely,
    account,
    lots.filter((lot) => lot.opens !== null)
  )
  await updateLots(
    kysely,
    account,
    lots.filter((lot) => lot.opens === null)
  )
  await insertRedemptions(
    kysely,
    account,
    redemptions.filter((redemption) => redemption.opens !== null)
  )
  await updateRedemptions(
    kysely,
    account,
    redemptions.filter((redemption) => redemption.opens === null)
  )
  await insertKeys(kysely, account, keys)
  return stored
}

/** Hands out the next version of each stream. */
const streamVersions = async (
  kysely: Kysely<Tables>,
  account: AccountRef,
  { facts }: AppendRequest
): Promise<(stream: Fact.Stream) => number> => {
  const names = Array.from(new Set(facts.map(({ fact }) => Fact.streamName(fact.stream))))
  const rows = await sql<{ stream: string; version: number }>`
    select s.stream, coalesce((
      select e.version from events e
      where e.partition = ${account.partition} and e.program = ${account.program} and e.account_key = ${account.key}
        and e.stream = s.stream
      order by e.version desc limit 1), 0) as version
    from json_array_elements_text(${JSON.stringify(names)}::json) as s (stream)`.execute(kysely)
  const versions = new Map(rows.rows.map((row) => [row.stream, row.version]))
  return (stream) => {
    const name = Fact.streamName(stream)
    const next = (versions.get(name) ?? 0) + 1
    versions.set(name, next)
    return next
  }
}

const insertEvents = (kysely: Kysely<Tables>, stored: ReadonlyArray<StoredEvent>) =>
  sql`
    insert into events (partition, position, program, account_key, event_id, stream, version, account_version, type,
      schema_version, payload, occurred_at, recorded_at, correlation_id, causation_id, idempotency_key, actor)
    select partition, position, program, account_key, event_id, stream, version, account_version, type,
      schema_version, payload, occurred_at, recorded_at, correlation_id, causation_id, idempotency_key, actor
    from json_to_recordset(${JSON.stringify(stored.map(fromStoredEvent))}::json) as r (
      partition int, position bigint, program text, account_key text, event_id uuid, stream text, version bigint,
      account_version bigint, type text, schema_version int, payload jsonb, occurred_at timestamptz,
      recorded_at timestamptz, correlation_id text, causation_id text, idempotency_key text, actor text)`.execute(
    kysely
  )

const insertPostings = async (kysely: Kysely<Tables>, stored: ReadonlyArray<StoredEvent>): Promise<void> => {
  const rows = stored.flatMap(postingRows)
  if (rows.length === 0) return
  await sql`
    insert into postings (partition, position, line, program, account_key, debit, credit, lot_id, redemption_id, points,
      occurred_at, recorded_at)
    select partition, position, line, program, account_key, debit, credit, lot_id, redemption_id, points,
      occurred_at, recorded_at
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (
      partition int, position bigint, line int, program text, account_key text, debit text, credit text, lot_id text,
      redemption_id text, points numeric, occurred_at timestamptz, recorded_at timestamptz)`.execute(kysely)
}

/** The rows of `postings` that belong to an event. */
export const postingRows = ({ account, fact, position, recordedAt }: StoredEvent) =>
  Journal.entry(fact).map((posting, index) => ({
    partition: account.partition,
    position,
    line: index + 1,
    program: account.program,
    account_key: account.key,
    debit: posting.debit,
    credit: posting.credit,
    lot_id: posting.lotId,
    redemption_id: posting.redemptionId,
    points: Points.toString(posting.points),
    occurred_at: Instant.toString(fact.occurredAt),
    recorded_at: Instant.toString(recordedAt)
  }))

const insertLots = async (kysely: Kysely<Tables>, account: AccountRef, lots: ReadonlyArray<LotChange>) => {
  if (lots.length === 0) return
  await sql`
    insert into lots (partition, program, account_key, lot_id, earned_at, expires_at, opened_at, total, granted, booked,
      swept)
    select ${account.partition}, ${account.program}, ${account.key}, lot_id, earned_at, expires_at, opened_at, total,
      granted, booked, swept
    from json_to_recordset(${JSON.stringify(lots.map(lotRow))}::json) as r (
      lot_id text, earned_at timestamptz, expires_at timestamptz, opened_at timestamptz, total numeric, granted numeric, booked numeric,
      swept boolean)`.execute(kysely)
}

const updateLots = async (kysely: Kysely<Tables>, account: AccountRef, lots: ReadonlyArray<LotChange>) => {
  if (lots.length === 0) return
  const updated = await sql`
    update lots l set total = l.total + r.total, granted = l.granted + r.granted, booked = l.booked + r.booked,
      swept = l.swept or r.swept
    from json_to_recordset(${JSON.stringify(lots.map(lotRow))}::json) as r (
      lot_id text, total numeric, granted numeric, booked numeric, swept boolean)
    where l.partition = ${account.partition} and l.program = ${account.program} and l.account_key = ${account.key}
      and l.lot_id = r.lot_id`.execute(kysely)
  expectRows("lots", updated.numAffectedRows, lots.length)
}

const insertRedemptions = async (
  kysely: Kysely<Tables>,
  account: AccountRef,
  redemptions: ReadonlyArray<RedemptionChange>
) => {
  if (redemptions.length === 0) return
  await sql`
    insert into redemptions (partition, program, account_key, redemption_id, redemption_type, processed_by, redeemed_at,
      points, credited, pending, pending_credit, state)
    select ${account.partition}, ${account.program}, ${account.key}, redemption_id, redemption_type, processed_by,
      redeemed_at, points, credited, pending, pending_credit, state
    from json_to_recordset(${JSON.stringify(redemptions.map(redemptionRow))}::json) as r (
      redemption_id text, redemption_type text, processed_by text, redeemed_at timestamptz, points numeric,
      credited numeric, pending numeric, pending_credit text, state text)`.execute(kysely)
}

// What is in flight may stay as it is: an outcome that is unknown keeps what its request held.
const changedRow = (redemption: RedemptionChange) => ({
  ...redemptionRow(redemption),
  keeps_pending: redemption.pending === undefined
})

const updateRedemptions = async (
  kysely: Kysely<Tables>,
  account: AccountRef,
  redemptions: ReadonlyArray<RedemptionChange>
) => {
  if (redemptions.length === 0) return
  const updated = await sql`
    update redemptions x set credited = x.credited + r.credited, state = r.state,
      pending = case when r.keeps_pending then x.pending else r.pending end,
      pending_credit = case when r.keeps_pending then x.pending_credit else r.pending_credit end
    from json_to_recordset(${JSON.stringify(redemptions.map(changedRow))}::json) as r (
      redemption_id text, credited numeric, keeps_pending boolean, pending numeric, pending_credit text, state text)
    where x.partition = ${account.partition} and x.program = ${account.program} and x.account_key = ${account.key}
      and x.redemption_id = r.redemption_id`.execute(kysely)
  expectRows("redemptions", updated.numAffectedRows, redemptions.length)
}

const insertKeys = async (kysely: Kysely<Tables>, account: AccountRef, keys: ReadonlyArray<KeyRecord>) => {
  if (keys.length === 0) return
  await sql`
    insert into idempotency_keys (partition, program, account_key, kind, key, content, refusal)
    select ${account.partition}, ${account.program}, ${account.key}, kind, key, content, nullif(refusal, 'null'::jsonb)
    from json_to_recordset(${JSON.stringify(keys)}::json) as r (kind text, key text, content text, refusal jsonb)`.execute(
    kysely
  )
}

// A decision moved points of a lot or a redemption that has no row: the read models are not those of the events.
const expectRows = (table: string, found: bigint | undefined, expected: number): void => {
  if (found !== BigInt(expected)) {
    throw new Error(`${table}: ${expected} rows were to change and ${found} did; run \`pointback verify\``)
  }
}
