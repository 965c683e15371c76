/**
 * Checks a whole database: the log with its hashes, and every account against its events.
 *
 * @see interface, `pointback verify`
 */
import { Ids, Instant, Points } from "@pointback/domain"
import { Effect, Option, Result, Stream } from "effect"
import { type RawBuilder, sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import { EventStore, type AccountRef } from "../eventStore/EventStore.ts"
import type { Finding, Row, StoredAccount } from "./AccountAudit.ts"
import { audit } from "./AccountAudit.ts"
import { type Difference, MAXIMUM_DIFFERENCES } from "./Difference.ts"
import type { Kept } from "./KeptHeads.ts"
import * as ProgramRoles from "../program/ProgramRoles.ts"
import type { Walked } from "./PartitionWalk.ts"
import { auditLog } from "./LogAudit.ts"

/** Accounts that are listed at once. */
const PAGE = 500

/** Accounts that are checked side by side: as many as leave a default pool room for others. */
const SIDE_BY_SIDE = 4

/** What a verification looked at, and what it found to differ. */
export interface Verification {
  readonly accounts: number
  readonly events: number
  readonly postings: number
  /** Events of the whole log whose hash was computed again. */
  readonly hashed: number
  /** How many differences there are; the first thousand are listed. */
  readonly count: number
  readonly differences: ReadonlyArray<Difference>
}

const NOTHING: Verification = { accounts: 0, events: 0, postings: 0, hashed: 0, count: 0, differences: [] }

/**
 * Checks everything, or the accounts of one program; the log is checked as a whole in either case. A role that sees some
 * programs only may check one of them, without the log: `hashed` is 0 then. `kept`: heads of the log that were kept
 * elsewhere and must still be in it.
 */
export const verify = Effect.fn("verify")(function* (
  program: Ids.ProgramId | null,
  kept: Kept | null = null
): Effect.fn.Return<Verification, DatabaseError, Database | EventStore> {
  // A role behind a wall sees gaps in the log, which nothing can be computed over.
  const sees = yield* ProgramRoles.seesAll
  if (!sees && (program === null || kept !== null)) yield* ProgramRoles.requireEveryProgram
  const log = sees ? yield* auditLog(kept) : NO_LOG
  const begun = add(NOTHING, {
    hashed: log.events,
    differences: [...log.differences, ...(yield* verifyList(program)), ...(yield* verifyErasures(program))]
  })
  return yield* accounts(program).pipe(
    Stream.mapEffect(verifyAccount, { concurrency: SIDE_BY_SIDE }),
    Stream.runFold(() => begun, add)
  )
})

const add = (total: Verification, part: Partial<Verification> & Pick<Verification, "differences">): Verification => ({
  accounts: total.accounts + (part.accounts ?? 0),
  events: total.events + (part.events ?? 0),
  postings: total.postings + (part.postings ?? 0),
  hashed: total.hashed + (part.hashed ?? 0),
  count: total.count + part.differences.length,
  differences: [...total.differences, ...part.differences].slice(0, MAXIMUM_DIFFERENCES)
})

type TableOf = (name: string) => RawBuilder<unknown>

/** Asks for accounts that something is wrong with. */
const wrongAccounts = Effect.fnUntraced(function* (
  program: Ids.ProgramId | null,
  wrong: (table: TableOf) => RawBuilder<unknown>,
  problem: string
) {
  const database = yield* Database
  const found = yield* database.query((kysely, signal) =>
    Rows.ask<{ program: string; account_key: string }>(
      kysely,
      sql`select distinct program, account_key from (${wrong((name) => sql.id(database.schema, name))}) as wrong
        where ${program}::text is null or program = ${program}
        order by program, account_key limit ${MAXIMUM_DIFFERENCES}`,
      signal
    )
  )
  return found.map((row): Difference => ({
    check: "versions",
    program: row.program,
    account: row.account_key,
    place: "account",
    problem
  }))
})

const NO_LOG: Walked = { events: 0, differences: [] }

/** Tables with rows of accounts. An account whose number was erased has no row in `account_numbers`. */
const OF_ACCOUNTS = ["events", "postings", "lots", "redemptions", "idempotency_keys", "account_numbers", "erasures"]

/** Rows belong to accounts that are listed: the others would be looked at by nobody. */
const verifyList = (program: Ids.ProgramId | null) =>
  wrongAccounts(
    program,
    (table) => {
      const keys = [...OF_ACCOUNTS].map((name) => sql`select partition, program, account_key from ${table(name)}`)
      return sql`${sql.join(keys, sql` union `)} except select partition, program, account_key from ${table("accounts")}`
    },
    "has rows and is not listed"
  )

/** A number that was erased is gone: a backup that was restored, or a hand in psql, may bring it back. */
const verifyErasures = (program: Ids.ProgramId | null) =>
  wrongAccounts(
    program,
    (table) =>
      sql`select program, account_key from ${table("erasures")} join ${table("account_numbers")} using (program, account_key)`,
    "was erased and has a number"
  )

const accounts = (program: Ids.ProgramId | null) =>
  Stream.paginate(null, (after: AccountRef | null) =>
    Effect.map(accountPage(program, after), (page) => [
      page,
      page.length < PAGE ? Option.none() : Option.fromNullishOr(page.at(-1))
    ])
  )

const accountPage = Effect.fnUntraced(function* (program: Ids.ProgramId | null, after: AccountRef | null) {
  const database = yield* Database
  const found = yield* database.query((kysely, signal) =>
    Rows.ask<{ partition: number; program: string; account_key: string }>(
      kysely,
      sql`
        select partition, program, account_key from ${sql.id(database.schema, "accounts")}
        where (${program}::text is null or program = ${program})
          and (partition, program, account_key)
            > (${after?.partition ?? -1}::int, ${after?.program ?? ""}::text, ${after?.key ?? ""}::text)
        order by partition, program, account_key limit ${PAGE}`,
      signal
    )
  )
  return found.map((row): AccountRef => ({
    partition: row.partition,
    program: Ids.ProgramId.make(row.program),
    key: Ids.AccountKey.make(row.account_key)
  }))
})

const verifyAccount = Effect.fnUntraced(function* (account: AccountRef) {
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
const readAccount = Effect.fnUntraced(function* (account: AccountRef) {
  const database = yield* Database
  const store = yield* EventStore
  const reading = Effect.gen(function* () {
    yield* database.query((kysely) => sql`set transaction isolation level repeatable read, read only`.execute(kysely))
    const version = (yield* rows(account, "accounts"))[0]?.["version"]
    const events = yield* Stream.runCollect(store.readAccount(account))
    const stored: StoredAccount = {
      version: Number(version),
      events,
      postings: yield* rows(account, "postings"),
      lots: yield* rows(account, "lots"),
      redemptions: yield* rows(account, "redemptions")
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

/** The columns that are compared, and what they hold. */
const COLUMNS = {
  accounts: { version: "plain" },
  postings: {
    partition: "plain",
    position: "plain",
    line: "plain",
    program: "plain",
    account_key: "plain",
    debit: "plain",
    credit: "plain",
    lot_id: "plain",
    redemption_id: "plain",
    points: "amount",
    occurred_at: "instant",
    recorded_at: "instant",
    total: "amount",
    restored: "amount"
  },
  lots: {
    lot_id: "plain",
    earned_at: "instant",
    expires_at: "instant",
    opened_at: "instant",
    total: "amount",
    granted: "amount",
    restored: "amount",
    booked: "amount",
    swept: "plain",
    last_at: "instant",
    late: "plain"
  },
  redemptions: {
    redemption_id: "plain",
    redemption_type: "plain",
    processed_by: "plain",
    redeemed_at: "instant",
    version: "plain",
    points: "amount",
    credited: "amount",
    pending: "amount",
    pending_credit: "plain",
    state: "plain",
    lot_ids: "list",
    draws: "json",
    request: "json"
  }
} satisfies Record<string, Record<string, Kind>>

type Kind = "plain" | "amount" | "instant" | "list" | "json"

// JSON has no exact amounts, and what is infinite must not be taken for null.
const selected = (column: string, kind: Kind): RawBuilder<unknown> => {
  const name = sql.ref(column)
  switch (kind) {
    case "plain":
      return name
    case "amount":
    case "json":
      return sql`${name}::text as ${name}`
    case "instant":
      return sql`case when isfinite(${name}) then ${Rows.utc(column)} else ${name}::text end as ${name}`
    case "list":
      return sql`array_to_string(${name}, E'\\x1d') as ${name}`
  }
}

const rows = Effect.fnUntraced(function* (account: AccountRef, table: keyof typeof COLUMNS) {
  const database = yield* Database
  const columns: ReadonlyArray<readonly [string, Kind]> = Object.entries(COLUMNS[table])
  const found = yield* database.query((kysely, signal) =>
    Rows.ask<Row>(
      kysely,
      sql`
        select ${sql.join(columns.map(([column, kind]) => selected(column, kind)))} from ${sql.id(database.schema, table)}
        where partition = ${account.partition} and program = ${account.program} and account_key = ${account.key}`,
      signal
    )
  )
  return found.map((row): Row =>
    Object.fromEntries(columns.map(([column, kind]) => [column, canonical(kind, row[column] ?? null)]))
  )
})

/** PostgreSQL writes amounts and instants in other ways than we do. */
const canonical = (kind: Kind, value: Row[string]): Row[string] => {
  if (typeof value !== "string") return value
  if (kind === "amount") return Points.toString(Points.fromStringUnsafe(value))
  return kind === "instant" ? Instant.toString(Instant.fromStringUnsafe(value)) : value
}
