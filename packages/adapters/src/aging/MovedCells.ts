/**
 * What a roll-forward is assembled from, added up where the ledger is.
 *
 * Each partition's postings meet its own lots in a part of the statement of its own, and a row's place is one number, so
 * that the planner lets workers add up before they hand over: it cannot know how few places there are. Postings before
 * the first period are not read: what was live then is what is held now less all that moved from then on.
 */
import { Entry, Instant, Months, Points, type RollForward, Zone } from "@pointback/domain"
import type { Kysely, RawBuilder } from "kysely"
import { sql } from "kysely"
import { moment } from "../database/Moment.ts"
import * as Rows from "../database/Rows.ts"
import type { Tables } from "../database/Tables.ts"
import type { CellsQuestion } from "./AgingStore.ts"
import { EFFECT, MOVES_LOT, ofAccount } from "./HeldLots.ts"
import { instants } from "./ProgramLots.ts"

/** Years before the first period in which points are thought to be earned; older ones cost a look for the oldest. */
const COHORT_YEARS = 12

/** A place is cohort × PLACES + period. */
const PLACES = 4096

/** Periods of one question at most, so that a place is one number; three hundred years of months. */
const MAXIMUM_PERIODS = PLACES - 2

/** Asks for the cells of one partition's rows or of all; `partitions` are the numbers of those that are asked. */
export const cells = async (
  kysely: Kysely<Tables>,
  schema: string,
  question: CellsQuestion,
  partitions: ReadonlyArray<number>,
  signal: AbortSignal
): Promise<ReadonlyArray<RollForward.Cell>> => {
  if (question.periods.length === 0) return []
  if (question.periods.length > MAXIMUM_PERIODS) throw new RangeError(`more than ${MAXIMUM_PERIODS} periods`)
  const { from, to } = spanOf(question)
  const ask = (cohorts: Cohorts) =>
    Rows.ask<Row>(kysely, statement(schema, question, cohorts.starts, partitions), signal)
  let cohorts = question.withCohorts ? monthsFrom(question.zone, yearsBefore(from), to) : ALL
  let rows = await ask(cohorts)
  if (rows.some(({ place }) => place < PLACES)) {
    cohorts = monthsFrom(question.zone, await oldest(kysely, schema, question, signal), to)
    rows = await ask(cohorts)
  }
  return new Tally(question.periods.length, rows).cells(cohorts.names)
}

interface Cohorts {
  readonly names: ReadonlyArray<string>
  readonly starts: ReadonlyArray<Instant.Instant>
}

const ALL: Cohorts = { names: ["all"], starts: [Instant.EARLIEST - 1n] }

const yearsBefore = (at: Instant.Instant): Instant.Instant => at - BigInt(COHORT_YEARS * 366) * Instant.MICROS_PER_DAY

// The first month is cut where the interval begins, so it begins with the month before.
const monthsFrom = (zone: Zone.Zone, from: Instant.Instant, to: Instant.Instant): Cohorts => {
  const earliest = from < Instant.EARLIEST ? Instant.EARLIEST : from
  const { month, year } = Zone.dateOf(zone, earliest)
  const months = Months.months(zone, Zone.startOfDate(zone, { year, month, day: 1 }), to)
  return { names: months.map(({ name }) => name), starts: months.map((period) => period.from) }
}

const oldest = async (
  kysely: Kysely<Tables>,
  schema: string,
  { account, program }: CellsQuestion,
  signal: AbortSignal
): Promise<Instant.Instant> => {
  const [row] = await Rows.ask<{ earned_at: string | null }>(
    kysely,
    sql`select ${Rows.utc("m.earned_at")} as earned_at from (select min(l.earned_at) as earned_at
      from ${sql.id(schema, "lots")} l where ${ofAccount("l", program, account)}) as m`,
    signal
  )
  return Instant.fromStringUnsafe(row?.earned_at ?? "1970-01-01T00:00:00Z")
}

interface Row {
  readonly place: number
  /** `held`, `undone`, or the sides of a posting: `lot>redeemed`. */
  readonly kind: string
  readonly points: string
}

const statement = (
  schema: string,
  question: CellsQuestion,
  cohorts: ReadonlyArray<Instant.Instant>,
  partitions: ReadonlyArray<number>
): RawBuilder<unknown> => {
  const parts = partitions.flatMap((partition) => [
    lotsOf(schema, question, cohorts, partition),
    postingsOf(schema, question, cohorts, partition)
  ])
  return sql`select u.place, u.kind, sum(u.points)::text as points from (${sql.join(parts, sql` union all `)}) u
    group by u.place, u.kind`
}

/** The first instant of the first period, and the end of the last. */
const spanOf = ({ periods }: CellsQuestion): { readonly from: Instant.Instant; readonly to: Instant.Instant } => ({
  from: (periods[0] as Months.Period).from,
  to: (periods.at(-1) as Months.Period).to
})

const bounds = (question: CellsQuestion) => instants([...question.periods.map(({ from }) => from), spanOf(question).to])

