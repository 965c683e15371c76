/** Reads the events of some accounts and writes what follows from them into the shadow tables. */
import { Fact, type Ids } from "@pointback/domain"
import { Effect, Schema } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import * as Lines from "../eventStore/Lines.ts"
import * as TrustedCodec from "../eventStore/TrustedCodec.ts"
import { type AccountAt, AccountFold, type LoggedEvent, noLines, type RowLines } from "./AccountFold.ts"
import { liveTable, READ_MODELS, type Shadow, shadowTable } from "./Shadow.ts"

/** Events that are read and folded at once: a few megabytes. */
export const EVENTS_AT_ONCE = 4000

/** The events of an account are no history that a decision could have written, or were written by a newer version. */
export class HistoryUnreadable extends Schema.TaggedError<HistoryUnreadable>()("HistoryUnreadable", {
  program: Schema.String,
  account: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `the events of account ${this.account} of ${this.program} cannot be replayed: ${this.problem}; nothing of it was changed; run \`pointback verify\``
  }
}

interface Place {
  /** The account's number among those that are read, from 1. */
  readonly account: number
  readonly position: number
}

// An account's events up to its version never change, so they need not be read at one instant.
const eventLines = (shadow: Shadow, accounts: ReadonlyArray<AccountAt>, after: Place) =>
  sql<{ lines: string | null }>`
    select string_agg(line, E'\\x1e') as lines from (
      select concat_ws(E'\\x1f', w.n, e.version, e.position, ${sql.id(shadow.schema, "micros")}(e.occurred_at),
        ${sql.id(shadow.schema, "micros")}(e.recorded_at), e.stream, e.type, e.schema_version, e.payload) as line
      from unnest(${accounts.map(({ key }) => key)}::text[], ${accounts.map(({ program }) => program)}::text[],
        ${accounts.map(({ version }) => version)}::int[]) with ordinality as w (account_key, program, version, n)
      cross join lateral (
        select * from ${liveTable(shadow, "events")} e where e.account_key = w.account_key and e.program = w.program
          and e.account_version <= w.version offset 0
      ) as e
      where (w.n, e.position) > (${after.account}::bigint, ${after.position}::bigint)
      order by w.n, e.position limit ${EVENTS_AT_ONCE}
    ) as ordered`

const streams = (stream: string): Fact.Stream =>
  stream === ACCOUNT_STREAM
    ? Fact.accountStream
    : Fact.redemptionStream(stream.slice(REDEMPTION_STREAM.length) as Ids.RedemptionId)

const ACCOUNT_STREAM = Fact.streamName(Fact.accountStream)
const REDEMPTION_STREAM = Fact.streamName(Fact.redemptionStream("" as Ids.RedemptionId))

const toEvent = (fields: ReadonlyArray<string>): LoggedEvent => {
  const [, version, position, occurredAt, recordedAt, stream, type, schemaVersion, payload] = fields
  return {
    version: Number(version),
    position: Number(position),
    recordedAt: recordedAt as string,
    fact: {
      stream: streams(stream as string),
      occurredAt: BigInt(occurredAt as string),
      event: TrustedCodec.fromStored(type as string, Number(schemaVersion), payload as string)
    }
  }
}

const OF_POSTINGS = sql.raw(
  `program, account_key, position, recorded_at, line, debit, credit, lot_id, redemption_id, points, occurred_at, total,
    restored`
)
const OF_LOTS = sql.raw(
  `program, account_key, lot_id, earned_at, expires_at, opened_at, total, granted, restored, booked, swept, last_at, late`
)
const OF_REDEMPTIONS = sql.raw(
  `program, account_key, redemption_id, redemption_type, processed_by, redeemed_at, version, points, credited, pending,
    pending_credit, state, lot_ids, draws, request`
)

// Microseconds, which mean the same in every session; exact as a number until the year 2255.
const RECORDED_AT = sql`timestamptz 'epoch' + x[4]::bigint * interval '1 microsecond'`

// Without the offset, each field would split its line again.
const split = (lines: ReadonlyArray<string>): RawBuilder<unknown> =>
  sql`(select string_to_array(line, E'\\x1f', '') as x from string_to_table(${Lines.text(lines)}::text, E'\\x1e') as line
    offset 0) as r`

