/** The event store on PostgreSQL and on PGlite. */
import { Fact, type Ids } from "@pointback/domain"
import { Effect, Layer, Option, type Scope, Stream } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { randomBytes, randomUUID } from "node:crypto"
import { CurrentTransaction } from "../database/CurrentTransaction.ts"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as LockTimeout from "../database/LockTimeout.ts"
import * as Rows from "../database/Rows.ts"
import * as AppendBatch from "./AppendBatch.ts"
import type { EventRow } from "./EventRow.ts"
import { COLUMNS, toStoredEvent } from "./EventRow.ts"
import type { AccountRef, AppendRequest, Loaded, LoadRequest, StreamRead, Together } from "./EventStore.ts"
import { EventStore, MAXIMUM_PAGE, VersionConflict } from "./EventStore.ts"
import * as Gathering from "./Gathering.ts"
import * as Finding from "./Finding.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as LoadBatch from "./LoadBatch.ts"
import { partitionOf } from "./Partition.ts"
import * as Turns from "./Turns.ts"

/** Constraints that two writers of one account meet; whoever loses loads and decides again. */
const RACES = ["account_numbers_pkey", "idempotency_keys_pk", "events_stream_version"]

// A partition's constraint has the partition's name in its own.
const isRace = ({ reason }: DatabaseError): boolean =>
  reason._tag === "UniqueViolation" &&
  (RACES.includes(reason.constraint) || /^(idempotency_keys|events)_p\d+_/.test(reason.constraint))

type DatabaseService = Database["Service"]

/** Loads in one statement at most: their lots and keys come in one answer. */
const MAXIMUM_LOADS = 100

// Fixed when the schema was created, so it is asked for once; a failure to ask is not kept.
const partitionCounter = (database: DatabaseService) => {
  let known: number | undefined
  const ask = database.query((kysely, signal) =>
    Rows.ask<{ partitions: number }>(kysely, sql`select partitions from ${sql.id(database.schema, "settings")}`, signal)
  )
  return Effect.suspend(() =>
    known === undefined
      ? Effect.map(ask, ([row]) => (known = (row as { partitions: number }).partitions))
      : Effect.succeed(known)
  )
}

const loaderOfAll = (database: DatabaseService) => (requests: ReadonlyArray<LoadRequest>) =>
  database.query((kysely) => LoadBatch.load(kysely, database.schema, requests))

const loader = (database: DatabaseService, scope: Scope.Scope) => {
  const loadAll = loaderOfAll(database)
  // What the database refuses of one request, say a name that no text can hold, must not become its neighbours' trouble.
  const carry = Gathering.orOneByOne(
    (batch: ReadonlyArray<LoadRequest>) =>
      Effect.map(loadAll(batch), (loaded) =>
        loaded.map((one): Effect.Effect<Loaded, DatabaseError> => Effect.succeed(one))
      ),
    ({ reason }) => reason._tag === "Unreachable"
  )
  const line = Gathering.make(Gathering.inScope(scope), Gathering.oldest(MAXIMUM_LOADS), carry, { patient: true })
  return (request: LoadRequest): Effect.Effect<Loaded, DatabaseError> =>
    Effect.flatMap(CurrentTransaction, (transaction) =>
      // What is loaded in somebody's transaction must see what that transaction did.
      transaction === undefined ? line(request) : Effect.map(loadAll([request]), ([loaded]) => loaded as Loaded)
    )
}

/** A new account's key: a UUID of version 7, so that accounts that are made together stand together in indexes. */
const newAccountKey = (now: number): Ids.AccountKey => {
  const bytes = randomBytes(16)
  // Version 7 begins with 48 bits of milliseconds.
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.toString("hex")
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return parts.join("-") as Ids.AccountKey
}

