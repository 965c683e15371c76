/** The JSON shapes of answers about the past. Points are decimal strings, instants ISO 8601 in UTC. */
import type { NumberedEntry } from "@pointback/adapters"
import { type Aging, Entry, Instant, Points, type Restatement, type Schedule, type Statement } from "@pointback/domain"
import type { RestatementAnswer } from "../query/Restatement.ts"
import type { CellEventsAnswer, RollForwardAnswer, TriangleAnswer } from "../query/RollForward.ts"
import type { ScheduleAnswer } from "../query/Schedule.ts"
import type { StatementAnswer } from "../query/Statement.ts"
import * as Clocks from "./Clocks.ts"
import { instant } from "./Json.ts"
import type { Json } from "./Output.ts"

const text = Points.toString

const interval = ({ from, to }: { readonly from: Instant.Instant; readonly to: Instant.Instant }) => ({
  from: Instant.toString(from),
  to: Instant.toString(to)
})

export const rollForward = (answer: RollForwardAnswer): Json => ({
  program: answer.program,
  account: answer.account ?? null,
  ...interval(answer),
  ...Clocks.json(answer),
  rows: answer.rows.map((row) => ({
    period: row.period,
    ...(row.cohort === null ? {} : { cohort: row.cohort }),
    opening: text(row.opening),
    ...Object.fromEntries(Entry.COLUMNS.map((column) => [column, text(row[column])])),
    closing: text(row.closing)
  }))
})

/** A line of the ledger with its event; without one where no sweep has booked what expired. */
export const entry = ({ at, column, event, lotId, number, points }: NumberedEntry): Json => ({
  at: instant(at),
  account: number,
  lot: lotId,
  column,
  points: text(points),
  eventId: event?.eventId ?? null,
  type: event?.type ?? null,
  recordedAt: instant(event?.recordedAt ?? null),
  redemption: event?.redemptionId ?? null,
  credit: event?.creditId ?? null
})

export const cellEvents = (answer: CellEventsAnswer): Json => ({
  program: answer.program,
  account: answer.account ?? null,
  period: answer.period,
  column: answer.column,
  ...Clocks.json(answer),
  points: text(Points.sum(answer.entries.map(({ points }) => points))),
  events: answer.entries.map(entry)
})

export const triangle = (answer: TriangleAnswer): Json => ({
  program: answer.program,
  measure: answer.measure,
  ...interval(answer),
  ...Clocks.json(answer),
  rows: answer.rows.map(({ cells, cohort }) => ({
    cohort,
    cells: cells.map(({ age, period, points }) => ({ age, period, points: text(points) }))
  }))
})

const scheduleRow = ({ date, lots, points, restored }: Schedule.ScheduleRow): Json => ({
  date,
  points: text(points),
  lots,
  restored: text(restored)
})

export const schedule = (answer: ScheduleAnswer): Json => ({
  program: answer.program,
  account: answer.account,
  asOf: instant(answer.asOf),
  ...Clocks.json(answer),
  total: text(answer.total),
  rows: answer.rows.map(scheduleRow)
})

const statementLine = (line: Statement.StatementLine): Json => ({
  at: instant(line.at),
  kind: line.kind,
  points: text(line.points),
  expired: text(line.expired),
  balance: text(line.balance),
  redemption: line.event?.redemptionId ?? null,
  credit: line.event?.creditId ?? null,
  lots: line.lots.map(({ expired, lotId, points }) => ({ lot: lotId, points: text(points), expired: text(expired) })),
  eventId: line.event?.eventId ?? null,
  recordedAt: instant(line.event?.recordedAt ?? null)
})

export const statement = (answer: StatementAnswer): Json => ({
  program: answer.program,
  account: answer.account,
  ...interval(answer),
  ...Clocks.json(answer),
  opening: text(answer.opening),
  lines: answer.lines.map(statementLine),
  closing: text(answer.closing),
  expiring: answer.expiring.rows.map(scheduleRow),
  computedAt: {
    partition: answer.computedAt.partition,
    position: answer.computedAt.position,
    recordedAt: instant(answer.computedAt.recordedAt)
  }
})

const bucket = (of: Aging.Bucket | null): Json =>
  of === null ? null : { points: text(of.points), lots: of.lots, accounts: of.accounts, restored: text(of.restored) }

const holding = ({ points, restored }: Restatement.Holding): Json => ({
  points: text(points),
  restored: text(restored)
})

export const restatement = (answer: RestatementAnswer): Json => ({
  program: answer.program,
  account: answer.account,
  asOf: instant(answer.asOf),
  basis: answer.basis,
  knownFrom: instant(answer.knownFrom),
  knownTo: instant(answer.knownTo),
  total: { before: text(answer.before.total), after: text(answer.after.total) },
  buckets: answer.buckets.map(({ after, before, bucket: name }) => ({
    bucket: name,
    before: bucket(before),
    after: bucket(after)
  })),
  lots: answer.lots.map(({ after, before, earnedAt, expiresAt, lotId, number }) => ({
    account: number,
    lot: lotId,
    earnedAt: instant(earnedAt),
    expiresAt: instant(expiresAt),
    before: holding(before),
    after: holding(after)
  })),
  events: answer.events.map(entry)
})
