import { Decide, Fact, Ids, Instant, Points, type Refusal } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime, Result } from "effect"
import { afterAll, beforeAll, beforeEach } from "vitest"
import type { Database, Dialect } from "../../src/database/Database.ts"
import type { DatabaseError } from "../../src/database/DatabaseError.ts"
import {
  EventStore,
  type Loaded,
  type Origin,
  type StoredEvent,
  type VersionConflict
} from "../../src/eventStore/EventStore.ts"
import * as Stores from "../../src/Stores.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { type AnyStore, databaseLayer } from "../support/StoresUnderTest.ts"

/*
 * A database with the history of one account, which each test may change as its owner could, behind our back.
 */

export const program = Ids.ProgramId.make("program")
export const account = Ids.AccountNumber.make("220094110178641288073796026652")
const redemptionId = Ids.RedemptionId.make("R1")
const lot = Ids.LotId.make
const at = (date: string) => Instant.fromStringUnsafe(`${date}T00:00:00Z`)
const points = (text: string) => Result.getOrThrow(Points.fromString(text))

const earn = (lotId: string, earnedAt: string, expiresAt: string): Decide.Command => ({
  _tag: "Earn",
  lotId: lot(lotId),
  points: points("100"),
  earnedAt: at(earnedAt),
  expiresAt: at(expiresAt),
  occurredAt: at(earnedAt),
  source: null
})

const credit = (creditId: string, amount: string, when: string): Decide.Command => ({
  _tag: "RecordCredit",
  redemptionId,
  creditId: Ids.CreditId.make(creditId),
  points: points(amount),
  occurredAt: at(when),
  origin: "ours",
  mastercard: null
})

/** The reference scenario up to the redemption. */
export const redeemed: ReadonlyArray<Decide.Command> = [
  earn("A", "2025-01-10", "2026-01-10"),
  earn("B", "2025-03-10", "2026-03-10"),
  {
    _tag: "Redeem",
    redemptionId,
    points: points("150"),
    redemptionType: "MERCHANDISE",
    processedBy: Ids.ProcessedBy.make("E078562"),
    occurredAt: at("2025-12-01")
  }
]

/** A credit that is asked for, and in flight from then on. */
export const requestCredit = { ...credit("c3", "10", "2026-02-01"), _tag: "RequestCredit" } as Decide.Command

/** The reference scenario, with a sweep, and with a credit in flight. */
const history: ReadonlyArray<Decide.Command> = [
  ...redeemed,
  { _tag: "SweepExpired", asOf: at("2026-04-01") },
  credit("c1", "70", "2026-01-20"),
  credit("c2", "30", "2026-02-01"),
  requestCredit
]

/** Loads what a command may look at. */
export const load = Effect.fnUntraced(function* (target: Ids.AccountNumber) {
  const store = yield* EventStore
  return yield* store.load({
    program,
    account: target,
    lots: [{ _tag: "All" }],
    horizon: Instant.EARLIEST,
    redemptions: [redemptionId],
    keys: []
  })
})

/** Decides a command on what was loaded, and appends what it comes to. */
export const append = Effect.fnUntraced(function* (
  loaded: Loaded,
  target: Ids.AccountNumber,
  command: Decide.Command,
  origin: Origin
): Effect.fn.Return<ReadonlyArray<StoredEvent>, Refusal.Refusal | VersionConflict | DatabaseError, EventStore> {
  const store = yield* EventStore
  const facts = yield* Effect.fromResult(Decide.decide(command, loaded.state, loaded.policy))
  return yield* store.append({
    loaded,
    target: { program, account: target },
    facts: facts.map((fact) => ({ fact, origin })),
    keys: []
  })
})

/** Where events of these tests come from. */
export const origin: Origin = { correlationId: "test", causationId: null, idempotencyKey: "key", actor: "Zoë" }

/** Carries commands out, one after the other. */
export const run = (
  target: Ids.AccountNumber,
  commands: ReadonlyArray<Decide.Command>
): Effect.Effect<unknown, Refusal.Refusal | VersionConflict | DatabaseError, EventStore> =>
  Effect.forEach(commands, (command) =>
    Effect.flatMap(load(target), (loaded) => append(loaded, target, command, origin))
  )

/** The stream of redemption R1 in the log. */
export const stream = Fact.streamName(Fact.redemptionStream(redemptionId))

/** The tables that a test may change. */
const TABLES = [
  "accounts",
  "events",
  "postings",
  "lots",
  "redemptions",
  "idempotency_keys",
  "log_heads",
  "account_numbers",
  "erasures"
]

const everyTable = (statement: (table: string) => string) =>
  rows(`do $do$ begin ${TABLES.map((table) => `${statement(table)};`).join("\n")} end $do$`)

// The database refuses by itself to change these; whoever tampers would have to do this first.
const disableTriggers = rows(`do $do$ declare t record; begin
  for t in select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'pointback' and c.relkind in ('r', 'p') loop
    execute format('alter table %s disable trigger user', t.name);
  end loop;
end $do$`)

/** The database for the surrounding `describe`, as it was written before each of its tests. */
export const tampered = (dialect: Dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(dialect)))
    await runtime.runPromise(
      Effect.gen(function* () {
        yield* run(account, history)
        yield* disableTriggers
        yield* everyTable((table) => `create table kept_${table} as table ${table}`)
      })
    )
  })
  beforeEach(() =>
    runtime.runPromise(
      Effect.gen(function* () {
        yield* everyTable((table) => `delete from ${table}`)
        yield* everyTable((table) => `insert into ${table} select * from kept_${table}`)
      })
    )
  )
  afterAll(() => runtime.dispose())
  return <A, E>(effect: Effect.Effect<A, E, AnyStore | Database>): Promise<A> => runtime.runPromise(effect)
}
