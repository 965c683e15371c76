/** Carries out what is recorded over HTTP. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { Instant } from "@pointback/domain"
import * as Json from "../cli/Json.ts"
import { adjustPoints } from "../command/AdjustPoints.ts"
import { aliasAccount } from "../command/AliasAccount.ts"
import { earnPoints } from "../command/EarnPoints.ts"
import { redeemPoints } from "../command/RedeemPoints.ts"
import { Api } from "./Api.ts"
import { caller, command, lotsOf, moment, occurrence, type Handlers } from "./Handling.ts"
import * as Replayed from "./Replayed.ts"

/** The handlers of the group `commands`. */
export const layer: Handlers<"commands"> = HttpApiBuilder.group(Api, "commands", (handlers) =>
  handlers.handleAll({
    earn: Effect.fn("http earn")(function* ({ headers, params: { account, program }, payload }) {
      yield* Replayed.agrees(headers, "lot", payload.lot)
      const by = yield* caller
      const earned = yield* command(
        Effect.gen(function* () {
          return yield* earnPoints(
            {
              program,
              account,
              lotId: payload.lot,
              points: payload.points,
              earnedAt: (yield* moment(program, "earnedAt", payload.earnedAt)) as Instant.Instant,
              expiresAt: (yield* moment(program, "expiresAt", payload.expiresAt)) ?? null,
              occurredAt: yield* moment(program, "at", payload.at),
              source: payload.source
            },
            by
          )
        })
      )
      yield* Replayed.mark(earned.replayed)
      return Json.earned(earned)
    }),
    adjust: Effect.fn("http adjust")(function* ({ headers, params: { account, program }, payload }) {
      const key = yield* Replayed.keyOf(headers, "key", payload.key)
      const by = yield* caller
      const { lot, points, reason } = payload
      const adjusted = yield* command(
        Effect.gen(function* () {
          const when = yield* occurrence(program, payload.at)
          return yield* adjustPoints({ program, account, lotId: lot, points, reason, key, ...when }, by)
        })
      )
      yield* Replayed.mark(adjusted.replayed)
      return Json.adjusted(adjusted)
    }),
    redeem: Effect.fn("http redeem")(function* ({ headers, params: { account, program }, payload }) {
      yield* Replayed.agrees(headers, "redemption", payload.redemption)
      const by = yield* caller
      const { points, processedBy, redemption, type } = payload
      const redeemed = yield* command(
        Effect.gen(function* () {
          const when = yield* occurrence(program, payload.at)
          const draws = lotsOf(payload.draws)
          const spent = { program, account, redemptionId: redemption, points, redemptionType: type, processedBy, draws }
          return yield* redeemPoints({ ...spent, ...when }, by)
        })
      )
      yield* Replayed.mark(redeemed.replayed)
      return Json.redeem(redeemed)
    }),
    alias: Effect.fn("http alias")(function* ({ params: { account, program }, payload: { at, newAccount } }) {
      const by = yield* caller
      const aliased = yield* command(
        Effect.flatMap(occurrence(program, at), ({ occurredAt }) =>
          aliasAccount({ program, account, newAccount, occurredAt }, by)
        )
      )
      yield* Replayed.mark(aliased.replayed)
      return aliased
    })
  })
)
