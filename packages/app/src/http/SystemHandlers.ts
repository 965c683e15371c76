/** What whoever runs the server asks of it. */
import { Migrations } from "@pointback/adapters"
import { Duration, Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import manifest from "../../package.json" with { type: "json" }
import { CurrentCaller } from "./Access.ts"
import { Api } from "./Api.ts"
import * as Gauges from "./Gauges.ts"
import { type Handlers, question } from "./Handling.ts"
import * as Watched from "./Watched.ts"

/** How long the database may take to say that it is there. */
const READY_TIMEOUT = Duration.seconds(5)

const ok = { status: "ok", version: manifest.version } as const

const notReady = (reason: string) => ({ status: "unavailable", reason }) as const

const readiness = Migrations.requireCurrent.pipe(
  Effect.as(ok),
  Effect.timeoutOrElse({
    duration: READY_TIMEOUT,
    orElse: () => Effect.succeed(notReady("the database does not answer in time"))
  }),
  Effect.catchTags({
    DatabaseError: () => Effect.succeed(notReady("the database cannot be reached")),
    SchemaOutdated: () => Effect.succeed(notReady("the schema is another one than this version works with"))
  })
)

const system: Handlers<"system"> = HttpApiBuilder.group(Api, "system", (handlers) =>
  handlers.handleAll({
    health: () => Effect.as(Watched.isAt("/health"), ok),
    ready: () => Effect.andThen(Watched.isAt("/ready"), readiness)
  })
)

const watching: Handlers<"watching"> = HttpApiBuilder.group(Api, "watching", (handlers) =>
  handlers.handleAll({
    // A database that does not answer must not hide what the process has counted.
    metrics: () => question(Effect.andThen(Gauges.lookAtAll, PrometheusMetrics.format()))
  })
)

const keys: Handlers<"keys"> = HttpApiBuilder.group(Api, "keys", (handlers) =>
  handlers.handleAll({ ownKey: () => CurrentCaller })
)

/** The handlers of the groups `system`, `keys` and `watching`. */
export const layer: Layer.Layer<
  Layer.Success<Handlers<"system"> | Handlers<"keys"> | Handlers<"watching">>,
  never,
  Layer.Services<Handlers<"system">>
> = Layer.mergeAll(system, keys, watching)
