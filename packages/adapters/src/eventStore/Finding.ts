/** Finds accounts: by their number, and those that have something to be swept or settled; and what an account redeemed. */
import { Ids, Instant, Points, type RedemptionEvent } from "@pointback/domain"
import { Effect } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import type { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import * as ProgramRoles from "../program/ProgramRoles.ts"
import type {
  AccountRef,
  EventStore,
  InFlightQuestion,
  RedemptionsQuestion,
  RedemptionSummary,
  SweepQuestion
} from "./EventStore.ts"

interface AccountRow {
  readonly partition: number
  readonly program: string
  readonly account_key: string
}

interface NumberedRow extends AccountRow {
  readonly account_number: string
}

interface InFlightRow extends NumberedRow {
  readonly redemption_id: string
  readonly pending_credit: string
}

interface RedemptionRow {
  readonly redemption_id: string
  readonly redemption_type: string
  readonly processed_by: string
  readonly redeemed_at: string
  readonly points: string
  readonly credited: string
  readonly pending: string
  readonly pending_credit: string | null
  readonly state: string
}

const refOf = (row: AccountRow): AccountRef => ({
  program: Ids.ProgramId.make(row.program),
  key: Ids.AccountKey.make(row.account_key),
  partition: row.partition
})

/** The questions of a database's store. */
export const make = (
  database: Database["Service"]
): Pick<EventStore["Service"], "find" | "numbersOf" | "toSweep" | "inFlight" | "inFlightOf" | "redemptionsOf"> => ({
  ...accounts(database),
  ...credits(database),
  redemptionsOf: redemptions(database)
})

/** What is not found behind a wall is not to be taken for what is not there. */
const unlessWalled = <A>(
  database: Database["Service"],
  program: Ids.ProgramId | null,
  isEmpty: (found: A) => boolean,
  finding: Effect.Effect<A, DatabaseError>
): Effect.Effect<A, DatabaseError> =>
  Effect.tap(finding, (found) =>
    program !== null && isEmpty(found) ? ProgramRoles.requireProgram(database, program) : Effect.void
  )

const hasNone = (found: ReadonlyArray<unknown>): boolean => found.length === 0

const accounts = (database: Database["Service"]) => {
  const numbers = sql.id(database.schema, "account_numbers")
  const erasures = sql.id(database.schema, "erasures")
  const lots = sql.id(database.schema, "lots")

  const finding = (program: Ids.ProgramId, account: Ids.AccountNumber) =>
    database.query(async (kysely, signal) => {
      const [found] = await Rows.ask<AccountRow>(
        kysely,
        sql`select partition, program, account_key from ${numbers}
            where program = ${program} and account_number = ${account}
          union all
          select partition, program, account_key from ${erasures} where program = ${program} and account_key = ${account}`,
        signal
      )
      return found === undefined ? null : refOf(found)
    })

  const find = Effect.fn("EventStore.find")((program: Ids.ProgramId, account: Ids.AccountNumber) =>
    unlessWalled(database, program, (found) => found === null, finding(program, account))
  )

  // An account whose number was erased is called by its key.
  const sweeping = ({ after, asOf, limit, program }: SweepQuestion) =>
    database.query(async (kysely, signal) => {
      const found = await Rows.ask<NumberedRow>(
        kysely,
        sql`select distinct l.partition, l.program, l.account_key,
          coalesce(n.account_number, l.account_key) as account_number
        from ${lots} l left join ${numbers} n
          on n.program = l.program and n.account_key = l.account_key and n.current
        where l.expires_at <= ${Instant.toString(asOf)}::timestamptz and l.total <> l.booked
          and (${program}::text is null or l.program = ${program})
          and (l.partition, l.program, l.account_key)
            > (${after?.partition ?? -1}::int, ${after?.program ?? ""}::text, ${after?.key ?? ""}::text)
        order by l.partition, l.program, l.account_key limit ${limit}`,
        signal
      )
      return found.map((row) => ({ account: refOf(row), number: Ids.AccountNumber.make(row.account_number) }))
    })

  const toSweep = Effect.fn("EventStore.toSweep")((question: SweepQuestion) =>
    unlessWalled(database, question.program, hasNone, sweeping(question))
  )

  const numbersOf = Effect.fn("EventStore.numbersOf")(({ key, program }: AccountRef) =>
    database.query(async (kysely, signal) => {
      const found = await Rows.ask<Pick<NumberedRow, "account_number">>(
        kysely,
        sql`select account_number from ${numbers} where program = ${program} and account_key = ${key}
          order by current desc, account_number collate "C"`,
        signal
      )
      return found.map((row) => Ids.AccountNumber.make(row.account_number))
    })
  )

  return { find, toSweep, numbersOf }
}

const credits = (database: Database["Service"]) => {
  const numbers = sql.id(database.schema, "account_numbers")
  const redemptions = sql.id(database.schema, "redemptions")

  // An account cannot be erased while a credit of it is in flight, so there is a number.
  const askInFlight = (which: RawBuilder<unknown>, limit: RawBuilder<unknown>) =>
    database.query(async (kysely, signal) => {
      const found = await Rows.ask<InFlightRow>(
        kysely,
        sql`select r.partition, r.program, r.account_key, n.account_number, r.redemption_id, r.pending_credit
        from ${redemptions} r join ${numbers} n
          on n.program = r.program and n.account_key = r.account_key and n.current
        where r.pending > 0 and ${which}
        order by r.partition, r.program, r.account_key, r.redemption_id ${limit}`,
        signal
      )
      return found.map((row) => ({
        account: refOf(row),
        number: Ids.AccountNumber.make(row.account_number),
        redemptionId: Ids.RedemptionId.make(row.redemption_id),
        creditId: Ids.CreditId.make(row.pending_credit)
      }))
    })

  const inFlight = Effect.fn("EventStore.inFlight")(({ after, limit, program }: InFlightQuestion) => {
    const { account } = after ?? {}
    const asking = askInFlight(
      sql`(${program}::text is null or r.program = ${program})
        and (r.partition, r.program, r.account_key, r.redemption_id) > (${account?.partition ?? -1}::int,
          ${account?.program ?? ""}::text, ${account?.key ?? ""}::text, ${after?.redemptionId ?? ""}::text)`,
      sql`limit ${limit}`
    )
    return unlessWalled(database, program, hasNone, asking)
  })

  const inFlightOf = Effect.fn("EventStore.inFlightOf")(({ key, partition, program }: AccountRef) =>
    askInFlight(sql`r.partition = ${partition} and r.program = ${program} and r.account_key = ${key}`, sql``)
  )

  return { inFlight, inFlightOf }
}

// What is written there was checked when its events were.
const summaryOf = (row: RedemptionRow): RedemptionSummary => ({
  redemptionId: row.redemption_id as Ids.RedemptionId,
  redemptionType: row.redemption_type as RedemptionEvent.RedemptionType,
  processedBy: row.processed_by as Ids.ProcessedBy,
  redeemedAt: Instant.fromStringUnsafe(row.redeemed_at),
  points: Points.fromStringUnsafe(row.points),
  credited: Points.fromStringUnsafe(row.credited),
  pending: Points.fromStringUnsafe(row.pending),
  pendingCredit: row.pending_credit as Ids.CreditId | null,
  state: row.state as RedemptionSummary["state"]
})

const redemptions = (database: Database["Service"]) =>
  Effect.fn("EventStore.redemptionsOf")(({ account, after, limit }: RedemptionsQuestion) =>
    database.query(async (kysely, signal) => {
      const beyond =
        after === null
          ? sql``
          : sql`and (r.redeemed_at, r.redemption_id)
              < (${Instant.toString(after.redeemedAt)}::timestamptz, ${after.redemptionId}::text)`
      const found = await Rows.ask<RedemptionRow>(
        kysely,
        sql`select r.redemption_id, r.redemption_type, r.processed_by, ${Rows.utc("r.redeemed_at")} as redeemed_at,
          r.points::text as points, r.credited::text as credited, r.pending::text as pending, r.pending_credit, r.state
        from ${sql.id(database.schema, "redemptions")} r
        where r.partition = ${account.partition} and r.program = ${account.program} and r.account_key = ${account.key}
          ${beyond}
        order by r.redeemed_at desc, r.redemption_id desc limit ${limit}`,
        signal
      )
      return found.map(summaryOf)
    })
  )
