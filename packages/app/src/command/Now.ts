/** The present, as commands carry it. */
import { Instant } from "@pointback/domain"
import { Clock, Effect } from "effect"

/** The present instant of the clock. */
export const now: Effect.Effect<Instant.Instant> = Effect.map(Clock.currentTimeMillis, Instant.fromEpochMillis)
