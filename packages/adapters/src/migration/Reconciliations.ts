/** Reconciliations: runs with their checkpoints, what they put aside, and breaks with their history. */
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"

// Both sides are read in one order, that of the bytes of account numbers.
const order = `create index account_numbers_by_bytes on account_numbers (program, account_number collate "C")`

// `place` is where a run that was stopped goes on, and has an account number in it until the run has ended.
const runs = `create table reconciliation_runs (
  run text collate "C" primary key check (length(run) between 1 and 200),
  program text collate "C" not null,
  source text not null,
  identity text not null,
  at timestamptz not null,
  rules json not null,
  place text collate "C",
  here bigint not null default 0 check (here >= 0),
  there bigint not null default 0 check (there >= 0),
  matched bigint not null default 0 check (matched >= 0),
  started_at timestamptz not null default current_instant(),
  finished_at timestamptz,
  check (finished_at is null or place is null)
)`

const parked = `create table reconciliation_parked (
  run text collate "C" not null references reconciliation_runs,
  place text collate "C" not null,
  reason text not null,
  primary key (run, place)
)`

// An account that is not known here has a number and no key; what is known of an account is found by its key, so that an
// erased number is nowhere.
const breaks = `create table reconciliation_breaks (
  id text collate "C" primary key,
  partition int not null,
  program text collate "C" not null,
  account_key text collate "C",
  account_number text collate "C",
  type text not null,
  redemption_id text collate "C",
  credit_id text collate "C",
  points numeric,
  here json not null,
  there json not null,
  since timestamptz not null,
  remedy text not null,
  reason text not null,
  state text not null check (state in ('open', 'closed', 'accepted')),
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  last_run text collate "C" not null references reconciliation_runs,
  check ((account_key is null) <> (account_number is null)),
  check (first_seen <= last_seen)
)`

const openBreaks = `create index reconciliation_open_breaks on reconciliation_breaks
  (program, coalesce(account_key, account_number), id) where state = 'open'`

const history = `create table reconciliation_history (
  entry bigint generated always as identity primary key,
  break_id text collate "C" not null references reconciliation_breaks,
  kind text not null check (kind in ('opened', 'seen', 'reopened', 'closed', 'accepted')),
  run text collate "C" references reconciliation_runs,
  at timestamptz not null,
  fact text,
  actor text,
  reason text,
  recorded_at timestamptz not null default current_instant(),
  check ((kind = 'closed') = (fact is not null)),
  check ((kind = 'accepted') = (actor is not null and reason is not null))
)`

// A run that is killed and goes on tells nothing twice.
const once = `create unique index reconciliation_history_once on reconciliation_history (run, break_id, kind)
  where run is not null`

const byBreak = `create index reconciliation_history_by_break on reconciliation_history (break_id, entry)`

const appendOnly = ["reconciliation_history", "reconciliation_parked"].map(
  (table) =>
    `create trigger append_only before update or delete or truncate on ${table}
      for each statement execute function refuse_change()`
)

export const reconciliations: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    for (const statement of [order, runs, parked, breaks, openBreaks, history, once, byBreak, ...appendOnly]) {
      await sql.raw(statement).execute(kysely)
    }
  }
}
