/**
 * Keeps runs, their checkpoints and breaks. What a run found between two checkpoints is committed with the second one,
 * and only while the first is still the run's place: of two processes with one run, one goes on.
 */
import { type Ids, Instant, Points, type ReconciliationBreak } from "@pointback/domain"
import { Effect, Schema } from "effect"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import * as ProgramRoles from "../program/ProgramRoles.ts"
import type { Tables } from "../database/Tables.ts"
import type { ParkedRecord } from "../statement/ReconciliationSource.ts"
import { evidenceOf, type FoundBreak, type StoredBreak } from "./StoredBreak.ts"

/** What a run is about; it never changes. */
export interface RunStart {
  readonly run: string
  readonly program: Ids.ProgramId
  readonly source: string
  readonly identity: string
  readonly at: Instant.Instant
  /** The tolerances and the window, as JSON. */
  readonly rules: string
}

/** How much a run has looked at. */
export interface Counts {
  readonly here: number
  readonly there: number
  readonly matched: number
}

/** A run, and how far it is. */
export interface Run extends RunStart, Counts {
  readonly place: string | null
  readonly finished: boolean
}

/** The run's id stands for another program or another input. */
export class RunMismatch extends Schema.TaggedError<RunMismatch>()("RunMismatch", {
  run: Schema.String,
  differs: Schema.Literals(["program", "source"])
}) {
  override get message() {
    return (
      `run ${this.run} was begun with another ${this.differs === "program" ? "program" : "input"}; ` +
      "give it what it was begun with, or begin another run"
    )
  }
}

/** Another process goes on with the run. */
export class RunTaken extends Schema.TaggedError<RunTaken>()("RunTaken", { run: Schema.String }) {
  override get message() {
    return `another process is at work on run ${this.run}; wait for it, or begin another run`
  }
}

/** What a run found between two places. */
export interface Checkpoint {
  readonly from: string | null
  /** Null at the end. */
  readonly to: string | null
  readonly counts: Counts
  readonly breaks: ReadonlyArray<FoundBreak>
  readonly closed: ReadonlyArray<{ readonly id: string; readonly fact: string }>
  readonly parked: ReadonlyArray<ParkedRecord>
}

interface RunRow {
  readonly program: string
  readonly source: string
  readonly identity: string
  readonly at: string
  readonly rules: string
  readonly place: string | null
  readonly finished: boolean
  readonly here: number
  readonly there: number
  readonly matched: number
}

const runRow = async (kysely: Kysely<Tables>, schema: string, run: string): Promise<Run | undefined> => {
  const [row] = await Rows.ask<RunRow>(
    kysely,
    sql`select program, source, identity, ${Rows.utc("r.at")} as at, rules::text as rules, place,
      finished_at is not null as finished, here, there, matched
      from ${sql.id(schema, "reconciliation_runs")} r where run = ${run}`
  )
  return row && { ...row, run, program: row.program as Ids.ProgramId, at: Instant.fromStringUnsafe(row.at) }
}

/** Begins a run, or finds it as it was left. */
export const begin = Effect.fn("ReconciliationStore.begin")(function* (
  start: RunStart
): Effect.fn.Return<Run, RunMismatch | DatabaseError, Database> {
  const { query, schema } = yield* Database
  const { at, identity, program, rules, run, source } = start
  const found = yield* query(async (kysely) => {
    await sql`insert into ${sql.id(schema, "reconciliation_runs")} (run, program, source, identity, at, rules)
      values (${run}, ${program}, ${source}, ${identity}, ${Instant.toString(at)}::timestamptz, ${rules}::json)
      on conflict (run) do nothing`.execute(kysely)
    return runRow(kysely, schema, run)
  })
  // A run that this database role does not see is of another program.
  if (found === undefined || found.program !== program) return yield* new RunMismatch({ run, differs: "program" })
  if (found.identity !== identity) return yield* new RunMismatch({ run, differs: "source" })
  return found
})

/** The run of an id, where there is one. */
export const find = (run: string): Effect.Effect<Run | undefined, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) => query((kysely) => runRow(kysely, schema, run)))

/** Where a listing of runs ended. */
export interface RunPlace {
  readonly startedAt: Instant.Instant
  readonly run: string
}

/** A run as it is listed. */
export interface ListedRun extends RunPlace, Counts {
  readonly source: string
  readonly at: Instant.Instant
  /** Null while it is under way, or where it was stopped. */
  readonly finishedAt: Instant.Instant | null
  /** Records that it put aside. */
  readonly parked: number
}

