/** The first version of the schema. */
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"
import { PARTITIONS } from "../eventStore/Partition.ts"

// What the database holds for the present instant is a function, so that tests of past and future can replace it. The
// other function is how a statement refuses itself.
const settings = [
  `create function current_instant() returns timestamptz language sql volatile as 'select clock_timestamp()'`,
  `create function refuse_append() returns text language plpgsql as
    $$ begin raise exception 'a lot or redemption of the append has no row; run pointback verify'; end $$`,
  `create table settings (
    one boolean primary key default true check (one),
    partitions int not null check (partitions between 1 and 1024)
  )`,
  `insert into settings (partitions) values (${PARTITIONS})`
]

// Programs and accounts. Account numbers stand in one table alone.
const accounts = [
  `create table programs (
    program text primary key,
    scale int not null check (scale between 0 and 4)
  )`,
  `create table policies (
    program text not null references programs,
    version int not null check (version > 0),
    policy jsonb not null,
    recorded_at timestamptz not null default current_instant(),
    primary key (program, version)
  )`,
  `create table account_numbers (
    program text not null references programs,
    account_number text not null,
    partition int not null,
    account_key text not null,
    primary key (program, account_number)
  )`,
  `create index account_numbers_by_key on account_numbers (program, account_key)`,
  `create table accounts (
    partition int not null,
    program text not null,
    account_key text not null,
    version bigint not null check (version >= 0),
    primary key (partition, program, account_key)
  )`,
  `create index accounts_by_program on accounts (program)`
]

// The log: heads of its partitions, and the events.
const log = [
  `create table log_heads (
    partition int primary key,
    position bigint not null default 0,
    recorded_at timestamptz not null default '-infinity'
  )`,
  `insert into log_heads (partition) select generate_series(0, ${PARTITIONS - 1})`,
  `create table events (
    partition int not null,
    position bigint not null,
    program text not null,
    account_key text not null,
    event_id uuid not null,
    stream text not null,
    version bigint not null check (version > 0),
    account_version bigint not null check (account_version > 0),
    type text not null,
    schema_version int not null check (schema_version > 0),
    payload jsonb not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    correlation_id text not null,
    causation_id text,
    idempotency_key text,
    actor text,
    primary key (partition, position),
    constraint events_stream_version unique (partition, program, account_key, stream, version),
    constraint events_account_version unique (partition, program, account_key, account_version)
  )`
]

// numeric without a precision keeps amounts exact; fifteen integer and four fractional digits are the domain's limits.
const journal = [
  `create table postings (
    partition int not null,
    position bigint not null,
    line int not null,
    program text not null,
    account_key text not null,
    debit text not null,
    credit text not null,
    lot_id text not null,
    redemption_id text,
    points numeric not null check (points > 0),
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    primary key (partition, position, line),
    foreign key (partition, position) references events,
    check (debit <> credit),
    check (debit in ('issued', 'adjustments', 'lot', 'redeemed', 'expiredByTime', 'expiredOnReversal')),
    check (credit in ('issued', 'adjustments', 'lot', 'redeemed', 'expiredByTime', 'expiredOnReversal'))
  )`,
  `create index postings_by_occurrence on postings (partition, program, account_key, occurred_at)`,
  `create index postings_by_redemption on postings (partition, program, account_key, redemption_id)
    where redemption_id is not null`
]

// Read models, derived from the events in their transaction; the checks are the second line behind L1 and L2.
const readModels = [
  `create table lots (
    partition int not null,
    program text not null,
    account_key text not null,
    lot_id text not null,
    earned_at timestamptz not null,
    expires_at timestamptz,
    opened_at timestamptz not null,
    total numeric not null,
    granted numeric not null,
    booked numeric not null,
    swept boolean not null,
    primary key (partition, program, account_key, lot_id),
    constraint lots_within_bounds check (total >= 0 and total <= granted),
    check (earned_at <= opened_at and (expires_at is null or opened_at < expires_at))
  )`,
  `create index lots_to_sweep on lots (program, expires_at) where total <> booked and expires_at is not null`,
  `create table redemptions (
    partition int not null,
    program text not null,
    account_key text not null,
    redemption_id text not null,
    redemption_type text not null,
    processed_by text not null,
    redeemed_at timestamptz not null,
    points numeric not null check (points > 0),
    credited numeric not null check (credited >= 0),
    pending numeric not null check (pending >= 0),
    pending_credit text,
    state text not null check (state in ('Outstanding', 'CreditPending', 'CreditUnknown', 'FullyCredited')),
    primary key (partition, program, account_key, redemption_id),
    constraint redemptions_cap check (credited + pending <= points),
    check ((state = 'FullyCredited') = (credited = points)),
    check ((state in ('CreditPending', 'CreditUnknown')) = (pending > 0)),
    check ((pending > 0) = (pending_credit is not null))
  )`
]

// Idempotency keys, with the refusal where a command was refused (L8).
const keys = [
  `create table idempotency_keys (
    partition int not null,
    program text not null,
    account_key text not null,
    kind text not null,
    key text not null,
    content text not null,
    refusal jsonb,
    recorded_at timestamptz not null default current_instant(),
    constraint idempotency_keys_pk primary key (partition, program, account_key, kind, key)
  )`
]

/** Tables whose rows are never changed: what happened stays, whoever asks. */
const APPEND_ONLY = ["events", "postings", "policies"]

// The second line behind our own code, which never tries: a bug, or a hand in psql.
const appendOnly = [
  `create function refuse_change() returns trigger language plpgsql as
    $$ begin
      raise exception 'rows of % are never changed or removed', tg_table_name using errcode = 'restrict_violation';
    end $$`,
  ...APPEND_ONLY.map(
    (table) =>
      `create trigger append_only before update or delete or truncate on ${table}
        for each statement execute function refuse_change()`
  )
]

export const foundation: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    for (const statement of [...settings, ...accounts, ...log, ...journal, ...readModels, ...keys, ...appendOnly]) {
      await sql.raw(statement).execute(kysely)
    }
  }
}