const appender = (database: DatabaseService, scope: Scope.Scope) => {
  const partitionCount = partitionCounter(database)
  const write: GroupCommit.Write = (batch, wait) =>
    database.query((kysely) => AppendBatch.append(kysely, database.schema, batch, wait))
  const submit = GroupCommit.make(scope, (batch, wait) =>
    wait ? LockTimeout.limited(database, write(batch, wait)) : write(batch, wait)
  )

  // A savepoint: a race that this append loses must not spoil the transaction that it is in.
  const within = (prepared: AppendBatch.Prepared) =>
    LockTimeout.ascending(database, prepared.account.partition, (wait) =>
      Effect.map(write([prepared], wait), ([appended]) => appended as AppendBatch.Appended)
    )

  // The number is given under the head that the append took, and all of it or nothing is there afterwards.
  const withAlias = (prepared: AppendBatch.Prepared, { key, number }: NonNullable<AppendRequest["alias"]>) => {
    const { program, key: accountKey } = prepared.account
    const alias = sql.id(database.schema, "alias_account")
    return database.transaction(
      Effect.tap(within(prepared), (appended) =>
        typeof appended === "string"
          ? Effect.void
          : database.query((kysely) =>
              sql`select ${alias}(${program}::text, ${accountKey}::text, ${number}::text, ${key}::text)`.execute(kysely)
            )
      )
    )
  }

  const newAccount = Effect.fnUntraced(function* ({ target }: AppendRequest) {
    const partitions = yield* partitionCount
    const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    const key = newAccountKey(now)
    const account: AccountRef = {
      program: target.program,
      key,
      partition: partitionOf(target.program, key, partitions)
    }
    return account
  })

  const one = Effect.fnUntraced(function* (request: AppendRequest) {
    const { facts, loaded } = request
    // A refusal of a command for an account that does not exist has nothing to be remembered with.
    if (loaded.account === null && facts.length === 0) return []
    const account = loaded.account ?? (yield* newAccount(request))
    const prepared = prepare(account, request)
    // What belongs to somebody's transaction is written in it, and cannot be gathered with others.
    const gathered = (yield* CurrentTransaction) === undefined
    const appended =
      request.alias === undefined ? (gathered ? submit : within)(prepared) : withAlias(prepared, request.alias)
    return yield* orConflict(appended, loaded)
  })

  const many: Together["append"] = (requests) =>
    Effect.map(submit.all(requests.map((request) => prepare(request.loaded.account as AccountRef, request))), (all) =>
      all.map((appended, place) => orConflict(appended, (requests[place] as AppendRequest).loaded))
    )

  return { one, many }
}

const prepare = (account: AccountRef, request: AppendRequest): AppendBatch.Prepared => ({
  account,
  request,
  eventIds: request.facts.map(() => randomUUID())
})

const orConflict = (appended: Effect.Effect<AppendBatch.Appended, DatabaseError>, { version }: Loaded) => {
  const conflict = Effect.suspend(() => new VersionConflict({ expected: version }))
  return appended.pipe(
    Effect.catchIf(isRace, () => conflict),
    Effect.flatMap((events) => (typeof events === "string" ? conflict : Effect.succeed(events)))
  )
}

const reader = (database: DatabaseService) => {
  const events = sql.id(database.schema, "events")
  const read = (question: RawBuilder<unknown>) =>
    Effect.map(
      database.query((kysely, signal) => Rows.ask<EventRow>(kysely, question, signal)),
      (rows) => rows.map(toStoredEvent)
    )

  const readStream = Effect.fn("EventStore.readStream")((read_: StreamRead) => {
    const { account, direction = "forward", from, limit, stream } = read_
    const backward = direction === "backward"
    const start = from ?? (backward ? Number.MAX_SAFE_INTEGER : 1)
    return read(sql`
      select ${COLUMNS} from ${events} e
      where partition = ${account.partition} and program = ${account.program} and account_key = ${account.key}
        and stream = ${Fact.streamName(stream)} and version ${backward ? sql`<=` : sql`>=`} ${start}
      order by version ${backward ? sql`desc` : sql`asc`} limit ${Math.min(limit ?? MAXIMUM_PAGE, MAXIMUM_PAGE)}`)
  })

  const readPage = (account: AccountRef, after: number) =>
    read(sql`
      select ${COLUMNS} from ${events} e
      where partition = ${account.partition} and program = ${account.program} and account_key = ${account.key}
        and position > ${after}
      order by position limit ${MAXIMUM_PAGE}`)

  const readAccount = (account: AccountRef) =>
    Stream.paginate(0, (after) =>
      Effect.map(readPage(account, after), (page) => {
        const last = page.length < MAXIMUM_PAGE ? undefined : page.at(-1)
        return [page, Option.map(Option.fromNullishOr(last), (event) => event.position)]
      })
    )

  return { readStream, readAccount }
}

// Every command has several of them: no stack is taken, which is what costs most of a span.
const inSpan = <A, E, R>(name: string, self: Effect.Effect<A, E, R>) =>
  self.pipe(Effect.withSpan(name, { kind: "client" }, { captureStackTrace: false }))

const make = Effect.gen(function* () {
  const database = yield* Database
  const scope = yield* Effect.scope
  const load = loader(database, scope)
  const append = appender(database, scope)
  const loadAll = loaderOfAll(database)
  return EventStore.of({
    load: (...asked) => inSpan("EventStore.load", load(...asked)),
    append: (...asked) => inSpan("EventStore.append", append.one(...asked)),
    together: {
      load: (...asked) => inSpan("EventStore.loadTogether", loadAll(...asked)),
      append: (...asked) => inSpan("EventStore.appendTogether", append.many(...asked))
    },
    inTurn: Turns.make(),
    ...reader(database),
    ...Finding.make(database)
  })
})

/** `EventStore` over the `Database`. */
export const layer: Layer.Layer<EventStore, never, Database> = Layer.effect(EventStore, make)
