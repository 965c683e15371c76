/** Everything that use cases ask of a database, over one `Database`. */
import { Layer } from "effect"
import type { AgingStore } from "./aging/AgingStore.ts"
import * as SqlAgingStore from "./aging/SqlAgingStore.ts"
import type { Database } from "./database/Database.ts"
import type { EventStore } from "./eventStore/EventStore.ts"
import * as SqlEventStore from "./eventStore/SqlEventStore.ts"
import type { EventLog } from "./log/EventLog.ts"
import * as SqlEventLog from "./log/SqlEventLog.ts"
import type { PolicyStore } from "./program/PolicyStore.ts"
import * as SqlPolicyStore from "./program/SqlPolicyStore.ts"

/** The stores on PostgreSQL or PGlite. */
export const layer: Layer.Layer<EventStore | EventLog | PolicyStore | AgingStore, never, Database> = Layer.mergeAll(
  SqlEventStore.layer,
  SqlEventLog.layer,
  SqlPolicyStore.layer,
  SqlAgingStore.layer
)
