/** An event together with the stream it belongs to and the instant it was true. */
import { Schema } from "effect"
import { AccountEvent } from "../account/AccountEvent.ts"
import { RedemptionId } from "../identity/Ids.ts"
import { RedemptionEvent } from "../redemption/RedemptionEvent.ts"
import type * as Instant from "../time/Instant.ts"

/** A stream of one account: the account's own, or one of a redemption. */
export type Stream = { readonly _tag: "Account" } | { readonly _tag: "Redemption"; readonly redemptionId: RedemptionId }

/** The account's own stream. */
export const accountStream: Stream = { _tag: "Account" }

/** The stream of a redemption. */
export const redemptionStream = (redemptionId: RedemptionId): Stream => ({ _tag: "Redemption", redemptionId })

/** A stream's name within its account, as it is stored. */
export const streamName = (stream: Stream): string =>
  stream._tag === "Account" ? "account" : REDEMPTION_PREFIX + stream.redemptionId

/** Reads a stream's name again. */
export const streamFromName = (name: string): Stream =>
  name === "account" ? accountStream : redemptionStream(RedemptionId.make(name.slice(REDEMPTION_PREFIX.length)))

const REDEMPTION_PREFIX = "redemption:"

/** Every event of the domain. */
export const Event = Schema.Union([AccountEvent, RedemptionEvent])
export type Event = typeof Event.Type

/** The version of the events' stored form; upcasters lead older ones up to it. */
export const SCHEMA_VERSION = 1

/** What a decision brings about, and what replay reads. */
export interface Fact {
  readonly stream: Stream
  readonly occurredAt: Instant.Instant
  readonly event: Event
}
