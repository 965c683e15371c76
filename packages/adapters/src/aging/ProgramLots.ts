/** The questions that are answered from what lots held: one by one, in buckets, by the instant of their expiry. */
import type { Aging, Schedule } from "@pointback/domain"
import { Ids, Instant, Points } from "@pointback/domain"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import { moment } from "../database/Moment.ts"
import * as Rows from "../database/Rows.ts"
import type { Tables } from "../database/Tables.ts"
import type { AgingQuestion, BucketsQuestion, NumberedLot } from "./AgingStore.ts"
import { held } from "./HeldLots.ts"

interface LotRow {
  readonly number: string
  readonly account_key: string
  readonly lot_id: string
  readonly earned_at: string
  readonly expires_at: string | null
  readonly points: string
  readonly restored: string
}

/** Live lots, by account number, then in draw order. */
export const lots = async (
  kysely: Kysely<Tables>,
  schema: string,
  question: AgingQuestion,
  signal: AbortSignal
): Promise<ReadonlyArray<NumberedLot>> => {
  const rows = await Rows.ask<LotRow>(
    kysely,
    sql`
      select coalesce(n.account_number, h.account_key) as number, h.account_key, h.lot_id,
        ${Rows.utc("h.earned_at")} as earned_at, ${Rows.utc("h.expires_at")} as expires_at,
        h.points::text as points, h.restored::text as restored
      from (${held(schema, question)}) h
      left join ${sql.id(schema, "account_numbers")} n
        on n.program = ${question.program} and n.account_key = h.account_key and n.current
      where h.points > 0
      order by coalesce(n.account_number, h.account_key) collate "C", h.expires_at nulls last, h.earned_at,
        h.lot_id collate "C"`,
    signal
  )
  return rows.map((row) => ({
    number: row.number,
    account: Ids.AccountKey.make(row.account_key),
    lotId: Ids.LotId.make(row.lot_id),
    earnedAt: Instant.fromStringUnsafe(row.earned_at),
    expiresAt: row.expires_at === null ? null : Instant.fromStringUnsafe(row.expires_at),
    points: Points.fromStringUnsafe(row.points),
    restored: Points.fromStringUnsafe(row.restored)
  }))
}

interface BucketRow {
  readonly bucket: number
  readonly points: string
  readonly lots: number
  readonly accounts: number
  readonly restored: string
}

/**
 * An array of instants as a parameter, sent as text: the two drivers write arrays in different ways. In a query of its
 * own, which is asked once and not for each row.
 */
export const instants = (values: ReadonlyArray<Instant.Instant>) =>
  sql`(select ${`{${values.map((value) => `"${moment(value)}"`).join(",")}}`}::text::timestamptz[])`

/** Live lots, added up by bucket. */
export const buckets = async (
  kysely: Kysely<Tables>,
  schema: string,
  { basis, names, segments, ...question }: BucketsQuestion,
  signal: AbortSignal
): Promise<Aging.Aging> => {
  const counted = basis === "age" ? sql`h.earned_at` : sql`h.expires_at`
  const numbers = sql`(select ${`{${segments.buckets.join(",")}}`}::text::int[])`
  const rows = await Rows.ask<BucketRow>(
    kysely,
    sql`
      select bucket, sum(points)::text as points, sum(lots)::int as lots, count(*)::int as accounts,
        sum(restored)::text as restored
      from (
        select coalesce(${numbers}[width_bucket(${counted}, ${instants(segments.splits)}) + 1], ${names.length - 1}) as bucket,
          h.account_key, sum(h.points) as points, count(*) as lots, sum(h.restored) as restored
        from (${held(schema, { ...question, account: null })}) h where h.points > 0
        group by 1, 2
      ) a
      group by bucket`,
    signal
  )
  const byNumber = new Map(rows.map((row) => [row.bucket, row]))
  const all = names.map((bucket, index): Aging.Bucket => {
    const row = byNumber.get(index)
    return {
      bucket,
      points: Points.fromStringUnsafe(row?.points ?? "0"),
      lots: row?.lots ?? 0,
      accounts: row?.accounts ?? 0,
      restored: Points.fromStringUnsafe(row?.restored ?? "0")
    }
  })
  return { total: Points.sum(all.map(({ points }) => points)), buckets: all }
}

/** Live points by the instant of their expiry. */
export const expiring = async (
  kysely: Kysely<Tables>,
  schema: string,
  question: AgingQuestion,
  signal: AbortSignal
): Promise<ReadonlyArray<Schedule.Expiring>> => {
  const rows = await Rows.ask<{ expires_at: string | null; points: string; lots: number; restored: string }>(
    kysely,
    sql`
      select ${Rows.utc("e.expires_at")} as expires_at, e.points::text as points, e.lots, e.restored::text as restored
      from (
        select h.expires_at, sum(h.points) as points, count(*)::int as lots, sum(h.restored) as restored
        from (${held(schema, question)}) h where h.points > 0 group by h.expires_at
      ) e`,
    signal
  )
  return rows.map((row) => ({
    expiresAt: row.expires_at === null ? null : Instant.fromStringUnsafe(row.expires_at),
    points: Points.fromStringUnsafe(row.points),
    lots: row.lots,
    restored: Points.fromStringUnsafe(row.restored)
  }))
}
