/** `pointback schedule` */
import { Ids, Points } from "@pointback/domain"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { schedule as ask, type ScheduleAnswer } from "../../query/Schedule.ts"
import { withBackend } from "../Backend.ts"
import * as Clocks from "../Clocks.ts"
import { csv, exact } from "../Csv.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"
import * as QuestionJson from "../QuestionJson.ts"
import * as Report from "../Report.ts"
import * as ScheduleTable from "../ScheduleTable.ts"

export const schedule = Command.make(
  "schedule",
  {
    program: Flags.program,
    account: Flags.accountOrAll,
    asOf: Clocks.asOf,
    knownAt: Clocks.knownAt,
    format: Report.format
  },
  Effect.fn("schedule")(function* (flags) {
    const { knownAt, program, zone } = yield* Clocks.read(flags)
    const account = yield* Input.optional(Ids.AccountNumber, "account", flags.account)
    const asOf = yield* Clocks.orNow(zone, "as-of", flags.asOf)
    const answer = yield* ask({ program, account, asOf, knownAt })
    yield* Report.answer(flags.format, {
      json: () => QuestionJson.schedule(answer),
      text: () => text(answer),
      csv: () => toCsv(answer)
    })
  }, withBackend)
).pipe(Command.withDescription("Which points expire when"))

const text = (answer: ScheduleAnswer): string =>
  [
    `${Output.pointsText(answer.total)} ` +
      `${answer.account === null ? `in program ${answer.program}` : `in account ${answer.account}`} ` +
      `as of ${Output.instantText(answer.asOf)} (${Clocks.text(answer)})`,
    ScheduleTable.text(answer)
  ].join("\n")

const toCsv = ({ rows }: ScheduleAnswer): string =>
  csv(
    ["date", "points", "lots", "restored"],
    rows.map(({ date, lots, points, restored }) => [
      exact(date ?? "never"),
      exact(Points.toString(points)),
      exact(lots),
      exact(Points.toString(restored))
    ])
  )
