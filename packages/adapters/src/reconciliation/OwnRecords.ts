/** Our side of a reconciliation: the redemptions of a program with their credits, in the order of a statement's lines. */
import { Fact, type Ids, OurRecords, Points, type SourceRecord } from "@pointback/domain"
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
  /**
   * Read when somebody asks, since a row that cannot be read must not keep the others. Throws there. Lots are most of what
   * there is to read, and few statements know any: without them, records say nothing of lots.
   */
  readonly records: (withLots: boolean) => ReadonlyArray<SourceRecord.SourceRecord>
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
  limit = ACCOUNTS,
  partition?: number
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
          where program = ${program} and current and ${behind} and ${ofPartition(partition)} order by account_number collate "C" limit ${sql.lit(limit)}`,
        signal
      )
      return found.map(({ key, number, partition }) => ({
        number: number as Ids.AccountNumber,
        key: key as Ids.AccountKey,
        partition
      }))
    })
  )

interface RedemptionRow {
  readonly number: string
  readonly id: string
  readonly points: string
  readonly at: string
  readonly draws: string
  readonly version: number
}

interface EventRow {
  readonly number: string
  readonly id: string
  readonly type: string
  readonly schema_version: number
  readonly occurred: string
  readonly recorded: string
  readonly event_id: string
  readonly payload: string
}

/** Accounts as rows, in their order. */
const given = (of: ReadonlyArray<OwnAccount>) => sql`
  unnest(${of.map(({ number }) => number)}::text[], ${of.map(({ key }) => key)}::text[],
    ${of.map(({ partition }) => partition)}::int[]) with ordinality as n(number, account_key, partition, place)`

// Every account is looked up by its key, one after the other: joined as a whole, the tables would be read for each page.
// The first account goes on behind the redemption that the page before ended with.
const redemptionsOf = (
  schema: string,
  program: Ids.ProgramId,
  of: ReadonlyArray<OwnAccount>,
  after: Place | null,
  limit: number
) => sql<RedemptionRow>`
  select n.number, r.id, r.points, r.at, r.draws, r.version from ${given(of)}
  cross join lateral (
    select r.redemption_id as id, r.points::text as points, ${sql.id(schema, "micros")}(r.redeemed_at)::text as at,
      r.draws::text as draws, case when r.version > 1 then 2 else 1 end as version
    from ${sql.id(schema, "redemptions")} r
    where (r.partition, r.program, r.account_key) = (n.partition, ${program}::text, n.account_key)
      and r.redemption_id > ${startOf(after, "")}
    order by r.redemption_id limit ${sql.lit(limit)}
  ) r order by n.place, r.id limit ${sql.lit(limit)}`

const startOf = (after: Place | null, prefix: string) =>
  after === null || after.redemption === null
    ? sql`${prefix}::text`
    : sql`case when n.number = ${after.account}::text then ${prefix + after.redemption}::text else ${prefix}::text end`

/** Streams of redemptions have this prefix, and nothing else has a name from it up to `STREAMS_END`. */
const STREAMS = "redemption:"
const STREAMS_END = "redemption;"

const eventsOf = (
  schema: string,
  program: Ids.ProgramId,
  of: ReadonlyArray<OwnAccount>,
  after: Place | null,
  end: Pick<RedemptionRow, "number" | "id">
) => sql<EventRow>`
  select n.number, substr(e.stream, ${sql.lit(STREAMS.length + 1)}) as id, e.type, e.schema_version, e.occurred, e.recorded,
    e.event_id, e.payload from ${given(of)}
  cross join lateral (
    select e.stream, e.type, e.schema_version, ${sql.id(schema, "micros")}(e.occurred_at)::text as occurred,
      ${sql.id(schema, "micros")}(e.recorded_at)::text as recorded, e.event_id::text as event_id, e.payload::text as payload
    from ${sql.id(schema, "events")} e
    where (e.partition, e.program, e.account_key) = (n.partition, ${program}::text, n.account_key) and e.version > 1
      and e.stream > ${startOf(after, STREAMS)}
      and e.stream <= case when n.number = ${end.number}::text then ${STREAMS + end.id}::text else ${STREAMS_END}::text end
    order by e.stream, e.version
  ) e`

const ofPartition = (partition: number | undefined) =>
  partition === undefined ? sql`true` : sql`partition = ${partition}`

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
    const groups = yield* query(async (kysely, signal) => {
      const { rows: redemptions } = await redemptionsOf(schema, program, of, after, limit).execute(kysely, { signal })
      const end = redemptions.at(-1)
      const isCredited = redemptions.some(({ version }) => version > 1)
      if (end === undefined) return []
      // Behind the page's last account, nothing of it is asked for.
      const last = of.findIndex(({ number }) => number === end.number)
      const statement = eventsOf(schema, program, of.slice(0, last + 1), after, end)
      const { rows: events } = isCredited ? await statement.execute(kysely, { signal }) : { rows: [] }
      return groupsOf(of, redemptions, events)
    })
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

/** Numbers that were replaced, each with the present one of its account. */
export const replaced = (program: Ids.ProgramId): Effect.Effect<ReadonlyMap<string, string>, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) =>
    query(async (kysely, signal) => {
      const numbers = sql.id(schema, "account_numbers")
      const found = await Rows.ask<{ old: string; present: string }>(
        kysely,
        sql`select o.account_number as old, p.account_number as present from ${numbers} o
          join ${numbers} p on (p.program, p.account_key) = (o.program, o.account_key) and p.current
          where o.program = ${program} and not o.current`,
        signal
      )
      return new Map(found.map(({ old, present }) => [old, present]))
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

const groupsOf = (
  of: ReadonlyArray<OwnAccount>,
  redemptions: ReadonlyArray<RedemptionRow>,
  events: ReadonlyArray<EventRow>
): ReadonlyArray<OwnGroup> => {
  const byNumber = new Map(of.map((account) => [account.number as string, account]))
  const byKey = new Map<string, Array<EventRow>>()
  for (const row of events) {
    const key = sortKey(row.number, row.id)
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [row])
    else known.push(row)
  }
  return redemptions.map((row) => {
    const key = sortKey(row.number, row.id)
    return {
      key,
      account: byNumber.get(row.number) as OwnAccount,
      redemption: row.id,
      records: (withLots) => recordsOf(row, byKey.get(key) ?? [], withLots)
    }
  })
}

const recordsOf = (
  { at, draws, id, points }: RedemptionRow,
  events: ReadonlyArray<EventRow>,
  withLots: boolean
): ReadonlyArray<SourceRecord.SourceRecord> => {
  const redemption = {
    redemptionId: id as Ids.RedemptionId,
    points: Points.fromStringUnsafe(points),
    redeemedAt: BigInt(at),
    draws: withLots ? (JSON.parse(draws) as ReadonlyArray<DrawTuple>).map(fromTuple) : []
  }
  const records = OurRecords.ofRedemption(
    redemption,
    events.map((row) => eventOf(row, withLots))
  )
  return withLots ? records : records.map((record) => ({ ...record, lots: null }))
}

const eventOf = (row: EventRow, withLots: boolean): OurRecords.OurEvent => ({
  event: withLots ? wholeEvent(row) : eventWithoutLots(row),
  occurredAt: BigInt(row.occurred),
  recordedAt: BigInt(row.recorded),
  eventId: row.event_id
})

type OurEvent = OurRecords.OurEvent["event"]

const wholeEvent = ({ payload, schema_version: version, type }: EventRow): OurEvent =>
  EventCodec.fromStored(type, version, JSON.parse(payload)) as OurEvent

interface StoredCredit {
  readonly creditId: string
  readonly points?: string
  readonly remaining?: string
}

// The amounts of a payload of the present version; what else is in it is text. What is missing is corrupt, and throws.
const eventWithoutLots = (row: EventRow): OurEvent => {
  if (row.schema_version !== Fact.SCHEMA_VERSION) return wholeEvent(row)
  const { points, remaining, ...rest } = JSON.parse(row.payload) as StoredCredit
  if (typeof rest.creditId !== "string") throw new Error(`${row.type} ${row.event_id} names no credit`)
  const amounts = {
    ...(points === undefined ? {} : { points: Points.fromStringUnsafe(points) }),
    ...(remaining === undefined ? {} : { remaining: Points.fromStringUnsafe(remaining) })
  }
  return { ...rest, ...amounts, _tag: row.type, restorations: [] } as unknown as OurEvent
}
