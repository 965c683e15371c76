/**
 * What is simulated: whose stores, whose client of Mastercard, whose use cases. Ours unless others are given, so that
 * whoever wires Pointback otherwise can hold the same histories against that.
 */
import {
  type Database,
  type EventStore,
  Mastercard,
  type MastercardConfig,
  MemoryStores,
  type PolicyStore,
  Stores,
  Verification
} from "@pointback/adapters"
import type { Ids } from "@pointback/domain"
import { Context, Duration, Effect, Layer } from "effect"
import type { Caller, ExecutionError } from "../command/Command.ts"
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import { type CreditRedemption, creditRedemption } from "../command/CreditRedemption.ts"
import { type DecideCredit, decideCredit } from "../settle/DecideCredit.ts"
import { type Settled, settleCredits } from "../settle/SettleCredits.ts"
import type { SettleSettings } from "../settle/SettleSettings.ts"

/** The stores that use cases need. */
export type ProcessStores = EventStore.EventStore | PolicyStore

/** The use cases that credit and settle. */
export interface Protocol {
  readonly credit: (
    credit: CreditRedemption,
    caller: Caller
  ) => Effect.Effect<CreditOutcome, ExecutionError, EventStore.EventStore | Mastercard>
  readonly settle: (
    program: Ids.ProgramId,
    absent: "release" | "repeat"
  ) => Effect.Effect<Settled, ExecutionError, EventStore.EventStore | Mastercard>
  /** A person says what became of a credit that settling leaves open. */
  readonly decide: (decision: DecideCredit) => Effect.Effect<unknown, unknown, EventStore.EventStore>
}

/** The limits that hold in the simulated world; `settle` is to be told them. */
export const LIMITS: SettleSettings = {
  longestProcessing: Duration.minutes(10),
  longestLag: Duration.minutes(15),
  clockSkew: Duration.seconds(30)
}

/** Ours. */
export const protocol: Protocol = {
  credit: creditRedemption,
  settle: (program, absent) => settleCredits({ program, absent }, LIMITS),
  decide: decideCredit
}

/**
 * How a simulated process is built. Three lifetimes: what the whole run shares (a database), what the processes of one
 * history share (a memory), and what a process makes anew whenever it starts.
 */
export interface Wiring<Run = never, History = never> {
  /** Made once. Histories write programs of their own into it; their names begin with `simulation-`. */
  readonly run: Layer.Layer<Run, unknown>
  /** Made for each history. */
  readonly history: Layer.Layer<History, unknown, Run>
  /** Made by each process; whatever only lives in a process is here. */
  readonly stores: Layer.Layer<ProcessStores, unknown, Run | History>
  /** The client that a process makes. */
  readonly mastercard: (config: MastercardConfig.MastercardConfig) => Layer.Layer<Mastercard, unknown>
  readonly protocol: Protocol
  /** Checks the whole database when the run has ended, and tells each difference in a sentence. */
  readonly verify: Effect.Effect<ReadonlyArray<string>, unknown, Run>
}

/** What outlives processes that keep their events in memory. */
export class SimulatedMemory extends Context.Service<SimulatedMemory, MemoryStores.Memory>()(
  "@pointback/app/SimulatedMemory"
) {}

/** Our stores in memory, our client, our use cases. */
export const memory: Wiring<never, SimulatedMemory> = {
  run: Layer.empty,
  history: Layer.sync(SimulatedMemory, () => new MemoryStores.Memory()),
  stores: Layer.unwrap(Effect.map(SimulatedMemory, MemoryStores.layerOver)),
  mastercard: Mastercard.layer,
  protocol,
  verify: Effect.succeed([])
}

const verifyDatabase = Effect.map(
  Effect.provide(Verification.verify(null), Layer.fresh(Stores.layer)),
  ({ count, differences }) => [
    ...differences.map((difference) => JSON.stringify(difference)),
    ...(count > differences.length ? [`and ${count - differences.length} more`] : [])
  ]
)

/** Our stores on a database with the newest schema, our client, our use cases. */
export const database = (layer: Layer.Layer<Database, unknown>): Wiring<Database> => ({
  run: layer,
  history: Layer.empty,
  stores: Stores.layer,
  mastercard: Mastercard.layer,
  protocol,
  verify: verifyDatabase
})
