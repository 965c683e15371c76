/** The statement and the truth of a generated program, as lines of files. */
import { type Ids, Instant, Points, type SourceRecord } from "@pointback/domain"
import { Effect } from "effect"
import { Cases } from "./Case.ts"
import { seeded } from "./Dice.ts"
import type { Entry } from "./Life.ts"
import * as ProgramPlan from "./ProgramPlan.ts"
import type { Sides, Truth } from "./Sides.ts"
import { sidesOf } from "./Statement.ts"

/** The statement in the folder that was asked for. */
export const STATEMENT_FILE = "statement.ndjson"

/** The breaks that were made, as lines. */
export const TRUTH_FILE = "truth.ndjson"

/** A line and its place in time. */
export interface TimedLine {
  readonly at: Instant.Instant
  readonly line: string
}

/** The first line of the statement: it covers the whole program. */
export const headerOf = (plan: ProgramPlan.ProgramPlan): string =>
  JSON.stringify({ kind: "statement", program: plan.program, ...windowOf(plan, Instant.toString) })

/** The period that the statement covers. */
export const windowOf = <A>(plan: ProgramPlan.ProgramPlan, write: (at: Instant.Instant) => A) => ({
  from: write(ProgramPlan.start(plan) - Instant.MICROS_PER_DAY),
  to: write(plan.until)
})

/** What the two sides say of an account's redemptions. `held`: see `Statement.Differing`. */
export const sidesOfAccount = (
  plan: ProgramPlan.ProgramPlan,
  index: number,
  entries: Iterable<Entry>,
  held: boolean
): Effect.Effect<ReadonlyArray<Sides>> =>
  Effect.map(seeded(`pointback ${plan.seed} statement ${index}`), (dice) => {
    const cases = new Cases()
    for (const entry of entries) cases.add(entry)
    return Array.from(cases.all(), (found) =>
      sidesOf(found, dice, { breaks: plan.breaks ?? 0, held, until: plan.until })
    )
  })

/** The lines of an account. */
export const linesOf = (account: Ids.AccountNumber, sides: ReadonlyArray<Sides>) => ({
  statement: sides.flatMap(({ there }) =>
    there.map(({ record }): TimedLine => ({ at: record.at, line: statementLine(account, record) }))
  ),
  truth: sides.flatMap(({ here, truth }): ReadonlyArray<TimedLine> =>
    truth === null ? [] : [{ at: here[0]?.at ?? 0n, line: truthLine(account, truth) }]
  )
})

/** A line of a statement. */
export const statementLine = (account: string, record: SourceRecord.SourceRecord): string =>
  JSON.stringify({
    kind: record.kind,
    account,
    redemption: record.redemption,
    credit: record.credit,
    points: Points.toString(record.points),
    at: Instant.toString(record.at),
    reference: record.reference,
    ...(record.remaining === null ? {} : { remaining: Points.toString(record.remaining) }),
    ...(record.lots === null ? {} : { lots: record.lots.map(lotOf) })
  })

const lotOf = ({ expiresAt, lot, points }: SourceRecord.RecordLot) => ({
  lot,
  points: Points.toString(points),
  ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : Instant.toString(expiresAt) })
})

const truthLine = (account: string, { credit, redemption, reference, type }: Truth): string =>
  JSON.stringify({ type, account, redemption, credit, reference })