interface ListedRow extends Omit<ListedRun, "startedAt" | "at" | "finishedAt"> {
  readonly startedAt: string
  readonly at: string
  readonly finishedAt: string | null
}

/** Runs of a program, the one that was begun last first, behind a place where one is given. */
export const runsOf = (
  program: Ids.ProgramId,
  after: RunPlace | undefined,
  limit: number
): Effect.Effect<ReadonlyArray<ListedRun>, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) =>
    query(async (kysely, signal) => {
      const behind =
        after === undefined
          ? sql`true`
          : sql`(r.started_at, r.run) < (${Instant.toString(after.startedAt)}::timestamptz, ${after.run})`
      const found = await Rows.ask<ListedRow>(
        kysely,
        sql`select r.run, r.source, ${Rows.utc("r.at")} as at, ${Rows.utc("r.started_at")} as "startedAt",
            ${Rows.utc("r.finished_at")} as "finishedAt", r.here, r.there, r.matched,
            (select count(*) from ${sql.id(schema, "reconciliation_parked")} p where p.run = r.run) as parked
          from ${sql.id(schema, "reconciliation_runs")} r
          where r.program = ${program} and ${behind} order by r.started_at desc, r.run desc limit ${limit}`,
        signal
      )
      return found.map((row) => ({
        ...row,
        at: Instant.fromStringUnsafe(row.at),
        startedAt: Instant.fromStringUnsafe(row.startedAt),
        finishedAt: row.finishedAt === null ? null : Instant.fromStringUnsafe(row.finishedAt)
      }))
    })
  )

/** Commits what was found up to a place. Fails with `RunTaken` where the run is not at the place it was left at. */
export const commit = Effect.fn("ReconciliationStore.commit")(function* (
  { at, program, run }: RunStart,
  checkpoint: Checkpoint
): Effect.fn.Return<void, RunTaken | DatabaseError, Database> {
  const { query, schema, transaction } = yield* Database
  const { breaks, closed, counts, from, parked, to } = checkpoint
  const seen = Instant.toString(at)
  yield* transaction(
    Effect.gen(function* () {
      const moved = yield* query((kysely) =>
        sql`update ${sql.id(schema, "reconciliation_runs")} set place = ${to}, here = here + ${counts.here},
            there = there + ${counts.there}, matched = matched + ${counts.matched},
            finished_at = case when ${to}::text is null then ${sql.id(schema, "current_instant")}() end
          where run = ${run} and finished_at is null and place is not distinct from ${from} returning run`.execute(
          kysely
        )
      )
      if (moved.rows.length === 0) return yield* new RunTaken({ run })
      if (parked.length > 0) yield* query((kysely) => insertParked(schema, run, parked).execute(kysely))
      if (breaks.length > 0) {
        yield* query((kysely) => upsert(schema, { program, run, seen, breaks }).execute(kysely))
      }
      if (closed.length > 0) yield* query((kysely) => close(schema, run, seen, closed).execute(kysely))
    })
  )
})

const insertParked = (schema: string, run: string, parked: ReadonlyArray<ParkedRecord>) => sql`
  insert into ${sql.id(schema, "reconciliation_parked")} (run, place, reason)
  select ${run}, p.place, p.reason from json_to_recordset(${JSON.stringify(parked)}::json) as p(place text, reason text)
  on conflict do nothing`

interface Upsert {
  readonly program: string
  readonly run: string
  readonly seen: string
  readonly breaks: ReadonlyArray<FoundBreak>
}

