/**
 * Tables that are partitioned by log partition, a hash chain over the events, and read models that a decision is loaded
 * from without replaying its streams. The rows of the version before are carried over; their read models are made anew
 * from the events by `migrate`, since `settings.read_models` is behind.
 */
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"
import { PARTITIONS } from "../eventStore/Partition.ts"
import { functions } from "./Functions.ts"

/** Columns that every row of an account begins with. Identifiers are compared by their bytes, whatever the locale. */
const OF_ACCOUNT = `
    partition int not null,
    program text collate "C" not null,
    account_key text collate "C" not null`

// Keys begin with what tells rows apart, since partition and program are the same for all rows of a place.
const log = [
  `alter table log_heads add column hash bytea not null default ''::bytea`,
  `alter table log_heads set (fillfactor = 50)`,
  `create table accounts (${OF_ACCOUNT},
    version bigint not null check (version >= 0),
    stream_version bigint not null check (stream_version between 0 and version),
    appended int not null check (appended >= 0),
    primary key (account_key, program, partition)
  ) partition by list (partition)`,
  `create index accounts_by_program on accounts (program, account_key)`,
  `create table events (${OF_ACCOUNT},
    position bigint not null check (position > 0),
    event_id uuid not null,
    stream text collate "C" not null,
    version bigint not null check (version > 0),
    account_version bigint not null check (account_version > 0),
    type text not null,
    schema_version int not null check (schema_version > 0),
    payload json not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    correlation_id text not null,
    causation_id text,
    idempotency_key text,
    actor text,
    hash bytea not null check (length(hash) = 32),
    primary key (position, partition),
    constraint events_stream_version unique (account_key, stream, version, program, partition)
  ) partition by list (partition)`
]

// `total` and `restored` are the lot's, after the entry, in the order of the log: where nothing was recorded late, they
// answer what a lot held at any instant, on both clocks, from one row.
const journal = [
  `create table postings (${OF_ACCOUNT},
    position bigint not null,
    line int not null,
    debit text not null,
    credit text not null,
    lot_id text collate "C" not null,
    redemption_id text collate "C",
    points numeric not null check (points > 0),
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    total numeric not null check (total >= 0),
    restored numeric not null check (restored >= 0),
    primary key (position, line, partition),
    check (debit <> credit),
    check (debit in ('issued', 'adjustments', 'lot', 'redeemed', 'expiredByTime', 'expiredOnReversal')),
    check (credit in ('issued', 'adjustments', 'lot', 'redeemed', 'expiredByTime', 'expiredOnReversal'))
  ) partition by list (partition)`,
  `create index postings_by_lot on postings (account_key, lot_id, occurred_at, recorded_at, program, partition)`
]

// The checks are the second line behind L1, L2 and L12.
const readModels = [
  `create table lots (${OF_ACCOUNT},
    lot_id text collate "C" not null,
    earned_at timestamptz not null,
    expires_at timestamptz,
    opened_at timestamptz not null,
    total numeric not null,
    granted numeric not null,
    restored numeric not null check (restored >= 0),
    booked numeric not null,
    swept boolean not null,
    last_at timestamptz not null,
    late boolean not null,
    primary key (account_key, lot_id, program, partition),
    constraint lots_within_bounds check (total >= 0 and total <= granted),
    check (earned_at <= opened_at and opened_at <= last_at and (expires_at is null or last_at < expires_at))
  ) partition by list (partition)`,
  `create index lots_to_sweep on lots (program, expires_at) where total <> booked and expires_at is not null`,
  `create table redemptions (${OF_ACCOUNT},
    redemption_id text collate "C" not null,
    redemption_type text not null,
    processed_by text not null,
    redeemed_at timestamptz not null,
    version bigint not null check (version > 0),
    points numeric not null check (points > 0),
    credited numeric not null check (credited >= 0),
    pending numeric not null check (pending >= 0),
    pending_credit text,
    state text not null check (state in ('Outstanding', 'CreditPending', 'CreditUnknown', 'FullyCredited')),
    lot_ids text[] not null,
    draws json not null,
    request json,
    primary key (account_key, redemption_id, program, partition),
    constraint redemptions_cap check (credited + pending <= points),
    check ((state = 'FullyCredited') = (credited = points)),
    check ((state in ('CreditPending', 'CreditUnknown')) = (pending > 0)),
    check ((pending > 0) = (pending_credit is not null)),
    check ((pending > 0) = (request is not null))
  ) partition by list (partition)`,
  `create index redemptions_in_flight on redemptions (program, account_key) where pending > 0`
]

