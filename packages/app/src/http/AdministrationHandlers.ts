/** What whoever answers for a program does over HTTP. */
import { PolicyStore } from "@pointback/adapters"
import { Instant } from "@pointback/domain"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import * as Json from "../cli/Json.ts"
import { eraseAccount } from "../command/EraseAccount.ts"
import { sweepExpired } from "../command/SweepExpired.ts"
import { Api } from "./Api.ts"
import { caller, command, type Handlers, moment } from "./Handling.ts"
import * as PolicyTerms from "./PolicyTerms.ts"

/** The handlers of the group `administration`. */
export const layer: Handlers<"administration"> = HttpApiBuilder.group(Api, "administration", (handlers) =>
  handlers.handleAll({
    expire: Effect.fn("http expire")(function* ({ params: { program }, payload }) {
      const by = yield* caller
      return yield* command(
        Effect.gen(function* () {
          yield* PolicyTerms.known(program)
          const asOf = (yield* moment(program, "asOf", payload.asOf)) as Instant.Instant
          return Json.swept(program, yield* sweepExpired({ program, asOf }, by))
        })
      )
    }),
    erase: Effect.fn("http erase")(function* ({ params: { account, program }, payload: { reason } }) {
      const { actor } = yield* caller
      const erased = yield* command(eraseAccount({ program, account, actor, reason }))
      return { program: erased.program, account: erased.account, erasedAt: Instant.toString(erased.erasedAt) }
    }),
    setPolicy: Effect.fn("http setPolicy")(function* ({ params: { program }, payload }) {
      return yield* command(
        Effect.gen(function* () {
          const changes = PolicyTerms.of(payload)
          const revised = yield* (yield* PolicyStore).revise(program, (terms) => ({ ...terms, ...changes }))
          return Json.policy(program, revised.policy)
        })
      )
    })
  })
)
