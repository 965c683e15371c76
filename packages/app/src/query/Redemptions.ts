/** The redemptions of an account, each as it is now. */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import type { Ids } from "@pointback/domain"
import { Effect } from "effect"
import type { UnknownAccount } from "../error/AppError.ts"
import * as Known from "./Known.ts"

export interface RedemptionsQuestion {
  readonly program: Ids.ProgramId
  readonly account: Ids.AccountNumber
  /** The last one of the page before; null for the first page. */
  readonly after: EventStore.RedemptionsQuestion["after"]
  readonly limit: number
}

/** A page of them, the latest redemption first. Fails with `UnknownAccount` where nothing was ever recorded of it. */
export const redemptions = Effect.fn("redemptions")(function* ({
  account,
  after,
  limit,
  program
}: RedemptionsQuestion): Effect.fn.Return<
  ReadonlyArray<EventStore.RedemptionSummary>,
  DatabaseError | UnknownAccount,
  EventStore.EventStore
> {
  const found = yield* Known.account(program, account)
  return yield* (yield* EventStore.EventStore).redemptionsOf({ account: found, after, limit })
})
