/**
 * Checks a whole database: the log's positions and instants, and every account against its events.
 *
 * @see interface, `pointback verify`
 */
import { Ids, Instant, Points } from "@pointback/domain"
import { Effect, Option, Result, Stream } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import { EventStore, type AccountRef } from "../eventStore/EventStore.ts"
import type { Finding, Row, StoredAccount } from "./AccountAudit.ts"
import { audit } from "./AccountAudit.ts"

/** Accounts that are listed at once. */
const PAGE = 500

/** Accounts that are checked side by side: as many as leave a default pool room for others. */
const SIDE_BY_SIDE = 4

/** Differences that are named at most; a database with more has one cause, and the others are counted. */
export const MAXIMUM_DIFFERENCES = 1000

/** Something that is not as it must be. The account is its opaque key; null for the log itself. */
export interface Difference extends Omit<Finding, "check"> {
  readonly check: Finding["check"] | "log"
  readonly program: string | null
  readonly account: string | null
}

export interface Verification {
  readonly accounts: number
  readonly events: number
  readonly postings: number
  /** How many differences there are; the first thousand are listed. */
  readonly count: number
  readonly differences: ReadonlyArray<Difference>
}

const NOTHING: Verification = { accounts: 0, events: 0, postings: 0, count: 0, differences: [] }

/** Checks everything, or the accounts of one program; the log is checked as a whole in either case. */
export const verify = Effect.fn("verify")(function* (
  program: Ids.ProgramId | null
): Effect.fn.Return<Verification, DatabaseError, Database | EventStore> {
  const log = add(NOTHING, { differences: [...(yield* verifyLog), ...(yield* verifyList(program))] })
  return yield* accounts(program).pipe(
    Stream.mapEffect(verifyAccount, { concurrency: SIDE_BY_SIDE }),
    Stream.runFold(() => log, add)
  )
})

const add = (total: Verification, part: Partial<Verification> & Pick<Verification, "differences">): Verification => ({
  accounts: total.accounts + (part.accounts ?? 0),
  events: total.events + (part.events ?? 0),
  postings: total.postings + (part.postings ?? 0),
  count: total.count + part.differences.length,
  differences: [...total.differences, ...part.differences].slice(0, MAXIMUM_DIFFERENCES)
})

/** Positions count up without gaps to the head's, and events are recorded at strictly increasing instants. */
const verifyLog = Effect.gen(function* () {
  const database = yield* Database
  const rows = yield* database.query((kysely, signal) =>
    sql<{ partition: number; position: number; problem: string }>`
      with neighbours as (
        select partition, position, recorded_at,
          coalesce(lag(position) over log, 0) as before,
          lag(recorded_at) over log as recorded_before
        from events window log as (partition by partition order by position)
      )
      select partition, position, 'follows position ' || before as problem from neighbours
      where position <> before + 1
      union all
      select partition, position, 'is recorded no later than the event before it' from neighbours
      where recorded_at <= recorded_before
      union all
      select h.partition, h.position, 'is the head, and the last event stands at ' || coalesce(max(e.position), 0)
      from log_heads h left join events e using (partition)
      group by h.partition, h.position having h.position <> coalesce(max(e.position), 0)
      order by 1, 2 limit ${MAXIMUM_DIFFERENCES}`.execute(kysely, { signal })
  )
  return rows.rows.map(({ partition, position, problem }): Difference => ({
    check: "log",
    program: null,
    account: null,
    place: `partition ${partition} position ${position}`,
    problem
  }))
})

/** Rows belong to accounts that are listed: the others would be looked at by nobody. */
const verifyList = Effect.fnUntraced(function* (program: Ids.ProgramId | null) {
  const database = yield* Database
  const found = yield* database.query((kysely, signal) =>
    sql<{ program: string; account_key: string }>`
      select program, account_key from (
        select partition, program, account_key from events
        union select partition, program, account_key from postings
        union select partition, program, account_key from lots
        union select partition, program, account_key from redemptions
        union select partition, program, account_key from idempotency_keys
        union select partition, program, account_key from account_numbers
        except select partition, program, account_key from accounts
      ) as unlisted
      where ${program}::text is null or program = ${program}
      order by program, account_key limit ${MAXIMUM_DIFFERENCES}`.execute(kysely, { signal })
  )
  return found.rows.map((row): Difference => ({
    check: "versions",
    program: row.program,
    account: row.account_key,
    place: "account",
    problem: "has rows and is not listed"
  }))
})

interface Listed extends AccountRef {
  readonly version: number
}

