/**
 * Appends the facts of some commands in one statement: accounts' versions, the partition's head, events, postings, read
 * models and keys, each table's rows as one JSON parameter. One statement is one round trip and one commit; the head is
 * held no longer than it takes, and the statement's text, and so its plan, does not depend on the number of rows.
 *
 * A command whose account has moved on is left out, and its neighbours are none the worse for it.
 */
import { Fact, Instant, Journal, Points } from "@pointback/domain"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Tables } from "../database/Tables.ts"
import * as EventCodec from "./EventCodec.ts"
import type { AccountRef, AppendRequest, StoredEvent } from "./EventStore.ts"
import { changes } from "./Projection.ts"
import { lotRow, redemptionRow } from "./ReadModelRow.ts"

/** A command's append, made ready. Commands of one batch are of different accounts. */
export interface Prepared {
  readonly account: AccountRef
  readonly request: AppendRequest
  readonly eventIds: ReadonlyArray<string>
}

/** What became of a command: its stored events, or undefined where its account has moved on. */
export type Appended = ReadonlyArray<StoredEvent> | undefined

/** Appends a batch; answers in the order of its commands. */
export const append = async (
  kysely: Kysely<Tables>,
  batch: ReadonlyArray<Prepared>
): Promise<ReadonlyArray<Appended>> => {
  const ready = batch.map(withVersions)
  const { rows } = await statement(ready).execute(kysely)
  const places = new Map(rows.map((row) => [row.command, row]))
  return ready.map((command, index) => {
    const place = places.get(index)
    return place === undefined ? undefined : storedEvents(command, place)
  })
}

interface Versioned {
  readonly fact: Fact.Fact
  readonly origin: AppendRequest["facts"][number]["origin"]
  readonly eventId: string
  readonly version: number
  readonly accountVersion: number
}

interface Ready extends Prepared {
  readonly events: ReadonlyArray<Versioned>
}

/** Hands out the versions that follow those of the decision. */
const withVersions = (prepared: Prepared): Ready => {
  const { eventIds, request } = prepared
  const streams = new Map(request.loaded.streams)
  const events = request.facts.map(({ fact, origin }, index): Versioned => {
    const stream = Fact.streamName(fact.stream)
    const version = (streams.get(stream) ?? 0) + 1
    streams.set(stream, version)
    const accountVersion = request.loaded.version + index + 1
    return { fact, origin, eventId: eventIds[index] as string, version, accountVersion }
  })
  return { ...prepared, events }
}

/** Where a command's events stand: after which position, and when the last of them was recorded. */
interface Place {
  readonly command: number
  readonly before: number | null
  readonly recorded_at: string | null
}

const storedEvents = ({ account, events }: Ready, { before, recorded_at }: Place): ReadonlyArray<StoredEvent> => {
  if (before === null || recorded_at === null) return []
  const last = Instant.fromStringUnsafe(recorded_at)
  return events.map(({ accountVersion, eventId, fact, origin, version }, index) => ({
    account,
    position: before + index + 1,
    eventId,
    version,
    accountVersion,
    fact,
    recordedAt: last - BigInt(events.length - 1 - index),
    ...origin
  }))
}

const commandRows = (batch: ReadonlyArray<Ready>) =>
  batch.map(({ account, events, request }, command) => ({
    command,
    partition: account.partition,
    program: account.program,
    account_key: account.key,
    expected: request.loaded.version,
    count: events.length
  }))

const eventRows = (batch: ReadonlyArray<Ready>) =>
  batch.flatMap(({ events }, command) =>
    events.map(({ accountVersion, eventId, fact, origin, version }, index) => ({
      command,
      index,
      event_id: eventId,
      stream: Fact.streamName(fact.stream),
      version,
      account_version: accountVersion,
      ...EventCodec.toStored(fact.event),
      schema_version: Fact.SCHEMA_VERSION,
      occurred_at: Instant.toString(fact.occurredAt),
      correlation_id: origin.correlationId,
      causation_id: origin.causationId,
      idempotency_key: origin.idempotencyKey,
      actor: origin.actor
    }))
  )

