/**
 * The role of applications: it appends by the function that appends, and has no right to change or remove what is stored.
 * Roles belong to the whole server, so the schema's name is in the role's, and one that is there already is taken as it is.
 *
 * What the role can do and cannot: docs/postgresql.md.
 */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"
import type { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"

/** Bytes of a name in PostgreSQL; longer ones are cut, and then two schemas could share a role. */
const NAME_BYTES = 63

const SUFFIX = "_application"

/** The role of a schema's applications: `<schema>_application`. */
export const applicationRole = (schema: string): string =>
  schema.length + SUFFIX.length <= NAME_BYTES
    ? `${schema}${SUFFIX}`
    : `${schema.slice(0, 42)}_${createHash("sha256").update(schema).digest("hex").slice(0, 8)}${SUFFIX}`

/** What reconciliations write; nothing of it is the ledger's. */
const RECONCILIATION = [
  "reconciliation_runs",
  "reconciliation_parked",
  "reconciliation_breaks",
  "reconciliation_history"
]

// Rows that are derived are written by functions that run as the owner; the role reads them through the tables that have
// the partitions, which does not take a right on the partitions.
const READ = [
  "settings",
  "programs",
  "policies",
  "account_numbers",
  "accounts",
  "log_heads",
  "events",
  "postings",
  "lots",
  "redemptions",
  "idempotency_keys",
  "subscriptions",
  "erasures",
  ...RECONCILIATION,
  "kysely_migration"
]

// A function that runs as its owner is a right by itself, so each one that the role has is named.
const EXECUTE = [
  "append_batch",
  "load_batch",
  "advance_heads",
  "alias_account",
  "erase_account",
  "account_lots",
  "position_known_at",
  "policy_instant",
  "sees_all_programs",
  "programs_seen",
  "walled_roles",
  "require_programs",
  "require_every_program",
  "current_instant",
  "micros",
  "event_envelope",
  "event_content",
  "chain_next",
  "chain"
]

const LISTED = `relname in (${READ.map((name) => `'${name}'`).join(", ")})`

const NAMED = `proname in (${EXECUTE.map((name) => `'${name}'`).join(", ")})`

const grants = (schema: string, role: string): ReadonlyArray<string> => {
  const tables = (names: ReadonlyArray<string>) => names.map((name) => `${schema}.${name}`).join(", ")
  return [
    `grant usage on schema ${schema} to ${role}`,
    `grant select on ${tables(READ)} to ${role}`,
    `grant insert on ${tables(["programs", "policies"])} to ${role}`,
    `grant update (scale) on ${schema}.programs to ${role}`,
    `grant insert, update, delete on ${schema}.subscriptions to ${role}`,
    `grant insert on ${tables(RECONCILIATION)} to ${role}`,
    `grant update (place, here, there, matched, finished_at) on ${schema}.reconciliation_runs to ${role}`,
    `grant update (points, here, there, remedy, reason, state, first_seen, last_seen, last_run)
      on ${schema}.reconciliation_breaks to ${role}`
  ]
}

/**
 * Makes a role where it is missing and may be made, and grants it what applications may do. The role's name needs no quotes.
 * Another database's migration may make the role at this moment.
 */
export const grantAll = (schema: string, role: string): string => `do $do$
declare f regprocedure;
begin
  -- Everybody may execute a new function unless that is taken back.
  revoke execute on all functions in schema ${schema} from public;
  if not exists (select from pg_roles where rolname = '${role}') then
    if not (select rolsuper or rolcreaterole from pg_roles where rolname = current_user) then return; end if;
    begin
      create role ${role} nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  ${grants(schema, role).join(";\n  ")};
  for f in select oid from pg_proc where pronamespace = '${schema}'::regnamespace and ${NAMED} loop
    execute format('grant execute on routine %s to ${role}', f);
  end loop;
end $do$`

/** True where the role is missing and can be made, or lacks rights; or where everybody may execute a function. */
const isIncomplete = (schema: string) => sql`
  select exists (select from pg_proc p where p.pronamespace = n.oid and has_function_privilege('public', p.oid, 'execute'))
    or case when r.oid is null then u.rolsuper or u.rolcreaterole
      else not has_schema_privilege(r.oid, n.oid, 'usage') or exists (
        select from pg_class c where c.relnamespace = n.oid and ${sql.raw(LISTED)}
          and not has_table_privilege(r.oid, c.oid, 'select'))
        or exists (
        select from pg_proc p where p.pronamespace = n.oid and ${sql.raw(NAMED)}
          and not has_function_privilege(r.oid, p.oid, 'execute'))
    end as incomplete
  from pg_roles u join pg_namespace n on n.nspname = ${schema}
    left join pg_roles r on r.rolname = ${applicationRole(schema)}
  where u.rolname = current_user`

/** Grants in a transaction, one at a time: two that grant at once would meet in the catalog. */
export const exclusively = <A, E, R>(
  database: Database["Service"],
  granting: Effect.Effect<A, E, R>
): Effect.Effect<A, E | DatabaseError, R> =>
  database.transaction(
    Effect.andThen(
      database.query((kysely) =>
        sql`select pg_advisory_xact_lock(hashtext(${applicationRole(database.schema)}))::text as locked`.execute(kysely)
      ),
      granting
    )
  )

/**
 * Makes the role and grants it its rights where either is missing: a server that a dump was restored into may lack the
 * role, and one where `migrate` may not create roles gets it from its administrator, followed by `migrate`.
 */
export const ensure = (database: Database["Service"]): Effect.Effect<void, DatabaseError> => {
  const { schema } = database
  const grant = exclusively(
    database,
    database.query((kysely) => sql.raw(grantAll(schema, applicationRole(schema))).execute(kysely))
  )
  const incomplete = database.query((kysely) => Rows.ask<{ incomplete: boolean }>(kysely, isIncomplete(schema)))
  return Effect.flatMap(incomplete, ([row]) => (row?.incomplete === true ? Effect.asVoid(grant) : Effect.void))
}

// `lastSafeInstant` brings the heads up; a head's instant and hash are nobody else's to change. Heads that somebody holds
// are passed over, so that nobody is waited for; their committed instants stand.
const advanceHeads = `
create function advance_heads() returns timestamptz language sql volatile security definer set search_path from current as $fn$
  with free as (
    select partition from log_heads where recorded_at < current_instant() for no key update skip locked
  ), advanced as (
    update log_heads h set recorded_at = greatest(h.recorded_at, current_instant()) from free f
    where h.partition = f.partition returning h.partition, h.recorded_at
  )
  select min(coalesce(a.recorded_at, h.recorded_at)) from log_heads h left join advanced a on a.partition = h.partition
$fn$`

// What can be asked of the functions must not lead back: a second credit after the first was taken off the row would pass
// the cap. A trigger's condition costs nothing where it is false.
const oneWay = [
  `create function refuse_return() returns trigger language plpgsql as
    $$ begin
      raise exception 'rows of % change in one direction only', tg_table_name using errcode = 'restrict_violation';
    end $$`,
  `create trigger one_way before update on redemptions for each row
    when (new.credited < old.credited or new.points <> old.points or new.version < old.version
      or (old.state = 'FullyCredited' and new.state <> 'FullyCredited'))
    execute function refuse_return()`,
  `create trigger one_way before update on accounts for each row when (new.version < old.version)
    execute function refuse_return()`,
  `create function refuse_scale() returns trigger language plpgsql set search_path from current as
    $$ begin
      if exists (select from accounts where program = new.program) then
        raise exception 'the scale of a program that has accounts is fixed' using errcode = 'restrict_violation';
      end if;
      return new;
    end $$`,
  `create trigger scale_fixed before update on programs for each row when (new.scale <> old.scale)
    execute function refuse_scale()`
]

export const roles: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    for (const statement of [advanceHeads, ...oneWay]) await sql.raw(statement).execute(kysely)
  }
}