// What was closed and is seen again is open again; what a person accepted stays so.
const upsert = (schema: string, { breaks, program, run, seen }: Upsert) => {
  const table = sql.id(schema, "reconciliation_breaks")
  return sql`
  with given as (
    select * from json_to_recordset(${JSON.stringify(breaks.map(rowOf))}::json) as g(id text, partition int, account_key text,
      account_number text, type text, redemption_id text, credit_id text, points numeric, here json, there json,
      since timestamptz, remedy text, reason text)
  ), before as (
    select b.id, b.state from ${table} b join given g on g.id = b.id
  ), stored as (
    insert into ${table} as b (id, partition, program, account_key, account_number, type, redemption_id, credit_id, points,
      here, there, since, remedy, reason, state, first_seen, last_seen, last_run)
    select id, partition, ${program}, account_key, account_number, type, redemption_id, credit_id, points, here, there, since,
      remedy, reason, 'open', ${seen}::timestamptz, ${seen}::timestamptz, ${run} from given
    on conflict (id) do update set last_seen = greatest(b.last_seen, excluded.last_seen),
      first_seen = least(b.first_seen, excluded.first_seen), last_run = excluded.last_run,
      points = excluded.points, here = excluded.here, there = excluded.there, remedy = excluded.remedy,
      reason = excluded.reason, state = case when b.state = 'closed' then 'open' else b.state end
    returning b.id
  )
  insert into ${sql.id(schema, "reconciliation_history")} (break_id, kind, run, at)
  select s.id, case when f.id is null then 'opened' when f.state = 'closed' then 'reopened' else 'seen' end, ${run},
    ${seen}::timestamptz
  from stored s left join before f on f.id = s.id order by s.id
  on conflict do nothing`
}

const close = (
  schema: string,
  run: string,
  seen: string,
  closed: ReadonlyArray<{ readonly id: string; readonly fact: string }>
) => sql`
  with given as (
    select * from json_to_recordset(${JSON.stringify(closed)}::json) as g(id text, fact text)
  ), changed as (
    update ${sql.id(schema, "reconciliation_breaks")} b set state = 'closed' from given g
    where g.id = b.id and b.state = 'open' returning b.id, g.fact
  )
  insert into ${sql.id(schema, "reconciliation_history")} (break_id, kind, run, at, fact)
  select id, 'closed', ${run}, ${seen}::timestamptz, fact from changed order by id on conflict do nothing`

const rowOf = ({ account, found, id }: FoundBreak) => ({
  id,
  partition: account?.partition ?? 0,
  account_key: account?.key ?? null,
  account_number: account === null ? found.account : null,
  type: found.type,
  redemption_id: found.redemption,
  credit_id: found.credit,
  points: found.points === null ? null : Points.toString(found.points),
  here: found.here.map(evidenceOf),
  there: found.there.map(evidenceOf),
  since: Instant.toString(found.since),
  remedy: found.remedy,
  reason: found.reason
})

/** Which breaks to read. */
export interface BreakQuestion {
  readonly program?: Ids.ProgramId | undefined
  /** Seen by this run. */
  readonly run?: string | undefined
  readonly type?: ReconciliationBreak.BreakType | undefined
  /** Open ones only, unless all are asked for. */
  readonly all?: boolean | undefined
  readonly ids?: ReadonlyArray<string> | undefined
  /** Of these accounts: keys, or numbers of unknown ones. */
  readonly accounts?: ReadonlyArray<string> | undefined
  /** Ids behind this one, which is how pages follow each other. */
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

/** Breaks in one answer at most. */
export const MAXIMUM_BREAKS = 1000

interface BreakRow extends Omit<StoredBreak, "since" | "firstSeen" | "lastSeen"> {
  readonly since: string
  readonly firstSeen: string
  readonly lastSeen: string
}

/** Reads breaks in the order of their ids. Refused for a program that the database role does not see. */
export const read = Effect.fnUntraced(function* (
  asked: BreakQuestion
): Effect.fn.Return<ReadonlyArray<StoredBreak>, DatabaseError, Database> {
  const found = yield* ask(asked)
  if (found.length === 0 && asked.program !== undefined) {
    yield* ProgramRoles.requireProgram(yield* Database, asked.program)
  }
  return found
})

const ask = (asked: BreakQuestion): Effect.Effect<ReadonlyArray<StoredBreak>, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) =>
    query(async (kysely, signal) => {
      const conditions = [
        asked.program === undefined ? undefined : sql`b.program = ${asked.program}`,
        asked.type === undefined ? undefined : sql`b.type = ${asked.type}`,
        asked.all === true ? undefined : sql`b.state = 'open'`,
        asked.ids === undefined ? undefined : sql`b.id = any(${asked.ids}::text[])`,
        asked.accounts === undefined
          ? undefined
          : sql`coalesce(b.account_key, b.account_number) = any(${asked.accounts}::text[])`,
        asked.after === undefined ? undefined : sql`b.id > ${asked.after}`,
        asked.run === undefined
          ? undefined
          : sql`exists (select from ${sql.id(schema, "reconciliation_history")} h where h.run = ${asked.run}
              and h.break_id = b.id and h.kind in ('opened', 'seen', 'reopened'))`
      ].filter((condition) => condition !== undefined)
      const found = await Rows.ask<BreakRow>(
        kysely,
        sql`select b.id, b.type, coalesce(n.account_number, b.account_number, b.account_key) as account,
            b.redemption_id as redemption, b.credit_id as credit, b.points::text as points, b.here, b.there,
            ${Rows.utc("b.since")} as since, b.remedy, b.reason, b.state, ${Rows.utc("b.first_seen")} as "firstSeen",
            ${Rows.utc("b.last_seen")} as "lastSeen", b.last_run as "lastRun"
          from ${sql.id(schema, "reconciliation_breaks")} b
          left join lateral (select min(n.account_number) as account_number from ${sql.id(schema, "account_numbers")} n
            where (n.program, n.account_key) = (b.program collate "default", b.account_key collate "default")
              and n.current) n on true
          where ${conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)}
          order by b.id limit ${sql.lit(Math.min(asked.limit ?? MAXIMUM_BREAKS, MAXIMUM_BREAKS))}`,
        signal
      )
      return found.map((row) => ({
        ...row,
        since: Instant.fromStringUnsafe(row.since),
        firstSeen: Instant.fromStringUnsafe(row.firstSeen),
        lastSeen: Instant.fromStringUnsafe(row.lastSeen)
      }))
    })
  )