/** One statement for the rows of every table, hence one round trip and all or nothing. */
const writing = (shadow: Shadow, { folded, lots, postings, redemptions }: RowLines) => sql`
  with p as (
    insert into ${shadowTable(shadow, "postings")} (partition, ${OF_POSTINGS})
    select ${shadow.partition}::int, x[1], x[2], x[3]::bigint, ${RECORDED_AT}, x[5]::int, x[6], x[7], x[8], x[9],
      x[10]::numeric, x[11]::timestamptz, x[12]::numeric, x[13]::numeric from ${split(postings)}
  ), l as (
    insert into ${shadowTable(shadow, "lots")} (partition, ${OF_LOTS})
    select ${shadow.partition}::int, x[1], x[2], x[3], x[4]::timestamptz, x[5]::timestamptz, x[6]::timestamptz,
      x[7]::numeric, x[8]::numeric, x[9]::numeric, x[10]::numeric, x[11]::boolean, x[12]::timestamptz, x[13]::boolean
    from ${split(lots)}
  ), d as (
    insert into ${shadowTable(shadow, "redemptions")} (partition, ${OF_REDEMPTIONS})
    select ${shadow.partition}::int, x[1], x[2], x[3], x[4], x[5], x[6]::timestamptz, x[7]::bigint, x[8]::numeric,
      x[9]::numeric, x[10]::numeric, x[11], x[12], string_to_array(x[13], E'\\x1d'), x[14]::json, x[15]::json
    from ${split(redemptions)}
  )
  insert into ${shadowTable(shadow, "folded")} as f (program, account_key, version)
  select x[1], x[2], x[3]::bigint from ${split(folded)}
  on conflict (account_key, program) do update set version = excluded.version`

/** Reads the events of accounts, piece by piece, and writes the rows that follow. `again`: in place of earlier ones. */
export const fill = Effect.fnUntraced(function* (shadow: Shadow, accounts: ReadonlyArray<AccountAt>, again: boolean) {
  const database = yield* Database
  if (again) yield* forget(shadow, accounts)
  const folding = new Folding(accounts)
  let read: number
  do {
    const found = yield* database.query((kysely, signal) =>
      eventLines(shadow, accounts, folding.last).execute(kysely, { signal })
    )
    const events = Lines.parse(found.rows[0]?.lines)
    read = events.length
    const lines = yield* Effect.try({
      try: () => folding.add(events, read < EVENTS_AT_ONCE),
      catch: (cause) => folding.unreadable(cause)
    })
    yield* database.query((kysely, signal) => writing(shadow, lines).execute(kysely, { signal }))
  } while (read === EVENTS_AT_ONCE)
})

const forget = Effect.fnUntraced(function* (shadow: Shadow, accounts: ReadonlyArray<AccountAt>) {
  const database = yield* Database
  for (const table of READ_MODELS) {
    yield* database.query((kysely, signal) =>
      sql`delete from ${shadowTable(shadow, table)} where (account_key, program) in ${listed(accounts)}`.execute(
        kysely,
        { signal }
      )
    )
  }
})

/** Accounts as rows of their key and their program. */
export const listed = (accounts: ReadonlyArray<Pick<AccountAt, "key" | "program">>): RawBuilder<unknown> =>
  sql`(select * from unnest(${accounts.map(({ key }) => key)}::text[], ${accounts.map(({ program }) => program)}::text[]))`

/** Folds accounts in the order in which their events come. */
class Folding {
  readonly #accounts: ReadonlyArray<AccountAt>
  #account = 0
  #fold: AccountFold | undefined
  /** The place of the last event that was read. */
  last: Place = { account: 0, position: 0 }

  constructor(accounts: ReadonlyArray<AccountAt>) {
    this.#accounts = accounts
  }

  /** Reads events and folds them; answers the rows that follow. `isEnd` says that there are no more. */
  add(stored: ReadonlyArray<ReadonlyArray<string>>, isEnd: boolean): RowLines {
    const lines = noLines()
    let ofAccount: Array<LoggedEvent> = []
    for (const fields of stored) {
      const account = Number(fields[0])
      if (account !== this.#account) {
        this.#fold?.add(ofAccount, lines)
        ofAccount = []
        this.#advanceTo(account, lines)
      }
      const event = toEvent(fields)
      ofAccount.push(event)
      this.last = { account, position: event.position }
    }
    this.#fold?.add(ofAccount, lines)
    if (isEnd) this.#advanceTo(this.#accounts.length + 1, lines)
    return lines
  }

  // Accounts without events are folded too: to nothing.
  #advanceTo(account: number, lines: RowLines): void {
    while (this.#account < account) {
      this.#fold?.end(lines)
      const next = this.#accounts[this.#account++]
      this.#fold = next === undefined ? undefined : new AccountFold(next)
    }
  }

  unreadable(cause: unknown): HistoryUnreadable {
    const { key, program } = this.#accounts[this.#account - 1] as AccountAt
    const problem = cause instanceof Error ? cause.message : String(cause)
    return new HistoryUnreadable({ program, account: key, problem })
  }
}
