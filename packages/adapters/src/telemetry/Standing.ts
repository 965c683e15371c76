/** What stands in the database at present and should not stand there for long: for gauges, read as often as they are. */
import { Effect } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"

/** Credits in flight in one state. */
export interface InFlightCredits {
  readonly state: "CreditPending" | "CreditUnknown"
  readonly credits: number
  /** Seconds since the oldest of them was asked for; 0 where there is none. */
  readonly oldestSeconds: number
}

/** How many events a subscription has not handled yet. */
export interface SubscriptionLag {
  readonly subscription: string
  readonly events: number
}

/** Open breaks of one type. */
export interface OpenBreaks {
  readonly type: string
  readonly breaks: number
  /** Seconds since the oldest of them happened. */
  readonly oldestSeconds: number
}

/** What waits to be looked at, by all that is recorded now. */
export interface Standing {
  /** Types without an open break are not listed. */
  readonly breaks: ReadonlyArray<OpenBreaks>
  readonly inFlight: ReadonlyArray<InFlightCredits>
  readonly subscriptions: ReadonlyArray<SubscriptionLag>
}

/** Looks once, with three statements over few rows: open breaks, credits in flight, subscriptions. */
export const read: Effect.Effect<Standing, DatabaseError, Database> = Effect.gen(function* () {
  const database = yield* Database
  const table = (name: string) => sql.id(database.schema, name)
  return yield* database.query(async (kysely, signal) => ({
    breaks: await Rows.ask<OpenBreaks>(
      kysely,
      sql`select b.type, count(*)::int as breaks,
            greatest(0, extract(epoch from now() - min(b.since)))::float8 as "oldestSeconds"
          from ${table("reconciliation_breaks")} b where b.state = 'open' group by b.type`,
      signal
    ),
    inFlight: await Rows.ask<InFlightCredits>(
      kysely,
      sql`select s.state, count(r.pending_credit)::int as credits,
            coalesce(greatest(0, extract(epoch from now() - min(k.recorded_at))), 0)::float8 as "oldestSeconds"
          from (values ('CreditPending'), ('CreditUnknown')) as s (state)
          left join ${table("redemptions")} r on r.pending > 0 and r.state = s.state
          left join ${table("idempotency_keys")} k on k.partition = r.partition and k.program = r.program
            and k.account_key = r.account_key and k.kind = 'credit' and k.key = r.pending_credit
          group by s.state`,
      signal
    ),
    subscriptions: await Rows.ask<SubscriptionLag>(
      kysely,
      sql`select s.name as subscription,
            sum(greatest(0, h.position - coalesce(s.positions[h.partition + 1], 0)))::float8 as events
          from ${table("subscriptions")} s cross join ${table("log_heads")} h
          group by s.name`,
      signal
    )
  }))
})
