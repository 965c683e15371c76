/** `pointback statement` */
import { Ids, Instant, Points, type Statement } from "@pointback/domain"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { statement as ask, type StatementAnswer } from "../../query/Statement.ts"
import { withBackend } from "../Backend.ts"
import * as Clocks from "../Clocks.ts"
import { csv, exact } from "../Csv.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"
import * as QuestionJson from "../QuestionJson.ts"
import * as Report from "../Report.ts"
import * as ScheduleTable from "../ScheduleTable.ts"

export const statement = Command.make(
  "statement",
  {
    program: Flags.program,
    account: Flags.account,
    from: Clocks.from,
    to: Clocks.to,
    knownAt: Clocks.knownAt,
    format: Report.format
  },
  Effect.fn("statement")(function* (flags) {
    const { knownAt, program, zone } = yield* Clocks.read(flags)
    const account = yield* Input.read(Ids.AccountNumber, "account", flags.account)
    const from = yield* Input.momentIn(zone, "from", flags.from)
    const to = yield* Input.momentIn(zone, "to", flags.to)
    const answer = yield* ask({ program, account, from, to, knownAt })
    yield* Report.answer(flags.format, {
      json: () => QuestionJson.statement(answer),
      text: () => text(answer),
      csv: () => toCsv(answer)
    })
  }, withBackend)
).pipe(Command.withDescription("What an account held, what happened to it, and what it holds"))

const TITLES = ["at", "what", "points", "balance", "of", "lots"]

const text = (answer: StatementAnswer): string => {
  const { account, closing, computedAt, expiring, from, lines, opening, to } = answer
  const edge = (at: Instant.Instant, what: string, balance: Points.Points) => [
    Output.instantText(at),
    what,
    "",
    Points.toString(balance),
    "",
    ""
  ]
  return [
    `account ${account} from ${Output.instantText(from)} to ${Output.instantText(to)} (${Clocks.text(answer)})`,
    Output.table(
      TITLES,
      [edge(from, "opening", opening), ...lines.map(row), edge(to, "closing", closing)],
      new Set(["points", "balance"])
    ),
    ...(expiring.rows.length === 0 ? [] : ["", ScheduleTable.text(expiring)]),
    "",
    `computed at position ${computedAt.position} of log partition ${computedAt.partition}`
  ].join("\n")
}

const row = ({ at, balance, event, expired, kind, lots, points }: Statement.StatementLine): ReadonlyArray<string> => [
  Output.instantText(at),
  expired === 0n ? kind : `${kind}, and ${Points.toString(expired)} expired with it`,
  signed(points),
  Points.toString(balance),
  [event?.redemptionId ?? "", event?.creditId ?? ""].join(" ").trim(),
  lots.map(lotText).join(", ")
]

const signed = (points: Points.Points): string => `${points > 0n ? "+" : ""}${Points.toString(points)}`

const lotText = ({ expired, lotId, points }: Statement.LineLot): string =>
  expired === 0n
    ? `${lotId} ${signed(points)}`
    : `${lotId} ${points === 0n ? "" : `${signed(points)}, `}${Points.toString(expired)} expired`

const toCsv = ({ closing, from, lines, opening, to }: StatementAnswer): string => {
  const edge = (at: Instant.Instant, kind: string, balance: Points.Points) => [
    exact(Instant.toString(at)),
    exact(kind),
    null,
    null,
    exact(Points.toString(balance)),
    null,
    null,
    null,
    null
  ]
  return csv(
    ["at", "kind", "points", "expired", "balance", "redemption", "credit", "eventId", "recordedAt"],
    [
      edge(from, "opening", opening),
      ...lines.map(({ at, balance, event, expired, kind, points }) => [
        exact(Instant.toString(at)),
        exact(kind),
        exact(Points.toString(points)),
        exact(Points.toString(expired)),
        exact(Points.toString(balance)),
        event?.redemptionId ?? null,
        event?.creditId ?? null,
        exact(event?.eventId ?? ""),
        exact(event === null ? "" : Instant.toString(event.recordedAt))
      ]),
      edge(to, "closing", closing)
    ]
  )
}