const keys = [
  `create table idempotency_keys (${OF_ACCOUNT},
    kind text collate "C" not null,
    key text collate "C" not null,
    content text not null,
    refusal json,
    recorded_at timestamptz not null default current_instant(),
    constraint idempotency_keys_pk primary key (account_key, key, kind, program, partition)
  ) partition by list (partition)`
]

/** Tables with one partition for each log partition, and whether rows of them are changed in place. */
export const PARTITIONED = {
  accounts: true,
  events: false,
  postings: false,
  lots: true,
  redemptions: true,
  idempotency_keys: false
} as const

/** The table of one log partition. */
export const partitionTable = (table: string, partition: number): string => `${table}_p${partition}`

// Rows that change find room on their page, so that their indexes need not be touched.
const partitions = Object.entries(PARTITIONED).flatMap(([table, changes]) =>
  Array.from(
    { length: PARTITIONS },
    (_, partition) =>
      `create table ${partitionTable(table, partition)} partition of ${table} for values in (${partition})` +
      (changes ? " with (fillfactor = 50)" : "")
  )
)

// Statement triggers of a partitioned table do not fire where a partition is named, so each partition has its own.
const appendOnly = ["events", "postings"].flatMap((table) =>
  [table, ...Array.from({ length: PARTITIONS }, (_, partition) => partitionTable(table, partition))].map(
    (place) =>
      `create trigger append_only before update or delete or truncate on ${place}
        for each statement execute function refuse_change()`
  )
)

const RENAMED = ["accounts", "events", "postings", "lots", "redemptions", "idempotency_keys"]

const setAside = RENAMED.map((table) => `alter table ${table} rename to old_${table}`).concat(
  // Names of constraints and indexes are those of the schema, not of the table.
  "alter index accounts_pkey rename to old_accounts_pkey",
  "alter index accounts_by_program rename to old_accounts_by_program",
  "alter index events_pkey rename to old_events_pkey",
  "alter index events_stream_version rename to old_events_stream_version",
  "alter index postings_pkey rename to old_postings_pkey",
  "alter index lots_pkey rename to old_lots_pkey",
  "alter index lots_to_sweep rename to old_lots_to_sweep",
  "alter index redemptions_pkey rename to old_redemptions_pkey",
  "alter index idempotency_keys_pk rename to old_idempotency_keys_pk"
)

const carryOver = [
  `insert into accounts (partition, program, account_key, version, stream_version, appended)
    select a.partition, a.program, a.account_key, a.version,
      (select count(*) from old_events e where (e.partition, e.program, e.account_key, e.stream)
        = (a.partition, a.program, a.account_key, 'account')), 0
    from old_accounts a`,
  `insert into events (partition, program, account_key, position, event_id, stream, version, account_version, type,
      schema_version, payload, occurred_at, recorded_at, correlation_id, causation_id, idempotency_key, actor, hash)
    select partition, program, account_key, position, event_id, stream, version, account_version, type,
      schema_version, payload::text::json, occurred_at, recorded_at, correlation_id, causation_id, idempotency_key, actor,
      chain(''::bytea, event_envelope(partition, position, program, account_key, recorded_at) || event_content(event_id, stream, version,
        account_version, type, schema_version, payload::text, occurred_at, correlation_id, causation_id, idempotency_key,
        actor)) over (partition by partition order by position)
    from old_events`,
  `update log_heads h set hash = e.hash from events e where (e.partition, e.position) = (h.partition, h.position)`,
  `insert into idempotency_keys (partition, program, account_key, kind, key, content, refusal, recorded_at)
    select partition, program, account_key, kind, key, content, refusal::text::json, recorded_at from old_idempotency_keys`,
  ...["postings", "lots", "redemptions", "idempotency_keys", "events", "accounts"].map(
    (table) => `drop table old_${table}`
  )
]

const settings = [
  `alter table settings add column read_models int not null default 0`,
  // A new schema has nothing to be made anew.
  `update settings set read_models = 1 where not exists (select from old_events)`
]

export const partitioned: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    const statements = [
      ...setAside,
      ...settings,
      ...log,
      ...journal,
      ...readModels,
      ...keys,
      ...partitions,
      ...appendOnly,
      ...functions,
      ...carryOver
    ]
    for (const statement of statements) await sql.raw(statement).execute(kysely)
  }
}
