/** Makes an account that nothing was recorded of before, inside the transaction of its first append. */
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Tables } from "../database/Tables.ts"
import type { AccountRef, AppendRequest } from "./EventStore.ts"

/** Creates the account's rows, without an event; false where the program's scale is no longer that of the policy. */
export const create = async (
  kysely: Kysely<Tables>,
  { key, partition, program }: AccountRef,
  { loaded, target }: AppendRequest
): Promise<boolean> => {
  await sql`
    insert into programs (program, scale) values (${program}, ${loaded.policy.scale})
    on conflict (program) do nothing`.execute(kysely)
  // Whoever changes the scale locks this row and looks for accounts; we lock it and look at the scale.
  const held = await sql<{ scale: number }>`select scale from programs where program = ${program} for share`.execute(
    kysely
  )
  if (held.rows[0]?.scale !== loaded.policy.scale) return false
  await sql`
    insert into account_numbers (program, account_number, partition, account_key)
    values (${program}, ${target.account}, ${partition}, ${key})`.execute(kysely)
  await sql`
    insert into accounts (partition, program, account_key, version)
    values (${partition}, ${program}, ${key}, 0)`.execute(kysely)
  return true
}
