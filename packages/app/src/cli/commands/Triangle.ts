/** `pointback triangle` */
import { Points, Triangle } from "@pointback/domain"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { triangle as ask, type TriangleAnswer } from "../../query/RollForward.ts"
import { withBackend } from "../Backend.ts"
import { level } from "../Bar.ts"
import * as Clocks from "../Clocks.ts"
import { csv, exact } from "../Csv.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"
import * as QuestionJson from "../QuestionJson.ts"
import * as Report from "../Report.ts"

export const triangle = Command.make(
  "triangle",
  {
    program: Flags.program,
    from: Clocks.from,
    to: Clocks.to,
    measure: Flag.Literals("measure", Triangle.MEASURES).pipe(
      Flag.withDescription("Points outstanding at the end of each month, or what moved in it"),
      Flag.withDefault("closing" as Triangle.Measure)
    ),
    knownAt: Clocks.knownAt,
    format: Report.format
  },
  Effect.fn("triangle")(function* (flags) {
    const { knownAt, program, zone } = yield* Clocks.read(flags)
    const from = yield* Input.momentIn(zone, "from", flags.from)
    const to = yield* Input.momentIn(zone, "to", flags.to)
    const answer = yield* ask({ program, from, to, knownAt, measure: flags.measure })
    yield* Report.answer(flags.format, {
      json: () => QuestionJson.triangle(answer),
      text: () => text(answer),
      csv: () => toCsv(answer)
    })
  }, withBackend)
).pipe(Command.withDescription("What became of the points of each month, month after month"))

/** Ages whose amounts a terminal has room for; of more the levels are shown, and the amounts are in JSON and CSV. */
const WIDEST = 8

const text = (answer: TriangleAnswer): string => {
  const { measure, program, rows } = answer
  const ages = Array.from(new Set(rows.flatMap(({ cells }) => cells.map(({ age }) => age)))).sort((a, b) => a - b)
  const wide = ages.length > WIDEST
  const titles = wide ? ["first", "last"] : ages.map((age) => `+${age}`)
  return [
    `${measure} of program ${program} by the month of earning and months since (${Clocks.text(answer)})`,
    Output.table(
      ["earned in", "levels", ...titles],
      rows.map((row) => [row.cohort, levels(row, ages), ...(wide ? ends(row) : ages.map((age) => amount(row, age)))]),
      new Set(titles)
    ),
    ...(wide ? ["first and last month of each; all amounts with --json or --format csv"] : [])
  ].join("\n")
}

const amount = ({ cells }: Triangle.TriangleRow, age: number): string => {
  const cell = cells.find((one) => one.age === age)
  return cell === undefined ? "" : Points.toString(cell.points)
}

const ends = ({ cells }: Triangle.TriangleRow): ReadonlyArray<string> =>
  [cells[0], cells.at(-1)].map((cell) => Points.toString(cell?.points ?? 0n))

/** One block for each age, as high as its share of the cohort's greatest amount; blank where there is no such month. */
const levels = ({ cells }: Triangle.TriangleRow, ages: ReadonlyArray<number>): string => {
  const most = cells.reduce((greatest, { points }) => (points > greatest ? points : greatest), 0n)
  const byAge = new Map(cells.map(({ age, points }) => [age, points]))
  return ages
    .map((age) => {
      const points = byAge.get(age)
      return points === undefined ? " " : level(points, most)
    })
    .join("")
}

const toCsv = ({ rows }: TriangleAnswer): string =>
  csv(
    ["cohort", "age", "period", "points"],
    rows.flatMap(({ cells, cohort }) =>
      cells.map(({ age, period, points }) => [exact(cohort), exact(age), exact(period), exact(Points.toString(points))])
    )
  )
