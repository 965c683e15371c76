/**
 * Walls between programs: a role of the database that sees and writes some programs only, whatever statements are sent.
 * `program_roles` says which; who reads as that role meets the policies of the tables, and the functions, which run as the
 * owner and pass by the policies, look for themselves. See docs/postgresql.md, "Walls between programs".
 *
 * Who asks is the login of the session, and the role that it has set: neither can be made up by whoever sends statements.
 * (`current_user` is the owner in a function of the owner's, and a setting of ours could be set by anybody.)
 *
 * The policies are there from the start and do nothing until row-level security is switched on, by `ProgramRoles.grant`.
 */
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"
import { NOT_EVERY_PROGRAM, NOT_THIS_PROGRAM } from "../database/DriverFailure.ts"
import { alias } from "./Aliases.ts"
import { erase } from "./Erasures.ts"
import { append, load } from "./Functions.ts"
import { accountLots } from "./Questions.ts"
import { applicationRole } from "./Roles.ts"

/** The policy of every table that has rows of a program. */
export const POLICY = "program_wall"

const table = `create table program_roles (
  role name not null,
  program text collate "C" not null,
  primary key (role, program)
)`

// In a function of the owner's, where current_user is the owner.
const seesAll = (role: string, application: string): string =>
  `(coalesce(pg_has_role(${role}, to_regrole('${application}'), 'member'), false)
    or pg_has_role(${role}, current_user, 'member'))`

const listed = (role: string): string => `exists (select from program_roles w join pg_roles g on g.rolname = w.role
      where w.program = p.program and pg_has_role(${role}, g.oid, 'member'))`

const questions = (application: string): ReadonlyArray<string> => [
  // An administrator is a member of every role, and sees all.
  `create function sees_all_programs() returns boolean language plpgsql stable parallel safe security definer
    set search_path from current as $fn$
  declare
    set_role name := nullif(current_setting('role'), 'none');
  begin
    return ${seesAll("session_user", application)} and (set_role is null or ${seesAll("set_role", application)});
  end $fn$`,
  `create function programs_seen() returns text[] language plpgsql stable parallel safe security definer
    set search_path from current as $fn$
  declare
    set_role name := nullif(current_setting('role'), 'none');
  begin
    return array(select p.program from (select distinct program from program_roles) as p
      where (${seesAll("session_user", application)} or ${listed("session_user")})
        and (set_role is null or ${seesAll("set_role", application)} or ${listed("set_role")}));
  end $fn$`,
  `create function walled_roles() returns name[] language plpgsql stable parallel safe security definer
    set search_path from current as $fn$
  declare
    asking name := coalesce(nullif(current_setting('role'), 'none'), session_user);
  begin
    return array(select distinct w.role from program_roles w join pg_roles g on g.rolname = w.role
      where pg_has_role(asking, g.oid, 'member') order by w.role);
  end $fn$`,
  `create function require_programs(programs text[]) returns void language plpgsql stable security definer
    set search_path from current as $fn$
  begin
    if not sees_all_programs() and not coalesce(programs <@ programs_seen(), false) then
      raise exception 'the role of this connection does not see this program'
        using errcode = 'insufficient_privilege', constraint = '${NOT_THIS_PROGRAM}';
    end if;
  end $fn$`,
  `create function require_every_program() returns void language plpgsql stable security definer
    set search_path from current as $fn$
  begin
    if not sees_all_programs() then
      raise exception 'the role of this connection does not see every program'
        using errcode = 'insufficient_privilege', constraint = '${NOT_EVERY_PROGRAM}';
    end if;
  end $fn$`
]

// Looked at without a statement, since it stands in the way of every command; only who is not plainly free is asked more.
const guard = (application: string, programs: string): string => `
  if current_setting('role') <> 'none' or not ${seesAll("session_user", application)} then
    perform require_programs(${programs});
  end if;`

/** The function that answers an account's lots, which tells whoever finds no program whether a wall is in the way. */
export const guardedAccountLots = accountLots(`
  if program_known is null then perform require_programs(array[of_program]); end if;`)

/** The statement for a function that is there already; who owns it and who may call it stays. */
export const replacing = (statement: string): string =>
  statement.replace("create function", "create or replace function")

const functions = (application: string): ReadonlyArray<string> => {
  const ofProgram = guard(application, "array[of_program]")
  return [
    append(guard(application, "progs")),
    load(guard(application, "progs")),
    alias(ofProgram),
    erase(ofProgram),
    // It runs as whoever asks, and finds no program behind a wall.
    guardedAccountLots
  ]
    .map(replacing)
    .concat(
      // Positions are those of the whole log, and are not found among the rows of some programs.
      "alter function position_known_at(int, timestamptz) security definer"
    )
}

// A subscription belongs to the role that made it: whoever moves a checkpoint decides what its handler never sees.
const subscriptions = [
  "alter table subscriptions add column role name default case when not sees_all_programs() then (walled_roles())[1] end"
]

/** Who may see a row. Both questions are asked once for a statement, not for each row. */
const SEES_ALL = "(select sees_all_programs())"
const OF_PROGRAM = `${SEES_ALL} or program = any ((select programs_seen())::text[])`

const OF_PROGRAMS = [
  "programs",
  "policies",
  "account_numbers",
  "accounts",
  "events",
  "postings",
  "lots",
  "redemptions",
  "idempotency_keys",
  "erasures",
  "reconciliation_runs",
  "reconciliation_breaks"
]

const policy = (name: string, rows: string): string => `create policy ${POLICY} on ${name} using (${rows})`

const policies = [
  ...OF_PROGRAMS.map((name) => policy(name, OF_PROGRAM)),
  policy("subscriptions", `${SEES_ALL} or role = any ((select walled_roles())::name[])`),
  // Their rows are of a run and of a break, whose own policies say who sees those.
  policy(
    "reconciliation_parked",
    `${SEES_ALL} or exists (select from reconciliation_runs r where r.run = reconciliation_parked.run)`
  ),
  policy(
    "reconciliation_history",
    `${SEES_ALL} or (exists (select from reconciliation_breaks b where b.id = reconciliation_history.break_id)
      and (run is null or exists (select from reconciliation_runs r where r.run = reconciliation_history.run)))`
  )
]

export const walls: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    const { rows } = await sql<{ schema: string }>`select current_schema()::text as schema`.execute(kysely)
    const application = applicationRole((rows[0] as { schema: string }).schema)
    for (const statement of [
      table,
      ...questions(application),
      ...functions(application),
      ...subscriptions,
      ...policies
    ]) {
      await sql.raw(statement).execute(kysely)
    }
  }
}