/** Reads breaks, however many there are. */
export const readAll = Effect.fnUntraced(function* (
  asked: BreakQuestion
): Effect.fn.Return<ReadonlyArray<StoredBreak>, DatabaseError, Database> {
  const all: Array<StoredBreak> = []
  for (;;) {
    const page: ReadonlyArray<StoredBreak> = yield* read({ ...asked, after: all.at(-1)?.id ?? asked.after })
    all.push(...page)
    if (page.length < MAXIMUM_BREAKS) return all
  }
})

/** What a run put aside, by place. */
export const parkedOf = (run: string): Effect.Effect<ReadonlyArray<ParkedRecord>, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) =>
    query((kysely, signal) =>
      Rows.ask<ParkedRecord>(
        kysely,
        sql`select place, reason from ${sql.id(schema, "reconciliation_parked")} where run = ${run} order by place`,
        signal
      )
    )
  )

/** An entry of a break's history. */
export interface HistoryEntry {
  readonly kind: "opened" | "seen" | "reopened" | "closed" | "accepted"
  readonly run: string | null
  readonly at: string
  readonly fact: string | null
  readonly actor: string | null
  readonly reason: string | null
  readonly recordedAt: string
}

/** What happened to a break, oldest first. */
export const historyOf = (id: string): Effect.Effect<ReadonlyArray<HistoryEntry>, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) =>
    query((kysely, signal) =>
      Rows.ask<HistoryEntry>(
        kysely,
        sql`select kind, run, ${Rows.utc("h.at")} as at, fact, actor, reason, ${Rows.utc("h.recorded_at")} as "recordedAt"
          from ${sql.id(schema, "reconciliation_history")} h where break_id = ${id} order by entry`,
        signal
      )
    )
  )

/** A later fact closes breaks outside of a run's pages: what a remedy recorded. */
export const closeBy = (
  run: string,
  at: Instant.Instant,
  closed: ReadonlyArray<{ readonly id: string; readonly fact: string }>
): Effect.Effect<void, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) =>
    Effect.asVoid(query((kysely) => close(schema, run, Instant.toString(at), closed).execute(kysely)))
  )

/** A person takes a break for settled. False where no open break has the id. */
export const accept = (
  id: string,
  by: { readonly actor: string; readonly reason: string; readonly at: Instant.Instant }
): Effect.Effect<boolean, DatabaseError, Database> =>
  Effect.flatMap(Database, ({ query, schema }) =>
    Effect.map(
      query((kysely) =>
        sql`with changed as (
            update ${sql.id(schema, "reconciliation_breaks")} set state = 'accepted' where id = ${id} and state = 'open'
            returning id
          )
          insert into ${sql.id(schema, "reconciliation_history")} (break_id, kind, at, actor, reason)
          select id, 'accepted', ${Instant.toString(by.at)}::timestamptz, ${by.actor}, ${by.reason} from changed
          returning break_id`.execute(kysely)
      ),
      ({ rows }) => rows.length > 0
    )
  )
