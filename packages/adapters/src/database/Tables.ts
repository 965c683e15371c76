/**
 * The tables of Pointback's schema, one property a table, as kysely's `Kysely<Tables>` knows them.
 *
 * Columns have the types that {@link file://./ColumnTypes.ts} gives them in every dialect: `int8` is a safe integer,
 * `numeric`, `timestamptz` and `jsonb` are PostgreSQL's own text.
 */
import type { Generated } from "kysely"

/** Columns that every row of an account begins with: the log partition, then the account. */
interface OfAccount {
  readonly partition: number
  readonly program: string
  readonly account_key: string
}

/** Programs; the row carries the scale so that it can be held fixed once the program has an account. */
export interface ProgramsTable {
  readonly program: string
  scale: number
}

/** Versions of programs' policies, append only. */
export interface PoliciesTable {
  readonly program: string
  readonly version: number
  readonly policy: string
  readonly recorded_at: Generated<string>
}

/**
 * Account numbers and the opaque keys that stand for them everywhere else. The only table with an account number. A number
 * that replaced another has the key that its event names it by, and the latest one of an account is current.
 */
export interface AccountNumbersTable {
  readonly program: string
  readonly account_number: string
  readonly partition: number
  readonly account_key: string
  readonly alias_key: string | null
  current: Generated<boolean>
}

/** One row per account: how many events it has, which is what an append expects. */
export interface AccountsTable extends OfAccount {
  version: number
}

/** The head of each log partition. */
export interface LogHeadsTable {
  readonly partition: number
  position: number
  recorded_at: string
}

/** Every event, append only. */
export interface EventsTable extends OfAccount {
  readonly position: number
  readonly event_id: string
  readonly stream: string
  /** Counts up from 1 in the stream. */
  readonly version: number
  /** Counts up from 1 over all streams of the account. */
  readonly account_version: number
  readonly type: string
  readonly schema_version: number
  readonly payload: string
  readonly occurred_at: string
  readonly recorded_at: string
  readonly correlation_id: string
  readonly causation_id: string | null
  readonly idempotency_key: string | null
  readonly actor: string | null
}

/** The journal: postings of entries, append only. An entry is all postings of one event. */
export interface PostingsTable extends OfAccount {
  readonly position: number
  readonly line: number
  readonly debit: string
  readonly credit: string
  readonly lot_id: string
  readonly redemption_id: string | null
  readonly points: string
  readonly occurred_at: string
  readonly recorded_at: string
}

/** Read model: what each lot holds, expiry aside. */
export interface LotsTable extends OfAccount {
  readonly lot_id: string
  readonly earned_at: string
  readonly expires_at: string | null
  /** When the lot came to be; nothing moves in it before. */
  readonly opened_at: string
  /** Sum of all movements. */
  total: string
  /** Earned, adjusted and extended into it. */
  granted: string
  /** Booked as expired by the sweep. */
  booked: string
  swept: boolean
}

/** Read model: each redemption and how far it is credited. */
export interface RedemptionsTable extends OfAccount {
  readonly redemption_id: string
  readonly redemption_type: string
  readonly processed_by: string
  readonly redeemed_at: string
  readonly points: string
  credited: string
  pending: string
  pending_credit: string | null
  state: string
}

/** Idempotency keys with the content of their command, and the refusal where it was refused. */
export interface KeysTable extends OfAccount {
  readonly kind: string
  readonly key: string
  readonly content: string
  readonly refusal: string | null
  readonly recorded_at: Generated<string>
}

/** One row of settings that are fixed when the schema is created. */
export interface SettingsTable {
  readonly partitions: number
}

export interface Tables {
  settings: SettingsTable
  programs: ProgramsTable
  policies: PoliciesTable
  account_numbers: AccountNumbersTable
  accounts: AccountsTable
  log_heads: LogHeadsTable
  events: EventsTable
  postings: PostingsTable
  lots: LotsTable
  redemptions: RedemptionsTable
  idempotency_keys: KeysTable
}
