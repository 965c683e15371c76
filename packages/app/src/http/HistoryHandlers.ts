/** Tells the history of one account over HTTP. */
import { Ids, Instant, Series, type Zone } from "@pointback/domain"
import { Effect, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import * as HistoryJson from "../cli/HistoryJson.ts"
import { InvalidInput } from "../cli/Input.ts"
import * as AccountHistory from "../query/AccountHistory.ts"
import { redemptions } from "../query/Redemptions.ts"
import { Api } from "./Api.ts"
import * as Clocks from "./Clocks.ts"
import * as Cursor from "./Cursor.ts"
import { type Handlers, question } from "./Handling.ts"
import type * as History from "./History.ts"
import { PAGE } from "./Limits.ts"
import * as PolicyTerms from "./PolicyTerms.ts"

const timeline = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  account: Ids.AccountNumber,
  query: { readonly asOf?: string; readonly knownAt?: string }
) {
  const { knownAt, orNow } = yield* Clocks.read(program, query)
  return { program, account, knownAt, asOf: yield* orNow("asOf", query.asOf) }
})

/** Where a page of redemptions ended. */
const Place = Schema.Struct({ redeemedAt: Instant.Instant, redemptionId: Ids.RedemptionId })

const page = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  account: Ids.AccountNumber,
  { cursor, limit = PAGE }: { readonly cursor?: string; readonly limit?: number }
) {
  yield* PolicyTerms.known(program)
  const after = (yield* Cursor.read(Place, cursor)) ?? null
  const found = yield* redemptions({ program, account, after, limit })
  return {
    program,
    account,
    redemptions: found.map(HistoryJson.summary),
    next: Cursor.next(Place, found, limit, (last) => last)
  }
})

const instants = (zone: Zone.Zone, from: Instant.Instant, to: Instant.Instant, step: Series.Step) => {
  const found = Series.instantsOf(zone, from, to, step)
  const problem = `gives more than ${Series.MAXIMUM_INSTANTS} instants; take a longer step or a later from`
  return found === undefined || found === null
    ? Effect.fail(new InvalidInput({ flag: "step", value: step, problem }))
    : Effect.succeed(found)
}

// The functions that write JSON for the command line; the schema of each answer is held against it as it is written.
const as = <A>(json: unknown): A => json as A

/** The handlers of the group `histories`. */
export const layer: Handlers<"histories"> = HttpApiBuilder.group(Api, "histories", (handlers) =>
  handlers.handleAll({
    series: ({ params: { account, program }, query }) =>
      question(
        Effect.gen(function* () {
          const { basis = "age", step = "month" } = query
          const { at, knownAt, orNow, zone } = yield* Clocks.read(program, query)
          const from = yield* at("from", query.from)
          const to = yield* orNow("to", query.to)
          const asked = { program, account, knownAt, basis, instants: yield* instants(zone, from, to, step) }
          return as<typeof History.Series.Type>(HistoryJson.series(yield* AccountHistory.accountSeries(asked)))
        })
      ),
    lot: ({ params: { account, lot, program }, query }) =>
      question(
        Effect.gen(function* () {
          const asked = { ...(yield* timeline(program, account, query)), lotId: lot }
          const told = yield* AccountHistory.lotTimeline(asked)
          return as<typeof History.Lot.Type>(HistoryJson.lot(asked, told))
        })
      ),
    redemptions: ({ params: { account, program }, query }) => question(page(program, account, query)),
    redemption: ({ params: { account, program, redemption }, query }) =>
      question(
        Effect.gen(function* () {
          const asked = { ...(yield* timeline(program, account, query)), redemptionId: redemption }
          const told = yield* AccountHistory.redemptionTimeline(asked)
          return as<typeof History.Redemption.Type>(HistoryJson.redemption(asked, told))
        })
      )
  })
)