const accounts = (program: Ids.ProgramId | null) =>
  Stream.paginate(null, (after: Listed | null) =>
    Effect.map(accountPage(program, after), (page) => [
      page,
      page.length < PAGE ? Option.none() : Option.fromNullishOr(page.at(-1))
    ])
  )

const accountPage = Effect.fnUntraced(function* (program: Ids.ProgramId | null, after: Listed | null) {
  const database = yield* Database
  const found = yield* database.query((kysely, signal) =>
    sql<{ partition: number; program: string; account_key: string; version: number }>`
      select partition, program, account_key, version from accounts
      where (${program}::text is null or program = ${program})
        and (partition, program, account_key)
          > (${after?.partition ?? -1}::int, ${after?.program ?? ""}::text, ${after?.key ?? ""}::text)
      order by partition, program, account_key limit ${PAGE}`.execute(kysely, { signal })
  )
  return found.rows.map((row): Listed => ({
    partition: row.partition,
    program: Ids.ProgramId.make(row.program),
    key: Ids.AccountKey.make(row.account_key),
    version: row.version
  }))
})

const verifyAccount = Effect.fnUntraced(function* (account: Listed) {
  const stored = yield* readAccount(account)
  if (Result.isFailure(stored)) {
    const unreadable: Finding = { check: "versions", place: "events", problem: stored.failure }
    return { accounts: 1, differences: [unreadable].map(differenceOf(account)) }
  }
  const { events, postings } = stored.success
  return {
    accounts: 1,
    events: events.length,
    postings: postings.length,
    differences: audit(stored.success).map(differenceOf(account))
  }
})

const differenceOf =
  ({ key, program }: AccountRef) =>
  (finding: Finding): Difference => ({
    ...finding,
    program,
    account: key
  })

// In one transaction of one snapshot, so that what is appended meanwhile is seen whole or not at all.
const readAccount = Effect.fnUntraced(function* (account: Listed) {
  const database = yield* Database
  const store = yield* EventStore
  const reading = Effect.gen(function* () {
    yield* database.query((kysely) => sql`set transaction isolation level repeatable read, read only`.execute(kysely))
    const version = (yield* rows(account, "accounts", "version"))[0]?.["version"]
    const events = yield* Stream.runCollect(store.readAccount(account))
    const stored: StoredAccount = {
      version: Number(version),
      events,
      postings: yield* rows(
        account,
        "postings",
        "partition, position, line, program, account_key, debit, credit, lot_id, redemption_id, points, occurred_at, recorded_at, total, restored"
      ),
      lots: yield* rows(
        account,
        "lots",
        "lot_id, earned_at, expires_at, opened_at, total, granted, restored, booked, swept, last_at, late"
      ),
      redemptions: yield* rows(
        account,
        "redemptions",
        `redemption_id, redemption_type, processed_by, redeemed_at, version, points, credited, pending, pending_credit,
          state, array_to_string(lot_ids, E'\\x1d') as lot_ids, draws, request`
      )
    }
    return stored
  })
  // An event that cannot be read is a difference to be reported, not the end of the verification.
  return yield* database.transaction(reading).pipe(
    Effect.map(Result.succeed<StoredAccount>),
    Effect.catchDefect((defect) =>
      Effect.succeed(Result.fail(defect instanceof Error ? defect.message : String(defect)))
    )
  )
})

/** Columns that hold amounts, and instants: PostgreSQL writes both in other ways than we do. */
const AMOUNTS = new Set(["points", "total", "granted", "restored", "booked", "credited", "pending"])
const INSTANTS = new Set([
  "occurred_at",
  "recorded_at",
  "earned_at",
  "expires_at",
  "opened_at",
  "redeemed_at",
  "last_at"
])

const rows = Effect.fnUntraced(function* (account: AccountRef, table: string, columns: string) {
  const database = yield* Database
  const found = yield* database.query((kysely, signal) =>
    sql<Row>`
      select ${sql.raw(columns)} from ${sql.table(table)}
      where partition = ${account.partition} and program = ${account.program} and account_key = ${account.key}`.execute(
      kysely,
      { signal }
    )
  )
  return found.rows.map((row): Row =>
    Object.fromEntries(Object.entries(row).map(([column, value]) => [column, canonical(column, value)]))
  )
})

const canonical = (column: string, value: Row[string]): Row[string] => {
  if (typeof value !== "string") return value
  if (AMOUNTS.has(column)) return Points.toString(Points.fromStringUnsafe(value))
  return INSTANTS.has(column) ? Instant.toString(Instant.fromStringUnsafe(value)) : value
}
