/** What follows a reconciliation whose certain breaks are to be mended. */
import type { Database, DatabaseError, EventStore } from "@pointback/adapters"
import { Effect } from "effect"
import { now } from "../command/Now.ts"
import type { Reconciled } from "./ReconcileProgram.ts"
import { type Mended, mend } from "./Remedies.ts"
import type * as SettleSettings from "../settle/SettleSettings.ts"
import * as Sink from "./Sink.ts"

/** Mends what is certain, in the name of an actor. */
export const mendFor = (
  actor: string | undefined,
  reconciled: Reconciled,
  settings: SettleSettings.SettleSettings
): Effect.Effect<ReadonlyArray<Mended>, DatabaseError, Database | EventStore.EventStore> =>
  Effect.flatMap(now, (at) => mend(reconciled, at, { actor }, settings))

/** The reconciliation as it stands after that. */
export const afterMending = (reconciled: Reconciled) =>
  Effect.map(Sink.database.result(startOf(reconciled)), (result): Reconciled => ({ ...reconciled, ...result }))

const startOf = ({ at, program, run, source }: Reconciled) => ({ run, program, source, identity: "", at, rules: "" })
