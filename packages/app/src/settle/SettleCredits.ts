/**
 * Credits of which nobody knows what became are looked up at Mastercard: what is listed is confirmed, what certainly never
 * happened is released or sent again, and everything else stays held for a person. It never guesses.
 *
 * Safe to repeat, to kill, and to run on several machines at once.
 *
 * @see semantics, section 7 step 4
 */
import { type DatabaseError, EventStore, type Mastercard } from "@pointback/adapters"
import { type Ids, type Instant, Redemption, Verdict } from "@pointback/domain"
import { Duration, Effect, Option, Result, Stream } from "effect"
import type { Caller, ExecutionError } from "../command/Command.ts"
import { asked, sendAndRecord } from "../command/CreditCall.ts"
import { now } from "../command/Now.ts"
import * as Decisions from "./Decisions.ts"
import * as Judging from "./Judging.ts"
import { countSettled } from "../command/CreditMetrics.ts"
import * as OpenCredit from "./OpenCredit.ts"
import * as SettleSettings from "./SettleSettings.ts"

/** Which credits are looked up, and what becomes of those that never happened. */
export interface SettleCredits {
  /** Null for every program. */
  readonly program: Ids.ProgramId | null
  /**
   * Requests that were stored less long ago are left alone: their process is likely at work. A call may take half a
   * minute, and so may recording its outcome.
   */
  readonly olderThan?: Duration.Duration | undefined
  /** What becomes of a credit that certainly never happened: released unless `repeat` asks Mastercard once more. */
  readonly absent?: "release" | "repeat" | undefined
}

/** What became of one credit. */
export interface SettledCredit {
  readonly program: Ids.ProgramId
  readonly account: Ids.AccountNumber
  readonly redemptionId: Ids.RedemptionId
  readonly creditId: Ids.CreditId
  readonly points: bigint
  /** When its request was stored. */
  readonly requestedAt: Instant.Instant
  readonly result: "confirmed" | "released" | "repeated" | "decidedMeanwhile" | "open"
  /** Why it is still open; what Mastercard's client said where it could not be asked. */
  readonly reason: Verdict.OpenReason | "unreachable" | null
  readonly detail: string | null
  /** From when on a listing that does not show it is proof; only where it is too early. */
  readonly certainFrom: Instant.Instant | null
}

/** What settling came to. */
export interface Settled {
  /** Credits in flight that were left alone, since they were only just asked for. */
  readonly young: number
  readonly credits: ReadonlyArray<SettledCredit>
}

/** How long a request is left alone unless said otherwise: longer than a call and the recording of its outcome take. */
export const DEFAULT_OLDER_THAN = Duration.minutes(2)

/** Credits that are looked up at once. */
const PAGE = 500

/** Accounts that are settled side by side: each is one listing, page by page. */
const SIDE_BY_SIDE = 4

/** Settles what is in flight. */
export const settleCredits = Effect.fn("settleCredits")(function* (
  settle: SettleCredits,
  settings: SettleSettings.SettleSettings = SettleSettings.defaults,
  caller: Caller = {}
): Effect.fn.Return<Settled, ExecutionError | DatabaseError, EventStore.EventStore | Mastercard> {
  const began = yield* now
  const until = began - SettleSettings.micros(settle.olderThan ?? DEFAULT_OLDER_THAN)
  const accounts = yield* accountsInFlight(settle.program).pipe(
    Stream.mapEffect((credits) => settleAccount(credits, { settle, settings, caller, until }), {
      concurrency: SIDE_BY_SIDE
    }),
    Stream.runCollect
  )
  const credits = accounts.flatMap((account) => account.credits)
  yield* Effect.forEach(credits, ({ result }) => countSettled(result), { discard: true })
  return { young: accounts.reduce((total, { young }) => total + young, 0), credits }
})

interface Settling {
  readonly settle: SettleCredits
  readonly settings: SettleSettings.SettleSettings
  readonly caller: Caller
  /** Requests that were stored later are left alone. */
  readonly until: Instant.Instant
}

/** The credits in flight, account by account. */
const accountsInFlight = (program: Ids.ProgramId | null) =>
  Stream.paginate(null, (after: EventStore.InFlight | null) =>
    Effect.gen(function* () {
      const store = yield* EventStore.EventStore
      const page = yield* store.inFlight({ program, after, limit: PAGE })
      return [page, page.length < PAGE ? Option.none() : Option.fromNullishOr(page.at(-1))] as const
    })
  ).pipe(
    Stream.groupAdjacentBy(({ account }) => `${account.program}\0${account.key}`),
    Stream.map(([, group]) => group)
  )

