/** What a report page shows of an account or of a program, all of it as known at one instant. */
import {
  AgingStore,
  type Database,
  type DatabaseError,
  type EventLog,
  type EventStore,
  type NumberedLot,
  PolicyStore,
  ProgramLedger
} from "@pointback/adapters"
import {
  Aging,
  Entry,
  type Ids,
  Instant,
  Months,
  type Policy,
  RollForward,
  Schedule,
  Statement
} from "@pointback/domain"
import { Effect } from "effect"
import { InvalidInterval, UnknownProgram } from "../error/AppError.ts"
import * as Known from "../query/Known.ts"
import { settledKnownAt } from "../query/KnownNow.ts"
import type { Move } from "./Move.ts"
import { ofEvent, ofLine } from "./Move.ts"

/** Months on a page at most: what a chart can show of each. */
export const MAXIMUM_MONTHS = 120

/** Redemptions, credits and other movements on a page at most: as many as somebody reads. */
export const MAXIMUM_MOVES = 100

/** Lots on a page at most. */
export const MAXIMUM_LOTS = 1000

export interface ReportQuestion {
  readonly program: Ids.ProgramId
  /** Null for the whole program. */
  readonly account: Ids.AccountNumber | null
  readonly asOf: Instant.Instant
  /** The first instant of the months that are shown. */
  readonly from: Instant.Instant
  /** What was recorded by then; null for the last instant that is safe to ask about. */
  readonly knownAt: Instant.Instant | null
  /** What the chart's buckets count. */
  readonly basis: Aging.Basis
}

/** The balance at the end of a month, in buckets. */
export interface Balance extends Aging.Aging {
  readonly period: Months.Period
}

/** A list that may be cut. */
export interface Listed<A> {
  readonly items: ReadonlyArray<A>
  /** How many there are; more than are listed where the list was cut, null where nobody counted. */
  readonly of: number | null
}

export interface ReportData extends Omit<ReportQuestion, "knownAt"> {
  readonly knownAt: Instant.Instant
  readonly policy: Policy.Policy
  readonly byAge: Aging.Aging
  readonly byExpiry: Aging.Aging
  readonly balances: ReadonlyArray<Balance>
  /** A total row for each month; they close. */
  readonly rollForward: ReadonlyArray<RollForward.Row>
  readonly schedule: Schedule.Schedule
  /** Live lots in draw order; null on the page of a program, which names no accounts. */
  readonly lots: Listed<NumberedLot> | null
  /** The last one first. */
  readonly moves: Listed<Move>
}

type Failure = Known.QuestionError | InvalidInterval
type Needs = AgingStore | Database | EventLog | EventStore.EventStore | PolicyStore

/** Asks for everything on the page. */
export const reportData = Effect.fn("reportData")(function* (
  question: ReportQuestion
): Effect.fn.Return<ReportData, Failure, Needs> {
  const { asOf, basis, from, program } = question
  const knownAt = yield* settledKnownAt(question.knownAt)
  const { known, policy } = yield* (yield* PolicyStore).knownAt(program, knownAt)
  if (!known) return yield* new UnknownProgram({ program })
  const account = yield* Known.accountOrAll(program, question.account)
  const periods = yield* periodsOf(policy, from, asOf)
  const store = yield* AgingStore
  const asked = { program, account, knownAt }
  const aged = (at: Instant.Instant, by: Aging.Basis) => aging({ ...asked, asOf: at }, by, policy)
  const cells = yield* store.cells({ ...asked, periods, zone: policy.zone, withCohorts: false })
  return {
    ...question,
    knownAt,
    policy,
    byAge: yield* aged(asOf, "age"),
    byExpiry: yield* aged(asOf, "to-expiry"),
    // What a month closes with is what is true just before the next one begins.
    balances: yield* Effect.forEach(periods, (period) =>
      Effect.map(aged(period.to - 1n, basis), (one) => ({ period, ...one }))
    ),
    rollForward: RollForward.assemble(cells, periods, false),
    schedule: Schedule.schedule(yield* store.expiring({ ...asked, asOf }), policy.zone),
    lots: account === null ? null : cut(yield* store.lots({ ...asked, account, asOf }), MAXIMUM_LOTS),
    moves: yield* movesOf(asked, asOf)
  }
})

// The last month ends with the instant of the question itself, what was true at it included.
const periodsOf = (
  { zone }: Policy.Policy,
  from: Instant.Instant,
  asOf: Instant.Instant
): Effect.Effect<ReadonlyArray<Months.Period>, InvalidInterval> => {
  const spanned = asOf - from
  const most = BigInt(MAXIMUM_MONTHS * 31) * Instant.MICROS_PER_DAY
  const problem = spanned < 0n ? "it must not begin after it ends" : `it has at most ${MAXIMUM_MONTHS} months`
  const periods = spanned < 0n || spanned > most ? [] : Months.months(zone, from, asOf + 1n)
  return periods.length === 0 || periods.length > MAXIMUM_MONTHS
    ? Effect.fail(new InvalidInterval({ from: Instant.toString(from), to: Instant.toString(asOf), problem }))
    : Effect.succeed(periods)
}

interface Asked {
  readonly program: Ids.ProgramId
  readonly account: EventStore.AccountRef | null
  readonly knownAt: Instant.Instant
}

const aging = Effect.fnUntraced(function* (
  question: Asked & { readonly asOf: Instant.Instant },
  basis: Aging.Basis,
  policy: Policy.Policy
): Effect.fn.Return<Aging.Aging, DatabaseError, AgingStore> {
  const store = yield* AgingStore
  const { account, asOf, knownAt, program } = question
  if (account !== null) return Aging.bucketed(yield* store.lots(question), asOf, basis, policy)
  const segments = Aging.segments(asOf, basis, policy)
  const names = Aging.bucketNames(policy.agingBoundaries, basis)
  return yield* store.buckets({ program, asOf, knownAt, basis, segments, names })
})

const cut = <A>(items: ReadonlyArray<A>, limit: number): Listed<A> => ({
  items: items.slice(0, limit),
  of: items.length
})

/** All movements of an account; the latest redemptions and credits of a program. */
const movesOf = Effect.fnUntraced(function* (
  { account, knownAt, program }: Asked,
  asOf: Instant.Instant
): Effect.fn.Return<Listed<Move>, DatabaseError, AgingStore | Database> {
  if (account === null) {
    const events = yield* ProgramLedger.latestMoves({ program, knownAt }, asOf, MAXIMUM_MOVES)
    return { items: events.flatMap(ofEvent), of: events.length < MAXIMUM_MOVES ? events.length : null }
  }
  const entries = yield* (yield* AgingStore).entries({
    program,
    account,
    knownAt,
    from: Instant.EARLIEST,
    to: asOf + 1n,
    columns: Entry.COLUMNS,
    learnedAfter: null
  })
  return cut(Statement.statement(0n, entries).lines.toReversed().map(ofLine), MAXIMUM_MOVES)
})
