/** Credits, and what becomes of those of which nobody knows whether they happened. */
import { EventStore } from "@pointback/adapters"
import { Ids, Instant, Points } from "@pointback/domain"
import { Duration, Effect, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { creditRedemption, recordCredit } from "../command/CreditRedemption.ts"
import * as Json from "../cli/Json.ts"
import { decideCredit } from "../settle/DecideCredit.ts"
import * as OpenCredit from "../settle/OpenCredit.ts"
import { settleCredits } from "../settle/SettleCredits.ts"
import * as SettleSettings from "../settle/SettleSettings.ts"
import { Api } from "./Api.ts"
import * as CreditAnswer from "./CreditAnswer.ts"
import * as Cursor from "./Cursor.ts"
import { caller, command, lotsOf, occurrence, question, type Handlers } from "./Handling.ts"
import { PAGE } from "./Limits.ts"
import * as Replayed from "./Replayed.ts"
import * as PolicyTerms from "./PolicyTerms.ts"

/** Where a page of credits in flight ended. */
const Place = Schema.Struct({
  partition: Schema.Natural,
  program: Ids.ProgramId,
  key: Ids.AccountKey,
  redemptionId: Ids.RedemptionId
})

const REMEDIES = {
  inFlight: "its call may be under way; settle once two minutes have passed",
  unknown: "settle asks Mastercard; if that stays uncertain, look it up there, then confirm or release it by name"
} as const

const listed = Effect.fnUntraced(function* (credit: EventStore.InFlight) {
  const open = yield* OpenCredit.read(credit)
  if (open === null) return []
  const state = open.state._tag === "CreditUnknown" ? ("unknown" as const) : ("inFlight" as const)
  return [
    {
      program: open.program,
      account: open.account,
      redemption: credit.redemptionId,
      creditId: credit.creditId,
      points: Points.toString(open.sought.points),
      requestedAt: Instant.toString(open.sought.requestedAt),
      state,
      remedy: REMEDIES[state]
    }
  ]
})

const page = Effect.fnUntraced(function* (program: Ids.ProgramId, limit: number, cursor: string | undefined) {
  yield* PolicyTerms.known(program)
  const place = yield* Cursor.read(Place, cursor)
  const after =
    place === undefined
      ? null
      : {
          account: { partition: place.partition, program: place.program, key: place.key },
          redemptionId: place.redemptionId
        }
  const found = yield* (yield* EventStore.EventStore).inFlight({ program, after, limit })
  const credits = (yield* Effect.forEach(found, listed)).flat()
  const next = Cursor.next(Place, found, limit, (last) => ({ ...last.account, redemptionId: last.redemptionId }))
  return { credits, next }
})

/** The handlers of the group `credits`. */
export const layer: Handlers<"credits"> = HttpApiBuilder.group(Api, "credits", (handlers) =>
  handlers.handleAll({
    credit: Effect.fn("http credit")(function* ({ headers, params: { account, program, redemption }, payload }) {
      const { creditId, points } = payload
      yield* Replayed.agrees(headers, "creditId", creditId)
      const by = yield* caller
      const outcome = yield* command(
        Effect.gen(function* () {
          const when = yield* occurrence(program, payload.at)
          const lots = lotsOf(payload.lots)
          const asked = { program, account, redemptionId: redemption, creditId, points, lots, ...when }
          return yield* payload.local === true ? recordCredit(asked, by) : creditRedemption(asked, by)
        })
      )
      yield* Replayed.mark(outcome.replayed)
      return yield* CreditAnswer.of(outcome)
    }),
    inFlight: ({ params: { program }, query: { cursor, limit = PAGE } }) => question(page(program, limit, cursor)),
    settle: Effect.fn("http settle")(function* ({ params: { program }, payload: { absent, olderThanSeconds } }) {
      const by = yield* caller
      const olderThan = olderThanSeconds === undefined ? undefined : Duration.seconds(olderThanSeconds)
      return yield* command(
        Effect.gen(function* () {
          yield* PolicyTerms.known(program)
          const settings = yield* SettleSettings.fromEnvironment
          const settled = yield* settleCredits({ program, olderThan, absent: absent ?? "release" }, settings, by)
          return Json.settled(settled)
        })
      )
    }),
    decide: Effect.fn("http decide")(function* ({ params: { account, credit, program }, payload }) {
      const { actor } = yield* caller
      const { decision, reason } = payload
      const decided = yield* command(decideCredit({ program, account, creditId: credit, decision, actor, reason }))
      return CreditAnswer.decided(decided)
    })
  })
)
