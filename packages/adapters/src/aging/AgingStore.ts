/** The port to the question which lots hold points, as of an instant and as known at another. */
import type { Ids, Instant, LotBalance } from "@pointback/domain"
import { Context, type Effect } from "effect"
import type { DatabaseError } from "../database/DatabaseError.ts"
import type { AccountRef } from "../eventStore/EventStore.ts"

/** A lot that holds live points, with the number of its account; the key where the number was forgotten. */
export interface NumberedLot extends LotBalance.LotBalance {
  readonly number: string
}

/** Whose lots, and on which of the two clocks (law L11). */
export interface AgingQuestion {
  readonly program: Ids.ProgramId
  /** Null for every account of the program. */
  readonly account: AccountRef | null
  /** Facts that were true by then. */
  readonly asOf: Instant.Instant
  /** Facts that were recorded by then; null for all that is recorded. */
  readonly knownAt: Instant.Instant | null
}

export class AgingStore extends Context.Service<
  AgingStore,
  {
    /** The lots that held live points, by account number, then in draw order. */
    readonly lots: (question: AgingQuestion) => Effect.Effect<ReadonlyArray<NumberedLot>, DatabaseError>
  }
>()("@pointback/adapters/AgingStore") {}
