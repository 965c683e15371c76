/** Lots as of an instant, from the journal, on PostgreSQL and on PGlite. */
import { Ids, Instant, Points } from "@pointback/domain"
import { Effect, Layer } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import * as Rows from "../database/Rows.ts"
import type { AgingQuestion, NumberedLot } from "./AgingStore.ts"
import { AgingStore } from "./AgingStore.ts"

interface Row {
  readonly number: string
  readonly account_key: string
  readonly lot_id: string
  readonly earned_at: string
  readonly expires_at: string | null
  readonly points: string
  readonly restored: string
}

// A posting moves what a lot holds unless it books an expiry that time brought; what expired on its way back comes as a
// pair that adds up to nothing. Restored are the credits' pairs alone.
const question = (schema: string, { account, asOf, knownAt, program }: AgingQuestion) =>
  sql`
    with moved as (
      select p.partition, p.account_key, p.lot_id,
        sum(case when p.credit = 'lot' then p.points else -p.points end) as points,
        coalesce(sum(case when p.debit = 'redeemed' then p.points
          when p.credit = 'expiredOnReversal' then -p.points end), 0) as restored
      from ${sql.id(schema, "postings")} p
      where p.program = ${program} and ${ofAccount(account)}
        and p.occurred_at <= ${Instant.toString(asOf)}::timestamptz and ${knownBy(knownAt)}
        and 'lot' in (p.debit, p.credit) and 'expiredByTime' not in (p.debit, p.credit)
      group by p.partition, p.account_key, p.lot_id
    )
    select coalesce(n.account_number, m.account_key) as number, m.account_key, m.lot_id,
      ${Rows.utc("l.earned_at")} as earned_at, ${Rows.utc("l.expires_at")} as expires_at,
      m.points::text as points, least(m.restored, m.points)::text as restored
    from moved m
    join ${sql.id(schema, "lots")} l on (l.partition, l.program, l.account_key, l.lot_id) = (m.partition, ${program}, m.account_key, m.lot_id)
    left join ${sql.id(schema, "account_numbers")} n on n.program = ${program} and n.account_key = m.account_key
      and n.current
    where m.points > 0 and (l.expires_at is null or l.expires_at > ${Instant.toString(asOf)}::timestamptz)
    order by coalesce(n.account_number, m.account_key) collate "C", l.expires_at nulls last, l.earned_at, m.lot_id collate "C"`

const ofAccount = (account: AgingQuestion["account"]): RawBuilder<unknown> =>
  account === null ? sql`true` : sql`p.partition = ${account.partition} and p.account_key = ${account.key}`

const knownBy = (knownAt: AgingQuestion["knownAt"]): RawBuilder<unknown> =>
  knownAt === null ? sql`true` : sql`p.recorded_at <= ${Instant.toString(knownAt)}::timestamptz`

const toLot = (row: Row): NumberedLot => ({
  number: row.number,
  account: Ids.AccountKey.make(row.account_key),
  lotId: Ids.LotId.make(row.lot_id),
  earnedAt: Instant.fromStringUnsafe(row.earned_at),
  expiresAt: row.expires_at === null ? null : Instant.fromStringUnsafe(row.expires_at),
  points: Points.fromStringUnsafe(row.points),
  restored: Points.fromStringUnsafe(row.restored)
})

/** `AgingStore` over the `Database`. */
export const layer: Layer.Layer<AgingStore, never, Database> = Layer.effect(
  AgingStore,
  Effect.map(Database, (database) =>
    AgingStore.of({
      lots: Effect.fn("AgingStore.lots")((asked) =>
        database.query(async (kysely, signal) =>
          (await Rows.ask<Row>(kysely, question(database.schema, asked), signal)).map(toLot)
        )
      )
    })
  )
)
