/** Answers questions over HTTP. */
import { Verification } from "@pointback/adapters"
import type { Aging, Ids } from "@pointback/domain"
import { Effect, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import * as Input from "../cli/Input.ts"
import * as Json from "../cli/Json.ts"
import { now } from "../command/Now.ts"
import { aging } from "../query/Aging.ts"
import { Api } from "./Api.ts"
import * as Cursor from "./Cursor.ts"
import { moment, question, type Handlers } from "./Handling.ts"
import * as LongJobs from "./LongJobs.ts"
import { PAGE } from "./Limits.ts"
import * as PolicyTerms from "./PolicyTerms.ts"
import { Instant } from "@pointback/domain"

interface AgingQuery {
  readonly asOf?: string
  readonly knownAt?: string
  readonly basis?: Aging.Basis
  readonly boundaries?: string
}

const ask = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  account: Ids.AccountNumber | null,
  { asOf, basis = "age", boundaries: bounds, knownAt }: AgingQuery
) {
  const boundaries = bounds === undefined ? undefined : yield* Input.boundaries("boundaries", bounds)
  const at = (yield* moment(program, "asOf", asOf)) ?? (yield* now)
  const known = (yield* moment(program, "knownAt", knownAt)) ?? null
  return yield* aging({ program, account, asOf: at, knownAt: known, basis, boundaries })
})

/** Where a page of lots ended: the next one asks the same question, on the same clocks. */
const Place = Schema.Struct({
  asOf: Instant.Instant,
  knownAt: Schema.NullOr(Instant.Instant),
  from: Schema.Natural
})

const lots = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  query: AgingQuery & { readonly account?: Ids.AccountNumber; readonly limit?: number; readonly cursor?: string }
) {
  const { account = null, limit = PAGE } = query
  const place = yield* Cursor.read(Place, query.cursor)
  const asOf = place?.asOf ?? (yield* moment(program, "asOf", query.asOf)) ?? (yield* now)
  const knownAt = place === undefined ? ((yield* moment(program, "knownAt", query.knownAt)) ?? null) : place.knownAt
  const answer = yield* aging({ program, account, asOf, knownAt, basis: "age", withLots: true })
  const from = place?.from ?? 0
  const next = from + limit < answer.lots.length ? Cursor.make(Place, { asOf, knownAt, from: from + limit }) : null
  return { lots: answer.lots.slice(from, from + limit).map(Json.lot), next }
})

/** The handlers of the group `questions`. */
export const layer: Handlers<"questions"> = HttpApiBuilder.group(Api, "questions", (handlers) =>
  handlers.handleAll({
    policy: ({ params: { program } }) =>
      question(Effect.map(PolicyTerms.known(program), (policy) => Json.policy(program, policy))),
    aging: ({ params: { program }, query }) =>
      question(Effect.map(ask(program, null, query), (answer) => Json.aging(answer, false))),
    accountAging: ({ params: { account, program }, query }) =>
      question(Effect.map(ask(program, account, query), (answer) => Json.aging(answer, false))),
    lots: ({ params: { program }, query }) => question(lots(program, query)),
    verify: ({ params: { program } }) =>
      LongJobs.run(
        Effect.andThen(
          PolicyTerms.known(program),
          Effect.map(Verification.verify(program), ({ differences, ...counts }) => ({
            ...counts,
            differences: differences.map((difference) => ({ ...difference }))
          }))
        )
      )
  })
)
