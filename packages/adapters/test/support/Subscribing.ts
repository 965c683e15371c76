import { Effect, Layer, ManagedRuntime, References } from "effect"
import { sql } from "kysely"
import { afterAll, beforeAll } from "vitest"
import { Database, type Dialect } from "../../src/database/Database.ts"
import type { StoredEvent } from "../../src/eventStore/EventStore.ts"
import * as Stores from "../../src/Stores.ts"
import * as Subscription from "../../src/subscription/Subscription.ts"
import { place } from "./Appending.ts"
import { rows } from "./DatabaseUnderTest.ts"
import { databaseLayer } from "./StoresUnderTest.ts"

/*
 * A subscriber for tests, which writes down what it sees in a table of the database: in the transaction of its
 * checkpoint where there is one.
 */

/** What tests of subscriptions need. */
export type Services = Layer.Success<typeof Stores.layer> | Database

/** Runs an effect on the database of the surrounding `describe`. */
export type RunSubscribing = <A, E>(effect: Effect.Effect<A, E, Services>) => Promise<A>

/** The subscriber's table. */
const createSeen = rows("create table seen (id serial, subscription text, place text)")

/** One database with its stores and the subscriber's table, for the surrounding `describe`. */
export const subscribingOn = (dialect: Dialect): RunSubscribing => subscribingWith(() => databaseLayer(dialect))

/** The same on a database that the caller makes. */
export const subscribingWith = (database: () => Promise<Layer.Layer<Database, unknown>>): RunSubscribing => {
  let runtime: ManagedRuntime.ManagedRuntime<Services, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Stores.layer.pipe(Layer.provideMerge(await database())))
    await runtime.runPromise(createSeen)
  })
  afterAll(() => runtime.dispose())
  // Failures are what these tests are about; their warnings would bury others.
  return (effect) => runtime.runPromise(Effect.provideService(effect, References.MinimumLogLevel, "None"))
}

/** Writes down events. */
export const see = (subscription: string) => (events: ReadonlyArray<StoredEvent>) =>
  Database.use((database) =>
    database.query((kysely) =>
      sql`insert into seen (subscription, place)
        select ${subscription}, value from json_array_elements_text(${JSON.stringify(events.map(place))}::json)`.execute(
        kysely
      )
    )
  )

/** What a subscription has written down, in order. */
export const seenBy = (subscription: string) =>
  Effect.map(
    rows<{ place: string }>(`select place from seen where subscription = '${subscription}' order by id`),
    (all) => all.map((row) => row.place)
  )

/** Runs a subscription that writes down what it sees, until it is caught up. */
export const catchUp = (
  name: string,
  options: Partial<Subscription.Options<unknown, Database>> = {}
): Effect.Effect<void, Subscription.RunError, Services> =>
  Subscription.run({ name, handler: see(name), until: "caughtUp", ...options })

/** Waits until an effect says so. */
export const eventually = <E, R>(condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.flatMap(condition, (met) => (met ? Effect.void : Effect.andThen(Effect.sleep(10), eventually(condition))))
