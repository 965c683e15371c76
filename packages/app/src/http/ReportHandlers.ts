/** Answers questions about the past over HTTP. */
import type { PolicyStore } from "@pointback/adapters"
import type { Ids, Instant } from "@pointback/domain"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import * as QuestionJson from "../cli/QuestionJson.ts"
import { restatement } from "../query/Restatement.ts"
import { cellEvents, rollForward, triangle } from "../query/RollForward.ts"
import { schedule } from "../query/Schedule.ts"
import { statement } from "../query/Statement.ts"
import { Api } from "./Api.ts"
import * as Clocks from "./Clocks.ts"
import { type Handlers, moment, question } from "./Handling.ts"
import type * as Reports from "./Reports.ts"

/** The two ends of a period, with the knowledge that it is looked at by. */
const period = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  query: { readonly knownAt?: string; readonly from: string; readonly to: string }
): Effect.fn.Return<
  { readonly knownAt: Instant.Instant | null; readonly from: Instant.Instant; readonly to: Instant.Instant },
  unknown,
  PolicyStore
> {
  const { at, knownAt } = yield* Clocks.read(program, query)
  return { knownAt, from: yield* at("from", query.from), to: yield* at("to", query.to) }
})

// The functions that write JSON for the command line; the schema of each answer is held against it as it is written.
const as = <A>(json: unknown): A => json as A

/** The handlers of the group `reports`. */
export const layer: Handlers<"reports"> = HttpApiBuilder.group(Api, "reports", (handlers) =>
  handlers.handleAll({
    statement: ({ params: { account, program }, query }) =>
      question(
        Effect.gen(function* () {
          const answer = yield* statement({ program, account, ...(yield* period(program, query)) })
          return as<typeof Reports.Statement.Type>(QuestionJson.statement(answer))
        })
      ),
    rollForward: ({ params: { program }, query }) =>
      question(
        Effect.gen(function* () {
          const { account = null, cohort } = query
          const asked = { program, account, withCohorts: cohort === "true", ...(yield* period(program, query)) }
          return as<typeof Reports.RollForward.Type>(QuestionJson.rollForward(yield* rollForward(asked)))
        })
      ),
    rollForwardCell: ({ params: { program }, query }) =>
      question(
        Effect.gen(function* () {
          const { account = null, column, period: month } = query
          const asked = { program, account, withCohorts: false, ...(yield* period(program, query)) }
          const answer = yield* cellEvents({ ...asked, period: month, column })
          return as<typeof Reports.Cell.Type>(QuestionJson.cellEvents(answer))
        })
      ),
    triangle: ({ params: { program }, query }) =>
      question(
        Effect.gen(function* () {
          const answer = yield* triangle({
            program,
            measure: query.measure ?? "closing",
            ...(yield* period(program, query))
          })
          return as<typeof Reports.Triangle.Type>(QuestionJson.triangle(answer))
        })
      ),
    schedule: ({ params: { program }, query }) =>
      question(
        Effect.gen(function* () {
          const { knownAt, orNow } = yield* Clocks.read(program, query)
          const answer = yield* schedule({
            program,
            account: query.account ?? null,
            asOf: yield* orNow("asOf", query.asOf),
            knownAt
          })
          return as<typeof Reports.Schedule.Type>(QuestionJson.schedule(answer))
        })
      ),
    restatement: ({ params: { program }, query }) =>
      question(
        Effect.gen(function* () {
          const { knownAt, orNow } = yield* Clocks.read(program, { knownAt: query.knownTo })
          const asOf = yield* orNow("asOf", query.asOf)
          const knownFrom = (yield* moment(program, "knownFrom", query.knownFrom)) ?? asOf
          const { account = null, basis = "age" } = query
          const answer = yield* restatement({ program, account, asOf, basis, knownFrom, knownTo: knownAt ?? asOf })
          return as<typeof Reports.Restatement.Type>(QuestionJson.restatement(answer))
        })
      )
  })
)
