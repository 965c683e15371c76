/**
 * Imports a history that happened elsewhere, account by account: all records of an account or none of them. A second
 * run of the same file adds nothing, and goes on where a first one was stopped.
 *
 * @see interface, `pointback import`
 */
import { type EventStore, PolicyStore } from "@pointback/adapters"
import type { Ids } from "@pointback/domain"
import { Cache, Effect, Semaphore, Stream } from "effect"
import type { Caller, ExecutionError } from "../command/Command.ts"
import { now } from "../command/Now.ts"
import type { AccountHistory, History, OnProgress } from "./History.ts"
import { importAccount } from "./ImportAccount.ts"
import * as Imported from "./Imported.ts"
import type { SpoolUnusable } from "./SpoolFile.ts"

/** Accounts in flight at most: the store gathers what comes at once into few statements, and more fill them better. */
const ACCOUNTS_IN_FLIGHT = 256

/**
 * Records in flight at most, each with several kilobytes of what is decided and written about it. An account that has
 * more by itself is imported alone.
 */
const RECORDS_IN_FLIGHT = 10_000

/** Programs whose zone is remembered: more than a file has, but for one that was made to have them. */
const ZONES = 1000

/** Imports what was read from a file. */
export const importHistory = Effect.fn("importHistory")(function* (
  history: History,
  caller: Caller = {},
  onProgress?: OnProgress
): Effect.fn.Return<Imported.Imported, ExecutionError | SpoolUnusable, EventStore.EventStore | PolicyStore> {
  const policies = yield* PolicyStore
  const zones = yield* Cache.make({
    capacity: ZONES,
    lookup: (program: Ids.ProgramId) => Effect.map(policies.current(program), ({ policy }) => policy.zone)
  })
  const importedAt = yield* now
  const room = yield* Semaphore.make(RECORDS_IN_FLIGHT)

  const outcomeOf = Effect.fnUntraced(function* (
    account: AccountHistory
  ): Effect.fn.Return<Imported.AccountOutcome, ExecutionError, EventStore.EventStore> {
    if (account._tag === "TooLong") return { _tag: "Refused", line: account.line, refusal: account.error }
    const { records, target } = account
    const zone = yield* Cache.get(zones, target.program)
    return yield* importAccount(target, records, { caller, importedAt, zone })
  })

  const add = (sofar: Imported.Imported, [account, outcome]: readonly [AccountHistory, Imported.AccountOutcome]) => {
    const imported = Imported.add(sofar, account, outcome)
    onProgress?.({ phase: "importing", done: imported.records, total: history.records })
    return imported
  }
  onProgress?.({ phase: "importing", done: 0, total: history.records })
  return yield* history.accounts.pipe(
    Stream.tap((account) => room.take(roomFor(account))),
    Stream.mapEffect(
      (account) =>
        outcomeOf(account).pipe(
          Effect.map((outcome) => [account, outcome] as const),
          Effect.ensuring(room.release(roomFor(account)))
        ),
      { concurrency: ACCOUNTS_IN_FLIGHT, unordered: true }
    ),
    Stream.runFold(() => Imported.nothing, add)
  )
})

const roomFor = ({ count }: AccountHistory): number => Math.min(count, RECORDS_IN_FLIGHT)
