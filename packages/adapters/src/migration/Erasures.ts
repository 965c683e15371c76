/**
 * Accounts whose number was forgotten for good, and an id of the log's own, by which heads that are kept elsewhere tell
 * which log they are of.
 */
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"

const tables = [
  `alter table settings add column log_id uuid not null default gen_random_uuid()`,
  `create table erasures (
    partition int not null,
    program text collate "C" not null,
    account_key text collate "C" not null,
    erased_at timestamptz not null default current_instant(),
    actor text not null check (actor <> ''),
    reason text not null check (reason <> ''),
    primary key (account_key, program)
  )`,
  `create trigger append_only before update or delete or truncate on erasures
    for each statement execute function refuse_change()`
]

// Under the partition's head, as appends are: whatever was appended is seen, and whatever comes after finds the erasure.
// The head comes first here too, since an append that makes an account holds it when it meets the number.
/** The function that erases; `guard` is what it does first. 0009 makes it anew, with a guard. */
export const erase = (guard = ""): string => `
create function erase_account(of_program text, of_number text, by_actor text, for_reason text)
returns table (outcome text, account_key text, erased_at timestamptz, redemption_id text, credit_id text)
language plpgsql security definer set search_path from current as $fn$
#variable_conflict use_column
declare
  account record;
  held record;
begin${guard}
  select n.partition, n.account_key into account from account_numbers n
    where n.program = of_program and n.account_number = of_number;
  if not found then return query select 'unknown', null::text, null::timestamptz, null::text, null::text; return; end if;
  perform 1 from log_heads h where h.partition = account.partition for no key update;
  select r.redemption_id, r.pending_credit into held from redemptions r
    where r.partition = account.partition and r.program = of_program and r.account_key = account.account_key
      and r.pending > 0
    order by r.redemption_id limit 1;
  if found then
    return query select 'creditInFlight', null::text, null::timestamptz, held.redemption_id, held.pending_credit;
    return;
  end if;
  -- Somebody else may have erased it while we waited for the head.
  perform 1 from account_numbers n
    where n.program = of_program and n.account_number = of_number and n.account_key = account.account_key for update;
  if not found then return query select 'unknown', null::text, null::timestamptz, null::text, null::text; return; end if;
  delete from account_numbers n where n.program = of_program and n.account_key = account.account_key;
  return query with erased as (
      insert into erasures (partition, program, account_key, actor, reason)
      values (account.partition, of_program, account.account_key, by_actor, for_reason)
      returning account_key, erased_at
    ) select 'erased', e.account_key, e.erased_at, null::text, null::text from erased e;
end $fn$`

// A credit cannot be asked for without the number. A command that found the account just before the erasure is told what
// one is told that lost a race to make the account; it looks again, and finds none.
const refuseCredits = [
  `create function refuse_erased() returns trigger language plpgsql set search_path from current as
    $$ begin
      if exists (select from erasures e where e.account_key = new.account_key and e.program = new.program) then
        raise exception 'the account was erased' using errcode = 'unique_violation', constraint = 'account_numbers_pkey';
      end if;
      return null;
    end $$`,
  `create trigger refuse_erased after insert on events for each row when (new.type = 'CreditRequested')
    execute function refuse_erased()`
]

export const erasures: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    for (const statement of [...tables, erase(), ...refuseCredits]) await sql.raw(statement).execute(kysely)
  }
}
