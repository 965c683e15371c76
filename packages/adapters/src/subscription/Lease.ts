/**
 * Who runs a subscription. A row is held by a lease that ends by the database's clock, so that it works through a pooler
 * that hands out connections by transaction, and a holder that died is succeeded. Each holder has a token, and every
 * statement of his names it: what a stalled former holder sends changes nothing.
 */
import { Instant } from "@pointback/domain"
import { Data, Duration, Effect } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import type { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import { bigintArray } from "../log/BigintArray.ts"
import type { Positions } from "../log/EventLog.ts"

/** What a holder has. */
export interface Lease {
  readonly name: string
  readonly token: number
  /** Where the checkpoint stood when the lease was taken. */
  readonly positions: Positions
}

/** Who has the lease of a subscription. */
export interface Holder {
  readonly name: string
  /** When the lease ends unless it is renewed. */
  readonly until: Instant.Instant
}

/** The lease is somebody else's by now, or the checkpoint is not where its holder left it. */
export class LeaseLost extends Data.TaggedError("LeaseLost") {}

type DatabaseService = Database["Service"]

const tableOf = (database: DatabaseService) => sql.id(database.schema, "subscriptions")

/** True of a row that nobody holds. */
const FREE = sql`(expires_at is null or expires_at <= clock_timestamp())`

/** Greater than every token before, also where the row was removed and made again. */
const NEXT_TOKEN = sql`greatest(token + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)`

const endOf = (length: Duration.Duration) =>
  sql`clock_timestamp() + ${Duration.toMillis(length)} * interval '1 millisecond'`

const changed = (database: DatabaseService, statement: RawBuilder<unknown>): Effect.Effect<boolean, DatabaseError> =>
  Effect.map(
    database.query((kysely, signal) => statement.execute(kysely, { signal })),
    ({ rows }) => rows.length > 0
  )

const unlessLost = (database: DatabaseService, statement: RawBuilder<unknown>) =>
  Effect.flatMap(changed(database, statement), (done) => (done ? Effect.void : Effect.fail(new LeaseLost())))

/** Makes the subscription, held by nobody, unless there is one; false where there is. */
export const create = (database: DatabaseService, name: string, positions: Positions) =>
  changed(
    database,
    sql`insert into ${tableOf(database)} (name, positions) values (${name}, ${bigintArray(positions)})
      on conflict (name) do nothing returning name`
  )

/** Takes the lease where nobody has it. Waits for nobody: a row that is being changed is held. */
export const take = (
  database: DatabaseService,
  name: string,
  holder: string,
  length: Duration.Duration
): Effect.Effect<Lease | undefined, DatabaseError> =>
  Effect.map(
    database.query((kysely) =>
      sql<Rows.TextRow>`
        with free as (select name from ${tableOf(database)} where name = ${name} and ${FREE} for update skip locked),
        taken as (
          update ${tableOf(database)} s set holder = ${holder}, expires_at = ${endOf(length)}, token = ${NEXT_TOKEN}
          from free where s.name = free.name returning s.token, s.positions
        )
        select row_to_json(taken)::text as row from taken`.execute(kysely)
    ),
    (answer) => {
      const [row] = Rows.read<{ token: number; positions: ReadonlyArray<number> }>(answer)
      return row === undefined ? undefined : { name, ...row }
    }
  )

/** Who holds the subscription: null where nobody does, undefined where there is none of the name. */
export const holderOf = (
  database: DatabaseService,
  name: string
): Effect.Effect<Holder | null | undefined, DatabaseError> =>
  Effect.map(
    database.query((kysely, signal) =>
      Rows.ask<{ holder: string | null; expires_at: string | null }>(
        kysely,
        sql`select holder, ${Rows.utc("s.expires_at")} as expires_at from ${tableOf(database)} s where name = ${name}`,
        signal
      )
    ),
    ([row]) => (row === undefined ? undefined : toHolder(row))
  )

/** Reads a row's holder; one whose lease has ended is named until somebody else takes it. */
export const toHolder = (row: { readonly holder: string | null; readonly expires_at: string | null }): Holder | null =>
  row.holder === null || row.expires_at === null
    ? null
    : { name: row.holder, until: Instant.fromStringUnsafe(row.expires_at) }

/** Puts off the end of the lease. */
export const renew = (database: DatabaseService, { name, token }: Lease, length: Duration.Duration) =>
  unlessLost(
    database,
    sql`update ${tableOf(database)} set expires_at = ${endOf(length)} where name = ${name} and token = ${token} returning name`
  )

/** Moves the checkpoint, and puts off the end of the lease with it. */
export const advance = (
  database: DatabaseService,
  { name, token }: Lease,
  move: { readonly from: Positions; readonly to: Positions },
  length: Duration.Duration
) =>
  unlessLost(
    database,
    sql`update ${tableOf(database)} set positions = ${bigintArray(move.to)}, expires_at = ${endOf(length)}
      where name = ${name} and token = ${token} and positions = ${bigintArray(move.from)} returning name`
  )

/** Gives the lease back, so that the next one need not wait for its end. */
export const release = (database: DatabaseService, { name, token }: Lease) =>
  Effect.asVoid(
    changed(
      database,
      sql`update ${tableOf(database)} set holder = null, expires_at = null where name = ${name} and token = ${token}`
    )
  )

/** Moves the checkpoint over the holder's head; he loses his lease. False where there is no such subscription. */
export const reset = (database: DatabaseService, name: string, positions: Positions) =>
  changed(
    database,
    sql`update ${tableOf(database)} set positions = ${bigintArray(positions)}, token = ${NEXT_TOKEN}, holder = null,
      expires_at = null where name = ${name} returning name`
  )

/** Removes a subscription that nobody holds. False where it is held or there is none. */
export const remove = (database: DatabaseService, name: string) =>
  changed(database, sql`delete from ${tableOf(database)} where name = ${name} and ${FREE} returning name`)
