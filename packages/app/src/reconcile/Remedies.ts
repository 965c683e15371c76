/**
 * Mends breaks that are certain, by the same commands as anybody else's: each has a key, so that mending twice mends
 * once, and the events name the break as what caused them. What is refused stays open and says why.
 *
 * @see semantics, sections 7 and 9
 */
import {
  type Database,
  type DatabaseError,
  EventStore,
  ReconciliationStore,
  type StoredBreak
} from "@pointback/adapters"
import { type Fact, Ids, Instant, Points, type ReconciliationBreak } from "@pointback/domain"
import { Effect, Option, Result, Schema } from "effect"
import type { Caller, Executed, ExecutionError } from "../command/Command.ts"
import * as CreditRedemption from "../command/CreditRedemption.ts"
import { execute } from "../command/Execution.ts"
import * as Decisions from "../settle/Decisions.ts"
import * as OpenCredit from "../settle/OpenCredit.ts"
import type { Reconciled } from "./ReconcileProgram.ts"

/** What became of a break that could be mended. */
export interface Mended {
  readonly id: string
  readonly remedy: ReconciliationBreak.Remedy
  /** The event that mended it; null where it was refused. */
  readonly event: string | null
  /** Why it was refused. */
  readonly reason: string | null
}

const CERTAIN: ReadonlySet<ReconciliationBreak.Remedy> = new Set(["confirm", "record", "release"])

/** Mends what a run found and what is still open, one after the other, in the order of their ids. */
export const mend = Effect.fn("mend")(function* (
  { breaks, program, run }: Reconciled,
  at: Instant.Instant,
  caller: Caller = {}
): Effect.fn.Return<ReadonlyArray<Mended>, DatabaseError, Database | EventStore.EventStore> {
  const mended: Array<Mended> = []
  for (const found of breaks.filter(({ remedy }) => CERTAIN.has(remedy))) {
    const by = { ...caller, causationId: found.id }
    const done = yield* Effect.result(mendOne(program, found, by))
    if (Result.isFailure(done)) {
      if (done.failure._tag === "DatabaseError") return yield* done.failure
      mended.push({ id: found.id, remedy: found.remedy, event: null, reason: done.failure.message })
      continue
    }
    const event = eventOf(done.success)
    yield* ReconciliationStore.closeBy(run, at, [{ id: found.id, fact: `event ${event ?? "known before"}` }])
    mended.push({ id: found.id, remedy: found.remedy, event, reason: null })
  }
  return mended
})

/** Nothing can be done any more, or not by us. */
export class NotMendable extends Schema.TaggedError<NotMendable>()("NotMendable", {
  problem: Schema.String
}) {
  override get message() {
    return this.problem
  }
}

type Mending = Effect.Effect<Executed, ExecutionError | NotMendable, EventStore.EventStore>

const mendOne = (program: Ids.ProgramId, found: StoredBreak.StoredBreak, caller: Caller): Mending => {
  switch (found.remedy) {
    case "record":
      return record(program, found, caller)
    case "confirm":
      return Effect.flatMap(openCredit(program, found), (credit) =>
        Decisions.confirm(credit, { by: "history", reference: found.there[0]?.reference ?? null, reason: null }, caller)
      )
    case "release":
      return Effect.flatMap(openCredit(program, found), (credit) => Decisions.release(credit, Decisions.ABSENT, caller))
    default:
      return Effect.fail(new NotMendable({ problem: "a person must decide" }))
  }
}

/** Credits that the other side made are known here by its own name for them. */
const MADE_THERE = "mastercard:"

/** Records a credit that exists there, with its time and its points. */
const record = (program: Ids.ProgramId, found: StoredBreak.StoredBreak, caller: Caller): Mending =>
  Effect.gen(function* () {
    const [there] = found.there
    const reference = there?.reference ?? null
    if (there === undefined || reference === null) {
      return yield* new NotMendable({ problem: "the credit has no name there, so that it could be recorded twice" })
    }
    const creditId = Schema.decodeOption(Ids.CreditId)(`${MADE_THERE}${reference}`)
    if (Option.isNone(creditId))
      return yield* new NotMendable({ problem: "its name there is too long for a credit id" })
    const credit = {
      redemptionId: Ids.RedemptionId.make(found.redemption ?? ""),
      creditId: creditId.value,
      points: Points.fromStringUnsafe(there.points),
      occurredAt: Instant.fromStringUnsafe(there.at)
    }
    return yield* execute({
      target: { program, account: Ids.AccountNumber.make(found.account) },
      caller,
      command: {
        _tag: "RecordCredit",
        ...credit,
        origin: "mastercard",
        mastercard: null,
        settlement: { by: "history", reference, reason: null }
      },
      key: { kind: "credit", key: credit.creditId, content: CreditRedemption.content({ ...credit, dated: true }) },
      lots: [{ _tag: "DrawnBy", redemptionId: credit.redemptionId }],
      horizon: credit.occurredAt,
      redemptions: [credit.redemptionId]
    })
  })

const openCredit = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  { account, credit, redemption }: StoredBreak.StoredBreak
): Effect.fn.Return<OpenCredit.OpenCredit, DatabaseError | NotMendable, EventStore.EventStore> {
  const number = Ids.AccountNumber.make(account)
  const ref = yield* (yield* EventStore.EventStore).find(program, number)
  const open =
    ref === null || credit === null || redemption === null
      ? null
      : yield* OpenCredit.read({
          account: ref,
          number,
          redemptionId: Ids.RedemptionId.make(redemption),
          creditId: Ids.CreditId.make(credit)
        })
  return open ?? (yield* new NotMendable({ problem: "the credit is in flight no more" }))
})

/** What was stored now; null where it was stored before. */
const eventOf = (executed: Executed): string | null =>
  executed._tag === "Appended" ? (executed.events.find(isOfRedemption)?.eventId ?? null) : null

const isOfRedemption = ({ fact }: { readonly fact: Fact.Fact }): boolean => fact.stream._tag === "Redemption"