// 0 before the first period, from 1 the periods, then what is after them; what never expires stands there too.
const expiry = (question: CellsQuestion) =>
  sql`coalesce(width_bucket(l.expires_at, ${bounds(question)}), ${question.periods.length + 1})`

const cohort = (cohorts: ReadonlyArray<Instant.Instant>) =>
  sql`width_bucket(l.earned_at, ${instants(cohorts)}) * ${PLACES}`

const lotsOf = (
  schema: string,
  question: CellsQuestion,
  cohorts: ReadonlyArray<Instant.Instant>,
  partition: number
) => sql`
  select ${cohort(cohorts)} + ${expiry(question)} as place, 'held' as kind, l.total as points
  from ${sql.id(schema, "lots")} l
  where l.partition = ${partition} and ${ofAccount("l", question.program, question.account)}
    and (l.expires_at is null or l.expires_at >= ${moment(spanOf(question).from)}::timestamptz) and l.total <> 0`

// What is after the last period, or was not known yet, is undone of what lots hold now.
const postingsOf = (
  schema: string,
  question: CellsQuestion,
  cohorts: ReadonlyArray<Instant.Instant>,
  partition: number
) => {
  const { account, knownAt, program } = question
  const span = spanOf(question)
  const from = sql`${moment(span.from)}::timestamptz`
  const to = sql`${moment(span.to)}::timestamptz`
  const unknown = knownAt === null ? sql`false` : sql`p.recorded_at > ${moment(knownAt)}::timestamptz`
  const undone = sql`(p.occurred_at >= ${to} or ${unknown})`
  return sql`
    select ${cohort(cohorts)}
        + case when ${undone} then ${expiry(question)} else width_bucket(p.occurred_at, ${bounds(question)}) end as place,
      case when ${undone} then 'undone' else p.debit || '>' || p.credit end as kind,
      case when ${undone} then ${EFFECT} else p.points end as points
    from ${sql.id(schema, "postings")} p join ${sql.id(schema, "lots")} l
      on l.account_key = p.account_key and l.lot_id = p.lot_id and l.program = p.program
    where p.partition = ${partition} and l.partition = ${partition} and ${ofAccount("p", program, account)}
      and (p.occurred_at >= ${from} or ${unknown}) and ${MOVES_LOT}`
}

/** Which columns a posting counts in, and how often. */
const COLUMNS_OF: Readonly<Record<string, Partial<Record<Entry.Column, bigint>>>> = {
  "issued>lot": { earned: 1n },
  "adjustments>lot": { adjusted: 1n },
  "lot>adjustments": { adjusted: -1n },
  "lot>redeemed": { redeemed: 1n },
  "redeemed>lot": { creditedLive: 1n },
  // It follows what it takes away at once (L9).
  "lot>expiredOnReversal": { creditedLive: -1n, creditedExpired: 1n, expiredOnReversal: 1n }
}

/** Adds rows up to cells. */
class Tally {
  readonly #periods: number
  /** By cohort; then by period, from 0. */
  readonly #moved = new Map<number, Array<Record<Entry.Column, Points.Points>>>()
  /** By cohort: what is live at the end of the last period. */
  readonly #closing = new Map<number, Points.Points>()

  constructor(periods: number, rows: ReadonlyArray<Row>) {
    this.#periods = periods
    for (const row of rows) this.#add(row)
  }

  #of(cohort: number): Array<Record<Entry.Column, Points.Points>> {
    const known = this.#moved.get(cohort)
    if (known !== undefined) return known
    const made = Array.from({ length: this.#periods }, Entry.nothing)
    this.#moved.set(cohort, made)
    return made
  }

  #add({ kind, place, points }: Row): void {
    const amount = Points.fromStringUnsafe(points)
    const cohort = Math.floor(place / PLACES)
    const period = place % PLACES
    if (kind === "held") this.#hold(cohort, period, amount)
    else if (kind === "undone") this.#hold(cohort, period, -amount)
    else {
      const columns = this.#of(cohort)[period - 1] as Record<Entry.Column, Points.Points>
      for (const [column, times] of Object.entries(COLUMNS_OF[kind] ?? {}))
        columns[column as Entry.Column] += times * amount
    }
  }

  #hold(cohort: number, expiry: number, points: Points.Points): void {
    if (expiry === 0) return
    const period = this.#of(cohort)[expiry - 1]
    if (period === undefined) this.#closing.set(cohort, (this.#closing.get(cohort) ?? 0n) + points)
    else period.expiredByTime += points
  }

  cells(names: ReadonlyArray<string>): ReadonlyArray<RollForward.Cell> {
    return Array.from(this.#moved).flatMap(([number, moved]) => {
      const cohort = names[number - 1] as string
      const found: Array<RollForward.Cell> = []
      let opening = this.#closing.get(number) ?? 0n
      moved.forEach((columns, period) => {
        for (const column of Entry.COLUMNS) {
          const points = columns[column]
          opening -= Entry.SIGN[column] * points
          if (points !== 0n) found.push({ cohort, period, column, points })
        }
      })
      return opening === 0n ? found : [{ cohort, period: null, column: "opening", points: opening }, ...found]
    })
  }
}