const settleAccount = Effect.fnUntraced(function* (
  inFlight: ReadonlyArray<EventStore.InFlight>,
  settling: Settling
): Effect.fn.Return<Settled, ExecutionError | DatabaseError, EventStore.EventStore | Mastercard> {
  const read = yield* Effect.forEach(inFlight, OpenCredit.read)
  const open = read.filter((credit) => credit !== null)
  const old = open.filter(({ sought }) => sought.requestedAt <= settling.until)
  const young = open.length - old.length
  if (old.length === 0) return { young, credits: [] }
  const judge = yield* Judging.look(open, settling.settings)
  const credits = yield* Effect.forEach(old, (credit) =>
    Result.isFailure(judge)
      ? Effect.as(markUnknown(credit, settling), opened(credit, "unreachable", judge.failure.message))
      : settleOne(credit, judge.success(credit), settling)
  )
  return { young, credits }
})

const settleOne = Effect.fnUntraced(function* (
  credit: OpenCredit.OpenCredit,
  verdict: Verdict.Verdict,
  settling: Settling
): Effect.fn.Return<SettledCredit, ExecutionError | DatabaseError, EventStore.EventStore | Mastercard> {
  const { caller, settings, settle } = settling
  switch (verdict._tag) {
    case "Found":
      return yield* decided(
        credit,
        "confirmed",
        Decisions.confirm(credit, { by: "history", reference: verdict.entry.id, reason: null }, caller)
      )
    case "Absent":
      return settle.absent === "repeat"
        ? yield* repeatCredit(credit, settling)
        : yield* decided(credit, "released", Decisions.release(credit, Decisions.ABSENT, caller))
    case "Open": {
      yield* markUnknown(credit, settling)
      const { reason } = verdict
      const certainFrom =
        reason === "tooEarly" ? Verdict.certainFrom(credit.sought, SettleSettings.limits(settings)) : null
      return { ...opened(credit, reason, null), certainFrom }
    }
  }
})

/** Somebody else may have come first: the credit is settled all the same. */
const decided = <R>(
  credit: OpenCredit.OpenCredit,
  result: SettledCredit["result"],
  decision: Effect.Effect<unknown, ExecutionError, R>
): Effect.Effect<SettledCredit, ExecutionError, R> =>
  decision.pipe(
    Effect.as(settled(credit, result)),
    Effect.catchTag(["CreditNotInFlight", "KeyConflict", "CreditInFlight"], () =>
      Effect.succeed(settled(credit, "decidedMeanwhile"))
    )
  )

const repeatCredit = Effect.fnUntraced(function* (credit: OpenCredit.OpenCredit, settling: Settling) {
  const { caller } = settling
  yield* markUnknown(credit, settling)
  const began = yield* now
  const repeated = yield* Effect.result(Decisions.repeat(credit, caller))
  if (Result.isFailure(repeated)) return yield* decided(credit, "repeated", Effect.fail(repeated.failure))
  if (repeated.success._tag === "Replayed") return settled(credit, "decidedMeanwhile")
  const { account, program, redemption } = credit
  const target = { program, account, redemptionId: redemption.redemptionId }
  yield* sendAndRecord(asked(target, repeated.success), caller, began)
  return settled(credit, "repeated")
})

// Whoever looks at the credit is told that its process died, and not that it is on its way.
const markUnknown = (credit: OpenCredit.OpenCredit, { caller }: Settling) =>
  credit.state._tag === "CreditUnknown"
    ? Effect.void
    : Effect.asVoid(Decisions.markCrashed(credit, caller)).pipe(Effect.catchTag("CreditNotInFlight", () => Effect.void))

const settled = (credit: OpenCredit.OpenCredit, result: SettledCredit["result"]): SettledCredit => ({
  program: credit.program,
  account: credit.account,
  redemptionId: credit.redemption.redemptionId,
  creditId: credit.creditId,
  points: Redemption.pending(credit.state),
  requestedAt: credit.sought.requestedAt,
  result,
  reason: null,
  detail: null,
  certainFrom: null
})

const opened = (
  credit: OpenCredit.OpenCredit,
  reason: NonNullable<SettledCredit["reason"]>,
  detail: string | null
): SettledCredit => ({ ...settled(credit, "open"), reason, detail })
