/** Our side of a reconciliation: the redemptions of a program with their credits, in the order of a statement's lines. */
import { type Fact, Ids, OurRecords, Points, type RedemptionEvent, type SourceRecord } from "@pointback/domain"
import { Effect } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import * as EventCodec from "../eventStore/EventCodec.ts"
import { type DrawTuple, fromTuple } from "../eventStore/Snapshot.ts"
import { sortKey } from "../statement/StatementRecord.ts"

/** An account of ours. */
export interface OwnAccount {
  readonly number: Ids.AccountNumber
  readonly key: Ids.AccountKey
  readonly partition: number
}

/** A redemption of ours. */
export interface OwnGroup {
  readonly key: string
  readonly account: OwnAccount
  readonly redemption: string
  /** Read when somebody asks, since a row that cannot be read must not keep the others. Throws there. */
  readonly records: () => ReadonlyArray<SourceRecord.SourceRecord>
}

/** Accounts that are looked at together. */
const ACCOUNTS = 500

/** Redemptions of one page. */
const REDEMPTIONS = 10_000

/** Where a reading is. */
export interface Place {
  readonly account: string
  /** Null behind all redemptions of the account. */
  readonly redemption: string | null
}

/** Accounts behind the place, in the order of their numbers' bytes; the place's own where its redemptions go on. */
export const accounts = (
  program: Ids.ProgramId,
  after: Place | null,
  limit = ACCOUNTS
): Effect.Effect<ReadonlyArray<OwnAccount>, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) =>
    query(async (kysely, signal) => {
      const behind =
        after === null
          ? sql`true`
          : after.redemption === null
            ? sql`account_number collate "C" > ${after.account}`
            : sql`account_number collate "C" >= ${after.account}`
      const found = await Rows.ask<{ number: string; key: string; partition: number }>(
        kysely,
        sql`select account_number as number, account_key as key, partition from ${sql.id(schema, "account_numbers")}
          where program = ${program} and ${behind} order by account_number collate "C" limit ${sql.lit(limit)}`,
        signal
      )
      return found.map(({ key, number, partition }) => ({
        number: number as Ids.AccountNumber,
        key: key as Ids.AccountKey,
        partition
      }))
    })
  )

type Row = readonly [
  number: string,
  redemption: string,
  points: string,
  redeemedAt: string,
  draws: ReadonlyArray<DrawTuple>,
  events: ReadonlyArray<StoredRow> | null
]

type StoredRow = readonly [
  type: string,
  schemaVersion: number,
  occurredAt: string,
  recordedAt: string,
  eventId: string,
  payload: unknown
]

// A redemption that has one event was never credited, which is most of them. Those of the page are found first, so that
// events are looked up for them alone. `offset 0` has each account looked up by its key: joined as a whole, the table would
// be read once for each page.
const question = (
  schema: string,
  program: Ids.ProgramId,
  of: ReadonlyArray<OwnAccount>,
  after: Place | null,
  limit: number
) => {
  const behind =
    after === null || after.redemption === null
      ? sql`true`
      : sql`(n.number collate "C", r.redemption_id) > (${after.account}::text, ${after.redemption}::text)`
  return sql<Rows.TextRow>`
  with page as materialized (
    select n.number, r.*
    from unnest(${of.map(({ number }) => number)}::text[], ${of.map(({ key }) => key)}::text[],
        ${of.map(({ partition }) => partition)}::int[]) as n(number, account_key, partition)
    cross join lateral (
      select r.partition, r.account_key, r.redemption_id, r.points, r.redeemed_at, r.version, r.draws
      from ${sql.id(schema, "redemptions")} r
      where (r.partition, r.program, r.account_key) = (n.partition, ${program}::text, n.account_key) and ${behind}
      offset 0
    ) r
    order by n.number collate "C", r.redemption_id limit ${sql.lit(limit)}
  )
  select json_build_array(p.number, p.redemption_id, p.points::text,
    ${sql.id(schema, "micros")}(p.redeemed_at)::text, p.draws, case when p.version > 1 then (
      select json_agg(json_build_array(e.type, e.schema_version, ${sql.id(schema, "micros")}(e.occurred_at)::text,
        ${sql.id(schema, "micros")}(e.recorded_at)::text, e.event_id, e.payload) order by e.version)
      from ${sql.id(schema, "events")} e
      where (e.partition, e.program, e.account_key) = (p.partition, ${program}::text, p.account_key)
        and e.stream = 'redemption:' || p.redemption_id and e.version > 1
    ) end)::text as row
  from page p order by p.number collate "C", p.redemption_id`
}

