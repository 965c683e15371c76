/** Lines of the ledger with the lots and the events that they are of. */
import { type Entry, Fact, type Ids, Instant, Points } from "@pointback/domain"
import type { Kysely, RawBuilder } from "kysely"
import { sql } from "kysely"
import { moment } from "../database/Moment.ts"
import * as Rows from "../database/Rows.ts"
import type { Tables } from "../database/Tables.ts"
import type { EntriesQuestion, NumberedEntry } from "./AgingStore.ts"
import { EFFECT, MOVES_LOT, ofAccount } from "./HeldLots.ts"

interface Row {
  readonly number: string
  readonly account_key: string
  readonly lot_id: string
  readonly earned_at: string
  readonly expires_at: string | null
  readonly debit: string
  readonly credit: string
  readonly points: string
  readonly at: string
  readonly event_id: string | null
  readonly type: string | null
  readonly recorded_at: string | null
  readonly stream: string | null
  readonly credit_id: string | null
}

/** Asks, and reads the lines of the columns that are asked for. */
export const entries = async (
  kysely: Kysely<Tables>,
  schema: string,
  question: EntriesQuestion,
  signal: AbortSignal
): Promise<ReadonlyArray<NumberedEntry>> => {
  const rows = await Rows.ask<Row>(kysely, statement(schema, question), signal)
  const columns = new Set(question.columns)
  return rows.map((row, index) => toEntry(row, rows[index + 1])).filter(({ column }) => columns.has(column))
}

const statement = (schema: string, question: EntriesQuestion): RawBuilder<unknown> => {
  const { columns, learnedAfter, program } = question
  const derived =
    learnedAfter === null && columns.includes("expiredByTime") ? sql` union all ${unbooked(schema, question)}` : sql``
  return sql`
    select coalesce(n.account_number, b.account_key) as number, b.account_key, b.lot_id,
      ${Rows.utc("b.earned_at")} as earned_at, ${Rows.utc("b.expires_at")} as expires_at, b.debit, b.credit,
      b.points::text as points, ${Rows.utc("b.at")} as at, b.event_id::text as event_id, b.type,
      ${Rows.utc("b.recorded_at")} as recorded_at, b.stream, b.credit_id
    from (${booked(schema, question)}${derived}) b
    left join ${sql.id(schema, "account_numbers")} n on n.program = ${program} and n.account_key = b.account_key
      and n.current
    order by coalesce(n.account_number, b.account_key) collate "C", b.position nulls last, b.line,
      b.expires_at nulls last, b.earned_at, b.lot_id collate "C"`
}

/** The sides that postings of a column have. A line that expired on its way back is told by the one that follows it. */
const SIDES: Readonly<Record<Entry.Column, ReadonlyArray<string>>> = {
  earned: ["issued"],
  adjusted: ["adjustments"],
  redeemed: ["redeemed"],
  creditedLive: ["redeemed", "expiredOnReversal"],
  creditedExpired: ["redeemed", "expiredOnReversal"],
  expiredByTime: ["expiredByTime"],
  expiredOnReversal: ["expiredOnReversal"]
}

const within = (column: string, { from, to }: EntriesQuestion): RawBuilder<unknown> =>
  sql`${sql.ref(column)} >= ${moment(from)}::timestamptz and ${sql.ref(column)} < ${moment(to)}::timestamptz`

const booked = (schema: string, question: EntriesQuestion): RawBuilder<unknown> => {
  const { account, columns, knownAt, learnedAfter, program } = question
  const sides = Array.from(new Set(columns.flatMap((column) => SIDES[column])))
  const anySide = sql.join(
    sides.map((side) => sql`p.debit = ${side} or p.credit = ${side}`),
    sql` or `
  )
  const known = knownAt === null ? sql`true` : sql`p.recorded_at <= ${moment(knownAt)}::timestamptz`
  const learned = learnedAfter === null ? sql`true` : sql`p.recorded_at > ${moment(learnedAfter)}::timestamptz`
  return sql`
    select p.account_key, p.lot_id, l.earned_at, l.expires_at, p.debit, p.credit, p.points, p.occurred_at as at,
      e.event_id, e.type, e.recorded_at, e.stream, e.payload ->> 'creditId' as credit_id, p.position, p.line
    from ${sql.id(schema, "postings")} p
    join ${sql.id(schema, "lots")} l on l.partition = p.partition and l.account_key = p.account_key
      and l.lot_id = p.lot_id and l.program = p.program
    join ${sql.id(schema, "events")} e on e.partition = p.partition and e.position = p.position
      and e.account_key = p.account_key and e.program = p.program
    where ${ofAccount("p", program, account)} and ${within("p.occurred_at", question)} and (${anySide})
      and ${known} and ${learned}`
}

