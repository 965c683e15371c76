/** Questions about the past on PostgreSQL and on PGlite, answered from lots and ledger. */
import { Instant } from "@pointback/domain"
import { Effect, Layer } from "effect"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import { moment } from "../database/Moment.ts"
import * as Rows from "../database/Rows.ts"
import type { Tables } from "../database/Tables.ts"
import { partitionNumbers } from "../log/PartitionNumbers.ts"
import * as AccountLots from "./AccountLotsStatement.ts"
import type { CellsQuestion, PositionKnown } from "./AgingStore.ts"
import { AgingStore } from "./AgingStore.ts"
import * as LedgerEntries from "./LedgerEntries.ts"
import * as MovedCells from "./MovedCells.ts"
import * as ProgramLots from "./ProgramLots.ts"

type DatabaseService = Database["Service"]

/** A question that is answered by statements. */
type Answering<Question, Answer> = (
  kysely: Kysely<Tables>,
  schema: string,
  question: Question,
  signal: AbortSignal
) => Promise<Answer>

// Without the place of the call, which takes as long to look up as to ask: one statement has no more places than one.
const answering =
  <Question, Answer>(database: DatabaseService, name: string, answer: Answering<Question, Answer>) =>
  (question: Question) =>
    Effect.withSpan(
      database.query((kysely, signal) => answer(kysely, database.schema, question, signal)),
      name,
      { captureStackTrace: false }
    )

const cells = (database: DatabaseService) => {
  const numbers = partitionNumbers(database)
  return Effect.fn("AgingStore.cells")(function* (question: CellsQuestion) {
    const partitions = question.account === null ? yield* numbers : [question.account.partition]
    return yield* database.query((kysely, signal) =>
      MovedCells.cells(kysely, database.schema, question, partitions, signal)
    )
  })
}

const position = (database: DatabaseService) =>
  Effect.fn("AgingStore.position")((partition: number, knownAt: Instant.Instant | null) =>
    database.query(async (kysely, signal): Promise<PositionKnown> => {
      const heads = sql.id(database.schema, "log_heads")
      const known =
        knownAt === null
          ? sql`select h.position, ${Rows.utc("h.recorded_at")} as recorded_at from ${heads} h
              where h.partition = ${partition}`
          : sql`select ${sql.id(database.schema, "position_known_at")}(${partition}, ${moment(knownAt)}::timestamptz)
              as position, ${Instant.toString(knownAt)} as recorded_at`
      const [row] = await Rows.ask<{ position: number; recorded_at: string | null }>(kysely, known, signal)
      const recordedAt = row?.recorded_at ?? null
      return {
        partition,
        position: row?.position ?? 0,
        recordedAt: recordedAt === null ? null : Instant.fromStringUnsafe(recordedAt)
      }
    })
  )

/** `AgingStore` over the `Database`. */
export const layer: Layer.Layer<AgingStore, never, Database> = Layer.effect(
  AgingStore,
  Effect.map(Database, (database) =>
    AgingStore.of({
      accountLots: answering(database, "AgingStore.accountLots", AccountLots.ask),
      lots: answering(database, "AgingStore.lots", ProgramLots.lots),
      buckets: answering(database, "AgingStore.buckets", ProgramLots.buckets),
      expiring: answering(database, "AgingStore.expiring", ProgramLots.expiring),
      cells: cells(database),
      entries: answering(database, "AgingStore.entries", LedgerEntries.entries),
      position: position(database)
    })
  )
)
