/**
 * An account whose number was replaced has several: all of them find it, one is the present one. The event of a replacement
 * names the new number by a key of its own, which stands beside the number here alone.
 */
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"
import { load } from "./Functions.ts"

const columns = [
  `alter table account_numbers add column alias_key text collate "C", add column current boolean not null default true`,
  `create unique index account_numbers_current on account_numbers (program, account_key) where current`,
  `create unique index account_numbers_alias on account_numbers (program, alias_key) where alias_key is not null`
]

// Under the partition's head, which the append of the event took. Nobody is waited for here: whoever gives the same number
// to another account at this moment is met as one who was first, and the command is decided again.
/** The function that gives a number; `guard` is what it does first. 0009 makes it anew, with a guard. */
export const alias = (guard = ""): string => `
create function alias_account(of_program text, of_key text, new_number text, new_alias text) returns void
language plpgsql security definer set search_path from current as $fn$
#variable_conflict use_column
begin${guard}
  if not pg_try_advisory_xact_lock(hashtextextended(of_program || E'\\x1f' || new_number, 0)) then
    raise exception 'the number is being given' using errcode = 'unique_violation', constraint = 'account_numbers_pkey';
  end if;
  update account_numbers n set current = false where n.program = of_program and n.account_key = of_key and n.current;
  if not found then
    raise exception 'the account was erased' using errcode = 'unique_violation', constraint = 'account_numbers_pkey';
  end if;
  insert into account_numbers (program, account_number, partition, account_key, alias_key, current)
    select a.program, new_number, a.partition, a.account_key, new_alias, true
    from accounts a where a.program = of_program and a.account_key = of_key;
end $fn$`

export const aliases: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    const loadAgain = load().replace("create function", "create or replace function")
    for (const statement of [...columns, alias(), loadAgain]) await sql.raw(statement).execute(kysely)
  }
}
