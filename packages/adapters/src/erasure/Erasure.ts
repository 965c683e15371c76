/**
 * Forgets an account number for good. The history stays under the account's opaque key, so that the log's hashes, the
 * ledger and every report are what they were.
 *
 * @see docs/tamper-evidence.md
 */
import { Ids, Instant, Refusal } from "@pointback/domain"
import { Effect } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as LockTimeout from "../database/LockTimeout.ts"
import * as Rows from "../database/Rows.ts"

/** An account number that is to be forgotten for good, by whom and why. */
export interface Erase {
  readonly program: Ids.ProgramId
  readonly account: Ids.AccountNumber
  readonly actor: Ids.Actor
  /** A note, kept for ever: it must not tell whose account it was. */
  readonly reason: string
}

/** What stays of an account's name. */
export interface Erased {
  readonly program: Ids.ProgramId
  readonly account: Ids.AccountKey
  readonly erasedAt: Instant.Instant
}

type Answer =
  | { readonly outcome: "unknown" }
  | { readonly outcome: "creditInFlight"; readonly redemption_id: string; readonly credit_id: string }
  | { readonly outcome: "erased"; readonly account_key: string; readonly erased_at: string }

/**
 * Erases; answers null where no account has the number, also where it was erased before. Refused while a credit is in
 * flight: without the number nobody could ask Mastercard what became of it.
 */
export const erase = Effect.fn("Erasure.erase")(function* ({
  account,
  actor,
  program,
  reason
}: Erase): Effect.fn.Return<Erased | null, Refusal.CreditInFlight | DatabaseError, Database> {
  const database = yield* Database
  const erasing = database.query((kysely) =>
    sql<Rows.TextRow>`
      select json_build_object('outcome', outcome, 'account_key', account_key, 'erased_at', ${Rows.utc("erased_at")},
        'redemption_id', redemption_id, 'credit_id', credit_id)::text as row
      from ${sql.id(database.schema, "erase_account")}(${program}::text, ${account}::text, ${actor}::text,
        ${reason}::text)`.execute(kysely)
  )
  const [answer] = Rows.read<Answer>(yield* LockTimeout.limited(database, erasing))
  if (answer === undefined || answer.outcome === "unknown") return null
  if (answer.outcome === "creditInFlight") {
    return yield* new Refusal.CreditInFlight({
      redemptionId: Ids.RedemptionId.make(answer.redemption_id),
      creditId: Ids.CreditId.make(answer.credit_id)
    })
  }
  return {
    program,
    account: Ids.AccountKey.make(answer.account_key),
    erasedAt: Instant.fromStringUnsafe(answer.erased_at)
  }
})