/** What a page has, and where the next one begins; null behind the last one. */
export interface Page {
  readonly groups: ReadonlyArray<OwnGroup>
  readonly next: { readonly accounts: ReadonlyArray<OwnAccount>; readonly after: Place | null } | null
}

/** Redemptions of the accounts behind the place; where those are through, of the accounts behind them. */
export const page = (
  program: Ids.ProgramId,
  { accounts: given, after }: { readonly accounts: ReadonlyArray<OwnAccount>; readonly after: Place | null },
  limit = REDEMPTIONS
): Effect.Effect<Page, DatabaseError, Database> =>
  Effect.gen(function* () {
    const { query, schema } = yield* Database
    const of = given.length > 0 ? given : yield* accounts(program, after)
    const last = of.at(-1)
    if (last === undefined) return { groups: [], next: null }
    const { rows } = yield* query((kysely, signal) =>
      question(schema, program, of, after, limit).execute(kysely, { signal })
    )
    const byNumber = new Map(of.map((account) => [account.number as string, account]))
    const groups = rows.map(({ row }) => groupOf(JSON.parse(row) as Row, byNumber))
    const end = groups.at(-1)
    const next =
      end === undefined || groups.length < limit
        ? { accounts: [], after: { account: last.number, redemption: null } }
        : { accounts: of, after: { account: end.account.number, redemption: end.redemption } }
    return { groups, next }
  })

/** The accounts that have some of these numbers, by number. */
export const byNumbers = (
  program: Ids.ProgramId,
  numbers: ReadonlyArray<string>
): Effect.Effect<ReadonlyMap<string, OwnAccount>, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) =>
    query(async (kysely, signal) => {
      const found = await Rows.ask<{ number: Ids.AccountNumber; key: Ids.AccountKey; partition: number }>(
        kysely,
        sql`select account_number as number, account_key as key, partition from ${sql.id(schema, "account_numbers")}
          where program = ${program} and account_number = any(${numbers}::text[])`,
        signal
      )
      return new Map(found.map((account) => [account.number as string, account]))
    })
  )

/** Every redemption of some accounts, which must be few. */
export const ofAccounts = (
  program: Ids.ProgramId,
  of: ReadonlyArray<OwnAccount>
): Effect.Effect<ReadonlyArray<OwnGroup>, DatabaseError, Database> =>
  Effect.gen(function* () {
    const groups: Array<OwnGroup> = []
    let after: Place | null = null
    for (;;) {
      const found: Page = yield* page(program, { accounts: of, after })
      groups.push(...found.groups)
      if (found.next === null || found.next.after?.redemption === null) return groups
      after = found.next.after
    }
  })

const groupOf = (row: Row, byNumber: ReadonlyMap<string, OwnAccount>): OwnGroup => {
  const [number, redemption] = row
  return {
    key: sortKey(number, redemption),
    account: byNumber.get(number) as OwnAccount,
    redemption,
    records: () => recordsOf(row)
  }
}

const recordsOf = ([
  ,
  redemptionId,
  points,
  redeemedAt,
  draws,
  events
]: Row): ReadonlyArray<SourceRecord.SourceRecord> =>
  OurRecords.ofRedemption(
    {
      redemptionId: redemptionId as Ids.RedemptionId,
      points: Points.fromStringUnsafe(points),
      redeemedAt: BigInt(redeemedAt),
      draws: draws.map(fromTuple)
    },
    (events ?? []).map(eventOf)
  )

const eventOf = ([type, schemaVersion, occurredAt, recordedAt, eventId, payload]: StoredRow): OurRecords.OurEvent => ({
  event: EventCodec.fromStored(type, schemaVersion, payload) as Fact.Event as RedemptionEvent.RedemptionEvent,
  occurredAt: BigInt(occurredAt),
  recordedAt: BigInt(recordedAt),
  eventId
})
