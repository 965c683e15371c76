/** The event store on PostgreSQL and on PGlite. */
import { Fact, Ids, Instant } from "@pointback/domain"
import { Effect, Layer, Option, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import type { Tables } from "../database/Tables.ts"
import { CurrentTransaction } from "../database/CurrentTransaction.ts"
import * as AppendBatch from "./AppendBatch.ts"
import type { EventRow } from "./EventRow.ts"
import { toStoredEvent } from "./EventRow.ts"
import type { AccountRef, AppendRequest, StreamRead, SweepQuestion } from "./EventStore.ts"
import { EventStore, MAXIMUM_PAGE, VersionConflict } from "./EventStore.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as LoadStatement from "./LoadStatement.ts"
import * as NewAccount from "./NewAccount.ts"
import { partitionOf } from "./Partition.ts"
import * as Turns from "./Turns.ts"

/** Constraints that two writers of one account meet; whoever loses loads and decides again. */
const RACES = ["account_numbers_pkey", "idempotency_keys_pk", "events_stream_version", "events_account_version"]

const isRace = ({ reason }: DatabaseError): boolean =>
  reason._tag === "UniqueViolation" && RACES.includes(reason.constraint)

type DatabaseService = Database["Service"]

// Fixed when the schema was created, so it is asked for once; a failure to ask is not kept.
const partitionCounter = (database: DatabaseService) => {
  let known: number | undefined
  const ask = database.query((kysely, signal) =>
    kysely.selectFrom("settings").select("partitions").executeTakeFirstOrThrow({ signal })
  )
  return Effect.suspend(() =>
    known === undefined ? Effect.map(ask, ({ partitions }) => (known = partitions)) : Effect.succeed(known)
  )
}

const appender = Effect.fnUntraced(function* (database: DatabaseService, random: SecureRandom.SecureRandom["Service"]) {
  const partitionCount = partitionCounter(database)
  const write = (batch: ReadonlyArray<AppendBatch.Prepared>) =>
    database.query((kysely) => AppendBatch.append(kysely, batch))
  const submit = yield* GroupCommit.make(write)

  const alone = (prepared: AppendBatch.Prepared) => Effect.map(write([prepared]), ([appended]) => appended)

  // A savepoint: a race that this append loses must not spoil the transaction that it is in.
  const within = (prepared: AppendBatch.Prepared) => database.transaction(alone(prepared))

  const newAccount = Effect.fnUntraced(function* ({ target }: AppendRequest) {
    const key = Ids.AccountKey.make(yield* random.uuidV7())
    const account: AccountRef = {
      program: target.program,
      key,
      partition: partitionOf(target.program, key, yield* partitionCount)
    }
    return account
  })

  const toNewAccount = Effect.fnUntraced(function* (request: AppendRequest, eventIds: ReadonlyArray<string>) {
    const account = yield* newAccount(request)
    const created = database.query((kysely) => NewAccount.create(kysely, account, request))
    return yield* database.transaction(
      Effect.flatMap(created, (done) => (done ? alone({ account, request, eventIds }) : Effect.undefined))
    )
  })

  return Effect.fn("EventStore.append")(function* (request: AppendRequest) {
    const { facts, loaded } = request
    const { account } = loaded
    // A refusal of a command for an account that does not exist has nothing to be remembered with.
    if (account === null && facts.length === 0) return []
    const eventIds = yield* Effect.forEach(facts, () => random.uuidV7())
    // What belongs to somebody's transaction is written in it, and cannot be gathered with others.
    const gathered = (yield* CurrentTransaction) === undefined
    const appended =
      account === null ? toNewAccount(request, eventIds) : (gathered ? submit : within)({ account, request, eventIds })
    const conflict = new VersionConflict({ expected: loaded.version })
    return yield* appended.pipe(
      Effect.catchIf(isRace, () => conflict),
      Effect.flatMap((events) => (events === undefined ? conflict : Effect.succeed(events)))
    )
  })
})

type Rows = (kysely: Kysely<Tables>, signal: AbortSignal) => Promise<{ readonly rows: ReadonlyArray<{ row: string }> }>

const reader = (database: DatabaseService) => {
  const read = (rows: Rows) =>
    Effect.map(database.query(rows), ({ rows }) => rows.map(({ row }) => toStoredEvent(JSON.parse(row) as EventRow)))

  const readStream = Effect.fn("EventStore.readStream")(({ account, from, limit, stream }: StreamRead) =>
    read((kysely, signal) =>
      sql<{ row: string }>`
        select row_to_json(e)::text as row from events e
        where partition = ${account.partition} and program = ${account.program} and account_key = ${account.key}
          and stream = ${Fact.streamName(stream)} and version >= ${from ?? 1}
        order by version limit ${Math.min(limit ?? MAXIMUM_PAGE, MAXIMUM_PAGE)}`.execute(kysely, { signal })
    )
  )

  const readPage = (account: AccountRef, after: number) =>
    read((kysely, signal) =>
      sql<{ row: string }>`
        select row_to_json(e)::text as row from events e
        where partition = ${account.partition} and program = ${account.program} and account_key = ${account.key}
          and account_version > ${after}
        order by account_version limit ${MAXIMUM_PAGE}`.execute(kysely, { signal })
    )

  const readAccount = (account: AccountRef) =>
    Stream.paginate(0, (after) =>
      Effect.map(readPage(account, after), (events) => {
        const last = events.length < MAXIMUM_PAGE ? undefined : events.at(-1)
        return [events, Option.map(Option.fromNullishOr(last), (event) => event.accountVersion)]
      })
    )

  return { readStream, readAccount }
}

const finder = (database: DatabaseService) => {
  const find = Effect.fn("EventStore.find")((program: Ids.ProgramId, account: Ids.AccountNumber) =>
    database.query(async (kysely, signal) => {
      const found = await kysely
        .selectFrom("account_numbers")
        .select(["partition", "account_key"])
        .where("program", "=", program)
        .where("account_number", "=", account)
        .executeTakeFirst({ signal })
      return found === undefined
        ? null
        : { program, key: Ids.AccountKey.make(found.account_key), partition: found.partition }
    })
  )

  const toSweep = Effect.fn("EventStore.toSweep")(({ after, asOf, limit, program }: SweepQuestion) =>
    database.query(async (kysely, signal) => {
      const found = await sql<{ partition: number; program: string; account_key: string; account_number: string }>`
        select distinct l.partition, l.program, l.account_key, n.account_number
        from lots l join account_numbers n using (partition, program, account_key)
        where l.expires_at <= ${Instant.toString(asOf)}::timestamptz and l.total <> l.booked
          and (${program}::text is null or l.program = ${program})
          and (l.partition, l.program, l.account_key)
            > (${after?.partition ?? -1}::int, ${after?.program ?? ""}::text, ${after?.key ?? ""}::text)
        order by l.partition, l.program, l.account_key limit ${limit}`.execute(kysely, { signal })
      return found.rows.map((row) => ({
        account: {
          program: Ids.ProgramId.make(row.program),
          key: Ids.AccountKey.make(row.account_key),
          partition: row.partition
        },
        number: Ids.AccountNumber.make(row.account_number)
      }))
    })
  )

  return { find, toSweep }
}

const make = Effect.gen(function* () {
  const database = yield* Database
  const random = yield* SecureRandom.SecureRandom
  return EventStore.of({
    load: Effect.fn("EventStore.load")((request) =>
      database.query((kysely, signal) => LoadStatement.load(kysely, request, signal))
    ),
    append: yield* appender(database, random),
    inTurn: yield* Turns.make,
    ...reader(database),
    ...finder(database)
  })
})

/** `EventStore` over the `Database`. */
export const layer: Layer.Layer<EventStore, never, Database> = Layer.effect(EventStore, make).pipe(
  Layer.provide(SecureRandom.layerWebCrypto)
)
