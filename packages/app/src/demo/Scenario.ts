/**
 * The demo's story: the account and the requests of Mastercard's page on reversing a redemption, on an embedded
 * database of its own and against a sandbox of its own. Both are gone when it ends.
 *
 * @see reverse-redemption
 */
import {
  type AgingStore,
  type Database,
  EmbeddedDatabase,
  type EventLog,
  type EventStore,
  type Exchange,
  Mastercard,
  MastercardConfig,
  Migrations,
  type PolicyStore,
  Sandbox,
  SandboxKeys,
  Stores
} from "@pointback/adapters"
import { Ids, Instant, Points } from "@pointback/domain"
import { Effect, Layer, Redacted } from "effect"
import { creditRedemption } from "../command/CreditRedemption.ts"
import { earnPoints } from "../command/EarnPoints.ts"
import { redeemPoints } from "../command/RedeemPoints.ts"
import { now } from "../command/Now.ts"
import { type AgingAnswer, aging } from "../query/Aging.ts"

/** The account of Mastercard's page. */
export const account = Ids.AccountNumber.make("220094110178641288073796026652")
export const program = Ids.ProgramId.make("pay-with-points")
const processedBy = Ids.ProcessedBy.make("E078562")
const redemptionType = "MERCHANDISE"

/** Points that were earned so many days ago, in buckets of their own; each lot expires two years later. */
const LOTS = [
  { lotId: "welcome-bonus", points: "40", daysAgo: 410 },
  { lotId: "spring", points: "60", daysAgo: 230 },
  { lotId: "summer", points: "80.5", daysAgo: 120 },
  { lotId: "last-month", points: "25", daysAgo: 20 }
] as const

const DAYS_TO_EXPIRY = 730

/** What the story spends: the two oldest lots whole and part of the third. */
export const REDEEMED = Points.fromStringUnsafe("150")

/** The partial credit of Mastercard's page. */
export const PARTIAL = Points.fromStringUnsafe("3")

/** One step of the story, as it is shown. */
export interface Step {
  readonly title: string
  readonly exchanges: ReadonlyArray<Exchange>
  readonly note: string
  readonly aging: AgingAnswer
}

const lots = (now: Instant.Instant) =>
  LOTS.map((lot) => {
    const earnedAt = now - BigInt(lot.daysAgo) * Instant.MICROS_PER_DAY
    const expiresAt = earnedAt + BigInt(DAYS_TO_EXPIRY) * Instant.MICROS_PER_DAY
    return { lotId: Ids.LotId.make(lot.lotId), points: Points.fromStringUnsafe(lot.points), earnedAt, expiresAt }
  })

/** A sandbox with the account in it, and the client that calls it, both on a database in memory. */
export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const keys = yield* SandboxKeys.generate
    const consumerKey = Redacted.make("pointback-demo")
    const sandbox = Sandbox.layer({
      consumerKey,
      publicKey: keys.publicKey,
      accounts: [{ userId: account, lots: lots(yield* now) }]
    })
    const client = Layer.unwrap(
      Effect.map(Sandbox, ({ url }) =>
        Mastercard.layer(MastercardConfig.make({ url, consumerKey, signingKey: keys.signingKey }))
      )
    )
    const database = EmbeddedDatabase.layerMemory({ prepare: Effect.asVoid(Migrations.migrate) })
    return Layer.mergeAll(Layer.provideMerge(client, sandbox), Layer.provideMerge(Stores.layer, database))
  })
)

/** Everything that the story is told on. */
export type Stage = Database | EventStore.EventStore | EventLog | PolicyStore | AgingStore | Sandbox | Mastercard

// What is asked by all that is recorded is never refused.
const agingNow = Effect.flatMap(now, (asOf) => aging({ program, account, asOf, basis: "age" })).pipe(
  Effect.catchTag("KnownAtNotSafe", Effect.die)
)

/** Runs one step and keeps what it sent and received. */
const step = Effect.fnUntraced(function* <A extends { readonly note: string }, E, R>(
  title: string,
  action: Effect.Effect<A, E, R>
) {
  const sandbox = yield* Sandbox
  const before = (yield* sandbox.exchanges).length
  const done = yield* action
  const exchanges = (yield* sandbox.exchanges).slice(before)
  return { ...done, title, exchanges, aging: yield* agingNow } satisfies Step
})

const earnAll = Effect.gen(function* () {
  const earned = lots(yield* now)
  for (const lot of earned) yield* earnPoints({ program, account, ...lot })
  return `${earned.length} lots, each with an earning date and an expiry of its own`
})

const redeem = Effect.gen(function* () {
  const mastercard = yield* Mastercard
  const answer = yield* mastercard.redeem({ userId: account, redemptionType, processedBy, points: REDEEMED })
  const redemptionId = Ids.RedemptionId.make(answer.redemptionId)
  const redeemed = yield* redeemPoints({
    program,
    account,
    redemptionId,
    points: REDEEMED,
    redemptionType,
    processedBy,
    occurredAt: yield* now,
    dated: false
  })
  const drawn = redeemed.draws.map((draw) => `${Points.toString(draw.points)} from ${draw.lotId}`).join(", ")
  return { redemptionId, note: `redemption ${redemptionId} draws what expires soonest: ${drawn}` }
})

const credit = (redemptionId: Ids.RedemptionId, creditId: string, amount?: Points.Points) =>
  Effect.gen(function* () {
    const outcome = yield* creditRedemption({
      program,
      account,
      redemptionId,
      creditId: Ids.CreditId.make(creditId),
      points: amount,
      occurredAt: yield* now,
      dated: false
    })
    const back = outcome.restorations.map((r) => `${Points.toString(r.points)} to ${r.lotId}`).join(", ")
    return `${outcome.outcome}: ${back}; ${Points.toString(outcome.remaining)} remain`
  })

/** A credit that asks for more than remains: refused by our own rules, before any call. */
const overCredit = (redemptionId: Ids.RedemptionId) =>
  Effect.matchEffect(credit(redemptionId, "credit-2", REDEEMED), {
    onSuccess: () => Effect.die(new Error("a credit above what remains was accepted")),
    onFailure: (error) =>
      error._tag === "ExceedsRemaining"
        ? Effect.succeed(`refused before any call: ${error.message}`)
        : Effect.fail(error)
  })

/** What the story comes to. */
export interface Story {
  readonly redemptionId: Ids.RedemptionId
  readonly before: AgingAnswer
  readonly after: AgingAnswer
}

/** Tells the story step by step, each handed to `show` when it has happened. */
export const tell = Effect.fnUntraced(function* <E, R>(show: (step: Step) => Effect.Effect<void, E, R>) {
  const earned = yield* step("The account before the redemption", Effect.map(earnAll, noted))
  yield* show(earned)
  const redeemed = yield* step(`Redeem ${Points.toString(REDEEMED)} points`, redeem)
  yield* show(redeemed)
  const { redemptionId } = redeemed
  const partial = credit(redemptionId, "credit-1", PARTIAL)
  yield* show(yield* step(`Credit ${Points.toString(PARTIAL)} points of it back`, Effect.map(partial, noted)))
  const over = overCredit(redemptionId)
  yield* show(yield* step(`Try to credit ${Points.toString(REDEEMED)} points more`, Effect.map(over, noted)))
  const last = yield* step("Credit all that remains", Effect.map(credit(redemptionId, "credit-3"), noted))
  yield* show(last)
  return { redemptionId, before: earned.aging, after: last.aging } satisfies Story
})

const noted = (note: string) => ({ note })
