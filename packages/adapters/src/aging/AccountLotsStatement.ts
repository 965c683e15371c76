/** The live lots of one account, by the function that looks up its lots and the postings that say what they held. */
import { type Ids, Lots, Points, Policy } from "@pointback/domain"
import { Schema } from "effect"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import { moment } from "../database/Moment.ts"
import type { Tables } from "../database/Tables.ts"
import * as Lines from "../eventStore/Lines.ts"
import type { AccountLots, AccountLotsQuestion, NumberedLot } from "./AgingStore.ts"

interface Row {
  readonly safe: string | null
  readonly known: boolean
  readonly policy: string | null
  readonly partition: string | null
  readonly key: string | null
  readonly body: string | null
  readonly more: string | null
}

const decodePolicy = Schema.decodeUnknownSync(Schema.fromJsonString(Policy.Policy))

/** Asks; every column is text, whatever a host's connection makes of other types. */
export const ask = async (
  kysely: Kysely<Tables>,
  schema: string,
  { account: number, asOf, knownAt, program }: AccountLotsQuestion,
  signal: AbortSignal
): Promise<AccountLots> => {
  const statement = sql<{ readonly row: string }>`select row_to_json(q)::text as row from (
    select safe, coalesce(program_known, false) as known, policy, at_partition::text as partition, of_key as key, body, more
    from ${sql.id(schema, "account_lots")}(${program}, ${number}, ${moment(asOf)}::timestamptz,
      ${knownAt === null ? null : moment(knownAt)}::timestamptz)) as q`
  const { rows } = await statement.execute(kysely, { signal })
  const row = JSON.parse((rows[0] as { readonly row: string }).row) as Row
  const account =
    row.key === null ? null : { program, key: row.key as Ids.AccountKey, partition: Number(row.partition) }
  const lots = [...Lines.parse(row.body), ...Lines.parse(row.more)].map((fields) =>
    lot(number, row.key as string, fields)
  )
  return {
    programKnown: row.known,
    policy: row.policy === null ? Policy.initial : decodePolicy(row.policy),
    account,
    lots: lots.sort(Lots.compareForDraw),
    safe: row.safe === null ? null : BigInt(row.safe)
  }
}

// Ids were checked when they were written, and stand in a row of ours.
const lot = (
  number: string,
  account: string,
  [lotId, earnedAt, expiresAt, points, restored]: ReadonlyArray<string>
): NumberedLot => ({
  number,
  account: account as Ids.AccountKey,
  lotId: lotId as Ids.LotId,
  earnedAt: BigInt(earnedAt as string),
  expiresAt: expiresAt === "" ? null : BigInt(expiresAt as string),
  points: Points.fromStringUnsafe(points as string),
  restored: Points.fromStringUnsafe(restored as string)
})