// What a lot held at its end as known then, less what the sweep had booked of it by then.
const unbooked = (schema: string, question: EntriesQuestion): RawBuilder<unknown> => {
  const { account, knownAt, program } = question
  const later = sql`
    select p.partition, p.account_key, p.lot_id,
      coalesce(sum(${EFFECT}) filter (where ${MOVES_LOT}), 0) as moved,
      coalesce(sum(case when p.credit = 'expiredByTime' then p.points else -p.points end)
        filter (where 'expiredByTime' in (p.debit, p.credit)), 0) as booked
    from ${sql.id(schema, "postings")} p
    where ${ofAccount("p", program, account)}
      and ${knownAt === null ? sql`false` : sql`p.recorded_at > ${moment(knownAt)}::timestamptz`}
    group by p.partition, p.account_key, p.lot_id`
  return sql`
    select r.account_key, r.lot_id, r.earned_at, r.expires_at, 'lot', 'expiredByTime', r.rest, r.expires_at,
      null::uuid, null::text, null::timestamptz, null::text, null::text, null::bigint, null::int
    from (
      select l.account_key, l.lot_id, l.earned_at, l.expires_at,
        l.total - l.booked - coalesce(u.moved - u.booked, 0) as rest
      from ${sql.id(schema, "lots")} l left join (${later}) u
        on (u.partition, u.account_key, u.lot_id) = (l.partition, l.account_key, l.lot_id)
      where ${ofAccount("l", program, account)} and ${within("l.expires_at", question)}
    ) r where r.rest <> 0`
}

const toEntry = (row: Row, next: Row | undefined): NumberedEntry => {
  const expiresAtOnce =
    next !== undefined &&
    next.event_id !== null &&
    next.event_id === row.event_id &&
    next.lot_id === row.lot_id &&
    next.credit === "expiredOnReversal"
  const column = columnOf(row, expiresAtOnce)
  const points = Points.fromStringUnsafe(row.points)
  return {
    number: row.number,
    account: row.account_key as Ids.AccountKey,
    lotId: row.lot_id as Ids.LotId,
    earnedAt: Instant.fromStringUnsafe(row.earned_at),
    expiresAt: row.expires_at === null ? null : Instant.fromStringUnsafe(row.expires_at),
    column,
    at: Instant.fromStringUnsafe(row.at),
    points: row.credit === "adjustments" || row.debit === "expiredByTime" ? -points : points,
    event: referenceOf(row)
  }
}

const columnOf = ({ credit, debit }: Row, expiresAtOnce: boolean): Entry.Column => {
  if (debit === "issued") return "earned"
  if (debit === "adjustments" || credit === "adjustments") return "adjusted"
  if (credit === "redeemed") return "redeemed"
  if (debit === "redeemed") return expiresAtOnce ? "creditedExpired" : "creditedLive"
  return credit === "expiredOnReversal" ? "expiredOnReversal" : "expiredByTime"
}

const referenceOf = ({ credit_id, event_id, recorded_at, stream, type }: Row): Entry.EventReference | null => {
  if (event_id === null) return null
  const of = Fact.streamFromName(stream as string)
  return {
    eventId: event_id,
    type: type as Entry.EventReference["type"],
    recordedAt: Instant.fromStringUnsafe(recorded_at as string),
    redemptionId: of._tag === "Redemption" ? of.redemptionId : null,
    creditId: credit_id as Ids.CreditId | null
  }
}
