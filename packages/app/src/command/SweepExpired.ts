/** The sweep: what expired lots held just before they expired is booked, lot by lot. */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import { type Ids, Instant, Points } from "@pointback/domain"
import { Effect, Option, Stream } from "effect"
import type { UnknownProgram } from "../error/AppError.ts"
import type { Caller, ExecutionError } from "./Command.ts"
import { execute } from "./Execution.ts"

/** Accounts that are looked up at once: a page that a connection answers in milliseconds. */
const PAGE = 500

/** Accounts that are swept side by side: as many as a default pool has connections to spare. */
const SIDE_BY_SIDE = 4

/** Whose expired lots are booked. */
export interface SweepExpired {
  /** Null for every program. */
  readonly program: Ids.ProgramId | null
  readonly asOf: Instant.Instant
}

/** What a sweep booked: accounts and lots that had something to book. */
export interface Swept {
  readonly asOf: Instant.Instant
  readonly accounts: number
  readonly lots: number
  /** What was booked; negative where more had been booked before than the lots held. */
  readonly points: Points.Points
}

/** Books the expiry of every lot that has expired by then. Running it again books nothing twice. */
export const sweepExpired = Effect.fn("sweepExpired")(function* (
  { asOf, program }: SweepExpired,
  caller: Caller = {}
): Effect.fn.Return<Swept, ExecutionError | UnknownProgram | DatabaseError, EventStore.EventStore> {
  return yield* accountsToSweep(program, asOf).pipe(
    Stream.mapEffect((account) => sweepAccount(account, asOf, caller), { concurrency: SIDE_BY_SIDE }),
    Stream.runFold(
      () => ({ asOf, accounts: 0, lots: 0, points: 0n }),
      (total, { lots, points }): Swept => ({
        asOf,
        accounts: total.accounts + (lots > 0 ? 1 : 0),
        lots: total.lots + lots,
        points: total.points + points
      })
    )
  )
})

interface Account {
  readonly account: EventStore.AccountRef
  readonly number: Ids.AccountNumber
}

const accountsToSweep = (program: Ids.ProgramId | null, asOf: Instant.Instant) =>
  Stream.paginate(null, (after: EventStore.AccountRef | null) =>
    Effect.gen(function* () {
      const store = yield* EventStore.EventStore
      const page = yield* store.toSweep({ program, asOf, after, limit: PAGE })
      const last = page.at(-1)
      return [page, page.length < PAGE || last === undefined ? Option.none() : Option.some(last.account)] as const
    })
  )

const sweepAccount = Effect.fnUntraced(function* ({ account, number }: Account, asOf: Instant.Instant, caller: Caller) {
  const executed = yield* execute({
    target: { program: account.program, account: number },
    caller,
    command: { _tag: "SweepExpired", asOf },
    key: null,
    lots: [{ _tag: "ToSweep", asOf }],
    horizon: Instant.END,
    redemptions: []
  })
  const events = executed._tag === "Appended" ? executed.events : []
  const booked = events.map(({ fact }) => (fact.event._tag === "PointsExpired" ? fact.event.points : 0n))
  return { lots: booked.length, points: Points.sum(booked) }
})
