/** Subscriptions: how far each has come, and who runs it. */
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"

// One row holds the checkpoint and the lease, so that moving the one renews the other, and one condition guards both.
// positions[n + 1] is the position in partition n: plain integers, which mean the same after a dump and a restore.
// `token` counts up with each holder; a former one moves nothing.
const table = `create table subscriptions (
  name text primary key check (length(name) between 1 and 200),
  positions bigint[] not null check (0 <= all (positions) and array_position(positions, null) is null),
  token bigint not null default 0,
  holder text,
  expires_at timestamptz,
  constraint subscriptions_lease check ((holder is null) = (expires_at is null))
)`

export const subscriptions: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    await sql.raw(table).execute(kysely)
  }
}