/** The columns of a fact's postings that the fact alone decides. */
export const postingRows = (fact: Fact.Fact) =>
  Journal.entry(fact).map((posting, index) => ({
    line: index + 1,
    debit: posting.debit,
    credit: posting.credit,
    lot_id: posting.lotId,
    redemption_id: posting.redemptionId,
    points: Points.toString(posting.points),
    occurred_at: Instant.toString(fact.occurredAt)
  }))

/** The rows of every table, each with the number of its command. */
const rowsOf = (batch: ReadonlyArray<Ready>) => {
  const derived = batch.map(({ events }) => changes(events.map(({ fact }) => fact)))
  const lots = derived.flatMap(({ lots }, command) => lots.map((lot) => ({ command, ...lotRow(lot) })))
  const redemptions = derived.flatMap(({ redemptions }, command) =>
    redemptions.map((redemption) => ({
      command,
      ...redemptionRow(redemption),
      // What is in flight may stay as it is: an outcome that is unknown keeps what its request held.
      keeps_pending: redemption.pending === undefined
    }))
  )
  return {
    commands: commandRows(batch),
    events: eventRows(batch),
    postings: batch.flatMap(({ events }, command) =>
      events.flatMap(({ fact }, index) => postingRows(fact).map((row) => ({ command, index, ...row })))
    ),
    newLots: lots.filter((lot) => lot.opened_at !== null),
    changedLots: lots.filter((lot) => lot.opened_at === null),
    newRedemptions: redemptions.filter((redemption) => redemption.redeemed_at !== null),
    changedRedemptions: redemptions.filter((redemption) => redemption.redeemed_at === null),
    keys: batch.flatMap(({ request }, command) => request.keys.map((key) => ({ command, ...key })))
  }
}

// `taken` are the commands whose account is still at the version that they were decided on. Positions have no gaps and
// recordedAt increases with them, whatever the clock does, since both are taken under the head (semantics, section 3).
const places = (commands: ReadonlyArray<unknown>) => sql`
  commands as (
    select * from json_to_recordset(${JSON.stringify(commands)}::json) as r (
      command int, partition int, program text, account_key text, expected bigint, count int)
  ), taken as (
    update accounts a set version = a.version + c.count from commands c
    where a.partition = c.partition and a.program = c.program and a.account_key = c.account_key
      and a.version = c.expected
    returning c.command, c.partition, c.program, c.account_key, c.count
  ), heads as (
    update log_heads h set position = h.position + t.count,
      recorded_at = greatest(current_instant(), h.recorded_at + interval '1 microsecond')
        + (t.count - 1) * interval '1 microsecond'
    from (select partition, sum(count)::bigint as count from taken group by partition having sum(count) > 0) t
    where h.partition = t.partition
    returning h.partition, h.position - t.count as before, h.recorded_at, t.count
  ), placed as (
    select t.command, t.partition, t.program, t.account_key, t.count,
      (h.before + t.upto - t.count)::bigint as before,
      h.recorded_at - (h.count - t.upto) * interval '1 microsecond' as recorded_at
    from (select *, sum(count) over (partition by partition order by command) as upto from taken) t
    join heads h on h.partition = t.partition
    where t.count > 0
  )`

const newEvents = (rows: ReadonlyArray<unknown>) => sql`
  new_events as (
    insert into events (partition, position, program, account_key, event_id, stream, version, account_version, type,
      schema_version, payload, occurred_at, recorded_at, correlation_id, causation_id, idempotency_key, actor)
    select p.partition, p.before + r.index + 1, p.program, p.account_key, r.event_id, r.stream, r.version,
      r.account_version, r.type, r.schema_version, r.payload, r.occurred_at,
      p.recorded_at - (p.count - 1 - r.index) * interval '1 microsecond',
      r.correlation_id, r.causation_id, r.idempotency_key, r.actor
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (
      command int, index int, event_id uuid, stream text, version bigint, account_version bigint, type text,
      schema_version int, payload jsonb, occurred_at timestamptz, correlation_id text, causation_id text,
      idempotency_key text, actor text)
    join placed p on p.command = r.command
  )`

const newPostings = (rows: ReadonlyArray<unknown>) => sql`
  new_postings as (
    insert into postings (partition, position, line, program, account_key, debit, credit, lot_id, redemption_id, points,
      occurred_at, recorded_at)
    select p.partition, p.before + r.index + 1, r.line, p.program, p.account_key, r.debit, r.credit, r.lot_id,
      r.redemption_id, r.points, r.occurred_at, p.recorded_at - (p.count - 1 - r.index) * interval '1 microsecond'
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (
      command int, index int, line int, debit text, credit text, lot_id text, redemption_id text, points numeric,
      occurred_at timestamptz)
    join placed p on p.command = r.command
  )`

