/**
 * What all lots of a program held: what they hold now, less what has moved them since. So the cost of a question is that
 * of the lots, and of the ledger only where something was true later or recorded later.
 */
import type { Instant } from "@pointback/domain"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { moment } from "../database/Moment.ts"
import type { AccountRef } from "../eventStore/EventStore.ts"
import type { AgingQuestion } from "./AgingStore.ts"

/** Rows of an account, or of all accounts of the program, of the table with this alias. */
export const ofAccount = (alias: string, program: string, account: AccountRef | null): RawBuilder<unknown> => {
  const column = (name: string) => sql.ref(`${alias}.${name}`)
  return account === null
    ? sql`${column("program")} = ${program}`
    : sql`${column("partition")} = ${account.partition} and ${column("account_key")} = ${account.key}
        and ${column("program")} = ${program}`
}

/**
 * A posting moves what a lot holds unless it books an expiry that time brought; what expired on its way back comes as a
 * pair that adds up to nothing. Of the table `p`.
 */
export const MOVES_LOT = sql`p.debit <> 'expiredByTime' and p.credit <> 'expiredByTime'`

/** What a posting of the table `p` adds to its lot. */
export const EFFECT = sql`case when p.credit = 'lot' then p.points else -p.points end`

/** What a posting of the table `p` adds to the points of its lot that credits put back live. */
export const RESTORED = sql`case when p.debit = 'redeemed' then p.points
  when p.credit = 'expiredOnReversal' then -p.points else 0 end`

const instant = (at: Instant.Instant): RawBuilder<unknown> => sql`${moment(at)}::timestamptz`

/**
 * Lots that are not expired by the instant and were open by then, with what they held, some of them nothing: columns
 * partition, account_key, lot_id, earned_at, expires_at, points, restored.
 */
export const held = (schema: string, { account, asOf, knownAt, program }: AgingQuestion): RawBuilder<unknown> => {
  const lots = sql.id(schema, "lots")
  const since =
    knownAt === null
      ? // Nothing is read of the ledger where no lot moved later.
        sql`p.occurred_at > ${instant(asOf)} and (select exists (
          select from ${lots} m where ${ofAccount("m", program, account)} and m.last_at > ${instant(asOf)}))`
      : sql`(p.occurred_at > ${instant(asOf)} or p.recorded_at > ${instant(knownAt)})`
  return sql`
    select l.partition, l.account_key, l.lot_id, l.earned_at, l.expires_at, l.total - coalesce(u.points, 0) as points,
      least(l.restored - coalesce(u.restored, 0), l.total - coalesce(u.points, 0)) as restored
    from ${lots} l left join (
      select p.partition, p.account_key, p.lot_id, sum(${EFFECT}) as points, sum(${RESTORED}) as restored
      from ${sql.id(schema, "postings")} p
      where ${ofAccount("p", program, account)} and ${since} and ${MOVES_LOT}
      group by p.partition, p.account_key, p.lot_id
    ) u on (u.partition, u.account_key, u.lot_id) = (l.partition, l.account_key, l.lot_id)
    where ${ofAccount("l", program, account)} and (l.expires_at is null or l.expires_at > ${instant(asOf)})
      and l.opened_at <= ${instant(asOf)}`
}
