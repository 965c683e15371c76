/** `pointback roll-forward` */
import { Entry, Ids, Points, type RollForward } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import {
  cellEvents,
  type CellEventsAnswer,
  rollForward as ask,
  type RollForwardAnswer
} from "../../query/RollForward.ts"
import { withBackend } from "../Backend.ts"
import { bar } from "../Bar.ts"
import * as Clocks from "../Clocks.ts"
import { csv, exact } from "../Csv.ts"
import * as EntryTable from "../EntryTable.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"
import * as QuestionJson from "../QuestionJson.ts"
import * as Report from "../Report.ts"

export const rollForward = Command.make(
  "roll-forward",
  {
    program: Flags.program,
    account: Flags.accountOrAll,
    from: Clocks.from,
    to: Clocks.to,
    by: Flag.Literals("by", ["month"]).pipe(Flag.withDescription("What a period is"), Flag.withDefault("month")),
    cohort: Flag.Boolean("cohort").pipe(
      Flag.withDescription("Divide each period by the month in which the points were earned"),
      Flag.withDefault(false)
    ),
    knownAt: Clocks.knownAt,
    events: Flag.String("events").pipe(
      Flag.withDescription("List the events of one cell instead, such as 2026-01:expiredOnReversal"),
      Flag.withMetavar("period:column"),
      Flag.optional
    ),
    format: Report.format
  },
  Effect.fn("roll-forward")(function* (flags) {
    const { knownAt, program, zone } = yield* Clocks.read(flags)
    const account = yield* Input.optional(Ids.AccountNumber, "account", flags.account)
    const from = yield* Input.momentIn(zone, "from", flags.from)
    const to = yield* Input.momentIn(zone, "to", flags.to)
    const question = { program, account, from, to, knownAt, withCohorts: flags.cohort }
    if (Option.isSome(flags.events)) {
      const answer = yield* cellEvents({ ...question, ...(yield* cellOf(flags.events.value)) })
      return yield* Report.answer(flags.format, {
        json: () => QuestionJson.cellEvents(answer),
        text: () => eventsText(answer),
        csv: () => EntryTable.toCsv(answer.entries)
      })
    }
    const answer = yield* ask(question)
    yield* Report.answer(flags.format, {
      json: () => QuestionJson.rollForward(answer),
      text: () => text(answer),
      csv: () => toCsv(answer.rows)
    })
  }, withBackend)
).pipe(Command.withDescription("How the points outstanding moved from month to month, and why"))

const cellOf = (
  value: string
): Effect.Effect<{ readonly period: string; readonly column: Entry.Column }, Input.InvalidInput> => {
  const [period, name, ...rest] = value.split(":")
  const column = Entry.COLUMNS.find((one) => one === name)
  if (period === undefined || column === undefined || rest.length > 0 || !/^\d{4}-\d\d$/.test(period)) {
    const problem = `<period>:<column> is expected, such as 2026-01:redeemed; columns are ${Entry.COLUMNS.join(", ")}`
    return Effect.fail(new Input.InvalidInput({ flag: "events", value, problem }))
  }
  return Effect.succeed({ period, column })
}

const heading = (answer: Pick<RollForwardAnswer, "program" | "account" | "knownAt" | "provisional">): string => {
  const account = answer.account ?? null
  return `${account === null ? `program ${answer.program}` : `account ${account}`} (${Clocks.text(answer)})`
}

// A column of zeros says nothing and makes the table wide.
const text = (answer: RollForwardAnswer): string => {
  const { rows, withCohorts } = answer
  const used = Entry.COLUMNS.filter((column) => rows.some((row) => row[column] !== 0n))
  const titles = ["period", ...(withCohorts ? ["earned in"] : []), "opening", ...used, "closing", ""]
  const most = rows.reduce(
    (greatest, { closing, cohort }) => (cohort === null && closing > greatest ? closing : greatest),
    0n
  )
  return [
    `points outstanding of ${heading(answer)}`,
    Output.table(
      titles,
      rows.map((row) => [
        row.period,
        ...(withCohorts ? [row.cohort ?? "all"] : []),
        Points.toString(row.opening),
        ...used.map((column) => Points.toString(row[column])),
        Points.toString(row.closing),
        bar(row.closing, most)
      ]),
      new Set<string>(["opening", "closing", ...used])
    )
  ].join("\n")
}

const toCsv = (rows: ReadonlyArray<RollForward.Row>): string =>
  csv(
    ["period", "cohort", "opening", ...Entry.COLUMNS, "closing"],
    rows.map((row) => [
      exact(row.period),
      exact(row.cohort ?? ""),
      exact(Points.toString(row.opening)),
      ...Entry.COLUMNS.map((column) => exact(Points.toString(row[column]))),
      exact(Points.toString(row.closing))
    ])
  )

const eventsText = (answer: CellEventsAnswer): string => {
  const { column, entries, period } = answer
  const total = Points.sum(entries.map(({ points }) => points))
  return [
    `${column} in ${period}, ${heading(answer)}: ${Output.pointsText(total)} in ${Output.count(entries.length, "line")}`,
    ...(entries.length === 0 ? [] : [EntryTable.text(entries)])
  ].join("\n")
}
