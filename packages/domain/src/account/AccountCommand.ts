/** What can be asked of an account itself. */
import type { AccountKey, Actor, LotId } from "../identity/Ids.ts"
import type * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"

/** Points were earned and make a lot of their own. */
export interface Earn {
  readonly _tag: "Earn"
  readonly lotId: LotId
  readonly points: Points.Points
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
  /** When the points came to be; `earnedAt` unless they were granted later. */
  readonly occurredAt: Instant.Instant
  readonly source: string | null
}

/** Add points to a lot, or take some from it (negative). */
export interface Adjust {
  readonly _tag: "Adjust"
  readonly lotId: LotId
  readonly points: Points.Points
  readonly reason: string
  readonly actor: Actor | null
  readonly occurredAt: Instant.Instant
}

/** The sweep: book what every lot held that has expired by then. */
export interface SweepExpired {
  readonly _tag: "SweepExpired"
  readonly asOf: Instant.Instant
}

/** Book one lot's expiry as another system has recorded it; refused where it held something else. */
export interface RecordExpired {
  readonly _tag: "RecordExpired"
  readonly lotId: LotId
  readonly points: Points.Points
  /** When it is recorded: a lot that expires later has not expired. */
  readonly asOf: Instant.Instant
}

/** The account's number was replaced by the one that stands under this key. */
export interface AliasAccount {
  readonly _tag: "AliasAccount"
  readonly alias: AccountKey
  readonly occurredAt: Instant.Instant
}

/** What an account can be told to do, apart from its redemptions. */
export type AccountCommand = Earn | Adjust | SweepExpired | RecordExpired | AliasAccount