const LOT = sql`command int, lot_id text, earned_at timestamptz, expires_at timestamptz, opened_at timestamptz,
  total numeric, granted numeric, booked numeric, swept boolean`

const lotTables = (fresh: ReadonlyArray<unknown>, changed: ReadonlyArray<unknown>) => sql`
  new_lots as (
    insert into lots (partition, program, account_key, lot_id, earned_at, expires_at, opened_at, total, granted, booked,
      swept)
    select t.partition, t.program, t.account_key, r.lot_id, r.earned_at, r.expires_at, r.opened_at, r.total, r.granted,
      r.booked, r.swept
    from json_to_recordset(${JSON.stringify(fresh)}::json) as r (${LOT}) join taken t on t.command = r.command
  ), lot_changes as (
    select t.partition, t.program, t.account_key, r.*
    from json_to_recordset(${JSON.stringify(changed)}::json) as r (${LOT}) join taken t on t.command = r.command
  ), changed_lots as (
    update lots l set total = l.total + r.total, granted = l.granted + r.granted, booked = l.booked + r.booked,
      swept = l.swept or r.swept
    from lot_changes r
    where l.partition = r.partition and l.program = r.program and l.account_key = r.account_key and l.lot_id = r.lot_id
    returning 1
  )`

const REDEMPTION = sql`command int, redemption_id text, redemption_type text, processed_by text, redeemed_at timestamptz,
  points numeric, credited numeric, keeps_pending boolean, pending numeric, pending_credit text, state text`

const redemptionTables = (fresh: ReadonlyArray<unknown>, changed: ReadonlyArray<unknown>) => sql`
  new_redemptions as (
    insert into redemptions (partition, program, account_key, redemption_id, redemption_type, processed_by, redeemed_at,
      points, credited, pending, pending_credit, state)
    select t.partition, t.program, t.account_key, r.redemption_id, r.redemption_type, r.processed_by, r.redeemed_at,
      r.points, r.credited, r.pending, r.pending_credit, r.state
    from json_to_recordset(${JSON.stringify(fresh)}::json) as r (${REDEMPTION}) join taken t on t.command = r.command
  ), redemption_changes as (
    select t.partition, t.program, t.account_key, r.*
    from json_to_recordset(${JSON.stringify(changed)}::json) as r (${REDEMPTION}) join taken t on t.command = r.command
  ), changed_redemptions as (
    update redemptions x set credited = x.credited + r.credited, state = r.state,
      pending = case when r.keeps_pending then x.pending else r.pending end,
      pending_credit = case when r.keeps_pending then x.pending_credit else r.pending_credit end
    from redemption_changes r
    where x.partition = r.partition and x.program = r.program and x.account_key = r.account_key
      and x.redemption_id = r.redemption_id
    returning 1
  )`

const newKeys = (rows: ReadonlyArray<unknown>) => sql`
  new_keys as (
    insert into idempotency_keys (partition, program, account_key, kind, key, content, refusal)
    select t.partition, t.program, t.account_key, r.kind, r.key, r.content, nullif(r.refusal, 'null'::jsonb)
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (
      command int, kind text, key text, content text, refusal jsonb)
    join taken t on t.command = r.command
  )`

// A decision that moves points of a lot or a redemption without a row means that the read models are not those of the
// events: the whole statement is refused.
const statement = (batch: ReadonlyArray<Ready>) => {
  const rows = rowsOf(batch)
  return sql<Place>`
    with ${places(rows.commands)}, ${newEvents(rows.events)}, ${newPostings(rows.postings)},
      ${lotTables(rows.newLots, rows.changedLots)},
      ${redemptionTables(rows.newRedemptions, rows.changedRedemptions)}, ${newKeys(rows.keys)}
    select t.command, p.before, p.recorded_at,
      case when (select count(*) from changed_lots) <> (select count(*) from lot_changes)
          or (select count(*) from changed_redemptions) <> (select count(*) from redemption_changes)
        then refuse_append() end as refused
    from taken t left join placed p on p.command = t.command`
}
