/** Gauges of what stands in the database, and of the connections to it; they are as old as the last look. */
import { Database, Standing } from "@pointback/adapters"
import { ReconciliationBreak } from "@pointback/domain"
import { Effect, Metric } from "effect"

const inFlight = Metric.gauge("pointback_credits_in_flight", {
  description: "Credits whose outcome is not recorded, by state"
})
const oldest = Metric.gauge("pointback_credits_in_flight_oldest_seconds", {
  description: "Seconds since the oldest of them was asked for, by state; 0 where there is none"
})
const lag = Metric.gauge("pointback_subscription_lag_events", {
  description: "Events that a subscription has not handled yet"
})

const breaks = Metric.gauge("pointback_open_breaks", { description: "Open breaks of reconciliations, by type" })
const oldestBreak = Metric.gauge("pointback_open_breaks_oldest_seconds", {
  description: "Seconds since the oldest open break happened, by type; 0 where there is none"
})

const connections = Metric.gauge("pointback_database_connections", {
  description: "Connections to the database: total and idle ones, max, and what is waiting for one"
})

/** Sets the gauges of the connections, without asking the database: they count most when it does not answer. */
const lookAtPool = Effect.gen(function* () {
  const use = (yield* Database).poolUse()
  for (const state of ["max", "total", "idle", "waiting"] as const) {
    const count = use[state]
    // A host's kysely does not tell what its pool has.
    if (count !== null) yield* Metric.update(Metric.withAttributes(connections, { state }), count)
  }
})

const STATES = { CreditPending: "inFlight", CreditUnknown: "unknown" } as const

/** Looks into the database and sets the gauges. */
const look = Effect.gen(function* () {
  const standing = yield* Standing.read
  for (const { credits, oldestSeconds, state } of standing.inFlight) {
    const attributes = { state: STATES[state] }
    yield* Metric.update(Metric.withAttributes(inFlight, attributes), credits)
    yield* Metric.update(Metric.withAttributes(oldest, attributes), oldestSeconds)
  }
  for (const type of ReconciliationBreak.BREAK_TYPES) {
    const open = standing.breaks.find((one) => one.type === type)
    yield* Metric.update(Metric.withAttributes(breaks, { type }), open?.breaks ?? 0)
    yield* Metric.update(Metric.withAttributes(oldestBreak, { type }), open?.oldestSeconds ?? 0)
  }
  for (const { events, subscription } of standing.subscriptions) {
    yield* Metric.update(Metric.withAttributes(lag, { subscription }), events)
  }
})

/** Sets all gauges; those of what stands in the database stay as they were where it does not answer. */
export const lookAtAll = Effect.andThen(lookAtPool, Effect.ignore(look))
